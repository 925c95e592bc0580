//! Any arena: it is valid exactly where a plain rule says so, and then it goes
//! through JSON unchanged.

#![no_main]

use std::collections::HashSet;

use arbitrary::{Arbitrary, Unstructured};
use libfuzzer_sys::fuzz_target;
use pipeline_fuzz::codec::{MAX_DEPTH, MAX_DIGITS, read_value, validate, value_to_json};
use pipeline_fuzz::types::{Value, ValueNode};
use pipeline_fuzz::value::text_of_arena;

#[derive(Debug, Arbitrary)]
enum Node {
    Null,
    Boolean(bool),
    Integer(i64),
    Digits(bool, u16),
    Strange(String),
    Number(f64),
    Text(String),
    Bytes(Vec<u8>),
    Items(Vec<u8>),
    Tuple(Vec<u8>),
    Fields(Vec<(String, u8)>),
    Entries(Vec<(u8, u8)>),
    Integers(Vec<i64>),
    Numbers(Vec<f64>),
    /// Lists in each other.
    Chain(u8),
}

/// Gives out the indices of children: most of the time those of nodes that
/// nothing names yet, so that many arenas are trees.
struct Indices {
    fresh: u32,
}

impl Indices {
    fn of(&mut self, wish: u8) -> u32 {
        if wish >= 224 {
            return u32::from(wish - 224);
        }
        self.fresh += 1;
        self.fresh - 1
    }

    fn all(&mut self, wishes: &[u8]) -> Vec<u32> {
        wishes.iter().map(|wish| self.of(*wish)).collect()
    }
}

fn arena(data: &[u8]) -> arbitrary::Result<Value> {
    let mut data = Unstructured::new(data);
    let root = u32::from(u8::arbitrary(&mut data)?.saturating_sub(250));
    let is_closed = bool::arbitrary(&mut data)?;
    let plan = Vec::<Node>::arbitrary(&mut data)?;
    let mut indices = Indices { fresh: 1 };
    let mut nodes = Vec::new();
    for node in plan {
        if is_closed && nodes.len() == indices.fresh as usize {
            break;
        }
        let node = match node {
            Node::Null => ValueNode::Null,
            Node::Boolean(value) => ValueNode::Boolean(value),
            Node::Integer(value) => ValueNode::Integer(value),
            Node::Digits(negative, digits) => {
                let sign = if negative { "-" } else { "" };
                ValueNode::BigInteger(format!("{sign}{}", "7".repeat(usize::from(digits))))
            }
            Node::Strange(text) => ValueNode::BigInteger(text),
            Node::Number(value) => ValueNode::Number(value),
            Node::Text(value) => ValueNode::Text(value),
            Node::Bytes(value) => ValueNode::Bytes(value),
            Node::Items(items) => ValueNode::Items(indices.all(&items)),
            Node::Tuple(items) => ValueNode::Tuple(indices.all(&items)),
            Node::Fields(fields) => {
                let mut seen = HashSet::new();
                let fields = fields
                    .into_iter()
                    .filter(|(name, _)| seen.insert(name.clone()));
                ValueNode::Fields(fields.map(|(name, it)| (name, indices.of(it))).collect())
            }
            Node::Entries(entries) => {
                let entries = entries.into_iter();
                ValueNode::Entries(
                    entries
                        .map(|(k, v)| (indices.of(k), indices.of(v)))
                        .collect(),
                )
            }
            Node::Integers(values) => ValueNode::Integers(values),
            Node::Numbers(values) => ValueNode::Numbers(values),
            Node::Chain(length) => {
                for _ in 0..length.min(160) {
                    nodes.push(ValueNode::Items(vec![indices.of(0)]));
                }
                continue;
            }
        };
        nodes.push(node);
    }
    if is_closed {
        // What is named and not there is null.
        nodes.resize(nodes.len().max(indices.fresh as usize), ValueNode::Null);
    }
    Ok(Value { nodes, root })
}

/// How often each node is reached, by a walk without any cleverness; `None`
/// where the value is no tree, too deep, or has a part that can't be.
fn reach(value: &Value, index: u32, depth: usize, is_key: bool, seen: &mut Vec<u32>) -> Option<()> {
    let node = value.nodes.get(index as usize)?;
    if seen.contains(&index) {
        return None;
    }
    seen.push(index);
    let mut children: Vec<(u32, bool)> = Vec::new();
    match node {
        ValueNode::Items(all) => children.extend(all.iter().map(|it| (*it, false))),
        ValueNode::Tuple(all) => children.extend(all.iter().map(|it| (*it, is_key))),
        ValueNode::Fields(all) => children.extend(all.iter().map(|(_, it)| (*it, false))),
        ValueNode::Entries(all) => {
            children.extend(all.iter().flat_map(|(k, v)| [(*k, true), (*v, false)]));
        }
        ValueNode::Integers(_) | ValueNode::Numbers(_) => {}
        ValueNode::BigInteger(text) => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let good = text != "-0"
                && digits.chars().all(|c| c.is_ascii_digit())
                && (digits == "0" || !digits.starts_with('0'))
                && (1..=MAX_DIGITS).contains(&digits.len());
            return good.then_some(());
        }
        _ => return Some(()),
    }
    if depth == MAX_DEPTH || is_key && !matches!(node, ValueNode::Tuple(_)) {
        return None;
    }
    children
        .into_iter()
        .try_for_each(|(child, is_key)| reach(value, child, depth + 1, is_key, seen))
}

fn has_a_key_twice(value: &Value) -> bool {
    value.nodes.iter().any(|node| match node {
        ValueNode::Entries(entries) => {
            let mut seen = HashSet::new();
            let mut keys = entries.iter().map(|(key, _)| &value.nodes[*key as usize]);
            keys.any(|key| matches!(key, ValueNode::Text(name) if !seen.insert(name)))
        }
        _ => false,
    })
}

fuzz_target!(|data: &[u8]| {
    let Ok(value) = arena(data) else { return };
    let mut seen = Vec::new();
    let good =
        reach(&value, value.root, 0, false, &mut seen).is_some() && seen.len() == value.nodes.len();
    assert_eq!(validate(&value).is_ok(), good, "{:?}", validate(&value));
    let json = value_to_json(&value);
    assert_eq!(json.is_ok(), good);
    if let Ok(json) = json {
        // An arena may give a string twice as the key of a mapping; JSON may not.
        let again = match read_value(json.as_bytes()) {
            Ok(again) => again,
            Err(error) => return assert!(has_a_key_twice(&value), "{error}"),
        };
        // Integers of 64 bits may stand as long ones in an arena: their text is the same.
        assert_eq!(text_of_arena(&again), text_of_arena(&value));
    }
});
