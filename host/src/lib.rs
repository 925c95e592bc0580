//! Runs media and data pipelines in a sandboxed WebAssembly component.
//!
//! The component holds all of the logic: it reads manifests, checks them and
//! runs them, and CPython lives in it. This crate is one host of it: it loads
//! the component quickly, gives each run a fresh sandbox that sees nothing but
//! what Python needs, bounds what the run can use up, and turns typed values
//! into JSON and back.
//!
//! ```no_run
//! use pipeline_host::{Directories, Engine, Limits, Sandbox, codec};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = Engine::new(&Default::default())?;
//! let component = engine.load("pipeline.wasm".as_ref(), &mut |_| {})?;
//! let directories = Directories::new("stdlib".as_ref(), "python".as_ref())?;
//! let sandbox = Sandbox::new(&engine, &component, directories)?;
//!
//! let mut instance = sandbox.instantiate(&Limits::default()).await?;
//! let source = std::fs::read_to_string("manifest.json")?;
//! let loaded = instance.load(&source).await?.map_err(|_| "no manifest that can run")?;
//! let items = [codec::read_input(b"5")?];
//! match instance.execute(&loaded.manifest, Some(&items)).await? {
//!     Ok(run) => println!("{} sinks gave outputs", run.outputs.len()),
//!     Err(error) => eprintln!("{}", error.message),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! An [`Engine`] and a [`Sandbox`] are made once and shared between threads;
//! [`Sandbox::instantiate`] gives an [`Instance`] that nothing else can reach, and
//! [`Workers`] run pipelines on many threads, a fresh instance for each run.

#[cfg(not(unix))]
compile_error!(
    "pipeline-host relies on what Unix says of files: it is for Linux, and compiles for macOS"
);

#[cfg(feature = "audio")]
pub mod audio;
pub mod bake;
mod bindings;
mod bounds;
pub mod bytecode;
mod cache;
mod compiled;
mod directories;
mod engine;
pub mod error;
pub mod events;
pub mod files;
pub mod fixed;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "images")]
pub mod images;
mod instance;
mod limits;
mod loader;
mod log;
#[cfg(feature = "media")]
pub mod media;
#[cfg_attr(not(target_os = "linux"), path = "memory_elsewhere.rs")]
mod memory;
#[cfg(feature = "npy")]
pub mod npy;
mod open_files;
#[cfg(feature = "media")]
pub mod pictures;
pub mod stderr;
mod streaming;
pub mod terminal;
mod threads;
mod trust;
mod watchdog;
#[cfg(feature = "wav")]
pub mod wav;
mod workers;

pub use bounds::{Interrupt, InterruptGuard};
pub use cache::directory as cache_directory;
pub use compiled::Component;
pub use directories::Directories;
pub use engine::{Allocation, Engine, EngineOptions, precompile};
pub use error::Error;
pub use instance::{Instance, Sandbox, Session};
pub use limits::{LimitError, Limits};
pub use loader::LoadEvent;
pub use log::Prints;
pub use pipeline_codec as codec;
pub use pipeline_codec::{manifests, types};
pub use streaming::Inputs;
pub use threads::on_a_thread;
pub use workers::{Started, Workers};
