//! `target/dist`: everything that a user needs, in one folder.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};

use crate::artefacts::{self, Artefacts};
use crate::clang::Clang;
use crate::native::Native;
use crate::stamp::{self, Inputs};
use crate::toolchain::Toolchain;
use crate::{addons, bytecode, flatten, guest, http, link, numpy, shell, snapshot, wheel};

/// What every component of a kind holds.
#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Flavour {
    /// Python's standard library and numpy
    #[default]
    Full,
    /// Python's standard library alone
    Small,
}

/// What the component holds.
#[derive(Default, Args)]
pub(crate) struct Content {
    /// What every component of this kind holds
    #[arg(long, value_enum, default_value_t)]
    pub(crate) flavour: Flavour,
    /// Add-ons that it holds besides, packages with compiled code, into target/dist-with
    ///
    /// docs/add-ons.md says what each can do. Repeated, or with commas between.
    #[arg(long, value_delimiter = ',', value_parser = addons::parser())]
    pub(crate) with: Vec<String>,
}

/// What the component is made of.
pub(crate) struct Parts {
    pub(crate) toolchain: Toolchain,
    pub(crate) artefacts: Artefacts,
    /// The component, whose core modules are still those of its libraries.
    pub(crate) linked: PathBuf,
    /// The packages that it knows without being given any.
    pub(crate) package: PathBuf,
}

impl Parts {
    /// Builds them: what is the same in every component in `work`, the rest in `made`.
    ///
    /// # Errors
    /// Names the step that failed, and the command in it.
    pub(crate) fn build(content: &Content, work: &Path, made: &Path) -> Result<Self> {
        let toolchain = Toolchain::find()?;
        let artefacts = Artefacts::unpack(work)?;
        let guest = guest::build(&guest::GUEST, &toolchain, &artefacts, work)?;
        let is_full = content.flavour == Flavour::Full;
        let mut natives = Vec::new();
        if is_full || !content.with.is_empty() {
            let target = crate::target();
            let clang = Clang::prepare(&artefacts, &target)?;
            if is_full {
                natives.push(numpy::build(&clang, &target)?);
            }
            let pyo3 = guest::pyo3_config(work);
            for name in &content.with {
                natives.push(addons::build(name, &clang, &toolchain, &pyo3)?);
            }
        }
        let linked = link::link(&guest, &artefacts, &natives, made)?;
        let python = crate::root().join("python");
        let package = package(&python, &natives, made)?;
        Ok(Self {
            toolchain,
            artefacts,
            linked,
            package,
        })
    }
}

/// The folder that the parts are built in.
///
/// # Errors
/// Where it can't be made.
pub(crate) fn work() -> Result<PathBuf> {
    let work = crate::target().join("guest");
    fs::create_dir_all(&work)?;
    Ok(work)
}

/// Builds everything as it is tested, and gives the folder.
///
/// # Errors
/// Names the step that failed, and the command in it.
pub(crate) fn build() -> Result<PathBuf> {
    build_with(&Content::default())
}

/// Builds everything and gives the folder, which is another one where there are
/// add-ons.
///
/// # Errors
/// Names the step that failed, and the command in it.
pub(crate) fn build_with(content: &Content) -> Result<PathBuf> {
    let work = work()?;
    let (made, dist) = if content.with.is_empty() {
        (work.clone(), crate::target().join("dist"))
    } else {
        (work.join("with"), crate::target().join("dist-with"))
    };
    fs::create_dir_all(&made)?;
    fs::create_dir_all(&dist)?;
    let _alone = alone(&work)?;

    let Parts {
        toolchain,
        artefacts,
        linked,
        package,
    } = Parts::build(content, &work, &made)?;
    let flat = flatten::flatten(&linked, &made)?;
    let plain = flatten::plain(&flat, &made)?;
    let named = snapshot::take(&flat, &artefacts.stdlib, &package, &made)?;
    let snapshot = flatten::nameless(&named, &made)?;
    let http = http::build(&toolchain, &artefacts, &work)?;
    let http = http::compose(&http, &snapshot, &made)?;

    shell::step("compile the host", || compile(&[]))?;
    copy_file(&program(&crate::profile()), &program(&dist))?;
    copy_file(&snapshot, &dist.join("pipeline.wasm"))?;
    fs::create_dir_all(dist.join("debug"))?;
    copy_file(&named, &dist.join("debug/pipeline.wasm"))?;
    copy_file(&plain, &dist.join("pipeline-plain.wasm"))?;
    copy_file(&http, &dist.join("pipeline-http.wasm"))?;
    for (component, name) in [
        (&snapshot, "pipeline.cwasm"),
        (&http, "pipeline-http.cwasm"),
    ] {
        let compiled = made.join(name);
        precompile(component, &compiled)?;
        copy_file(&compiled, &dist.join(name))?;
    }
    copy_tree(&artefacts.stdlib, &dist.join("stdlib"))?;
    keep_only(&dist.join("python"), |name| package.join(name).exists())?;
    copy_tree(&package, &dist.join("python"))?;
    bytecode::compile(
        &dist.join("pipeline.wasm"),
        &dist.join("stdlib"),
        &dist.join("python"),
        &made,
    )?;
    for name in ["LICENSE", "NOTICE"] {
        copy_file(&crate::root().join(name), &dist.join(name))?;
    }
    Ok(dist)
}

/// The program `pipeline` in a folder.
pub(crate) fn program(folder: &Path) -> PathBuf {
    folder.join(format!("pipeline{}", std::env::consts::EXE_SUFFIX))
}

