//! `CalculatorNode`: one of four operations with an operand.

use super::arithmetic;
use super::numbers::{Number, Operation};
use super::params::{Params, factory, optional};
use crate::node::Node;
use crate::registry::{Factory, ParamProblem};
use crate::value::Value;

const OPERATIONS: &[(&str, Operation)] = &[
    ("add", Operation::Add),
    ("subtract", Operation::Subtract),
    ("multiply", Operation::Multiply),
    ("divide", Operation::Divide),
];

pub(super) fn node() -> Factory {
    let params = vec![
        optional(
            "operation",
            "add | subtract | multiply | divide",
            Some("add".into()),
            "What to do with each item and the operand.",
        ),
        optional("operand", "number", Some(0.into()), "The second number."),
    ];
    let summary = "Calculates with a number, or each number of a list; all else stays as it is.";
    factory("CalculatorNode", summary, params, make)
}

fn make(params: &Value) -> Result<Box<dyn Node>, Vec<ParamProblem>> {
    let mut params = Params::new("CalculatorNode", params, &["operation", "operand"]);
    let operation = params.one_of("operation", OPERATIONS);
    // Dividing by zero is left to the first number that it happens to: a
    // pipeline that never gets one runs.
    let operand = params.number("operand").unwrap_or(Number::Int(0));
    params.done(arithmetic::node(
        operation.unwrap_or(Operation::Add),
        operand,
    ))
}
