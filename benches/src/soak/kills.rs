//! Programs that are killed while they write: no file is left torn.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde::Serialize;

use crate::Built;
use crate::clients::{Again, Client, JSON, Server, program};
use crate::runs::honest;
use crate::watch::note;

/// What came of the killing.
#[derive(Serialize)]
pub(crate) struct Record {
    /// What was killed, how often, and what it left.
    kinds: BTreeMap<&'static str, Kind>,
}

#[derive(Default, Serialize)]
struct Kind {
    killed: u64,
    /// How often it had ended before.
    ended: u64,
    /// Files that were whole.
    whole: u64,
    /// Files under other names than those of results: a program that is killed
    /// can't remove what it had not yet renamed.
    unfinished: u64,
}

const MANIFEST: &str =
    r#"{"version": "v1", "nodes": [{"id": "n", "node_type": "soak_nodes:Sounds"}]}"#;

/// Kills each kind of program some times.
pub(crate) fn soak(built: &Built, kills: u64, wrong: &mut Vec<String>) -> Result<Record> {
    println!("{kills} programs killed while they write, of each kind");
    let mut kinds = BTreeMap::new();
    kinds.insert("run --output-dir", outputs(built, kills, wrong)?);
    kinds.insert("compile", bytecode(built, kills, wrong)?);
    // These take seconds each.
    kinds.insert(
        "run, compiling into the cache",
        cache(built, kills / 20, wrong)?,
    );
    kinds.insert("serve", servers(built, kills / 10, wrong)?);
    for (name, kind) in &kinds {
        println!(
            "  {name}: {} killed, {} had ended; {} files whole, {} unfinished",
            kind.killed, kind.ended, kind.whole, kind.unfinished
        );
    }
    Ok(Record { kinds })
}

fn outputs(built: &Built, kills: u64, wrong: &mut Vec<String>) -> Result<Kind> {
    let work = tempfile::tempdir()?;
    let manifest = work.path().join("manifest.json");
    fs::write(&manifest, MANIFEST)?;
    let folder = work.path().join("out");
    let command = || {
        let mut command = program(built, "run");
        command.arg(&manifest).arg("--nodes").arg(&built.nodes);
        command.arg("--output-dir").arg(&folder);
        command
    };
    kill_and_compare(command, &folder, kills, wrong)
}

fn bytecode(built: &Built, kills: u64, wrong: &mut Vec<String>) -> Result<Kind> {
    let work = tempfile::tempdir()?;
    for number in 0..20 {
        let text = format!("NUMBER = {number}\n").repeat(500);
        fs::write(work.path().join(format!("module_{number}.py")), text)?;
    }
    let command = || {
        let mut command = program(built, "compile");
        command.arg(work.path());
        command
    };
    kill_and_compare(command, &work.path().join("__pycache__"), kills, wrong)
}

/// Runs a command once to its end; then again and again, each time from an
/// empty folder and killed at some time, and compares what is in the folder.
fn kill_and_compare(
    command: impl Fn() -> Command,
    folder: &Path,
    kills: u64,
    wrong: &mut Vec<String>,
) -> Result<Kind> {
    let start = Instant::now();
    let status = command().status()?;
    ensure!(status.success(), "{:?} fails: {status}", command());
    let took = start.elapsed();
    let reference = files(folder)?;
    ensure!(!reference.is_empty(), "{:?} writes nothing", command());
    let mut kind = Kind::default();
    for _ in 0..kills {
        fs::remove_dir_all(folder)?;
        let mut child = command().spawn()?;
        // Half of them in the last third, where files are written.
        let from = if fastrand::bool() { 0.0 } else { 0.66 };
        thread::sleep(took.mul_f64(from + fastrand::f64() * (1.1 - from)));
        kind.count(child.try_wait()?.is_some());
        child.kill()?;
        child.wait()?;
        if !folder.exists() {
            fs::create_dir_all(folder)?;
        }
        for (name, bytes) in files(folder)? {
            match reference.get(&name) {
                Some(whole) if *whole == bytes => kind.whole += 1,
                Some(whole) => note(
                    wrong,
                    format!("{name} is torn: {} of {} bytes", bytes.len(), whole.len()),
                ),
                None => kind.unfinished += 1,
            }
        }
    }
    Ok(kind)
}

