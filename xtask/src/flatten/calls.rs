//! Calls through the table, most of which go to the same function each time.
//!
//! CPython calls what a type does through slots. A runtime checks such a call's index
//! and signature, and no optimiser sees through it. A training run counts where each
//! site's calls go ([`counting`]); then those that it mostly goes to are called directly
//! behind a comparison ([`directing`]), where they can be inlined.

pub(super) mod counting;
pub(super) mod directing;

use std::collections::HashMap;

use anyhow::{Context as _, Result};
use wasm_encoder::{Function, ValType};
use wasmparser::{ExternalKind, FunctionBody};

use super::facts::Facts;
use super::module::{Error, Module, Problem, count as length};

/// A call through the table: the function that it is in, and how many such calls
/// come before it there.
pub(super) type Site = (String, u32);

/// A name for each function that is defined here: the second and later ones of a
/// name by their number, since static functions of C often share one.
fn labels(module: &Module<'_>) -> Vec<String> {
    let imported = module.imported(ExternalKind::Func);
    let mut seen: HashMap<&str, u32> = HashMap::new();
    (imported..)
        .zip(&module.bodies)
        .map(|(function, _)| {
            let name = without_hash(module.names.get(&function).copied().unwrap_or("?"));
            let number = seen.entry(name).or_default();
            *number += 1;
            // The profile is words in lines.
            let name = name.replace(|it: char| it.is_whitespace() || it == '=', "_");
            match *number {
                1 => name,
                number => format!("{name}#{number}"),
            }
        })
        .collect()
}

/// What a function of Rust's is called in each build.
fn without_hash(name: &str) -> &str {
    match name.rsplit_once("::h") {
        Some((path, hash)) if hash.len() == 16 && hash.bytes().all(|it| it.is_ascii_hexdigit()) => {
            path
        }
        _ => name,
    }
}

/// Whether a function is Rust's, by its path.
fn is_rust(label: &str) -> bool {
    label.contains("::")
}

/// What is in the first table, by slot.
fn table(module: &Module<'_>) -> Result<HashMap<u32, u32>> {
    let facts = Facts::none(module);
    facts
        .content(module, 0)?
        .context("a table that is not known")
}

/// The locals of a function, and more.
struct Locals {
    declared: Vec<(u32, ValType)>,
    /// How many there are, with the parameters.
    count: u32,
    spare: HashMap<(ValType, u32), u32>,
}

impl Locals {
    /// Those of the body of a number.
    fn new(module: &Module<'_>, number: usize, body: &FunctionBody<'_>) -> Result<Self, Error> {
        let mut declared = Vec::new();
        for locals in body.get_locals_reader()? {
            let (count, ty) = locals?;
            let ty = ValType::try_from(ty)
                .map_err(|_| Problem::new(format_args!("a local of type {ty}")))?;
            declared.push((count, ty));
        }
        let ty = module.functions.get(number).copied().unwrap_or_default();
        let parameters = module
            .types
            .get(ty as usize)
            .map_or(0, |it| it.params().len());
        let count = length(parameters) + declared.iter().map(|(count, _)| count).sum::<u32>();
        Ok(Self {
            declared,
            count,
            spare: HashMap::new(),
        })
    }

    fn add(&mut self, ty: ValType) -> u32 {
        self.declared.push((1, ty));
        self.count += 1;
        self.count - 1
    }

    /// A local that nothing else uses than what asks for this type and position.
    fn spare(&mut self, ty: ValType, position: u32) -> u32 {
        if let Some(known) = self.spare.get(&(ty, position)) {
            return *known;
        }
        let added = self.add(ty);
        self.spare.insert((ty, position), added);
        added
    }

    fn function(self) -> Function {
        Function::new(self.declared)
    }
}
