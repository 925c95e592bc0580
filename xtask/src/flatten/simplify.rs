//! A module without what it does not need.
//!
//! The linker's indirections are constants to whoever sees all modules at
//! once: globals that nobody writes, calls through slots of a table that
//! nobody changes, functions that only call another one.

use anyhow::{Context as _, Result};
use wasm_encoder::reencode::Reencode;
use wasm_encoder::{ConstExpr, FuncType, Instruction};
use wasmparser::{ElementKind, ExternalKind, Operator};

use super::facts::{Facts, Uses};
use super::module::{Error, Module, Problem, slot};
use super::sections::{Sections, Types};

/// Keeps only the exports that are wanted, and what they need.
///
/// # Errors
/// Where the module is malformed.
pub(super) fn simplify(wasm: &[u8], wanted: impl Fn(&str) -> bool) -> Result<Vec<u8>> {
    let mut wasm = wasm.to_owned();
    // What one round finds out makes more known to the next one.
    for _ in 0..8 {
        let mut module = Module::parse(&wasm)?;
        module.exports.retain(|export| wanted(export.name));
        let simpler = round(&module).context("can't simplify the module")?;
        let done = simpler.len() >= wasm.len();
        wasm = simpler;
        if done {
            break;
        }
    }
    Ok(wasm)
}

fn round(module: &Module<'_>) -> Result<Vec<u8>, Error> {
    let first = Uses::new(module, &Facts::none(module))?;
    let facts = Facts::new(module, &first)?;
    let uses = Uses::new(module, &facts)?;
    let mut simplifier = Simplifier {
        module,
        facts,
        types: Types::default(),
        indices: default(),
    };
    let mut sections = Sections::default();
    simplifier.number(&uses, &mut sections)?;
    simplifier.fill(&uses, &mut sections)?;
    Ok(sections.finish(&simplifier.types))
}

fn default<T: Default>() -> T {
    T::default()
}

struct Simplifier<'a> {
    module: &'a Module<'a>,
    facts: Facts,
    types: Types,
    /// The new index of everything that stays, by space; the sixth one is of
    /// element segments.
    indices: [Vec<Option<u32>>; 6],
}

const ELEMENTS: usize = 5;

