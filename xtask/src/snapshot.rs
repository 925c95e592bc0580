//! Starts Python in the component once, at build time, and keeps the memory
//! that results.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Config, Engine, Store};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wizer::Wizer;

use crate::flatten::{Flat, INITIALIZE};
use crate::stamp::{self, Inputs};

struct Host {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for Host {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

/// Takes the snapshot of a component.
///
/// # Errors
/// Where Python can't start; what it printed is on stderr.
pub(crate) fn take(component: &Path, stdlib: &Path, python: &Path, into: &Path) -> Result<PathBuf> {
    let output = into.join("snapshot.wasm");
    let inputs = Inputs::new("snapshot", 9)
        .file(component)?
        .tree(stdlib)?
        .tree(python)?;
    stamp::unless_done("take the snapshot", inputs, &output, || {
        let wasm = fs::read(component)?;
        let engine = Engine::new(&Config::new())?;
        let wasi = WasiCtxBuilder::new()
            .inherit_stdout()
            .inherit_stderr()
            .preopened_dir(stdlib, "/stdlib", FsPerms::ReadOnly)?
            .preopened_dir(python, "/python", FsPerms::ReadOnly)?
            .build();
        let mut store = Store::new(
            &engine,
            Host {
                wasi,
                table: ResourceTable::new(),
            },
        );
        let mut wizer = Wizer::new();
        wizer.init_func(INITIALIZE).keep_init_func(true);
        let instantiate = async |store: &mut Store<Host>, component: &Component| {
            let mut linker = Linker::new(store.engine());
            wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
            linker.instantiate_async(store, component).await
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (snapshot, _) = runtime
            .block_on(wizer.run_component(&mut store, &wasm, instantiate))
            .map_err(anyhow::Error::from)
            .context("Python could not be started in the component")?;
        // Only now: Wizer would take the export out of the module alone, and
        // leave a component that looks for it.
        let flat = Flat::new(&wasm)?.snapshot(&snapshot)?.without(INITIALIZE)?;
        fs::write(&output, flat.encode()?)?;
        Ok(())
    })?;
    Ok(output)
}
