//! The modules of all core instances become one module.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use wasm_encoder::reencode::Reencode;
use wasm_encoder::{EntityType, ExportKind, FuncType, Function};
use wasmparser::{ExternalKind, Operator, TypeRef};

use super::component::{Component, Item};
use super::module::{Error, Module, Problem, count, slot};
use super::sections::{Sections, Types};

/// The export that stands for all modules' start functions: what they do has
/// to wait until imports can be called, so `ComponentEncoder` calls it last.
pub(super) const INITIALIZE: &str = "_initialize";

const KINDS: [ExternalKind; 5] = [
    ExternalKind::Func,
    ExternalKind::Table,
    ExternalKind::Memory,
    ExternalKind::Global,
    ExternalKind::Tag,
];

/// Merges the core modules of a component.
///
/// # Errors
/// Where the component is malformed or uses what is not supported.
pub(super) fn merge(component: &Component<'_>) -> Result<Vec<u8>> {
    let mut merger = Merger::default();
    let mut merged = Sections::default();
    let externals = merger.declare(component, &mut merged)?;
    let mut starts = Vec::new();
    for (instance, module) in component.instances() {
        merger
            .enter(component, instance, &externals)
            .and_then(|()| Ok(add(&mut merger, module, &mut merged, &mut starts)?))
            .with_context(|| format!("core instance {instance}"))?;
    }
    if !starts.is_empty() {
        let index = merger.next(ExternalKind::Func);
        merged
            .functions
            .function(merger.types.index(FuncType::new([], [])));
        let mut body = Function::new([]);
        for start in starts {
            body.instructions().call(start);
        }
        body.instructions().end();
        merged.code.function(&body);
        merged.exports.export(INITIALIZE, ExportKind::Func, index);
    }
    for (name, (kind, item)) in component.exports()? {
        let index = merger.index(kind, &item, &externals)?;
        merged.exports.export(name, kind.into(), index);
    }
    Ok(merged.finish(&merger.types))
}

/// Adds what a module defines.
fn add(
    merger: &mut Merger,
    module: &Module<'_>,
    merged: &mut Sections,
    starts: &mut Vec<u32>,
) -> Result<(), Error> {
    for ty in &module.functions {
        merged.functions.function(merger.type_index(*ty)?);
    }
    for table in &module.tables {
        merger.parse_table(&mut merged.tables, table.clone())?;
    }
    for memory in &module.memories {
        merged.memories.memory(merger.memory_type(*memory)?);
    }
    for tag in &module.tags {
        merged.tags.tag(merger.tag_type(*tag)?);
    }
    for global in &module.globals {
        merger.parse_global(&mut merged.globals, global.clone())?;
    }
    for element in &module.elements {
        merger.parse_element(&mut merged.elements, element.clone())?;
    }
    for data in &module.data {
        merger.parse_data(&mut merged.data, data.clone())?;
    }
    for body in &module.bodies {
        for operator in body.get_operators_reader()? {
            if let Operator::RefFunc { function_index } = operator? {
                let index = merger.function_index(function_index)?;
                merged.referenced.insert(index);
            }
        }
        merger.parse_function_body(&mut merged.code, body.clone())?;
    }
    for (index, name) in &module.names {
        let index = merger.function_index(*index)?;
        merged
            .names
            .entry(index)
            .or_insert_with(|| (*name).to_owned());
    }
    if let Some(start) = module.start {
        starts.push(merger.function_index(start)?);
    }
    Ok(())
}

/// Where everything goes.
#[derive(Default)]
struct Merger {
    types: Types,
    /// How much of each index space is taken.
    taken: [u32; 5],
    /// Where the definitions of an instance's module start.
    bases: BTreeMap<u32, [u32; 5]>,
    /// The segments of the modules before the current one, and with it.
    elements: (u32, u32),
    data: (u32, u32),
    /// The current module's spaces.
    current: [Vec<u32>; 5],
    current_types: Vec<u32>,
}

type Externals = BTreeMap<(String, String), u32>;

