//! What users get wrong, and what they are told.

use crate::program::{Files, Run, run};

const NODE: &str = r#"{"id": "a", "node_type": "PassThrough"}"#;

/// Runs a manifest that is wrong.
fn manifest(text: &str) -> Run {
    let files = Files::new(&[("m.json", text)]);
    let path = files.path("m.json");
    let mut run = run(["run", &path, "--input", "1"]).code(2);
    let json = run.json();
    assert_eq!(json["status"], "error");
    assert_eq!(json["error"]["kind"], "invalid-manifest", "{json}");
    run.stderr = run.stderr.replace(&path, "m.json");
    run
}

fn nodes(nodes: &str, connections: &str) -> Run {
    manifest(&format!(
        "{{\n\"version\": \"v1\",\n\"nodes\": [\n{nodes}\n],\n\"connections\": [{connections}]\n}}"
    ))
}

#[test]
fn broken_json() {
    manifest("{\"version\": \"v1\",\n \"nodes\": [}").says(&["m.json:2:12"]);
}

#[test]
fn wrong_version() {
    // In a manifest of which nothing reads all, it may mean something else.
    let text = format!("{{\"version\": \"v2\", \"edges_of\": [], \"nodes\": [{NODE}]}}");
    manifest(&text).says(&["m.json:1:13", "v2", "v1"]);
}

#[test]
fn missing_field() {
    nodes(r#"{"node_type": "PassThrough"}"#, "").says(&["m.json:4:1", "id"]);
    nodes(r#"{"id": "a"}"#, "").says(&["m.json:4:1", "node_type"]);
}

#[test]
fn wrong_type() {
    nodes(r#"{"id": 5, "node_type": "PassThrough"}"#, "").says(&["m.json:4:8"]);
    manifest(r#"{"version": "v1", "nodes": {}}"#).says(&["m.json:1:28"]);
}

#[test]
fn unknown_node_type() {
    nodes(r#"{"id": "a", "node_type": "MultipyNode"}"#, "").says(&[
        "m.json:4:26",
        "MultipyNode",
        "MultiplyNode",
    ]);
}

#[test]
fn unknown_param() {
    nodes(
        r#"{"id": "a", "node_type": "AddNode", "params": {"adend": 1}}"#,
        "",
    )
    .says(&["m.json:4:", "adend", "addend"]);
}

#[test]
fn unknown_endpoint() {
    nodes(NODE, r#"{"from": "a", "to": "b"}"#).says(&["m.json:6:37", "\"b\""]);
}

#[test]
fn duplicate_id() {
    nodes(&format!("{NODE},\n{NODE}"), "").says(&["m.json:5:8", "\"a\"", "4 │"]);
}

#[test]
fn cycle() {
    let two = format!("{NODE},\n{}", NODE.replace("\"a\"", "\"b\""));
    nodes(
        &two,
        r#"{"from": "a", "to": "b"}, {"from": "b", "to": "a"}"#,
    )
    .says(&["m.json:7:43", "a -> b -> a"]);
}

#[test]
fn no_nodes() {
    nodes("", "").says(&["m.json:3:", "node"]);
}

#[test]
fn diagnostics_for_programs() {
    let run = nodes(r#"{"id": "a", "node_type": "MultipyNode"}"#, "");
    let diagnostic = run.json()["error"]["diagnostics"][0].clone();
    assert_eq!(diagnostic["severity"], "error");
    assert_eq!(diagnostic["path"], "nodes[0].node_type");
    assert_eq!(diagnostic["location"]["line"], 4);
    assert_eq!(diagnostic["location"]["column"], 26);
}

#[test]
fn files_that_are_not_there() {
    run(["run", "/nowhere.json"])
        .code(2)
        .says(&["the manifest `/nowhere.json` can't be read: it is not there"]);
    run(["run", "."])
        .code(2)
        .says(&["the manifest `.` can't be read: it is a directory"]);
    run(["run", "examples/mixed.json", "--input", "@/nowhere.wav"])
        .code(2)
        .says(&["the input `/nowhere.wav` can't be used: it is not there"]);
    run(["run", "examples/mixed.json", "--input-file", "/nowhere"])
        .code(2)
        .says(&["the items in `/nowhere` can't be read: it is not there"]);
    run(["run", "examples/mixed.json", "--stdlib", "/nowhere"])
        .code(2)
        .says(&["Python's standard library", "`/nowhere`", "--stdlib"]);
    run(["run", "examples/mixed.json", "--python", "/"])
        .code(2)
        .says(&["remotemedia"]);
    run(["run", "examples/mixed.json", "--nodes", "/nowhere"])
        .code(2)
        .says(&["`/nowhere`"]);
    run(["run", "examples/mixed.json", "--component", "/nowhere"])
        .code(2)
        .says(&["`/nowhere`"]);
}

#[test]
fn components_that_are_none() {
    for (content, found) in [
        (&b""[..], "it is empty"),
        (b"hello", "it is text"),
        (b"\0asm\x01\0\0\0", "core module"),
        (b"\0asm\x0d\0\x01\0", "not a pipeline component"),
    ] {
        let files = Files::new(&[]);
        files.write("c.wasm", content);
        let path = files.path("c.wasm");
        run(["run", "examples/mixed.json", "--component", &path])
            .code(2)
            .says(&[found]);
    }
}

#[test]
fn inputs_that_are_none() {
    run(["run", "examples/mixed.json", "--input", "hello"])
        .code(2)
        .says(&["the input `hello` is not an item", "needs quotes"]);
    run(["run", "examples/mixed.json", "--input", "{\"$nope\": 1}"])
        .code(2)
        .says(&["$nope"]);
    run(["run", "examples/mixed.json"])
        .code(2)
        .says(&["--input"]);
    run(["run", "-", "--input-file", "-"])
        .code(2)
        .says(&["can't be both"]);
    run(["run"]).code(2);
    run(["fly"]).code(2);
    let files = Files::new(&[("items.json", "[1,\n 2,\n x]")]);
    let path = files.path("items.json");
    run(["run", "examples/mixed.json", "--input-file", &path])
        .code(2)
        .says(&["items.json:3:2: this is not JSON"]);
}

#[test]
fn no_colours_in_a_pipe() {
    let run = nodes(r#"{"id": "a", "node_type": "MultipyNode"}"#, "");
    assert!(!run.stderr.contains('\u{1b}'));
    let checked = crate::program::run(["check", "/nowhere"]).code(2);
    assert_eq!(checked.stdout, "");
}
