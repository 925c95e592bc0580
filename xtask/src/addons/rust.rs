//! Add-ons in Rust: extensions by PyO3.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::Deserialize;

use crate::shell;
use crate::toolchain::{TARGET, Toolchain};

/// A crate with a module of CPython's. It is compiled with its own lock file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Crate {
    /// The module.
    pub(super) module: String,
    /// The crate's library.
    library: String,
}

impl Crate {
    /// Compiles the crate to a static library; gives it.
    ///
    /// # Errors
    /// What the compiler says, or that the source is no crate.
    pub(super) fn compile(
        &self,
        source: &Path,
        folder: &Path,
        toolchain: &Toolchain,
        pyo3: &Path,
    ) -> Result<PathBuf> {
        // The source lies below this workspace, and is none of its packages.
        let manifest = source.join("Cargo.toml");
        let text = fs::read_to_string(&manifest)?;
        if !text.contains("[workspace]") {
            fs::write(&manifest, text + "\n[workspace]\n")?;
        }
        let target = folder.join(toolchain.name());
        shell::output(
            toolchain
                .cargo_rustc(source)
                .args(["--locked", "--quiet", "--release", "--lib"])
                .args(["--crate-type", "staticlib", "--target", TARGET])
                .arg("--target-dir")
                .arg(&target)
                .env("PYO3_CONFIG_FILE", pyo3)
                // Flags for the host's processor mean nothing here.
                .env("RUSTFLAGS", "-Ctarget-feature=+simd128")
                .env_remove("CARGO_ENCODED_RUSTFLAGS"),
        )?;
        Ok(target
            .join(TARGET)
            .join("release")
            .join(format!("lib{}.a", self.library)))
    }
}
