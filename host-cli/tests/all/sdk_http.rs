//! The SDK's HTTP, spoken by a client that hides nothing.

use serde_json::{Value, json};

use crate::program::{Files, until};
use crate::server::{Exchange, JSON, Server};

const NODES: &str = "\
class Words:
    def __init__(self):
        self.count = 0

    def process(self, text):
        if text == 'fail':
            raise ValueError('as it was told to')
        self.count += 1
        yield from text.split()

    def flush(self):
        return self.count


class Many:
    def process(self, count):
        yield from range(int(count))
";

/// A server whose address is that of its door for the SDK.
fn door(more: &[&str]) -> (Server, Files) {
    let files = Files::new(&[("nodes/own.py", NODES), ("tokens", "# clients\nalpha\n")]);
    let (nodes, tokens) = (files.path("nodes"), files.path("tokens"));
    let mut arguments = vec!["--sdk-http", "127.0.0.1:0", "--nodes", &nodes];
    for argument in more {
        arguments.push(match *argument {
            "TOKENS" => &tokens,
            other => other,
        });
    }
    let mut server = Server::start(&arguments);
    let address = (server.started().lines())
        .find_map(|line| line.strip_prefix("listening for the SDK's HTTP on http://"))
        .unwrap_or_else(|| panic!("{}", server.started()));
    server.address = address.parse().expect("an address");
    (server, files)
}

fn manifest(node_type: &str) -> Value {
    json!({"version": "v1", "nodes": [{"id": "n", "node_type": node_type}]})
}

fn item(data: Value) -> Value {
    json!({"data": data, "sequence": null, "metadata": {}})
}

fn text(text: &str) -> Value {
    item(json!({"Text": text}))
}

fn given(data: Value, sequence: u64) -> Value {
    json!({"data": data, "sequence": sequence, "metadata": {"node_id": "n"}})
}

/// Begins a session, and gives its path.
fn begin(server: &Server, node_type: &str) -> String {
    let begun = server.post("/stream", &json!({"manifest": manifest(node_type)}));
    let begun = begun.is(200).json();
    format!("/stream/{}", begun["session_id"].as_str().expect("a name"))
}

fn push(server: &Server, session: &str, item: Value) -> (u16, String) {
    let answer = server.post(&format!("{session}/input"), &json!({"data": item}));
    (answer.status, answer.body)
}

fn close(server: &Server, session: &str) -> u16 {
    server.send("DELETE", session, "", b"").read().status
}

/// Somebody who listens to a session.
struct Listener {
    exchange: Exchange,
    read: String,
}

impl Listener {
    fn new(server: &Server, session: &str) -> Self {
        let mut exchange = server.send("GET", &format!("{session}/output"), "", b"");
        let (status, head) = exchange.head();
        assert_eq!(status, 200, "{head}");
        assert!(head.contains("content-type: text/event-stream"), "{head}");
        Self {
            exchange,
            read: String::new(),
        }
    }

    /// The next event: its name, and its data; none at the end.
    fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.read = rest;
                // A sign of life.
                if event == ":" {
                    continue;
                }
                let (name, data) = match event.strip_prefix("event: ") {
                    Some(named) => named.split_once('\n').expect("data"),
                    None => ("", event.as_str()),
                };
                let data = data.strip_prefix("data: ").expect("data");
                return Some((name.to_owned(), serde_json::from_str(data).expect("JSON")));
            }
            self.read += &self.exchange.next_chunk().expect("a whole answer")?;
        }
    }

    #[track_caller]
    fn gives(&mut self, expected: Value) {
        assert_eq!(self.next(), Some((String::new(), expected)));
    }
}

