//! How items move, what is called when, and what errors say.

#![allow(missing_docs, clippy::result_large_err)]

mod common;

use common::{manifest, node, registry, take_log};
use pipeline_component::Value;
use pipeline_component::executor::{
    Batch, ErrorKind, Input, NodeOutputs, PipelineError, Run, RunResult, execute, execute_inputs,
    items,
};
use pipeline_component::manifest::{Manifest, NodeSpec};

fn probe<const N: usize>(name: &str, more: [(&str, Value); N]) -> NodeSpec {
    let mut spec = node(name, "Probe", more);
    if let Value::Map(fields) = &mut spec.params {
        fields.push(("name".to_owned(), name.into()));
    }
    spec
}

fn texts(given: &[NodeOutputs]) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::Text(text) => text.clone(),
        other => format!("{other:?}"),
    };
    let items = given.iter().flat_map(|given| &given.items);
    items.map(text).collect()
}

/// Pushes an item, and pulls until all of its outputs are there.
fn push(run: &mut Run, item: &str) -> Result<Vec<NodeOutputs>, PipelineError> {
    let mut part = run.push(Value::from(item).into())?;
    let mut all = part.outputs;
    while part.more {
        part = run.pull(usize::MAX)?;
        all.append(&mut part.outputs);
    }
    Ok(all)
}

/// Pulls so many outputs.
fn pull(run: &mut Run, count: usize) -> Vec<NodeOutputs> {
    let mut all = Vec::new();
    while texts(&all).len() < count {
        all.append(&mut run.pull(1).unwrap().outputs);
    }
    all
}

