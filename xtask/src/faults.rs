//! `cargo xtask faults`: `benches/nats_faults.py` with what it needs.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::debian::{self, Program};
use crate::{python, shell};

/// What workers take their messages from.
pub(crate) const SERVER: Program = Program {
    name: "nats-server",
    package: "nats-server",
    purpose: "to test `pipeline work`",
};

/// Runs the script.
///
/// # Errors
/// Where what it needs can't be installed, or it can't be started.
pub(crate) fn run(dist: &Path, arguments: &[String]) -> Result<ExitCode> {
    debian::install(&[SERVER])?;
    let python = python::environment("a client of NATS", "python-nats", &["nats-py==2.16.0"])?;
    let script = crate::root().join("benches/nats_faults.py");
    let mut command = shell::command(&python, &crate::root());
    let status = command
        .arg(&script)
        .arg("--dist")
        .arg(dist)
        .args(arguments)
        .status()
        .with_context(|| format!("can't start {}", python.display()))?;
    Ok(match status.success() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
