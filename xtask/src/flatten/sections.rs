//! A core module, being put together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use wasm_encoder::{
    CodeSection, DataCountSection, DataSection, ElementSection, Elements, ExportSection, FuncType,
    FunctionSection, GlobalSection, ImportSection, MemorySection, NameMap, NameSection,
    StartSection, TableSection, TagSection, TypeSection,
};

/// Function types, each once.
#[derive(Default)]
pub(super) struct Types {
    section: TypeSection,
    indices: HashMap<FuncType, u32>,
}

impl Types {
    /// The index of a type.
    pub(super) fn index(&mut self, ty: FuncType) -> u32 {
        let next = self.section.len();
        *self.indices.entry(ty).or_insert_with_key(|ty| {
            self.section.ty().func_type(ty);
            next
        })
    }
}

/// The sections of a module but for its types.
#[derive(Default)]
pub(super) struct Sections {
    pub(super) imports: ImportSection,
    pub(super) functions: FunctionSection,
    pub(super) tables: TableSection,
    pub(super) memories: MemorySection,
    pub(super) tags: TagSection,
    pub(super) globals: GlobalSection,
    pub(super) exports: ExportSection,
    pub(super) start: Option<u32>,
    pub(super) elements: ElementSection,
    pub(super) code: CodeSection,
    /// Functions that code takes references to. Some export or segment has to
    /// name each; which did before may be gone.
    pub(super) referenced: BTreeSet<u32>,
    pub(super) data: DataSection,
    pub(super) names: BTreeMap<u32, String>,
}

impl Sections {
    /// The module.
    pub(super) fn finish(mut self, types: &Types) -> Vec<u8> {
        if !self.referenced.is_empty() {
            let functions: Vec<u32> = self.referenced.into_iter().collect();
            self.elements
                .declared(Elements::Functions(functions.into()));
        }
        let mut module = wasm_encoder::Module::new();
        module.section(&types.section);
        module.section(&self.imports);
        module.section(&self.functions);
        module.section(&self.tables);
        module.section(&self.memories);
        if !self.tags.is_empty() {
            module.section(&self.tags);
        }
        module.section(&self.globals);
        module.section(&self.exports);
        if let Some(function_index) = self.start {
            module.section(&StartSection { function_index });
        }
        module.section(&self.elements);
        // Code that initialises memory needs to know how much data follows.
        module.section(&DataCountSection {
            count: self.data.len(),
        });
        module.section(&self.code);
        module.section(&self.data);
        let mut functions = NameMap::new();
        for (index, name) in &self.names {
            functions.append(*index, name);
        }
        let mut names = NameSection::new();
        names.functions(&functions);
        module.section(&names);
        module.finish()
    }
}
