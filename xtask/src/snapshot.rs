//! Starts Python in the component once, at build time, and keeps the memory
//! that results.

mod surroundings;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, Store};
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};
use wasmtime_wizer::Wizer;

use self::surroundings::Surroundings;
use crate::dist;
use crate::flatten::{Flat, INITIALIZE};
use crate::stamp::{self, Inputs};

/// What the snapshot is taken by.
const SOURCES: &[&str] = &[
    include_str!("snapshot.rs"),
    include_str!("snapshot/surroundings.rs"),
    include_str!("../../host/src/fixed.rs"),
];

/// Takes the snapshot of a component.
///
/// # Errors
/// Where Python can't start; what it printed is on stderr.
pub(crate) fn take(component: &Path, stdlib: &Path, python: &Path, into: &Path) -> Result<PathBuf> {
    let output = into.join("snapshot.wasm");
    let inputs = Inputs::new("snapshot", SOURCES)
        .file(component)?
        .tree(stdlib)?
        .tree(python)?;
    stamp::unless_done("take the snapshot", inputs, &output, || {
        Ok(fs::write(&output, make(component, stdlib, python)?)?)
    })?;
    Ok(output)
}

/// Takes the snapshot once more, from copies of the directories, and compares
/// the two.
///
/// # Errors
/// Where they differ.
pub(crate) fn again(work: &Path) -> Result<()> {
    let (component, first) = (work.join("flat.wasm"), work.join("snapshot.wasm"));
    let done = work.join("snapshot.again");
    let inputs = Inputs::new("snapshot again", SOURCES)
        .file(&component)?
        .file(&first)?;
    stamp::unless_done("take the snapshot again", inputs, &done, || {
        let copies = tempfile::tempdir()?;
        let (stdlib, python) = (copies.path().join("stdlib"), copies.path().join("python"));
        dist::copy_tree(&work.join("stdlib"), &stdlib)?;
        dist::copy_tree(&work.join("python"), &python)?;
        let (first, second) = (fs::read(&first)?, make(&component, &stdlib, &python)?);
        if first != second {
            let differ = first.iter().zip(&second).filter(|(a, b)| a != b).count();
            bail!(
                "two snapshots differ: {} and {} bytes, {differ} of them not the same",
                first.len(),
                second.len()
            );
        }
        Ok(fs::write(&done, "")?)
    })
}

/// The snapshot of a component, which has started and needs no more of it.
fn make(component: &Path, stdlib: &Path, python: &Path) -> Result<Vec<u8>> {
    let wasm = fs::read(component)?;
    let snapshot = run(&wasm, stdlib, python)?;
    // Only now: Wizer would take the export out of the module alone, and
    // leave a component that looks for it.
    let flat = Flat::new(&wasm)?.snapshot(&snapshot)?.without(INITIALIZE)?;
    flat.encode()
}

/// Starts Python in a component; gives the component with the memory that results.
///
/// # Errors
/// Where Python can't start; what it printed is on stderr.
pub(crate) fn run(wasm: &[u8], stdlib: &Path, python: &Path) -> Result<Vec<u8>> {
    let engine = Engine::new(&Config::new())?;
    let mut wasi = WasiCtxBuilder::new();
    wasi.inherit_stdout()
        .inherit_stderr()
        .preopened_dir(stdlib, "/stdlib", FsPerms::ReadOnly)?
        .preopened_dir(python, "/python", FsPerms::ReadOnly)?;
    let mut store = Store::new(&engine, Surroundings::new(&mut wasi));
    let mut wizer = Wizer::new();
    wizer.init_func(INITIALIZE).keep_init_func(true);
    let instantiate = async |store: &mut Store<Surroundings>, component: &Component| {
        let mut linker = Linker::new(store.engine());
        surroundings::link(&mut linker)?;
        linker.instantiate_async(store, component).await
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (snapshot, _) = runtime
        .block_on(wizer.run_component(&mut store, wasm, instantiate))
        .map_err(anyhow::Error::from)
        .context("Python could not be started in the component")?;
    Ok(snapshot)
}