/// Runs a pipeline with what was built; gives its exit code.
///
/// # Errors
/// Where the program can't be started.
pub(crate) fn run(dist: &Path, arguments: &[String]) -> Result<ExitCode> {
    let program = program(dist);
    let status = std::process::Command::new(&program)
        .arg("run")
        .args(arguments)
        .status()
        .with_context(|| format!("can't start {}", program.display()))?;
    let code = status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(1);
    Ok(ExitCode::from(code))
}

/// Measures what was built; gives the exit code.
///
/// # Errors
/// Where the benchmarks can't be compiled or started.
pub(crate) fn bench(dist: &Path, arguments: &[String]) -> Result<ExitCode> {
    benches(dist, "pipeline-benches", arguments, Stdio::inherit())
}

/// Soaks what was built; gives the exit code.
///
/// # Errors
/// Where the program can't be compiled or started.
pub(crate) fn soak(dist: &Path, arguments: &[String]) -> Result<ExitCode> {
    // What guests print goes there, gigabytes of it.
    benches(dist, "pipeline-soak", arguments, Stdio::null())
}

/// Runs a program of the package with benchmarks.
fn benches(dist: &Path, name: &str, arguments: &[String], stderr: Stdio) -> Result<ExitCode> {
    compile(&["pipeline-benches"])?;
    let program = crate::profile().join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let status = std::process::Command::new(&program)
        .arg("--root")
        .arg(crate::root())
        .arg("--dist")
        .arg(dist)
        .args(arguments)
        // What runs on native Python runs the executor of this checkout.
        .env("PIPELINE_CORE", wheel::core()?)
        .stderr(stderr)
        .status()
        .with_context(|| format!("can't start {}", program.display()))?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The packages that the component knows without being given any: `remotemedia`,
/// without its tests and configuration, numpy, and those of add-ons.
fn package(python: &Path, natives: &[Native], made: &Path) -> Result<PathBuf> {
    let package = made.join("python");
    let ours = python.join("remotemedia");
    copy_tree(&ours, &package.join("remotemedia"))?;
    let mut wanted = vec![ours];
    for native in natives {
        for entry in fs::read_dir(&native.package)? {
            let from = entry?.path();
            let to = package.join(from.file_name().unwrap_or_default());
            if from.is_dir() {
                copy_tree(&from, &to)?;
            } else {
                copy_file(&from, &to)?;
            }
            wanted.push(from);
        }
    }
    keep_only(&package, |name| {
        wanted.iter().any(|it| it.file_name() == Some(name))
    })?;
    Ok(package)
}

/// Removes what a folder has under other names, with its bytecode, which
/// [`copy_tree`] leaves where it is.
fn keep_only(folder: &Path, is_wanted: impl Fn(&OsStr) -> bool) -> Result<()> {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry?.path();
        if is_wanted(path.file_name().unwrap_or_default()) {
            continue;
        }
        if path.is_dir() {
            artefacts::remove(&path)?;
        } else {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Compiles the host, and more packages, for this machine: together with this
/// program, so that all use the same features of their dependencies, and those are
/// compiled once.
pub(crate) fn compile(more: &[&str]) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = shell::command(cargo, &crate::root());
    command.args(["build", "--release", "--quiet"]);
    for package in ["xtask", "pipeline-cli"].iter().chain(more) {
        command.args(["--package", package]);
    }
    shell::run(&mut command)
}

/// What compiled code depends on: the program takes no other.
const COMPILER: &[&str] = &[
    include_str!("../../Cargo.lock"),
    include_str!("../../host/src/compiled.rs"),
    include_str!("../../host/src/engine.rs"),
    include_str!("../../host/src/memory/checks.rs"),
    include_str!("../../host/src/memory/content.rs"),
    include_str!("../../host/src/memory/sections.rs"),
];

/// Compiles the component for this machine.
fn precompile(component: &Path, output: &Path) -> Result<()> {
    let inputs = Inputs::new("precompile", COMPILER).file(component)?;
    stamp::unless_done(
        "compile the component for this machine",
        inputs,
        output,
        || {
            fs::write(output, pipeline_host::precompile(&fs::read(component)?)?)?;
            Ok(())
        },
    )
}

/// Waits until no other build works in a directory. The next one goes on when
/// the file is dropped.
///
/// # Errors
/// Where the file that says so can't be written.
pub(crate) fn alone(work: &Path) -> Result<File> {
    let path = work.join("lock");
    let lock = File::create(&path).with_context(|| format!("can't write {}", path.display()))?;
    if lock.try_lock().is_err() {
        shell::say(format_args!(
            "  waiting for another build in {}",
            work.display()
        ));
        lock.lock().context("can't wait for another build")?;
    }
    Ok(lock)
}

/// Copies a file that differs from its copy.
pub(crate) fn copy_file(from: &Path, to: &Path) -> Result<()> {
    let same = || -> std::io::Result<bool> {
        let (a, b) = (fs::metadata(from)?, fs::metadata(to)?);
        Ok(a.len() == b.len()
            && a.permissions() == b.permissions()
            && fs::read(from)? == fs::read(to)?)
    };
    if same().unwrap_or(false) {
        return Ok(());
    }
    // A program that runs can't be written to, but it can be replaced.
    let _ = fs::remove_file(to);
    fs::copy(from, to)
        .with_context(|| format!("can't copy {} to {}", from.display(), to.display()))?;
    Ok(())
}

/// Makes a directory the copy of another.
///
/// # Errors
/// Where a file can't be read or written.
pub(crate) fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    let wanted = stamp::files_below(from)?;
    for file in &wanted {
        let copy = to.join(file.strip_prefix(from)?);
        if let Some(directory) = copy.parent() {
            fs::create_dir_all(directory)?;
        }
        copy_file(file, &copy)?;
    }
    for copy in stamp::files_below(to)? {
        if !from.join(copy.strip_prefix(to)?).exists() {
            fs::remove_file(copy)?;
        }
    }
    Ok(())
}
