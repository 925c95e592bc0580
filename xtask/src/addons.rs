//! Add-ons: packages with compiled code that a component holds for who asks for
//! them (`cargo xtask build --with NAME`). `xtask/addons/NAME.toml` says what each is
//! made of: a package's source from PyPI, and C that it needs from crates.

mod adapters;
mod rust;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result, bail, ensure};
use clap::builder::PossibleValuesParser;
use serde::Deserialize;

use crate::clang::{Clang, SUFFIX};
use crate::native::Native;
use crate::stamp::{self, Inputs};
use crate::toolchain::Toolchain;
use crate::{artefacts, guest};

/// The add-ons that there are.
const RECIPES: &[(&str, &str)] = &[
    ("msgpack", include_str!("../addons/msgpack.toml")),
    ("pillow", include_str!("../addons/pillow.toml")),
    (
        "pydantic-core",
        include_str!("../addons/pydantic-core.toml"),
    ),
    ("regex", include_str!("../addons/regex.toml")),
    ("xxhash", include_str!("../addons/xxhash.toml")),
    ("zstandard", include_str!("../addons/zstandard.toml")),
];

/// What builds them.
const SOURCES: &[&str] = &[include_str!("addons.rs"), include_str!("addons/rust.rs")];

/// The names of all add-ons.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    RECIPES.iter().map(|(name, _)| *name)
}

/// Takes their names on a command line.
pub(crate) fn parser() -> PossibleValuesParser {
    PossibleValuesParser::new(names())
}

/// What an add-on is made of.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Recipe {
    /// The package as pip's requirement, with its hash.
    source: String,
    /// Crates that carry C, by `{name}` in paths.
    #[serde(default)]
    crates: Vec<String>,
    /// Folders of Python's files in the source, and where they are imported from.
    python: HashMap<String, String>,
    /// The package's licences.
    licences: Vec<String>,
    /// What modules are linked with.
    #[serde(default)]
    library: Vec<Unit>,
    /// Modules in C.
    #[serde(default)]
    module: Vec<Unit>,
    /// A module in Rust.
    rust: Option<rust::Crate>,
}

/// Code that is compiled together. Paths are the source's, or begin with `{name}` of
/// a crate or `{here}`, the folder beside the recipe.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unit {
    name: String,
    /// Files; `*` in a file's name stands for anything.
    sources: Vec<String>,
    /// Files that are not meant.
    #[serde(default)]
    except: Vec<String>,
    #[serde(default)]
    include: Vec<String>,
    #[serde(default)]
    flags: Vec<String>,
    /// The libraries that a module is linked with.
    #[serde(default)]
    with: Vec<String>,
}

/// What an add-on is made of, and the text that says so.
fn recipe(name: &str) -> Result<(Recipe, &'static str)> {
    let known = RECIPES.iter().find(|(known, _)| *known == name);
    let (_, text) = known.with_context(|| format!("there is no add-on `{name}`"))?;
    let recipe = toml::from_str(text).with_context(|| format!("{name}.toml"))?;
    Ok((recipe, text))
}

/// Builds an add-on, where that has not been done.
///
/// # Errors
/// Names the add-on, and the command that failed.
pub(crate) fn build(
    name: &str,
    clang: &Clang,
    toolchain: &Toolchain,
    pyo3: &Path,
) -> Result<Native> {
    let (recipe, text) = recipe(name)?;
    let folder = crate::target().join("addons").join(name);
    fs::create_dir_all(&folder)?;
    let here = crate::root().join("xtask/addons").join(name);
    let built = Native::below(&folder);
    let mut inputs = Inputs::new("add-on", SOURCES).text(text);
    if here.exists() {
        inputs = inputs.tree(&here)?;
    }
    let mut places = vec![("here".to_owned(), here)];
    for name in &recipe.crates {
        let (place, _) = artefacts::locate(name)?;
        inputs = inputs.text(&place.display().to_string());
        places.push((name.clone(), place));
    }
    let inputs = clang.add_to(inputs)?;
    stamp::unless_done(&format!("compile {name}"), inputs, &built.modules, || {
        let requirement = folder.join("source.txt");
        fs::write(&requirement, &recipe.source)?;
        let source = clang.download(&requirement, &folder.join("source"))?;
        adapters::adapt(&source)?;
        let build = Build {
            clang,
            source,
            places,
            folder: folder.clone(),
        };
        built.clear()?;
        build.modules(&recipe, &built)?;
        if let Some(krate) = &recipe.rust {
            let library = krate.compile(&build.source, &folder, toolchain, pyo3)?;
            let calls = ["libpython3.14.so", "libc.so"].map(|it| clang.libraries().join(it));
            guest::share(
                toolchain,
                &library,
                &calls,
                &built.add_module(&file_of(&krate.module))?,
            )?;
        }
        build.python(&recipe, &built)
    })
    .with_context(|| format!("the add-on {name} could not be built"))?;
    Ok(built)
}

/// The file of a module, as CPython looks for it.
fn file_of(module: &str) -> PathBuf {
    format!("{}{SUFFIX}", module.replace('.', "/")).into()
}

/// Where things are while an add-on is built.
struct Build<'a> {
    clang: &'a Clang,
    source: PathBuf,
    /// What `{name}` stands for in paths.
    places: Vec<(String, PathBuf)>,
    folder: PathBuf,
}

