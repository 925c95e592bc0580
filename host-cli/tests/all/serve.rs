//! `pipeline serve`.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::json;

use crate::program::{Files, run, until};
use crate::server::{Exchange, JSON, NDJSON, Server, own, own_manifest};

fn serve_node(code: &str, more: &[&str]) -> (Files, Server) {
    let files = Files::node(code);
    let nodes = files.path("nodes");
    let server = Server::start(["--nodes", &nodes].iter().chain(more));
    (files, server)
}

const SLEEPER: &str = "import time\nclass Own:\n    def process(self, x):\n        time.sleep(x)\n        \
                       return x\n";
const BUSY: &str =
    "class Own:\n    def process(self, x):\n        while x: pass\n        return x\n";

/// Begins a stream whose run lasts until the stream is ended. The node has
/// given an output when this returns.
fn hold(server: &Server) -> Exchange {
    let headers = format!("{NDJSON}transfer-encoding: chunked\r\n");
    let mut exchange = server.begin("POST", "/v1/execute", &headers);
    exchange.chunk(&format!("{}\n0\n", own_manifest()));
    assert_eq!(exchange.head().0, 200);
    assert_eq!(exchange.next_chunk().unwrap().unwrap(), "{\"output\":0}\n");
    exchange
}

/// Ends a stream: all of it is answered.
fn release(mut exchange: Exchange) {
    exchange.write(b"0\r\n\r\n");
    let last = exchange.next_chunk().unwrap().unwrap();
    assert!(last.starts_with("{\"status\":\"success\""), "{last}");
    assert_eq!(exchange.next_chunk().unwrap(), None);
}

/// A server's limit of time that no test is to meet.
const LONG: &[&str] = &["--timeout", "3600"];

#[test]
fn pipelines_run_by_manifest_and_by_name() {
    let server = Server::start(["--pipelines", "examples"]);
    let names = server.get("/v1/pipelines").is(200).json();
    let expected = json!({
        "pipelines": ["audio", "audio_quality", "mixed", "multiply_add", "speech", "text_processor"]
    });
    assert_eq!(names, expected);
    // A manifest can bring its items.
    let answer = server.post_text("/v1/pipelines/text_processor", "").is(200);
    let results = answer.json()["outputs"][0]["results"].clone();
    assert_eq!(results, json!({"uppercase": "HELLO WASM", "word_count": 2}));
    // The same document as the command line's.
    let answer = server.post("/v1/pipelines/multiply_add", &json!([5, 7]));
    let printed = run(["run", "examples/multiply_add.json", "-i", "5", "-i", "7"]).code(0);
    assert_eq!(answer.is(200).body, printed.stdout);
    let body = json!({
        "manifest": {"version": "v1", "nodes": [{"id": "e", "node_type": "Echo"}]},
        "inputs": [{"$bytes": "aGk="}, {"$tuple": [1, {"$float": "nan"}]}, "ü\u{1f600}"],
    });
    let answer = server
        .post("/v1/execute?metrics=true", &body)
        .is(200)
        .json();
    assert_eq!(answer["metrics"][0]["items_in"], 3, "{answer}");
}

#[test]
fn what_the_server_says_of_itself() {
    let server = Server::start(["--max-concurrent", "1"]);
    for path in ["/healthz", "/readyz"] {
        assert!(server.get(path).is(200).head.contains("text/plain"));
    }
    let nodes = server.get("/v1/nodes").is(200).json();
    let printed = run(["nodes", "--format", "json"]).code(0).json();
    assert_eq!(nodes, printed);
    let document = server.get("/openapi.json").is(200).json();
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    let live = &document["paths"]["/v1/pipelines/{name}/live"]["get"];
    assert_eq!(live["operationId"], "live", "{document}");
    let page = server.get("/docs").is(200);
    assert!(page.head.contains("default-src 'none'"), "{}", page.head);
    assert!(page.body.contains("openapi.json") && !page.body.contains("http://"));
    let head = server.send("HEAD", "/v1/nodes", "", b"").read().is(200);
    assert!(head.body.is_empty() && head.head.contains("content-length: "));
    server.until("pipeline_http_running", 0);
    let requests = "pipeline_http_requests_total{route=\"/v1/nodes\",status=\"200\"}";
    server.until(requests, 2);
}

