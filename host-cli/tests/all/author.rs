//! What authors of pipelines use: `new`, `test`, `echo`, `graph`, `nodes` and
//! `repl`.

use std::fs;

use serde_json::{Value, json};

use crate::program::{Files, run, run_with};

const SHOUT: &str =
    "class Shout:\n    def process(self, text):\n        return text.upper() + '!'\n";

/// A manifest with a node of one's own, and cases beside it.
fn project(cases: &str) -> Files {
    Files::new(&[
        ("nodes/shout.py", SHOUT),
        (
            "m.json",
            r#"{"version": "v1", "nodes": [{"id": "s", "node_type": "shout:Shout"}]}"#,
        ),
        ("m.cases.json", cases),
    ])
}

#[test]
fn a_new_project_works_and_passes_its_tests() {
    let files = Files::new(&[]);
    let project = files.path("two words");
    let made = run(["new", &project]).code(0);
    assert!(made.stdout.contains("pipeline test '"), "{}", made.stdout);
    let tested = run(["test", &project]).code(0);
    assert!(
        tested.stdout.contains("2 passed, 0 failed"),
        "{}",
        tested.stdout
    );
    let manifest = format!("{project}/pipeline.yaml");
    let nodes = format!("{project}/nodes");
    let ran = run(["run", &manifest, "--nodes", &nodes, "--input", "\"hi\""]).code(0);
    assert_eq!(ran.outputs(), json!(["HI!"]));
    // Editors are told of its own node too.
    let schema = fs::read_to_string(format!("{project}/schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    assert!(schema["$defs"]["params.shout:Shout"]["properties"]["ending"].is_object());
    let first = fs::read_to_string(&manifest).unwrap();
    assert!(first.starts_with("# yaml-language-server: $schema=schema.json\n"));
    // Nothing that is there is written over.
    run(["new", &project]).code(2).says(&["is there already"]);
    run(["new", ".."]).code(2).says(&["is no name"]);
}

#[test]
fn cases_pass_or_say_what_differs() {
    let files = project(
        r#"[
  {"name": "good", "nodes": ["nodes"], "inputs": ["a"], "expect": {"outputs": ["A!"], "execution_order": ["s"]}},
  {"name": "other", "nodes": ["nodes"], "inputs": ["a", "b"], "expect": {"outputs": ["A!", "C!"]}},
  {"name": "fails", "nodes": ["nodes"], "inputs": [5], "expect": {"error": {"kind": "node-failed", "message_contains": "AttributeError", "node_id": "s", "item": 0}}},
  {"name": "inline", "manifest": "m.json", "nodes": {"shout.py": "class Shout:\n    def process(self, x):\n        return 1.0\n"}, "inputs": ["a"], "expect": {"outputs": [1]}},
  {"name": "nothing", "inputs": ["a"], "expect": {"outputs": []}}
]"#,
    );
    let junit = files.path("report.xml");
    let tested = run(["test", &files.path(""), "--junit", &junit, "--jobs", "2"]).code(1);
    let out = tested.stdout;
    assert!(out.contains("2 passed, 3 failed"), "{out}");
    assert!(out.contains("      - \"C!\"\n      + \"B!\"\n"), "{out}");
    // `1` is not `1.0`.
    assert!(out.contains("      - 1\n      + 1.0\n"), "{out}");
    assert!(out.contains("there is no module `shout`"), "{out}");
    let report = fs::read_to_string(junit).unwrap();
    assert!(
        report.contains("tests=\"5\"") && report.contains("failures=\"3\""),
        "{report}"
    );
    let one = run(["test", &files.path("m.cases.json"), "--filter", "good"]).code(0);
    assert!(one.stdout.contains("1 passed, 0 failed"));
}

#[test]
fn update_changes_what_is_expected_and_nothing_else() {
    let before = "[\n  {\"name\": \"a\", \"about\":   \"kept  as it is\", \"nodes\": [\"nodes\"],\n   \
                  \"expect\": {\"outputs\": [1]}, \"inputs\": [\"x, y\"]},\n  {\"name\": \"b\", \
                  \"nodes\": [\"nodes\"], \"inputs\": [5]}\n]\n";
    let files = project(before);
    let path = files.path("m.cases.json");
    run(["test", &path, "--update"])
        .code(0)
        .says(&["has what came out"]);
    let after = fs::read_to_string(&path).unwrap();
    assert!(after.contains("\"about\":   \"kept  as it is\""), "{after}");
    assert!(
        after.contains("\"expect\": {\"outputs\": [\"X, Y!\"]}"),
        "{after}"
    );
    assert!(after.contains("\"kind\": \"node-failed\""), "{after}");
    run(["test", &path]).code(0);
}

#[test]
fn media_are_compared_as_files() {
    let cases = r#"[{"name": "mix", "manifest": "AudioMixDownNode.json", "inputs": [{"$from": "in.wav"}]}]"#;
    let manifest = r#"{"version": "v1", "nodes": [{"id": "m", "node_type": "AudioMixDownNode"}]}"#;
    let files = Files::new(&[("m.cases.json", cases), ("AudioMixDownNode.json", manifest)]);
    fs::write(files.path("in.wav"), crate::media::stereo()).unwrap();
    let path = files.path("m.cases.json");
    // A case that expects nothing is none that passes.
    let tested = run(["test", &path]).code(1);
    assert!(
        tested.stdout.contains("nothing is expected"),
        "{}",
        tested.stdout
    );
    run(["test", &path, "--update"]).code(0);
    let expected = files.path("m.expected/mix-0.wav");
    run(["test", &path]).code(0);
    assert!(fs::read(&expected).unwrap().starts_with(b"RIFF"));
    fs::write(&expected, b"something else").unwrap();
    let tested = run(["test", &path]).code(1);
    assert!(
        tested.stdout.contains("m.expected/mix-0.wav, 14 bytes"),
        "{}",
        tested.stdout
    );
}

#[test]
fn files_of_cases_that_are_wrong() {
    for (cases, said) in [
        ("[{\"name\": \"a\"", "m.cases.json:1:"),
        (
            "[{\"name\": \"a\", \"inputz\": []}]",
            "`inputz` is not known",
        ),
        ("[{\"inputs\": []}]", "needs a name"),
        ("[{\"name\": 5}]", "must be a string"),
        ("{\"name\": \"a\", \"expect\": {}}", "nothing is expected"),
        (
            "[{\"name\": \"a\"}, {\"name\": \"a\"}]",
            "two cases have the name",
        ),
    ] {
        let files = project(cases);
        run(["test", &files.path("m.cases.json")])
            .code(2)
            .says(&[said]);
    }
    let files = project("[]");
    run(["test", &files.path("")])
        .code(2)
        .says(&["there are no cases"]);
    // A file of cases grants nothing beyond its own directory.
    let files =
        project(r#"{"name": "a", "nodes": ["/"], "inputs": [1], "expect": {"outputs": []}}"#);
    let tested = run(["test", &files.path("")]).code(1);
    assert!(
        tested.stdout.contains("outside the directory"),
        "{}",
        tested.stdout
    );
}

#[test]
fn manifests_in_their_one_form() {
    let line = "mic=PassThrough ! AddNode addend=2; mic. ! MultiplyNode factor=1.5";
    let yaml = run(["echo", line]).code(0).stdout;
    let json = run(["echo", line, "--format", "json"]).code(0).json();
    assert_eq!(json["nodes"][1]["params"], json!({"addend": 2}));
    assert_eq!(
        json["connections"][1],
        json!({"from": "mic", "to": "MultiplyNode"})
    );
    // What is printed is a manifest that says the same.
    let files = Files::new(&[("m.yaml", &yaml)]);
    let again = run(["echo", &files.path("m.yaml"), "--format", "json"]).code(0);
    assert_eq!(again.json(), json);
    // The SDK's other names, and items beside the manifest.
    let other = r#"{"manifest": {"version": "1.0", "nodes": [{"id": "a", "nodeType": "AddNode",
        "config": {"addend": 1}}], "edges": []}, "input_data": [1, "no"]}"#;
    let files = Files::new(&[("m.json", other)]);
    let echoed = run(["echo", &files.path("m.json")]).code(0).stdout;
    let expected = "manifest:\n  version: \"1.0\"\n  nodes:\n    - id: a\n      node_type: AddNode\n      \
                    params:\n        addend: 1\n  connections: []\ninput_data: [1, \"no\"]\n";
    assert_eq!(echoed, expected);
}

