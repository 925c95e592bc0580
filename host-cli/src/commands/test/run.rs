//! Runs a case, and compares what comes of it with what it expects.

use std::path::Path;

use pipeline_host::codec::names::Named as _;
use pipeline_host::codec::{Style, Writer};
use pipeline_host::media;
use pipeline_host::types::{Data, NodeOutputs, PipelineError, RunResult};
use pipeline_host::{Error, Limits};
use similar::{ChangeTag, TextDiff};

use super::cases::{Case, CaseFile, Expect, Item};
use super::surroundings::{self, Sandboxes};
use crate::workspace;

/// What came of a case.
#[derive(Debug)]
pub(super) enum Outcome {
    Passed,
    /// Something else came out than is expected.
    Failed {
        /// What differs, for people.
        difference: String,
        /// What came out.
        actual: Actual,
    },
    /// It can't be run, or was ended.
    Broken(String),
}

/// What came out, to be written down.
#[derive(Debug)]
pub(super) enum Actual {
    Outputs(Vec<Data>),
    Error(Box<PipelineError>),
}

/// Runs a case in a fresh instance.
pub(super) fn run(sandboxes: &Sandboxes, limits: &Limits, file: &CaseFile, case: &Case) -> Outcome {
    let beside = match file.path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    match execute(sandboxes, limits, file, case, beside) {
        Err(reason) => Outcome::Broken(reason),
        Ok(ended) => match compare(&case.expect, ended, beside) {
            Err(reason) => Outcome::Broken(reason),
            Ok(outcome) => outcome,
        },
    }
}

fn execute(
    sandboxes: &Sandboxes,
    limits: &Limits,
    file: &CaseFile,
    case: &Case,
    beside: &Path,
) -> Result<Result<RunResult, PipelineError>, String> {
    let (directories, _kept) = surroundings::nodes(case, beside)?;
    let sandbox = sandboxes.with(&directories)?;
    let manifest = surroundings::manifest(case, &file.path, beside)?;
    let inputs = case.inputs.as_deref();
    let inputs = inputs.map(|items| surroundings::items(items, beside));
    let inputs = inputs.transpose()?;
    let ended = workspace::block_on(async {
        let ended = async {
            let mut instance = sandbox.instantiate(limits).await?;
            let loaded = match instance.load(&manifest).await? {
                Ok(loaded) => loaded,
                Err(invalid) => {
                    let document = pipeline_host::codec::document::invalid_manifest;
                    return Ok(Err(document(invalid.diagnostics)));
                }
            };
            let written = loaded.input_data.map(pipeline_host::codec::for_all);
            let inputs = inputs.or(written);
            instance.execute(&loaded.manifest, inputs.as_deref()).await
        };
        Ok(ended.await)
    });
    match ended {
        Ok(Ok(ended)) => Ok(ended),
        Ok(Err(fault)) => Err(match &fault {
            Error::Limit(limit) => {
                format!("{}; --{} sets the limit", fault.in_full(), limit.name())
            }
            _ => fault.in_full(),
        }),
        Err(_) => Err("there is no clock to run with".to_owned()),
    }
}

fn compare(
    expect: &Expect,
    ended: Result<RunResult, PipelineError>,
    beside: &Path,
) -> Result<Outcome, String> {
    let (expected_error, order) = (&expect.error, &expect.execution_order);
    let mut differences = Vec::new();
    let actual = match ended {
        Ok(run) => {
            if expected_error.is_some() {
                differences.push("an error was expected, and the pipeline succeeded".to_owned());
            }
            if let Some(order) = order
                && *order != run.graph.execution_order
            {
                differences.push(diff(
                    &order.join("\n"),
                    &run.graph.execution_order.join("\n"),
                ));
            }
            Actual::Outputs(flat(run.outputs))
        }
        Err(error) => {
            match expected_error {
                None => differences.push(in_words(&error)),
                Some(expected) => {
                    let mut check =
                        |what: &str, expected: Option<String>, found: Option<String>| {
                            if expected.is_some() && expected != found {
                                let shown =
                                    |text: &Option<String>| text.clone().unwrap_or("none".into());
                                differences.push(format!(
                                    "{what}\n{}",
                                    diff(&shown(&expected), &shown(&found))
                                ));
                            }
                        };
                    check(
                        "kind",
                        expected.kind.clone(),
                        Some(error.kind.name().to_owned()),
                    );
                    check("node_id", expected.node_id.clone(), error.node_id.clone());
                    let number = |item: Option<u64>| item.map(|item| item.to_string());
                    check("item", number(expected.item), number(error.item));
                    let messages = error.diagnostics.iter().map(|it| it.message.as_str());
                    let mut messages = messages.chain([error.message.as_str()]);
                    if let Some(part) = &expected.message_contains
                        && !messages.any(|message| message.contains(part.as_str()))
                    {
                        differences
                            .push(format!("message_contains\n{}", diff(part, &error.message)));
                    }
                }
            }
            Actual::Error(Box::new(error))
        }
    };
    let given = match &actual {
        Actual::Outputs(items) => items.clone(),
        Actual::Error(error) => flat(error.outputs.clone()),
    };
    if expect.outputs.is_none() && expected_error.is_none() && order.is_none() {
        differences.push("nothing is expected: --update writes down what came out".to_owned());
        differences.extend(outputs_differ(&[], &given, beside)?);
    }
    let is_about_outputs = matches!(actual, Actual::Outputs(_)) || expected_error.is_some();
    if let Some(expected) = &expect.outputs
        && is_about_outputs
    {
        differences.extend(outputs_differ(expected, &given, beside)?);
    }
    Ok(match differences.is_empty() {
        true => Outcome::Passed,
        false => Outcome::Failed {
            difference: differences.join("\n"),
            actual,
        },
    })
}

