//! `run --cache`: nodes whose items are known need not run.

use std::fs;

use serde_json::{Value, json};

use crate::program::{Files, Run, run};

const NODES: &str = r#"
import asyncio, logging, random, time

class Slow:
    def __init__(self, by=2):
        self.by, self.seen = by, 0

    def process(self, x):
        print("slow ran")
        self.seen += 1
        return {"n": x * self.by, "of": (1, b"\x00", 0.5)}

    def flush(self):
        return {"n": self.seen, "of": None}

class Take:
    def process(self, x):
        print("take ran")
        return [x["n"], repr(x["of"])]

class Clock:
    def process(self, x):
        return time.time() > x

class Chance:
    def process(self, x):
        return random.random() > x

class Drawn:
    def process(self, x):
        import numpy
        return float(numpy.random.rand()) > x

class Sleeps:
    async def process(self, x):
        print("sleeps ran")
        time.sleep(0.001)
        await asyncio.sleep(0.001)
        logging.getLogger("own").warning("still here")
        return x

class Thing:
    def __init__(self, x):
        self.x = x

class Makes:
    def process(self, x):
        print("makes ran")
        return Thing(x)

class Opens:
    def process(self, thing):
        print("opens ran")
        return thing.x
"#;

fn node(id: &str, node_type: &str, params: Value) -> Value {
    json!({"id": id, "node_type": node_type, "params": params})
}

fn manifest(nodes: &[Value], connections: &[(&str, &str)]) -> String {
    let connections = connections
        .iter()
        .map(|(from, to)| json!({"from": from, "to": to}));
    let connections: Vec<_> = connections.collect();
    json!({"version": "v1", "nodes": nodes, "connections": connections}).to_string()
}

fn chain(by: i64, more: &[Value]) -> String {
    let mut nodes = vec![
        node("slow", "own:Slow", json!({"by": by})),
        node("take", "own:Take", json!({})),
    ];
    nodes.extend_from_slice(more);
    manifest(&nodes, &[("slow", "take")])
}

fn files(manifest: &str) -> Files {
    Files::new(&[("m.json", manifest), ("nodes/own.py", NODES)])
}

fn cached(files: &Files, inputs: &[&str], more: &[&str]) -> Run {
    let (manifest, nodes, cache) = (files.path("m.json"), files.path("nodes"), files.path("c"));
    let mut arguments = vec!["run", &manifest, "--nodes", &nodes, "--cache", &cache];
    for input in inputs {
        arguments.extend(["--input", input]);
    }
    run(arguments.iter().chain(more))
}

/// Which nodes ran, by what they print.
fn ran(run: &Run) -> Vec<&str> {
    let mut all: Vec<_> = run
        .stderr
        .lines()
        .filter_map(|line| line.split_once(" | ")?.1.strip_suffix(" ran"))
        .collect();
    all.dedup();
    all
}

#[test]
fn a_node_runs_again_where_something_changed_for_it() {
    let files = files(&chain(2, &[]));
    let inputs = ["3", "4"];
    let expected = json!([
        [6, "(1, b'\\x00', 0.5)"],
        [8, "(1, b'\\x00', 0.5)"],
        [2, "None"]
    ]);
    let first = cached(&files, &inputs, &[]).code(0);
    assert_eq!(first.outputs(), expected);
    assert_eq!(ran(&first), ["slow", "take", "slow", "take"]);
    first.says(&["2 of 2 nodes ran, 2 kept"]);
    // Nothing changed: byte for byte the same, and nothing ran.
    let first = cached(&files, &inputs, &["--by-node"]).code(0);
    let plain = run([
        "run",
        &files.path("m.json"),
        "--nodes",
        &files.path("nodes"),
        "--input=3",
        "--input=4",
        "--by-node",
    ]);
    assert_eq!(first.stdout, plain.code(0).stdout);
    assert_eq!(ran(&first), Vec::<&str>::new());
    first.says(&["0 of 2 nodes ran"]);
    // Where the code of a module changes, all that could import it runs again.
    let changed = NODES.replace("[x[\"n\"],", "[-x[\"n\"],");
    files.write("nodes/own.py", changed.as_bytes());
    let run = cached(&files, &inputs, &[]).code(0);
    assert_eq!(run.outputs()[0][0], -6);
    assert_eq!(ran(&run), ["slow", "take", "slow", "take"]);
    // A node that follows changes: the one before it has not.
    let more = chain(2, &[]).replace(
        "own:Take\",\"params\":{}",
        "own:Take\",\"params\":{\"a\":1}",
    );
    let takes = changed.replace(
        "class Take:",
        "class Take:\n    def __init__(self, a=0):\n        pass",
    );
    files.write("nodes/own.py", takes.as_bytes());
    cached(&files, &inputs, &[]).code(0);
    files.write("m.json", more.as_bytes());
    let run = cached(&files, &inputs, &[]).code(0);
    assert_eq!(ran(&run), ["take"]);
    run.says(&["1 of 2 nodes ran, 1 kept"]);
    // Params, and items.
    files.write("m.json", chain(5, &[]).as_bytes());
    let run = cached(&files, &inputs, &[]).code(0);
    assert_eq!(run.outputs()[0][0], -15);
    let run = cached(&files, &["3"], &[]).code(0);
    assert_eq!(run.outputs()[1], json!([-1, "None"]));
    assert_eq!(ran(&run), ["slow", "take"]);
}

