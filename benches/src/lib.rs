//! What the benchmarks and the soak share: on what they ran.

#![forbid(unsafe_code)]

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde::Serialize;

/// The machine, and what ran on it.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// The day, in UTC.
    pub date: String,
    /// What was checked out, and whether it was changed.
    pub commit: String,
    /// The processor's name.
    pub processor: String,
    /// How many cores this process may use.
    pub cores: usize,
    /// The kernel's release.
    pub kernel: String,
    /// The machine's own Python.
    pub python: String,
    /// The compiler of what ran.
    pub rust: String,
    /// The release of wasmtime that the host library is locked to.
    pub wasmtime: String,
    /// Mean number of busy threads in the minute before, and in the last one.
    pub load: [f64; 2],
}

impl Machine {
    /// Looks at the machine. `root` is the repository, `python` the machine's
    /// own, and `before` the load before all began.
    #[must_use]
    pub fn read(root: &Path, python: &Path, before: f64) -> Self {
        let say = |program: &Path, arguments: &[&str]| {
            let output = Command::new(program)
                .args(arguments)
                .current_dir(root)
                .output();
            output.map_or_else(
                |_| "unknown".to_owned(),
                |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
            )
        };
        let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let processor = processors
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1))
            .unwrap_or("unknown");
        Self {
            date: say("date".as_ref(), &["-u", "+%Y-%m-%d"]),
            commit: say("git".as_ref(), &["describe", "--always", "--dirty"]),
            processor: processor.to_owned(),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            kernel: say("uname".as_ref(), &["-r"]),
            python: say(python, &["--version"]),
            rust: say("rustc".as_ref(), &["--version"]),
            wasmtime: wasmtime(root).unwrap_or_else(|_| "unknown".to_owned()),
            load: [before, load()],
        }
    }
}

/// The version that the host library is locked to; the lock file has others.
fn wasmtime(root: &Path) -> Result<String> {
    let lock = fs::read_to_string(root.join("Cargo.lock"))?;
    let at = lock
        .find("name = \"pipeline-host\"\n")
        .context("no pipeline-host")?;
    let version = lock[at..]
        .lines()
        .find_map(|line| line.trim().strip_prefix("\"wasmtime ")?.strip_suffix("\","))
        .context("no version")?;
    Ok(version.to_owned())
}

/// Busy threads in the last minute.
#[must_use]
pub fn load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let first = text.split(' ').next().and_then(|load| load.parse().ok());
    first.unwrap_or(f64::NAN)
}