impl Merger {
    /// Gives every import and definition its index.
    fn declare(&mut self, component: &Component<'_>, merged: &mut Sections) -> Result<Externals> {
        let mut externals = Externals::new();
        for (instance, module) in component.instances() {
            self.translate_types(module)?;
            for (import, index) in module.imports_of(ExternalKind::Func).zip(0..) {
                let item = component.resolve(instance, ExternalKind::Func, index)?;
                if let Item::External { module, field } = item
                    && let TypeRef::Func(ty) = import.ty
                    && !externals.contains_key(&(module.clone(), field.clone()))
                {
                    let ty = self.type_index(ty)?;
                    merged
                        .imports
                        .import(&module, &field, EntityType::Function(ty));
                    externals.insert((module, field), self.next(ExternalKind::Func));
                }
            }
        }
        for (instance, module) in component.instances() {
            self.bases.insert(instance, self.taken);
            for kind in KINDS {
                self.taken[slot(kind)] += module.defined(kind);
            }
        }
        Ok(externals)
    }

    /// Takes the next index of a space.
    fn next(&mut self, kind: ExternalKind) -> u32 {
        let taken = &mut self.taken[slot(kind)];
        *taken += 1;
        *taken - 1
    }

    /// The index of an item.
    fn index(&self, kind: ExternalKind, item: &Item, externals: &Externals) -> Result<u32> {
        match item {
            Item::Defined { instance, index } => {
                let bases = self.bases.get(instance).context("no such instance")?;
                Ok(bases[slot(kind)] + index)
            }
            Item::External { module, field } => externals
                .get(&(module.clone(), field.clone()))
                .copied()
                .with_context(|| format!("{module} {field} is no function")),
        }
    }

    /// Goes on to the module of another instance.
    fn enter(
        &mut self,
        component: &Component<'_>,
        instance: u32,
        externals: &Externals,
    ) -> Result<()> {
        let module = component.module(instance)?;
        self.translate_types(module)?;
        for kind in KINDS {
            let all = module.imported(kind) + module.defined(kind);
            let indices = (0..all)
                .map(|index| {
                    self.index(kind, &component.resolve(instance, kind, index)?, externals)
                })
                .collect::<Result<Vec<_>>>()?;
            self.current[slot(kind)] = indices;
        }
        self.elements = (
            self.elements.1,
            self.elements.1 + count(module.elements.len()),
        );
        self.data = (self.data.1, self.data.1 + count(module.data.len()));
        Ok(())
    }

    fn translate_types(&mut self, module: &Module<'_>) -> Result<()> {
        self.current_types.clear();
        for ty in &module.types {
            let ty = self.func_type(ty.clone())?;
            let index = self.types.index(ty);
            self.current_types.push(index);
        }
        Ok(())
    }

    fn at(&self, kind: ExternalKind, index: u32) -> Result<u32, Error> {
        let found = self.current[slot(kind)].get(index as usize).copied();
        found.ok_or_else(|| Problem::new(format_args!("no {kind:?} {index}")))
    }
}

impl Reencode for Merger {
    type Error = Problem;

    fn type_index(&mut self, ty: u32) -> Result<u32, Error> {
        let index = self.current_types.get(ty as usize).copied();
        index.ok_or_else(|| Problem::new(format_args!("no type {ty}")))
    }

    fn function_index(&mut self, index: u32) -> Result<u32, Error> {
        self.at(ExternalKind::Func, index)
    }

    fn table_index(&mut self, index: u32) -> Result<u32, Error> {
        self.at(ExternalKind::Table, index)
    }

    fn memory_index(&mut self, index: u32) -> Result<u32, Error> {
        self.at(ExternalKind::Memory, index)
    }

    fn global_index(&mut self, index: u32) -> Result<u32, Error> {
        self.at(ExternalKind::Global, index)
    }

    fn tag_index(&mut self, index: u32) -> Result<u32, Error> {
        self.at(ExternalKind::Tag, index)
    }

    fn element_index(&mut self, index: u32) -> Result<u32, Error> {
        Ok(self.elements.0 + index)
    }

    fn data_index(&mut self, index: u32) -> Result<u32, Error> {
        Ok(self.data.0 + index)
    }
}
