//! Checks in a guest's code, by which a busy guest can be stopped.
//!
//! Each module with code gets a memory of its own beside the one that it has,
//! the *brake*, and reads it at the head of each loop and of each function that
//! may call itself in a roundabout way. Nothing uses what was read. To stop the
//! guest, the host makes the brake unreadable ([`super::Brake`]): the next read
//! ends in an ordinary trap. A read costs less than a comparison with an epoch:
//! `docs/toolchain.md` has figures.
//!
//! No instruction of the guest's own names the brake, and no function of the
//! host's is given it, so that nothing else than a check ever reads it.

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use wasm_encoder::{
    CodeSection, Encode as _, Instruction, MemArg, MemorySection, MemoryType, RawSection,
};
use wasmparser::{
    BinaryReader, FunctionBody, MemorySectionReader, Operator, Parser, Payload, TypeRef,
};

use super::content::{Kind, PAGE, kinds};
use super::sections::{Result, sections, with_modules};

/// What tells a brake from other memories: wasmtime asks for memories by kind
/// alone. Nothing ever grows a brake; that it could is just a rare kind.
pub(super) const BRAKE: Kind = Kind {
    minimum: 1,
    maximum: Some(2987),
};

/// The component with checks in all its modules.
///
/// # Errors
/// Where it has a memory that looks like a brake, or is not well-formed.
pub(crate) fn with_checks(component: &[u8]) -> wasmtime::Result<Vec<u8>> {
    if kinds(component)?.contains(&BRAKE) {
        wasmtime::bail!("it has a memory of 1 page that may grow to 2987, which is reserved here");
    }
    Ok(with_modules(component, &mut |module| {
        let Some(code) = Code::of(module)? else {
            return Ok(None);
        };
        code.into_module(module).map(Some)
    })?)
}

/// The code of a module, with checks in it.
struct Code(CodeSection);

impl Code {
    /// `None` where there is nothing to check.
    fn of(module: &[u8]) -> Result<Option<Self>> {
        let (mut memories, mut imported) = (0, 0);
        let mut bodies = Vec::new();
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        match import?.ty {
                            TypeRef::Memory(_) => memories += 1,
                            TypeRef::Func(_) | TypeRef::FuncExact(_) => imported += 1,
                            _ => {}
                        }
                    }
                }
                Payload::MemorySection(section) => memories += section.count(),
                Payload::CodeSectionEntry(body) => bodies.push(body),
                _ => {}
            }
        }
        let mut code = CodeSection::new();
        let mut any = false;
        for (body, repeats) in bodies.iter().zip(repeating(imported, &bodies)?) {
            let mut checked = Body::new(memories);
            code.raw(checked.put_into(body, repeats)?);
            any |= checked.checks > 0;
        }
        Ok(any.then_some(Self(code)))
    }

    /// The module with this code, and with the brake as its last memory.
    fn into_module(self, module: &[u8]) -> Result<Vec<u8>> {
        const CUSTOM: u8 = 0;
        const MEMORIES: u8 = 5;
        const CODE: u8 = 10;

        let mut checked = wasm_encoder::Module::new();
        let mut has_brake = false;
        for (id, data) in sections(module)? {
            // The sections before that of memories have lower numbers.
            if !has_brake && id != CUSTOM && id >= MEMORIES {
                let defined = if id == MEMORIES { data } else { &[0] };
                checked.section(&memories_and_brake(defined)?);
                has_brake = true;
            }
            match id {
                MEMORIES => {}
                CODE => {
                    checked.section(&self.0);
                }
                id => {
                    checked.section(&RawSection { id, data });
                }
            }
        }
        Ok(checked.finish())
    }
}

