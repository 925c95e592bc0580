//! (a): whole processes, from start to printed result; and what native Python
//! takes for parts of (d).

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use crate::host::Host;
use crate::record::{Bar, Row, Section};

/// A command that is measured, beside others.
pub(crate) struct Contender {
    pub(crate) name: String,
    pub(crate) command: Vec<std::ffi::OsString>,
}

impl Contender {
    pub(crate) fn new<S: AsRef<OsStr>>(name: impl Into<String>, command: &[S]) -> Self {
        Self {
            name: name.into(),
            command: command
                .iter()
                .map(|part| part.as_ref().to_owned())
                .collect(),
        }
    }

    /// Runs it and gives how long that took, in milliseconds.
    fn time(&self, root: &Path) -> Result<f64> {
        let mut command = Command::new(&self.command[0]);
        command.args(&self.command[1..]).current_dir(root);
        let start = Instant::now();
        let output = command
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("can't run {}", self.name))?;
        let took = start.elapsed();
        ensure!(
            output.status.success(),
            "{} failed: {}",
            self.name,
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(took.as_secs_f64() * 1e3)
    }
}

/// Runs all of them in turn, many times, so that what else the machine does
/// meets them alike.
pub(crate) fn in_turn(root: &Path, contenders: &[Contender], rounds: usize) -> Result<Vec<Row>> {
    let mut samples = vec![Vec::new(); contenders.len()];
    for round in 0..=rounds {
        for (contender, samples) in contenders.iter().zip(&mut samples) {
            let took = contender.time(root)?;
            // The first one fills the system's caches.
            if round > 0 {
                samples.push(took);
            }
        }
    }
    Ok(contenders
        .iter()
        .zip(samples)
        .map(|(contender, samples)| Row::new(&contender.name, "ms", samples))
        .collect())
}

pub(crate) fn measure(host: &Host, rounds: usize) -> Result<Section> {
    let mut section = Section::new("a", "Whole processes, from start to printed result");
    let program = host.dist.join("pipeline").into_os_string();
    let pipeline = |manifest: &str| [program.clone(), "run".into(), manifest.into()];
    let native = "benches/programs/native_text.py";
    let contenders = [
        Contender::new(
            "pipeline run multiply_add.json",
            &pipeline("examples/multiply_add.json"),
        ),
        Contender::new(
            "pipeline run text_processor.json",
            &pipeline("examples/text_processor.json"),
        ),
        Contender::new("python3 -c pass", &["python3", "-c", "pass"]),
        Contender::new(
            "python3 -I -S -c pass",
            &["python3", "-I", "-S", "-c", "pass"],
        ),
        Contender::new(
            "the text run on native python3",
            &["python3", native, "examples/text_processor.json"],
        ),
    ];
    let contenders = contenders.map(|mut contender| {
        if contender.command[0] == "python3" {
            contender.command[0] = host.python.clone().into_os_string();
        }
        contender
    });
    section.rows = in_turn(&host.root, &contenders, rounds)?;
    let median = |at: usize| section.rows[at].median();
    let native = median(4);
    section.bars = vec![
        Bar::at_most(
            "multiply_add over the native text run",
            median(0) / native,
            1.0,
        ),
        Bar::at_most(
            "text_processor over the native text run",
            median(1) / native,
            1.0,
        ),
        Bar::at_most(
            "text_processor over the native text run (an aim)",
            median(1) / native,
            0.5,
        ),
    ];
    Ok(section)
}

/// What native Python takes to read, change and write integers, in
/// milliseconds.
pub(crate) fn native_json(host: &Host, text: &str, rounds: usize) -> Result<Vec<f64>> {
    let mut child = Command::new(&host.python)
        .arg("benches/programs/native_json.py")
        .arg(rounds.to_string())
        .current_dir(&host.root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("can't run python3")?;
    child
        .stdin
        .take()
        .context("no pipe")?
        .write_all(text.as_bytes())?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "python3 failed");
    Ok(serde_json::from_slice(&output.stdout)?)
}
