//! Nodes that are made and initialised before any run, for a component to hold.

use crate::manifest::{Manifest, check_graph};
use crate::registry::{Language, Registry};

use super::{ErrorKind, PipelineError};

/// Makes and initialises the nodes in Python of a pipeline: the first run of it
/// has them. Those in Rust are left to the run: they may count the time from when
/// they began.
///
/// # Errors
/// What is wrong with the manifest, or the first node that could not be made or
/// initialised.
pub fn prepare(manifest: &Manifest, registry: &Registry) -> Result<(), PipelineError> {
    let (graph, _) = check_graph(manifest, registry).map_err(PipelineError::invalid_manifest)?;
    let mut nodes = Vec::new();
    let specs = graph
        .order
        .iter()
        .map(|&position| &manifest.nodes[position]);
    let failed = |spec: &crate::manifest::NodeSpec, error| PipelineError {
        node_id: Some(spec.id.clone()),
        node_type: Some(spec.node_type.clone()),
        ..PipelineError::of_node(ErrorKind::NodeSetupFailed, error)
    };
    for spec in specs {
        let known = registry.describe(&spec.node_type);
        if known.is_ok_and(|info| info.language == Language::Python) {
            let node = registry.create(spec).map_err(|error| failed(spec, error))?;
            nodes.push((spec, node));
        }
    }
    for (spec, mut node) in nodes {
        node.initialize().map_err(|error| failed(spec, error))?;
        registry.keep_prepared(spec.clone(), node);
    }
    Ok(())
}