fn memories_and_brake(defined: &[u8]) -> Result<MemorySection> {
    let mut memories = MemorySection::new();
    for memory in MemorySectionReader::new(BinaryReader::new(defined, 0))? {
        memories.memory(memory?.into());
    }
    memories.memory(MemoryType {
        minimum: BRAKE.minimum,
        maximum: BRAKE.maximum,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    Ok(memories)
}

/// Which functions can go on for ever without a loop: those that call
/// themselves, by whatever way. Where a call leads that is not to a function by
/// its number is not known.
fn repeating(imported: u32, bodies: &[FunctionBody<'_>]) -> Result<Vec<bool>> {
    let mut calls = DiGraph::<(), ()>::with_capacity(bodies.len(), bodies.len());
    for _ in bodies {
        calls.add_node(());
    }
    let mut repeating = vec![false; bodies.len()];
    for (caller, body) in bodies.iter().enumerate() {
        let node = NodeIndex::new(caller);
        for operator in body.get_operators_reader()? {
            match operator? {
                Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                    let Some(callee) = function_index.checked_sub(imported) else {
                        continue;
                    };
                    repeating[caller] |= callee as usize == caller;
                    if (callee as usize) < bodies.len() {
                        calls.add_edge(node, NodeIndex::new(callee as usize), ());
                    }
                }
                Operator::CallIndirect { .. }
                | Operator::ReturnCallIndirect { .. }
                | Operator::CallRef { .. }
                | Operator::ReturnCallRef { .. } => repeating[caller] = true,
                _ => {}
            }
        }
    }
    for circle in kosaraju_scc(&calls) {
        if circle.len() > 1 {
            for function in circle {
                repeating[function.index()] = true;
            }
        }
    }
    Ok(repeating)
}

/// The body of a function with checks in it.
struct Body {
    brake: u32,
    checks: u32,
    bytes: Vec<u8>,
}

impl Body {
    fn new(brake: u32) -> Self {
        Self {
            brake,
            checks: 0,
            bytes: Vec::new(),
        }
    }

    /// Gives the body anew: with a check at the head of each loop, and, where it
    /// `repeats`, one at its own head.
    fn put_into(&mut self, body: &FunctionBody<'_>, repeats: bool) -> Result<&[u8]> {
        let (bytes, start) = (body.as_bytes(), body.range().start);
        let mut copied = 0;
        let mut operators = body.get_operators_reader()?;
        if repeats {
            self.copy(bytes, &mut copied, operators.original_position() - start);
            self.check();
        }
        while !operators.eof() {
            if let Operator::Loop { .. } = operators.read()? {
                self.copy(bytes, &mut copied, operators.original_position() - start);
                self.check();
            }
        }
        self.copy(bytes, &mut copied, bytes.len() as u64);
        Ok(&self.bytes)
    }

    fn copy(&mut self, bytes: &[u8], copied: &mut usize, end: u64) {
        let end = end as usize;
        self.bytes.extend(&bytes[*copied..end]);
        *copied = end;
    }

    /// Reads the brake: a place of its own for each check, since a compiler may
    /// leave out a read of what it has just read.
    fn check(&mut self) {
        const SIZE: u64 = 4;
        let sink = &mut self.bytes;
        let offset = u64::from(self.checks) * SIZE % PAGE;
        Instruction::I32Const(0).encode(sink);
        Instruction::I32Load(MemArg {
            offset,
            align: 2,
            memory_index: self.brake,
        })
        .encode(sink);
        Instruction::Drop.encode(sink);
        self.checks += 1;
    }
}

/// How many checks there are in a component: reads of modules' last memories.
#[cfg(test)]
pub(super) fn count(component: &[u8]) -> usize {
    let mut count = 0;
    super::sections::each_module(component, &mut |module| {
        let mut memories = 0;
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        memories += u32::from(matches!(import?.ty, TypeRef::Memory(_)));
                    }
                }
                Payload::MemorySection(section) => memories += section.count(),
                Payload::CodeSectionEntry(body) => {
                    for operator in body.get_operators_reader()? {
                        if let Operator::I32Load { memarg } = operator? {
                            count += usize::from(memarg.memory + 1 == memories);
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    })
    .unwrap();
    count
}
