//! Sessions over a WebSocket.

use std::net::TcpStream;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Message, WebSocket};

use crate::output::wav;
use crate::program::Files;
use crate::server::Server;

fn files() -> Files {
    let node = |node_type: &str| {
        json!({"version": "v1", "nodes": [{"id": "n", "node_type": node_type}]}).to_string()
    };
    Files::new(&[
        ("p/pass.json", &node("PassThrough")),
        ("p/own.json", &node("own:Own")),
        ("p/wrong.json", &node("Nothing")),
        (
            "nodes/own.py",
            "class Own:\n    def process(self, x):\n        if x == 'fail':\n            raise ValueError('so')\n        \
             while x == 'busy':\n            pass\n        yield x\n    def flush(self):\n        return 'flushed'\n",
        ),
    ])
}

fn serve(files: &Files, more: &[&str]) -> Server {
    let (p, nodes) = (files.path("p"), files.path("nodes"));
    Server::start(["--pipelines", &p, "--nodes", &nodes].iter().chain(more))
}

const UPGRADE: &str = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                       sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

struct Client(WebSocket<TcpStream>);

impl Client {
    fn open(server: &Server, path: &str) -> Self {
        let path = format!("/v1/pipelines/{path}");
        let host = format!("host: {}\r\n", server.address);
        let mut exchange = server.connect();
        exchange.write(format!("GET {path} HTTP/1.1\r\n{host}{UPGRADE}\r\n").as_bytes());
        let (status, head) = exchange.head();
        assert_eq!(status, 101, "{head}");
        assert!(
            head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n"),
            "{head}"
        );
        Self(WebSocket::from_raw_socket(
            exchange.into_stream(),
            Role::Client,
            None,
        ))
    }

    fn send(&mut self, message: impl Into<Message>) {
        self.0.send(message.into()).expect("it is sent");
    }

    /// The next message that is no ping.
    fn next(&mut self) -> Message {
        loop {
            match self.0.read().expect("a message") {
                Message::Ping(_) | Message::Pong(_) => {}
                message => return message,
            }
        }
    }

    fn json(&mut self) -> Value {
        match self.next() {
            Message::Text(text) => serde_json::from_str(&text).expect("JSON"),
            other => panic!("{other:?}"),
        }
    }

