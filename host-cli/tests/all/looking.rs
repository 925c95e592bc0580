//! Looking into a pipeline: parts of it, traces, profiles, metrics, and runs that
//! come again when something changes.

use std::fs;
use std::io::{BufRead, BufReader};

use serde_json::{Value, json};

use crate::program::{Files, command, end, interrupt, run, run_with};

const LINE: &str = "a=AddNode addend=1 ! b=MultiplyNode factor=10 ! c=PassThrough";

#[test]
fn a_pipeline_on_one_line() {
    let ran = run(["run", LINE, "--input", "1", "--input", "2"]).code(0);
    assert_eq!(ran.outputs(), json!([20, 30]));
    run(["run", "AddNode adend=1", "--input", "1"])
        .code(2)
        .says(&["<command line>:1:", "addend"]);
    run(["run", "AddNode addend=1 ! "])
        .code(2)
        .says(&["a node type is missing"]);
    run(["run", "nothing.json"])
        .code(2)
        .says(&["`nothing.json` can't be read"]);
    run(["check", "Nothing"])
        .code(2)
        .says(&["unknown node type `Nothing`", "`pipeline nodes`"]);
}

#[test]
fn files_in_and_a_file_out() {
    let files = Files::new(&[]);
    fs::write(files.path("in.wav"), crate::media::stereo()).unwrap();
    let (input, output) = (files.path("in.wav"), files.path("out.wav"));
    let line = "AudioMixDownNode ! AudioResampleNode sample_rate=16000";
    let ran = run(["run", line, &input, "-o", &output]).code(0);
    assert_eq!(ran.stdout, "");
    let reader = hound::WavReader::open(&output).unwrap();
    assert_eq!(
        (reader.spec().channels, reader.spec().sample_rate),
        (1, 16000)
    );
    assert_eq!(ran.stderr, "");
    run(["run", line, &input, "-o", &output])
        .code(2)
        .says(&["--overwrite"]);
    run(["run", line, &input, "-o", &output, "--overwrite"]).code(0);
    let json = files.path("out.json");
    run(["run", LINE, "--input", "1", "-o", &json]).code(0);
    let written: Value = serde_json::from_str(&fs::read_to_string(json).unwrap()).unwrap();
    assert_eq!(written, json!(20));
    run(["run", LINE, "--input", "1", "-o", &files.path("out.png")])
        .code(1)
        .says(&["can't be written", "png can't hold"]);
}

#[test]
fn taps() {
    let ran = run(["run", LINE, "--input", "1", "--tap", "a", "--tap", "c"]).code(0);
    assert_eq!(ran.outputs(), json!([20]));
    assert_eq!(ran.stderr, "a: 2\nc: 20\n");

    let files = Files::new(&[("none.json", "[]")]);
    let tapped = files.path("tapped.jsonl");
    let tap = format!("a={tapped}");
    let items = ["--input", "1", "--input", "2"];
    let ran = run([&["run", LINE, "--tap", &tap], &items[..]].concat()).code(0);
    assert_eq!(ran.outputs(), json!([20, 30]));
    assert_eq!(fs::read_to_string(&tapped).unwrap(), "2\n3\n");
    run([&["run", LINE, "--tap", &tap], &items[..]].concat())
        .code(2)
        .says(&["is there already"]);

    // What was given before a failure is there, as it is with items that come one by one.
    let failing = "a=AddNode addend=1 ! b=CalculatorNode operation=divide operand=0";
    for how in [&["--input", "1"][..], &["--input", "1", "--stream"]] {
        fs::remove_file(&tapped).unwrap();
        run([&["run", failing, "--tap", &tap], how].concat()).code(1);
        assert_eq!(fs::read_to_string(&tapped).unwrap(), "2\n");
    }
    run(["run", LINE, "--input", "1", "--tap", "d"])
        .code(2)
        .says(&["no node has the id `d`", "the nodes are a, b, c"]);
    run(["run", LINE, "--input", "1", "--tap", "a=-"])
        .code(2)
        .says(&["standard error"]);
    let silent = format!("b={}", files.path("none.wav"));
    let none = files.path("none.json");
    run(["run", LINE, "--input-file", &none, "--tap", &silent])
        .code(0)
        .says(&["b gave nothing"]);
}

