//! `PassThrough` and `PassThroughNode`: give every item as it is.

use super::params::{Params, factory};
use crate::node::{Node, NodeError, Outputs};
use crate::registry::Factory;
use crate::value::Value;

pub(super) fn factories() -> [Factory; 2] {
    const SUMMARY: &str = "Gives every item as it is.";
    [
        factory("PassThrough", SUMMARY, Vec::new(), |params| {
            Params::new("PassThrough", params, &[]).done(Box::new(PassThrough))
        }),
        factory("PassThroughNode", SUMMARY, Vec::new(), |params| {
            Params::new("PassThroughNode", params, &[]).done(Box::new(PassThrough))
        }),
    ]
}

struct PassThrough;

impl Node for PassThrough {
    fn process(&mut self, item: Value) -> Result<Outputs, NodeError> {
        Ok(Outputs::One(item))
    }

    fn takes_objects(&self) -> bool {
        // It never looks at them.
        true
    }
}
