//! Drawings of pipelines.

mod characters;
mod layout;
mod svg;
mod text;

use std::collections::HashMap;

use pipeline_host::types::{GraphInfo, Manifest};

pub(crate) use characters::ascii;
pub(crate) use svg::{Box as SvgBox, escaped, svg};
pub(crate) use text::{dot, mermaid};

/// What is drawn: the nodes of a pipeline in the order of execution, and its
/// connections by their positions there.
#[derive(Debug)]
pub(crate) struct Picture<'m> {
    pub(crate) nodes: Vec<Drawn<'m>>,
    pub(crate) edges: Vec<(usize, usize)>,
}

/// A node as it is drawn.
#[derive(Debug)]
pub(crate) struct Drawn<'m> {
    pub(crate) id: &'m str,
    pub(crate) node_type: &'m str,
    /// Whether its items are outputs although they go on.
    pub(crate) is_output: bool,
}

impl<'m> Picture<'m> {
    pub(crate) fn of(manifest: &'m Manifest, graph: &GraphInfo) -> Self {
        let specs: HashMap<&str, _> = manifest.nodes.iter().map(|it| (&*it.id, it)).collect();
        let nodes = graph.execution_order.iter().filter_map(|id| {
            let spec = specs.get(id.as_str())?;
            Some(Drawn {
                id: &spec.id,
                node_type: &spec.node_type,
                is_output: spec.is_output_node,
            })
        });
        let nodes: Vec<_> = nodes.collect();
        let at: HashMap<&str, usize> = nodes
            .iter()
            .enumerate()
            .map(|(at, it)| (it.id, at))
            .collect();
        let edges = manifest.connections.iter().filter_map(|connection| {
            Some((*at.get(&*connection.from)?, *at.get(&*connection.to)?))
        });
        let edges = edges.collect();
        Self { nodes, edges }
    }

    /// Whether it is small enough to be laid out here, and to be looked at.
    pub(crate) fn is_drawable(&self) -> bool {
        self.nodes.len() <= 500 && self.edges.len() <= 1000
    }
}
