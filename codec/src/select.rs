//! Parts of a pipeline: up to a node, a node alone, or with every node's items
//! among the outputs.

use std::collections::{HashMap, HashSet};

use crate::types::Manifest;

/// The part of a pipeline that leads to a node, which is its only sink: the
/// node, and all that give to it, by however many others.
///
/// None where there is no node of this id.
#[must_use]
pub fn until(manifest: &Manifest, id: &str) -> Option<Manifest> {
    let mut part = has(manifest, id)?;
    let givers = givers(manifest);
    let mut wanted = HashSet::from([id]);
    let mut pending = vec![id];
    while let Some(node) = pending.pop() {
        for giver in givers.get(node).into_iter().flatten() {
            if wanted.insert(giver) {
                pending.push(giver);
            }
        }
    }
    let is_wanted = |id: &str| wanted.contains(id);
    part.nodes.retain(|node| is_wanted(&node.id));
    part.connections
        .retain(|it| is_wanted(&it.from) && is_wanted(&it.to) && it.from != id);
    for node in &mut part.nodes {
        node.is_output_node = false;
    }
    Some(part)
}

/// A node of a pipeline without the others: it is fed what the pipeline is.
///
/// None where there is no node of this id.
#[must_use]
pub fn only(manifest: &Manifest, id: &str) -> Option<Manifest> {
    let mut part = has(manifest, id)?;
    part.nodes.retain(|node| node.id == id);
    part.connections.clear();
    Some(part)
}

/// The pipeline with the items of these nodes among its outputs; of all nodes
/// where none is named.
#[must_use]
pub fn showing(manifest: &Manifest, ids: Option<&[String]>) -> Manifest {
    let mut shown = manifest.clone();
    for node in &mut shown.nodes {
        node.is_output_node |= ids.is_none_or(|ids| ids.contains(&node.id));
    }
    shown
}

/// For each node that others give to, these, in the order of the connections.
#[must_use]
pub fn givers(manifest: &Manifest) -> HashMap<&str, Vec<&str>> {
    let mut givers: HashMap<&str, Vec<&str>> = HashMap::new();
    for connection in &manifest.connections {
        let to = givers.entry(connection.to.as_str()).or_default();
        to.push(connection.from.as_str());
    }
    givers
}

fn has(manifest: &Manifest, id: &str) -> Option<Manifest> {
    let found = manifest.nodes.iter().any(|node| node.id == id);
    found.then(|| manifest.clone())
}
