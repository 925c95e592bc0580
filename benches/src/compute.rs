//! (f): CPU-bound Python, in the sandbox and natively.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::host::{Host, block_on, output};
use crate::record::{Bar, Row, Section};

/// The programs of `benches/programs/compute.py`.
const PROGRAMS: &[&str] = &[
    "n_queens",
    "sieve",
    "n_body",
    "spectral_norm",
    "mandelbrot",
    "scheduler",
    "ray_trace",
    "word_count",
    "regular_expressions",
    "json_round_trips",
    "big_integers",
    "sorting",
    "deep_copies",
    "generators",
    "string_building",
    "matrix_product",
];

/// What a program says of its rounds.
#[derive(Deserialize)]
struct Measured {
    samples: Vec<f64>,
    result: String,
}

pub(crate) fn measure(host: &Host, rounds: usize) -> Result<Section> {
    let mut section = Section::new("f", "CPU-bound Python: the sandbox and native Python");
    let mut logarithms = 0.0;
    for program in PROGRAMS {
        // Turn by turn, so that what else the machine does meets both alike.
        let (mut inside, mut outside) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            let (sandboxed, native) = (
                sandboxed(host, program, rounds)?,
                native(host, program, rounds)?,
            );
            ensure!(
                sandboxed.result == native.result,
                "{program} gives {} in the sandbox and {} natively",
                sandboxed.result,
                native.result
            );
            inside.extend(sandboxed.samples);
            outside.extend(native.samples);
        }
        let inside = Row::new(format!("{program}, in the sandbox"), "ms", inside);
        let outside = Row::new(format!("{program}, natively"), "ms", outside);
        let ratio = inside.median() / outside.median();
        logarithms += ratio.ln();
        section.row(inside);
        section.row(outside);
        section.row(Row::one(format!("{program}: ratio"), "×", ratio));
    }
    let mean = (logarithms / PROGRAMS.len() as f64).exp();
    section.bars = vec![
        Bar::at_most("geometric mean over native Python", mean, 1.4),
        Bar::at_most("geometric mean over native Python (an aim)", mean, 1.2),
    ];
    Ok(section)
}

fn sandboxed(host: &Host, program: &str, rounds: usize) -> Result<Measured> {
    let job = host.job(
        r#"{"id": "n", "node_type": "compute:Compute"}"#,
        &format!(r#"[["{program}", {rounds}]]"#),
    )?;
    let run = block_on(job.run(&mut host.instance()?))?;
    Ok(serde_json::from_value(output(&run)?)?)
}

fn native(host: &Host, program: &str, rounds: usize) -> Result<Measured> {
    let output = Command::new(&host.python)
        .args(["benches/programs/compute.py", &rounds.to_string(), program])
        .current_dir(&host.root)
        .output()
        .context("can't run python3")?;
    ensure!(
        output.status.success(),
        "{program} failed natively: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(serde_json::from_slice(&output.stdout)?)
}
