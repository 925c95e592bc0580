//! The host in Rust, for who measures another beside it, in turns: benches/python.py.
//!
//! Takes the folder of the build. Each line on standard input names some work and
//! how often to do it; a line of milliseconds, as JSON, answers it.

use std::io::{self, BufRead as _, Write as _};
use std::num::NonZero;
use std::path::PathBuf;
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow, ensure};
use pipeline_host::types::{Audio, Data, Input, Manifest};
use pipeline_host::{Allocation, Directories, Engine, EngineOptions, Limits, Sandbox, codec};

const TEXT: &str =
    r#"{"version": "v1", "nodes": [{"id": "text", "node_type": "TextProcessorNode"}]}"#;
const TEXT_ITEM: &str = r#"[{"text": "Hello WASM", "operations": ["uppercase", "word_count"]}]"#;
const SOUND: &str = r#"{"version": "v1", "nodes": [{"id": "pass", "node_type": "PassThrough"}]}"#;
/// A minute of 48 kHz.
const SAMPLES: usize = 60 * 48_000;

fn main() -> Result<()> {
    let dist: PathBuf = std::env::args_os().nth(1).context("no folder")?.into();
    let cores = thread::available_parallelism().map_or(1, NonZero::get) as u32;
    let allocation = Allocation::Pooled { instances: cores };
    let engine = Engine::new(&EngineOptions { allocation })?;
    let component = engine.load_installed(&dist.join("pipeline.wasm"), &mut |_| {})?;
    let directories = Directories::new(&dist.join("stdlib"), &dist.join("python"))?;
    let sandbox = Sandbox::new(&engine, &component, directories)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (work, times) = line.split_once(' ').context("no count")?;
        let (manifest, items) = match work {
            "text" => (TEXT, codec::read_items(TEXT_ITEM.as_bytes())?),
            "sound" => (SOUND, vec![sound()]),
            _ => return Err(anyhow!("no work is called {work}")),
        };
        let samples = runtime.block_on(measure(&sandbox, manifest, &items, times.parse()?))?;
        println!("{}", serde_json::to_string(&samples)?);
        io::stdout().flush()?;
    }
    Ok(())
}

fn sound() -> Input {
    Input::from(Data::Audio(Audio {
        samples: vec![0.5; SAMPLES],
        sample_rate: 48_000,
        channels: 1,
        stream_id: None,
        timestamp_us: None,
        metadata: None,
    }))
}

/// Milliseconds of runs on fresh instances, of a manifest that is read before.
async fn measure(
    sandbox: &Sandbox,
    manifest: &str,
    items: &[Input],
    times: usize,
) -> Result<Vec<f64>> {
    let limits = Limits::default();
    let manifest: Manifest = {
        let loaded = sandbox.instantiate(&limits).await?.load(manifest).await?;
        let loaded = loaded.map_err(|invalid| anyhow!("{}", invalid.diagnostics[0].message))?;
        loaded.manifest
    };
    let mut samples = Vec::with_capacity(times);
    for _ in 0..times {
        let begun = Instant::now();
        let mut instance = sandbox.instantiate(&limits).await?;
        let ended = instance.execute(&manifest, Some(items)).await?;
        let ended = ended.map_err(|error| anyhow!("{}", error.message))?;
        drop(instance);
        ensure!(ended.into_items().len() == 1, "not one output");
        samples.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    Ok(samples)
}
