//! The component under stock wasmtime: its command line as released.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::shell;
use crate::stamp::{self, Inputs};
use crate::tools;

/// Installs the command line, and compiles the component by it; gives both.
///
/// # Errors
/// Where one of them can't be had.
pub(crate) fn build(dist: &Path) -> Result<(PathBuf, PathBuf)> {
    let root = crate::root();
    let wasmtime = tools::wasmtime()?;
    let component = dist.join("pipeline.wasm");
    let folder = crate::target().join("stock");
    std::fs::create_dir_all(&folder)?;
    let compiled = folder.join("pipeline.cwasm");
    let inputs = Inputs::new("stock wasmtime compile", &[include_str!("stock.rs")])
        .text(tools::WASMTIME)
        .file(&component)?;
    stamp::unless_done(
        "compile the component by stock wasmtime",
        inputs,
        &compiled,
        || {
            shell::output(
                shell::command(&wasmtime, &root)
                    .args(["compile", "-W", "epoch-interruption=y"])
                    .arg(&component)
                    .arg("-o")
                    .arg(&compiled),
            )
            .map(drop)
        },
    )?;
    Ok((wasmtime, compiled))
}

/// Installs the command line and runs the tests of it.
///
/// # Errors
/// Where it can't be installed, or a test fails.
pub(crate) fn test(dist: &Path) -> Result<()> {
    let (wasmtime, compiled) = build(dist)?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // The whole workspace, so that nothing is compiled with other features.
    shell::run(
        shell::command(cargo, &crate::root())
            .args(["test", "--workspace", "--release", "--quiet"])
            .args(["--test", "stock", "--", "--ignored"])
            .env("PIPELINE_DIST", dist)
            .env("PIPELINE_WASMTIME", &wasmtime)
            .env("PIPELINE_STOCK_COMPONENT", &compiled),
    )
}
