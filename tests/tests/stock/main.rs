//! The component under stock `wasmtime run --invoke`, with WAVE: what the
//! command line reads and prints. `cargo xtask test` builds the command line
//! and runs these.

// The errors are those of the bindings, and these are tests.
#![allow(clippy::result_large_err)]

mod cli;
#[path = "../shared/compare.rs"]
mod compare;
mod wave;

use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use pipeline_host::codec::document::plain_error;
use pipeline_host::types::{Diagnostic, ErrorKind, Input, Location, PipelineError, RunResult};
use pipeline_tests::hosts::{Cases, HostReport, Missing};
use pipeline_tests::{Case, read};
use wasmtime::component::Val;

use cli::{Run, dist, told};
use wave::{Wave, field};

const NEEDS: &str = "the command line is there";

/// A run that sees the standard library, the package and a directory of nodes.
fn run(nodes: Option<&Path>) -> Run {
    let dist = dist();
    let run = Run::bounded()
        .directory(&dist.join("stdlib"), "/stdlib")
        .directory(&dist.join("python"), "/python");
    match nodes {
        Some(nodes) => run.directory(nodes, "/nodes/own"),
        None => run,
    }
}

/// A manifest from its text, by `load`; what is wrong with it, where it can't run.
fn load(source: &str, nodes: Option<&Path>) -> Result<Val, Val> {
    let loaded = run(nodes).call("load", &[source.to_owned().to_val()]);
    match loaded.expect(NEEDS) {
        Val::Result(Ok(Some(loaded))) => Ok(field(&loaded, "manifest").clone()),
        Val::Result(Err(Some(invalid))) => Err(*invalid),
        other => panic!("no result: {other:?}"),
    }
}

fn execute(
    manifest: &str,
    inputs: Option<&[String]>,
    nodes: Option<&Path>,
) -> Result<RunResult, PipelineError> {
    let manifest = load(manifest, nodes).map_err(|invalid| {
        let found = Wave::from_val(field(&invalid, "diagnostics"));
        plain_error(ErrorKind::InvalidManifest, String::new(), found)
    })?;
    let run = run(nodes);
    let result = match inputs {
        None => run.call("execute", &[manifest]),
        Some(inputs) => {
            let inputs: Vec<Input> = inputs
                .iter()
                .map(|json| compare::item(json).into())
                .collect();
            run.call("execute-with-input", &[manifest, inputs.to_val()])
        }
    };
    Wave::from_val(&result.expect(NEEDS))
}

fn case(case: &Case) -> Result<(), String> {
    let nodes = compare::directory(&case.nodes);
    let nodes = (!case.nodes.is_empty()).then_some(nodes.path());
    compare::check(case, execute(&case.manifest, case.inputs.as_deref(), nodes))
}