impl Simplifier<'_> {
    /// Gives what stays its index, and imports what is imported.
    fn number(&mut self, uses: &Uses, sections: &mut Sections) -> Result<(), Error> {
        let module = self.module;
        let all = |kind| vec![true; (module.imported(kind) + module.defined(kind)) as usize];
        let elements = module.elements.iter().map(|element| match &element.kind {
            ElementKind::Active { table_index, .. } => uses
                .tables
                .get(table_index.unwrap_or(0) as usize)
                .copied()
                .unwrap_or_default(),
            // Made anew, from what code still refers to.
            ElementKind::Declared => false,
            ElementKind::Passive => true,
        });
        let mut stays = [
            uses.functions.clone(),
            uses.tables.clone(),
            all(ExternalKind::Memory),
            uses.globals.clone(),
            all(ExternalKind::Tag),
            elements.collect(),
        ];
        // Of imports, only functions are worth leaving out.
        for kind in [ExternalKind::Table, ExternalKind::Global] {
            let imported = module.imported(kind) as usize;
            stays[slot(kind)]
                .iter_mut()
                .take(imported)
                .for_each(|stays| *stays = true);
        }
        for (indices, stays) in self.indices.iter_mut().zip(&stays) {
            let mut next = 0..;
            *indices = stays
                .iter()
                .map(|stays| stays.then(|| next.next()).flatten())
                .collect();
        }
        let mut counts = [0_usize; 5];
        for import in &module.imports {
            let space = slot(super::module::kind_of(import.ty));
            if stays[space].get(counts[space]) == Some(&true) {
                self.parse_import(&mut sections.imports, *import)?;
            }
            counts[space] += 1;
        }
        Ok(())
    }

    fn fill(&mut self, uses: &Uses, sections: &mut Sections) -> Result<(), Error> {
        let module = self.module;
        let functions = module.imported(ExternalKind::Func) as usize;
        for (ty, used) in module.functions.iter().zip(&uses.functions[functions..]) {
            if *used {
                sections.functions.function(self.type_index(*ty)?);
            }
        }
        let tables = module.imported(ExternalKind::Table) as usize;
        for (table, used) in module.tables.iter().zip(&uses.tables[tables..]) {
            if *used {
                self.parse_table(&mut sections.tables, table.clone())?;
            }
        }
        for memory in &module.memories {
            sections.memories.memory(self.memory_type(*memory)?);
        }
        for tag in &module.tags {
            sections.tags.tag(self.tag_type(*tag)?);
        }
        let globals = module.imported(ExternalKind::Global) as usize;
        for (global, used) in module.globals.iter().zip(&uses.globals[globals..]) {
            if *used {
                self.parse_global(&mut sections.globals, global.clone())?;
            }
        }
        for export in &module.exports {
            self.parse_export(&mut sections.exports, *export)?;
        }
        for (element, index) in module.elements.iter().zip(&self.indices[ELEMENTS].clone()) {
            if index.is_some() {
                self.parse_element(&mut sections.elements, element.clone())?;
            }
        }
        for data in &module.data {
            self.parse_data(&mut sections.data, data.clone())?;
        }
        for (body, used) in module.bodies.iter().zip(&uses.functions[functions..]) {
            if *used {
                let mut referenced = Vec::new();
                self.facts.operators(module, body, |operator| {
                    if let Operator::RefFunc { function_index } = operator {
                        referenced.push(function_index);
                    }
                    Ok(())
                })?;
                for function in referenced {
                    sections.referenced.insert(self.function_index(function)?);
                }
                self.parse_function_body(&mut sections.code, body.clone())?;
            }
        }
        for (old, name) in &module.names {
            if let Some(new) = self.indices[0].get(*old as usize).copied().flatten() {
                sections.names.insert(new, (*name).to_owned());
            }
        }
        if let Some(start) = module.start {
            sections.start = Some(self.function_index(start)?);
        }
        Ok(())
    }

    fn at(&self, space: usize, index: u32) -> Result<u32, Error> {
        let found = self.indices[space].get(index as usize).copied().flatten();
        found.ok_or_else(|| Problem::new(format_args!("{index} of space {space} was left out")))
    }
}

impl Reencode for Simplifier<'_> {
    type Error = Problem;

    fn type_index(&mut self, ty: u32) -> Result<u32, Error> {
        let Some(ty) = self.module.types.get(ty as usize) else {
            return Err(Problem::new(format_args!("no type {ty}")));
        };
        let ty: FuncType = self.func_type(ty.clone())?;
        Ok(self.types.index(ty))
    }

    fn function_index(&mut self, index: u32) -> Result<u32, Error> {
        self.at(slot(ExternalKind::Func), self.facts.target(index))
    }

    fn table_index(&mut self, index: u32) -> Result<u32, Error> {
        self.at(slot(ExternalKind::Table), index)
    }

    fn memory_index(&mut self, index: u32) -> Result<u32, Error> {
        self.at(slot(ExternalKind::Memory), index)
    }

    fn global_index(&mut self, index: u32) -> Result<u32, Error> {
        self.at(slot(ExternalKind::Global), index)
    }

    fn tag_index(&mut self, index: u32) -> Result<u32, Error> {
        self.at(slot(ExternalKind::Tag), index)
    }

    fn element_index(&mut self, index: u32) -> Result<u32, Error> {
        self.at(ELEMENTS, index)
    }

    fn const_expr(&mut self, expression: wasmparser::ConstExpr<'_>) -> Result<ConstExpr, Error> {
        match self.facts.evaluate(&expression)? {
            Some(value) => Ok(ConstExpr::i32_const(value)),
            None => wasm_encoder::reencode::utils::const_expr(self, expression),
        }
    }

    fn parse_function_body(
        &mut self,
        code: &mut wasm_encoder::CodeSection,
        body: wasmparser::FunctionBody<'_>,
    ) -> Result<(), Error> {
        let mut function = self.new_function_with_parsed_locals(&body)?;
        let mut operators = Vec::new();
        self.facts.operators(self.module, &body, |operator| {
            operators.push(operator);
            Ok(())
        })?;
        for operator in operators {
            let instruction: Instruction<'_> = self.instruction(operator)?;
            function.instruction(&instruction);
        }
        code.function(&function);
        Ok(())
    }
}
