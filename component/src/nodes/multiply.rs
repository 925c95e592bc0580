//! `MultiplyNode`: multiplies numbers.

use super::arithmetic;
use super::numbers::{Number, Operation};
use super::params::{Params, factory, optional};
use crate::node::Node;
use crate::registry::{Factory, ParamProblem};
use crate::value::Value;

pub(super) fn node() -> Factory {
    let params = vec![
        optional("factor", "number", Some(2.0.into()), "What to multiply by."),
        optional("multiplier", "number", None, "Another name for `factor`."),
    ];
    let summary = "Multiplies a number, or each number of a list; all else stays as it is.";
    factory("MultiplyNode", summary, params, make)
}

fn make(params: &Value) -> Result<Box<dyn Node>, Vec<ParamProblem>> {
    let mut params = Params::new("MultiplyNode", params, &["factor", "multiplier"]);
    let factor = params.number("factor");
    let multiplier = params.number("multiplier");
    if params.has("factor") && params.has("multiplier") {
        let message = "`factor` and `multiplier` are the same parameter: give one";
        params.problem("multiplier", message, None);
    }
    let factor = factor.or(multiplier).unwrap_or(Number::Float(2.0));
    params.done(arithmetic::node(Operation::Multiply, factor))
}
