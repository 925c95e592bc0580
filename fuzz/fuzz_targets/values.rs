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
    /// The next node in a list, the one after that in another, and so on.
    Chain(u8),
}

fn arena(data: &[u8]) -> arbitrary::Result<Value> {
    let mut data = Unstructured::new(data);
    let root = u8::arbitrary(&mut data)?;
    let plan = Vec::<Node>::arbitrary(&mut data)?;
    let indices = |all: Vec<u8>| all.into_iter().map(u32::from).collect();
    let mut nodes = Vec::new();
    for node in plan {
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
            Node::Items(items) => ValueNode::Items(indices(items)),
            Node::Tuple(items) => ValueNode::Tuple(indices(items)),
            Node::Fields(fields) => {
                let mut seen = HashSet::new();
                let fields = fields.into_iter().filter(|(name, _)| seen.insert(name.clone()));
                ValueNode::Fields(fields.map(|(name, it)| (name, it.into())).collect())
            }
            Node::Entries(entries) => {
                let entries = entries.into_iter();
                ValueNode::Entries(entries.map(|(k, v)| (k.into(), v.into())).collect())
            }
            Node::Integers(values) => ValueNode::Integers(values),
            Node::Numbers(values) => ValueNode::Numbers(values),
            Node::Chain(length) => {
                for _ in 0..length {
                    let next = nodes.len() as u32 + 1;
                    nodes.push(ValueNode::Items(vec![next]));
                }
                continue;
            }
        };
        nodes.push(node);
    }
    Ok(Value {
        nodes,
        root: root.into(),
    })
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
            let good = digits.chars().all(|c| c.is_ascii_digit())
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

fuzz_target!(|data: &[u8]| {
    let Ok(value) = arena(data) else { return };
    let mut seen = Vec::new();
    let good = reach(&value, value.root, 0, false, &mut seen).is_some()
        && seen.len() == value.nodes.len();
    assert_eq!(validate(&value).is_ok(), good, "{:?}", validate(&value));
    let json = value_to_json(&value);
    assert_eq!(json.is_ok(), good);
    if let Ok(json) = json {
        let again = read_value(json.as_bytes()).expect("what was written");
        // Integers of 64 bits may stand as long ones in an arena.
        assert_eq!(text_of_arena(&again), text_of_arena(&value));
    }
});
