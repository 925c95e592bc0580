//! What becomes of a text that is right.

#![allow(missing_docs)]

mod common;

use common::same;
use pipeline_component::manifest::{
    GpuType, MediaKind, NodeSpec, Placement, RuntimeHint, parse, parse_value,
};
use pipeline_component::value::Value;

#[test]
fn every_field_is_read() {
    let text = include_str!("diagnostics/everything-is-fine.json");
    let manifest = parse(text).unwrap().manifest;
    assert_eq!(manifest.metadata.name.as_deref(), Some("fine"));
    assert_eq!(
        manifest.metadata.created_at.as_deref(),
        Some("2025-01-01T00:00:00Z")
    );
    assert_eq!(manifest.metadata.auto_negotiate, Some(false));
    let env = manifest.python_env.unwrap();
    assert_eq!(
        (env.python_version.as_deref(), env.scope.as_deref()),
        (Some("3.14"), Some("per_node"))
    );
    let node = &manifest.nodes[0];
    assert_eq!(
        node.params,
        Value::Map(vec![("multiplier".to_owned(), 3.into())])
    );
    assert!(node.is_output_node && !node.is_streaming);
    assert_eq!(node.fast_path, Some(true));
    assert_eq!(node.runtime_hint, Some(RuntimeHint::CpythonWasm));
    assert_eq!(node.host, None);
    let capabilities = node.capabilities.as_ref().unwrap();
    assert_eq!(capabilities.gpu, None);
    assert_eq!(capabilities.cpu.as_ref().unwrap().cores, Some(2));
    assert_eq!(capabilities.memory_gb, Some(0.5));
    assert_eq!(
        node.execution.as_ref().unwrap().placement,
        Placement::PreferWasi
    );
    let media = node.media_capabilities.as_ref().unwrap();
    assert_eq!(
        (media.inputs[0].port.as_str(), media.inputs[0].kind),
        ("in", MediaKind::Json)
    );
}

#[test]
fn what_is_left_out_has_its_default() {
    let parsed = parse(r#"{"version": "v1", "nodes": [{"id": "a", "node_type": "T"}]}"#).unwrap();
    assert_eq!(parsed.manifest.nodes, [NodeSpec::new("a", "T")]);
    assert_eq!(parsed.input_data, None);
    let text = r#"{"version": "v1", "nodes": [{"id": "a", "node_type": "T", "capabilities": {"gpu": {}}}]}"#;
    let manifest = parse(text).unwrap().manifest;
    let gpu = manifest.nodes[0]
        .capabilities
        .as_ref()
        .unwrap()
        .gpu
        .clone()
        .unwrap();
    assert_eq!((gpu.gpu_type, gpu.required), (GpuType::Any, true));
}

#[test]
fn items_may_come_with_the_manifest() {
    let text =
        r#"{"input_data": [1, {"$tuple": [2]}], "manifest": {"version": "v1", "nodes": []}}"#;
    let parsed = parse(text).unwrap();
    assert_eq!(
        parsed.input_data,
        Some(vec![1.into(), Value::Tuple(vec![2.into()])])
    );
    assert_eq!(parsed.warnings, []);
}

#[test]
fn yaml_and_json_say_the_same() {
    let json = r#"{"version": "v1", "nodes": [
        {"id": "a", "node_type": "T", "params": {"n": 1, "f": 1.5, "s": "1", "l": [null, true], "big": 18446744073709551616}},
        {"id": "b", "node_type": "T", "params": {"n": 1, "f": 1.5, "s": "1", "l": [null, true], "big": 18446744073709551616}}
    ], "connections": [{"from": "a", "to": "b"}]}"#;
    let yaml = "version: v1\nnodes:\n- id: a\n  nodeType: T\n  params: &p\n    n: 1\n    f: 1.5\n    s: '1'\n    \
        l: [~, true]\n    big: 18446744073709551616\n- {id: b, node_type: T, params: *p}\n\
        connections:\n- from: a\n  to: b\n";
    assert_eq!(parse(json).unwrap(), parse(yaml).unwrap());
    // With a mark at the beginning, and the line ends of other systems.
    let crlf = format!("\u{feff}{}", yaml.replace('\n', "\r\n"));
    assert_eq!(parse(&crlf).unwrap(), parse(json).unwrap());
    assert_eq!(
        parse(&format!("\u{feff}\r\n{json}")).unwrap(),
        parse(json).unwrap()
    );
}

#[test]
fn values_have_forms_for_what_json_can_not_say() {
    let cases = [
        ("NaN", Value::Float(f64::NAN)),
        ("-Infinity", Value::Float(f64::NEG_INFINITY)),
        (r#"{"$float": "nan"}"#, Value::Float(f64::NAN)),
        (r#"{"$float": "-inf"}"#, Value::Float(f64::NEG_INFINITY)),
        (r#"{"$bytes": "aGk="}"#, Value::Bytes(b"hi".to_vec())),
        (r#"{"$tuple": []}"#, Value::Tuple(vec![])),
        (
            r#"{"$dict": [[1, 2]]}"#,
            Value::Entries(vec![(1.into(), 2.into())]),
        ),
        (
            r#"{"$dict": [["a", 2]]}"#,
            Value::Map(vec![("a".to_owned(), 2.into())]),
        ),
        (
            r#"{"$object": {"$bytes": 1}}"#,
            Value::Map(vec![("$bytes".to_owned(), 1.into())]),
        ),
        (
            r#"{"$object": {"$tuple": {"$tuple": [1]}}}"#,
            Value::Map(vec![("$tuple".to_owned(), Value::Tuple(vec![1.into()]))]),
        ),
        (
            r#"{"$bytes": 1, "x": 2}"#,
            Value::Map(vec![
                ("$bytes".to_owned(), 1.into()),
                ("x".to_owned(), 2.into()),
            ]),
        ),
        ("[1, 2]", Value::Ints(vec![1, 2])),
        ("[1, 2.0]", Value::List(vec![1.into(), 2.0.into()])),
        ("-0.0", Value::Float(-0.0)),
        ("!!binary aGk=", Value::Bytes(b"hi".to_vec())),
        ("{1: a}", Value::Entries(vec![(1.into(), "a".into())])),
        ("!!str 1", "1".into()),
        ("'1'", "1".into()),
    ];
    for (text, expected) in cases {
        let found = parse_value(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        assert!(same(&found, &expected), "{text}: {found:?}");
    }
}

#[test]
fn params_are_a_mapping_even_with_one_dollar_key() {
    let text =
        r#"{"version": "v1", "nodes": [{"id": "a", "node_type": "T", "params": {"$x": 1}}]}"#;
    let manifest = parse(text).unwrap().manifest;
    assert_eq!(
        manifest.nodes[0].params,
        Value::Map(vec![("$x".to_owned(), 1.into())])
    );
}