#[test]
fn what_depends_on_more_than_its_items_runs_each_time() {
    for (node_type, input, why) in [
        ("own:Clock", "1", Some("it reads a clock")),
        ("own:Chance", "-1", Some("it asks for random numbers")),
        ("own:Drawn", "-1", Some("it asks for random numbers")),
        ("own:Sleeps", "1", None),
        ("AddNode", "1", None),
    ] {
        let nodes = [
            node("n", node_type, json!({})),
            node("p", "PassThrough", json!({})),
        ];
        let files = files(&manifest(&nodes, &[("n", "p")]));
        let first = cached(&files, &[input], &[]).code(0);
        let second = cached(&files, &[input], &[]).code(0);
        assert_eq!(first.stdout, second.stdout);
        match why {
            Some(why) => {
                let told = format!("cache: `n` is not kept: {why}");
                second.says(&["2 of 2 nodes ran", &told, "`p` is not kept: it follows `n`"]);
            }
            None => drop(second.says(&["0 of 2 nodes ran"])),
        }
    }
    let files = files(&manifest(&[node("n", "own:Clock", json!({}))], &[]));
    files.write("nodes/own.py", b"import time\nNOW = time.time()\nclass Clock:\n    def process(self, x):\n        return NOW > x\n");
    cached(&files, &["1"], &[]).code(0);
    let told = "a module reads a clock when it is imported";
    cached(&files, &["1"], &[])
        .code(0)
        .says(&["1 of 1 nodes ran", told]);
}

#[test]
fn what_only_python_has_is_not_kept_and_does_no_harm() {
    let nodes = [
        node("makes", "own:Makes", json!({})),
        node("opens", "own:Opens", json!({})),
        node("other", "AddNode", json!({"addend": 1})),
    ];
    let files = files(&manifest(&nodes, &[("makes", "opens")]));
    for _ in 0..2 {
        let run = cached(&files, &["1"], &[]).code(0);
        assert_eq!(run.outputs(), json!([1, 2]));
        assert_eq!(ran(&run), ["makes", "opens"]);
        run.says(&["`makes` is not kept: it gives objects that only Python has"]);
    }
}

/// A pipeline with all that can be in one: several sources, a node that gives to two,
/// merges, and nodes that give more at their end.
#[test]
fn the_order_at_merges_is_that_of_a_run_of_all() {
    let at = |addend: i64, last: i64| {
        manifest(
            &[
                node("a", "own:Slow", json!({"by": 2})),
                node("b", "AddNode", json!({"addend": addend})),
                node("c", "own:Take", json!({})),
                node("m", "PassThrough", json!({})),
                node("n", "AddNode", json!({"addend": 7})),
                node("l", "PassThrough", json!({"name": last.to_string()})),
            ],
            &[
                ("b", "m"),
                ("a", "c"),
                ("c", "m"),
                ("b", "n"),
                ("m", "l"),
                ("c", "l"),
            ],
        )
    };
    let files = files(&at(1, 0));
    let inputs = ["1", "a=5", "2", "b=8"];
    cached(&files, &inputs, &[])
        .code(0)
        .says(&["6 of 6 nodes ran"]);
    for (addend, last, count) in [(1, 0, 0), (1, 1, 1), (4, 1, 4), (4, 2, 1), (1, 2, 1)] {
        files.write("m.json", at(addend, last).as_bytes());
        let (manifest, nodes) = (files.path("m.json"), files.path("nodes"));
        let mut plain = vec!["run", &manifest, "--nodes", &nodes];
        inputs
            .iter()
            .for_each(|input| plain.extend(["--input", input]));
        let cached = cached(&files, &inputs, &[]).code(0);
        assert_eq!(cached.stdout, run(plain).code(0).stdout);
        cached.says(&[&format!("{count} of 6 nodes ran")]);
    }
}

#[test]
fn entries_that_are_damaged_are_made_anew() {
    let files = files(&chain(2, &[]));
    cached(&files, &["3"], &[]).code(0);
    let entries: Vec<_> = fs::read_dir(files.path("c")).unwrap().collect();
    assert_eq!(entries.len(), 2);
    for entry in entries {
        fs::write(entry.unwrap().path(), "{}\n").unwrap();
    }
    let run = cached(&files, &["3"], &[]).code(0);
    assert_eq!(run.outputs()[0][0], 6);
    run.says(&["is damaged", "2 of 2 nodes ran, 2 kept"]);
    cached(&files, &["3"], &[])
        .code(0)
        .says(&["0 of 2 nodes ran"]);
    // A run that fails keeps nothing, and says what one without a cache says.
    let failed = cached(&files, &["\"x\"", "null"], &[]).code(1);
    assert_eq!(failed.json()["error"]["node_id"], "slow");
    // What can't be a cache.
    let (manifest, nodes) = (files.path("m.json"), files.path("nodes"));
    let cache = files.path("nodes/own.py");
    crate::program::run([
        "run",
        &manifest,
        "--nodes",
        &nodes,
        "--cache",
        &cache,
        "--input=1",
    ])
    .code(2)
    .says(&["can't be made"]);
}
