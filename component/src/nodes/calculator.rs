//! `CalculatorNode`: calculates with an operand, or what the item itself says.
//! The Python node of the same name gives the same.

use super::numbers::{Calculation, Number, Operation};
use super::pair;
use super::params::{Params, factory, optional};
use crate::manifest::enumerate;
use crate::node::{Node, NodeError, Outputs};
use crate::registry::{Factory, ParamProblem};
use crate::value::{MAX_DEPTH, Value};

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
    let summary = "Calculates with a number, each number of a list, or what an item of the form \
                   {\"operation\", \"args\"} says; all else stays as it is.";
    factory("CalculatorNode", summary, params, make)
}

fn make(given: &Value) -> Result<Box<dyn Node>, Vec<ParamProblem>> {
    let mut params = Params::new("CalculatorNode", given, &["operation", "operand"]);
    let operation = params.one_of("operation", OPERATIONS);
    let operation = operation.unwrap_or(Operation::Add);
    // Dividing by zero is left to the first number that it happens to: a
    // pipeline that never gets one runs.
    let operand = params.number("operand").unwrap_or(Number::Int(0));
    params.done(Box::new(Calculator {
        calculation: Calculation::new(operation, operand),
        by: by(given),
        config: config(given),
    }))
}

struct Calculator {
    calculation: Calculation,
    /// What results are signed with.
    by: Value,
    /// The params that are not what they are without being given.
    config: Value,
}

fn by(params: &Value) -> Value {
    let name = match params.get("name") {
        Some(Value::Text(name)) if !name.is_empty() => name,
        _ => "CalculatorNode",
    };
    Value::Text(format!("CalculatorNode[{name}]"))
}

fn config(params: &Value) -> Value {
    let Value::Map(fields) = params else {
        return Value::Map(Vec::new());
    };
    let says_something = |name: &str| match params.get(name) {
        Some(Value::Text(text)) => text != "add",
        Some(value) => Number::of(value).is_some_and(|number| !pair::is_zero(&number)),
        None => false,
    };
    let named = ["operation", "operand"].into_iter();
    let named = named.filter(|name| says_something(name));
    let fields = named.filter_map(|name| fields.iter().find(|(field, _)| field == name));
    Value::Map(fields.cloned().collect())
}

impl Node for Calculator {
    fn process(&mut self, item: Value) -> Result<Outputs, NodeError> {
        let result = match item {
            Value::Map(_) if item.get("operands").is_some() && item.get("args").is_none() => {
                in_floats(&item).map_err(NodeError::failed)?
            }
            Value::Map(_) | Value::Entries(_) => self.as_data(item)?,
            item => self.calculation.apply(item).map_err(NodeError::failed)?,
        };
        Ok(Outputs::One(result))
    }
}

impl Calculator {
    /// What an item with `operation` and `args` says, or why it can't be done,
    /// as data.
    fn as_data(&self, item: Value) -> Result<Value, NodeError> {
        let given = match (item.get("operation"), item.get("args")) {
            (Some(operation), Some(args)) => Some((operation.clone(), args.clone())),
            _ => None,
        };
        let Some((operation, args)) = given else {
            // A long row of these nodes must not make a value that nobody can take.
            if item.is_deeper_than(MAX_DEPTH - 1) {
                let message = format!("the item is nested {MAX_DEPTH} levels deep already");
                return Err(NodeError::failed(message));
            }
            let message = "Input must contain 'operation' and 'args' keys";
            return Ok(map([
                ("error", message.into()),
                ("input", item),
                ("processed_by", self.by.clone()),
            ]));
        };
        Ok(match of_args(&operation, &args) {
            Ok(result) => map([
                ("operation", operation),
                ("args", args),
                ("result", result),
                ("processed_by", self.by.clone()),
                ("node_config", self.config.clone()),
            ]),
            Err(message) => map([
                ("error", Value::Text(message)),
                ("operation", operation),
                ("args", args),
                ("processed_by", self.by.clone()),
            ]),
        })
    }
}

fn map<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Map(fields.map(|(name, value)| (name.to_owned(), value)).into())
}

/// The first two of a list, and how many there are.
fn list(value: &Value) -> Option<(usize, Option<(Number, Number)>)> {
    let numbers = |first: Option<&Value>, second: Option<&Value>| {
        Some((Number::of(first?)?, Number::of(second?)?))
    };
    Some(match value {
        Value::List(items) | Value::Tuple(items) => {
            (items.len(), numbers(items.first(), items.get(1)))
        }
        Value::Ints(items) => {
            let pair = items.get(..2);
            let pair = pair.map(|pair| (Number::Int(pair[0]), Number::Int(pair[1])));
            (items.len(), pair)
        }
        Value::Floats(items) => {
            let pair = items.get(..2);
            let pair = pair.map(|pair| (Number::Float(pair[0]), Number::Float(pair[1])));
            (items.len(), pair)
        }
        _ => return None,
    })
}

fn of_args(operation: &Value, args: &Value) -> Result<Value, String> {
    let Value::Text(operation) = operation else {
        return Err("'operation' must be a string".to_owned());
    };
    let (count, numbers) = list(args).ok_or("'args' must be a list")?;
    if count < 2 {
        return Err(format!(
            "Operation '{operation}' requires at least 2 arguments"
        ));
    }
    let Some(calculate) = pair::operation(operation) else {
        return Err(format!("Unknown operation: {operation}"));
    };
    match numbers {
        Some((first, second)) => calculate(&first, &second),
        None => Err(format!("Operation '{operation}' takes numbers")),
    }
}

/// What an item with `operation` and `operands` says: two numbers, in floats.
fn in_floats(item: &Value) -> Result<Value, String> {
    let operation = match item.get("operation") {
        Some(Value::Text(name)) => OPERATIONS.iter().find(|(known, _)| known == name),
        _ => None,
    };
    let Some(&(name, operation)) = operation else {
        let known = enumerate(OPERATIONS.iter().map(|&(known, _)| known));
        return Err(format!(
            "`operation` of an item with `operands` must be one of {known}"
        ));
    };
    let Some((2, Some((first, second)))) = item.get("operands").and_then(list) else {
        return Err("`operands` must be a list of two numbers".to_owned());
    };
    let (Some(first), Some(second)) = (first.to_f64(), second.to_f64()) else {
        return Err(pair::BEYOND.to_owned());
    };
    let result = Calculation::new(operation, Number::Float(second)).float(first)?;
    Ok(map([
        ("result", Value::Float(result)),
        ("operation", name.into()),
    ]))
}
