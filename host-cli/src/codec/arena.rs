//! Checks that an arena is a tree.

use thiserror::Error;

use crate::types::{Value, ValueNode};

/// Deepest nesting of a value.
pub const MAX_DEPTH: usize = 128;

/// Most nodes of a value.
pub const MAX_NODES: usize = 1 << 24;

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
}

/// Checks that a value's arena is a tree: each node has one parent, the root
/// none, and nothing is nested too deeply.
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
                    walk.child(*key, depth)?;
                    walk.child(*child, depth)?;
                }
            }
            _ => {}
        }
    }
    match count - walk.visited {
        0 => Ok(()),
        orphans => Err(ArenaError::Orphans(orphans)),
    }
}

struct Walk<'a> {
    value: &'a Value,
    seen: Vec<bool>,
    /// Containers whose children are still to be looked at, and how deep they
    /// are themselves.
    pending: Vec<(u32, usize)>,
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
            ValueNode::BigInteger(digits) if !is_integer(digits) => {
                return Err(ArenaError::NotAnInteger(index));
            }
            _ => {}
        }
        Ok(())
    }
}

/// Whether a text is an integer as JSON writes it.
fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    match digits {
        [] => false,
        [b'0', _, ..] => false,
        _ => digits.iter().all(u8::is_ascii_digit),
    }
}
