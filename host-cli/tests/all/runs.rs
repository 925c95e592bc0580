//! Runs that go well.

use serde_json::json;

use crate::program::{Files, run, run_with};

#[test]
fn multiply_add() {
    let run = run(["run", "examples/multiply_add.json"]).code(0);
    assert_eq!(
        run.json(),
        json!({
            "status": "success",
            "outputs": [20, 24, 16],
            "graph_info": {
                "node_count": 2,
                "sink_count": 1,
                "source_count": 1,
                "execution_order": ["multiply", "add"],
            },
        })
    );
    assert_eq!(run.stderr, "");
}

#[test]
fn text_processor() {
    let outputs = run(["run", "examples/text_processor.json"])
        .code(0)
        .outputs();
    assert_eq!(
        outputs[0]["results"],
        json!({"uppercase": "HELLO WASM", "word_count": 2})
    );
    assert_eq!(
        outputs[1]["results"],
        json!({"lowercase": "python in browser", "char_count": 17})
    );
}

#[test]
fn mixed_graph() {
    let outputs = run(["run", "examples/mixed.json", "-i", "1", "-i", "2"])
        .code(0)
        .outputs();
    let inputs: Vec<_> = outputs
        .as_array()
        .unwrap()
        .iter()
        .map(|o| o["input"].clone())
        .collect();
    assert_eq!(inputs, [json!(2), json!(4), json!([1, 2])]);
}

#[test]
fn custom_nodes_and_yaml() {
    let arguments = [
        "run",
        "examples/custom_node/manifest.yaml",
        "--nodes",
        "examples/custom_node/nodes",
        "--input",
        r#""so far so good""#,
    ];
    assert_eq!(
        run(arguments).code(0).outputs(),
        json!([{"so": 2, "far": 1}])
    );
}

#[test]
fn the_same_bytes_every_time() {
    let first = run(["run", "examples/text_processor.json"]).code(0).stdout;
    for _ in 0..100 {
        assert_eq!(run(["run", "examples/text_processor.json"]).stdout, first);
    }
}

#[test]
fn items_from_everywhere() {
    let files = Files::new(&[
        ("items.json", "[1, 2]"),
        ("items.ndjson", "[1]\n\n2\n"),
        (
            "m.json",
            r#"{"version": "v1", "nodes": [{"id": "n", "node_type": "PassThrough"}]}"#,
        ),
    ]);
    let manifest = files.path("m.json");
    let with = |name: &str, stdin: &str| {
        run_with(["run", &manifest, "--input-file", name], stdin)
            .code(0)
            .outputs()
    };
    assert_eq!(with(&files.path("items.json"), ""), json!([1, 2]));
    assert_eq!(with(&files.path("items.ndjson"), ""), json!([[1], 2]));
    assert_eq!(with("-", "1\n2\n"), json!([1, 2]));
    let source = std::fs::read_to_string(&manifest).unwrap();
    let outputs = run_with(["run", "-", "-i", "-5", "-i", "[]"], &source)
        .code(0)
        .outputs();
    assert_eq!(outputs, json!([-5, []]));
}