    /// What the connection is closed with.
    fn closed(&mut self) -> (CloseCode, String) {
        match self.next() {
            Message::Close(Some(frame)) => (frame.code, frame.reason.to_string()),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn items_go_in_and_outputs_come_out() {
    let files = files();
    let server = serve(&files, &[]);
    let mut client = Client::open(&server, "own/live?by-node=true&metrics=true");
    for item in [json!(1), json!({"a": [null]}), json!("ü")] {
        client.send(item.to_string());
        assert_eq!(client.json(), json!({"node": "n", "output": item}));
    }
    client.send("");
    assert_eq!(client.json()["output"], "flushed");
    let last = client.json();
    assert_eq!(
        (&last["status"], &last["metrics"][0]["items_in"]),
        (&json!("success"), &json!(3))
    );
    assert_eq!(client.closed(), (CloseCode::Normal, String::new()));
    // The place of the session is free again.
    drop(client);
    server.until("pipeline_http_running", 0);
}

#[test]
fn media_go_both_ways() {
    let files = files();
    let server = serve(&files, &[]);
    // A file says what it is.
    let mut client = Client::open(&server, "pass/live");
    client.send(wav(2, 3));
    assert_eq!(client.json()["output"]["$audio"]["channels"], 2);
    client.send(vec![0_u8, 1]);
    assert_eq!(
        client.json()["output"],
        json!({"$binary": {"bytes": "AAE="}})
    );
    // Samples are agreed on.
    let mut client = Client::open(&server, "pass/live?audio=s16le&sample_rate=8000&channels=2");
    for _ in 0..2 {
        client.send(vec![0_u8, 64, 0, 192]);
    }
    let audio = json!({"node": "n", "format": "s16le", "sample_rate": 8000, "channels": 2});
    assert_eq!(client.json(), json!({"audio": audio}));
    for _ in 0..2 {
        assert_eq!(client.next(), Message::Binary(vec![0, 64, 0, 192].into()));
    }
    client.send("5");
    assert_eq!(client.json(), json!({"output": 5}));
    client.send(vec![1_u8]);
    assert!(
        client.json()["error"]["message"]
            .as_str()
            .unwrap()
            .contains("no whole frames")
    );
    assert_eq!(client.closed().0, CloseCode::Invalid);
}

#[test]
fn sessions_that_end_early_say_why() {
    let files = files();
    let server = serve(&files, &["--max-body", "1", "--timeout", "1.5"]);
    for (path, message, kind, code) in [
        ("own/live", "\"fail\"", "node-failed", CloseCode::Error),
        ("own/live", "{", "invalid-input", CloseCode::Invalid),
        ("own/live", "\"busy\"", "deadline", CloseCode::Policy),
        ("wrong/live", "1", "invalid-manifest", CloseCode::Error),
    ] {
        let mut client = Client::open(&server, path);
        // It may have ended by itself.
        let _ = client.0.send(Message::text(message));
        let last = client.json();
        assert_eq!(last["error"]["kind"], kind, "{path} {message}: {last}");
        let (closed, reason) = client.closed();
        assert_eq!(closed, code, "{path} {message}");
        assert!(!reason.is_empty() && reason.len() <= 123, "{reason}");
    }
    let mut client = Client::open(&server, "pass/live");
    let _ = client.0.send(Message::Binary(vec![0; 1 << 21].into()));
    let mut codes = std::iter::from_fn(|| client.0.read().ok());
    let closed = codes.find_map(|message| match message {
        Message::Close(frame) => frame.map(|frame| frame.code),
        _ => None,
    });
    // Who sends on and on may see the connection break before that.
    assert!(matches!(closed, None | Some(CloseCode::Size)), "{closed:?}");
    server.until("pipeline_http_running", 0);
}

#[test]
fn what_is_no_websocket_is_told_so() {
    let files = files();
    let server = serve(&files, &["--allow-origin", "http://localhost:3000"]);
    let answer = server.get("/v1/pipelines/pass/live").is(426);
    assert!(
        answer.head.contains("upgrade: websocket\r\n"),
        "{}",
        answer.head
    );
    assert_eq!(answer.error().0, "upgrade-required");
    let send = |path: &str, more: &str| {
        let headers = format!("{UPGRADE}{more}");
        let host = format!("host: {}\r\n", server.address);
        let mut exchange = server.connect();
        exchange.write(format!("GET {path} HTTP/1.1\r\n{host}{headers}\r\n").as_bytes());
        exchange.head().0
    };
    assert_eq!(send("/v1/pipelines/nothing/live", ""), 404);
    assert_eq!(send("/v1/pipelines/pass/live?audio=mp3", ""), 400);
    // A page of another origin's can't open one: browsers don't ask before.
    assert_eq!(
        send(
            "/v1/pipelines/pass/live",
            "origin: https://evil.example\r\n"
        ),
        403
    );
    assert_eq!(
        send(
            "/v1/pipelines/pass/live",
            "origin: http://localhost:3000\r\n"
        ),
        101
    );
}

#[test]
fn a_client_that_leaves_or_is_silent_stops_its_session() {
    let files = files();
    let server = serve(&files, &["--idle-timeout", "0.5", "--timeout", "3600"]);
    let mut busy = Client::open(&server, "own/live");
    busy.send("\"busy\"");
    server.until("pipeline_http_running", 1);
    drop(busy);
    server.until("pipeline_http_running", 0);
    // This one is there, and reads nothing, not even what it is asked.
    let silent = Client::open(&server, "pass/live");
    server.until("pipeline_http_running", 1);
    server.until("pipeline_http_running", 0);
    drop(silent);
}

#[test]
fn the_end_of_the_server_ends_sessions() {
    let files = files();
    let mut server = serve(&files, &[]);
    let mut client = Client::open(&server, "own/live");
    client.send("1");
    assert_eq!(client.json()["output"], 1);
    server.terminate();
    assert_eq!(client.json()["output"], "flushed");
    assert_eq!(client.json()["status"], "success");
    assert_eq!(client.closed().0, CloseCode::Away);
    drop(client);
    assert_eq!(server.end(), Some(0));
}
