//! A core module, taken apart.

use std::collections::HashMap;

use anyhow::{Context as _, Result};
use wasmparser::{
    Data, Element, Export, ExternalKind, FuncType, FunctionBody, Global, Import, KnownCustom,
    MemoryType, Name, Parser, Payload, Table, TagType, TypeRef,
};

/// The sections of a core module that matter here: custom sections other than
/// the names of functions are gone.
#[derive(Default)]
pub(super) struct Module<'a> {
    pub(super) types: Vec<FuncType>,
    pub(super) imports: Vec<Import<'a>>,
    /// The types of the functions defined here.
    pub(super) functions: Vec<u32>,
    pub(super) tables: Vec<Table<'a>>,
    pub(super) memories: Vec<MemoryType>,
    pub(super) tags: Vec<TagType>,
    pub(super) globals: Vec<Global<'a>>,
    pub(super) exports: Vec<Export<'a>>,
    pub(super) start: Option<u32>,
    pub(super) elements: Vec<Element<'a>>,
    pub(super) data: Vec<Data<'a>>,
    pub(super) bodies: Vec<FunctionBody<'a>>,
    pub(super) names: HashMap<u32, &'a str>,
}

impl<'a> Module<'a> {
    /// Takes a module apart.
    ///
    /// # Errors
    /// Where it is malformed or uses what is not supported.
    pub(super) fn parse(wasm: &'a [u8]) -> Result<Self> {
        let mut module = Self::default();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::TypeSection(section) => {
                    for ty in section.into_iter_err_on_gc_types() {
                        module.types.push(ty.context("types other than functions")?);
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        module.imports.push(import?);
                    }
                }
                Payload::FunctionSection(section) => collect(section, &mut module.functions)?,
                Payload::TableSection(section) => collect(section, &mut module.tables)?,
                Payload::MemorySection(section) => collect(section, &mut module.memories)?,
                Payload::TagSection(section) => collect(section, &mut module.tags)?,
                Payload::GlobalSection(section) => collect(section, &mut module.globals)?,
                Payload::ExportSection(section) => collect(section, &mut module.exports)?,
                Payload::StartSection { func, .. } => module.start = Some(func),
                Payload::ElementSection(section) => collect(section, &mut module.elements)?,
                Payload::DataSection(section) => collect(section, &mut module.data)?,
                Payload::CodeSectionEntry(body) => module.bodies.push(body),
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(names) = section.as_known() {
                        // Names help to read a profile; broken ones do no harm.
                        for name in names.into_iter().flatten() {
                            if let Name::Function(names) = name {
                                for naming in names.into_iter().flatten() {
                                    module.names.insert(naming.index, naming.name);
                                }
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(module)
    }

    /// The imports of a kind, in order: the first indices of its space.
    pub(super) fn imports_of(&self, kind: ExternalKind) -> impl Iterator<Item = &Import<'a>> {
        self.imports
            .iter()
            .filter(move |import| kind_of(import.ty) == kind)
    }

    /// How many imports of a kind there are.
    pub(super) fn imported(&self, kind: ExternalKind) -> u32 {
        count(self.imports_of(kind).count())
    }

    /// How many items of a kind are defined here.
    pub(super) fn defined(&self, kind: ExternalKind) -> u32 {
        count(match kind {
            ExternalKind::Func | ExternalKind::FuncExact => self.functions.len(),
            ExternalKind::Table => self.tables.len(),
            ExternalKind::Memory => self.memories.len(),
            ExternalKind::Global => self.globals.len(),
            ExternalKind::Tag => self.tags.len(),
        })
    }

    /// The type index of every function, imports first.
    pub(super) fn function_types(&self) -> Vec<u32> {
        let imported = self.imports.iter().filter_map(|import| match import.ty {
            TypeRef::Func(ty) | TypeRef::FuncExact(ty) => Some(ty),
            _ => None,
        });
        imported.chain(self.functions.iter().copied()).collect()
    }
}

/// What is wrong with a module.
#[derive(Debug)]
pub(super) struct Problem(String);

/// An error of translating a module.
pub(super) type Error = wasm_encoder::reencode::Error<Problem>;

impl Problem {
    /// As the error of a translation.
    pub(super) fn new(what: std::fmt::Arguments<'_>) -> Error {
        Error::UserError(Self(what.to_string()))
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Problem {}

/// The place of an index space in an array of all five.
pub(super) fn slot(kind: ExternalKind) -> usize {
    match kind {
        ExternalKind::Func | ExternalKind::FuncExact => 0,
        ExternalKind::Table => 1,
        ExternalKind::Memory => 2,
        ExternalKind::Global => 3,
        ExternalKind::Tag => 4,
    }
}

/// The index space that an import adds to.
pub(super) fn kind_of(ty: TypeRef) -> ExternalKind {
    match ty {
        TypeRef::Func(_) | TypeRef::FuncExact(_) => ExternalKind::Func,
        TypeRef::Table(_) => ExternalKind::Table,
        TypeRef::Memory(_) => ExternalKind::Memory,
        TypeRef::Global(_) => ExternalKind::Global,
        TypeRef::Tag(_) => ExternalKind::Tag,
    }
}

/// A length as an index. WebAssembly's own limits are far below 2^32.
pub(super) fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn collect<'a, T: wasmparser::FromReader<'a>>(
    section: wasmparser::SectionLimited<'a, T>,
    into: &mut Vec<T>,
) -> Result<()> {
    for item in section {
        into.push(item?);
    }
    Ok(())
}
