//! Schemas and the reference of manifests say what the component reads.

use std::collections::BTreeSet;
use std::fs;

use pipeline_host::codec::schema;
use pipeline_host::types::NodeInfo;

use crate::common::{block_on, limits, root, sandbox};

fn nodes() -> Vec<NodeInfo> {
    block_on(async {
        let instance = sandbox(None).instantiate(&limits()).await;
        let listed = instance.expect("an instance").list_nodes().await;
        listed.expect("no fault")
    })
}

#[test]
fn the_reference_is_current() {
    let path = root().join("docs/manifest.md");
    let reference = schema::reference(&nodes());
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &reference).expect("docs/manifest.md can be written");
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == reference,
        "docs/manifest.md is not what the types say: BLESS=1 writes it anew"
    );
}

/// Each object with a key that nobody knows: the component says which it knows.
const UNKNOWN: &str = r#"{
    "version": "v1", "zzzzzzzz": 0,
    "metadata": {"zzzzzzzz": 0},
    "python_env": {"zzzzzzzz": 0},
    "nodes": [
        {
            "id": "a", "node_type": "PassThrough", "zzzzzzzz": 0,
            "capabilities": {
                "zzzzzzzz": 0,
                "gpu": {"zzzzzzzz": 0, "required": false},
                "cpu": {"zzzzzzzz": 0}
            },
            "execution": {"zzzzzzzz": 0},
            "media_capabilities": {"zzzzzzzz": 0, "inputs": {"in": {"type": "audio", "zzzzzzzz": 0}}}
        },
        {"id": "b", "node_type": "PassThrough"}
    ],
    "connections": [{"from": "a", "to": "b", "zzzzzzzz": 0}]
}"#;

#[test]
fn the_schema_has_the_keys_that_the_component_reads() {
    let schema = schema::manifest(&[]);
    let loaded = block_on(async {
        let instance = sandbox(None).instantiate(&limits()).await;
        let loaded = instance.expect("an instance").load(UNKNOWN).await;
        loaded.expect("no fault")
    });
    let warnings = match loaded {
        Ok(loaded) => loaded.warnings,
        Err(invalid) => panic!("{:?}", invalid.diagnostics),
    };
    let mut objects = 0;
    for (path, record) in [
        ("zzzzzzzz", "manifest"),
        ("metadata.zzzzzzzz", "metadata"),
        ("python_env.zzzzzzzz", "python_env"),
        ("nodes[0].zzzzzzzz", "node_spec"),
        ("nodes[0].capabilities.zzzzzzzz", "capabilities"),
        ("nodes[0].capabilities.gpu.zzzzzzzz", "gpu_requirement"),
        ("nodes[0].capabilities.cpu.zzzzzzzz", "cpu_requirement"),
        ("nodes[0].execution.zzzzzzzz", "execution"),
        ("nodes[0].media_capabilities.zzzzzzzz", "media_capabilities"),
        (
            "nodes[0].media_capabilities.inputs.in.zzzzzzzz",
            "port_media",
        ),
        ("connections[0].zzzzzzzz", "connection"),
    ] {
        let warning = warnings.iter().find(|warning| warning.path == path);
        let help = warning.and_then(|warning| warning.help.clone());
        let help = help.unwrap_or_else(|| panic!("no warning about {path}"));
        let known: BTreeSet<&str> = help.split('`').skip(1).step_by(2).collect();
        let properties = schema["$defs"][record]["properties"].as_object();
        let snake = |name: &&str| !name.contains(|c: char| c.is_ascii_uppercase());
        let described: BTreeSet<&str> = properties
            .expect(record)
            .keys()
            .map(String::as_str)
            .filter(snake)
            .collect();
        assert_eq!(described, known, "{record}");
        objects += 1;
    }
    let unknown = warnings.iter().filter(|it| it.code == "unknown-key");
    assert_eq!(objects, unknown.count(), "{warnings:?}");
}
