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
    let mut nodes = listed(&arguments.installation, &arguments.limits)?;
    if let Some(name) = &arguments.node_type {
        let names: Vec<String> = nodes.iter().map(|node| node.node_type.clone()).collect();
        // Of a class of one's own the module may be left out.
        let is_meant = |node_type: &str| {
            node_type == name
                || node_type
                    .split_once(':')
                    .is_some_and(|(_, class)| class == name)
        };
        nodes.retain(|node| is_meant(&node.node_type));
        if nodes.is_empty() {
            return Err(unknown(name, &names));
        }
    }
    match arguments.format {
        Format::Pretty if arguments.node_type.is_some() => {
            let explained = nodes.iter().map(explain).collect::<Vec<_>>();
            outputs::write_out(&explained.join("\n"))
        }
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

fn unknown(name: &str, names: &[String]) -> Failure {
    let near = |one: &&String| {
        let (one, name) = (one.to_lowercase(), name.to_lowercase());
        one.contains(&name) || name.contains(&one) || strsim::jaro(&one, &name) > 0.85
    };
    let near: Vec<_> = names
        .iter()
        .filter(near)
        .take(5)
        .map(|it| format!("`{it}`"))
        .collect();
    let help = match near.is_empty() {
        true => "`pipeline nodes` lists them, and with --nodes DIR those of your own".to_owned(),
        false => format!("did you mean {}?", near.join(" or ")),
    };
    Failure::usage(format!("there is no node type `{name}`")).help(help)
}

/// A node type in full, with an example.
fn explain(node: &NodeInfo) -> String {
    let mut text = format!("{} ({})\n", node.node_type, node.language.name());
    // Writing to a string can't fail.
    if !node.summary.is_empty() {
        let _ = writeln!(text, "\n  {}", node.summary);
    }
    if let Some(reason) = &node.unavailable {
        let _ = writeln!(text, "\n  It can't be used here: {reason}");
        return text;
    }
    let takes = match (node.source, node.streaming) {
        (true, _) => "It is a source: it takes no items, and makes its own.",
        (false, true) => "Its `process` takes the stream of all items.",
        (false, false) => "It takes items one by one.",
    };
    let _ = writeln!(text, "\n  {takes}");
    text.push_str("\nParameters:\n");
    if node.params.is_empty() {
        text.push_str("  none\n");
    }
    for param in &node.params {
        let _ = writeln!(text, "  {}", param_line(param));
    }
    let params: Vec<_> = node
        .params
        .iter()
        .filter(|param| param.required)
        .map(|param| (param.name.as_str(), example(&param.param_type)))
        .collect();
    let line: String = params
        .iter()
        .map(|(name, value)| format!(" {name}={value}"))
        .collect();
    let flag = match node.node_type.contains(':') {
        true => " --nodes DIR",
        false => "",
    };
    let input = if node.source { "" } else { " --input ITEM" };
    let _ = writeln!(
        text,
        "\nExamples:\n  pipeline run '{}{line}'{flag}{input}\n",
        node.node_type
    );
    let id = node.node_type.rsplit([':', '.']).next().unwrap_or_default();
    let _ = writeln!(
        text,
        "  nodes:\n    - id: {}\n      node_type: {}",
        id.to_lowercase(),
        node.node_type
    );
    if !params.is_empty() {
        text.push_str("      params:\n");
        for (name, value) in params {
            let _ = writeln!(text, "        {name}: {value}");
        }
    }
    text
}

/// A value of a type, for an example.
fn example(param_type: &str) -> &'static str {
    let first = param_type.split(['|', '[', ' ']).next().unwrap_or_default();
    match first {
        "int" | "integer" | "number" => "1",
        "float" => "1.0",
        "bool" | "boolean" => "true",
        "list" | "array" | "tuple" => "[]",
        "dict" | "object" => "{}",
        _ => "\"text\"",
    }
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
