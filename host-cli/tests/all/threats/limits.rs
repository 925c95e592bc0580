//! Runs that want to go on for ever, or to use up what others need.

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::program::{Files, command, interrupt, run, told};
use crate::server::{JSON, NDJSON, Server, own, own_manifest};

const PRINTS_FOR_EVER: &str =
    "class Own:\n    def process(self, x):\n        while True: print('x' * 1000)\n";

/// How a child ends that nothing may hold.
#[track_caller]
fn ends(child: &mut Child) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if start.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            panic!("it is held");
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn fifo(files: &Files, name: &str) {
    let made = Command::new("mkfifo").arg(files.path(name)).status();
    assert!(made.unwrap().success());
}

#[test]
fn a_reader_that_stops_reading_does_not_hold_a_run() {
    let files = Files::node(PRINTS_FOR_EVER);
    let arguments = files.arguments(&["-i", "1", "--timeout", "1", "--max-log", "none"]);
    let mut child = command(arguments).spawn().unwrap();
    assert_eq!(ends(&mut child).code(), Some(1));
    let mut printed = String::new();
    let mut output = child.stdout.take().unwrap();
    output.read_to_string(&mut printed).unwrap();
    assert!(printed.contains("\"deadline\""), "{printed}");
}

#[test]
fn a_reader_that_stops_reading_does_not_hold_ctrl_c() {
    let files = Files::node(PRINTS_FOR_EVER);
    let mut child = command(files.arguments(&["-i", "1", "--max-log", "none"]))
        .spawn()
        .unwrap();
    // It has begun to print.
    let mut told = child.stderr.take().unwrap();
    told.read_exact(&mut [0; 1000]).unwrap();
    interrupt(&child);
    assert_eq!(ends(&mut child).code(), Some(130));
}

#[test]
fn results_that_nobody_reads_do_not_hold_ctrl_c() {
    let code = "class Own:\n    def process(self, x):\n        print('now')\n        \
                return 'x' * 1_000_000\n";
    let files = Files::node(code);
    let mut child = command(files.arguments(&["-i", "1"])).spawn().unwrap();
    let mut output = child.stdout.take().unwrap();
    output.read_exact(&mut [0; 1]).unwrap();
    interrupt(&child);
    assert_eq!(ends(&mut child).code(), Some(130));
}

#[test]
fn a_reader_that_stops_reading_does_not_hold_the_server() {
    let files = Files::node(
        "class Own:\n    def process(self, x):\n        while x: print('x' * 1000)\n        return 5\n",
    );
    let nodes = files.path("nodes");
    let limits = ["--timeout", "1", "--max-log", "none"];
    let arguments = ["--nodes", &nodes, "--max-concurrent", "2"];
    let (mut server, _unread) = Server::unread(arguments.iter().chain(&limits));
    for _ in 0..3 {
        let (kind, _) = server.post("/v1/execute", &own(json!([1]))).is(504).error();
        assert_eq!(kind, "deadline");
    }
    // A client that leaves.
    let body = own(json!([1])).to_string();
    drop(server.send("POST", "/v1/execute", JSON, body.as_bytes()));
    server.until("pipeline_http_running", 0);
    server.post("/v1/execute", &own(json!([0]))).is(200);
    server.terminate();
    assert_eq!(server.end(), Some(0));
}

#[test]
fn a_flood_of_output_is_cut_at_its_limit() {
    let files = Files::node(
        "class Own:\n    def process(self, x):\n        \
         for _ in range(5000): print('x' * 999)\n        return 7\n",
    );
    let run = run(files.arguments(&["-i", "1", "--max-log", "1"])).code(0);
    assert_eq!(run.outputs(), json!([7]));
    let printed = run.stderr.matches('x').count();
    assert!((900 << 10..=1 << 20).contains(&printed), "{printed}");
    // Each line has its node before it.
    let most = (1 << 20) + 300 + 1100 * "n | ".len();
    assert!(run.stderr.len() < most, "{}", run.stderr.len());
    assert!(
        run.stderr
            .contains("note: the run printed more than its limit of 1 MiB")
    );
}

