//! A component's core instances, and what they are to each other.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentAlias, ComponentExternalKind, ComponentTypeRef,
    ExternalKind, Instance, Parser, Payload,
};

use super::module::{Module, kind_of};

/// What the component model gives to core modules.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum External {
    /// Something of an imported interface, under the name that
    /// `ComponentEncoder` knows it by.
    Imported { module: String, field: String },
    /// Something of a resource that the component itself defines: the module
    /// that imports it has the name.
    Own,
    /// What this program does not know.
    Unsupported(String),
}

/// What an index of a core module stands for once imports are followed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    /// Defined in the module of an instance.
    Defined { instance: u32, index: u32 },
    /// A function of the component model, by module and field.
    External { module: String, field: String },
}

/// An item of a core index space of the component.
enum Core<'a> {
    Export { instance: u32, name: &'a str },
    External(External),
}

enum CoreInstance<'a> {
    Module {
        module: usize,
        arguments: BTreeMap<&'a str, u32>,
    },
    Exports(BTreeMap<&'a str, (ExternalKind, u32)>),
}

/// Where a function or type of the component comes from.
#[derive(Clone)]
enum Origin {
    Import { module: String, field: String },
    Here,
}

/// A component's core instances.
#[derive(Default)]
pub(super) struct Component<'a> {
    pub(super) modules: Vec<Module<'a>>,
    instances: Vec<CoreInstance<'a>>,
    functions: Vec<Core<'a>>,
    tables: Vec<Core<'a>>,
    memories: Vec<Core<'a>>,
    globals: Vec<Core<'a>>,
    tags: Vec<Core<'a>>,
    /// What the canonical ABI needs: core functions and memories.
    needed: Vec<(ExternalKind, u32)>,
    /// What allocates for exported functions, and for imported ones. Every
    /// library brings its own, but all of them use libc's allocator, so one
    /// is enough, and one is all that `ComponentEncoder` takes from a module.
    realloc: [Option<u32>; 2],
}

/// The spaces of the component itself, needed only while reading it.
#[derive(Default)]
struct Spaces {
    instances: Vec<Option<String>>,
    functions: Vec<Origin>,
    types: Vec<Origin>,
}

