//! The cases of `tests/conformance` in the component.

use pipeline_host::types::{Input, PipelineError, RunResult};
use pipeline_tests::hosts::{Cases, HostReport};
use pipeline_tests::{Case, read};

use crate::common::{block_on, item, limits, root, run, sandbox};
use crate::compare::{check, conclude, directory};

fn run_case(case: &Case) -> Result<RunResult, PipelineError> {
    let directory = directory(&case.nodes);
    let sandbox = sandbox((!case.nodes.is_empty()).then_some(directory.path()));
    let inputs: Option<Vec<Input>> = case
        .inputs
        .as_ref()
        .map(|inputs| inputs.iter().map(|json| item(json).into()).collect());
    run(&sandbox, &case.manifest, inputs.as_deref())
}

/// What the host was seen to do, besides running the cases.
fn works() -> Vec<String> {
    let manifest = r#"{"version": "v1", "nodes": [{"id": "n", "node_type": "PassThrough"}]}"#;
    block_on(async {
        let sandbox = sandbox(None);
        let mut instance = sandbox.instantiate(&limits()).await.expect("an instance");
        let loaded = instance.load(manifest).await.expect("no fault");
        let manifest = loaded.expect("a manifest").manifest;
        let checked = instance.check(&manifest).await.expect("no fault");
        assert_eq!(checked.expect("it can run").graph.node_count, 1);
        let nodes = instance.list_nodes().await.expect("no fault");
        assert!(nodes.iter().any(|node| node.node_type == "PassThrough"));
        let session = instance.open(&manifest).await.expect("no fault");
        let mut session = session.expect("a session");
        let pushed = session.push(&item("1").into()).await;
        let part = pushed.expect("no fault").expect("outputs");
        assert_eq!((&*part.outputs[0].node_id, part.more), ("n", false));
        session.close().await.expect("no fault");
    });
    let seen = ["load", "check", "list-nodes", "execute"];
    let more = ["execute-with-input", "session", "nodes of your own"];
    seen.iter().chain(&more).map(ToString::to_string).collect()
}

fn report(cases: usize, failed: usize) {
    HostReport {
        host: "`pipeline`, and the library `pipeline_host`".into(),
        version: "wasmtime 48".into(),
        component: "pipeline.wasm".into(),
        cases: Cases {
            passed: cases - failed,
            failed,
            skipped: Vec::new(),
        },
        works: works(),
        not: Vec::new(),
    }
    .write("wasmtime")
    .expect("the report is written");
}

#[test]
fn every_case_gives_what_it_expects() {
    let cases = read(&root().join("tests/conformance"), "component");
    let wrong: Vec<_> = cases
        .iter()
        .filter_map(|case| {
            check(case, run_case(case))
                .err()
                .map(|error| format!("{}: {error}", case.name))
        })
        .collect();
    println!("{} cases", cases.len());
    report(cases.len(), wrong.len());
    conclude(cases.len(), &wrong);
}