fn run(manifest: &Manifest, inputs: &[&str]) -> RunResult {
    let inputs = inputs.iter().map(|&text| text.into()).collect();
    let result = execute(manifest, &registry(), Some(inputs));
    result.unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn an_item_is_carried_as_far_as_it_goes_before_the_next_is_asked_for() {
    let pipeline = manifest(
        vec![probe("a", [("copies", 2.into())]), probe("b", [])],
        &["a>b"],
    );
    take_log();
    assert_eq!(
        texts(&run(&pipeline, &["x", "y"]).outputs),
        ["xa1b", "xa2b", "ya1b", "ya2b"]
    );
    let log: Vec<_> = take_log().into_iter().filter(|l| l.contains("g")).collect();
    assert_eq!(
        log,
        [
            "a gets x",
            "a gives copy 1",
            "b gets xa1",
            "a gives copy 2",
            "b gets xa2",
            "a gets y",
            "a gives copy 1",
            "b gets ya1",
            "a gives copy 2",
            "b gets ya2",
        ]
    );
}

#[test]
fn a_million_items_of_a_generator_never_pile_up() {
    let pipeline = manifest(
        vec![
            node("count", "Counter", [("to", 1_000_000.into())]),
            node("add", "AddNode", [("addend", 1.into())]),
            node("none", "Sum", []),
        ],
        &["count>add", "add>none"],
    );
    let mut registry = registry();
    registry.register(sum_factory());
    let result = execute(&pipeline, &registry, None).unwrap();
    assert_eq!(items(result.outputs.clone()), [Value::Int(500_001_500_000)]);
    assert_eq!(result.metrics[1].items_in, 1_000_000);
    assert_eq!(result.metrics[2].items_out, 1);
}

/// Gives the sum at the end.
fn sum_factory() -> pipeline_component::registry::Factory {
    use pipeline_component::node::{Node, NodeError, Outputs};
    struct Sum(i64);
    impl Node for Sum {
        fn process(&mut self, item: Value) -> Result<Outputs, NodeError> {
            if let Value::Int(item) = item {
                self.0 += item;
            }
            Ok(Outputs::None)
        }
        fn finish(&mut self) -> Result<Outputs, NodeError> {
            Ok(Outputs::One(Value::Int(self.0)))
        }
    }
    pipeline_component::registry::Factory {
        info: pipeline_component::registry::NodeInfo {
            node_type: "Sum".to_owned(),
            language: pipeline_component::registry::Language::Rust,
            summary: String::new(),
            params: Vec::new(),
            streaming: false,
            source: false,
            unavailable: None,
        },
        make: |_| Ok(Box::new(Sum(0))),
    }
}

#[test]
fn a_merge_takes_its_connections_one_after_the_other() {
    // c's first connection is from b, though a runs first.
    let nodes = || vec![probe("a", []), probe("b", []), probe("c", [])];
    let pipeline = manifest(nodes(), &["b>c", "a>c"]);
    assert_eq!(
        texts(&run(&pipeline, &["1", "2"]).outputs),
        ["1bc", "2bc", "1ac", "2ac"]
    );
    let pipeline = manifest(nodes(), &["a>c", "b>c"]);
    assert_eq!(
        texts(&run(&pipeline, &["1", "2"]).outputs),
        ["1ac", "2ac", "1bc", "2bc"]
    );
}

#[test]
fn what_is_flushed_stays_with_its_connection_at_a_merge() {
    let pipeline = manifest(
        vec![
            probe("a", [("flush", 1.into())]),
            probe("b", [("flush", 1.into())]),
            probe("c", []),
        ],
        &["a>c", "b>c"],
    );
    assert_eq!(
        texts(&run(&pipeline, &["1"]).outputs),
        ["1ac", "a!1c", "1bc", "b!1c"]
    );
}

#[test]
fn flushed_items_go_through_the_nodes_below_and_their_own_flush() {
    let pipeline = manifest(
        vec![
            probe("a", [("flush", 2.into())]),
            probe("b", [("flush", 1.into())]),
        ],
        &["a>b"],
    );
    take_log();
    assert_eq!(
        texts(&run(&pipeline, &["x"]).outputs),
        ["xab", "a!1b", "a!2b", "b!1"]
    );
    assert_eq!(
        take_log(),
        [
            "initialize a",
            "initialize b",
            "a gets x",
            "b gets xa",
            "finish a",
            "b gets a!1",
            "b gets a!2",
            "finish b",
            "cleanup b",
            "cleanup a",
        ]
    );
}

#[test]
fn the_outputs_are_those_of_the_sinks_in_the_manifests_order() {
    let mut tap = probe("tap", []);
    tap.is_output_node = true;
    let pipeline = manifest(
        vec![probe("z", []), probe("root", []), tap, probe("y", [])],
        &["root>tap", "tap>z", "root>y"],
    );
    let result = run(&pipeline, &["1", "2"]);
    assert_eq!(
        texts(&result.outputs),
        [
            "1roottapz",
            "2roottapz",
            "1roottap",
            "2roottap",
            "1rooty",
            "2rooty"
        ]
    );
    assert_eq!(result.graph.execution_order, ["root", "tap", "z", "y"]);
    assert_eq!(result.graph.sink_count, 2);
    assert_eq!(result.graph.source_count, 1);
    let counts: Vec<_> = result
        .metrics
        .iter()
        .map(|m| (m.node_id.as_str(), m.items_in, m.items_out))
        .collect();
    assert_eq!(
        counts,
        [("z", 2, 2), ("root", 2, 2), ("tap", 2, 2), ("y", 2, 2)]
    );
}

#[test]
fn in_a_session_every_push_is_a_batch() {
    let pipeline = manifest(
        vec![
            probe("a", []),
            probe("b", [("flush", 1.into())]),
            probe("c", []),
        ],
        &["b>c", "a>c"],
    );
    let mut run = Run::open(&pipeline, &registry()).unwrap();
    assert_eq!(texts(&push(&mut run, "1").unwrap()), ["1bc", "1ac"]);
    assert_eq!(texts(&push(&mut run, "2").unwrap()), ["2bc", "2ac"]);
    assert_eq!(texts(&run.finish().unwrap().outputs), ["b!1c"]);
    for error in [push(&mut run, "3").unwrap_err(), run.finish().unwrap_err()] {
        assert_eq!(error.kind, ErrorKind::SessionClosed);
    }
}

#[test]
fn a_session_pulls_from_sources_until_they_end() {
    let pipeline = manifest(
        vec![
            node("a", "Counter", [("to", 3.into())]),
            node("b", "Counter", [("to", 1.into())]),
        ],
        &[],
    );
    let mut run = Run::open(&pipeline, &registry()).unwrap();
    let mut given = Vec::new();
    loop {
        let part = run.pull(9).unwrap();
        given.push(texts(&part.outputs).join(" "));
        if !part.more {
            break;
        }
    }
    assert_eq!(given, ["Int(1)", "Int(2)", "Int(3)", "Int(1)", ""]);
    let part = run.pull(1).unwrap();
    assert!(part.outputs.is_empty() && !part.more);
    assert_eq!(run.finish().unwrap().outputs, []);
}

#[test]
fn an_output_leaves_before_the_next_is_asked_for() {
    let pipeline = manifest(
        vec![probe("a", [("copies", 2.into())]), probe("b", [])],
        &["a>b"],
    );
    let mut run = Run::open(&pipeline, &registry()).unwrap();
    take_log();
    let part = run.push(Value::from("x").into()).unwrap();
    assert_eq!(texts(&part.outputs), ["xa1b"]);
    assert!(part.more);
    assert_eq!(take_log(), ["a gets x", "a gives copy 1", "b gets xa1"]);
    // What is given meanwhile comes after it.
    let part = run.push(Value::from("y").into()).unwrap();
    assert_eq!(texts(&part.outputs), ["xa2b"]);
    let mut rest = Vec::new();
    let mut more = part.more;
    while more {
        let part = run.pull(1).unwrap();
        rest.append(&mut texts(&part.outputs));
        more = part.more;
    }
    assert_eq!(rest, ["ya1b", "ya2b"]);
    assert!(!run.pull(1).unwrap().more);
}

#[test]
fn what_is_under_way_is_finished_or_given_up() {
    let pipeline = manifest(
        vec![probe("a", [("copies", 3.into()), ("flush", 2.into())])],
        &[],
    );
    let open = || Run::open(&pipeline, &registry()).unwrap();
    let mut run = open();
    assert_eq!(
        texts(&run.push(Value::from("x").into()).unwrap().outputs),
        ["xa1"]
    );
    assert_eq!(
        texts(&run.finish().unwrap().outputs),
        ["xa2", "xa3", "a!1", "a!2"]
    );
    // The same in parts.
    let mut run = open();
    let mut parts = vec![run.push(Value::from("x").into()).unwrap()];
    parts.push(run.end().unwrap());
    while parts.last().unwrap().more {
        parts.push(run.pull(1).unwrap());
    }
    let all: Vec<_> = parts.iter().flat_map(|part| texts(&part.outputs)).collect();
    assert_eq!(all, ["xa1", "xa2", "xa3", "a!1", "a!2"]);
    let error = run.push(Value::from("y").into()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::SessionClosed);
    assert_eq!(run.finish().unwrap().outputs, []);
    let mut run = open();
    run.push(Value::from("x").into()).unwrap();
    take_log();
    drop(run);
    assert_eq!(take_log(), ["cleanup a"]);
}

#[test]
fn many_quick_outputs_leave_together() {
    let pipeline = manifest(vec![node("n", "Counter", [])], &[]);
    let mut run = Run::open(&pipeline, &registry()).unwrap();
    let mut last = 0;
    let largest = std::iter::repeat_with(|| {
        let items = items(run.pull(500).unwrap().outputs);
        for item in &items {
            last += 1;
            assert_eq!(*item, Value::Int(last));
        }
        assert!((1..=500).contains(&items.len()));
        items.len()
    })
    // A machine may be too busy for outputs to come quickly; not for ever.
    .take(1_000_000)
    .find(|count| *count > 100);
    assert!(largest.is_some());
}

#[test]
fn inputs_can_be_meant_for_one_source() {
    let pipeline = manifest(
        vec![probe("a", []), probe("b", []), probe("c", [])],
        &["a>c"],
    );
    let meant = |node: Option<&str>, batch| Input {
        node_id: node.map(str::to_owned),
        batch,
    };
    let inputs = || {
        vec![
            meant(Some("b"), Batch::One("1".into())),
            meant(None, Batch::One("2".into())),
            meant(Some("a"), Batch::Ints(vec![3])),
        ]
    };
    let outputs = execute_inputs(&pipeline, &registry(), Some(inputs()))
        .unwrap()
        .outputs;
    let given: Vec<_> = outputs
        .iter()
        .map(|given| (&*given.node_id, texts(std::slice::from_ref(given))))
        .collect();
    let expected = |b: &[&str], c: &[&str]| {
        let own = |texts: &[&str]| {
            texts
                .iter()
                .map(|&text| text.to_owned())
                .collect::<Vec<_>>()
        };
        [("b", own(b)), ("c", own(c))]
    };
    assert_eq!(given, expected(&["1b", "2b"], &["2ac", "Int(3)ac"]));

    let mut run = Run::open(&pipeline, &registry()).unwrap();
    let part = run.push(inputs().remove(0)).unwrap();
    assert_eq!(part.outputs[0].node_id, "b");
    for (node, message) in [
        (
            "c",
            "node `c`, which an item is meant for, gets its items from other nodes: items can be meant for `a` and `b`",
        ),
        (
            "B",
            "node `B`, which an item is meant for, is not in the manifest: did you mean `b`?",
        ),
    ] {
        let wrong = || meant(Some(node), Batch::One("x".into()));
        let error = run.push(wrong()).unwrap_err();
        assert_eq!(
            (error.kind, &*error.message),
            (ErrorKind::InvalidInput, message)
        );
        take_log();
        let error = execute_inputs(&pipeline, &registry(), Some(vec![wrong()])).unwrap_err();
        assert_eq!(error.message, message);
        assert_eq!(take_log(), Vec::<String>::new());
    }
    assert!(run.is_open());
}

#[test]
fn the_time_between_pushes_is_nobodys() {
    let pipeline = manifest(vec![probe("a", [])], &[]);
    let mut run = Run::open(&pipeline, &registry()).unwrap();
    let start = std::time::Instant::now();
    let mut busy = std::time::Duration::ZERO;
    // Beyond the first ones, not every item is measured.
    for _ in 0..300 {
        std::thread::sleep(std::time::Duration::from_millis(1));
        let before = std::time::Instant::now();
        push(&mut run, "x").unwrap();
        busy += before.elapsed();
    }
    let metrics = run.finish().unwrap().metrics;
    let charged = std::time::Duration::from_nanos(metrics[0].nanoseconds);
    let idle = start.elapsed() - busy;
    assert!(idle >= std::time::Duration::from_millis(300));
    assert!(charged < busy + idle / 3, "{charged:?} of {busy:?}");
}

#[test]
fn a_diamond_below_an_endless_source_does_not_pile_up_in_a_session() {
    let pipeline = manifest(
        vec![
            node("n", "Counter", []),
            probe("a", []),
            probe("b", []),
            probe("c", []),
        ],
        &["n>a", "n>b", "a>c", "b>c"],
    );
    let mut run = Run::open(&pipeline, &registry()).unwrap();
    assert_eq!(texts(&pull(&mut run, 2)), ["Int(1)ac", "Int(1)bc"]);
    assert_eq!(texts(&pull(&mut run, 2)), ["Int(2)ac", "Int(2)bc"]);
    // The source is stopped in the middle.
    assert_eq!(run.finish().unwrap().outputs, []);
}

#[test]
fn input_is_asked_for_and_refused_before_anything_runs() {
    take_log();
    let error = execute(&manifest(vec![probe("a", [])], &[]), &registry(), None).unwrap_err();
    assert_eq!(error.kind, ErrorKind::NeedsInput);
    assert_eq!(error.node_id.as_deref(), Some("a"));
    assert!(
        error.message.contains("node `a` (Probe) needs input"),
        "{error}"
    );
    let pipeline = manifest(vec![probe("a", []), node("n", "Counter", [])], &[]);
    let error = execute(&pipeline, &registry(), Some(vec![])).unwrap_err();
    assert_eq!(error.kind, ErrorKind::NeedsInput);
    assert!(error.message.contains("produces its own items"), "{error}");
    assert_eq!(take_log(), Vec::<String>::new());
    // In a session neither closes it.
    let mut run = Run::open(&manifest(vec![probe("a", [])], &[]), &registry()).unwrap();
    assert_eq!(run.pull(1).unwrap_err().kind, ErrorKind::NeedsInput);
    assert_eq!(texts(&push(&mut run, "x").unwrap()), ["xa"]);
}

#[test]
fn a_failure_names_its_node_and_item_and_keeps_what_was_done() {
    let pipeline = manifest(
        vec![probe("a", []), probe("b", [("item", 2.into())])],
        &["a>b"],
    );
    take_log();
    let inputs = ["1", "2", "3", "4"].map(Value::from).to_vec();
    let error = execute(&pipeline, &registry(), Some(inputs)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::NodeFailed);
    assert_eq!(
        error.to_string(),
        "node `b` (Probe), item 2: b dislikes item 2"
    );
    assert_eq!(texts(&error.outputs), ["1ab", "2ab"]);
    let log = take_log();
    assert_eq!(log[log.len() - 2..], ["cleanup b", "cleanup a"]);
    assert!(!log.contains(&"finish a".to_owned()));
}

#[test]
fn a_generator_that_fails_names_the_item_that_it_was_made_for() {
    let pipeline = manifest(
        vec![probe("a", [("copies", 3.into()), ("item", 1.into())])],
        &[],
    );
    let mut run = Run::open(&pipeline, &registry()).unwrap();
    let part = run.push(Value::from("x").into()).unwrap();
    assert_eq!(texts(&part.outputs), ["xa1"]);
    let error = run.pull(1).unwrap_err();
    assert_eq!(
        (error.item, error.message.as_str()),
        (Some(0), "a fails at copy 1")
    );
    assert_eq!(error.outputs, []);
    assert!(!run.is_open());
}

#[test]
fn what_was_initialised_is_cleaned_up_on_every_path() {
    let nodes = |b_fails: &str| {
        manifest(
            vec![
                probe("a", []),
                probe("b", [("fail", b_fails.into())]),
                probe("c", []),
            ],
            &["a>b", "b>c"],
        )
    };
    take_log();
    let error = execute(&nodes("initialize"), &registry(), Some(vec![])).unwrap_err();
    assert_eq!(error.kind, ErrorKind::NodeSetupFailed);
    assert_eq!(error.node_id.as_deref(), Some("b"));
    assert_eq!(take_log(), ["initialize a", "initialize b", "cleanup a"]);

    let error = execute(&nodes("finish"), &registry(), Some(vec![])).unwrap_err();
    assert_eq!((error.kind, error.item), (ErrorKind::NodeFailed, None));
    assert_eq!(
        take_log()[3..],
        [
            "finish a",
            "finish b",
            "cleanup c",
            "cleanup b",
            "cleanup a"
        ]
    );

    let error = execute(&nodes("cleanup"), &registry(), Some(vec!["x".into()])).unwrap_err();
    assert_eq!(error.message, "cleanup failed: cleanup of b fails");
    assert_eq!(texts(&error.outputs), ["xabc"]);
    assert_eq!(take_log().last().unwrap(), "cleanup a");

    drop(Run::open(&nodes(""), &registry()).unwrap());
    assert_eq!(take_log()[3..], ["cleanup c", "cleanup b", "cleanup a"]);
    let run = Run::open(&nodes("cleanup"), &registry()).unwrap();
    assert!(
        run.abort()
            .unwrap_err()
            .message
            .contains("cleanup of b fails")
    );
}

#[test]
fn a_failed_cleanup_after_a_failure_is_told_too() {
    let pipeline = manifest(
        vec![
            probe("a", [("item", 0.into())]),
            probe("b", [("fail", "cleanup".into())]),
        ],
        &["a>b"],
    );
    let error = execute(&pipeline, &registry(), Some(vec!["x".into()])).unwrap_err();
    assert_eq!(
        error.message,
        "a dislikes item 0\nafter that, node `b` (Probe): cleanup failed: cleanup of b fails"
    );
}

#[test]
fn objects_are_converted_only_where_they_must_be() {
    let pipeline = manifest(
        vec![
            node("o", "Opaque", []),
            node("p", "PassThrough", []),
            node("t", "TakesObjects", []),
            node("e", "Echo", []),
        ],
        &["o>p", "p>t", "t>e"],
    );
    take_log();
    run(&pipeline, &["x"]);
    assert_eq!(take_log(), ["an object", "convert x"]);
}

#[test]
fn every_branch_gets_a_copy_of_its_own() {
    let pipeline = manifest(
        vec![
            node("o", "Opaque", []),
            node("a", "TakesObjects", []),
            node("b", "TakesObjects", []),
            node("e", "Echo", []),
        ],
        &["o>a", "o>b", "o>e"],
    );
    take_log();
    run(&pipeline, &["x"]);
    // The last branch takes the item itself; Echo takes it as a plain value.
    assert_eq!(
        take_log(),
        [
            "copy x",
            "copy x",
            "convert x",
            "an object",
            "convert x",
            "an object",
            "convert x"
        ]
    );
    let error = execute(&pipeline, &registry(), Some(vec![true.into()])).unwrap_err();
    assert_eq!(error.kind, ErrorKind::UnrepresentableOutput);
    assert_eq!(
        error.message,
        "item 0 for node `a` (TakesObjects): a lock can't be copied"
    );
}

#[test]
fn an_output_without_a_form_is_named_by_node_type_and_path() {
    let pipeline = manifest(vec![node("o", "Opaque", [])], &[]);
    let inputs = vec!["fine".into(), Value::Null];
    let error = execute(&pipeline, &registry(), Some(inputs)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::UnrepresentableOutput);
    assert_eq!(
        error.to_string(),
        "node `o` (Opaque), item 1: outputs[1].results.x: set has no plain form"
    );
    assert_eq!(texts(&error.outputs), ["fine"]);
    let pipeline = manifest(
        vec![node("o", "Opaque", []), node("e", "Echo", [])],
        &["o>e"],
    );
    let error = execute(&pipeline, &registry(), Some(vec![Value::Null])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "node `o` (Opaque), item 0: item 0 for node `e` (Echo): item.results.x: set has no plain form"
    );
}

#[test]
fn deep_pipelines_cost_no_stack() {
    let chain = |node_type: &str| {
        let nodes: Vec<_> = (0..10_000)
            .map(|n| NodeSpec::new(format!("n{n}"), node_type))
            .collect();
        let connections: Vec<_> = (1..10_000).map(|n| format!("n{}>n{n}", n - 1)).collect();
        manifest(
            nodes,
            &connections.iter().map(String::as_str).collect::<Vec<_>>(),
        )
    };
    assert_eq!(texts(&run(&chain("PassThrough"), &["x"]).outputs), ["x"]);
    // A value that is nested so deep is an error, and no overflow.
    let error = execute(&chain("Echo"), &registry(), Some(vec!["x".into()])).unwrap_err();
    assert!(error.message.contains("nested 128 levels deep"), "{error}");
    assert_eq!(error.node_id.as_deref(), Some("n128"));
}

#[test]
fn a_wide_pipeline_gives_everyone_everything() {
    let mut nodes = vec![node("root", "PassThrough", [])];
    let mut connections = Vec::new();
    for n in 0..2000 {
        nodes.push(node(&format!("n{n}"), "AddNode", [("addend", n.into())]));
        connections.push(format!("root>n{n}"));
        connections.push(format!("n{n}>sink"));
    }
    nodes.push(node("sink", "PassThrough", []));
    let pipeline = manifest(
        nodes,
        &connections.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    let result = execute(&pipeline, &registry(), Some(vec![1.into()])).unwrap();
    let expected: Vec<Value> = (1..=2000).map(Value::Int).collect();
    assert_eq!(result.into_items(), expected);
}

#[test]
fn a_doubled_connection_gives_every_item_twice() {
    let pipeline = manifest(vec![probe("a", []), probe("b", [])], &["a>b", "a>b"]);
    assert_eq!(
        texts(&run(&pipeline, &["1", "2"]).outputs),
        ["1ab", "2ab", "1ab", "2ab"]
    );
}

#[test]
fn an_invalid_manifest_runs_nothing() {
    take_log();
    let mut pipeline = manifest(vec![probe("a", []), probe("a", [])], &["a>x"]);
    pipeline.nodes[1].node_type = "Prob".to_owned();
    let error = execute(&pipeline, &registry(), Some(vec![])).unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidManifest);
    let codes: Vec<_> = error.diagnostics.iter().map(|d| d.code).collect();
    assert_eq!(
        codes,
        ["duplicate-id", "unknown-endpoint", "unknown-node-type"]
    );
    assert_eq!(
        error.message,
        "the manifest can't run: two nodes have the id \"a\" (and 2 more)"
    );
    assert_eq!(take_log(), Vec::<String>::new());
}