#[test]
fn graphs_are_drawn() {
    let line = "a=PassThrough ! b=AddNode addend=1 ! d=Echo; a. ! c=MultiplyNode factor=2 ! d.";
    let drawn = |format: &str| run(["graph", line, "--format", format]).code(0).stdout;
    let mermaid = drawn("mermaid");
    assert!(
        mermaid.starts_with("flowchart LR\n") && mermaid.contains("n0 --> n1"),
        "{mermaid}"
    );
    assert!(drawn("dot").contains("label=\"c\\nMultiplyNode\""));
    let svg = drawn("svg");
    assert_eq!(svg.matches("<rect").count(), 4, "{svg}");
    assert_eq!(svg.matches("class=\"edge\"").count(), 4);
    let expected = "\
     +-------------+
     | a           |
     | PassThrough |
     +-------------+
         |   |
   +-----+   |
   |         +---+
   v             v
+---------+   +--------------+
| b       |   | c            |
| AddNode |   | MultiplyNode |
+---------+   +--------------+
";
    let ascii = drawn("ascii");
    let start: String = ascii
        .lines()
        .map(|line| line.trim_end().to_owned() + "\n")
        .take(12)
        .collect();
    assert!(
        ascii.contains("| d    |") && ascii.contains("| Echo |"),
        "{ascii}"
    );
    assert_eq!(start.lines().count(), expected.lines().count(), "{ascii}");
    let many: String = (0..600).map(|_| "PassThrough ! ").collect::<String>() + "PassThrough";
    run(["graph", &many])
        .code(2)
        .says(&["too many to be drawn", "dot"]);
}