#[test]
#[ignore = "needs stock wasmtime: `cargo xtask test stock`"]
fn every_case_gives_what_it_expects() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cases = read(&root.join("conformance"), "component");
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, Into::into) {
            scope.spawn(|| {
                while let Some(one) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(error) = case(one) {
                        let line = format!("{}: {error}", one.name);
                        wrong.lock().expect("no panic").push(line);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("no panic");
    report(cases.len(), wrong.len());
    compare::conclude(cases.len(), &wrong);
}

/// A run of a node of one's own on one item.
fn own(body: &str, run: impl FnOnce(Run) -> Run) -> Result<Val, String> {
    let text = format!("class Own:\n    def process(self, item):\n        {body}\n");
    let nodes = compare::directory(&[("own.py".into(), text)]);
    let manifest = r#"{"version": "v1", "nodes": [{"id": "own", "node_type": "own:Own"}]}"#;
    let inputs = vec![Input::from(compare::item("1"))].to_val();
    let manifest = load(manifest, Some(nodes.path())).expect("a manifest");
    run(Run::new().directory(nodes.path(), "/nodes/own"))
        .call("execute-with-input", &[manifest, inputs])
}

#[test]
#[ignore = "needs stock wasmtime: `cargo xtask test stock`"]
fn time_and_memory_are_bounded() {
    let error = own("while True: pass", |run| run.option("-W timeout=500ms")).unwrap_err();
    assert!(error.contains("wasm trap: interrupt"), "{error}");
    let big = "return len(bytearray(500_000_000))";
    let found = own(big, |run| {
        run.option("-W timeout=600s,max-memory-size=134217728")
    });
    let found: Result<RunResult, PipelineError> = Wave::from_val(&found.expect(NEEDS));
    let error = found.unwrap_err();
    assert_eq!(error.message, "MemoryError");
}

/// Compiles what a command of the program makes, as stock wasmtime does.
#[test]
#[ignore = "needs stock wasmtime: `cargo xtask test stock`"]
fn what_was_baked_runs_with_no_other_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/custom_node");
    let place = tempfile::tempdir().expect("a directory");
    let (baked, compiled) = (place.path().join("my.wasm"), place.path().join("my.cwasm"));
    let succeeds = |command: &mut Command| assert!(command.status().expect("it starts").success());
    let mut bake = Command::new(dist().join("pipeline"));
    bake.arg("bake")
        .arg(root.join("manifest.yaml"))
        .arg("--nodes");
    succeeds(bake.arg(root.join("nodes")).arg("-o").arg(&baked));
    let mut compile = Command::new(told("PIPELINE_WASMTIME"));
    compile.args(["compile", "-W", "epoch-interruption=y"]);
    succeeds(compile.arg(&baked).arg("-o").arg(&compiled));
    let run = || Run::bounded().of(&compiled);
    let loaded = run().call("load", &[String::new().to_val()]);
    let Val::Result(Ok(Some(loaded))) = loaded.expect(NEEDS) else {
        panic!("the empty text is not the manifest");
    };
    let inputs = vec![Input::from(compare::item("\"so far so good\""))].to_val();
    let manifest = field(&loaded, "manifest").clone();
    let found = run().call("execute-with-input", &[manifest, inputs]);
    let found: Result<RunResult, PipelineError> = Wave::from_val(&found.expect(NEEDS));
    let given = found.expect("a result").into_items();
    assert_eq!(compare::written(&given[0]), r#"{"so":2,"far":1}"#);
}

/// What the table says does not work: it would be good news if this failed.
#[test]
#[ignore = "needs stock wasmtime: `cargo xtask test stock`"]
fn directories_can_be_written_and_sessions_not_opened() {
    let write = "return open(__file__ + '.new', 'w').write('written')";
    let found = own(write, |run| run.option("-W timeout=600s"));
    let found: Result<RunResult, PipelineError> = Wave::from_val(&found.expect(NEEDS));
    let given = found.expect("a result").into_items();
    assert_eq!(compare::written(&given[0]), "7");
    let error = Run::bounded().invoke("session.open(1)").unwrap_err();
    assert!(
        error.contains("No exported func named `session.open`"),
        "{error}"
    );
}

#[test]
#[ignore = "needs stock wasmtime: `cargo xtask test stock`"]
fn manifests_are_checked() {
    let manifest = r#"{"version": "v1", "nodes": [{"id": "n", "node_type": "Echo"}]}"#;
    let manifest = load(manifest, None).expect("a manifest");
    match Run::bounded().call("check", &[manifest]).expect(NEEDS) {
        Val::Result(Ok(Some(checked))) => {
            assert_eq!(
                u32::from_val(field(field(&checked, "graph"), "node-count")),
                1
            );
        }
        other => panic!("{other:?}"),
    }
    let unknown = r#"{"version": "v1", "nodes": [{"id": "n", "node_type": "Ecko"}]}"#;
    let invalid = load(unknown, None).expect_err("it can't run");
    let place = field(&invalid, "node-locations");
    assert_eq!(Vec::<Location>::from_val(place)[0].column, 29);
    let manifest = match field(&invalid, "manifest") {
        Val::Option(Some(manifest)) => (**manifest).clone(),
        other => panic!("{other:?}"),
    };
    // Without the standard library there are no suggestions, but the same code.
    for (run, suggests) in [(run(None), true), (Run::bounded(), false)] {
        match run
            .call("check", std::slice::from_ref(&manifest))
            .expect(NEEDS)
        {
            Val::Result(Err(Some(diagnostics))) => {
                let diagnostics: Vec<Diagnostic> = Wave::from_val(&diagnostics);
                assert_eq!(diagnostics[0].code, "unknown-node-type");
                let message = &diagnostics[0].message;
                let suggested = message.contains("did you mean `Echo`?");
                assert_eq!(suggested, suggests, "{message}");
            }
            other => panic!("{other:?}"),
        }
    }
}

fn report(cases: usize, failed: usize) {
    let works = [
        "load",
        "check",
        "list-nodes",
        "execute",
        "execute-with-input",
        "nodes of your own",
        "limits",
    ];
    let not = [
        (
            "session",
            "`--invoke` makes one call in a fresh instance; no resource outlives it",
        ),
        (
            "read-only directories",
            "`--dir` grants writing too; grant a copy where that matters",
        ),
        (
            "items beyond 128 KiB as text",
            "the system bounds an argument; no option reads one from a file",
        ),
    ];
    HostReport {
        host: "stock `wasmtime run --invoke`".into(),
        version: "wasmtime 49".into(),
        component: "pipeline.wasm".into(),
        cases: Cases {
            passed: cases - failed,
            failed,
            skipped: Vec::new(),
        },
        works: works.map(str::to_owned).into(),
        not: not
            .map(|(what, why)| Missing {
                what: what.into(),
                why: why.into(),
            })
            .into(),
    }
    .write("stock-wasmtime")
    .expect("the report is written");
}
