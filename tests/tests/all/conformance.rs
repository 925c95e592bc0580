//! The cases of `tests/conformance` in the component.

use pipeline_host::types::{Data, ErrorKind, PipelineError, RunResult};
use pipeline_tests::{Case, read};

use crate::common::{item, root, run, sandbox, written};

fn run_case(case: &Case) -> Result<RunResult, PipelineError> {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, text) in &case.nodes {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(path, text).expect("a file");
    }
    let sandbox = sandbox((!case.nodes.is_empty()).then_some(directory.path()));
    let inputs: Option<Vec<Data>> = case
        .inputs
        .as_ref()
        .map(|inputs| inputs.iter().map(|json| item(json)).collect());
    run(&sandbox, &case.manifest, inputs.as_deref())
}

fn kind(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidManifest => "invalid-manifest",
        ErrorKind::NeedsInput => "needs-input",
        ErrorKind::InvalidInput => "invalid-input",
        ErrorKind::NodeSetupFailed => "node-setup-failed",
        ErrorKind::NodeFailed => "node-failed",
        ErrorKind::UnrepresentableOutput => "unrepresentable-output",
        ErrorKind::SessionClosed => "session-closed",
        ErrorKind::Internal => "internal",
    }
}

fn outputs(expected: Option<&Vec<String>>, found: &[Data]) -> Result<(), String> {
    let Some(expected) = expected else {
        return Ok(());
    };
    let expected: Vec<_> = expected.iter().map(|json| written(&item(json))).collect();
    let found: Vec<_> = found.iter().map(written).collect();
    match expected == found {
        true => Ok(()),
        false => Err(format!(
            "outputs\n    expected {expected:?}\n    found    {found:?}"
        )),
    }
}

fn check(case: &Case) -> Result<(), String> {
    let expect = &case.expect;
    match (&expect.error, run_case(case)) {
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
            kind(error.kind),
            error.node_id,
            error.message,
            error.traceback.unwrap_or_default()
        )),
        (Some(_), Ok(result)) => Err(format!(
            "did not fail, but gave {:?}",
            result.outputs.iter().map(written).collect::<Vec<_>>()
        )),
        (Some(failure), Err(error)) => {
            let said = |part: &String| {
                error.message.contains(part)
                    || error.diagnostics.iter().any(|d| d.message.contains(part))
            };
            let same = failure
                .kind
                .as_ref()
                .is_none_or(|name| name == kind(error.kind))
                && failure.message_contains.as_ref().is_none_or(said)
                && (failure.node_id.is_none() || failure.node_id == error.node_id)
                && (failure.item.is_none() || failure.item == error.item);
            if !same {
                return Err(format!(
                    "expected {failure:?}\n    found {} node {:?} item {:?}: {}",
                    kind(error.kind),
                    error.node_id,
                    error.item,
                    error.message
                ));
            }
            outputs(expect.outputs.as_ref(), &error.outputs)
        }
    }
}

#[test]
fn every_case_gives_what_it_expects() {
    let cases = read(&root().join("tests/conformance"), "component");
    let wrong: Vec<_> = cases
        .iter()
        .filter_map(|case| {
            check(case)
                .err()
                .map(|error| format!("{}: {error}", case.name))
        })
        .collect();
    println!("{} cases", cases.len());
    assert!(
        cases.len() >= 150,
        "only {} cases: where are the others?",
        cases.len()
    );
    assert!(
        wrong.is_empty(),
        "{} of {} cases\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}
