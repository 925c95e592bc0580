//! `target/dist`: everything that a user needs, in one folder.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use anyhow::{Context as _, Result};
use clap::ValueEnum;

use crate::artefacts::{self, Artefacts};
use crate::numpy::Numpy;
use crate::stamp::{self, Inputs};
use crate::toolchain::Toolchain;
use crate::{bytecode, flatten, guest, http, link, shell, snapshot, wheel};

/// What the component holds.
#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Flavour {
    /// Python's standard library and numpy
    #[default]
    Full,
    /// Python's standard library alone
    Small,
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
    /// Builds them.
    ///
    /// # Errors
    /// Names the step that failed, and the command in it.
    pub(crate) fn build(flavour: Flavour, work: &Path) -> Result<Self> {
        let toolchain = Toolchain::find()?;
        let artefacts = Artefacts::unpack(work)?;
        let guest = guest::build(&guest::GUEST, &toolchain, &artefacts, work)?;
        let numpy = match flavour {
            Flavour::Full => Some(Numpy::build(&artefacts, &crate::target())?),
            Flavour::Small => None,
        };
        let linked = link::link(&guest, &artefacts, numpy.as_ref(), work)?;
        let python = crate::root().join("python");
        let package = package(&python, numpy.as_ref(), work)?;
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

/// Builds everything and gives the folder.
///
/// # Errors
/// Names the step that failed, and the command in it.
pub(crate) fn build(flavour: Flavour) -> Result<PathBuf> {
    let work = work()?;
    let dist = crate::target().join("dist");
    fs::create_dir_all(&dist)?;
    let _alone = alone(&work)?;

    let Parts {
        toolchain,
        artefacts,
        linked,
        package,
    } = Parts::build(flavour, &work)?;
    let flat = flatten::flatten(&linked, &work)?;
    let plain = flatten::plain(&flat, &work)?;
    let named = snapshot::take(&flat, &artefacts.stdlib, &package, &work)?;
    let snapshot = flatten::nameless(&named, &work)?;
    let http = http::build(&toolchain, &artefacts, &work)?;
    let http = http::compose(&http, &snapshot, &work)?;

    shell::step("compile the host", || compile(&[]))?;
    let program = format!("pipeline{}", std::env::consts::EXE_SUFFIX);
    copy_file(&crate::profile().join(&program), &dist.join(&program))?;
    copy_file(&snapshot, &dist.join("pipeline.wasm"))?;
    fs::create_dir_all(dist.join("debug"))?;
    copy_file(&named, &dist.join("debug/pipeline.wasm"))?;
    copy_file(&plain, &dist.join("pipeline-plain.wasm"))?;
    copy_file(&http, &dist.join("pipeline-http.wasm"))?;
    for (component, name) in [
        (&snapshot, "pipeline.cwasm"),
        (&http, "pipeline-http.cwasm"),
    ] {
        let compiled = work.join(name);
        precompile(component, &compiled)?;
        copy_file(&compiled, &dist.join(name))?;
    }
    copy_tree(&artefacts.stdlib, &dist.join("stdlib"))?;
    if flavour == Flavour::Small {
        // With its bytecode, which a copy leaves where it is.
        artefacts::remove(&dist.join("python/numpy"))?;
    }
    copy_tree(&package, &dist.join("python"))?;
    bytecode::compile(
        &dist.join("pipeline.wasm"),
        &dist.join("stdlib"),
        &dist.join("python"),
        &work,
    )?;
    for name in ["LICENSE", "NOTICE"] {
        copy_file(&crate::root().join(name), &dist.join(name))?;
    }
    Ok(dist)
}

/// Runs a pipeline with what was built; gives its exit code.
///
/// # Errors
/// Where the program can't be started.
pub(crate) fn run(dist: &Path, arguments: &[String]) -> Result<ExitCode> {
    let program = dist.join(format!("pipeline{}", std::env::consts::EXE_SUFFIX));
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

/// The packages that the component knows without being given any:
/// `remotemedia`, without its tests and configuration, and numpy.
fn package(python: &Path, numpy: Option<&Numpy>, work: &Path) -> Result<PathBuf> {
    let package = work.join("python");
    copy_tree(&python.join("remotemedia"), &package.join("remotemedia"))?;
    let place = package.join("numpy");
    match numpy {
        Some(numpy) => copy_tree(&numpy.package.join("numpy"), &place)?,
        None => artefacts::remove(&place)?,
    }
    Ok(package)
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
