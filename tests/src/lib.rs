//! The conformance cases of `conformance/*.json`, read part by part: the
//! special forms of values in them are for the reader under test to
//! understand, not for this one.

#![forbid(unsafe_code)]

pub mod codec;
pub mod hosts;
pub mod models;

use std::fs;
use std::path::Path;

use jiter::Jiter;

/// One case. Parts that hold values are text as it stands in the file.
#[derive(Debug, Default, Clone)]
pub struct Case {
    /// The file's name without its ending, `/`, and the case's own name.
    pub name: String,
    /// The manifest, as JSON.
    pub manifest: String,
    /// The input items, as JSON; none for a run without input.
    pub inputs: Option<Vec<String>>,
    /// What is expected.
    pub expect: Expect,
    /// Files of a directory with nodes: names and texts.
    pub nodes: Vec<(String, String)>,
    /// Where the case runs: `component`, `rust` and `python`.
    pub runs: Vec<String>,
}

/// What a case expects: outputs, or an error.
#[derive(Debug, Default, Clone)]
pub struct Expect {
    /// The outputs, as JSON; of a failed run, those that it kept.
    pub outputs: Option<Vec<String>>,
    /// The ids in the order of execution.
    pub execution_order: Option<Vec<String>>,
    /// The error.
    pub error: Option<Failure>,
}

/// What an expected error says.
#[derive(Debug, Default, Clone)]
pub struct Failure {
    /// The kind, as the WIT names it.
    pub kind: Option<String>,
    /// A part of the message or of a diagnostic's.
    pub message_contains: Option<String>,
    /// The node.
    pub node_id: Option<String>,
    /// The item.
    pub item: Option<u64>,
}

/// The cases in a directory that run in this place.
///
/// # Panics
/// Where a file is no list of cases: they are ours.
#[must_use]
pub fn read(directory: &Path, place: &str) -> Vec<Case> {
    let mut files: Vec<_> = fs::read_dir(directory)
        .expect("a directory of cases")
        .map(|entry| entry.expect("its entries").path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect();
    files.sort();
    let mut cases = Vec::new();
    for path in files {
        let file = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let text = fs::read_to_string(&path).expect("a file of cases");
        for case in elements(&text) {
            let case = read_case(&file, &case);
            if case.runs.iter().any(|run| run == place) {
                cases.push(case);
            }
        }
    }
    cases
}

fn read_case(file: &str, text: &str) -> Case {
    let mut case = Case::default();
    for (name, value) in fields(text) {
        match name.as_str() {
            "name" => case.name = format!("{file}/{}", string(&value)),
            "about" => {}
            "manifest" => case.manifest = value,
            "inputs" => case.inputs = Some(elements(&value)),
            "expect" => case.expect = read_expect(&value),
            "nodes" => {
                case.nodes = fields(&value)
                    .into_iter()
                    .map(|(k, v)| (k, string(&v)))
                    .collect();
            }
            "runs" => case.runs = elements(&value).iter().map(|run| string(run)).collect(),
            other => panic!("{}: unknown key {other}", case.name),
        }
    }
    assert!(!case.runs.is_empty(), "{} runs nowhere", case.name);
    case
}

fn read_expect(text: &str) -> Expect {
    let mut expect = Expect::default();
    for (name, value) in fields(text) {
        match name.as_str() {
            "outputs" => expect.outputs = Some(elements(&value)),
            "execution_order" => {
                expect.execution_order =
                    Some(elements(&value).iter().map(|id| string(id)).collect());
            }
            "error" => {
                let mut failure = Failure::default();
                for (name, value) in fields(&value) {
                    match name.as_str() {
                        "kind" => failure.kind = Some(string(&value)),
                        "message_contains" => failure.message_contains = Some(string(&value)),
                        "node_id" => failure.node_id = Some(string(&value)),
                        "item" => failure.item = value.parse().ok(),
                        "outputs" => expect.outputs = Some(elements(&value)),
                        other => panic!("unknown expectation {other}"),
                    }
                }
                expect.error = Some(failure);
            }
            other => panic!("unknown expectation {other}"),
        }
    }
    expect
}

fn fields(text: &str) -> Vec<(String, String)> {
    let mut json = Jiter::new(text.as_bytes()).with_allow_inf_nan();
    let mut fields = Vec::new();
    let mut key = json.next_object().expect("an object").map(str::to_owned);
    while let Some(name) = key {
        let value = skip(&mut json, text);
        fields.push((name, value));
        key = json
            .next_key()
            .expect("a key or the end")
            .map(str::to_owned);
    }
    fields
}

/// The text of every element of a list.
///
/// # Panics
/// Where the text is no list.
#[must_use]
pub fn elements(text: &str) -> Vec<String> {
    let mut json = Jiter::new(text.as_bytes()).with_allow_inf_nan();
    let mut elements = Vec::new();
    let mut next = json.next_array().expect("a list");
    while next.is_some() {
        elements.push(skip(&mut json, text));
        next = json.array_step().expect("an element or the end");
    }
    elements
}

/// The text of one field of an object, if it is there.
///
/// # Panics
/// Where the text is no object.
#[must_use]
pub fn field(text: &str, name: &str) -> Option<String> {
    fields(text)
        .into_iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value)
}

/// The string that JSON text holds.
///
/// # Panics
/// Where it holds something else.
#[must_use]
pub fn string(text: &str) -> String {
    Jiter::new(text.as_bytes())
        .next_str()
        .expect("a string")
        .to_owned()
}

fn skip(json: &mut Jiter<'_>, text: &str) -> String {
    json.peek().expect("a value");
    let start = json.current_index();
    json.next_skip().expect("a value");
    text[start..json.current_index()].to_owned()
}
