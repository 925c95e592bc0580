//! `pipeline add`, `pipeline remove` and `pipeline sync`.

use std::collections::HashSet;

use pipeline_host::types::Manifest;
use pipeline_host::{Component, Directories, Engine, EngineOptions, Limits, Sandbox, bytecode};

use crate::cli::{self, Shared};
use crate::failure::{Failure, USAGE};
use crate::packages::lock::{Lock, Locked};
use crate::packages::requirement::{self, Requirement};
use crate::packages::{Included, Installer, Place, included};
use crate::{installation, interrupt, report, workspace};

/// Adds packages.
pub(crate) fn add(arguments: &cli::Add) -> Result<(), Failure> {
    let mut wanted = arguments.packages.clone();
    for file in &arguments.requirements {
        wanted.extend(requirement::read(file)?);
    }
    let work = Work::new(&arguments.shared)?;
    if arguments.packages.is_empty() && arguments.requirements.is_empty() {
        let Some(manifest) = &arguments.shared.manifest else {
            let text = "nothing to add: no package, no --requirements and no --manifest is named";
            return Err(Failure::usage(text).help("for example: pipeline add humanize"));
        };
        wanted = work.needed(&manifest.to_string_lossy())?;
        if wanted.is_empty() {
            report::tell(&format!("`{}` needs no packages", manifest.display()));
            return Ok(());
        }
    }
    let before = Lock::read(&work.place.lock)?;
    let (mut requirements, locked) = match before.clone() {
        Some(lock) => (lock.requirements, lock.packages),
        None => Default::default(),
    };
    let asked: HashSet<&str> = wanted.iter().map(Requirement::name).collect();
    requirements.retain(|it| !asked.contains(it.name()));
    for included in &work.included {
        if asked.contains(&*included.name) {
            let Included { name, version } = included;
            report::tell(&format!("{name} {version} comes with the component"));
        }
    }
    let kept: Vec<Locked> = match arguments.upgrade {
        true => Vec::new(),
        false => (locked.into_iter())
            .filter(|it| !asked.contains(&*it.name))
            .collect(),
    };
    requirements.extend(wanted.iter().cloned());
    let lock = work.installer().add(requirements, &kept)?;
    work.finish(before.as_ref(), &lock)
}

/// Removes packages.
pub(crate) fn remove(arguments: &cli::Remove) -> Result<(), Failure> {
    let work = Work::new(&arguments.shared)?;
    let before = work.lock()?;
    let mut requirements = before.requirements.clone();
    for package in &arguments.packages {
        let name = package.name();
        let count = requirements.len();
        requirements.retain(|it| it.name() != name);
        if requirements.len() == count {
            let there = before.packages.iter().any(|it| it.name == name);
            let why = match there {
                true => "another package needs it",
                false => "it is not among the packages",
            };
            return Err(Failure::usage(format!("`{name}` was not added: {why}")));
        }
    }
    let lock = work.installer().add(requirements, &before.packages)?;
    work.finish(Some(&before), &lock)
}

/// Installs what is locked.
pub(crate) fn sync(arguments: &cli::Sync) -> Result<(), Failure> {
    let work = Work::new(&arguments.shared)?;
    let lock = work.lock()?;
    work.installer().sync(&lock)?;
    work.finish(None, &lock)
}

/// What these commands work with.
struct Work<'a> {
    shared: &'a Shared,
    place: Place,
    included: Vec<Included>,
    limits: Limits,
    engine: Engine,
    component: Component,
    directories: Directories,
    interrupt: pipeline_host::Interrupt,
}

impl<'a> Work<'a> {
    fn new(shared: &'a Shared) -> Result<Self, Failure> {
        let place = shared.place();
        place.check()?;
        let python = installation::python(&shared.installation);
        let (engine, component, directories) = workspace::load(
            &shared.installation,
            "pipeline.wasm",
            &EngineOptions::default(),
        )?;
        let interrupt = interrupt::stop(&engine);
        let mut limits = shared.limits.limits();
        limits.interrupt = Some(interrupt.clone());
        Ok(Self {
            shared,
            place,
            included: included(&python),
            limits,
            engine,
            component,
            directories,
            interrupt,
        })
    }

