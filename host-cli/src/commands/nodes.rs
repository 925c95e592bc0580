//! `pipeline nodes`.

use std::fmt::Write as _;

use pipeline_host::codec::names::Named as _;
use pipeline_host::codec::{Style, Writer, document, value_to_json};
use pipeline_host::types::{NodeInfo, ParamInfo};

use crate::cli::{self, Format};
use crate::failure::Failure;
use crate::{interrupt, outputs, workspace};

/// Lists the node types that manifests can name.
pub(crate) fn nodes(arguments: &cli::Nodes) -> Result<(), Failure> {
    let nodes = listed(&arguments.installation, &arguments.limits)?;
    match arguments.format {
        Format::Json => json(&nodes),
        Format::Pretty => outputs::write_out(&table(&nodes)),
    }
}

/// The node types that the component knows.
pub(super) fn listed(
    installation: &cli::Installation,
    limits: &cli::LimitArguments,
) -> Result<Vec<NodeInfo>, Failure> {
    let (engine, sandbox) = workspace::open(installation)?;
    let mut limits = limits.limits();
    limits.interrupt = Some(interrupt::stop(&engine));
    workspace::block_on(async {
        let listed = async { sandbox.instantiate(&limits).await?.list_nodes().await };
        listed.await.map_err(|fault| workspace::faulted(&fault))
    })
}

fn json(nodes: &[NodeInfo]) -> Result<(), Failure> {
    let mut writer = Writer::new(Style::Compact);
    document::nodes(&mut writer, nodes).map_err(|error| {
        Failure::failed(format!("the component gave a broken default: {error}"))
    })?;
    outputs::print(writer)
}

/// The nodes that can be used, then those that can't, and why.
fn table(nodes: &[NodeInfo]) -> String {
    let mut text = String::new();
    let width = nodes
        .iter()
        .map(|node| node.node_type.chars().count())
        .max()
        .unwrap_or(0);
    let (usable, others): (Vec<_>, Vec<_>) =
        nodes.iter().partition(|node| node.unavailable.is_none());
    // Writing to a string can't fail.
    for node in usable {
        let mut marks = Vec::new();
        marks.extend(node.source.then_some("source"));
        marks.extend(node.streaming.then_some("streaming"));
        let marks = if marks.is_empty() {
            String::new()
        } else {
            format!(" ({})", marks.join(", "))
        };
        let _ = writeln!(
            text,
            "{:width$}  {:6}  {}{marks}",
            node.node_type,
            node.language.name(),
            node.summary,
        );
        for param in &node.params {
            let _ = writeln!(text, "{:width$}          {}", "", param_line(param));
        }
    }
    if !others.is_empty() {
        let _ = writeln!(text, "\nNot usable here:");
        for node in others {
            let reason = node.unavailable.as_deref().unwrap_or_default();
            let _ = writeln!(text, "{:width$}  {reason}", node.node_type);
        }
    }
    // A line that ends with an empty column has blanks at its end.
    text.lines()
        .map(|line| line.trim_end().to_owned() + "\n")
        .collect()
}

fn param_line(param: &ParamInfo) -> String {
    let mut line = format!("{}: {}", param.name, param.param_type);
    match &param.default {
        Some(default) => {
            let default = value_to_json(default).unwrap_or_else(|_| "?".into());
            let _ = write!(line, " = {default}");
        }
        None if param.required => line.push_str(" (required)"),
        None => {}
    }
    if !param.summary.is_empty() {
        let _ = write!(line, "  {}", param.summary);
    }
    line
}
