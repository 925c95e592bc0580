//! What a library imports from libc can come from the guest instead.

use std::collections::HashSet;
use std::convert::Infallible;

use anyhow::{Context as _, Result};
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{ImportSection, Module};
use wasmparser::{Imports, Parser, Payload};

/// A function of the guest that begins so is there in place of the one of
/// libc whose name follows.
const PREFIX: &str = "files_";

/// Lets a library import functions of the guest wherever the guest has one in
/// place of what it imports: calls and addresses of functions.
///
/// # Errors
/// Where a library is malformed.
pub(crate) fn redirect(library: &[u8], guest: &[u8]) -> Result<Vec<u8>> {
    let mut redirect = Redirect {
        guest: exports(guest).context("the guest's exports")?,
    };
    let mut module = Module::new();
    redirect.parse_core_module(&mut module, Parser::new(0), library)?;
    Ok(module.finish())
}

fn exports(guest: &[u8]) -> Result<HashSet<String>> {
    let mut names = HashSet::new();
    for payload in Parser::new(0).parse_all(guest) {
        if let Payload::ExportSection(exports) = payload? {
            for export in exports {
                names.insert(export?.name.to_owned());
            }
        }
    }
    Ok(names)
}

struct Redirect {
    guest: HashSet<String>,
}

impl Reencode for Redirect {
    type Error = Infallible;

    fn parse_imports(
        &mut self,
        section: &mut ImportSection,
        imports: Imports<'_>,
    ) -> Result<(), Error<Infallible>> {
        if let Imports::Single(at, mut import) = imports
            && matches!(import.module, "env" | "GOT.func")
        {
            let instead = format!("{PREFIX}{}", import.name);
            if self.guest.contains(&instead) {
                import.name = &instead;
                return utils::parse_imports(self, section, Imports::Single(at, import));
            }
        }
        utils::parse_imports(self, section, imports)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_guest_has_is_redirected() {
        let guest = wat::parse_str(
            r#"(module
            (func (export "files_open"))
            (func (export "files_mkdir"))
            (func (export "go")))"#,
        );
        let library = wat::parse_str(
            r#"(module
                (import "env" "open" (func))
                (import "env" "close" (func))
                (import "env" "go" (func))
                (import "GOT.func" "open" (global (mut i32)))
                (import "GOT.mem" "open" (global (mut i32)))
                (import "env" "mkdir" (func))
                (import "GOT.func" "mkdir" (global (mut i32)))
                (func (export "open") (call 0)))"#,
        );
        let redirected = redirect(&library.unwrap(), &guest.unwrap()).unwrap();
        let mut names = Vec::new();
        for payload in Parser::new(0).parse_all(&redirected) {
            if let Payload::ImportSection(section) = payload.unwrap() {
                for import in section.into_imports() {
                    let import = import.unwrap();
                    names.push(format!("{} {}", import.module, import.name));
                }
            }
        }
        assert_eq!(
            names,
            [
                "env files_open",
                "env close",
                "env go",
                "GOT.func files_open",
                "GOT.mem open",
                "env files_mkdir",
                "GOT.func files_mkdir"
            ]
        );
    }
}
