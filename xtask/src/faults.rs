//! `cargo xtask faults` and `cargo xtask scale`: the scripts in `benches` that
//! need more than the tests do, with what they need.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::debian::{self, Program};
use crate::{dist, python, ray, shell};

/// What workers take their messages from.
pub(crate) const SERVER: Program = Program {
    name: "nats-server",
    package: "nats-server",
    purpose: "to test `pipeline work`",
};

/// What spreads pipelines over machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Spread {
    /// `pipeline work`, by NATS JetStream
    Nats,
    /// `PipelineMapper`, by Ray Data
    Ray,
}

/// Disturbs what runs, and counts what is missing or doubled.
///
/// # Errors
/// Where what it needs can't be installed, or it can't be started.
pub(crate) fn run(dist: &Path, spread: Spread, arguments: &[String]) -> Result<ExitCode> {
    match spread {
        Spread::Nats => script(&nats()?, "nats_faults.py", dist, arguments),
        Spread::Ray => script(&ray::environment(dist)?, "ray_faults.py", dist, arguments),
    }
}

/// Measures what it costs.
///
/// # Errors
/// As [`run`].
pub(crate) fn scale(dist: &Path, spread: Spread, arguments: &[String]) -> Result<ExitCode> {
    match spread {
        Spread::Nats => {
            shell::step("compile the bare queue", || {
                dist::compile(&["pipeline-benches"])
            })?;
            let mut arguments = arguments.to_vec();
            arguments.extend(["--bin".into(), crate::profile().display().to_string()]);
            script(&nats()?, "nats_queue.py", dist, &arguments)
        }
        Spread::Ray => script(&ray::environment(dist)?, "ray_rate.py", dist, arguments),
    }
}

/// A Python that has a client of NATS, where there is a server.
fn nats() -> Result<PathBuf> {
    debian::install(&[SERVER])?;
    python::environment("a client of NATS", "python-nats", &["nats-py==2.16.0"])
}

fn script(python: &Path, name: &str, dist: &Path, arguments: &[String]) -> Result<ExitCode> {
    let mut command = shell::command(python, &crate::root());
    let status = command
        .arg(crate::root().join("benches").join(name))
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
