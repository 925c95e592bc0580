//! A component that can't even ask for a network.
//!
//! libc has sockets, so that the component would import `wasi:sockets`, half of
//! all that it imports. No host of ours grants it any. Here each of those
//! imports becomes a function that does what a host without a network does,
//! and the component is left without the imports.

use std::collections::HashMap;
use std::convert::Infallible;

use anyhow::{Result, ensure};
use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{CodeSection, Function, FunctionSection, MemArg};
use wasmparser::{CodeSectionReader, ExternalKind, FunctionSectionReader, Import, Parser, TypeRef};

use super::module::{Module, count};

/// The package whose imports go.
const PACKAGE: &str = "wasi:sockets/";

/// Replaces the imports of sockets by functions of the module.
///
/// # Errors
/// Where the module is malformed.
pub(super) fn cut(wasm: &[u8]) -> Result<Vec<u8>> {
    let module = Module::parse(wasm)?;
    let first = module.imported(ExternalKind::Func) + count(module.functions.len());
    let mut cut = Cut::default();
    for (import, index) in module.imports_of(ExternalKind::Func).zip(0..) {
        let TypeRef::Func(ty) = import.ty else {
            continue;
        };
        if import.module.starts_with(PACKAGE) {
            let parameters = count(module.types[ty as usize].params().len());
            let results = module.types[ty as usize].results().len();
            let stub = Stub::of(import);
            let fits = match stub {
                Stub::Nothing => results == 0,
                Stub::Refuse(_) => results == 0 && parameters > 0,
                Stub::Handle => results == 1,
                Stub::Unreachable => true,
            };
            ensure!(
                fits,
                "`{}` is not of the type that was expected",
                import.name
            );
            cut.moved.insert(index, first + count(cut.stubs.len()));
            cut.stubs.push((ty, parameters, stub));
        }
    }
    let mut without = wasm_encoder::Module::new();
    cut.parse_core_module(&mut without, Parser::new(0), wasm)?;
    Ok(without.finish())
}

/// What a function does in place of an import.
enum Stub {
    /// Nothing: there is nothing to drop.
    Nothing,
    /// Gives the handle of the network, with which nothing can be done.
    Handle,
    /// Gives an error, by its number in `wasi:sockets/network.error-code`.
    Refuse(u8),
    /// Traps: nobody has a socket to call it on.
    Unreachable,
}

impl Stub {
    fn of(import: &Import<'_>) -> Self {
        const ACCESS_DENIED: u8 = 1;
        const PERMANENT_RESOLVER_FAILURE: u8 = 20;
        match import.name {
            "instance-network" => Self::Handle,
            "create-tcp-socket" | "create-udp-socket" => Self::Refuse(ACCESS_DENIED),
            "resolve-addresses" => Self::Refuse(PERMANENT_RESOLVER_FAILURE),
            name if name.starts_with("[resource-drop]") => Self::Nothing,
            _ => Self::Unreachable,
        }
    }

    fn body(&self, parameters: u32) -> Function {
        let mut function = Function::new([]);
        let mut body = function.instructions();
        match self {
            Self::Nothing => {}
            Self::Handle => {
                body.i32_const(0);
            }
            // The last parameter says where the result goes: whether it is an
            // error in the first byte, which one where a handle would be.
            Self::Refuse(code) => {
                for (offset, byte) in [(0, 1), (4, i32::from(*code))] {
                    let place = MemArg {
                        offset,
                        align: 0,
                        memory_index: 0,
                    };
                    body.local_get(parameters - 1)
                        .i32_const(byte)
                        .i32_store8(place);
                }
            }
            Self::Unreachable => {
                body.unreachable();
            }
        }
        body.end();
        function
    }
}

#[derive(Default)]
struct Cut {
    /// The function in place of an import.
    moved: HashMap<u32, u32>,
    /// Their types, numbers of parameters and what they do.
    stubs: Vec<(u32, u32, Stub)>,
}

impl Reencode for Cut {
    type Error = Infallible;

    fn function_index(&mut self, index: u32) -> Result<u32, Error<Infallible>> {
        Ok(self.moved.get(&index).copied().unwrap_or(index))
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        wasm_encoder::reencode::utils::parse_function_section(self, functions, section)?;
        for (ty, _, _) in &self.stubs {
            functions.function(*ty);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        wasm_encoder::reencode::utils::parse_code_section(self, code, section)?;
        for (_, parameters, stub) in &self.stubs {
            code.function(&stub.body(*parameters));
        }
        Ok(())
    }
}
