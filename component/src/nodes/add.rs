//! `AddNode`: adds to numbers.

use super::arithmetic;
use super::numbers::{Number, Operation};
use super::params::{Params, factory, optional};
use crate::node::Node;
use crate::registry::{Factory, ParamProblem};
use crate::value::Value;

pub(super) fn node() -> Factory {
    let params = vec![optional(
        "addend",
        "number",
        Some(0.0.into()),
        "What to add.",
    )];
    let summary = "Adds to a number, or to each number of a list; all else stays as it is.";
    factory("AddNode", summary, params, make)
}

fn make(params: &Value) -> Result<Box<dyn Node>, Vec<ParamProblem>> {
    let mut params = Params::new("AddNode", params, &["addend"]);
    let addend = params.number("addend").unwrap_or(Number::Float(0.0));
    params.done(arithmetic::node(Operation::Add, addend))
}
