//! `--stream`.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

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
    assert_eq!(told.next().unwrap().unwrap(), "busy");
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
