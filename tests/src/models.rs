//! Models that tests run: packages have them, and each is fetched once.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::{fs, process};

/// The package that has the model, and its version.
const SILERO: &str = "silero-vad==6.2.3";

/// The directory into which the package `silero-vad` is installed: the model
/// is `silero_vad/data/silero_vad.onnx` in it.
///
/// # Panics
/// Where pip can't install it.
pub fn silero() -> &'static Path {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    DIRECTORY.get_or_init(|| {
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
        let directory = target.join("packages").join(SILERO);
        if !directory.exists() {
            // Another process may be at it too: the first one to end wins.
            let part = directory.with_extension(format!("part{}", process::id()));
            install(&target, &part);
            if fs::rename(&part, &directory).is_err() {
                fs::remove_dir_all(&part).expect("what this process has made");
            }
        }
        directory
    })
}

fn install(target: &Path, into: &Path) {
    let tools = target.join("python-tools/bin/python");
    let python = match tools.exists() {
        true => tools,
        false => "python3".into(),
    };
    let status = Command::new(python)
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--no-compile",
        ])
        .args(["--disable-pip-version-check", "--target"])
        .arg(into)
        .arg(SILERO)
        .env_remove("PYTHONPATH")
        .status()
        .expect("Python");
    assert!(status.success(), "pip can't install {SILERO}");
}

/// Four seconds at 16 kHz, with what sounds like vowels from the first to the
/// third: pulses through three resonators, in syllables of a quarter second.
#[must_use]
pub fn syllables() -> Vec<f32> {
    use std::f64::consts::{PI, TAU};
    const RATE: f64 = 16_000.0;
    const FORMANTS: [(f64, f64); 3] = [(700.0, 130.0), (1220.0, 70.0), (2600.0, 160.0)];
    let mut phase = 0.0;
    let mut past = [[0.0; 2]; 3];
    let sample = |n: u32| {
        let time = f64::from(n) / RATE;
        phase += (120.0 + 20.0 * (TAU * 0.7 * time).sin()) / RATE;
        let mut pulse = 0.0;
        if phase >= 1.0 {
            phase -= 1.0;
            pulse = 1.0;
        }
        let syllable = match (1.0..3.0).contains(&time) {
            true => (TAU * 2.0 * time).sin().max(0.0),
            false => 0.0,
        };
        let mut sum = 0.0;
        for (&(frequency, width), past) in FORMANTS.iter().zip(&mut past) {
            let radius = (-PI * width / RATE).exp();
            let turn = 2.0 * radius * (TAU * frequency / RATE).cos();
            let out = pulse * syllable + turn * past[0] - radius * radius * past[1];
            *past = [out, past[0]];
            sum += out;
        }
        (0.05 * sum) as f32
    };
    (0..64_000).map(sample).collect()
}
