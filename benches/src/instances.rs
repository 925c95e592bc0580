//! (b) and (c): runs on fresh instances and on a warm one; (e): their memory.

use std::time::Instant;

use anyhow::{Context as _, Result};

use pipeline_host::Sandbox;

use crate::host::{Host, Job, block_on, limits};
use crate::record::{Bar, Row, Section};

pub(crate) const TEXT: &str = r#"{"id": "text", "node_type": "TextProcessorNode"}"#;
pub(crate) const TEXT_ITEM: &str =
    r#"[{"text": "Hello WASM", "operations": ["uppercase", "word_count"]}]"#;
const GREETER: &str = r#"{"id": "greet", "node_type": "bench_nodes:Greeter"}"#;
const COMPILED: &str = r#"{"id": "greet", "node_type": "compiled_nodes:Greeter"}"#;
const SPECTRUM: &str = r#"{"id": "tone", "node_type": "compiled_nodes:Spectrum"}"#;
const GREETED: &str = r#"[{"name": "ada lovelace"}]"#;
pub(crate) const NUMBERS: &str = r#"{"version": "v1", "nodes": [
    {"id": "multiply", "node_type": "MultiplyNode", "params": {"multiplier": 2}},
    {"id": "add", "node_type": "AddNode", "params": {"addend": 10}}],
    "connections": [{"from": "multiply", "to": "add"}]}"#;

/// The row whose median is promised.
pub(crate) const FRESH_TEXT: &str = "TextProcessorNode: instantiate, run, drop";

/// The jobs that (b), (c) and (d) run.
pub(crate) fn jobs(host: &Host) -> Result<Vec<(&'static str, Job)>> {
    let mut jobs = vec![
        (
            "Rust only (multiply, add)",
            host.job_of(NUMBERS, "[5, 7, 3]")?,
        ),
        ("TextProcessorNode", host.job(TEXT, TEXT_ITEM)?),
        ("a user's own node", host.job(GREETER, GREETED)?),
        ("a user's own node, compiled", host.job(COMPILED, GREETED)?),
    ];
    if host.dist.join("python/numpy").is_dir() {
        jobs.push(("numpy: a spectrum, compiled", host.job(SPECTRUM, "[440]")?));
    }
    Ok(jobs)
}

pub(crate) fn measure(host: &Host, rounds: usize) -> Result<Vec<Section>> {
    let mut fresh = Section::new("b", "One run in a warm host, each on a fresh instance");
    let mut warm = Section::new("c", "The same run on a warm instance");
    let jobs = jobs(host)?;
    let mut texts = [0.0, 0.0, 0.0];
    for (name, job) in &jobs {
        let (made, ran, all) = block_on(on_fresh(&host.sandbox, job, rounds))?;
        if *name == "TextProcessorNode" {
            let row = Row::new("", "ms", all.clone());
            texts[0] = row.median();
            texts[1] = row.quantile(0.99);
        }
        fresh.row(Row::new(
            format!("{name}: instantiate, run, drop"),
            "ms",
            all,
        ));
        fresh.row(Row::new(format!("{name}: instantiate"), "ms", made));
        fresh.row(Row::new(format!("{name}: run"), "ms", ran));
        let samples = block_on(on_warm(host, job, rounds))?;
        let row = warm.row(Row::new(*name, "ms", samples));
        if *name == "TextProcessorNode" {
            texts[2] = row.median();
        }
    }
    // An instance starts on the memory that the last one in its place wrote;
    // where that was another pipeline's, more has to be mapped anew.
    let (_, _, after) = block_on(on_fresh(&host.sandbox, &jobs[1].1, rounds))?;
    fresh.row(Row::new(
        "TextProcessorNode, in a pool that the others used: all three",
        "ms",
        after,
    ));
    fresh.bars = vec![
        Bar::at_most("TextProcessorNode, median, ms", texts[0], 0.25),
        Bar::at_most("TextProcessorNode, 99 of 100, ms", texts[1], 1.0),
        Bar::at_most("fresh over warm (an aim)", texts[0] / texts[2], 1.5),
    ];
    Ok(vec![fresh, warm])
}

type Samples = Vec<f64>;

pub(crate) async fn on_fresh(
    sandbox: &Sandbox,
    job: &Job,
    rounds: usize,
) -> Result<(Samples, Samples, Samples)> {
    let (mut made, mut ran, mut all) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds + rounds / 10 {
        let start = Instant::now();
        let mut instance = sandbox.instantiate(&limits()).await?;
        let instantiated = start.elapsed();
        let run = job.run(&mut instance).await?;
        let done = start.elapsed();
        drop(instance);
        let dropped = start.elapsed();
        anyhow::ensure!(!run.outputs.is_empty(), "no output");
        // The first tenth only warms up.
        if round >= rounds / 10 {
            made.push(instantiated.as_secs_f64() * 1e3);
            ran.push((done - instantiated).as_secs_f64() * 1e3);
            all.push(dropped.as_secs_f64() * 1e3);
        }
    }
    Ok((made, ran, all))
}

async fn on_warm(host: &Host, job: &Job, rounds: usize) -> Result<Samples> {
    let mut instance = host.sandbox.instantiate(&limits()).await?;
    let mut samples = Vec::new();
    for round in 0..rounds + rounds / 10 {
        let start = Instant::now();
        let run = job.run(&mut instance).await?;
        let done = start.elapsed();
        anyhow::ensure!(!run.outputs.is_empty(), "no output");
        if round >= rounds / 10 {
            samples.push(done.as_secs_f64() * 1e3);
        }
    }
    Ok(samples)
}

/// (e): what instances that ran and live on cost.
pub(crate) fn memory(host: &Host, instances: usize) -> Result<Section> {
    let mut section = Section::new("e", "Memory of live instances that ran TextProcessorNode");
    let job = host.job(TEXT, TEXT_ITEM)?;
    // Threads, caches and whatever else the first ones bring.
    for _ in 0..4 {
        block_on(job.run(&mut host.instance()?))?;
    }
    let before = private_memory()?;
    let mut live = Vec::with_capacity(instances);
    let mut single = None;
    for _ in 0..instances {
        let mut instance = host.instance()?;
        block_on(job.run(&mut instance))?;
        live.push(instance);
        if live.len() == 1 {
            single = Some(private_memory()? - before);
        }
    }
    let all = private_memory()? - before;
    let per_instance = all / instances as f64;
    section.row(Row::one(
        "the first instance, private",
        "MiB",
        single.unwrap_or(0.0),
    ));
    section.row(Row::one(
        format!("{instances} live instances, private"),
        "MiB",
        all,
    ));
    section.row(Row::one("per instance, private", "MiB", per_instance));
    section.bars = vec![Bar::at_most(
        "private memory per live instance, MiB",
        per_instance,
        3.0,
    )];
    Ok(section)
}

/// Memory that only this process has, in MiB.
fn private_memory() -> Result<f64> {
    let rollup = std::fs::read_to_string("/proc/self/smaps_rollup").context("needs Linux")?;
    let kibibytes: f64 = rollup
        .lines()
        .filter(|line| line.starts_with("Private_"))
        .filter_map(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok())
        .sum();
    Ok(kibibytes / 1024.0)
}