#[test]
fn checks_have_places_in_the_body() {
    let server = Server::start::<&str>([]);
    let wrong = "{\n  \"manifest\": {\"version\": \"v1\",\n    \"nodes\": [{\"id\": \"a\", \
                 \"node_type\": \"Nothing\"}]}}";
    let answer = server.post_text("/v1/check", wrong).is(200).json();
    assert_eq!(answer["status"], "error");
    let place = &answer["diagnostics"][0]["location"];
    let at = wrong.find("\"Nothing\"").unwrap();
    assert_eq!(place["line"], 3, "{answer}");
    assert_eq!(place["offset"], at, "{answer}");
    assert_eq!(place["column"], at - wrong.rfind('\n').unwrap(), "{answer}");
    let error = server.post_text("/v1/execute", wrong).is(422).json()["error"].clone();
    assert_eq!(error["kind"], "invalid-manifest");
    assert_eq!(error["diagnostics"][0]["location"], *place);
    let right = "{\"manifest\": {\"version\": \"v1\", \"nodes\": [{\"id\": \"a\", \
                 \"node_type\": \"Echo\"}]}}";
    let answer = server.post_text("/v1/check", right).is(200).json();
    assert_eq!(
        (&answer["status"], &answer["graph_info"]["node_count"]),
        (&json!("success"), &json!(1))
    );
}

#[test]
fn mistakes_are_said_in_json() {
    let server = Server::start(["--pipelines", "examples", "--max-body", "1"]);
    let said = |text: &str| server.post_text("/v1/execute", text).is(400).error().1;
    assert!(said("{\"manifest\": {},\n \"inputs\": [1}").contains("line 2, column 14"));
    assert!(said("").contains("line 1, column 1"));
    assert!(said("{\"manifest\": {}, \"x\": 1}").contains("this key is unknown"));
    assert!(said("{\"manifest\": {\"a\": \"\u{1}\"}}").contains("control character"));

    for path in ["/", "/v1/nothing", "/v1/pipelines/a/b", "/v1/pipelines/"] {
        assert_eq!(server.get(path).is(404).error().0, "not-found");
    }
    for name in ["nothing", "..", ".hidden", "%2e%2e%2fREADME", "README"] {
        let answer = server.post(&format!("/v1/pipelines/{name}"), &json!([1]));
        assert_eq!(answer.is(404).error().0, "not-found", "{name}");
    }
    let answer = server.get("/v1/execute").is(405);
    assert!(answer.head.contains("allow: post\r\n"), "{}", answer.head);
    let answer = server.post("/v1/nodes", &json!({})).is(405);
    assert!(
        answer.head.contains("allow: get, head\r\n"),
        "{}",
        answer.head
    );
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let answer = server
        .send("POST", "/v1/execute", form, b"{}")
        .read()
        .is(415);
    assert!(answer.error().1.contains("application/json"));
    let answer = server.post("/v1/execute?metrics=2", &json!({})).is(400);
    assert!(answer.error().1.contains("true or false"));

    // Announced, and found out.
    let long = vec![b' '; (1 << 20) + 1];
    let answer = server
        .send("POST", "/v1/execute", JSON, &long)
        .read()
        .is(413);
    assert_eq!(answer.error().0, "payload-too-large");
    let mut exchange = server.begin(
        "POST",
        "/v1/execute",
        &format!("{JSON}transfer-encoding: chunked\r\n"),
    );
    for _ in 0..17 {
        exchange.chunk(&" ".repeat(1 << 16));
    }
    exchange.write(b"0\r\n\r\n");
    assert_eq!(exchange.read().is(413).error().0, "payload-too-large");
}