fn flat(outputs: Vec<NodeOutputs>) -> Vec<Data> {
    outputs.into_iter().flat_map(|given| given.items).collect()
}

fn in_words(error: &PipelineError) -> String {
    let mut text = error.traceback.clone().unwrap_or_default();
    if !text.is_empty() {
        text.push('\n');
    }
    if let Some(node) = &error.node_id {
        text.push_str(&format!("node `{node}`: "));
    }
    text.push_str(&error.message);
    text
}

/// What differs between outputs, item by item in their one form.
fn outputs_differ(
    expected: &[Item],
    given: &[Data],
    beside: &Path,
) -> Result<Option<String>, String> {
    let mut expected_lines = Vec::new();
    let mut given_lines = Vec::new();
    for at in 0..expected.len().max(given.len()) {
        let item = given.get(at);
        match expected.get(at) {
            None => {}
            Some(Item::Json(json)) => {
                let read = pipeline_host::codec::read_item(json.as_bytes());
                let read = read.map_err(|error| format!("expect.outputs[{at}]: {error}"))?;
                expected_lines.push(written(&read)?);
            }
            Some(Item::File(name)) => {
                let path = surroundings::within(beside, name);
                let expected = path.and_then(|path| std::fs::read(path).map_err(|e| e.to_string()));
                let encoded = item.map(media::encode).transpose();
                let encoded = encoded.map_err(|error| error.to_string())?.flatten();
                let same = match (&expected, &encoded) {
                    (Ok(expected), Some((_, bytes))) => expected == bytes,
                    _ => false,
                };
                if same {
                    // Both have the same line.
                    expected_lines.push(format!("{{\"$from\": \"{name}\"}}"));
                    given_lines.push(format!("{{\"$from\": \"{name}\"}}"));
                    continue;
                }
                expected_lines.push(match expected {
                    Ok(bytes) => format!("{name}, {} bytes", bytes.len()),
                    Err(reason) => format!("{name}, which can't be read: {reason}"),
                });
                if let (Some(_), Some((format, bytes))) = (item, &encoded) {
                    let ending = format.ending();
                    given_lines.push(format!("a .{ending} of {} bytes", bytes.len()));
                    continue;
                }
            }
        }
        if let Some(item) = item {
            given_lines.push(written(item)?);
        }
    }
    let (expected, given) = (expected_lines.join("\n"), given_lines.join("\n"));
    Ok((expected != given).then(|| diff(&expected, &given)))
}

fn written(item: &Data) -> Result<String, String> {
    let mut writer = Writer::new(Style::Pretty);
    let done = writer.item(item);
    done.map_err(|error| format!("the component gave a broken value: {error}"))?;
    Ok(writer.finish())
}

/// How many lines around a change are shown.
const AROUND: usize = 3;
/// How many lines of a difference are shown.
const MOST_LINES: usize = 100;
/// How many characters of a line are shown.
const WIDEST: usize = 500;

/// Lines that are only expected (`-`) and lines that only came out (`+`).
fn diff(expected: &str, given: &str) -> String {
    let whole = |text: &str| format!("{text}\n");
    let (expected, given) = (whole(expected), whole(given));
    let diff = TextDiff::from_lines(&expected, &given);
    let mut lines = Vec::new();
    for (at, group) in diff.grouped_ops(AROUND).iter().enumerate() {
        if at > 0 {
            lines.push("  ...".to_owned());
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            let line: String = change.value().trim_end().chars().take(WIDEST).collect();
            lines.push(format!("{sign} {line}"));
        }
    }
    let more = lines.len().saturating_sub(MOST_LINES);
    if more > 0 {
        lines.truncate(MOST_LINES);
        lines.push(format!("  ... {more} lines more"));
    }
    lines.join("\n")
}
