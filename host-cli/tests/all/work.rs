//! `pipeline work`, `submit` and `deploy`, with a nats-server of the tests' own.
//! Where the machine has none, there is nothing to test: `cargo xtask test`
//! installs it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::program::{Files, Run, command, end, metric, until};

/// A nats-server; it ends when this is dropped.
struct Server {
    child: Child,
    port: u16,
    monitor: u16,
    folder: tempfile::TempDir,
}

impl Server {
    /// Starts one, where the machine has it.
    fn start() -> Option<Self> {
        if Command::new("nats-server")
            .arg("--version")
            .output()
            .is_err()
        {
            assert!(
                std::env::var_os("PIPELINE_NATS").is_none(),
                "PIPELINE_NATS is set, and there is no nats-server"
            );
            eprintln!("skipped: there is no nats-server");
            return None;
        }
        let (port, monitor) = (free_port(), free_port());
        let folder = tempfile::tempdir().expect("a directory");
        let mut server = Self {
            child: spawn(&folder, port, monitor),
            port,
            monitor,
            folder,
        };
        server.wait();
        Some(server)
    }

    fn wait(&mut self) {
        until("the server listens", || {
            TcpStream::connect(("127.0.0.1", self.monitor)).is_ok()
                && TcpStream::connect(("127.0.0.1", self.port)).is_ok()
        });
    }

    /// Ends it and starts it again, with what it has stored.
    fn restart(&mut self) {
        signal(&self.child, "TERM");
        end(&mut self.child);
        self.child = spawn(&self.folder, self.port, self.monitor);
        self.wait();
    }

    fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(arguments);
        command.args(["--nats", &self.url()]);
        command
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let output = self.command(arguments).output();
        output.expect("the program starts").into()
    }

    /// Starts a worker of the stream `s`, and waits until it works.
    fn work(&self, arguments: &[&str]) -> Worker {
        let mut command = self.command(&["work"]);
        command.args(["--stream", "s", "--consumer", "c", "--create"]);
        command.args(["--metrics-addr", "127.0.0.1:0"]);
        let worker = Worker::start(command.args(arguments));
        worker.until_told("working on stream `s`");
        worker
    }

    /// How many messages a stream has: the server's own count.
    fn count(&self, stream: &str) -> u64 {
        let json = self.state(stream);
        json["state"]["messages"].as_u64().unwrap_or(u64::MAX)
    }

    fn state(&self, stream: &str) -> Value {
        let text = get(self.monitor, "/jsz?streams=true");
        let json: Value = serde_json::from_str(&text).expect("JSON");
        let accounts = json["account_details"].as_array().cloned();
        let accounts = accounts.unwrap_or_default();
        let mut streams = accounts
            .iter()
            .flat_map(|account| account["stream_detail"].as_array().into_iter().flatten());
        let found = streams.find(|found| found["name"] == stream);
        found.cloned().unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(folder: &tempfile::TempDir, port: u16, monitor: u16) -> Child {
    Command::new("nats-server")
        .args(["-js", "-a", "127.0.0.1", "-p", &port.to_string()])
        .args(["-m", &monitor.to_string(), "-sd"])
        .arg(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("nats-server starts")
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a socket");
    listener.local_addr().expect("an address").port()
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([format!("-{name}"), child.id().to_string()])
        .status();
    assert!(sent.expect("kill runs").success());
}

/// The body of an answer over HTTP.
fn get(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    let request = format!("GET {path} HTTP/1.0\r\nhost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    format!("{}{body}", if head.contains(" 503") { "503 " } else { "" })
}

/// `pipeline work`; it is killed when this is dropped.
struct Worker {
    child: Child,
    told: Arc<Mutex<String>>,
}

impl Worker {
    fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().expect("it starts");
        let lines = BufReader::new(child.stderr.take().expect("a pipe"));
        let told = Arc::<Mutex<String>>::default();
        let kept = Arc::clone(&told);
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let mut told = kept.lock().expect("no panic");
                told.push_str(&line);
                told.push('\n');
            }
        });
        Self { child, told }
    }

    fn told(&self) -> String {
        self.told.lock().expect("no panic").clone()
    }

    #[track_caller]
    fn until_told(&self, text: &str) {
        until(text, || self.told().contains(text));
    }

    fn get(&self, path: &str) -> String {
        let told = self.told();
        let port = told
            .lines()
            .find_map(|line| line.strip_prefix("metrics on http://127.0.0.1:"));
        let port = port.and_then(|port| port.split('/').next()?.parse().ok());
        get(port.expect("a port"), path)
    }

    fn metric(&self, name: &str) -> u64 {
        metric(&self.get("/metrics"), name)
    }

    /// Waits until a metric has a value: it is counted after the answer is out.
    #[track_caller]
    fn until(&self, name: &str, value: u64) {
        until(&format!("{name} {value}"), || self.metric(name) == value);
    }

    /// Ends it as Kubernetes would; its exit code.
    fn terminate(&mut self) -> Option<i32> {
        signal(&self.child, "TERM");
        end(&mut self.child)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const SHOUT: &str = "
class Own:
    def process(self, text):
        return text.upper()
";

#[test]
fn items_go_out_and_come_back_in_order() {
    let Some(server) = Server::start() else {
        return;
    };
    let files = Files::node(SHOUT);
    let lines: String = (0..200)
        .map(|number| format!("\"item {number}\"\n"))
        .collect();
    files.write("items.ndjson", lines.as_bytes());
    let mut worker = server.work(&[&files.path("m.json"), "--nodes", &files.path("nodes")]);
    let run = server
        .run(&[
            "submit",
            "--stream",
            "s",
            "--input-file",
            &files.path("items.ndjson"),
        ])
        .code(0);
    assert_eq!(run.stdout, lines.to_uppercase());
    // A failure is told, and in nobody's way.
    let run = server
        .run(&[
            "submit",
            "--stream",
            "s",
            "-i",
            "\"a\"",
            "-i",
            "7",
            "-i",
            "\"b\"",
            "--by-node",
        ])
        .code(1)
        .says(&["item 1: node `n`: AttributeError", "1 item failed"]);
    assert_eq!(
        run.stdout,
        "{\"item\":0,\"node\":\"n\",\"output\":\"A\"}\n{\"item\":2,\"node\":\"n\",\"output\":\"B\"}\n"
    );
    let lines: String = (0..20)
        .map(|number| format!("\"item {number}\"\n"))
        .collect();
    let mut run = server.command(&[
        "submit",
        "--stream",
        "s",
        "--unordered",
        "--input-file",
        "-",
    ]);
    let mut child = run
        .args(["--input-format", "ndjson", "--ahead", "3"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(lines.as_bytes()).expect("it reads");
    drop(stdin);
    let run = Run::from(child.wait_with_output().expect("it ends")).code(0);
    let (mut got, mut expected): (Vec<_>, Vec<_>) = (
        run.stdout.lines().map(str::to_owned).collect(),
        lines.lines().map(str::to_uppercase).collect(),
    );
    got.sort_unstable();
    expected.sort_unstable();
    assert_eq!(got, expected);
    assert_eq!(worker.get("/readyz"), "ready\n");
    worker.until("pipeline_work_messages_total{result=\"done\"} ", 222);
    worker.until("pipeline_work_messages_total{result=\"failed\"} ", 1);
    until("all is acknowledged", || server.count("s") == 0);
    assert_eq!(worker.terminate(), Some(0), "{}", worker.told());
}

#[test]
fn media_and_batches_are_items_by_their_type() {
    let Some(server) = Server::start() else {
        return;
    };
    let files = Files::node(
        "
class Own:
    def process(self, item):
        yield type(item).__name__
        yield {'more': True}
",
    );
    files.write("a.bin", b"\x00\x01");
    files.write("a.txt", b"text");
    let mut pixels = Vec::new();
    let mut encoder = png::Encoder::new(&mut pixels, 1, 1);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(&[7]).expect("pixels");
    writer.finish().expect("an end");
    files.write("a.png", &pixels);
    files.write("broken.wav", b"RIFF");
    let _worker = server.work(&[&files.path("m.json"), "--nodes", &files.path("nodes")]);
    let at = |name: &str| format!("@{}", files.path(name));
    let inputs = [
        at("a.bin"),
        at("a.txt"),
        at("a.png"),
        at("broken.wav"),
        "[1]".into(),
    ];
    let mut arguments = vec!["submit", "--stream", "s"];
    arguments.extend(inputs.iter().flat_map(|input| ["--input", input]));
    let run = server
        .run(&arguments)
        .code(1)
        .says(&["item 3: the payload is no audio/wav"]);
    let kinds: Vec<_> = run.stdout.lines().step_by(2).collect();
    assert_eq!(kinds.len(), 4, "{}", run.stdout);
    assert_eq!(kinds[1], "\"str\"");
    assert_eq!(kinds[3], "\"list\"");
    assert!(kinds[2].contains("Image"), "{}", kinds[2]);
}

#[test]
fn killed_workers_and_a_restarted_server_lose_and_double_nothing() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let files = Files::node(
        "
class Own:
    def process(self, number):
        for part in range(number % 3):
            yield [number, part]
",
    );
    const COUNT: u64 = 600;
    let lines: String = (0..COUNT).map(|number| format!("{number}\n")).collect();
    files.write("items.ndjson", lines.as_bytes());
    let nodes = files.path("nodes");
    let manifest = files.path("m.json");
    let arguments = [
        &*manifest,
        "--nodes",
        &nodes,
        "--ack-wait",
        "2",
        "--timeout",
        "20",
    ];
    let mut workers: Vec<_> = (0..3).map(|_| server.work(&arguments)).collect();
    let submit = server
        .command(&[
            "submit",
            "--stream",
            "s",
            "--input-file",
            &files.path("items.ndjson"),
        ])
        .spawn()
        .expect("it starts");
    for part in 1..4 {
        until("some outputs", || {
            let count = server.count("s-outputs");
            count != u64::MAX && count >= part * 100
        });
        // Killed with what it has, and another takes its place.
        workers.remove(0);
        workers.push(server.work(&arguments));
        if part == 2 {
            server.restart();
        }
    }
    let run = Run::from(submit.wait_with_output().expect("it ends")).code(0);
    let expected: String = (0..COUNT)
        .flat_map(|number| (0..number % 3).map(move |part| format!("[{number},{part}]\n")))
        .collect();
    assert_eq!(run.stdout, expected);
    until("all is acknowledged", || server.count("s") == 0);
    // Those without outputs say so once.
    assert_eq!(server.count("s-outputs"), COUNT / 3 * (1 + 1 + 2));
}

#[test]
fn a_signal_lets_what_runs_end_and_gives_back_the_rest() {
    let Some(server) = Server::start() else {
        return;
    };
    let files = Files::node(
        "
import time
class Own:
    def process(self, item):
        time.sleep(1.5)
        return item
",
    );
    let arguments = [
        &*files.path("m.json"),
        "--nodes",
        &files.path("nodes"),
        "--concurrency",
        "1",
        "--ack-wait",
        "60",
        "--allow-duplicates",
    ];
    let mut first = server.work(&arguments);
    let mut submit = server
        .command(&["submit", "--stream", "s", "-i", "1", "-i", "2", "-i", "3"])
        .spawn()
        .expect("it starts");
    until("it has messages", || {
        first.metric("pipeline_work_messages ") > 0
    });
    assert_eq!(first.terminate(), Some(0), "{}", first.told());
    // With an ack wait of a minute, what was not given back would come late.
    let second = server.work(&arguments);
    assert_eq!(end(&mut submit), Some(0));
    drop(second);
    let mut got = String::new();
    let mut stdout = submit.stdout.take().expect("a pipe");
    stdout.read_to_string(&mut got).expect("text");
    assert_eq!(got, "1\n2\n3\n");
    assert_eq!(server.count("s-outputs"), 3);
}

#[test]
fn what_takes_too_long_is_tried_again_and_then_given_up() {
    let Some(server) = Server::start() else {
        return;
    };
    let files = Files::node(
        "
class Own:
    def process(self, item):
        while item == 'busy':
            pass
        return 'x' * item
",
    );
    let worker = server.work(&[
        &files.path("m.json"),
        "--nodes",
        &files.path("nodes"),
        "--timeout",
        "3",
        "--max-deliver",
        "2",
        "--retry-delay",
        "0.1",
    ]);
    let run = server
        .run(&[
            "submit", "--stream", "s", "-i", "\"busy\"", "-i", "3", "-i", "2000000",
        ])
        .code(1)
        .says(&[
            "item 0: the run took longer than its limit of 3 seconds",
            "item 2: an output of 2000002 bytes is longer than the server takes",
        ]);
    assert_eq!(run.stdout, "\"xxx\"\n");
    worker.until("pipeline_work_messages_total{result=\"again\"} ", 1);
    worker.until("pipeline_work_messages_total{result=\"failed\"} ", 2);
    until("all is acknowledged", || server.count("s") == 0);
}

#[test]
fn a_session_keeps_its_state_while_its_key_flows() {
    let Some(server) = Server::start() else {
        return;
    };
    let files = Files::node(
        "
class Own:
    def __init__(self, **params):
        self.sum = 0
    def process(self, number):
        self.sum += number
        return self.sum
    def flush(self):
        return {'total': self.sum}
",
    );
    let mut worker = server.work(&[
        &files.path("m.json"),
        "--nodes",
        &files.path("nodes"),
        "--session-key",
        "Key",
        "--max-sessions",
        "1",
        "--concurrency",
        "2",
    ]);
    let submit = |key: &str, inputs: [&str; 3]| {
        let mut arguments = vec!["submit", "--stream", "s", "--header", key];
        arguments.extend(inputs.iter().flat_map(|input| ["--input", input]));
        server.run(&arguments).code(0).stdout
    };
    assert_eq!(submit("Key: a", ["1", "2", "3"]), "1\n3\n6\n");
    assert_eq!(submit("Key: a", ["4", "0", "0"]), "10\n10\n10\n");
    // Of two keys one has to leave, and what it holds is given.
    assert_eq!(submit("Key: b", ["1", "1", "1"]), "1\n2\n3\n");
    assert_eq!(submit("Key: a", ["1", "1", "1"]), "1\n2\n3\n");
    // Without a key each message is a run of its own.
    let alone = "1\n{\"total\":1}\n".repeat(3);
    assert_eq!(submit("Other: x", ["1", "1", "1"]), alone);
    worker.until("pipeline_work_sessions ", 1);
    assert_eq!(worker.terminate(), Some(0), "{}", worker.told());
    assert_eq!(
        server.count("s-outputs"),
        12 + 6 + 3,
        "three sessions were flushed"
    );
    until("all is acknowledged", || server.count("s") == 0);
}

#[test]
fn a_new_version_rolls_out_and_a_broken_one_does_not() {
    let Some(server) = Server::start() else {
        return;
    };
    let files = Files::node("class Own:\n    def process(self, item):\n        return 'first'\n");
    let (manifest, nodes) = (files.path("m.json"), files.path("nodes"));
    let arguments = ["deploy", &*manifest, "--nodes", &*nodes, "--name", "own"];
    let deploy = || server.run(&arguments).code(0).json();
    let first = deploy();
    assert_eq!(first["name"], "own");
    assert_eq!(
        deploy()["version"],
        first["version"],
        "the same files are the same version"
    );
    let mut worker = server.work(&["--deployed", "own"]);
    let version = |json: &Value| json["version"].as_str().expect("text").to_owned();
    worker.until_told(&format!("pipeline version {}", version(&first)));
    let ask = || {
        server
            .run(&["submit", "--stream", "s", "-i", "0"])
            .code(0)
            .stdout
    };
    assert_eq!(ask(), "\"first\"\n");
    files.write(
        "nodes/own.py",
        b"class Own:\n    def process(self, item):\n        return 'second'\n",
    );
    let second = deploy();
    assert_ne!(second["version"], first["version"]);
    worker.until_told(&format!("pipeline version {}", version(&second)));
    assert_eq!(ask(), "\"second\"\n");
    files.write("nodes/own.py", b"class Other: pass\n");
    // Here it is refused, and what a worker can't run it does not take.
    server.run(&arguments).code(2).says(&["own"]);
    files.write(
        "nodes/own.py",
        b"class Own:\n    def process(self, item):\n        return 'third'\n",
    );
    deploy();
    until("the third version", || ask() == "\"third\"\n");
    assert_eq!(worker.terminate(), Some(0), "{}", worker.told());
    server
        .run(&[
            "work",
            "--deployed",
            "none",
            "--stream",
            "s",
            "--consumer",
            "c",
        ])
        .code(2)
        .says(&[
            "there is no pipeline `none` in the bucket `pipelines`",
            "pipeline deploy",
        ]);
}

#[test]
fn mistakes_are_told_before_anything_is_taken() {
    let Some(server) = Server::start() else {
        return;
    };
    let files = Files::node(SHOUT);
    let (manifest, nodes) = (files.path("m.json"), files.path("nodes"));
    let work = |more: &[&str]| {
        let mut arguments = vec!["work", &*manifest, "--nodes", &*nodes, "--consumer", "c"];
        arguments.extend(more);
        server.run(&arguments)
    };
    work(&["--stream", "s"])
        .code(2)
        .says(&["there is no stream `s`", "--create"]);
    work(&["--stream", "a.b"])
        .code(2)
        .says(&["letters, digits"]);
    work(&["--stream", "s", "--create", "--output-subject", "s.out"])
        .code(2)
        .says(&["`s.out` is a subject of the stream `s` itself"]);
    server
        .run(&["submit", "--stream", "nobody", "-i", "1"])
        .code(2)
        .says(&["no stream takes answers on `nobody-outputs."]);
    server
        .run(&["submit", "--stream", "s"])
        .code(2)
        .says(&["--input-file"]);
    // A window that is shorter than the longest way to a second delivery.
    drop(server.work(&[
        &manifest,
        "--nodes",
        &nodes,
        "--timeout",
        "1",
        "--max-deliver",
        "1",
    ]));
    work(&["--stream", "s", "--timeout", "300"])
        .code(2)
        .says(&["could be kept twice", "--allow-duplicates"]);
    let wrong = files.path("wrong.json");
    fs::write(
        &wrong,
        r#"{"version": "v1", "nodes": [{"id": "n", "node_type": "Nothing"}]}"#,
    )
    .expect("a file");
    let run = server.run(&[
        "work",
        &wrong,
        "--timeout",
        "1",
        "--stream",
        "s",
        "--consumer",
        "c",
    ]);
    run.code(2).says(&["Nothing"]);
    let run: Run = command(["submit", "--stream", "s", "-i", "1"])
        .args(["--nats", "nats://user:secret@127.0.0.1:1"])
        .output()
        .expect("it starts")
        .into();
    let run = run.code(1).says(&["can't connect to 127.0.0.1:1"]);
    assert!(!run.stderr.contains("secret"), "{}", run.stderr);
    server
        .run(&["submit", "--stream", "s", "-i", "1", "--patience", "0.5"])
        .code(1)
        .says(&["1 item has no result yet"]);
}