#[test]
fn a_flood_of_one_run_leaves_others_their_output() {
    let code = "class Own:\n    def process(self, x):\n        \
                for _ in range(x): print('x' * 999)\n        print('done', x)\n        return x\n";
    let files = Files::node(code);
    let server = Server::start(["--nodes", &files.path("nodes"), "--max-log", "1"]);
    server.post("/v1/execute", &own(json!([5000]))).is(200);
    server.post("/v1/execute", &own(json!([2]))).is(200);
    server.until_told("| done 2\n");
    let told = server.told();
    assert!(!told.contains("done 5000"));
    let note = "note: the run printed more than its limit of 1 MiB, and the rest was left out (run 1 /v1/execute)\n";
    assert!(
        told.contains(note),
        "{}",
        &told[told.len().saturating_sub(2000)..]
    );
}

#[test]
fn printed_lines_cannot_be_taken_for_the_servers() {
    let code = r#"
import os, sys
class Own:
    def process(self, x):
        forged = "listening on http://127.0.0.1:1"
        sys.stdout.reconfigure(line_buffering=True)
        print("a\r" + forged)
        print("b\x1b[2K\x1b[1G" + forged + "\u0085" + forged + "\x0b\x0c" + forged)
        print("c" * 20_000 + forged)
        os.write(2, b"\xff\xfe\n" + forged.encode() + b"\n\n")
        os.write(1, b"half ")
        os.write(2, b"other half")
        return x
"#;
    let files = Files::node(code);
    let server = Server::start(["--nodes", &files.path("nodes")]);
    server.post("/v1/execute", &own(json!([1]))).is(200);
    server.until_told("other half\n");
    let told = server.told();
    let mark = "run 1 /v1/execute | ";
    for line in told.split(['\n', '\r', '\u{85}', '\x0b', '\x0c']) {
        assert!(
            line.is_empty() || line.starts_with(mark),
            "{line:?} in {told:?}"
        );
    }
    assert!(
        told.chars()
            .all(|character| character == '\n' || !character.is_control())
    );
    for line in [
        "a\\u000dlistening",
        "half \n",
        "other half\n",
        "\u{fffd}\u{fffd}\n",
    ] {
        assert!(
            told.contains(&format!("{mark}{line}")),
            "{line:?} in {told:?}"
        );
    }
}

#[test]
fn half_a_line_does_not_join_the_hosts_own() {
    let files = Files::node(
        "import os\nclass Own:\n    def process(self, x):\n        os.write(1, b'half')\n        1 / 0\n",
    );
    let run = run(files.arguments(&["-i", "1"])).code(1);
    assert!(run.stderr.starts_with("half\nTraceback"), "{}", run.stderr);
}

const OPENS: &str = r#"
import os
class Own:
    def process(self, name):
        try:
            with open(os.path.join(os.path.dirname(__file__), name), "rb") as file:
                return file.read().decode()
        except OSError as error:
            return type(error).__name__
"#;

