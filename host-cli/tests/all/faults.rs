//! Pipelines that fail, and limits.

use std::io::{BufRead, BufReader, Read};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::program::{Files, Run, command, end, interrupt, run};

#[test]
fn an_exception() {
    let files = Files::node(
        "class Own:\n    def process(self, x):\n        return self.divide(x)\n    \
         def divide(self, x):\n        return 10 // x\n",
    );
    let run = run(files.arguments(&["-i", "5", "-i", "0"])).code(1);
    let json = run.json();
    assert_eq!(json["status"], "error");
    assert_eq!(json["outputs"], json!([2]));
    let error = &json["error"];
    assert_eq!(error["kind"], "node-failed");
    assert_eq!(error["node_id"], "n");
    assert_eq!(error["node_type"], "own:Own");
    assert_eq!(error["item"], 1);
    let place = format!("File \"{}\", line 5, in divide", files.path("nodes/own.py"));
    assert!(
        error["traceback"].as_str().unwrap().contains(&place),
        "{error}"
    );
    run.says(&[
        &place,
        "return 10 // x",
        "ZeroDivisionError",
        "node `n` (own:Own), item 1",
    ]);
}

#[test]
fn an_output_without_a_form() {
    let files = Files::node("class Own:\n    def process(self, x):\n        return {'a': {1}}\n");
    let run = run(files.arguments(&["-i", "5"]))
        .code(1)
        .says(&["set", "node `n`"]);
    assert_eq!(run.json()["error"]["kind"], "unrepresentable-output");
}

#[test]
fn a_busy_loop_meets_its_deadline() {
    let files = Files::node("class Own:\n    def process(self, x):\n        while True: pass\n");
    deadline(&files);
}

#[test]
fn a_sleeper_meets_its_deadline() {
    let files = Files::node(
        "import time\nclass Own:\n    def process(self, x):\n        time.sleep(1000)\n",
    );
    deadline(&files);
    let files = Files::node(
        "import asyncio\nclass Own:\n    async def process(self, x):\n        await asyncio.sleep(1000)\n",
    );
    deadline(&files);
}

fn deadline(files: &Files) {
    let start = Instant::now();
    let mut child = command(files.arguments(&["-i", "5", "--timeout", "0.5"]))
        .spawn()
        .expect("it starts");
    assert_eq!(end(&mut child), Some(1));
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(500), "{took:?}");
    let run = Run::from(child.wait_with_output().expect("what it wrote"));
    assert_eq!(run.json()["error"]["kind"], "deadline");
    run.says(&["longer than its limit of 0.5 seconds", "--timeout"]);
}

#[test]
fn a_deadline_that_is_not_met_changes_nothing() {
    let run = run([
        "run",
        "examples/multiply_add.json",
        "--timeout",
        "100",
        "--max-memory",
        "200",
    ]);
    assert_eq!(run.code(0).outputs(), json!([20, 24, 16]));
}

#[test]
fn too_much_memory() {
    let files = Files::node(
        "class Own:\n    def process(self, x):\n        return len([bytes(1 << 20) for _ in range(x)])\n",
    );
    let run_with = |input: &str| run(files.arguments(&["-i", input, "--max-memory", "64"]));
    assert_eq!(run_with("5").code(0).outputs(), json!([5]));
    let run = run_with("500")
        .code(1)
        .says(&["beyond its limit of 64 MiB", "--max-memory"]);
    assert_eq!(run.json()["error"]["kind"], "memory-limit");
    let run = crate::program::run(files.arguments(&["-i", "1", "--max-memory", "1"])).code(1);
    run.says(&["limit of 1 MiB"]);
}

#[test]
fn endless_recursion() {
    for body in [
        "return self.process(x)",
        "return repr(self)\n    def __repr__(self): return f'{self!r}'",
        "\n        for _ in range(100000): x = [x]\n        return repr(x)",
    ] {
        let code = format!("class Own:\n    def process(self, x):\n        {body}\n");
        let files = Files::node(&code);
        run(files.arguments(&["-i", "5"]))
            .code(1)
            .says(&["RecursionError", "node `n`"]);
    }
}

#[test]
fn a_node_that_exits() {
    let files =
        Files::node("import sys\nclass Own:\n    def process(self, x):\n        sys.exit(3)\n");
    run(files.arguments(&["-i", "5"])).code(1).says(&[]);
    let files =
        Files::node("import os\nclass Own:\n    def process(self, x):\n        os._exit(0)\n");
    run(files.arguments(&["-i", "5"])).code(1).says(&[]);
}

#[test]
fn interrupted() {
    for act in ["time.sleep(1000)", "\n        while True: pass"] {
        let files = Files::node(&format!(
            "import time\nclass Own:\n    def process(self, x):\n        print('busy', flush=True); {act}\n"
        ));
        let mut child = command(files.arguments(&["-i", "1"])).spawn().unwrap();
        let mut told = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        told.read_line(&mut line).unwrap();
        assert_eq!(line, "n | busy\n");
        interrupt(&child);
        assert_eq!(end(&mut child), Some(130));
        let mut rest = String::new();
        told.read_to_string(&mut rest).unwrap();
        assert!(rest.contains("interrupted"), "{rest}");
    }
}

#[test]
fn a_closed_pipe_is_a_quiet_end() {
    let mut child = command(["run", "examples/multiply_add.json"])
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}
