//! Values of the host's kind and of the component's, as one text each.

use pipeline_component::value::Value;

use crate::types::{self, ValueNode};

/// One text for all component values that are equal: bulk lists are lists, and
/// every float shows its bits.
pub fn text_of(value: &Value) -> String {
    let all = |items: &[Value]| items.iter().map(text_of).collect::<Vec<_>>().join(",");
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::BigInt(value) => value.to_string(),
        Value::Float(value) => float(*value),
        Value::Text(value) => format!("{value:?}"),
        Value::Bytes(value) => format!("b{value:?}"),
        Value::List(items) => format!("[{}]", all(items)),
        Value::Ints(items) => list(items.iter().map(i64::to_string)),
        Value::Floats(items) => list(items.iter().copied().map(float)),
        Value::Tuple(items) => format!("({})", all(items)),
        Value::Map(fields) => {
            let fields = fields.iter();
            let fields = fields.map(|(name, value)| format!("{name:?}:{}", text_of(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        Value::Entries(entries) => mapping(
            entries
                .iter()
                .map(|(key, value)| (matches!(key, Value::Text(_)), text_of(key), text_of(value))),
        ),
        other => format!("{other:?}"),
    }
}

/// The same for a value of the host's, whose arena is a tree.
pub fn text_of_arena(value: &types::Value) -> String {
    text_of_node(value, value.root)
}

fn text_of_node(value: &types::Value, index: u32) -> String {
    let all = |items: &[u32]| {
        let items = items.iter().map(|item| text_of_node(value, *item));
        items.collect::<Vec<_>>().join(",")
    };
    match &value.nodes[index as usize] {
        ValueNode::Null => "null".to_owned(),
        ValueNode::Boolean(value) => value.to_string(),
        ValueNode::Integer(value) => value.to_string(),
        ValueNode::BigInteger(digits) => digits.clone(),
        ValueNode::Number(value) => float(*value),
        ValueNode::Text(value) => format!("{value:?}"),
        ValueNode::Bytes(value) => format!("b{value:?}"),
        ValueNode::Items(items) => format!("[{}]", all(items)),
        ValueNode::Integers(items) => list(items.iter().map(i64::to_string)),
        ValueNode::Numbers(items) => list(items.iter().copied().map(float)),
        ValueNode::Tuple(items) => format!("({})", all(items)),
        ValueNode::Fields(fields) => {
            let fields = fields.iter();
            let fields = fields.map(|(name, it)| format!("{name:?}:{}", text_of_node(value, *it)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        ValueNode::Entries(entries) => mapping(entries.iter().map(|(key, it)| {
            let is_text = matches!(value.nodes[*key as usize], ValueNode::Text(_));
            (is_text, text_of_node(value, *key), text_of_node(value, *it))
        })),
    }
}

/// A mapping from anything; where all keys are strings it is an object.
fn mapping(entries: impl Iterator<Item = (bool, String, String)>) -> String {
    let entries: Vec<_> = entries.collect();
    let plain = entries.iter().all(|(is_text, ..)| *is_text);
    let pairs = entries
        .iter()
        .map(|(_, key, value)| format!("{key}:{value}"));
    let pairs = pairs.collect::<Vec<_>>().join(",");
    match plain {
        true => format!("{{{pairs}}}"),
        false => format!("<{pairs}>"),
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

fn float(value: f64) -> String {
    match value.is_nan() {
        true => "nan".to_owned(),
        false => format!("f{:016x}", value.to_bits()),
    }
}
