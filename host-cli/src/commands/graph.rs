//! `pipeline graph`: draws a pipeline.

use super::echo;
use crate::cli::{self, Drawing};
use crate::drawing::{self, Picture};
use crate::failure::Failure;
use crate::{outputs, report, workspace};

/// Draws a pipeline, as text or as a picture.
pub(crate) fn graph(arguments: &cli::Graph) -> Result<(), Failure> {
    let source = workspace::manifest(&arguments.manifest)?;
    let loaded = echo::load(&source, &arguments.installation, &arguments.limits)?;
    report::diagnostics(&source, &loaded.warnings);
    let picture = Picture::of(&loaded.manifest, &loaded.graph);
    let is_text = matches!(arguments.format, Drawing::Mermaid | Drawing::Dot);
    if !is_text && !picture.is_drawable() {
        let (nodes, edges) = (picture.nodes.len(), picture.edges.len());
        let text = format!("{nodes} nodes and {edges} connections are too many to be drawn");
        return Err(Failure::usage(text).help("--format dot gives them to Graphviz"));
    }
    outputs::write_out(&match arguments.format {
        Drawing::Ascii => drawing::ascii(&picture),
        Drawing::Mermaid => drawing::mermaid(&picture),
        Drawing::Dot => drawing::dot(&picture),
        Drawing::Svg => drawing::svg(&picture, &[]),
    })
}
