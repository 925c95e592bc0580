//! The engine: how components are compiled, and where instances get their
//! memory from.

use std::path::Path;
use std::sync::Arc;

use thiserror::Error;
use wasmtime::component::Component;
use wasmtime::{Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::bounds::Interrupt;
use crate::loader::{self, LoadError, LoadEvent};
use crate::watchdog::Watchdog;

/// Largest memory image that is mapped copy-on-write although parts of it are
/// empty. Beyond wasmtime's own 16 MiB it would be copied, at each
/// instantiation.
const DENSE_IMAGE: u64 = 128 << 20;

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
    /// Slots that are reserved once and reset between instances. Right for a
    /// process that runs many.
    Pooled {
        /// How many instances can live at the same time.
        instances: u32,
    },
}

/// How an [`Engine`] is made.
#[derive(Clone, Debug, Default)]
pub struct EngineOptions {
    /// Where instances get their memory from.
    pub allocation: Allocation,
}

/// The engine could not be made.
#[derive(Debug, Error)]
#[error("the WebAssembly engine can't start: {0}")]
pub struct EngineError(String);

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
    pub fn new(options: &EngineOptions) -> Result<Self, EngineError> {
        let mut config = config();
        if let Allocation::Pooled { instances } = options.allocation {
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(instances)));
        }
        let inner =
            wasmtime::Engine::new(&config).map_err(|error| EngineError(format!("{error:#}")))?;
        let watchdog = Arc::new(Watchdog::new(inner.clone()));
        Ok(Self { inner, watchdog })
    }

    /// Loads the component in a file.
    ///
    /// A `.wasm` file is compiled unless that was done before: compiled code is
    /// looked for beside it, as `.cwasm`, and in the user's cache directory,
    /// and is mapped from there. What was compiled is kept in the cache. A
    /// `.cwasm` file is mapped as it is.
    ///
    /// `events` is told what takes time and what was refused.
    ///
    /// # Errors
    /// Says what is wrong with the file.
    pub fn load(
        &self,
        path: &Path,
        events: &mut dyn FnMut(LoadEvent),
    ) -> Result<Component, LoadError> {
        loader::load(&self.inner, path, events)
    }

    /// A handle that stops runs from elsewhere; see [`crate::Limits`].
    #[must_use]
    pub fn interrupt(&self) -> Interrupt {
        Interrupt::new(self.inner.clone())
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
/// processor like this one.
///
/// # Errors
/// Where the bytes are no valid component.
pub fn precompile(wasm: &[u8]) -> Result<Vec<u8>, LoadError> {
    let engine = wasmtime::Engine::new(&config())
        .map_err(|error| LoadError::Engine(format!("{error:#}")))?;
    loader::compile(&engine, wasm, "the component")
}

/// Everything that compiled code depends on is set here, so that all engines
/// can run what one of them compiled.
fn config() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .epoch_interruption(true)
        .memory_init_cow(true)
        .memory_guaranteed_dense_image_size(DENSE_IMAGE)
        .parallel_compilation(true)
        // Panics don't unwind through guest code, so the system's unwinder
        // need not know it; registering it costs time at each load.
        .native_unwind_info(cfg!(windows))
        .max_wasm_stack(WASM_STACK)
        .async_stack_size(FIBER_STACK);
    config
}

fn pool(instances: u32) -> PoolingAllocationConfig {
    // A component that was not merged into one module has about a dozen, which
    // share one memory and one table.
    const MODULES: u32 = 20;
    // The component for HTTP is two components, each with a memory of its own.
    const MEMORIES: u32 = 2;
    const TABLES: u32 = 4;
    let instances = instances.max(1);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .max_component_instance_size(4 << 20)
        .total_core_instances(instances.saturating_mul(MODULES))
        .max_core_instances_per_component(MODULES)
        .max_core_instance_size(1 << 20)
        .total_memories(instances.saturating_mul(MEMORIES))
        .max_memories_per_component(MEMORIES)
        .total_tables(instances.saturating_mul(TABLES))
        .max_tables_per_component(TABLES)
        .table_elements(40_000)
        .total_stacks(instances)
        .total_gc_heaps(0)
        .linear_memory_keep_resident(16 << 20)
        .table_keep_resident(1 << 20)
        .pagemap_scan(Enabled::Auto);
    pool
}