#[test]
fn pipelines_that_fail() {
    let (files, server) = serve_node(
        "class Own:\n    def process(self, x):\n        return 10 // x\n",
        &[],
    );
    let answer = server
        .post("/v1/execute", &own(json!([5, 0])))
        .is(422)
        .json();
    let error = &answer["error"];
    assert_eq!(
        (&error["kind"], &error["item"]),
        (&json!("node-failed"), &json!(1))
    );
    assert!(
        error["traceback"]
            .as_str()
            .unwrap()
            .contains("ZeroDivisionError")
    );
    assert_eq!(answer["outputs"], json!([2]));
    let body = json!({"manifest": own_manifest()});
    let answer = server.post("/v1/execute", &body).is(422);
    assert_eq!(answer.error().0, "needs-input");
    drop(files);
    let (_files, server) = serve_node(
        "import os\nclass Own:\n    def process(self, x):\n        os._exit(3)\n",
        &[],
    );
    let answer = server.post("/v1/execute", &own(json!([5]))).is(500);
    assert_eq!(answer.error().0, "exit");
}

#[test]
fn time_and_memory_are_bounded() {
    for code in [SLEEPER, BUSY] {
        let (_files, server) = serve_node(code, &["--timeout", "0.5"]);
        let answer = server.post("/v1/execute", &own(json!([1000]))).is(504);
        assert_eq!(answer.error().0, "deadline");
        server.until("pipeline_http_runs_ended_total{by=\"deadline\"}", 1);
        server.until("pipeline_http_running", 0);
        // A busy machine may need longer than the limit for anything.
        until("a run within the limit", || {
            let answer = server.post("/v1/execute", &own(json!([0])));
            answer.status != 504 && answer.is(200).json()["outputs"] == json!([0])
        });
    }
    let (_files, server) = serve_node(
        "class Own:\n    def process(self, x):\n        return len(bytearray(x << 20))\n",
        &["--max-memory", "128"],
    );
    let answer = server.post("/v1/execute", &own(json!([500])));
    assert!(
        answer.error().1.contains("MemoryError"),
        "{}",
        answer.is(422).body
    );
    server.post("/v1/execute", &own(json!([1]))).is(200);
}

#[test]
fn too_many_requests_are_refused() {
    let turns = ["--max-concurrent", "1", "--max-queue", "1"];
    let (_files, server) = serve_node(SLEEPER, &[&turns, LONG].concat());
    let body = own(json!([0])).to_string();
    let running = hold(&server);
    let waiting = server.send("POST", "/v1/execute", JSON, body.as_bytes());
    server.until("pipeline_http_waiting", 1);
    let refused = server.post_text("/v1/execute", &body).is(429);
    assert_eq!(refused.error().0, "too-many-requests");
    assert!(
        refused.head.contains("retry-after: 1\r\n"),
        "{}",
        refused.head
    );
    // Who only asks how it is gets an answer.
    server.get("/healthz").is(200);
    release(running);
    assert_eq!(waiting.read().is(200).json()["outputs"], json!([0]));
}

#[test]
fn items_and_outputs_are_streamed() {
    let server = Server::start(["--pipelines", "examples"]);
    let mut exchange = server.begin(
        "POST",
        "/v1/pipelines/mixed",
        &format!("{NDJSON}transfer-encoding: chunked\r\n"),
    );
    let (status, head) = exchange.head();
    assert!(
        status == 200 && head.contains("application/x-ndjson"),
        "{head}"
    );
    for number in 1..=3 {
        exchange.chunk(&format!("{number}\n"));
        let lines = exchange.next_chunk().unwrap().unwrap();
        assert!(
            lines.contains(&format!("\"input\":{}", number * 2)),
            "{lines}"
        );
        if number == 2 {
            let lines = exchange.next_chunk().unwrap().unwrap();
            assert!(lines.contains("\"input\":[1,2]"), "{lines}");
        }
    }
    exchange.write(b"0\r\n\r\n");
    let mut rest = String::new();
    while let Some(lines) = exchange.next_chunk().unwrap() {
        rest.push_str(&lines);
    }
    assert!(rest.contains("\"input\":[3]"), "it is flushed: {rest}");
    assert!(
        rest.lines()
            .last()
            .unwrap()
            .starts_with("{\"status\":\"success\",\"graph_info\"")
    );
}

