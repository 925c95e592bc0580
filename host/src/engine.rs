//! The engine: how components are compiled, and where instances get their
//! memory from.

use std::path::Path;
use std::sync::Arc;

use wasmtime::Config;

use crate::bounds::Interrupt;
use crate::compiled::Component;
use crate::error::Error;
use crate::loader::{self, Code, LoadEvent};
#[cfg(target_os = "linux")]
use crate::memory;
use crate::watchdog::Watchdog;

/// Stack for WebAssembly. Python's own limit, which is on the part of its stack
/// that lies in linear memory, must be met before this is used up: a program
/// that recurses too deeply gets a `RecursionError` then. Only what is used is
/// ever backed by memory.
const WASM_STACK: usize = 64 << 20;

/// Stack of a fiber: WebAssembly's, and some for the host's functions.
const FIBER_STACK: usize = WASM_STACK + (2 << 20);

/// Where instances get their memory from. Compiled components don't depend on
/// it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Allocation {
    /// Mapped for each instance and unmapped after it: nothing is reserved in
    /// advance. Right for a process that runs one pipeline.
    #[default]
    OnDemand,
    /// Kept and reset between instances, on Linux. Right for a process that runs
    /// many.
    Pooled {
        /// How many memories are kept when the instances that used them are
        /// gone: as many as live at the same time.
        instances: u32,
    },
}

/// How an [`Engine`] is made.
#[derive(Clone, Debug, Default)]
pub struct EngineOptions {
    /// Where instances get their memory from.
    pub allocation: Allocation,
}

/// Compiles and loads components. Cheap to clone; clones are the same engine.
#[derive(Clone)]
pub struct Engine {
    inner: wasmtime::Engine,
    watchdog: Arc<Watchdog>,
}

impl Engine {
    /// Makes an engine.
    ///
    /// # Errors
    /// Where the machine can't run it, for example because the address space
    /// for the pool can't be reserved.
    pub fn new(options: &EngineOptions) -> Result<Self, Error> {
        let mut config = config();
        #[cfg(target_os = "linux")]
        {
            let kept = match options.allocation {
                Allocation::OnDemand => 0,
                Allocation::Pooled { instances } => instances as usize,
            };
            config
                .with_host_memory(memory::Memories::new(kept))
                .with_host_stack(memory::Stacks::new(kept));
        }
        let inner = start(&config)?;
        let watchdog = Arc::new(Watchdog::new());
        Ok(Self { inner, watchdog })
    }

    /// Loads the component in a file.
    ///
    /// A `.wasm` file is compiled unless the same content was compiled before:
    /// compiled code is kept in the user's cache directory and mapped from there.
    /// A `.cwasm` file is mapped as it is, if it is one that this library made
    /// and that nobody but this user or the system could have written.
    ///
    /// `events` is told what takes time and what was refused.
    ///
    /// # Errors
    /// Says what is wrong with the file.
    pub fn load(&self, path: &Path, events: &mut dyn FnMut(LoadEvent)) -> Result<Component, Error> {
        loader::load(&self.inner, path, Code::Cached, events)
    }

    /// Loads a component that came with the program, from whom compiled code
    /// beside it, as `.cwasm`, came as well: that is mapped where it was compiled
    /// from this component. Otherwise as [`Engine::load`].
    ///
    /// # Errors
    /// Says what is wrong with the file.
    pub fn load_installed(
        &self,
        path: &Path,
        events: &mut dyn FnMut(LoadEvent),
    ) -> Result<Component, Error> {
        loader::load(&self.inner, path, Code::Sibling, events)
    }

    /// Loads a component that [`bake`](crate::bake) made of `installed`, which came
    /// with the program: code that lies beside that one is used, since the two
    /// differ only in what their memories hold at first. Where they differ in
    /// more, as [`Engine::load`].
    ///
    /// # Errors
    /// Says what is wrong with the file.
    pub fn load_baked(
        &self,
        path: &Path,
        installed: &Path,
        events: &mut dyn FnMut(LoadEvent),
    ) -> Result<Component, Error> {
        loader::load(&self.inner, path, Code::Of(installed), events)
    }

    /// The same of a component that is in memory; `path` is what messages call it.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn load_baked_bytes(
        &self,
        path: &Path,
        wasm: &[u8],
        installed: &Path,
        events: &mut dyn FnMut(LoadEvent),
    ) -> Result<Component, Error> {
        loader::load_bytes(&self.inner, path, wasm, Code::Of(installed), events)
    }

    /// A handle that stops runs from elsewhere; see [`crate::Limits`].
    #[must_use]
    pub fn interrupt(&self) -> Interrupt {
        Interrupt::new()
    }

    /// Wasmtime's own engine, for what this library does not cover.
    #[must_use]
    pub fn wasmtime(&self) -> &wasmtime::Engine {
        &self.inner
    }

    pub(crate) fn watchdog(&self) -> &Arc<Watchdog> {
        &self.watchdog
    }
}

/// Compiles a component ahead of time, for any engine of this version on a
/// processor like this one: gives the content of a `.cwasm` file.
///
/// # Errors
/// Where the bytes are no valid component.
pub fn precompile(wasm: &[u8]) -> Result<Vec<u8>, Error> {
    let engine = start(&config())?;
    loader::compile(&engine, wasm, "the component")
}

fn start(config: &Config) -> Result<wasmtime::Engine, Error> {
    wasmtime::Engine::new(config).map_err(|error| Error::Engine {
        source: error.into(),
    })
}

/// Everything that compiled code depends on is set here, so that all engines
/// can run what one of them compiled.
fn config() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        // Checks of our own cost less, where `crate::memory` has them.
        .epoch_interruption(cfg!(not(target_os = "linux")))
        // `crate::memory` does it, elsewhere wasmtime.
        .memory_init_cow(cfg!(not(target_os = "linux")))
        .parallel_compilation(true)
        // Panics don't unwind through guest code, so the system's unwinder
        // need not know it; registering it costs time at each load.
        .native_unwind_info(false)
        .max_wasm_stack(WASM_STACK)
        .async_stack_size(FIBER_STACK);
    config
}
