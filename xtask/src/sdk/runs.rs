//! Running manifests on generated media.

use std::f32::consts::TAU;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::dist::program;
use crate::shell;

/// Seconds that a run may take.
const TIMEOUT: &str = "10";

/// Runs the program `pipeline` on input of several kinds.
pub(super) struct Runner {
    program: PathBuf,
    work: PathBuf,
    inputs: Vec<(&'static str, Vec<String>)>,
    /// The directory of the models that pipelines may read.
    models: PathBuf,
}

/// What a run came to: how many items came out, or what went wrong.
pub(super) type Ran = Result<usize, String>;

impl Runner {
    /// Writes the media into `work`; pipelines may read what is in `models`.
    ///
    /// # Errors
    /// Where they can't be written.
    pub(super) fn new(dist: &Path, work: &Path, models: PathBuf) -> Result<Self> {
        let audio = |name: &str, rate, channels| -> Result<Vec<String>> {
            let mut items = Vec::new();
            for (piece, samples) in speech(rate, channels).iter().enumerate() {
                let file = work.join(format!("{name}-{piece}.wav"));
                fs::write(&file, wav(samples, rate, channels))?;
                items.push(format!("@{}", file.display()));
            }
            Ok(items)
        };
        let plain = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
        Ok(Self {
            program: program(dist),
            work: work.to_owned(),
            models,
            inputs: vec![
                ("mono audio", audio("mono", 16_000, 1)?),
                ("stereo audio", audio("stereo", 48_000, 2)?),
                (
                    "text",
                    plain(&[r#""Hello there. How are you?""#, r#""Well.""#]),
                ),
                ("numbers", plain(&["1", "2.5", "3"])),
                (
                    "tuples",
                    plain(&[r#"{"$tuple": [1]}"#, r#"{"$tuple": [2]}"#]),
                ),
                (
                    "objects",
                    plain(&[
                        r#"{"value": 3, "text": "a b", "operation": "add", "args": [1, 2], "data": 2, "code": "result = 1"}"#,
                    ]),
                ),
            ],
        })
    }

    /// Checks a manifest; gives what is said of it.
    ///
    /// # Errors
    /// Where the program can't be started.
    pub(super) fn check(&self, manifest: &Path, nodes: Option<&Path>) -> Result<Value> {
        let mut command = shell::command(&self.program, &self.work);
        command.args(["check", "--format", "json"]).arg(manifest);
        command.arg("--nodes").arg(&self.models);
        if let Some(nodes) = nodes {
            command.arg("--nodes").arg(nodes);
        }
        let output = command.output().context("can't start `pipeline`")?;
        Ok(serde_json::from_slice(&output.stdout).unwrap_or_default())
    }

    /// Runs a manifest on each kind of input until one suits it: the kind, and
    /// how many items came out. Otherwise what was said of the first kind.
    ///
    /// # Errors
    /// Where the program can't be started.
    pub(super) fn run(
        &self,
        manifest: &Path,
        nodes: &[&Path],
    ) -> Result<Result<(&'static str, usize), String>> {
        let mut first = None;
        let mut silent = None;
        for (kind, items) in &self.inputs {
            match self.run_on(manifest, nodes, items)? {
                Ok(0) => silent = silent.or(Some(*kind)),
                Ok(count) => return Ok(Ok((kind, count))),
                Err(message) => first = first.or(Some(message)),
            }
        }
        Ok(match (silent, first) {
            (Some(kind), _) => Ok((kind, 0)),
            (None, first) => Err(first.unwrap_or_default()),
        })
    }

    fn run_on(&self, manifest: &Path, nodes: &[&Path], items: &[String]) -> Result<Ran> {
        let mut command = shell::command(&self.program, &self.work);
        command
            .arg("run")
            .arg(manifest)
            .args(["--timeout", TIMEOUT])
            .arg("--nodes")
            .arg(&self.models);
        for item in items {
            command.args(["--input", item]);
        }
        for directory in nodes {
            command.arg("--nodes").arg(directory);
        }
        let output = command.output().context("can't start `pipeline`")?;
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        if report["status"] != "success" {
            let message = report["error"]["message"].as_str().map_or_else(
                || String::from_utf8_lossy(&output.stderr).into_owned(),
                str::to_owned,
            );
            return Ok(Err(message.lines().next().unwrap_or_default().to_owned()));
        }
        let outputs = report["outputs"].as_array().map_or(&[][..], Vec::as_slice);
        // Many of the SDK's nodes say as data that an item does not suit them.
        let refused = outputs.iter().find_map(|output| output["error"].as_str());
        Ok(match refused {
            Some(message) => Err(message.to_owned()),
            None => Ok(outputs.len()),
        })
    }
}

/// Pieces of half a second: something like speech, silence, and speech that is
/// too loud.
fn speech(rate: u32, channels: u16) -> Vec<Vec<f32>> {
    let frames = rate / 2;
    let piece = |number: u32, loudness: f32| {
        let mut samples = Vec::new();
        for frame in 0..frames {
            let time = (number * frames + frame) as f32 / rate as f32;
            // Vowels of five syllables a second: a fundamental and its overtones.
            let syllable = (TAU * 2.5 * time).sin().powi(2);
            let voice: f32 = (1..8)
                .map(|n| (TAU * 140.0 * n as f32 * time).sin() / n as f32)
                .sum();
            let sample = (loudness * syllable * voice).clamp(-1.0, 1.0);
            samples.extend((0..channels).map(|channel| sample / f32::from(channel + 1)));
        }
        samples
    };
    let loudness = [0.4, 0.4, 0.0, 0.0, 0.4, 5.0, 0.0, 0.4];
    (0..)
        .zip(loudness)
        .map(|(number, loudness)| piece(number, loudness))
        .collect()
}

/// A WAV file of 32-bit floats.
fn wav(samples: &[f32], rate: u32, channels: u16) -> Vec<u8> {
    let size = 4 * samples.len() as u32;
    let frame = 4 * channels;
    let mut file = Vec::with_capacity(44 + size as usize);
    file.extend(b"RIFF");
    file.extend((36 + size).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    file.extend(3_u16.to_le_bytes());
    file.extend(channels.to_le_bytes());
    file.extend(rate.to_le_bytes());
    file.extend((rate * u32::from(frame)).to_le_bytes());
    file.extend(frame.to_le_bytes());
    file.extend(32_u16.to_le_bytes());
    file.extend(b"data");
    file.extend(size.to_le_bytes());
    file.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    file
}