#[test]
fn an_output_is_sent_while_the_next_is_waited_for() {
    let (files, server) = serve_node(
        "import os\nclass Own:\n    def process(self, x):\n        yield 0\n        \
         while not os.path.exists('/nodes/nodes/go'):\n            pass\n        yield 1\n",
        LONG,
    );
    let body = own(json!([1])).to_string();
    let headers = format!("{JSON}accept: application/x-ndjson\r\n");
    let path = "/v1/execute?by-node=true";
    let mut exchange = server.send("POST", path, &headers, body.as_bytes());
    assert_eq!(exchange.head().0, 200);
    let mut next = || exchange.next_chunk().unwrap().unwrap();
    assert_eq!(next(), "{\"node\":\"n\",\"output\":0}\n");
    files.write("nodes/go", b"");
    assert_eq!(next(), "{\"node\":\"n\",\"output\":1}\n");
}

#[test]
fn outputs_by_node_and_inputs_for_one_source() {
    let server = Server::start([] as [&str; 0]);
    let node = |id| json!({"id": id, "node_type": "PassThrough"});
    let body = json!({
        "manifest": {"version": "v1", "nodes": [node("left"), node("right")]},
        "inputs": [1, {"$input": {"node": "right", "item": 2}}],
    });
    let outputs = |path: &str| server.post(path, &body).is(200).json()["outputs"].clone();
    assert_eq!(outputs("/v1/execute"), json!([1, 1, 2]));
    let by_node = json!({"left": [1], "right": [1, 2]});
    assert_eq!(outputs("/v1/execute?by-node=true"), by_node);
    let wrong = server.post("/v1/execute?by-node=1", &body).is(400);
    assert_eq!(
        wrong.error().1,
        "the parameter by-node is `1`; it can be true or false"
    );
}

#[test]
fn streams_of_every_kind_end_with_a_status() {
    let (_files, server) = serve_node(
        "class Own:\n    def process(self, x):\n        return 1 / x\nclass Source:\n    is_source = True\n    \
         def process(self):\n        yield from range(100)\n",
        &[&["--pipelines", "examples"], LONG].concat(),
    );
    let streamed = |headers: &str, body: String| {
        let answer = server.send("POST", "/v1/execute", headers, body.as_bytes());
        answer.read().is(200).body
    };
    // A manifest and lines.
    let text = streamed(NDJSON, format!("{}\n1\n\n0\n", own_manifest()));
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "{\"output\":1.0}");
    assert!(
        lines[1].contains("ZeroDivisionError") && lines[1].contains("\"item\":1"),
        "{text}"
    );
    let text = streamed(NDJSON, format!("{}\n1\n\n{{\n", own_manifest()));
    let last = text.lines().last().unwrap();
    assert!(
        last.contains("bad-request") && last.contains("(line 4, column "),
        "{last}"
    );
    // A document, but a stream is asked for.
    let headers = format!("{JSON}accept: application/x-ndjson\r\n");
    let text = streamed(&headers, own(json!([1, 2])).to_string());
    assert!(
        text.starts_with("{\"output\":1.0}\n{\"output\":0.5}\n{\"status\":\"success\""),
        "{text}"
    );
    // Sources that produce their own items.
    let source = json!({"version": "v1", "nodes": [{"id": "n", "node_type": "own:Source"}]});
    let text = streamed(NDJSON, source.to_string());
    assert_eq!(text.lines().count(), 101);
    // Items of the manifest's file stand in for those of the request.
    let named = |body: &str| {
        let answer = server.send(
            "POST",
            "/v1/pipelines/multiply_add",
            NDJSON,
            body.as_bytes(),
        );
        answer.read().is(200).body.lines().count()
    };
    assert_eq!((named("5\n"), named("")), (2, 4));
    // What is wrong before the first output is a plain answer.
    let answer = server
        .send("POST", "/v1/execute", NDJSON, b"{}\n1\n")
        .read()
        .is(422);
    assert_eq!(answer.error().0, "invalid-manifest");
    server
        .send("POST", "/v1/execute", NDJSON, b"")
        .read()
        .is(400);
}

