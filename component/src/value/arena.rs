//! Dynamic values between the arena of the WIT and the tree of the executor.

use pipeline_codec::types::{self, ValueNode};

use super::{Limit, MAX_NODES, NoForm, Value, digits, enter, from_digits};

/// Builds the tree of an arena.
///
/// # Errors
/// Says which rule of the WIT's `value` the arena breaks.
pub fn lift(value: types::Value) -> Result<Value, String> {
    let types::Value { nodes, root } = value;
    if nodes.len() > MAX_NODES {
        return Err(Limit::Nodes.to_string());
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
        self.left -= 1;
        Ok(match node {
            ValueNode::Null => Value::Null,
            ValueNode::Boolean(value) => Value::Bool(value),
            ValueNode::Integer(value) => Value::Int(value),
            ValueNode::BigInteger(digits) => from_digits(&digits)
                .map_err(|limit| limit.to_string())?
                .map(Value::integer)
                .ok_or_else(|| format!("node {index} of the value is no decimal integer"))?,
            ValueNode::Number(value) => Value::Float(value),
            ValueNode::Text(value) => Value::Text(value),
            ValueNode::Bytes(value) => Value::Bytes(value),
            ValueNode::Integers(values) => {
                inside(depth)?;
                Value::Ints(values)
            }
            ValueNode::Numbers(values) => {
                inside(depth)?;
                Value::Floats(values)
            }
            ValueNode::Items(items) => Value::List(self.take_all(items, depth)?),
            ValueNode::Tuple(items) => Value::Tuple(self.take_all(items, depth)?),
            ValueNode::Fields(fields) => {
                let inside = inside(depth)?;
                let mut map = Vec::with_capacity(fields.len());
                for (name, index) in fields {
                    map.push((name, self.take(index, inside)?));
                }
                Value::Map(map)
            }
            ValueNode::Entries(entries) => {
                let inside = inside(depth)?;
                let mut map = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    let key = self.take(key, inside)?;
                    if !key.is_key() {
                        return Err(no_key(&key));
                    }
                    map.push((key, self.take(value, inside)?));
                }
                Value::Entries(map)
            }
        })
    }

    fn take_all(&mut self, indices: Vec<u32>, depth: usize) -> Result<Vec<Value>, String> {
        let inside = inside(depth)?;
        indices
            .into_iter()
            .map(|index| self.take(index, inside))
            .collect()
    }
}

/// The depth of what is inside a list, tuple or mapping.
fn inside(depth: usize) -> Result<usize, String> {
    enter(depth).map_err(|limit| limit.to_string())
}

fn no_key(key: &Value) -> String {
    format!("{} can't be the key of a mapping", key.kind())
}

/// Lays a tree out as an arena, children before their parents.
///
/// # Errors
/// Where the value holds something that has no place inside a value.
pub fn lower(value: Value) -> Result<types::Value, NoForm> {
    let mut nodes = Vec::new();
    let root = push(&mut nodes, value, 0)?;
    Ok(types::Value { nodes, root })
}

fn push(nodes: &mut Vec<ValueNode>, value: Value, depth: usize) -> Result<u32, NoForm> {
    let node = match value {
        Value::Null => ValueNode::Null,
        Value::Bool(value) => ValueNode::Boolean(value),
        Value::Int(value) => ValueNode::Integer(value),
        Value::BigInt(value) => ValueNode::BigInteger(digits(&value)?),
        Value::Float(value) => ValueNode::Number(value),
        Value::Text(value) => ValueNode::Text(value),
        Value::Bytes(value) => ValueNode::Bytes(value),
        Value::Ints(values) => {
            enter(depth)?;
            ValueNode::Integers(values)
        }
        Value::Floats(values) => {
            enter(depth)?;
            ValueNode::Numbers(values)
        }
        Value::List(items) => ValueNode::Items(push_all(nodes, items, depth)?),
        Value::Tuple(items) => ValueNode::Tuple(push_all(nodes, items, depth)?),
        Value::Map(map) => {
            let inside = enter(depth)?;
            let mut fields = Vec::with_capacity(map.len());
            for (name, value) in map {
                fields.push((name, push(nodes, value, inside)?));
            }
            ValueNode::Fields(fields)
        }
        Value::Entries(map) => {
            let inside = enter(depth)?;
            let mut entries = Vec::with_capacity(map.len());
            for (key, value) in map {
                if !key.is_key() {
                    return Err(NoForm::new(no_key(&key)));
                }
                entries.push((push(nodes, key, inside)?, push(nodes, value, inside)?));
            }
            ValueNode::Entries(entries)
        }
        Value::Media(_) => {
            return Err(NoForm::new(
                "a medium is an item by itself, not a part of one",
            ));
        }
        Value::Object(object) => return push(nodes, object.to_value()?, depth),
    };
    if nodes.len() >= MAX_NODES {
        return Err(Limit::Nodes.into());
    }
    nodes.push(node);
    Ok((nodes.len() - 1) as u32)
}

fn push_all(
    nodes: &mut Vec<ValueNode>,
    items: Vec<Value>,
    depth: usize,
) -> Result<Vec<u32>, NoForm> {
    let inside = enter(depth)?;
    items
        .into_iter()
        .map(|item| push(nodes, item, inside))
        .collect()
}