#[test]
fn parts_of_a_pipeline() {
    let run = |more: &[&str]| run([&["run", LINE, "--input", "1"], more].concat());
    assert_eq!(run(&["--until", "b"]).code(0).outputs(), json!([20]));
    assert_eq!(run(&["--until", "a"]).code(0).outputs(), json!([2]));
    assert_eq!(run(&["--only", "b"]).code(0).outputs(), json!([10]));
    run(&["--only", "d"])
        .code(2)
        .says(&["no node has the id `d`", "a, b, c"]);
    let planned = run(&["--until", "b", "--dry-run"]).code(0);
    let expected = "on 1 item\na (AddNode) -> b\nb (MultiplyNode) -> the outputs\n";
    assert_eq!(planned.stdout, expected);
    let streamed = run_with(
        ["run", LINE, "--until", "a", "--stream", "--metrics"],
        "1\n2\n",
    )
    .code(0);
    assert_eq!(streamed.stdout, "2\n3\n");
    streamed.says(&["items in", "per item"]);
}

#[test]
fn each_items_way() {
    let ran = run(["run", LINE, "--input", "1", "--trace"]).code(0);
    let ways: Vec<_> = ran.stderr.lines().collect();
    let expected = [
        "trace: input -> a: 1",
        "trace: a, item 0 -> 2",
        "trace: b, item 0 -> 20",
    ];
    assert_eq!(&ways[..3], expected, "{}", ran.stderr);
}

/// A node that prints and logs.
fn talker() -> Files {
    Files::node(
        "import logging\n\n\nclass Own:\n    def process(self, x):\n        print('one', x)\n        \
         print('two\\nthree')\n        logging.getLogger('mine').warning('careful %s', x)\n        return x\n",
    )
}

#[test]
fn what_nodes_print_has_their_names() {
    let files = talker();
    let ran = run(files.arguments(&["--input", "1"])).code(0);
    let expected = "n | one 1\nn | two\nn | three\nn | WARNING mine: careful 1\n";
    assert_eq!(ran.stderr, expected);
    let ran = run(files.arguments(&["--input", "1", "--log-format", "json"])).code(0);
    let lines: Vec<Value> = ran
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let warning = lines.iter().find(|line| line["level"] == "WARN").unwrap();
    assert_eq!(
        (&warning["node"], &warning["logger"]),
        (&json!("n"), &json!("mine"))
    );
    assert_eq!(warning["message"], "careful 1");
    assert!(lines.iter().any(|line| line["message"] == "one 1"));
    assert!(
        lines
            .iter()
            .any(|line| line["message"] == "close" && line["span"]["name"] == "run")
    );
    let node = lines.iter().find(|line| line["message"] == "ran").unwrap();
    assert_eq!((&node["node"], &node["items_in"]), (&json!("n"), &json!(1)));
}

#[test]
fn a_profile_is_a_page() {
    let files = Files::node(
        "def slow(n):\n    return sum(range(n))\n\n\nclass Own:\n    def process(self, x):\n        \
         return slow(100000) + x\n",
    );
    let page = files.path("p.html");
    run(files.arguments(&["--input", "1", "--profile", &page])).code(0);
    let html = fs::read_to_string(&page).unwrap();
    for part in [
        "<svg",
        "1 in, 1 out",
        "slow",
        "Own.process",
        "class=\"timeline\"",
        "</html>",
    ] {
        assert!(html.contains(part), "{part} is not in the page");
    }
    assert!(
        !html.contains("http://")
            || html.matches("http://").count() == html.matches("http://www.w3.org").count()
    );
    // Of a run that fails, too.
    let broken =
        Files::node("class Own:\n    def process(self, x):\n        raise ValueError('<b>')\n");
    let page = broken.path("p.html");
    run(broken.arguments(&["--input", "1", "--profile", &page])).code(1);
    let html = fs::read_to_string(&page).unwrap();
    assert!(
        html.contains("ValueError: &lt;b&gt;") && !html.contains("<b>"),
        "{html}"
    );
}

#[test]
fn a_run_comes_again_when_something_changes() {
    let node =
        |word: &str| format!("class Own:\n    def process(self, x):\n        return '{word}'\n");
    let files = Files::node(&node("one"));
    let mut child = command(files.arguments(&["--input", "1", "--watch"]))
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || lines.next().unwrap().unwrap();
    assert!(next().contains("\"one\""));
    // The program watches from before its first run.
    files.write("nodes/own.py", node("two").as_bytes());
    assert!(next().contains("\"two\""));
    files.write("nodes/own.py", b"class Own:\n    def process(self, x)\n");
    assert!(next().contains("SyntaxError"));
    files.write("nodes/own.py", node("three").as_bytes());
    assert!(next().contains("\"three\""));
    interrupt(&child);
    assert_eq!(end(&mut child), Some(130));
    run(["run", "-", "--watch"]).code(2).says(&["--watch"]);
}
