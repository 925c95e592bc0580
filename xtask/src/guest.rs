//! The guest: our Rust as a static library, then as a shared one.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::artefacts::Artefacts;
use crate::shell;
use crate::stamp::{self, Inputs};
use crate::toolchain::{TARGET, Toolchain};

/// What PyO3's build script can't ask of a Python that doesn't run here.
const PYO3_CONFIG: &str = "\
implementation=CPython
version=3.14
shared=true
abi3=false
pointer_width=32
suppress_build_script_link_lines=true
";

/// Builds the guest's shared library.
///
/// # Errors
/// Says which command failed.
pub(crate) fn build(toolchain: &Toolchain, artefacts: &Artefacts, into: &Path) -> Result<PathBuf> {
    let library = compile(toolchain, into)?;
    let shared = into.join("libguest.so");
    let (python, libc) = (
        artefacts.library("libpython3.14.so"),
        artefacts.library("libc.so"),
    );
    let inputs = Inputs::new("guest", 1)
        .file(&library)?
        .file(&python)?
        .file(&libc)?
        .text(toolchain.name());
    stamp::unless_done("link the guest", inputs, &shared, || {
        shell::output(
            shell::command(toolchain.linker(), into)
                .args(["--shared", "--experimental-pic", "--gc-sections", "-o"])
                .arg(&shared)
                .arg("--whole-archive")
                .arg(&library)
                .arg("--no-whole-archive")
                .arg(&python)
                .arg(&libc),
        )
        .map(drop)
    })?;
    Ok(shared)
}

/// Where the description of Python for PyO3 is.
pub(crate) fn pyo3_config(work: &Path) -> PathBuf {
    work.join("pyo3.txt")
}

/// Compiles the guest to a static library. Cargo knows whether it is up to
/// date.
fn compile(toolchain: &Toolchain, into: &Path) -> Result<PathBuf> {
    fs::create_dir_all(into)?;
    let config = pyo3_config(into);
    if fs::read_to_string(&config).ok().as_deref() != Some(PYO3_CONFIG) {
        // Written only when it changes: Cargo rebuilds PyO3 after that.
        fs::write(&config, PYO3_CONFIG).with_context(|| format!("{}", config.display()))?;
    }
    let target = into.join(toolchain.name());
    shell::step("compile the guest", || {
        // As the only crate type: next to an `rlib` there would be no
        // link-time optimisation, and every function of the standard library
        // would be exported.
        shell::run(
            toolchain
                .cargo_rustc(&crate::root())
                .args(["--locked", "--quiet", "--package", "pipeline-component"])
                .args([
                    "--profile",
                    "guest",
                    "--crate-type",
                    "staticlib",
                    "--target",
                    TARGET,
                ])
                .arg("--target-dir")
                .arg(&target)
                .env("PYO3_CONFIG_FILE", &config)
                // Flags for the host's processor mean nothing here.
                .env_remove("RUSTFLAGS")
                .env_remove("CARGO_ENCODED_RUSTFLAGS"),
        )
    })?;
    Ok(target.join(TARGET).join("guest/libpipeline_component.a"))
}
