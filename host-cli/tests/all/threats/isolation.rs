//! What one run leaves, and the next one looks for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use pipeline_host::{Allocation, Directories, Engine, EngineOptions, Limits, Sandbox, codec};
use rustix::mm::{Advice, madvise};

use crate::program::{Files, dist};

/// Room for pages that are paged out, for as long as it lives.
struct Swap(PathBuf);

impl Swap {
    /// Makes room, where this user may.
    fn make() -> Option<Self> {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("swap");
        let _ = Command::new("swapoff").arg(&path).output();
        let done = |program: &str, arguments: &[&str]| {
            let mut command = Command::new(program);
            command.args(arguments).arg(&path).output()
        };
        let steps: [(&str, &[&str]); 4] = [
            ("fallocate", &["--length", "512M"]),
            ("chmod", &["600"]),
            ("mkswap", &[]),
            ("swapon", &[]),
        ];
        let made = steps.iter().all(|(program, arguments)| {
            done(program, arguments).is_ok_and(|it| it.status.success())
        });
        let swap = Self(path);
        made.then_some(swap)
    }
}

impl Drop for Swap {
    fn drop(&mut self) {
        let _ = Command::new("swapoff").arg(&self.0).output();
        let _ = fs::remove_file(&self.0);
    }
}

/// Asks the system to page out all of this process's larger mappings that can be
/// written.
fn page_out() {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    for line in maps.lines() {
        let mut fields = line.split_ascii_whitespace();
        let (Some(range), Some("rw-p")) = (fields.next(), fields.next()) else {
            continue;
        };
        let (start, end) = range.split_once('-').unwrap();
        let address = |text| usize::from_str_radix(text, 16).unwrap();
        let (start, length) = (address(start), address(end) - address(start));
        if length >= 1 << 20 {
            let start = std::ptr::with_exposed_provenance_mut(start);
            // SAFETY: pages that are paged out hold what they held.
            let _ = unsafe { madvise(start, length, Advice::LinuxPageOut) };
        }
    }
}

/// How much of this process is paged out, in KiB.
fn paged_out() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmSwap"));
    let number = line.and_then(|line| line.split_ascii_whitespace().nth(1));
    number.map_or(0, |number| number.parse().unwrap())
}

const NODES: &str = "
import base64
import random

KEPT = []


class Leave:
    def process(self, secret):
        base64.MAXLINESIZE = 31
        random.seed(7)
        KEPT.append(bytearray(secret.encode() * 200_000))
        Find.found = secret
        return base64.MAXLINESIZE


class Find:
    found = None

    def process(self, secret):
        # What a generator gives first that begins with 7.
        seeded = random.random() == 0.32383276483316237
        return [base64.MAXLINESIZE, len(KEPT), self.found, seeded]
";

/// Runs a node on an item, in a fresh instance; `then` happens before the
/// instance is gone.
fn run(sandbox: &Sandbox, node: &str, then: fn()) -> String {
    let source = format!(r#"{{"version": "v1", "nodes": [{{"id": "n", "node_type": "{node}"}}]}}"#);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut instance = sandbox.instantiate(&Limits::default()).await.unwrap();
        let loaded = instance.load(&source).await.unwrap().expect("a manifest");
        let items = [codec::read_input(br#""secret""#).expect("an item")];
        let ended = instance.execute(&loaded.manifest, Some(&items)).await;
        let outputs = ended.unwrap().map_err(|error| error.message);
        let output = outputs.expect("outputs").into_items().remove(0);
        then();
        codec::item_to_json(&output).expect("JSON")
    })
}

/// The kernel reports a page that was paged out as one that is not present;
/// wasmtime 48's own pool takes such pages for ones that nobody has written.
#[test]
fn what_was_paged_out_does_not_reach_the_next_run() {
    let files = Files::new(&[("tenants.py", NODES)]);
    let allocation = Allocation::Pooled { instances: 1 };
    let engine = Engine::new(&EngineOptions { allocation }).unwrap();
    let dist = dist();
    let component = engine
        .load_installed(&dist.join("pipeline.wasm"), &mut |_| {})
        .unwrap();
    let mut directories = Directories::new(&dist.join("stdlib"), &dist.join("python")).unwrap();
    directories.add_nodes(Path::new(&files.path(""))).unwrap();
    let sandbox = Sandbox::new(&engine, &component, directories).unwrap();

    let nothing: fn() = || {};
    // What the run wrote is out of memory, while its instance lives.
    let live: fn() = || {
        page_out();
        let out = paged_out();
        assert!(out > 1000, "only {out} KiB are paged out");
    };
    let clean = "[76,0,null,false]";
    assert_eq!(run(&sandbox, "tenants:Find", nothing), clean);
    let swap = Swap::make();
    if swap.is_none() {
        eprintln!("no room to page out to could be made here: what stays in memory was tried");
    }
    for round in 0..6 {
        // While the instance lives, when it is gone, or both.
        let during = match (round % 3, &swap) {
            (2, _) => nothing,
            (_, Some(_)) => live,
            (_, None) => page_out,
        };
        assert_eq!(run(&sandbox, "tenants:Leave", during), "31");
        if round % 3 > 0 {
            page_out();
        }
        let found = run(&sandbox, "tenants:Find", nothing);
        assert_eq!(found, clean, "round {round}");
    }
}
