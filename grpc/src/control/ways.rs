//! The ways into and out of a pipeline, beside its sources and sinks.

use std::collections::{HashMap, HashSet};

use pipeline_host::codec::select;
use pipeline_host::types::{Connection, Manifest, NodeSpec};

/// What passes on for a node what is published for it.
const ENTRANCE: &str = "PassThroughNode";

/// Where items can be given to a pipeline, and which of its outputs are its own.
pub(crate) struct Ways {
    /// The nodes that are given what the client sends, in the manifest's order.
    pub(super) sources: Vec<String>,
    sinks: HashSet<String>,
    /// For each node, the source that leads to it alone: itself, or one that was
    /// added.
    entrances: HashMap<String, String>,
    /// The nodes that each gives to.
    next: HashMap<String, Vec<String>>,
}

impl Ways {
    /// Opens a pipeline: each node's outputs are shown, and each has a source that
    /// leads to it.
    pub(super) fn open(manifest: &Manifest) -> (Manifest, Self) {
        let given: HashSet<&str> = (manifest.connections.iter())
            .map(|connection| connection.to.as_str())
            .collect();
        let mut next: HashMap<String, Vec<String>> = HashMap::new();
        for Connection { from, to } in &manifest.connections {
            next.entry(from.clone()).or_default().push(to.clone());
        }
        let mut ways = Self {
            sources: Vec::new(),
            sinks: (manifest.nodes.iter())
                .filter(|node| node.is_output_node || !next.contains_key(&node.id))
                .map(|node| node.id.clone())
                .collect(),
            entrances: HashMap::new(),
            next,
        };
        let mut opened = select::showing(manifest, None);
        let ids: HashSet<&str> = manifest.nodes.iter().map(|node| node.id.as_str()).collect();
        for node in &manifest.nodes {
            if !given.contains(node.id.as_str()) {
                ways.sources.push(node.id.clone());
                ways.entrances.insert(node.id.clone(), node.id.clone());
                continue;
            }
            let mut id = format!("to_{}", node.id);
            while ids.contains(id.as_str()) {
                id.push('_');
            }
            opened.nodes.push(NodeSpec::new(id.clone(), ENTRANCE));
            opened.connections.push(Connection {
                from: id.clone(),
                to: node.id.clone(),
            });
            ways.entrances.insert(node.id.clone(), id);
        }
        (opened, ways)
    }

    /// Whether there is such a node.
    pub(super) fn has(&self, node: &str) -> bool {
        self.entrances.contains_key(node)
    }

    pub(super) fn is_source(&self, node: &str) -> bool {
        self.entrances.get(node).is_some_and(|id| id == node)
    }

    pub(super) fn is_sink(&self, node: &str) -> bool {
        self.sinks.contains(node)
    }

    /// The source that leads to a node alone.
    pub(super) fn entrance(&self, node: &str) -> Option<&str> {
        self.entrances.get(node).map(String::as_str)
    }

    /// The nodes that a node gives to.
    pub(super) fn next(&self, node: &str) -> &[String] {
        self.next.get(node).map_or(&[], Vec::as_slice)
    }
}