impl Build<'_> {
    /// Compiles and links the modules in C.
    fn modules(&self, recipe: &Recipe, built: &Native) -> Result<()> {
        let mut libraries = HashMap::new();
        for library in &recipe.library {
            libraries.insert(&library.name, self.compile(library)?);
        }
        for module in &recipe.module {
            let mut objects = self.compile(module)?;
            for name in &module.with {
                let library = libraries.get(name);
                objects.extend_from_slice(
                    library.with_context(|| format!("there is no library `{name}`"))?,
                );
            }
            self.clang
                .link(&objects, &built.add_module(&file_of(&module.name))?)?;
        }
        Ok(())
    }

    /// Compiles the files of a unit, as many at once as there are processors; gives
    /// the objects.
    fn compile(&self, unit: &Unit) -> Result<Vec<PathBuf>> {
        let folder = self.folder.join("objects").join(&unit.name);
        artefacts::recreate(&folder)?;
        let mut flags = vec![
            // Of a module only the function that starts it is called by its name.
            "-fvisibility=hidden".to_owned(),
            "-DNDEBUG".to_owned(),
            format!("-I{}", self.clang.headers.display()),
        ];
        flags.extend(unit.flags.iter().cloned());
        for include in &unit.include {
            flags.push(format!("-I{}", self.path(include)?.display()));
        }
        let sources = self.files(unit)?;
        let objects: Vec<_> = (0..sources.len())
            .map(|number| folder.join(format!("{number}.o")))
            .collect();
        let next = AtomicUsize::new(0);
        let work = || -> Result<()> {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some((source, object)) = sources.get(number).zip(objects.get(number)) else {
                    return Ok(());
                };
                self.clang.compile_c(source, object, &flags)?;
            }
        };
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..count).map(|_| scope.spawn(work)).collect();
            for worker in workers {
                match worker.join() {
                    Ok(result) => result?,
                    Err(_) => bail!("a thread that compiles has panicked"),
                }
            }
            Ok(())
        })?;
        Ok(objects)
    }

    /// The files that a unit is compiled from.
    fn files(&self, unit: &Unit) -> Result<Vec<PathBuf>> {
        let except: Vec<_> = unit
            .except
            .iter()
            .map(|path| self.path(path))
            .collect::<Result<_>>()?;
        let mut files = Vec::new();
        for pattern in &unit.sources {
            let path = self.path(pattern)?;
            let before = files.len();
            match pattern
                .rsplit_once('/')
                .and_then(|(_, name)| name.split_once('*'))
            {
                None => files.push(path),
                Some((start, end)) => {
                    let folder = path.parent().context("a file in a folder")?;
                    for file in
                        fs::read_dir(folder).with_context(|| format!("no {}", folder.display()))?
                    {
                        let file = file?.path();
                        let name = file.file_name().unwrap_or_default().to_string_lossy();
                        let is_one = name.starts_with(start) && name.ends_with(end);
                        if is_one && !except.contains(&file) {
                            files.push(file);
                        }
                    }
                }
            }
            ensure!(files.len() > before, "{pattern} names no file");
        }
        files.sort();
        Ok(files)
    }

    /// A path of the recipe's.
    fn path(&self, path: &str) -> Result<PathBuf> {
        let Some((name, rest)) = path.strip_prefix('{').and_then(|it| it.split_once('}')) else {
            return Ok(self.source.join(path));
        };
        let place = self.places.iter().find(|(known, _)| known == name);
        let (_, place) = place.with_context(|| format!("`{path}` begins with no known name"))?;
        Ok(place.join(rest.trim_start_matches('/')))
    }

    /// Copies Python's files, and what says which package they are.
    fn python(&self, recipe: &Recipe, built: &Native) -> Result<()> {
        for (from, to) in &recipe.python {
            let from = self.source.join(from);
            for file in stamp::files_below(&from)? {
                let inside = file.strip_prefix(&from)?;
                let is_test = inside.components().any(|part| part.as_os_str() == "tests");
                if is_test || file.extension().is_none_or(|end| end != "py") {
                    continue;
                }
                built.add(&file, &Path::new(to).join(inside))?;
            }
        }
        let (name, version) = named(&recipe.source)?;
        let name = name.replace('-', "_");
        let about = built.package.join(format!("{name}-{version}.dist-info"));
        fs::create_dir_all(about.join("licenses"))?;
        fs::copy(self.source.join("PKG-INFO"), about.join("METADATA"))?;
        for licence in &recipe.licences {
            let path = self.path(licence)?;
            let name = path.file_name().context("a licence has a name")?;
            let krate = licence.strip_prefix('{').and_then(|it| it.split_once('}'));
            let name = match krate {
                Some((krate, _)) => format!("{krate}-{}", name.display()),
                None => name.display().to_string(),
            };
            fs::copy(&path, about.join("licenses").join(name))
                .with_context(|| format!("no {}", path.display()))?;
        }
        Ok(())
    }
}

/// Name and version of a requirement `name==version --hash=...`.
fn named(requirement: &str) -> Result<(&str, &str)> {
    requirement
        .split_whitespace()
        .next()
        .and_then(|it| it.split_once("=="))
        .with_context(|| format!("`{requirement}` is not `name==version --hash=...`"))
}

/// The version of an add-on's package.
///
/// # Errors
/// Where there is no such add-on.
#[cfg(test)]
pub(crate) fn version(name: &str) -> Result<String> {
    let (recipe, _) = recipe(name)?;
    Ok(named(&recipe.source)?.1.to_owned())
}
