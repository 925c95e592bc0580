//! (d): how much goes through.

use std::time::Instant;

use anyhow::{Context as _, Result, anyhow, ensure};
use pipeline_host::types::{Audio, Data, Input};
use pipeline_host::{Workers, codec};

use crate::host::{Host, block_on, limits};
use crate::instances::{NUMBERS, jobs};
use crate::process;
use crate::record::{Bar, Row, Section};

const ITEMS: usize = 1_000_000;

pub(crate) fn measure(host: &Host, rounds: usize) -> Result<Section> {
    let mut section = Section::new("d", "Throughput");
    runs(host, &mut section, rounds)?;
    items(host, &mut section, rounds)?;
    audio(host, &mut section, rounds)?;
    Ok(section)
}

/// Isolated runs, on all cores. Each pipeline has a pool to itself: an instance
/// starts on the memory that the last one in its place wrote, and that of
/// another pipeline is elsewhere.
fn runs(host: &Host, section: &mut Section, rounds: usize) -> Result<()> {
    const RUNS: usize = 4000;
    let cores = std::thread::available_parallelism()?;
    for (name, job) in jobs(host)? {
        let sandbox = host.fresh_pool(u32::try_from(cores.get())?)?;
        let workers = Workers::new(&sandbox, cores)?;
        let mut rates = Vec::new();
        for round in 0..=rounds {
            let start = Instant::now();
            let started: Vec<_> = (0..RUNS)
                .map(|_| workers.execute(limits(), job.manifest.clone(), Some(job.items.clone())))
                .collect();
            for run in started {
                run.wait()?.map_err(|error| anyhow!("{}", error.message))?;
            }
            if round > 0 {
                rates.push(RUNS as f64 / start.elapsed().as_secs_f64());
            }
        }
        let row = section.row(Row::new(
            format!("isolated runs, {cores} threads: {name}"),
            "/s",
            rates,
        ));
        if name == "TextProcessorNode" {
            let bar = Bar::at_least("isolated Python runs a second", row.median(), 6000.0);
            section.bars.push(bar);
        }
    }
    Ok(())
}

/// A million integers, from JSON text to JSON text.
fn items(host: &Host, section: &mut Section, rounds: usize) -> Result<()> {
    let text = format!(
        "[{}]",
        (0..ITEMS)
            .map(|i| i.to_string())
            .collect::<Vec<_>>()
            .join(", ")
    );
    let native = process::native_json(host, &text, rounds)?;
    let rust = through(host, NUMBERS, &text, rounds, "Rust nodes", section)?;
    let python = r#"{"version": "v1", "nodes": [{"id": "multiply", "node_type": "bench_nodes:PyMultiply"}]}"#;
    through(host, python, &text, rounds, "a Python node", section)?;
    let native = section.row(Row::new(
        "a million integers natively: json.loads, list comprehension, json.dumps",
        "ms",
        native,
    ));
    let bar = Bar::at_most(
        "a million integers through Rust nodes, over native Python",
        rust / native.median(),
        1.0,
    );
    section.bars.push(bar);
    Ok(())
}

fn through(
    host: &Host,
    source: &str,
    text: &str,
    rounds: usize,
    name: &str,
    section: &mut Section,
) -> Result<f64> {
    let job = host.job_of(source, "[]")?;
    let (mut read, mut ran, mut written, mut all) = (vec![], vec![], vec![], vec![]);
    for _ in 0..rounds {
        let mut instance = host.instance()?;
        let start = Instant::now();
        let items = codec::read_items(text.as_bytes())?;
        let after_read = start.elapsed();
        let run = block_on(instance.execute(&job.manifest, Some(&items)))?
            .map_err(|error| anyhow!("{}", error.message))?;
        let after_run = start.elapsed();
        let mut writer = codec::Writer::new(codec::Style::Compact);
        let mut items = run.outputs.iter().flat_map(|given| &given.items);
        writer.try_array(|writer| items.try_for_each(|item| writer.item(item)))?;
        let json = writer.finish();
        let done = start.elapsed();
        ensure!(
            run.metrics[0].items_out == ITEMS as u64 && json.len() > ITEMS,
            "outputs are missing"
        );
        read.push(after_read.as_secs_f64() * 1e3);
        ran.push((after_run - after_read).as_secs_f64() * 1e3);
        written.push((done - after_run).as_secs_f64() * 1e3);
        all.push(done.as_secs_f64() * 1e3);
    }
    let row = section.row(Row::new(
        format!("a million integers through {name}, JSON to JSON"),
        "ms",
        all,
    ));
    let median = row.median();
    section.row(Row::new(format!("{name}: read the JSON"), "ms", read));
    let run = section.row(Row::new(format!("{name}: run"), "ms", ran));
    let rate = ITEMS as f64 / run.median() * 1e3;
    section.row(Row::one(
        format!("{name}: items a second in the run"),
        "/s",
        rate,
    ));
    section.row(Row::new(format!("{name}: write the JSON"), "ms", written));
    Ok(median)
}

/// Sound through a Python node that does nothing.
fn audio(host: &Host, section: &mut Section, rounds: usize) -> Result<()> {
    const SAMPLES: usize = 8 << 20;
    // Into the component, out of it, and nothing more, must be copied.
    const COPIES: usize = 2;
    let job = host.job(r#"{"id": "n", "node_type": "bench_nodes:NoOp"}"#, "[]")?;
    let sound: Vec<f32> = (0..SAMPLES).map(|i| (i % 1000) as f32 / 1000.0).collect();
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    let mut instance = host.instance()?;
    for round in 0..=rounds * 3 {
        let item = Input::from(Data::Audio(Audio {
            samples: sound.clone(),
            sample_rate: 48_000,
            channels: 2,
            stream_id: None,
            timestamp_us: None,
            metadata: None,
        }));
        let start = Instant::now();
        let run = block_on(instance.execute(&job.manifest, Some(std::slice::from_ref(&item))))?
            .map_err(|error| anyhow!("{}", error.message))?;
        let took = start.elapsed();
        match run.into_items().first().context("no output")? {
            Data::Audio(audio) => ensure!(audio.samples == sound, "the sound changed"),
            _ => anyhow::bail!("no sound"),
        }
        let start = Instant::now();
        let mut copies = sound.clone();
        for _ in 1..COPIES {
            copies = std::hint::black_box(&copies).clone();
        }
        std::hint::black_box(&copies);
        let copied = start.elapsed();
        // The first one makes the memory grow.
        if round > 0 {
            ours.push(took.as_secs_f64() * 1e3);
            floor.push(copied.as_secs_f64() * 1e3);
        }
    }
    let ours = Row::new(
        "32 MiB of sound through a Python node that does nothing",
        "ms",
        ours,
    );
    let floor = Row::new(
        "the two copies that must be, by memcpy into fresh memory",
        "ms",
        floor,
    );
    let rate = (SAMPLES >> 18) as f64 / ours.median() * 1e3;
    let bar = Bar::at_most(
        "sound over the cost of its copies",
        ours.median() / floor.median(),
        3.0,
    );
    section.row(ours);
    section.row(floor);
    section.row(Row::one("sound through a Python node", "MiB/s", rate));
    section.bars.push(bar);
    Ok(())
}
