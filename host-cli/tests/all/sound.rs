//! The nodes of `examples/sound`, in numpy, on sounds that are known.

use std::f32::consts::TAU;

use serde_json::{Value, json};

use crate::program::{Files, Run, run};

const NODES: &str = "examples/sound/nodes";

/// Runs a manifest on a sound of one channel at 16 kHz, with more nodes.
fn listen(manifest: &str, more: &[&str], samples: impl Iterator<Item = f32>) -> Run {
    let files = Files::new(&[]);
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 16000,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let sound = files.path("sound.wav");
    let mut wav = hound::WavWriter::create(&sound, spec).unwrap();
    samples.for_each(|sample| wav.write_sample(sample).unwrap());
    wav.finalize().unwrap();
    let input = format!("@{sound}");
    let mut arguments = vec!["run", manifest, "--nodes", NODES, "--input", &input];
    for nodes in more {
        arguments.extend(["--nodes", nodes]);
    }
    run(&arguments)
}

/// The sample at `at` of a string that was plucked at `start`, both in samples.
fn plucked(at: usize, start: usize, hertz: f32) -> f32 {
    match at.checked_sub(start) {
        Some(since) => {
            let seconds = since as f32 / 16000.0;
            0.6 * (-12.0 * seconds).exp() * (TAU * hertz * seconds).sin()
        }
        None => 0.0,
    }
}

#[test]
fn onsets_are_found_where_strings_are_plucked() {
    let plucks = [(0.25, 220.0), (0.9, 660.0), (1.3, 330.0), (2.2, 440.0)];
    let samples = (0..48000).map(|at| {
        let strings = plucks.map(|(start, hertz)| plucked(at, (start * 16000.0) as usize, hertz));
        // What any room has: without it the floor would ring with the strings' ends.
        strings.iter().sum::<f32>() + 1e-3 * (at as f32 * 12.9898).sin()
    });
    let outputs = listen("examples/sound/onsets.json", &[], samples)
        .code(0)
        .outputs();
    let times: Vec<f64> = (outputs.as_array().unwrap().iter())
        .map(|onset| onset["time"].as_f64().unwrap())
        .collect();
    assert_eq!(times.len(), plucks.len(), "{outputs}");
    for (time, (start, _)) in times.iter().zip(plucks) {
        assert!((time - start).abs() < 0.032, "{time} for {start}");
    }
}

#[test]
fn spectra_are_the_same_in_pieces() {
    let files = Files::new(&[]);
    let manifest = |pieces: u32| {
        let manifest = json!({
            "version": "v1",
            "nodes": [
                {"id": "pieces", "node_type": "AudioChunkerNode", "params": {"chunk_size": pieces}},
                {"id": "spectra", "node_type": "sound:Spectrogram", "params": {"window": 512, "hop": 128}},
                {"id": "one", "node_type": "joined:Joined"},
            ],
            "connections": [
                {"from": "pieces", "to": "spectra"},
                {"from": "spectra", "to": "one"},
            ],
        });
        let name = format!("{pieces}.json");
        files.write(&name, manifest.to_string().as_bytes());
        files.path(&name)
    };
    files.write(
        "joined/joined.py",
        b"
import numpy as np


class Joined:
    def __init__(self):
        self.all = []

    def process(self, spectra):
        self.all.append(np.asarray(spectra))

    def flush(self):
        whole = np.concatenate(self.all)
        return {'shape': list(whole.shape), 'peaks': sorted(set(whole.argmax(axis=1).tolist())),
                'peak': float(whole.max()), 'sum': float(whole.sum(dtype=np.float64))}
",
    );
    let samples = || (0..16000).map(|at| 0.5 * (TAU * 1000.0 * at as f32 / 16000.0).sin());
    let spectra = |pieces| -> Value {
        let run = listen(&manifest(pieces), &[&files.path("joined")], samples());
        run.code(0).outputs()[0].clone()
    };
    let whole = spectra(16000);
    assert_eq!(whole["shape"], json!([(16000 - 512) / 128 + 1, 257]));
    // 1000 Hz of 16000 is the bin 32 of 512.
    assert_eq!(whole["peaks"], json!([32]));
    assert!(
        (whole["peak"].as_f64().unwrap() - 0.5).abs() < 1e-3,
        "{whole}"
    );
    for pieces in [100, 512, 777] {
        assert_eq!(spectra(pieces), whole, "{pieces}");
    }
}
