//! What a process holds: whether it is the same in the middle and at the end.

use std::fs;
use std::time::Instant;

use anyhow::{Context as _, Result};
use serde::Serialize;

/// What a process holds at some time.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Sample {
    /// Runs or requests done by then.
    pub(crate) done: u64,
    pub(crate) seconds: f64,
    /// Memory that is resident, in KiB.
    pub(crate) memory: u64,
    /// Memory that is no file's, in KiB: what is allocated.
    pub(crate) anonymous: u64,
    pub(crate) descriptors: u64,
    pub(crate) threads: u64,
}

/// Watches a process.
pub(crate) struct Watch {
    process: String,
    start: Instant,
    pub(crate) samples: Vec<Sample>,
}

impl Watch {
    /// Watches this process, or another one.
    pub(crate) fn new(process: Option<u32>) -> Self {
        Self {
            process: process.map_or_else(|| "self".to_owned(), |id| id.to_string()),
            start: Instant::now(),
            samples: Vec::new(),
        }
    }

    /// Looks, and keeps what is seen.
    pub(crate) fn look(&mut self, done: u64) -> Result<Sample> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process))
            .context("needs Linux, and the process")?;
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse().ok()
        };
        let sample = Sample {
            done,
            seconds: self.start.elapsed().as_secs_f64(),
            memory: number("VmRSS:").context("no VmRSS")?,
            anonymous: number("RssAnon:").context("no RssAnon")?,
            descriptors: self.descriptors()?,
            threads: number("Threads:").context("no Threads")?,
        };
        self.samples.push(sample);
        Ok(sample)
    }

    /// How many descriptors are open.
    pub(crate) fn descriptors(&self) -> Result<u64> {
        let open = fs::read_dir(format!("/proc/{}/fd", self.process))?;
        Ok(open.count() as u64)
    }

    /// Compares the last fifth of the samples with each but the first before it, by
    /// their medians. Memory may differ by what allocators keep, the others by what
    /// clients happen to hold.
    pub(crate) fn flat(&self, what: &str, wrong: &mut Vec<String>) {
        const MEMORY: u64 = 8 << 10;
        const COUNT: u64 = 16;
        let samples = &self.samples;
        let fifth = samples.len() / 5;
        if fifth == 0 {
            return;
        }
        let (before, end) = samples.split_at(samples.len() - fifth);
        let mut compare = |name: &str, slack: u64, of: fn(&Sample) -> u64| {
            // What is under way comes and goes: only what was never there is growth.
            let before = before[fifth..]
                .chunks_exact(fifth)
                .map(|part| median(part, of));
            let (before, after) = (before.max().unwrap_or_default(), median(end, of));
            if after > before + before / 20 + slack {
                wrong.push(format!(
                    "{what}: {name} grew from at most {before} to {after} at the end"
                ));
            }
        };
        compare("memory in KiB", MEMORY, |sample| sample.memory);
        compare("allocated memory in KiB", MEMORY, |sample| sample.anonymous);
        compare("open descriptors", COUNT, |sample| sample.descriptors);
        compare("threads", COUNT, |sample| sample.threads);
    }
}

fn median(samples: &[Sample], of: fn(&Sample) -> u64) -> u64 {
    let mut values: Vec<_> = samples.iter().map(of).collect();
    values.sort_unstable();
    values[values.len() / 2]
}

/// Notes what is wrong, but not everything of it.
pub(crate) fn note(wrong: &mut Vec<String>, line: String) {
    const MOST: usize = 50;
    if wrong.len() < MOST {
        println!("  wrong: {line}");
        wrong.push(line);
    }
}