#[test]
fn a_stream_that_takes_too_long_is_cut_off() {
    // The first output must come in time, for which a busy machine needs more.
    for timeout in ["0.5", "5", "50", "500"] {
        let (_files, server) = serve_node(SLEEPER, &["--timeout", timeout]);
        let body = format!("{}\n0\n1000\n", own_manifest());
        let mut exchange = server.send("POST", "/v1/execute", NDJSON, body.as_bytes());
        let status = exchange.head().0;
        if status == 504 {
            continue;
        }
        assert_eq!(status, 200);
        let Ok(first) = exchange.next_chunk() else {
            continue;
        };
        assert_eq!(first.as_deref(), Some("{\"output\":0}\n"));
        assert!(
            exchange.next_chunk().is_err(),
            "it doesn't end as if all were well"
        );
        return;
    }
    panic!("there was never an output");
}

#[test]
fn a_client_that_leaves_stops_its_run() {
    for code in [SLEEPER, BUSY] {
        let (_files, server) = serve_node(code, &[&["--max-concurrent", "1"], LONG].concat());
        let body = own(json!([1000])).to_string();
        let exchange = server.send("POST", "/v1/execute", JSON, body.as_bytes());
        server.until("pipeline_http_running", 1);
        drop(exchange);
        server.until("pipeline_http_running", 0);
        server.until("pipeline_http_runs_ended_total{by=\"disconnect\"}", 1);

        // In the middle of a stream, too.
        let body = format!("{}\n0\n1000\n", own_manifest());
        let mut exchange = server.send("POST", "/v1/execute", NDJSON, body.as_bytes());
        assert_eq!(exchange.head().0, 200);
        assert!(exchange.next_chunk().unwrap().is_some());
        drop(exchange);
        server.until("pipeline_http_running", 0);
    }
}

#[test]
fn requests_know_nothing_of_each_other() {
    let (_files, server) = serve_node(
        "import sys, time\nclass Own:\n    def process(self, x):\n        sys.seen = getattr(sys, 'seen', []) + [x]\n        \
         time.sleep(0.01)\n        return sys.seen\n",
        &["--max-concurrent", "4"],
    );
    std::thread::scope(|scope| {
        for number in 0..8 {
            let server = &server;
            scope.spawn(move || {
                for round in 0..10 {
                    let answer = server.post("/v1/execute", &own(json!([[number, round]])));
                    let outputs = answer.is(200).json()["outputs"].clone();
                    assert_eq!(outputs, json!([[[number, round]]]));
                }
            });
        }
    });
}

#[test]
fn a_busy_run_leaves_others_alone() {
    let (_files, server) = serve_node(BUSY, &[&["--max-concurrent", "4"], LONG].concat());
    let body = own(json!([1])).to_string();
    let _busy: Vec<_> = (0..3)
        .map(|_| server.send("POST", "/v1/execute", JSON, body.as_bytes()))
        .collect();
    server.until("pipeline_http_running", 3);
    for _ in 0..5 {
        server.post("/v1/execute", &own(json!([0]))).is(200);
    }
    server.until("pipeline_http_running", 3);
}

