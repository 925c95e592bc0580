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

/// A crate that is built for WebAssembly.
pub(crate) struct Crate {
    /// Its name.
    pub(crate) package: &'static str,
    /// What it is called in messages.
    pub(crate) what: &'static str,
    /// The shared library that is made of it.
    pub(crate) library: &'static str,
    /// The libraries that it calls.
    pub(crate) calls: &'static [&'static str],
}

/// The pipeline component's own part.
pub(crate) const GUEST: Crate = Crate {
    package: "pipeline-component",
    what: "the guest",
    library: "libguest.so",
    calls: &["libpython3.14.so", "libc.so"],
};

/// What answers HTTP requests.
pub(crate) const HTTP: Crate = Crate {
    package: "pipeline-http",
    what: "the HTTP component",
    library: "libhttp.so",
    calls: &["libc.so"],
};

/// Builds the shared library of a crate.
///
/// # Errors
/// Says which command failed.
pub(crate) fn build(
    krate: &Crate,
    toolchain: &Toolchain,
    artefacts: &Artefacts,
    into: &Path,
) -> Result<PathBuf> {
    let library = compile(krate, toolchain, into)?;
    let shared = into.join(krate.library);
    let mut inputs = Inputs::new("guest", &[include_str!("guest.rs")]).file(&library)?;
    let calls: Vec<_> = krate.calls.iter().map(|it| artefacts.library(it)).collect();
    for library in &calls {
        inputs = inputs.file(library)?;
    }
    let inputs = inputs.text(toolchain.name());
    stamp::unless_done(&format!("link {}", krate.what), inputs, &shared, || {
        share(toolchain, &library, &calls, &shared)
    })?;
    Ok(shared)
}

/// Links a static library, as Cargo makes it, to a shared one that calls others.
///
/// # Errors
/// What the linker says.
pub(crate) fn share(
    toolchain: &Toolchain,
    library: &Path,
    calls: &[PathBuf],
    shared: &Path,
) -> Result<()> {
    shell::output(
        shell::command(toolchain.linker(), &crate::root())
            .args(["--shared", "--experimental-pic", "--gc-sections", "-o"])
            .arg(shared)
            .arg("--whole-archive")
            .arg(library)
            .arg("--no-whole-archive")
            .args(calls),
    )
    .map(drop)
}

/// Where the description of Python for PyO3 is.
pub(crate) fn pyo3_config(work: &Path) -> PathBuf {
    work.join("pyo3.txt")
}

/// Compiles a crate to a static library. Cargo knows whether it is up to date.
fn compile(krate: &Crate, toolchain: &Toolchain, into: &Path) -> Result<PathBuf> {
    fs::create_dir_all(into)?;
    let config = pyo3_config(into);
    if fs::read_to_string(&config).ok().as_deref() != Some(PYO3_CONFIG) {
        // Written only when it changes: Cargo rebuilds PyO3 after that.
        fs::write(&config, PYO3_CONFIG).with_context(|| format!("{}", config.display()))?;
    }
    let target = into.join(toolchain.name());
    shell::step(&format!("compile {}", krate.what), || {
        // As the only crate type: next to an `rlib` there would be no
        // link-time optimisation, and every function of the standard library
        // would be exported.
        shell::run(
            toolchain
                .cargo_rustc(&crate::root())
                .args(["--locked", "--quiet", "--package", krate.package])
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
                .env("RUSTFLAGS", "-Ctarget-feature=+simd128")
                .env_remove("CARGO_ENCODED_RUSTFLAGS"),
        )
    })?;
    let name = format!("lib{}.a", krate.package.replace('-', "_"));
    Ok(target.join(TARGET).join("guest").join(name))
}
