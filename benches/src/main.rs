//! Measures what this project promises, beside native Python and, when asked,
//! its peers, and records it. Run by `cargo xtask bench`.

#![forbid(unsafe_code)]

mod baked;
mod compute;
mod host;
mod instances;
mod manifests;
mod peers;
mod process;
mod record;
mod sizes;
mod throughput;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Parser;
use pipeline_benches::{Machine, load};

use crate::host::Host;
use crate::record::{Record, Section};

/// Measures what this project promises.
#[derive(Parser)]
struct Arguments {
    /// The repository.
    #[arg(long, default_value = ".")]
    root: PathBuf,
    /// What was built.
    #[arg(long, default_value = "target/dist")]
    dist: PathBuf,
    /// Only these parts, for example `bc`.
    #[arg(long, default_value = "abcdefgij")]
    only: String,
    /// Fewer rounds: to see that it works, not how fast.
    #[arg(long)]
    quick: bool,
    /// Also measure peers, installed from PyPI into an environment that is
    /// thrown away.
    #[arg(long)]
    peers: bool,
    /// The Python that peers are installed for; they may need a newer one.
    #[arg(long, value_name = "PROGRAM", default_value = "python3")]
    peers_python: PathBuf,
    /// Write the samples to benches/results and the tables to
    /// docs/benchmarks.md.
    #[arg(long)]
    record: bool,
}

/// Live instances of (e), and room for them.
const LIVE: usize = 1000;

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let root = arguments.root.canonicalize()?;
    let dist = arguments.dist.canonicalize()?;
    let before = load();
    let wants = |id: char| arguments.only.contains(id);
    let rounds = |many: usize| {
        if arguments.quick {
            many.div_ceil(20)
        } else {
            many
        }
    };
    let host = Host::open(&root, &dist, LIVE as u32 + 8)?;
    let mut sections = Vec::new();
    let mut done = |section: Section| {
        println!("{}", record::section_text(&section));
        sections.push(section);
    };
    if wants('a') {
        done(process::measure(&host, rounds(60))?);
    }
    if wants('b') || wants('c') {
        instances::measure(&host, rounds(4000))?
            .into_iter()
            .for_each(&mut done);
    }
    if wants('d') {
        done(throughput::measure(&host, rounds(7))?);
    }
    if wants('e') {
        done(instances::memory(
            &host,
            if arguments.quick { 50 } else { LIVE },
        )?);
    }
    if wants('f') {
        done(compute::measure(&host, rounds(7))?);
    }
    if wants('g') {
        done(sizes::measure(&host)?);
    }
    if wants('i') {
        done(manifests::measure(&host, rounds(20))?);
    }
    if wants('j') {
        done(baked::measure(&host, rounds(2000))?);
    }
    if arguments.peers || wants('h') {
        let mut peers = peers::measure(&host, &arguments.peers_python, rounds(60))?;
        let median = |section: &Section, name: &str| {
            let row = section.rows.iter().find(|row| row.name == name)?;
            Some(row.median())
        };
        let own = sections
            .iter()
            .find_map(|section| median(section, instances::FRESH_TEXT));
        if let (Some(own), Some(eryx)) = (own, median(&peers, peers::ERYX)) {
            let promise = "pyeryx's create and run over (b)'s TextProcessorNode";
            peers
                .bars
                .push(record::Bar::at_least(promise, eryx / own, 5.0));
        }
        println!("{}", record::section_text(&peers));
        sections.push(peers);
    }
    let record = Record {
        machine: Machine::read(&host.root, &host.python, before),
        sections,
    };
    if arguments.record {
        write(&root, &record)?;
    }
    Ok(())
}

fn write(root: &Path, record: &Record) -> Result<()> {
    let results = root.join("benches/results");
    fs::create_dir_all(&results)?;
    let name = format!("{}.json", record.machine.date);
    fs::write(results.join(&name), serde_json::to_string(record)? + "\n")?;
    let head = "# Benchmarks\n\nWritten by `cargo xtask bench --record`; the raw samples are in";
    let text = format!(
        "{head} `benches/results/{name}`.\n\n{}",
        record::markdown(record)
    );
    let path = root.join("docs/benchmarks.md");
    // What people wrote below the tables stays.
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let kept = kept.find("\n## ").map_or("", |at| &kept[at..]);
    fs::write(path, format!("{}\n{kept}", text.trim_end()))?;
    Ok(())
}