impl Kind {
    fn count(&mut self, ended: bool) {
        match ended {
            true => self.ended += 1,
            false => self.killed += 1,
        }
    }
}

fn files(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let entries =
        fs::read_dir(folder).with_context(|| format!("can't read {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        found.insert(name, fs::read(entry.path())?);
    }
    Ok(found)
}

/// Kills a program that compiles the component into the cache. Whatever is in
/// the cache then, the next one runs.
fn cache(built: &Built, kills: u64, wrong: &mut Vec<String>) -> Result<Kind> {
    let mut kind = Kind::default();
    if kills == 0 {
        return Ok(kind);
    }
    let work = tempfile::tempdir()?;
    let component = work.path().join("copy.wasm");
    fs::copy(built.dist.join("pipeline.wasm"), &component)?;
    let manifest = work.path().join("manifest.json");
    fs::write(&manifest, MANIFEST)?;
    let cache = work.path().join("cache");
    let command = || {
        let mut command = program(built, "run");
        command.arg(&manifest).arg("--nodes").arg(&built.nodes);
        command.arg("--component").arg(&component);
        command.arg("--stdlib").arg(built.dist.join("stdlib"));
        command.arg("--python").arg(built.dist.join("python"));
        command.env("XDG_CACHE_HOME", &cache);
        command
    };
    let start = Instant::now();
    ensure!(command().status()?.success(), "{:?} fails", command());
    let took = start.elapsed();
    for _ in 0..kills {
        fs::remove_dir_all(&cache)?;
        let mut child = command().spawn()?;
        // Mostly at the end, where the file is written.
        thread::sleep(took.mul_f64(0.8 + fastrand::f64() * 0.3));
        kind.count(child.try_wait()?.is_some());
        child.kill()?;
        child.wait()?;
        let status = command().status()?;
        match status.success() {
            true => kind.whole += 1,
            false => note(wrong, format!("after a kill the cache gives {status}")),
        }
    }
    Ok(kind)
}

/// Kills a server under load. The next one finds everything as it should be.
fn servers(built: &Built, kills: u64, wrong: &mut Vec<String>) -> Result<Kind> {
    let work = tempfile::tempdir()?;
    let mut kind = Kind::default();
    let reference = sources(built)?;
    for _ in 0..kills {
        let mut server = Server::start(built, Some(work.path()))?;
        let address = server.address;
        let body = honest_body();
        thread::scope(|scope| -> Result<()> {
            for _ in 0..4 {
                let body = &body;
                scope.spawn(move || {
                    let agent = ureq::Agent::new_with_defaults();
                    let url = format!("http://{address}/v1/execute");
                    while agent
                        .post(&url)
                        .header("content-type", JSON)
                        .send(body)
                        .is_ok()
                    {}
                });
            }
            thread::sleep(Duration::from_millis(fastrand::u64(0..500)));
            server.kill()
        })?;
        kind.killed += 1;
        let server = Server::start(built, Some(work.path()))?;
        let again = Again::default();
        let (status, text) =
            Client::new(server.address, &again).post("/v1/execute", JSON, &honest_body(), false)?;
        if status != 200 || !text.contains(&honest(5)) {
            note(
                wrong,
                format!("after a kill the server answers {status} {text}"),
            );
        }
        match sources(built)? == reference {
            true => kind.whole += 1,
            false => note(wrong, "a server changed the nodes' folder".into()),
        }
    }
    Ok(kind)
}

/// The nodes' files, without what a compiler left beside them.
fn sources(built: &Built) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(&built.nodes)? {
        let path = entry?.path();
        if path.is_file() {
            found.insert(path.display().to_string(), fs::read(&path)?);
        }
    }
    Ok(found)
}

fn honest_body() -> String {
    r#"{"manifest": {"version": "v1", "nodes": [{"id": "n", "node_type": "soak_nodes:Honest"}]}, "inputs": [5]}"#.to_owned()
}
