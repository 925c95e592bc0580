//! Binaryen on the one core module.

use std::fs;

use anyhow::{Context as _, Result};

use crate::{debian, shell};

/// The program, and the Debian package that brings it.
const PROGRAM: (&str, &str) = ("wasm-opt", "binaryen");

/// What the module uses beyond WebAssembly's first version. Nothing else may
/// come in: hosts have to know it.
const FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-mutable-globals",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    "--enable-multivalue",
    "--enable-reference-types",
    "--enable-extended-const",
];

/// CPython is made of small functions in many files, which its own compiler
/// could not inline; docs/benchmarks.md has what other limits gave.
const PASSES: [&str; 3] = [
    "-O3",
    "--always-inline-max-function-size=8",
    "--flexible-inline-max-function-size=60",
];

/// Optimises a core module; the names of functions stay.
///
/// # Errors
/// Where Binaryen is missing and can't be installed, or does not read the
/// module.
pub(crate) fn optimise(module: &[u8]) -> Result<Vec<u8>> {
    let (program, _) = PROGRAM;
    debian::install(&[PROGRAM])?;
    let work = tempfile::tempdir()?;
    let (input, output) = (work.path().join("in.wasm"), work.path().join("out.wasm"));
    fs::write(&input, module)?;
    shell::output(
        shell::command(program, &crate::root())
            .args(PASSES)
            .args(FEATURES)
            .arg("--debuginfo")
            .arg(&input)
            .arg("--output")
            .arg(&output),
    )?;
    fs::read(&output).context("Binaryen wrote nothing")
}

/// The version of Binaryen, of which what it makes depends.
///
/// # Errors
/// Where it is missing and can't be installed.
pub(crate) fn version() -> Result<String> {
    let (program, _) = PROGRAM;
    debian::install(&[PROGRAM])?;
    let printed = shell::output(shell::command(program, &crate::root()).arg("--version"))?;
    Ok(String::from_utf8_lossy(&printed).trim().to_owned())
}