#[test]
fn a_run_and_what_is_wrong_with_one() {
    let (server, _files) = door(&[]);
    assert_eq!(server.get("/health").status, 200);
    let run = |node_type: &str, input: Value| {
        let body = json!({"manifest": manifest(node_type), "input": input});
        let answer = server.post("/execute", &body);
        (answer.status, answer.json())
    };
    let audio = json!({"Audio": {"samples": [0.5, -0.25], "sample_rate": 8000, "channels": 1}});
    assert_eq!(
        run("PassThrough", item(audio.clone())),
        (200, json!({"output": given(audio, 1)}))
    );
    // All that comes out is there; the SDK's clients read the first.
    let (one, two, three) = (
        given(json!({"Text": "two"}), 1),
        given(json!({"Text": "words"}), 2),
        given(json!({"Json": 1}), 3),
    );
    assert_eq!(
        run("own:Words", text("two words")),
        (200, json!({"output": one, "outputs": [one, two, three]}))
    );
    for (node_type, input, status, error_type, said) in [
        ("NoSuchNode", text(""), 400, "manifest", "NoSuchNode"),
        (
            "own:Words",
            text("fail"),
            500,
            "execution",
            "as it was told to",
        ),
        (
            "own:Many",
            item(json!({"Json": 0})),
            500,
            "execution",
            "No output",
        ),
        (
            "PassThrough",
            item(json!({"Sound": 1})),
            400,
            "input",
            "input: data.Sound",
        ),
        ("PassThrough", json!({}), 400, "input", "`data`"),
    ] {
        let (got, error) = run(node_type, input);
        assert_eq!(
            (got, &error["error_type"]),
            (status, &json!(error_type)),
            "{error}"
        );
        let message = error["message"].as_str().expect("a message");
        assert!(message.contains(said), "{error}");
    }
    let (_, error) = run("NoSuchNode", text(""));
    assert_eq!(error["validation_errors"][0]["path"], "nodes[0].node_type");
    let (_, error) = run("own:Words", text("fail"));
    assert_eq!(error["node_id"], "n");

    for (method, path, headers, body, status) in [
        ("POST", "/execute", "", "{}", 415),
        (
            "POST",
            "/execute",
            "content-type: text/plain\r\n",
            "{}",
            415,
        ),
        ("POST", "/execute", JSON, "{", 400),
        ("POST", "/execute", JSON, "{\"manifest\": {}}", 400),
        ("GET", "/execute", "", "", 405),
        ("POST", "/health", JSON, "{}", 405),
        ("GET", "/v1/nodes", "", "", 404),
        ("GET", "/stream/nobody/output", "", "", 404),
        ("DELETE", "/stream/nobody", "", "", 404),
    ] {
        let answer = server.send(method, path, headers, body.as_bytes()).read();
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
        assert!(answer.json()["message"].is_string());
    }
}

#[test]
fn a_session_is_heard_by_all_who_listen() {
    let (server, _files) = door(&[]);
    let session = begin(&server, "own:Words");
    // As the SDK's manual has it: what comes before anybody listens is not lost.
    assert_eq!(push(&server, &session, text("two words")).0, 200);
    let mut first = Listener::new(&server, &session);
    first.gives(given(json!({"Text": "two"}), 1));
    first.gives(given(json!({"Text": "words"}), 2));
    let mut second = Listener::new(&server, &session);
    assert_eq!(push(&server, &session, text("more")).0, 200);
    // The program itself sends items without `sequence` and `metadata`.
    assert_eq!(
        push(&server, &session, json!({"data": {"Text": "again"}})).0,
        200
    );
    for listener in [&mut first, &mut second] {
        listener.gives(given(json!({"Text": "more"}), 3));
        listener.gives(given(json!({"Text": "again"}), 4));
    }
    let (status, said) = push(&server, &session, json!({"data": {}}));
    assert_eq!(status, 400, "{said}");
    assert_eq!(close(&server, &session), 200);
    for listener in [&mut first, &mut second] {
        listener.gives(given(json!({"Json": 3}), 5));
        assert_eq!(listener.next(), None);
    }
    assert_eq!(push(&server, &session, text("late")).0, 404);
    assert_eq!(close(&server, &session), 404);
}

#[test]
fn a_session_says_why_it_fails() {
    let (server, _files) = door(&[]);
    let refused = server.post("/stream", &json!({"manifest": manifest("NoSuchNode")}));
    assert_eq!(refused.is(400).json()["error_type"], "manifest");

    let session = begin(&server, "own:Words");
    assert_eq!(push(&server, &session, text("one")).0, 200);
    let (status, said) = push(&server, &session, text("fail"));
    assert_eq!(status, 500, "{said}");
    assert!(said.contains("as it was told to"), "{said}");
    let mut listener = Listener::new(&server, &session);
    listener.gives(given(json!({"Text": "one"}), 1));
    let (name, error) = listener.next().expect("an event");
    assert_eq!((name.as_str(), &error["node_id"]), ("error", &json!("n")));
    assert_eq!(listener.next(), None);
    assert_eq!(push(&server, &session, text("more")).0, 410);
    assert_eq!(close(&server, &session), 200);
    assert_eq!(close(&server, &session), 404);
}

#[test]
fn a_session_waits_for_somebody_who_listens() {
    let (server, _files) = door(&[]);
    let session = begin(&server, "own:Many");
    std::thread::scope(|scope| {
        // More than wait at a time.
        let pushed = scope.spawn(|| push(&server, &session, item(json!({"Json": 1000}))));
        let mut listener = Listener::new(&server, &session);
        for number in 0..1000 {
            listener.gives(given(json!({"Json": number}), number + 1));
        }
        assert_eq!(pushed.join().expect("an answer").0, 200);
    });
}