#[test]
fn values_survive_the_sandbox() {
    let manifest = r#"{"version": "v1", "nodes": [{"id": "n", "node_type": "own:Own"}]}"#;
    let files = Files::node("class Own:\n    def process(self, x):\n        return x\n");
    files.write("m.json", manifest.as_bytes());
    let forms = [
        "true",
        "20",
        "20.0",
        "-0.0",
        "1e+22",
        "5e-324",
        "1e-05",
        "123456789012345678901234567890",
        "-9223372036854775808",
        r#""é😀\u0000\n""#,
        "[1,2,3]",
        "[1.5,2.0]",
        "[1,2.5,null]",
        "[]",
        "{}",
        r#"{"b":1,"a":{"c":[]}}"#,
        r#"{"$float":"nan"}"#,
        r#"[{"$float":"inf"},{"$float":"-inf"}]"#,
        r#"{"$bytes":"AP8="}"#,
        r#"{"$tuple":[1,{"$tuple":[]}]}"#,
        r#"{"$dict":[[1,"a"],[{"$tuple":[1,2]},null]]}"#,
        r#"{"$object":{"$float":"nan"}}"#,
        r#"{"$audio":{"samples":"AACAPwAAgL8=","sample_rate":16000,"channels":2}}"#,
        r#"{"$tensor":{"data":"AAAAAA==","shape":[1,1],"dtype":"f32"}}"#,
        r#"{"$text":{"text":"hi","language":"en"}}"#,
        r#"{"$binary":{"bytes":"AAE=","mime_type":"x/y"}}"#,
        r#"{"$image":{"data":"AA==","format":"raw","pixel_format":"gray8","width":1,"height":1}}"#,
        r#"{"$video":{"pixel_data":"AA==","width":1,"height":1,"format":"gray8","frame_number":3,"timestamp_us":4,"is_keyframe":true}}"#,
        r#"{"$file":{"path":"/a","filename":"a","size":18446744073709551615,"offset":0}}"#,
        r#"{"$control":{"kind":"batch-hint","segment_id":"s","timestamp_ms":1}}"#,
    ];
    let inputs = forms.iter().flat_map(|form| ["--input", form]);
    let arguments = files.arguments(&inputs.collect::<Vec<_>>());
    let run = run(arguments).code(0);
    let expected = format!(r#"{{"status":"success","outputs":[{}],"#, forms.join(","));
    assert!(
        run.stdout.starts_with(&expected),
        "{}\n{expected}",
        run.stdout
    );
}

#[test]
fn metrics_and_layout() {
    let run = run([
        "run",
        "examples/multiply_add.json",
        "--metrics",
        "--format",
        "pretty",
    ])
    .code(0);
    assert!(
        run.stdout.contains("\n  \"outputs\": [\n    20,\n"),
        "{}",
        run.stdout
    );
    let metrics = &run.json()["metrics"];
    assert_eq!(metrics[0]["node_id"], "multiply");
    assert_eq!(metrics[1]["items_in"], 3);
    assert_eq!(metrics[1]["items_out"], 3);
}

#[test]
fn what_nodes_print_is_no_result() {
    let files = Files::node(
        "import sys\nclass Own:\n    def process(self, x):\n        print('out', x)\n        \
         print('err', x, file=sys.stderr)\n        return x\n",
    );
    let run = run(files.arguments(&["-i", "1"]))
        .code(0)
        .says(&["out 1", "err 1"]);
    assert_eq!(run.outputs(), json!([1]));
}

#[test]
fn the_sandbox_is_closed() {
    let files = Files::node(
        "import os, socket\n\
         def attempt(act):\n    try:\n        return repr(act())\n    \
         except OSError as error:\n        return 'OSError'\n\
         class Own:\n    def process(self, x):\n        return [\n            \
         attempt(lambda: open('/etc/passwd').read()),\n            \
         attempt(lambda: open(__file__, 'w')),\n            \
         attempt(lambda: open('/nodes/nodes/new', 'w')),\n            \
         attempt(lambda: open('/nodes/nodes/../../etc/passwd')),\n            \
         attempt(lambda: socket.create_connection(('127.0.0.1', 1))),\n            \
         sorted(os.environ)]\n",
    );
    let run = run(files.arguments(&["-i", "1"])).code(0);
    let error = "OSError";
    let environment = run.outputs()[0][5].clone();
    assert_eq!(
        run.outputs(),
        json!([[error, error, error, error, error, environment]])
    );
    assert!(
        !environment.as_array().unwrap().contains(&json!("PATH")),
        "{environment}"
    );
}

#[test]
fn listings_and_checks() {
    let nodes = run(["nodes", "--format", "json"]).code(0).json();
    let types: Vec<&str> = nodes
        .as_array()
        .unwrap()
        .iter()
        .map(|n| n["node_type"].as_str().unwrap())
        .collect();
    for known in [
        "AddNode",
        "MultiplyNode",
        "PassThrough",
        "TextProcessorNode",
    ] {
        assert!(types.contains(&known), "{types:?}");
    }
    assert!(types.is_sorted());
    let table = run(["nodes"]).code(0);
    assert!(table.stdout.lines().all(|line| line == line.trim_end()));
    let checked = run(["check", "examples/multiply_add.json"]).code(0);
    assert_eq!(
        checked.stdout,
        "examples/multiply_add.json can run: 2 nodes, in the order multiply, add\n"
    );
    let json = run(["check", "examples/mixed.json", "--format", "json"])
        .code(0)
        .json();
    assert_eq!(json["graph_info"]["node_count"], 4);
}

#[test]
fn help_teaches() {
    let help = run(["run", "--help"]).code(0);
    for part in [
        "--timeout",
        "Exit codes",
        "--input-file items.ndjson",
        "$tuple",
    ] {
        assert!(help.stdout.contains(part), "{part}");
    }
    assert_eq!(help.stderr, "");
}

#[test]
fn many_numbers_go_through_in_bulk() {
    let numbers: Vec<i64> = (-500..500).collect();
    let mut items: Vec<serde_json::Value> = numbers.iter().map(|n| json!(n)).collect();
    items.extend([
        json!(0.5),
        json!("text"),
        json!(7),
        json!(1e300),
        json!([1, 2]),
    ]);
    let files = Files::new(&[("items.json", &json!(items).to_string())]);
    let path = files.path("items.json");
    for node in ["PassThrough", "Echo"] {
        let manifest = json!({"version": "v1", "nodes": [{"id": "n", "node_type": node}]});
        let arguments = ["run", "-", "--input-file", &path, "--metrics"];
        let result = run_with(arguments, &manifest.to_string()).code(0);
        let outputs = result.outputs();
        let given: Vec<_> = match node {
            "Echo" => outputs
                .as_array()
                .unwrap()
                .iter()
                .map(|o| o["input"].clone())
                .collect(),
            _ => outputs.as_array().unwrap().clone(),
        };
        assert_eq!(given, items, "{node}");
        assert_eq!(result.json()["metrics"][0]["items_in"], 1005);
    }
}

#[test]
fn compiled_modules_are_used_until_they_change() {
    let node =
        |word: &str| format!("class Say:\n    def process(self, data):\n        return {word:?}\n");
    let files = Files::new(&[
        (
            "m.json",
            r#"{"version": "v1", "nodes": [{"id": "n", "node_type": "say:Say"}]}"#,
        ),
        ("nodes/say.py", &node("first")),
        ("nodes/deep/bad.py", "x = ("),
    ]);
    let (manifest, nodes) = (files.path("m.json"), files.path("nodes"));
    let say = || {
        run(["run", &manifest, "--nodes", &nodes, "--input", "1"])
            .code(0)
            .outputs()
    };
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc/passwd", files.path("nodes/out.py")).unwrap();
    run(["compile", &nodes]).code(1).says(&[
        "bad.py: line 1: '(' was never closed",
        #[cfg(unix)]
        "out.py: it is a link out of what the sandbox sees",
        "compiled 1 module",
    ]);
    let cache = files.path("nodes/__pycache__/say.cpython-314.pyc");
    let code = std::fs::read(&cache).unwrap();
    assert_eq!(say(), serde_json::json!(["first"]));
    // What is in the cache is what runs, as long as the source is the same.
    let at = code.windows(5).position(|text| text == b"first").unwrap();
    let mut changed = code.clone();
    changed[at..at + 5].copy_from_slice(b"cache");
    std::fs::write(&cache, changed).unwrap();
    assert_eq!(say(), serde_json::json!(["cache"]));
    files.write("nodes/say.py", node("second").as_bytes());
    assert_eq!(say(), serde_json::json!(["second"]));
}

#[test]
fn what_cannot_be_compiled_is_said() {
    run(["compile", "no-such-directory"])
        .code(2)
        .says(&["no-such-directory", "it is not there"]);
    run(["compile"]).code(2).says(&["<DIR>"]);
}
