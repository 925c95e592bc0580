//! Runs pipelines for hours with all that can go wrong: in the pool, over HTTP
//! with hostile clients, and with programs that are killed. Every honest result
//! must be right, and nothing may pile up. Run by `cargo xtask soak`.

#![forbid(unsafe_code)]

mod clients;
mod hostile;
mod kills;
mod requests;
mod runs;
mod watch;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use pipeline_benches::{Machine, load};
use serde::Serialize;

/// Soaks what was built.
#[derive(Parser)]
struct Arguments {
    /// The repository.
    #[arg(long, default_value = ".")]
    root: PathBuf,
    /// What was built.
    #[arg(long, default_value = "target/dist")]
    dist: PathBuf,
    /// Runs over the pool, of which a tenth fail.
    #[arg(long, default_value_t = 1_000_000)]
    runs: u64,
    /// Requests of honest clients, beside hostile ones.
    #[arg(long, default_value_t = 100_000)]
    requests: u64,
    /// Programs that are killed while they write, of each kind.
    #[arg(long, default_value_t = 200)]
    kills: u64,
    /// Write what came of it to `benches/results/soak-YYYY-MM-DD.json`.
    #[arg(long)]
    record: bool,
}

/// What is soaked.
struct Built {
    /// The folder with everything that was built.
    dist: PathBuf,
    /// The folder with the soak's own nodes.
    nodes: PathBuf,
    /// The folder with manifests to be named in requests.
    pipelines: PathBuf,
}

/// What came of it.
#[derive(Serialize)]
struct Record {
    machine: Machine,
    right: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    runs: Option<runs::Record>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requests: Option<requests::Record>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kills: Option<kills::Record>,
}

fn main() -> ExitCode {
    // What guests print goes to the standard error, which is thrown away.
    std::panic::set_hook(Box::new(|panic| println!("{panic}")));
    match soak() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn soak() -> Result<bool> {
    let arguments = Arguments::parse();
    let before = load();
    let root = arguments.root.canonicalize()?;
    let programs = tempfile::tempdir()?;
    let built = Built {
        dist: arguments.dist.canonicalize()?,
        nodes: nodes(&root, programs.path())?,
        pipelines: root.join("examples"),
    };
    // Otherwise each run would compile them again.
    let compiled = (clients::program(&built, "compile").arg(&built.nodes)).status()?;
    ensure!(
        compiled.success(),
        "the soak's nodes can't be compiled: {compiled}"
    );
    let mut wrong = Vec::new();
    let runs = match arguments.runs {
        0 => None,
        runs => Some(runs::soak(&built, runs, &mut wrong)?),
    };
    let requests = match arguments.requests {
        0 => None,
        requests => Some(requests::soak(&built, requests, &mut wrong)?),
    };
    let kills = match arguments.kills {
        0 => None,
        kills => Some(kills::soak(&built, kills, &mut wrong)?),
    };
    for line in &wrong {
        println!("WRONG: {line}");
    }
    println!(
        "{}",
        if wrong.is_empty() {
            "all is right"
        } else {
            "not all is right"
        }
    );
    let record = Record {
        machine: Machine::read(&root, "python3".as_ref(), before),
        right: wrong.is_empty(),
        runs,
        requests,
        kills,
    };
    let text = serde_json::to_string_pretty(&record)? + "\n";
    if arguments.record {
        let path = root.join(format!("benches/results/soak-{}.json", record.machine.date));
        fs::write(&path, text).with_context(|| format!("can't write {}", path.display()))?;
        println!("recorded in {}", path.display());
    }
    Ok(record.right)
}

/// The nodes alone in a folder: what is compiled there is thrown away with it.
fn nodes(root: &Path, folder: &Path) -> Result<PathBuf> {
    let from = root.join("benches/programs/soak_nodes.py");
    fs::copy(&from, folder.join("soak_nodes.py"))
        .with_context(|| format!("can't copy {}", from.display()))?;
    Ok(folder.to_owned())
}
