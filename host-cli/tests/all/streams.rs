//! `--stream`.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use serde_json::json;

use crate::program::{Files, command, end, interrupt, run, run_with, told};

#[test]
fn outputs_come_as_items_go_in() {
    let mut child = command(["run", "examples/mixed.json", "--stream"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for number in 1..=3 {
        writeln!(input, "{number}").unwrap();
        let line = lines.next().unwrap().unwrap();
        assert!(
            line.contains(&format!("\"input\":{}", number * 2)),
            "{line}"
        );
        if number == 2 {
            assert!(lines.next().unwrap().unwrap().contains("\"input\":[1,2]"));
        }
    }
    drop(input);
    // The buffer is flushed at the end.
    assert!(lines.next().unwrap().unwrap().contains("\"input\":[3]"));
    assert!(lines.next().is_none());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn interrupted_between_items() {
    let mut child = command(["run", "examples/mixed.json", "--stream"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    writeln!(input, "1").unwrap();
    lines.next().unwrap().unwrap();
    interrupt(&child);
    assert!(
        lines.next().unwrap().unwrap().contains("\"input\":[1]"),
        "it is flushed"
    );
    assert!(lines.next().is_none());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let told = told(&mut child);
    assert!(
        told.contains("finishing") && told.contains("interrupted"),
        "{told}"
    );
}

#[test]
fn a_second_interrupt_stops_at_once() {
    let files = Files::node(
        "import time\nclass Own:\n    def process(self, x):\n        print('busy', flush=True)\n        \
         time.sleep(1000)\n",
    );
    let mut child = command(files.arguments(&["--stream"]))
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    writeln!(input, "1").unwrap();
    assert_eq!(told.next().unwrap().unwrap(), "n | busy");
    interrupt(&child);
    assert!(told.next().unwrap().unwrap().contains("finishing"));
    interrupt(&child);
    assert_eq!(end(&mut child), Some(130));
}

#[test]
fn a_closed_pipe_is_a_quiet_end() {
    let mut child = command(["run", "examples/mixed.json", "--stream"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    writeln!(input, "1").unwrap();
    output.read_line(&mut String::new()).unwrap();
    drop(output);
    // The input stays open: the program must end by itself.
    writeln!(input, "2").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let told = told(&mut child);
    assert_eq!(told, "");
}

#[test]
fn an_output_is_there_while_the_next_is_waited_for() {
    // The generator goes on only when the file is there, which is made when its first
    // outputs have been read.
    let files = Files::node(
        "import os\nclass Own:\n    def process(self, x):\n        for n in range(3):\n            \
         while n and not os.path.exists(f'/nodes/nodes/go{n}'):\n                pass\n            yield n\n    \
         def flush(self):\n        yield 'one'\n        \
         while not os.path.exists('/nodes/nodes/go3'):\n            pass\n        yield 'two'\n",
    );
    let mut child = command(files.arguments(&["--stream"]))
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || lines.next().map(Result::unwrap);
    writeln!(input, "1").unwrap();
    for n in 0..3 {
        files.write(&format!("nodes/go{n}"), b"");
        assert_eq!(next(), Some(n.to_string()));
    }
    drop(input);
    assert_eq!(next().as_deref(), Some("\"one\""));
    files.write("nodes/go3", b"");
    assert_eq!(next().as_deref(), Some("\"two\""));
    assert_eq!(next(), None);
    assert_eq!(end(&mut child), Some(0));
}

#[test]
fn a_reader_that_goes_away_ends_a_generator_without_end() {
    let files = Files::node(
        "class Own:\n    def process(self, x):\n        try:\n            while True:\n                \
         yield x\n        finally:\n            print('generator ended', flush=True)\n    \
         def cleanup(self):\n        print('cleaned up', flush=True)\n",
    );
    let mut child = command(files.arguments(&["--stream"]))
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    writeln!(input, "5").unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    for _ in 0..10_000 {
        line.clear();
        output.read_line(&mut line).unwrap();
        assert_eq!(line, "5\n");
    }
    drop(output);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(told(&mut child), "n | generator ended\nn | cleaned up\n");
}

#[test]
fn nodes_are_cleaned_up_after_a_line_that_is_none() {
    let files = Files::node(
        "class Own:\n    def process(self, x):\n        return x\n    def flush(self):\n        \
         return 'flushed'\n    def cleanup(self):\n        print('cleaned up')\n",
    );
    let run = run_with(files.arguments(&["--stream"]), "1\nnope\n").code(2);
    assert_eq!(run.stdout, "1\n");
    run.says(&["cleaned up", "<stdin>:2:"]);
}

#[test]
fn items_that_are_given_replace_those_of_the_manifest() {
    let manifest = "examples/multiply_add.json";
    let stream = |more: &[&str], input: &str| {
        let arguments = [&["run", manifest, "--stream"], more].concat();
        run_with(arguments, input).code(0).stdout
    };
    assert_eq!(stream(&[], "1\n2\n"), "12\n14\n");
    assert_eq!(stream(&["--input", "0"], "1\n"), "10\n12\n");
    // Where none are given, those of the manifest are all there are.
    assert_eq!(stream(&[], ""), "20\n24\n16\n");
    assert_eq!(stream(&["--no-input"], "1\n"), "20\n24\n16\n");
}

#[test]
fn outputs_by_node_and_inputs_for_one_source() {
    let files = Files::new(&[]);
    let node = |id| format!(r#"{{"id": "{id}", "node_type": "PassThrough"}}"#);
    let manifest = format!(
        r#"{{"version": "v1", "nodes": [{}, {}]}}"#,
        node("left"),
        node("right")
    );
    files.write("two.json", manifest.as_bytes());
    let manifest = files.path("two.json");
    let line = r#"{"$input": {"node": "right", "item": 3}}"#;
    let by_node = ["run", &manifest, "--stream", "--by-node"];
    assert_eq!(
        run_with(by_node, &format!("1\n{line}\n")).code(0).stdout,
        "{\"node\":\"left\",\"output\":1}\n{\"node\":\"right\",\"output\":1}\n\
         {\"node\":\"right\",\"output\":3}\n"
    );
    let given = [
        "run", &manifest, "--input", "left=1", "--input", "2", "--input", line,
    ];
    let found = run(given).code(0).json();
    assert_eq!(found["outputs"], json!([1, 2, 2, 3]));
    let found = run([&given[..], &["--by-node"]].concat()).code(0).json();
    assert_eq!(found["outputs"], json!({"left": [1, 2], "right": [2, 3]}));
    let found = run(["run", &manifest, "--input", "middle=1"]).code(2);
    found.says(&["node `middle`, which an item is meant for, is not in the manifest"]);
}

#[test]
fn sources_produce() {
    let files = Files::node(
        "class Own:\n    is_source = True\n    def process(self):\n        yield from range(5)\n",
    );
    let run = run(files.arguments(&["--stream", "--no-input"])).code(0);
    assert_eq!(run.stdout, "0\n1\n2\n3\n4\n");
}

#[test]
fn bad_lines_and_failing_nodes() {
    run_with(["run", "examples/mixed.json", "--stream"], "1\n\n{\n")
        .code(2)
        .says(&["<stdin>:3:2: the text ends in the middle of an object"]);
    let files = Files::node("class Own:\n    def process(self, x):\n        return 1 / x\n");
    let run = run_with(files.arguments(&["--stream"]), "1\n0\n").code(1);
    assert_eq!(run.stdout, "1.0\n");
    run.says(&["ZeroDivisionError", "node `n`", "item 1"]);
}

#[test]
fn much_that_waits_is_what_comes_one_by_one() {
    let count = 20_000;
    let text: String = (0..count).map(|n| format!("{n}\n")).collect();
    let arguments = ["run", "examples/multiply_add.json", "--stream"];
    let printed = run_with(arguments, &text).code(0).stdout;
    let expected: String = (0..count).map(|n| format!("{}\n", 2 * n + 10)).collect();
    assert!(
        printed == expected,
        "{}",
        &printed[..200.min(printed.len())]
    );
    // Among numbers of both kinds, and what is none.
    let mixed = format!("{text}\"x\"\n0.5\n{text}");
    let files = Files::new(&[(
        "m.json",
        r#"{"version": "v1", "nodes": [{"id": "n", "node_type": "PassThrough"}]}"#,
    )]);
    let manifest = files.path("m.json");
    let printed = run_with(["run", &manifest, "--stream"], &mixed)
        .code(0)
        .stdout;
    assert!(printed == mixed);
    let printed = run_with(["run", &manifest, "--stream", "--by-node"], &text)
        .code(0)
        .stdout;
    assert_eq!(
        printed.lines().last(),
        Some("{\"node\":\"n\",\"output\":19999}")
    );
    // A limit of items is one for each.
    let limited = ["run", &manifest, "--stream", "--max-items", "1"];
    assert!(run_with(limited, &text).code(0).stdout == text);
    // A line that is wrong ends it where it stands.
    let wrong = format!("{text}1 2\n{text}");
    let run = run_with(["run", &manifest, "--stream"], &wrong).code(2);
    assert!(run.stdout == text);
    run.says(&["<stdin>:20001:3"]);
}

#[test]
fn where_a_pipeline_parts_items_stay_together() {
    let files = Files::new(&[(
        "m.json",
        r#"{"version": "v1", "nodes": [{"id": "s", "node_type": "PassThrough"},
            {"id": "a", "node_type": "PassThrough"}, {"id": "b", "node_type": "PassThrough"}],
            "connections": [{"from": "s", "to": "a"}, {"from": "s", "to": "b"}]}"#,
    )]);
    let text: String = (0..500).map(|n| format!("{n}\n")).collect();
    let printed = run_with(["run", &files.path("m.json"), "--stream"], &text)
        .code(0)
        .stdout;
    let expected: String = (0..500).map(|n| format!("{n}\n{n}\n")).collect();
    assert!(printed == expected);
}
