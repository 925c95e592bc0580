//! What a conformance case expects, compared with what came of it.

use std::fs;

use pipeline_host::codec;
use pipeline_host::codec::names::Named as _;
use pipeline_host::types::{Data, NodeOutputs, PipelineError, RunResult};
use pipeline_tests::Case;

fn outputs(expected: Option<&Vec<String>>, given: &[NodeOutputs]) -> Result<(), String> {
    let Some(expected) = expected else {
        return Ok(());
    };
    let expected: Vec<_> = expected.iter().map(|json| written(&item(json))).collect();
    let found = all(given);
    match expected == found {
        true => Ok(()),
        false => Err(format!(
            "outputs\n    expected {expected:?}\n    found    {found:?}"
        )),
    }
}

/// All items of some outputs, written.
fn all(given: &[NodeOutputs]) -> Vec<String> {
    let items = given.iter().flat_map(|given| &given.items);
    items.map(written).collect()
}

/// What is not as the case expects it.
pub(crate) fn check(case: &Case, found: Result<RunResult, PipelineError>) -> Result<(), String> {
    let expect = &case.expect;
    match (&expect.error, found) {
        (None, Ok(result)) => {
            outputs(expect.outputs.as_ref(), &result.outputs)?;
            match &expect.execution_order {
                Some(order) if *order != result.graph.execution_order => {
                    Err(format!("order {:?}", result.graph.execution_order))
                }
                _ => Ok(()),
            }
        }
        (None, Err(error)) => Err(format!(
            "failed: {} {:?} {} {}",
            error.kind.name(),
            error.node_id,
            error.message,
            error.traceback.unwrap_or_default()
        )),
        (Some(_), Ok(result)) => Err(format!("did not fail, but gave {:?}", all(&result.outputs))),
        (Some(failure), Err(error)) => {
            let said = |part: &String| {
                error.message.contains(part)
                    || error.diagnostics.iter().any(|d| d.message.contains(part))
            };
            let same = failure
                .kind
                .as_ref()
                .is_none_or(|name| name == error.kind.name())
                && failure.message_contains.as_ref().is_none_or(said)
                && (failure.node_id.is_none() || failure.node_id == error.node_id)
                && (failure.item.is_none() || failure.item == error.item);
            if !same {
                return Err(format!(
                    "expected {failure:?}\n    found {} node {:?} item {:?}: {}",
                    error.kind.name(),
                    error.node_id,
                    error.item,
                    error.message
                ));
            }
            outputs(expect.outputs.as_ref(), &error.outputs)
        }
    }
}

/// A directory with files, given by name and text.
pub(crate) fn directory(files: &[(String, String)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, text).expect("a file");
    }
    directory
}

/// Fails where cases gave something else than they expect, or where there are
/// too few of them.
pub(crate) fn conclude(cases: usize, wrong: &[String]) {
    assert!(cases >= 150, "only {cases} cases: where are the others?");
    assert!(
        wrong.is_empty(),
        "{} of {cases} cases\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// An item from its JSON form.
pub(crate) fn item(json: &str) -> Data {
    codec::read_item(json.as_bytes()).unwrap_or_else(|error| panic!("{json}: {error}"))
}

/// The one way to write an item: whatever forms its lists have.
pub(crate) fn written(item: &Data) -> String {
    codec::item_to_json(item).expect("a tree")
}