    fn installer(&self) -> Installer<'_> {
        Installer {
            place: &self.place,
            index: &self.shared.index,
            included: &self.included,
            interrupt: &self.interrupt,
        }
    }

    /// The lock file, which must be there.
    fn lock(&self) -> Result<Lock, Failure> {
        Lock::read(&self.place.lock)?.ok_or_else(|| {
            let text = format!("there is no lock file `{}`", self.place.lock.display());
            Failure::usage(text).help("`pipeline add` makes one; --manifest or --into says where")
        })
    }

    fn sandbox(&self, directories: Directories) -> Result<Sandbox, Failure> {
        Sandbox::new(&self.engine, &self.component, directories)
            .map_err(|error| Failure::usage(error.in_full()))
    }

    /// What a manifest needs, be its nodes there or not.
    fn needed(&self, name: &str) -> Result<Vec<Requirement>, Failure> {
        let source = workspace::manifest(name)?;
        let sandbox = self.sandbox(self.directories.clone())?;
        let loaded = workspace::block_on(async {
            let loaded = async {
                let mut instance = sandbox.instantiate(&self.limits).await?;
                instance.load(&source.text).await
            };
            loaded.await.map_err(|fault| workspace::faulted(&fault))
        })?;
        let manifest: Manifest = match loaded {
            Ok(loaded) => loaded.manifest,
            Err(invalid) => match invalid.manifest {
                Some(manifest) => manifest,
                None => {
                    report::diagnostics(&source, &invalid.diagnostics);
                    return Err(Failure::Told(USAGE));
                }
            },
        };
        let of_nodes = manifest.nodes.into_iter().flat_map(|node| {
            let id = node.id;
            (node.python_deps.into_iter()).map(move |text| (format!("node `{id}`"), text))
        });
        let of_all = manifest
            .python_env
            .into_iter()
            .flat_map(|env| env.extra_deps);
        let of_all = of_all.map(|text| ("python_env".to_owned(), text));
        let mut seen = HashSet::new();
        let mut needed = Vec::new();
        for (of, text) in of_nodes.chain(of_all) {
            let requirement: Requirement = text
                .parse()
                .map_err(|problem| Failure::usage(format!("{}: {of}: {problem}", source.name)))?;
            if seen.insert(text) {
                needed.push(requirement);
            }
        }
        Ok(needed)
    }

    /// Compiles what was installed, and says what there is now.
    fn finish(self, before: Option<&Lock>, lock: &Lock) -> Result<(), Failure> {
        let directory = &self.place.directory;
        let sources =
            bytecode::sources(directory).map_err(|error| Failure::failed(error.in_full()))?;
        if !sources.is_empty() {
            let mut directories = self.directories.clone();
            directories
                .add_nodes(directory)
                .map_err(|error| Failure::failed(error.in_full()))?;
            let sandbox = self.sandbox(directories)?;
            workspace::block_on(async {
                // Packages have templates and old Python that can't be compiled.
                let compiled = bytecode::compile(&sandbox, &self.limits, &sources, true).await;
                compiled
                    .map(drop)
                    .map_err(|error| workspace::faulted(&error))
            })?;
        }
        let old = before.map_or(&[][..], |lock| &lock.packages);
        let list = |of: &[Locked], without: &[Locked]| {
            let new = of.iter().filter(|it| !without.contains(it));
            let names = new.map(|it| format!("{} {}", it.name, it.version));
            names.collect::<Vec<_>>().join(", ")
        };
        let (added, gone) = (list(&lock.packages, old), list(old, &lock.packages));
        let shown = directory.display();
        if !added.is_empty() {
            report::tell(&format!("installed in `{shown}`: {added}"));
        }
        if !gone.is_empty() {
            report::tell(&format!("gone from `{shown}`: {gone}"));
        }
        if added.is_empty() && gone.is_empty() {
            report::tell(&format!("`{shown}` has it all"));
        }
        if !lock.packages.is_empty() {
            report::tell(&format!("a run sees them by --nodes {shown}"));
        }
        Ok(())
    }
}
