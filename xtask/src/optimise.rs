//! Binaryen on the one core module.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::debian::{self, Program};
use crate::shell;

const PROGRAM: Program = Program {
    name: "wasm-opt",
    package: "binaryen",
    purpose: "which makes Python in the component faster (PIPELINE_BINARYEN=none does without)",
};

/// What the module uses beyond WebAssembly's first version. Nothing else may
/// come in: hosts have to know it.
const FEATURES: [&str; 8] = [
    "--enable-bulk-memory",
    "--enable-mutable-globals",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    "--enable-multivalue",
    "--enable-reference-types",
    "--enable-extended-const",
    "--enable-simd",
];

/// CPython is made of small functions in many files, which its own compiler
/// could not inline; docs/toolchain.md has what other limits gave.
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
    if left_out() {
        return Ok(module.to_vec());
    }
    let work = tempfile::tempdir()?;
    let (input, output) = (work.path().join("in.wasm"), work.path().join("out.wasm"));
    fs::write(&input, module)?;
    shell::output(
        wasm_opt()?
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
    if left_out() {
        return Ok("left out".to_owned());
    }
    let printed = shell::output(wasm_opt()?.arg("--version"))?;
    Ok(String::from_utf8_lossy(&printed).trim().to_owned())
}

/// Whether whoever builds would rather wait less, and have what runs slower.
fn left_out() -> bool {
    std::env::var_os("PIPELINE_BINARYEN").is_some_and(|given| given == "none")
}

fn wasm_opt() -> Result<Command> {
    debian::install(&[PROGRAM])?;
    Ok(shell::command(PROGRAM.name, &crate::root()))
}
