//! `Echo`: gives every item with its number.

use super::params::{Params, factory};
use crate::node::{Node, NodeError, Outputs};
use crate::registry::Factory;
use crate::value::{MAX_DEPTH, Value};

pub(super) fn node() -> Factory {
    let summary = "Gives {\"input\": item, \"counter\": its number from 1, \"node\": \"Echo\"}.";
    factory("Echo", summary, Vec::new(), |params| {
        Params::new("Echo", params, &[]).done(Box::new(Echo { counter: 0 }))
    })
}

struct Echo {
    counter: i64,
}

impl Node for Echo {
    fn process(&mut self, item: Value) -> Result<Outputs, NodeError> {
        if let Value::Media(medium) = &item {
            let message = format!("{} can't be a part of another item", medium.kind());
            return Err(NodeError::failed(message));
        }
        // A long row of these nodes must not make a value that nobody can take.
        if item.is_deeper_than(MAX_DEPTH - 1) {
            let message = format!("the item is nested {MAX_DEPTH} levels deep already");
            return Err(NodeError::failed(message));
        }
        self.counter += 1;
        Ok(Outputs::One(Value::Map(vec![
            ("input".to_owned(), item),
            ("counter".to_owned(), Value::Int(self.counter)),
            ("node".to_owned(), "Echo".into()),
        ])))
    }
}
