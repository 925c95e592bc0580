//! The pipeline component.
//!
//! `executor` moves [`Value`]s between [`Node`]s and knows neither WIT nor
//! Python, so everything but `exports` also builds natively; `python` does with
//! the feature of that name, over the CPython that loads it.

mod aliases;
pub mod alloc;
pub mod executor;
pub mod files;
pub mod graph;
pub mod manifest;
pub mod node;
pub mod nodes;
pub mod observed;
pub mod registry;
pub mod value;

pub use node::{Node, NodeError, Outputs};
pub use value::Value;

#[cfg(target_family = "wasm")]
mod blas;
#[cfg(target_family = "wasm")]
mod exports;
#[cfg(any(target_family = "wasm", feature = "python"))]
pub mod python;
