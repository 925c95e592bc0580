//! Dynamic values between the arena of the WIT and the tree of the executor.

use num_bigint::BigInt;

use super::types::{self, ValueNode};
use crate::value::{MAX_DEPTH, NoForm, Value};

/// Most nodes in one value, so that indices and memory stay bounded.
const MAX_NODES: usize = 1 << 24;

/// Builds the tree of an arena.
///
/// # Errors
/// Says which rule of the WIT's `value` the arena breaks.
pub(super) fn lift(value: types::Value) -> Result<Value, String> {
    let types::Value { nodes, root } = value;
    if nodes.len() > MAX_NODES {
        return Err(format!(
            "the value has {} nodes; at most {MAX_NODES} are allowed",
            nodes.len()
        ));
    }
    let mut arena = Arena {
        left: nodes.len(),
        nodes: nodes.into_iter().map(Some).collect(),
    };
    let value = arena.take(root, 0)?;
    match arena.left {
        0 => Ok(value),
        left => Err(format!(
            "the value has {left} nodes that its root does not reach"
        )),
    }
}

struct Arena {
    /// Nodes that are not yet in the tree.
    nodes: Vec<Option<ValueNode>>,
    left: usize,
}

impl Arena {
    fn take(&mut self, index: u32, depth: usize) -> Result<Value, String> {
        let length = self.nodes.len();
        let Some(slot) = self.nodes.get_mut(index as usize) else {
            return Err(format!(
                "the value names node {index}, but has only {length} nodes"
            ));
        };
        let Some(node) = slot.take() else {
            return Err(format!("node {index} of the value is in it more than once"));
        };
        if depth > MAX_DEPTH {
            return Err(format!(
                "the value is nested deeper than {MAX_DEPTH} levels"
            ));
        }
        self.left -= 1;
        Ok(match node {
            ValueNode::Null => Value::Null,
            ValueNode::Boolean(value) => Value::Bool(value),
            ValueNode::Integer(value) => Value::Int(value),
            ValueNode::BigInteger(digits) => big_integer(&digits)?,
            ValueNode::Number(value) => Value::Float(value),
            ValueNode::Text(value) => Value::Text(value),
            ValueNode::Bytes(value) => Value::Bytes(value),
            ValueNode::Integers(values) => Value::Ints(values),
            ValueNode::Numbers(values) => Value::Floats(values),
            ValueNode::Items(items) => Value::List(self.take_all(items, depth)?),
            ValueNode::Tuple(items) => Value::Tuple(self.take_all(items, depth)?),
            ValueNode::Fields(fields) => {
                let mut map = Vec::with_capacity(fields.len());
                for (name, index) in fields {
                    map.push((name, self.take(index, depth + 1)?));
                }
                Value::Map(map)
            }
            ValueNode::Entries(entries) => {
                let mut map = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    map.push((self.take(key, depth + 1)?, self.take(value, depth + 1)?));
                }
                Value::Entries(map)
            }
        })
    }

    fn take_all(&mut self, indices: Vec<u32>, depth: usize) -> Result<Vec<Value>, String> {
        indices
            .into_iter()
            .map(|index| self.take(index, depth + 1))
            .collect()
    }
}

fn big_integer(digits: &str) -> Result<Value, String> {
    let value: BigInt = digits
        .parse()
        .ok()
        .filter(|_| !digits.starts_with('+') && !digits.contains('_'))
        .ok_or_else(|| format!("{digits:?} is no integer"))?;
    Ok(match i64::try_from(&value) {
        Ok(small) => Value::Int(small),
        Err(_) => Value::BigInt(Box::new(value)),
    })
}

/// Lays a tree out as an arena, children before their parents.
///
/// # Errors
/// Where the value holds something that has no place inside a value.
pub(super) fn lower(value: Value) -> Result<types::Value, NoForm> {
    let mut nodes = Vec::new();
    let root = push(&mut nodes, value, 0)?;
    Ok(types::Value { nodes, root })
}

fn push(nodes: &mut Vec<ValueNode>, value: Value, depth: usize) -> Result<u32, NoForm> {
    let no_form = |message: String| NoForm {
        path: String::new(),
        message,
    };
    if depth > MAX_DEPTH {
        return Err(no_form(format!("nested deeper than {MAX_DEPTH} levels")));
    }
    let node = match value {
        Value::Null => ValueNode::Null,
        Value::Bool(value) => ValueNode::Boolean(value),
        Value::Int(value) => ValueNode::Integer(value),
        Value::BigInt(value) => ValueNode::BigInteger(value.to_string()),
        Value::Float(value) => ValueNode::Number(value),
        Value::Text(value) => ValueNode::Text(value),
        Value::Bytes(value) => ValueNode::Bytes(value),
        Value::Ints(values) => ValueNode::Integers(values),
        Value::Floats(values) => ValueNode::Numbers(values),
        Value::List(items) => ValueNode::Items(push_all(nodes, items, depth)?),
        Value::Tuple(items) => ValueNode::Tuple(push_all(nodes, items, depth)?),
        Value::Map(map) => {
            let mut fields = Vec::with_capacity(map.len());
            for (name, value) in map {
                let index = push(nodes, value, depth + 1)?;
                fields.push((name, index));
            }
            ValueNode::Fields(fields)
        }
        Value::Entries(map) => {
            let mut entries = Vec::with_capacity(map.len());
            for (key, value) in map {
                entries.push((push(nodes, key, depth + 1)?, push(nodes, value, depth + 1)?));
            }
            ValueNode::Entries(entries)
        }
        Value::Media(_) => {
            return Err(no_form(
                "a medium is an item by itself, not a part of one".to_owned(),
            ));
        }
        Value::Object(object) => return push(nodes, object.to_value()?, depth),
    };
    if nodes.len() >= MAX_NODES {
        return Err(no_form(format!(
            "the value has more than {MAX_NODES} nodes"
        )));
    }
    nodes.push(node);
    Ok((nodes.len() - 1) as u32)
}

fn push_all(
    nodes: &mut Vec<ValueNode>,
    items: Vec<Value>,
    depth: usize,
) -> Result<Vec<u32>, NoForm> {
    items
        .into_iter()
        .map(|item| push(nodes, item, depth + 1))
        .collect()
}