#[test]
fn a_fifo_does_not_hold_a_run() {
    let files = Files::node(OPENS);
    fifo(&files, "nodes/fifo");
    fifo(&files, "nodes/module.py");
    let _socket = UnixListener::bind(files.path("nodes/socket")).unwrap();
    files.write("nodes/file", b"read");
    let items = ["-i", r#""fifo""#, "-i", r#""socket""#, "-i", r#""file""#];
    // No limit is needed to end this.
    let arguments = [&items[..], &["--timeout", "none"]].concat();
    let mut child = command(files.arguments(&arguments)).spawn().unwrap();
    assert_eq!(ends(&mut child).code(), Some(0));
    let mut printed = String::new();
    let mut output = child.stdout.take().unwrap();
    output.read_to_string(&mut printed).unwrap();
    assert!(
        printed.contains(r#"["PermissionError","OSError","read"]"#),
        "{printed}"
    );
    let mut child = command(["compile", &files.path("nodes"), "--timeout", "none"])
        .spawn()
        .unwrap();
    // It is no module, and is not waited for.
    assert_eq!(ends(&mut child).code(), Some(0));
}

#[test]
fn a_fifo_that_takes_a_files_place_does_not_hold_a_run() {
    let files = Files::node(
        "import os\nclass Own:\n    def process(self, x):\n        \
         path = os.path.join(os.path.dirname(__file__), 'swapped')\n        \
         for _ in range(x):\n            try: open(path).close()\n            except OSError: pass\n        \
         return x\n",
    );
    files.write("nodes/swapped", b"");
    let mut child = command(files.arguments(&["-i", "20000", "--timeout", "none"]))
        .spawn()
        .unwrap();
    let ended = AtomicBool::new(false);
    let status = thread::scope(|scope| {
        scope.spawn(|| {
            let path = files.path("nodes/swapped");
            while !ended.load(Ordering::Relaxed) {
                fifo(&files, "nodes/new");
                std::fs::rename(files.path("nodes/new"), &path).unwrap();
                files.write("nodes/new", b"");
                std::fs::rename(files.path("nodes/new"), &path).unwrap();
            }
        });
        let status = ends(&mut child);
        ended.store(true, Ordering::Relaxed);
        status
    });
    assert_eq!(status.code(), Some(0));
}

const KEEPS_OPEN: &str = r#"
class Own:
    def process(self, count):
        kept = []
        try:
            while len(kept) < count:
                kept.append(open(__file__))
        except OSError as error:
            refused = str(error)
        else:
            refused = None
        opened = len(kept)
        kept.clear()
        return {"opened": opened, "refused": refused, "again": open(__file__).read(1)}
"#;

#[test]
fn a_run_that_opens_files_without_end_is_refused_and_can_go_on() {
    let files = Files::node(KEEPS_OPEN);
    let run_with =
        |limit: &str| run(files.arguments(&["-i", "500", "--max-open-files", limit])).code(0);
    let run = run_with("32");
    let output = &run.outputs()[0];
    let opened = output["opened"].as_u64().unwrap();
    assert!((20..=32).contains(&opened), "{output}");
    assert!(
        output["refused"].as_str().unwrap().contains("uota"),
        "{output}"
    );
    assert_eq!(output["again"], "\n");
    run.says(&["note: the run had 32 files open, which is its limit"]);
    let output = &run_with("none").outputs()[0];
    assert_eq!(output["opened"], 500, "{output}");
}

#[test]
fn a_run_that_opens_files_without_end_leaves_the_server_its_own() {
    let files = Files::node(KEEPS_OPEN);
    let server = Server::start(["--nodes", &files.path("nodes")]);
    let answers = thread::scope(|scope| {
        let runs: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| server.post("/v1/execute", &own(json!([2000]))).is(200)))
            .collect();
        for _ in 0..20 {
            server.get("/healthz").is(200);
        }
        runs.into_iter()
            .map(|run| run.join().unwrap().json())
            .collect::<Vec<_>>()
    });
    for answer in answers {
        let opened = answer["outputs"][0]["opened"].as_u64().unwrap();
        assert!(opened <= 64, "{answer}");
    }
}

