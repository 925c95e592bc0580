//! Checks that an arena is a tree.

use thiserror::Error;

use crate::types::{Value, ValueNode};

/// Deepest nesting of a value.
pub const MAX_DEPTH: usize = 128;

/// Most nodes of a value.
pub const MAX_NODES: usize = 1 << 24;

/// Most decimal digits of an integer.
pub const MAX_DIGITS: usize = 4300;

/// A value's arena is not a tree.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ArenaError {
    /// A container names a child that isn't there.
    #[error("node {0} is named, but isn't there")]
    OutOfRange(u32),
    /// A node has two parents, or is its own ancestor.
    #[error("node {0} is in two places, or contains itself")]
    Shared(u32),
    /// Nodes belong to nothing.
    #[error("{0} nodes belong to nothing")]
    Orphans(usize),
    /// The value is nested too deeply.
    #[error("it is nested more than {MAX_DEPTH} deep")]
    TooDeep,
    /// The value has too many nodes.
    #[error("it has {0} nodes, more than {MAX_NODES}")]
    TooLarge(usize),
    /// An integer is not written as one.
    #[error("node {0} is not a decimal integer")]
    NotAnInteger(u32),
    /// An integer is too long.
    #[error("node {0} has more than {MAX_DIGITS} digits")]
    TooLong(u32),
    /// A mapping has a key that can change, which Python has not.
    #[error("node {0} can't be the key of a mapping")]
    NotAKey(u32),
}

/// Checks that a value's arena is a tree within the limits: each node has one
/// parent, the root none, and nothing is nested too deeply.
///
/// # Errors
/// Says which node is at fault.
pub fn validate(value: &Value) -> Result<(), ArenaError> {
    let count = value.nodes.len();
    if count > MAX_NODES {
        return Err(ArenaError::TooLarge(count));
    }
    let mut walk = Walk {
        value,
        seen: vec![false; count],
        pending: Vec::new(),
        keys: Vec::new(),
        visited: 0,
    };
    walk.child(value.root, 0)?;
    while let Some((index, depth)) = walk.pending.pop() {
        match &value.nodes[index as usize] {
            ValueNode::Items(children) | ValueNode::Tuple(children) => {
                for child in children {
                    walk.child(*child, depth)?;
                }
            }
            ValueNode::Fields(fields) => {
                for (_, child) in fields {
                    walk.child(*child, depth)?;
                }
            }
            ValueNode::Entries(entries) => {
                for (key, child) in entries {
                    walk.keys.push(*key);
                    walk.child(*key, depth)?;
                    walk.child(*child, depth)?;
                }
            }
            _ => {}
        }
    }
    if walk.visited < count {
        return Err(ArenaError::Orphans(count - walk.visited));
    }
    let mut keys = walk.keys.into_iter();
    match keys.find(|key| no_key(&value.nodes, *key).is_some()) {
        None => Ok(()),
        Some(key) => Err(ArenaError::NotAKey(key)),
    }
}

/// What a node is that can't be a mapping's key, as none can that can change.
/// The nodes below it must be a tree.
pub(super) fn no_key(nodes: &[ValueNode], index: u32) -> Option<&'static str> {
    match &nodes[index as usize] {
        ValueNode::Items(_) | ValueNode::Integers(_) | ValueNode::Numbers(_) => Some("a list"),
        ValueNode::Fields(_) => Some("an object"),
        ValueNode::Entries(_) => Some("a mapping"),
        ValueNode::Tuple(parts) => {
            let mut parts = parts.iter();
            let changes = parts.any(|part| no_key(nodes, *part).is_some());
            changes.then_some("a tuple")
        }
        _ => None,
    }
}

struct Walk<'a> {
    value: &'a Value,
    seen: Vec<bool>,
    /// Containers whose children are still to be looked at, and how deep they
    /// are themselves.
    pending: Vec<(u32, usize)>,
    /// Keys of mappings.
    keys: Vec<u32>,
    visited: usize,
}

impl Walk<'_> {
    /// Looks at a node below `depth` containers.
    fn child(&mut self, index: u32, depth: usize) -> Result<(), ArenaError> {
        let node = self
            .value
            .nodes
            .get(index as usize)
            .ok_or(ArenaError::OutOfRange(index))?;
        let seen = &mut self.seen[index as usize];
        if std::mem::replace(seen, true) {
            return Err(ArenaError::Shared(index));
        }
        self.visited += 1;
        match node {
            ValueNode::Items(_)
            | ValueNode::Tuple(_)
            | ValueNode::Fields(_)
            | ValueNode::Entries(_) => {
                if depth == MAX_DEPTH {
                    return Err(ArenaError::TooDeep);
                }
                self.pending.push((index, depth + 1));
            }
            ValueNode::Integers(_) | ValueNode::Numbers(_) if depth == MAX_DEPTH => {
                return Err(ArenaError::TooDeep);
            }
            ValueNode::BigInteger(text) => {
                let digits = text.strip_prefix('-').unwrap_or(text);
                if !is_integer(digits) || text == "-0" {
                    return Err(ArenaError::NotAnInteger(index));
                }
                if digits.len() > MAX_DIGITS {
                    return Err(ArenaError::TooLong(index));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Whether digits are those of an integer as JSON writes it.
fn is_integer(digits: &str) -> bool {
    match digits.as_bytes() {
        [] => false,
        [b'0', _, ..] => false,
        digits => digits.iter().all(u8::is_ascii_digit),
    }
}
