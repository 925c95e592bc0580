//! What many items take in memory.

#![cfg(target_os = "linux")]

use std::fmt::Write as _;
use std::fs;
use std::io::Read;

use crate::program::{Files, command, end};

const ITEMS: usize = 1_000_000;

/// The most memory that a run took so far, in MiB: up to where it has begun to
/// write its result, which is all there by then.
fn peak(arguments: &[&str]) -> u64 {
    let mut child = command(arguments).spawn().expect("it starts");
    let mut output = child.stdout.take().expect("a pipe");
    let mut first = [0];
    output.read_exact(&mut first).expect("it writes a result");
    let status = fs::read_to_string(format!("/proc/{}/status", child.id()));
    let mut rest = String::new();
    output
        .read_to_string(&mut rest)
        .expect("the result is text");
    assert_eq!(end(&mut child), Some(0));
    assert!(rest.contains(",999998,999999]"), "the last items");
    let status = status.expect("the system says how it is");
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().nth(1));
    let kibibytes: u64 = kibibytes.expect("a line").parse().expect("a number");
    kibibytes / 1024
}

/// A million integers are 8 MB, of which a run holds some copies. As values of
/// their own they would take 800 MB.
#[test]
fn a_million_integers_stay_in_bulk() {
    let mut lines = String::new();
    for number in 0..ITEMS {
        writeln!(lines, "{number}").expect("a string takes it");
    }
    let array = format!("[{}]", lines.trim_end().replace('\n', ","));
    let files = Files::new(&[
        (
            "m.json",
            r#"{"version": "v1", "nodes": [{"id": "n", "node_type": "PassThrough"}]}"#,
        ),
        ("items.json", &array),
        ("items.ndjson", &lines),
    ]);
    let manifest = files.path("m.json");
    for name in ["items.json", "items.ndjson"] {
        let items = files.path(name);
        for jobs in ["1", "2"] {
            let taken = peak(&["run", &manifest, "--input-file", &items, "--jobs", jobs]);
            assert!(taken < 250, "{name}, {jobs} jobs: {taken} MiB");
        }
    }
}
