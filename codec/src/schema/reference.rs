//! The reference of manifests, as Markdown.

use std::fmt::Write as _;

use super::manifest::{RECORDS, fields, is_required};
use super::wit::{Kind, Part, Wit};
use crate::types::{NodeInfo, ParamInfo};
use crate::value_to_json;

/// All keys of a manifest, and all node types with their parameters.
#[must_use]
pub fn reference(nodes: &[NodeInfo]) -> String {
    let wit = Wit::parse();
    let mut text = String::from(
        "# Manifests

A manifest is an object in JSON or YAML. What is optional may be left out or be `null`. Keys may be in camel case, too:
`nodeType` for `node_type`. Keys that nothing reads are warned of.

This page is made from the same types as the JSON Schema that `pipeline schema manifest` prints; editors that know
schemas complete and check manifests by it. `pipeline check` finds more: it knows the graph, and each node's own rules.

An object `{\"manifest\": {...}, \"input_data\": [...]}` is a manifest together with the items that it is to run on. Values
that JSON has no form for are written as objects with one key: see [sandbox.md](sandbox.md#values).
",
    );
    for record in RECORDS {
        section(&wit, record, &mut text);
    }
    text.push_str("\n## Node types\n\nThose that come with the component; `module:Class` names one of your own.\n");
    for node in nodes {
        node_type(node, &mut text);
    }
    text
}

/// What a record is called in headlines.
fn title(record: &str) -> &str {
    match record {
        "manifest" => "The manifest",
        "node-spec" => "nodes",
        "python-env" => "python_env",
        "gpu-requirement" => "capabilities.gpu",
        "cpu-requirement" => "capabilities.cpu",
        "media-capabilities" => "media_capabilities",
        "port-media" => "A port of media_capabilities",
        "connection" => "connections",
        other => other,
    }
}

fn section(wit: &Wit, record: &str, text: &mut String) {
    // Writing to a string can't fail.
    let _ = write!(text, "\n## {}\n\n{}\n\n", title(record), wit.docs(record));
    text.push_str("| key | holds | |\n| --- | --- | --- |\n");
    for part in fields(wit, record) {
        let needed = match is_required(record, &part.name) {
            true => ", required",
            false => "",
        };
        let _ = writeln!(
            text,
            "| `{}` | {}{needed} | {} |",
            part.name,
            holds(wit, record, &part),
            cell(&part.docs)
        );
    }
}

fn holds(wit: &Wit, record: &str, part: &Part<'_>) -> String {
    match (record, part.name.as_str()) {
        ("node-spec", "params") => "an object".into(),
        ("media-capabilities", _) => {
            "an object: [ports](#a-port-of-media_capabilities) by name".into()
        }
        _ => part
            .kind
            .as_ref()
            .map_or("anything".into(), |kind| words(wit, kind)),
    }
}

fn words(wit: &Wit, kind: &Kind<'_>) -> String {
    match kind {
        Kind::Boolean => "true or false".into(),
        Kind::Whole(_) => "a whole number".into(),
        Kind::Float => "a number".into(),
        Kind::Text | Kind::Payload => "a string".into(),
        Kind::Option(inner) => words(wit, inner),
        Kind::List(inner) => match &**inner {
            Kind::Text => "a list of strings".into(),
            Kind::Named(name) => format!("a list of objects: [{}](#{})", title(name), anchor(name)),
            _ => "a list".into(),
        },
        Kind::Named(name) if wit.is_enum(name) => {
            let cases = wit.parts(name).into_iter();
            let names: Vec<String> = cases.map(|case| format!("`{}`", case.name)).collect();
            names.join(", ")
        }
        Kind::Named(name) => format!("an object: [{}](#{})", title(name), anchor(name)),
    }
}

fn anchor(record: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || "_- ".contains(*c);
    let title = title(record).to_lowercase();
    title
        .chars()
        .filter(kept)
        .collect::<String>()
        .replace(' ', "-")
}

fn node_type(node: &NodeInfo, text: &mut String) {
    let _ = write!(text, "\n### {}\n\n{}", node.node_type, node.summary);
    if let Some(why) = &node.unavailable {
        let _ = write!(text, " Not here: {why}.");
    }
    text.push('\n');
    if node.params.is_empty() {
        return;
    }
    text.push_str("\n| param | type | default | |\n| --- | --- | --- | --- |\n");
    for param in &node.params {
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} |",
            param.name,
            cell(&param.param_type),
            default(param),
            cell(&param.summary)
        );
    }
}

fn default(param: &ParamInfo) -> String {
    match &param.default {
        _ if param.required => "required".into(),
        None => String::new(),
        Some(default) => value_to_json(default)
            .map_or_else(|_| String::new(), |json| format!("`{}`", cell(&json))),
    }
}

/// Text that can stand in a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
