//! The cases of `tests/conformance`, as far as they need no Python.

#![allow(missing_docs, clippy::result_large_err)]

mod common;

use std::fs;
use std::path::Path;

use common::same;
use jiter::Jiter;
use pipeline_component::executor::{PipelineError, RunResult, execute, items};
use pipeline_component::manifest::{parse, parse_value};
use pipeline_component::registry::Registry;
use pipeline_component::value::Value;
use pipeline_tests::hosts::{Cases, HostReport, Missing};

/// A case, its parts as they stand in the file: special forms in the
/// manifest are the reader's to understand.
#[derive(Default)]
struct Case {
    name: String,
    manifest: String,
    inputs: Option<String>,
    expect: String,
    runs: Vec<String>,
}

/// The text of every field of an object.
fn fields(text: &str) -> Vec<(String, String)> {
    let mut json = Jiter::new(text.as_bytes()).with_allow_inf_nan();
    let mut fields = Vec::new();
    let mut key = json.next_object().unwrap().map(str::to_owned);
    while let Some(name) = key {
        json.peek().unwrap();
        let start = json.current_index();
        json.next_skip().unwrap();
        fields.push((name, text[start..json.current_index()].to_owned()));
        key = json.next_key().unwrap().map(str::to_owned);
    }
    fields
}

fn field(text: &str, name: &str) -> Option<String> {
    fields(text)
        .into_iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value)
}

/// The text of every element of a list.
fn elements(text: &str) -> Vec<String> {
    let mut json = Jiter::new(text.as_bytes()).with_allow_inf_nan();
    let mut elements = Vec::new();
    let mut next = json.next_array().unwrap();
    while next.is_some() {
        let start = json.current_index();
        json.next_skip().unwrap();
        elements.push(text[start..json.current_index()].to_owned());
        next = json.array_step().unwrap();
    }
    elements
}

fn string(text: &str) -> String {
    match parse_value(text) {
        Ok(Value::Text(text)) => text,
        other => panic!("no string: {other:?}"),
    }
}

fn case(text: &str) -> Case {
    let mut case = Case::default();
    for (name, value) in fields(text) {
        match name.as_str() {
            "name" => case.name = string(&value),
            "manifest" => case.manifest = value,
            "inputs" => case.inputs = Some(value),
            "expect" => case.expect = value,
            "runs" => case.runs = elements(&value).iter().map(|run| string(run)).collect(),
            "about" | "nodes" => {}
            other => panic!("{}: unknown key {other}", case.name),
        }
    }
    assert!(!case.runs.is_empty(), "{}: runs nowhere", case.name);
    case
}

fn cases(text: &str) -> Vec<Case> {
    match text.trim_start().starts_with('[') {
        true => elements(text).iter().map(|text| case(text)).collect(),
        false => vec![case(text)],
    }
}

fn values(text: &str) -> Vec<Value> {
    elements(text)
        .iter()
        .map(|text| parse_value(text).unwrap())
        .collect()
}

fn run(case: &Case) -> Result<RunResult, PipelineError> {
    let text = match &case.inputs {
        None => case.manifest.clone(),
        Some(inputs) => format!(
            "{{\"manifest\": {}, \"input_data\": {inputs}}}",
            case.manifest
        ),
    };
    let parsed = parse(&text).map_err(PipelineError::invalid_manifest)?;
    execute(&parsed.manifest, &Registry::native(), parsed.input_data)
}

fn compare_outputs(expected: &str, found: &[Value]) -> Result<(), String> {
    let expected = values(expected);
    let equal =
        expected.len() == found.len() && expected.iter().zip(found).all(|(a, b)| same(a, b));
    match equal {
        true => Ok(()),
        false => Err(format!(
            "outputs\n    expected {expected:?}\n    found    {found:?}"
        )),
    }
}

fn compare(expect: &str, found: Result<RunResult, PipelineError>) -> Result<(), String> {
    match (field(expect, "error"), found) {
        (None, Ok(result)) => {
            let order = result.graph.execution_order.clone();
            compare_outputs(&field(expect, "outputs").unwrap(), &result.into_items())?;
            let expected = field(expect, "execution_order").map(|order| {
                elements(&order)
                    .iter()
                    .map(|id| string(id))
                    .collect::<Vec<_>>()
            });
            match expected {
                Some(expected) if expected != order => Err(format!("order {order:?}")),
                _ => Ok(()),
            }
        }
        (None, Err(error)) => Err(format!("failed: {error}")),
        (Some(_), Ok(result)) => Err(format!("did not fail, but gave {:?}", result.outputs)),
        (Some(expect), Err(error)) => {
            for (name, value) in fields(&expect) {
                let good = match name.as_str() {
                    "kind" => string(&value) == error.kind.name(),
                    "message_contains" => {
                        let part = string(&value);
                        let mut all = error.diagnostics.iter();
                        error.message.contains(&part) || all.any(|d| d.message.contains(&part))
                    }
                    "node_id" => error.node_id == Some(string(&value)),
                    "item" => error.item.map(|item| item.to_string()) == Some(value.clone()),
                    "outputs" => {
                        compare_outputs(&value, &items(error.outputs.clone()))?;
                        true
                    }
                    other => panic!("unknown expectation {other}"),
                };
                if !good {
                    return Err(format!("{name}: expected {value}, found {error:?}"));
                }
            }
            Ok(())
        }
    }
}

fn report(cases: usize, failed: usize) {
    HostReport {
        host: "none: the executor as a native Rust library".into(),
        version: format!("Rust {}", env!("CARGO_PKG_RUST_VERSION")),
        component: "none".into(),
        cases: Cases {
            passed: cases - failed,
            failed,
            skipped: Vec::new(),
        },
        works: vec!["execute".into(), "execute-with-input".into()],
        not: vec![Missing {
            what: "nodes in Python".into(),
            why: "CPython is only linked into the component".into(),
        }],
    }
    .write("native-rust")
    .unwrap();
}

#[test]
fn conformance() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/conformance");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect();
    files.sort();
    let (mut count, mut wrong) = (0, Vec::new());
    for path in files {
        let file = path.file_stem().unwrap().to_string_lossy().into_owned();
        for case in cases(&fs::read_to_string(&path).unwrap()) {
            if !case.runs.iter().any(|run| run == "rust") {
                continue;
            }
            count += 1;
            if let Err(message) = compare(&case.expect, run(&case)) {
                wrong.push(format!("{file}/{}: {message}", case.name));
            }
        }
    }
    report(count, wrong.len());
    assert!(count >= 80, "only {count} cases: where are the others?");
    assert!(
        wrong.is_empty(),
        "{} of {count} cases\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
