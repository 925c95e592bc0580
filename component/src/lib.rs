//! The pipeline component.
//!
//! `executor` moves [`Value`]s between [`Node`]s and knows neither WIT nor
//! Python, so everything but `exports` and `python` also builds natively.

mod aliases;
pub mod alloc;
pub mod executor;
pub mod files;
pub mod graph;
pub mod manifest;
pub mod node;
pub mod nodes;
pub mod registry;
pub mod value;

pub use node::{Node, NodeError, Outputs};
pub use value::Value;

#[cfg(target_family = "wasm")]
mod blas;
#[cfg(target_family = "wasm")]
mod exports;
#[cfg(target_family = "wasm")]
mod python;