impl<'a> Component<'a> {
    /// Reads a component.
    ///
    /// # Errors
    /// Where it is malformed.
    pub(super) fn parse(wasm: &'a [u8]) -> Result<Self> {
        let mut this = Self::default();
        let mut spaces = Spaces::default();
        // The parser goes into nested modules and components by itself.
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload?;
            match &payload {
                Payload::End(_) => {
                    depth = depth.saturating_sub(1);
                    continue;
                }
                Payload::ModuleSection {
                    unchecked_range: range,
                    ..
                } => {
                    if depth == 0 {
                        let (start, end) = (range.start.try_into()?, range.end.try_into()?);
                        let bytes: &[u8] = wasm
                            .get::<std::ops::Range<usize>>(start..end)
                            .context("truncated")?;
                        this.modules.push(Module::parse(bytes)?);
                    }
                    depth += 1;
                    continue;
                }
                Payload::ComponentSection { .. } => {
                    depth += 1;
                    continue;
                }
                _ if depth > 0 => continue,
                _ => this.section(payload, &mut spaces)?,
            }
        }
        Ok(this)
    }

    /// The bytes of the module that has the memory.
    ///
    /// # Errors
    /// Where there is none.
    pub(super) fn main(wasm: &'a [u8]) -> Result<&'a [u8]> {
        for payload in Parser::new(0).parse_all(wasm) {
            if let Payload::ModuleSection {
                unchecked_range: range,
                ..
            } = payload?
            {
                let range: std::ops::Range<usize> =
                    range.start.try_into()?..range.end.try_into()?;
                let bytes = wasm.get(range).context("truncated")?;
                if !Module::parse(bytes)?.memories.is_empty() {
                    return Ok(bytes);
                }
            }
        }
        bail!("no module has a memory");
    }

    fn section(&mut self, payload: Payload<'a>, spaces: &mut Spaces) -> Result<()> {
        match payload {
            Payload::InstanceSection(section) => {
                for instance in section {
                    self.instances.push(match instance? {
                        Instance::Instantiate { module_index, args } => CoreInstance::Module {
                            module: module_index as usize,
                            arguments: args.iter().map(|arg| (arg.name, arg.index)).collect(),
                        },
                        Instance::FromExports(exports) => CoreInstance::Exports(
                            exports
                                .iter()
                                .map(|e| (e.name, (e.kind, e.index)))
                                .collect(),
                        ),
                    });
                }
            }
            Payload::ComponentImportSection(section) => {
                for import in section {
                    let import = import?;
                    let name = import.name.name.to_owned();
                    let root = || Origin::Import {
                        module: "$root".to_owned(),
                        field: name.clone(),
                    };
                    match import.ty {
                        ComponentTypeRef::Instance(_) => spaces.instances.push(Some(name)),
                        ComponentTypeRef::Func(_) => spaces.functions.push(root()),
                        ComponentTypeRef::Type(_) => spaces.types.push(root()),
                        _ => bail!("the import {name} is neither instance, function nor type"),
                    }
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section {
                    self.alias(alias?, spaces);
                }
            }
            Payload::ComponentTypeSection(section) => {
                for ty in section {
                    ty?;
                    spaces.types.push(Origin::Here);
                }
            }
            Payload::ComponentInstanceSection(section) => {
                for instance in section {
                    instance?;
                    spaces.instances.push(None);
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    match export?.kind {
                        ComponentExternalKind::Instance => spaces.instances.push(None),
                        ComponentExternalKind::Func => spaces.functions.push(Origin::Here),
                        ComponentExternalKind::Type => spaces.types.push(Origin::Here),
                        _ => {}
                    }
                }
            }
            Payload::ComponentCanonicalSection(section) => {
                for canonical in section {
                    self.canonical(canonical?, spaces)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn alias(&mut self, alias: ComponentAlias<'a>, spaces: &mut Spaces) {
        match alias {
            ComponentAlias::CoreInstanceExport {
                kind,
                instance_index: instance,
                name,
            } => {
                let function = matches!(kind, ExternalKind::Func | ExternalKind::FuncExact);
                // A destructor is only ever named by a type, which says
                // nothing of the export that does the work.
                if function && name.contains("[dtor]") {
                    self.needed
                        .push((ExternalKind::Func, self.functions.len() as u32));
                }
                self.space(kind).push(Core::Export { instance, name });
            }
            ComponentAlias::InstanceExport {
                kind,
                instance_index,
                name,
            } => {
                let module = spaces
                    .instances
                    .get(instance_index as usize)
                    .cloned()
                    .flatten();
                let origin = module.map_or(Origin::Here, |module| Origin::Import {
                    module,
                    field: name.to_owned(),
                });
                match kind {
                    ComponentExternalKind::Func => spaces.functions.push(origin),
                    ComponentExternalKind::Type => spaces.types.push(origin),
                    ComponentExternalKind::Instance => spaces.instances.push(None),
                    _ => {}
                }
            }
            ComponentAlias::Outer { kind, .. } => {
                if kind == wasmparser::ComponentOuterAliasKind::Type {
                    spaces.types.push(Origin::Here);
                }
            }
        }
    }

    fn canonical(&mut self, canonical: CanonicalFunction, spaces: &mut Spaces) -> Result<()> {
        let resource = |what: &str, ty: u32| match spaces.types.get(ty as usize) {
            Some(Origin::Import { module, field }) => External::Imported {
                module: module.clone(),
                field: format!("[{what}]{field}"),
            },
            _ => External::Own,
        };
        let external = match canonical {
            CanonicalFunction::Lift {
                core_func_index,
                options,
                ..
            } => {
                self.needed.push((ExternalKind::Func, core_func_index));
                self.options(&options, false)?;
                spaces.functions.push(Origin::Here);
                return Ok(());
            }
            CanonicalFunction::Lower {
                func_index,
                options,
            } => {
                self.options(&options, true)?;
                match spaces.functions.get(func_index as usize) {
                    Some(Origin::Import { module, field }) => External::Imported {
                        module: module.clone(),
                        field: field.clone(),
                    },
                    _ => External::Unsupported("a lowered function of the component's own".into()),
                }
            }
            CanonicalFunction::ResourceDrop { resource: ty } => resource("resource-drop", ty),
            CanonicalFunction::ResourceNew { resource: ty } => resource("resource-new", ty),
            CanonicalFunction::ResourceRep { resource: ty } => resource("resource-rep", ty),
            other => External::Unsupported(format!("{other:?}")),
        };
        self.functions.push(Core::External(external));
        Ok(())
    }

    fn options(&mut self, options: &[CanonicalOption], lower: bool) -> Result<()> {
        for option in options {
            match option {
                CanonicalOption::UTF8 => {}
                CanonicalOption::Memory(index) => self.needed.push((ExternalKind::Memory, *index)),
                CanonicalOption::Realloc(index) => {
                    self.realloc[usize::from(lower)].get_or_insert(*index);
                }
                CanonicalOption::PostReturn(index) => {
                    self.needed.push((ExternalKind::Func, *index));
                }
                other => bail!("the canonical option {other:?} is not supported"),
            }
        }
        Ok(())
    }

    fn space(&mut self, kind: ExternalKind) -> &mut Vec<Core<'a>> {
        match kind {
            ExternalKind::Func | ExternalKind::FuncExact => &mut self.functions,
            ExternalKind::Table => &mut self.tables,
            ExternalKind::Memory => &mut self.memories,
            ExternalKind::Global => &mut self.globals,
            ExternalKind::Tag => &mut self.tags,
        }
    }

    /// The module of every core instance that has one, in the order in which
    /// they are instantiated.
    pub(super) fn instances(&self) -> impl Iterator<Item = (u32, &Module<'a>)> {
        self.instances
            .iter()
            .zip(0..)
            .filter_map(|(instance, index)| match instance {
                CoreInstance::Module { module, .. } => Some((index, self.modules.get(*module)?)),
                CoreInstance::Exports(_) => None,
            })
    }

    /// The module of a core instance.
    ///
    /// # Errors
    /// Where it has none.
    pub(super) fn module(&self, instance: u32) -> Result<&Module<'a>> {
        let found = self.instances().find(|(index, _)| *index == instance);
        Ok(found.context("no such instance")?.1)
    }

    /// What an index in the module of an instance stands for.
    ///
    /// # Errors
    /// Where it is nothing that this program knows.
    pub(super) fn resolve(&self, instance: u32, kind: ExternalKind, index: u32) -> Result<Item> {
        let Some(CoreInstance::Module { module, arguments }) =
            self.instances.get(instance as usize)
        else {
            bail!("instance {instance} has no module");
        };
        let module = self.modules.get(*module).context("no such module")?;
        let Some(import) = module.imports_of(kind).nth(index as usize) else {
            return Ok(Item::Defined {
                instance,
                index: index - module.imported(kind),
            });
        };
        let from = arguments
            .get(import.module)
            .with_context(|| format!("no {}", import.module))?;
        self.export(*from, kind_of(import.ty), import.name, import.module)
            .with_context(|| format!("{} {}", import.module, import.name))
    }

    /// What an export of an instance stands for. `importer` is the name by
    /// which a module imports from the instance.
    fn export(
        &self,
        instance: u32,
        kind: ExternalKind,
        name: &str,
        importer: &str,
    ) -> Result<Item> {
        match self
            .instances
            .get(instance as usize)
            .context("no such instance")?
        {
            CoreInstance::Exports(exports) => {
                let (kind, index) = exports.get(name).context("no such export")?;
                match self.core(*kind, *index)? {
                    Core::Export { instance, name } => {
                        self.export(*instance, *kind, name, importer)
                    }
                    Core::External(External::Imported { module, field }) => Ok(Item::External {
                        module: module.clone(),
                        field: field.clone(),
                    }),
                    Core::External(External::Own) => Ok(Item::External {
                        module: importer.to_owned(),
                        field: name.to_owned(),
                    }),
                    Core::External(External::Unsupported(what)) => bail!("{what} is not supported"),
                }
            }
            CoreInstance::Module { module, .. } => {
                let module = self.modules.get(*module).context("no such module")?;
                let export = module
                    .exports
                    .iter()
                    .find(|export| export.name == name)
                    .with_context(|| format!("no export {name}"))?;
                self.resolve(instance, kind, export.index)
            }
        }
    }

    fn core(&self, kind: ExternalKind, index: u32) -> Result<&Core<'a>> {
        let space = match kind {
            ExternalKind::Func | ExternalKind::FuncExact => &self.functions,
            ExternalKind::Table => &self.tables,
            ExternalKind::Memory => &self.memories,
            ExternalKind::Global => &self.globals,
            ExternalKind::Tag => &self.tags,
        };
        space.get(index as usize).context("no such index")
    }

    /// What the canonical ABI needs, under the names that `ComponentEncoder`
    /// looks for: those that it found in the modules itself.
    ///
    /// # Errors
    /// Where two modules' exports of one name are needed.
    pub(super) fn exports(&self) -> Result<BTreeMap<&'a str, (ExternalKind, Item)>> {
        let mut exports = BTreeMap::new();
        let realloc = self
            .realloc
            .iter()
            .flatten()
            .map(|index| (ExternalKind::Func, *index));
        for (kind, index) in self.needed.iter().copied().chain(realloc.take(1)) {
            let Core::Export { instance, name } = self.core(kind, index)? else {
                bail!("the canonical ABI uses a function that no module exports");
            };
            let item = self.export(*instance, kind, name, "")?;
            if let Some((_, other)) = exports.insert(*name, (kind, item.clone()))
                && other != item
            {
                bail!("two modules export {name}");
            }
        }
        Ok(exports)
    }
}
