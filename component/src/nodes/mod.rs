//! Node types written in Rust.

mod pass_through;

use crate::registry::Factory;

/// All of them.
#[must_use]
pub fn factories() -> Vec<Factory> {
    vec![
        pass_through::factory("PassThrough"),
        pass_through::factory("PassThroughNode"),
    ]
}