#[test]
fn a_module_that_never_ends_does_not_hold_check_or_nodes() {
    let files = Files::node("while True: pass\n");
    let nodes = files.path("nodes");
    let manifest = files.path("m.json");
    run(["check", &manifest, "--nodes", &nodes, "--timeout", "1"])
        .code(1)
        .says(&[
            "longer than its limit of 1 second",
            "--timeout sets the limit",
        ]);
    let files = Files::new(&[("nodes/sitecustomize.py", "while True: pass\n")]);
    // Whatever it imports: it ends.
    let mut child = command(["nodes", "--nodes", &files.path("nodes"), "--timeout", "1"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    ends(&mut child);
}

#[test]
fn a_job_that_ends_its_process_does_not_leave_others_running() {
    let files = Files::node(
        "import os\nclass Own:\n    def process(self, x):\n        if x: os._exit(7)\n        \
         while True: pass\n",
    );
    let items = ["-i", "0", "-i", "1", "--jobs", "2", "--timeout", "none"];
    let mut child = command(files.arguments(&items)).spawn().unwrap();
    assert_eq!(ends(&mut child).code(), Some(1));
    let told = told(&mut child);
    // The code does not come out of the sandbox, so none is named.
    assert!(told.contains("ended its own process\n"), "{told}");
    assert!(!told.contains("code"), "{told}");
}

#[test]
fn what_goes_beyond_a_limit_is_named() {
    let files = Files::node("class Own:\n    def process(self, x):\n        return 'x' * x\n");
    let two = ["-i", "1", "-i", "2"];
    for (limit, items, kind, says) in [
        (
            ["--max-items", "1"],
            &two[..],
            "items-limit",
            "more items than the limit of 1",
        ),
        (
            ["--max-output", "1"],
            &["-i", "3000000"],
            "output-limit",
            "beyond its limit of 1 MiB",
        ),
    ] {
        let run = run(files.arguments(&[items, &limit].concat())).code(1);
        assert_eq!(run.json()["error"]["kind"], kind);
        run.says(&[says, &format!("{} sets the limit", limit[0])]);
    }
    let files = Files::node("class Own:\n    def process(self, x):\n        yield from range(x)\n");
    run(files.arguments(&["-i", "11", "--max-items", "10"]))
        .code(1)
        .says(&["more items than the limit of 10"]);
    run(files.arguments(&["-i", "10", "--max-items", "10"])).code(0);
}

#[test]
fn more_files_than_the_limit_are_not_written() {
    let code = "from remotemedia.media import Binary\nclass Own:\n    def process(self, x):\n        \
                return Binary(b'x')\n";
    let files = Files::node(code);
    let items = ["-i", "1", "-i", "2", "-i", "3", "--max-files", "2"];
    let directory = files.path("out");
    run(files.arguments(&[&items[..], &["--output-dir", &directory]].concat()))
        .code(1)
        .says(&[
            "more files than the limit of 2",
            "--max-files sets the limit",
        ]);
    assert!(std::fs::read_dir(directory).unwrap().count() <= 2);
}

#[test]
fn the_time_of_a_stream_is_that_of_each_item() {
    let files = Files::node(
        "class Own:\n    def process(self, x):\n        \
                             while not x: pass\n        return x\n",
    );
    let mut child = command(files.arguments(&["--stream", "--timeout", "4"]))
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    writeln!(input, "1").unwrap();
    // Nothing is worked on meanwhile, for longer than an item may take.
    thread::sleep(Duration::from_secs(5));
    writeln!(input, "2\n0").unwrap();
    assert_eq!(ends(&mut child).code(), Some(1));
    let mut printed = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut printed)
        .unwrap();
    let told = told(&mut child);
    assert_eq!(printed, "1\n2\n");
    assert!(
        told.contains("longer than its limit of 4 seconds"),
        "{told}"
    );
}

#[test]
fn an_answer_beyond_its_limit_is_refused_or_cut_off() {
    let files = Files::node("class Own:\n    def process(self, x):\n        return 'x' * x\n");
    let server = Server::start(["--nodes", &files.path("nodes"), "--max-output", "1"]);
    let (kind, message) = server
        .post("/v1/execute", &own(json!([3_000_000])))
        .is(503)
        .error();
    assert_eq!(kind, "output-limit");
    assert!(message.contains("limit of 1 MiB"), "{message}");
    let mut stream = server.begin(
        "POST",
        "/v1/execute",
        &format!("{NDJSON}transfer-encoding: chunked\r\n"),
    );
    stream.chunk(&format!("{}\n", own_manifest()));
    for _ in 0..3 {
        stream.chunk("500000\n");
    }
    stream.write(b"0\r\n\r\n");
    assert_eq!(stream.head().0, 200);
    let mut read = 0;
    let cut = loop {
        match stream.next_chunk() {
            Ok(Some(chunk)) => read += chunk.len(),
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    assert!(cut && read <= 1 << 20, "{read}");
    server.post("/v1/execute", &own(json!([1]))).is(200);
}
