//! CPython: values and errors across the border, nodes written in Python, and
//! pipelines for programs in Python.
//!
//! In the component CPython is embedded, and its start and surroundings are here
//! too. Natively CPython has loaded this, through an extension module.

mod bridge;
mod convert;
mod errors;
pub mod media;
mod node;
mod object;
pub mod pipelines;
mod provider;
pub mod report;

#[cfg(target_family = "wasm")]
pub(crate) mod baking;
#[cfg(target_family = "wasm")]
pub(crate) mod calls;
#[cfg(target_family = "wasm")]
mod compression;
#[cfg(target_family = "wasm")]
pub(crate) mod interpreter;
#[cfg(target_family = "wasm")]
mod memory;
#[cfg(target_family = "wasm")]
pub(crate) mod observing;
#[cfg(target_family = "wasm")]
mod permissions;
#[cfg(target_family = "wasm")]
pub(crate) mod snapshot;

#[cfg(target_family = "wasm")]
pub(crate) use provider::Provider;

/// Natively Python runs: it called this.
#[cfg(not(target_family = "wasm"))]
mod interpreter {
    #[expect(clippy::unnecessary_wraps, reason = "it can fail in the component")]
    pub(super) fn ensure_up() -> Result<(), String> {
        Ok(())
    }
}
