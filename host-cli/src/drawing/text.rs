//! Pipelines in the languages of other programs that draw.

use std::fmt::Write as _;

use super::Picture;

/// In Mermaid's language.
pub(crate) fn mermaid(picture: &Picture<'_>) -> String {
    let mut text = "flowchart LR\n".to_owned();
    // Writing to a string can't fail.
    for (at, node) in picture.nodes.iter().enumerate() {
        let (id, node_type) = (escaped(node.id), escaped(node.node_type));
        let (open, close) = match node.is_output {
            true => ("[[", "]]"),
            false => ("[", "]"),
        };
        let _ = writeln!(
            text,
            "  n{at}{open}\"{id}<br><small>{node_type}</small>\"{close}"
        );
    }
    for (from, to) in &picture.edges {
        let _ = writeln!(text, "  n{from} --> n{to}");
    }
    text
}

/// Text as Mermaid takes it between quotes.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c.is_alphanumeric() || "_-.: ".contains(c) {
            true => escaped.push(c),
            false => escaped.push_str(&format!("#{};", u32::from(c))),
        }
    }
    escaped
}

/// In Graphviz's language.
pub(crate) fn dot(picture: &Picture<'_>) -> String {
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let mut text = "digraph pipeline {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
    for (at, node) in picture.nodes.iter().enumerate() {
        let (id, node_type) = (quoted(node.id), quoted(node.node_type));
        let more = if node.is_output {
            ", peripheries=2"
        } else {
            ""
        };
        let _ = writeln!(text, "  n{at} [label=\"{id}\\n{node_type}\"{more}];");
    }
    for (from, to) in &picture.edges {
        let _ = writeln!(text, "  n{from} -> n{to};");
    }
    text.push_str("}\n");
    text
}