#[test]
fn nodes_of_ones_own_are_listed_and_explained() {
    let files = Files::new(&[
        ("nodes/shout.py", SHOUT),
        (
            "nodes/deep/broken.py",
            "import nowhere\n\n\nclass Broken:\n    def process(self, x):\n        return x\n",
        ),
        ("nodes/helper.py", "class NoNode:\n    pass\n"),
    ]);
    let nodes = files.path("nodes");
    let listed = run(["nodes", "--nodes", &nodes]).code(0).stdout;
    assert!(listed.contains("shout:Shout"), "{listed}");
    assert!(!listed.contains("NoNode"), "{listed}");
    let unusable = listed.split("Not usable here:").nth(1).unwrap();
    assert!(
        unusable.contains("deep.broken:Broken") && unusable.contains("nowhere"),
        "{unusable}"
    );
    let explained = run(["nodes", "AddNode"]).code(0).stdout;
    assert!(explained.contains("pipeline run 'AddNode"), "{explained}");
    let own = run(["nodes", "Shout", "--nodes", &nodes]).code(0).stdout;
    assert!(own.starts_with("shout:Shout (python)"), "{own}");
    run(["nodes", "AdNode"]).code(2).says(&["`AddNode`"]);
}

#[test]
fn a_session_at_a_prompt() {
    let lines =
        "1 + 1\n_ * 21\ndef f(x):\n    return x + 1\n\nf(_)\n1 / 0\nprint('said')\n'last'\n";
    let ran = run_with(["repl"], lines).code(0);
    assert_eq!(ran.stdout, "2\n42\n43\n'last'\n");
    ran.says(&[
        "said",
        "ZeroDivisionError: division by zero",
        "File \"<repl>\", line 1",
    ]);
    let ran = run_with(["repl", "AddNode addend=1"], "5\n\nnothing\n7\n").code(0);
    assert_eq!(ran.stdout, "6\n8\n");
    ran.says(&["this is no item"]);
    let ran = run_with(["repl", "--input", "[1, 2]"], "sum(items[0])\n").code(0);
    assert_eq!(ran.stdout, "[1, 2]\n3\n");
}