#[test]
fn all_that_was_accepted_is_answered_at_the_end() {
    let options = ["--max-concurrent", "8", "--max-queue", "10000"];
    let more = [&options, LONG, &["--pipelines", "examples"]].concat();
    let (_files, mut server) = serve_node(SLEEPER, &more);
    let (ending, stop) = (AtomicBool::new(false), AtomicBool::new(false));
    let answered = AtomicUsize::new(0);
    let address = server.address;
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                // One connection for many requests, so that some are on their
                // way on a connection that looks idle.
                let mut client = KeepAlive::default();
                while !stop.load(Ordering::SeqCst) && client.request(address, &ending) {
                    answered.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        let held: Vec<_> = (0..4).map(|_| hold(&server)).collect();
        until("300 answers", || answered.load(Ordering::SeqCst) >= 300);
        ending.store(true, Ordering::SeqCst);
        server.terminate();
        server.until_told("ending when all requests are answered");
        held.into_iter().for_each(release);
        let code = server.end();
        stop.store(true, Ordering::SeqCst);
        assert_eq!(code, Some(0));
    });
}

/// A client that connects anew only when it is told to.
#[derive(Default)]
struct KeepAlive(Option<TcpStream>);

impl KeepAlive {
    /// Sends a request; false if the server has gone. Any server may close a
    /// connection that is idle, and then the request is sent once more. A new
    /// connection has an answer, unless the server is ending.
    fn request(&mut self, address: SocketAddr, ending: &AtomicBool) -> bool {
        if let Some(stream) = self.0.take()
            && self.exchange(stream)
        {
            return true;
        }
        let answered = TcpStream::connect(address).is_ok_and(|stream| self.exchange(stream));
        assert!(answered || ending.load(Ordering::SeqCst), "no answer");
        answered
    }

    /// Whether there was an answer. One that has begun is whole.
    fn exchange(&mut self, mut stream: TcpStream) -> bool {
        let head = "POST /v1/pipelines/multiply_add HTTP/1.1\r\nhost: localhost\r\ncontent-type: \
                    application/json\r\ncontent-length: 3\r\n\r\n[5]";
        if stream.write_all(head.as_bytes()).is_err() {
            return false;
        }
        let mut answer = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            match stream.read(&mut buffer) {
                Ok(0) | Err(_) if answer.is_empty() => return false,
                Ok(read) if read > 0 => answer.extend_from_slice(&buffer[..read]),
                end => panic!("{end:?} after {:?}", String::from_utf8_lossy(&answer)),
            }
            let text = String::from_utf8_lossy(&answer);
            if let Some((head, body)) = text.split_once("\r\n\r\n")
                && body.ends_with("}\n")
            {
                assert!(
                    head.starts_with("HTTP/1.1 200") && body.contains("[20]"),
                    "{text}"
                );
                if !head.contains("connection: close") {
                    self.0 = Some(stream);
                }
                return true;
            }
        }
    }
}

#[test]
fn a_second_signal_ends_at_once() {
    let (_files, mut server) = serve_node(SLEEPER, LONG);
    let body = own(json!([1000])).to_string();
    let _running = server.send("POST", "/v1/execute", JSON, body.as_bytes());
    server.until("pipeline_http_running", 1);
    server.terminate();
    server.until_told("a second signal ends at once");
    assert!(!server.has_ended());
    server.terminate();
    assert_eq!(server.end(), Some(130));
}

#[test]
fn a_run_may_end_the_server_waits_for_it() {
    let (_files, mut server) = serve_node(SLEEPER, LONG);
    let mut running = hold(&server);
    server.terminate();
    server.until_told("ending when all requests are answered");
    running.chunk("0.5\n");
    assert_eq!(running.next_chunk().unwrap().unwrap(), "{\"output\":0.5}\n");
    release(running);
    assert_eq!(server.end(), Some(0));
}

#[test]
fn it_says_why_it_can_not_serve() {
    let server = Server::start::<&str>([]);
    let address = server.address.to_string();
    run(["serve", "--addr", &address])
        .code(2)
        .says(&["can't listen on", "--addr"]);
    run(["serve", "--pipelines", "nowhere"])
        .code(2)
        .says(&["with pipelines", "it is not there"]);
    let plain = crate::program::dist().join("pipeline.wasm");
    run(["serve", "--component", plain.to_str().unwrap()])
        .code(2)
        .says(&["--component takes the file `pipeline-http.wasm`"]);
    run(["serve", "--max-memory", "0"])
        .code(2)
        .says(&["--max-memory"]);
}
