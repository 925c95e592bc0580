//! A component in Rust that imports `remotemedia:pipeline/executor`: it makes a
//! recording, has the pipeline component find the loud parts of it, and prints
//! what comes out. `wac plug` joins the two; see `examples/README.md`.

use std::f32::consts::TAU;
use std::process::ExitCode;

wit_bindgen::generate!({
    path: "../../wit",
    inline: "
        package examples:compose;

        world program {
            import remotemedia:pipeline/executor@0.2.0;
        }
    ",
    world: "examples:compose/program",
    generate_all,
});

use remotemedia::pipeline::executor;
use remotemedia::pipeline::types::{Audio, Data, Input, InvalidManifest};

const RATE: u32 = 16_000;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let loaded = executor::load(include_str!("../pipeline.yaml")).map_err(all)?;
    println!("nodes: {}", loaded.graph.execution_order.join(" -> "));

    let recording = Input {
        node_id: None,
        item: Data::Audio(recording()),
    };
    let result = executor::execute_with_input(&loaded.manifest, &[recording])
        .map_err(|error| error.message)?;
    for output in result.outputs.iter().flat_map(|given| &given.items) {
        match output {
            Data::Audio(audio) => {
                let seconds = audio.samples.len() as f32 / audio.sample_rate as f32;
                let peak = audio
                    .samples
                    .iter()
                    .fold(0.0, |peak: f32, s| peak.max(s.abs()));
                println!("loud: {seconds:.2} s, peak {peak:.2}");
            }
            Data::Binary(binary) => {
                let kind = binary.mime_type.as_deref().unwrap_or("no type");
                println!("file: {} bytes, {kind}", binary.bytes.len());
            }
            _ => println!("something else"),
        }
    }
    Ok(())
}

/// Three seconds: silence, but for two tones.
fn recording() -> Audio {
    let tone = |second: f32| match second {
        0.5..0.9 => 0.8,
        1.8..2.6 => 0.4,
        _ => 0.0,
    };
    let sample = |frame: u32| {
        let second = frame as f32 / RATE as f32;
        tone(second) * (TAU * 440.0 * second).sin()
    };
    Audio {
        samples: (0..3 * RATE).map(sample).collect(),
        sample_rate: RATE,
        channels: 1,
        stream_id: None,
        timestamp_us: None,
        metadata: None,
    }
}

/// All that is wrong with a manifest.
fn all(invalid: InvalidManifest) -> String {
    let messages = invalid.diagnostics.iter().map(|one| one.message.as_str());
    messages.collect::<Vec<_>>().join("; ")
}
