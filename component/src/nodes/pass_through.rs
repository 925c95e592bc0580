//! `PassThrough` and `PassThroughNode`: give every item as it is.

use crate::node::{Node, NodeError, Outputs};
use crate::registry::{Factory, Language, NodeInfo, ParamProblem};
use crate::value::Value;

pub(super) fn factory(name: &str) -> Factory {
    Factory {
        info: NodeInfo {
            node_type: name.to_owned(),
            language: Language::Rust,
            summary: "Gives every item as it is.".to_owned(),
            params: Vec::new(),
            streaming: false,
            source: false,
            unavailable: None,
        },
        make,
    }
}

fn make(_params: &Value) -> Result<Box<dyn Node>, Vec<ParamProblem>> {
    Ok(Box::new(PassThrough))
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
