//! The pipeline component.
//!
//! `executor` moves [`Value`]s between [`Node`]s and knows neither WIT nor
//! Python, so everything but `exports` and `python` also builds natively.

pub mod node;
pub mod value;

pub use node::{Node, NodeError, Outputs};
pub use value::Value;