#[test]
fn who_pushes_is_told_that_nobody_listens() {
    let (server, _files) = door(&["--idle-timeout", "1"]);
    let session = begin(&server, "own:Many");
    let (status, said) = push(&server, &session, item(json!({"Json": 1000})));
    assert_eq!(status, 503, "{said}");
    assert!(said.contains("/stream/{id}/output"), "{said}");
}

#[test]
fn a_session_that_nobody_wants_ends() {
    let (server, _files) = door(&["--idle-timeout", "1", "--max-concurrent", "1"]);
    let session = begin(&server, "PassThrough");
    // It waits for the session's permit.
    let body = json!({"manifest": manifest("PassThrough"), "input": text("")});
    server.post("/execute", &body).is(200);
    assert_eq!(push(&server, &session, text("")).0, 404);
}

#[test]
fn a_session_has_a_permit_until_it_is_closed() {
    let (server, _files) = door(&["--max-concurrent", "1", "--max-queue", "0"]);
    let session = begin(&server, "PassThrough");
    let body = json!({"manifest": manifest("PassThrough"), "input": text("")});
    let refused = server.post("/execute", &body).is(429);
    assert!(refused.head.contains("retry-after: "), "{}", refused.head);
    assert_eq!(close(&server, &session), 200);
    until("its permit is free", || {
        server.post("/execute", &body).status == 200
    });
}

#[test]
fn only_who_has_a_token_is_let_in() {
    let (server, _files) = door(&["--sdk-http-tokens", "TOKENS"]);
    let body = json!({"manifest": manifest("PassThrough"), "input": text("")}).to_string();
    let ask = |authorization: &str| {
        let headers = format!("{JSON}{authorization}");
        let exchange = server.send("POST", "/execute", &headers, body.as_bytes());
        exchange.read()
    };
    for header in [
        "",
        "authorization: Bearer beta\r\n",
        "authorization: alpha\r\n",
    ] {
        let refused = ask(header).is(401);
        assert!(
            refused.head.contains("www-authenticate: bearer"),
            "{}",
            refused.head
        );
    }
    ask("authorization: Bearer alpha\r\n").is(200);
    for (method, path) in [
        ("POST", "/stream"),
        ("POST", "/stream/a/input"),
        ("GET", "/stream/a/output"),
        ("DELETE", "/stream/a"),
    ] {
        assert_eq!(
            server.send(method, path, JSON, b"{}").read().status,
            401,
            "{path}"
        );
    }
    assert_eq!(server.get("/health").status, 200);
}

#[test]
fn pages_of_other_servers_are_kept_out() {
    let page = "http://localhost:3000";
    let (server, _files) = door(&["--allow-origin", page]);
    let begins = |origin: &str| {
        let headers = format!("{JSON}origin: {origin}\r\n");
        let body = json!({"manifest": manifest("PassThrough")}).to_string();
        server
            .send("POST", "/stream", &headers, body.as_bytes())
            .read()
    };
    assert_eq!(begins("http://elsewhere.example").status, 403);
    let begun = begins(page).is(200);
    let allowed = format!("access-control-allow-origin: {page}");
    assert!(begun.head.contains(&allowed), "{}", begun.head);
    let asks = format!("origin: {page}\r\naccess-control-request-method: DELETE\r\n");
    let may = server
        .send("OPTIONS", "/stream/a", &asks, b"")
        .read()
        .is(204);
    assert!(may.head.contains("get, head, post, delete"), "{}", may.head);
    assert!(may.head.contains("authorization"), "{}", may.head);
}

#[test]
fn manifests_that_nobody_has_signed_are_not_taken_beside_signed_ones() {
    let key = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
    for doors in [&["--grpc", "127.0.0.1:0"], &["--sdk-http", "127.0.0.1:0"]] {
        let run = crate::program::run([&["serve", "--signed-by", key][..], doors].concat());
        run.code(2).says(&["nobody has signed", "--sdk-http"]);
    }
}

#[test]
fn the_end_of_the_server_ends_sessions() {
    let (mut server, _files) = door(&[]);
    let session = begin(&server, "own:Words");
    let mut listener = Listener::new(&server, &session);
    assert_eq!(push(&server, &session, text("one")).0, 200);
    server.terminate();
    listener.gives(given(json!({"Text": "one"}), 1));
    listener.gives(given(json!({"Json": 1}), 2));
    assert_eq!(listener.next(), None);
    assert_eq!(server.end(), Some(0));
}
