//! `docs/nodes.md` lists every node type in Rust, with its parameters. After a
//! change, `BLESS=1 cargo test --release -p pipeline-component --test
//! documented` writes the list anew.

#![allow(missing_docs)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use pipeline_component::Value;
use pipeline_component::registry::{NodeInfo, Registry, is_alias};

/// What the list stands after.
const MARK: &str = "<!-- What follows is written by component/tests/documented.rs. -->\n";

fn default(value: &Value) -> String {
    match value {
        Value::Bool(value) => format!("`{value}`"),
        Value::Int(value) => format!("`{value}`"),
        Value::Float(value) => format!("`{value:?}`"),
        Value::Text(value) => format!("`{value}`"),
        other => panic!("a default of another kind: {other:?}"),
    }
}

fn describe(text: &mut String, node: &NodeInfo) {
    // Writing to a string can't fail.
    let _ = write!(text, "\n### `{}`\n\n{}\n", node.node_type, node.summary);
    if node.params.is_empty() {
        return;
    }
    text.push_str("\n| parameter | type | default | |\n| --- | --- | --- | --- |\n");
    for param in &node.params {
        let default = param.default.as_ref().map_or(String::new(), default);
        let kind = param.param_type.replace('|', "\\|");
        let _ = writeln!(
            text,
            "| `{}` | {kind} | {default} | {} |",
            param.name, param.summary
        );
    }
}

#[test]
fn every_node_type_is_documented() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/nodes.md");
    let found = fs::read_to_string(&path).unwrap();
    let (head, _) = found.split_once(MARK).expect("the mark before the list");
    let mut text = format!("{head}{MARK}");
    // Names of the SDK's for these are in docs/sdk.md.
    let nodes = Registry::native().list();
    let own = nodes.iter().filter(|node| !is_alias(&node.node_type));
    own.for_each(|node| describe(&mut text, node));
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    } else {
        assert_eq!(
            found, text,
            "docs/nodes.md is old: see above how it is written"
        );
    }
}
