//! What clients of `pipeline serve` can use up or do.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::program::Files;
use crate::server::{Exchange, JSON, NDJSON, Server, own, own_manifest};

const ECHO: &str = "class Own:\n    def process(self, x):\n        return x\n";

fn serve(code: &str, more: &[&str]) -> (Files, Server) {
    let files = Files::node(code);
    let nodes = files.path("nodes");
    let server = Server::start(["--nodes", &nodes].iter().chain(more));
    (files, server)
}

/// A request that runs code, with other headers than an honest client's.
fn run_code(server: &Server, headers: &str) -> u16 {
    let body = own(json!([1])).to_string();
    server
        .send("POST", "/v1/execute", headers, body.as_bytes())
        .read()
        .status
}

#[test]
fn a_page_of_another_origin_cannot_run_code() {
    let (_files, server) = serve(ECHO, &["--allow-origin", "http://localhost:3000"]);
    let own = format!("http://{}", server.address);
    let from = |origin: &str| run_code(&server, &format!("{JSON}origin: {origin}\r\n"));
    for origin in [
        "https://evil.example",
        "null",
        "http://127.0.0.1",
        "http://localhost:3001",
    ] {
        assert_eq!(from(origin), 403, "{origin}");
    }
    assert_eq!(from(&own), 200);
    // Where a page may, its browser is told so, before and with the answer.
    let page = "origin: http://localhost:3000\r\n";
    let asked = format!("{page}access-control-request-method: POST\r\n");
    let answer = server
        .send("OPTIONS", "/v1/execute", &asked, b"")
        .read()
        .is(204);
    let allowed = "access-control-allow-origin: http://localhost:3000\r\n";
    assert!(answer.head.contains(allowed), "{}", answer.head);
    for more in [
        "access-control-allow-headers: accept, authorization, content-type\r\n",
        "access-control-allow-methods: get, head, post, delete\r\n",
        "vary: origin\r\n",
    ] {
        assert!(answer.head.contains(more), "{more}: {}", answer.head);
    }
    assert!(
        !answer.head.contains("private-network"),
        "it was not asked for"
    );
    let private = format!("{asked}access-control-request-private-network: true\r\n");
    let answer = server
        .send("OPTIONS", "/v1/nodes", &private, b"")
        .read()
        .is(204);
    let granted = "access-control-allow-private-network: true\r\n";
    assert!(answer.head.contains(granted), "{}", answer.head);
    let body = crate::server::own(json!([1])).to_string();
    let headers = format!("{JSON}{page}");
    let answer = server
        .send("POST", "/v1/execute", &headers, body.as_bytes())
        .read()
        .is(200);
    assert!(answer.head.contains(allowed), "{}", answer.head);
    let refused = "origin: https://evil.example\r\naccess-control-request-method: POST\r\n";
    let answer = server
        .send("OPTIONS", "/v1/execute", refused, b"")
        .read()
        .is(403);
    assert!(!answer.head.contains("access-control"), "{}", answer.head);
    assert_eq!(answer.error().0, "foreign-origin");
}

#[test]
fn a_page_that_needs_not_ask_cannot_run_code() {
    // A form, and what else a page sends to any server without asking it first.
    let (_files, server) = serve(ECHO, &[]);
    for headers in [
        "",
        "content-type: text/plain\r\n",
        "content-type: application/x-www-form-urlencoded\r\n",
        "content-type: multipart/form-data; boundary=x\r\n",
    ] {
        assert_eq!(run_code(&server, headers), 415, "{headers}");
    }
    assert_eq!(run_code(&server, JSON), 200);
}

#[test]
fn a_name_that_is_made_to_lead_here_is_refused() {
    // A page may talk to the server that it comes from: and to this one, when its
    // name leads to this machine the next time that it is looked up.
    let (_files, server) = serve(ECHO, &["--allow-host", "pipelines.example"]);
    let port = server.address.port();
    for (host, status) in [
        (format!("evil.example:{port}"), 421),
        ("evil.example".to_owned(), 421),
        ("localhost.evil.example".to_owned(), 421),
        (format!("localhost:{port}"), 200),
        (format!("127.0.0.1:{port}"), 200),
        ("pipelines.example".to_owned(), 200),
    ] {
        let rebound = format!("{JSON}host: {host}\r\norigin: http://{host}\r\n");
        assert_eq!(run_code(&server, &rebound), status, "{host}");
    }
    let answer = server
        .send("GET", "/metrics", "host: evil.example\r\n", b"")
        .read()
        .is(421);
    assert_eq!(answer.error().0, "misdirected");
}

#[test]
fn a_run_cannot_read_the_directory_of_pipelines() {
    let code = "import os\nclass Own:\n    def process(self, x):\n        found = []\n        \
                for path in ['/', '/pipelines', '/nodes']:\n            try:\n                \
                found += os.listdir(path)\n            except OSError:\n                pass\n        \
                import secret\n        return found\n";
    let (files, server) = serve(code, &["--pipelines", "examples"]);
    files.write("pipelines/secret.py", b"");
    let files_server = Server::start([
        "--nodes",
        &files.path("nodes"),
        "--pipelines",
        &files.path("pipelines"),
    ]);
    let answer = files_server.post("/v1/execute", &own(json!([1]))).is(422);
    assert!(
        answer.error().1.contains("No module named 'secret'"),
        "{}",
        answer.body
    );
    let look = code.replace("        import secret\n", "");
    files.write("nodes/own.py", look.as_bytes());
    let answer = server.post("/v1/execute", &own(json!([1]))).is(200).json();
    let found = answer["outputs"].to_string();
    assert!(
        !found.contains("pipelines") && !found.contains("multiply_add"),
        "{found}"
    );
}

#[test]
fn a_client_cannot_say_that_its_body_begins_with_a_manifest() {
    let server = Server::start(["--pipelines", "examples"]);
    for length in ["2", "0", "99999999", "x"] {
        let headers = format!("{JSON}pipeline-manifest-length: {length}\r\n");
        let answer = server
            .send("POST", "/v1/pipelines/multiply_add", &headers, b"[5]")
            .read();
        assert_eq!(answer.is(200).json()["outputs"], json!([20]), "{length}");
    }
}

/// Begins a request whose body doesn't come.
fn stuck(server: &Server, headers: &str) -> Exchange {
    let mut exchange = server.begin("POST", "/v1/execute", headers);
    match headers.contains("chunked") {
        true => exchange.chunk("{"),
        false => exchange.write(b"{"),
    }
    exchange
}

#[test]
fn bodies_that_don_t_come_hold_no_turns() {
    let (_files, server) = serve(ECHO, &["--max-concurrent", "1", "--max-queue", "0"]);
    let announced = format!("{JSON}content-length: 1000\r\n");
    let chunked = format!("{JSON}transfer-encoding: chunked\r\n");
    let lines = format!("{NDJSON}content-length: 1000\r\n");
    let _stuck: Vec<_> = [&announced, &chunked, &lines]
        .into_iter()
        .cycle()
        .take(30)
        .map(|headers| stuck(&server, headers))
        .collect();
    for _ in 0..3 {
        server.until("pipeline_http_running", 0);
        assert_eq!(run_code(&server, JSON), 200);
    }
}

#[test]
fn long_bodies_that_don_t_end_leave_room_for_short_ones() {
    let (_files, server) = serve(ECHO, &["--max-body", "1"]);
    let mut long = own(json!([1])).to_string();
    long.extend(std::iter::repeat_n(' ', (1 << 20) - long.len()));
    let announced = format!("{JSON}content-length: {}\r\n", long.len());
    // Those that come at once may refuse each other: one more at a time fills the room.
    let mut stuck = Vec::new();
    let start = Instant::now();
    while server.post_text("/v1/execute", &long).status != 429 {
        assert!(
            start.elapsed() < Duration::from_secs(120),
            "nothing bounds them"
        );
        let mut exchange = server.begin("POST", "/v1/execute", &announced);
        exchange.write(&long.as_bytes()[1..]);
        stuck.push(exchange);
    }
    assert!(stuck.len() >= 4, "{} took all the room", stuck.len());
    assert_eq!(run_code(&server, JSON), 200);
}

#[test]
fn streams_that_don_t_come_leave_turns_to_others() {
    let (_files, server) = serve(ECHO, &["--max-concurrent", "4", "--timeout", "1000"]);
    let chunked = format!("{NDJSON}transfer-encoding: chunked\r\n");
    let _stuck: Vec<_> = (0..20).map(|_| stuck(&server, &chunked)).collect();
    server.until("pipeline_http_running", 3);
    server.until("pipeline_http_waiting", 17);
    for _ in 0..3 {
        assert_eq!(run_code(&server, JSON), 200);
    }
}

#[test]
fn a_body_that_does_not_come_is_given_up() {
    let (_files, server) = serve(ECHO, &["--idle-timeout", "2", "--timeout", "1000"]);
    let announced = format!("{JSON}content-length: 1000\r\n");
    let answer = stuck(&server, &announced).read().is(408);
    assert_eq!(answer.error().0, "request-timeout");
    // A stream that was begun says so in its last line.
    let mut stream = server.begin(
        "POST",
        "/v1/execute",
        &format!("{NDJSON}transfer-encoding: chunked\r\n"),
    );
    stream.chunk(&format!("{}\n1\n", own_manifest()));
    let answer = stream.read().is(200).body;
    let lines: Vec<_> = answer.lines().collect();
    assert_eq!((lines.len(), lines[0]), (2, "{\"output\":1}"), "{answer}");
    assert!(lines[1].contains("the body can't be read"), "{answer}");
    server.until("pipeline_http_running", 0);
}

#[test]
fn a_client_that_never_reads_is_cut() {
    let (_files, server) = serve(
        "class Own:\n    def process(self, x):\n        return 'x' * (x << 20)\n",
        &["--idle-timeout", "2", "--timeout", "1000"],
    );
    let body = own(json!([32])).to_string();
    let mut exchange = server.send("POST", "/v1/execute", JSON, body.as_bytes());
    assert_eq!(exchange.head().0, 200);
    server.until("pipeline_http_running", 0);
    assert!(
        exchange.closed_after() < 32 << 20,
        "the rest of the answer was dropped"
    );
}

#[test]
fn connections_on_which_nothing_happens_are_closed() {
    let server = Server::start(["--idle-timeout", "2"]);
    assert_eq!(server.connect().closed_after(), 0);
    let mut kept = server.connect();
    kept.write(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert!(kept.closed_after() > 0);
    let mut slow = server.connect();
    slow.write(b"GET /healthz HTTP/1.1\r\nhost: ");
    slow.closed_after();
}

#[test]
fn connections_are_bounded() {
    let server = Server::start(["--max-connections", "3"]);
    let mut held: Vec<_> = (0..3)
        .map(|_| {
            let mut held = server.connect();
            held.write(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n");
            assert_eq!(held.head().0, 200);
            held
        })
        .collect();
    // One more waits, until there is room for it.
    let mut more = server.begin("GET", "/healthz", "");
    assert!(!more.is_answered());
    drop(held.pop());
    assert_eq!(more.head().0, 200);
}

#[test]
fn clients_that_never_read_do_not_keep_the_server_from_ending() {
    let (_files, mut server) = serve(
        "class Own:\n    def process(self, x):\n        return 'x' * (x << 20)\n",
        &[
            "--drain",
            "1",
            "--idle-timeout",
            "1000",
            "--timeout",
            "1000",
        ],
    );
    let body = own(json!([32])).to_string();
    let mut exchange = server.send("POST", "/v1/execute", JSON, body.as_bytes());
    assert_eq!(exchange.head().0, 200);
    server.terminate();
    assert_eq!(server.end(), Some(1));
    assert!(server.told().contains("--drain"), "{}", server.told());
}

#[test]
fn a_small_file_of_much_silence_is_refused() {
    use pipeline_host::audio::{AudioWriter, Container};
    use pipeline_host::types::Audio;

    let silence = Audio {
        samples: vec![0.0; 40 << 20],
        sample_rate: 8000,
        channels: 8,
        stream_id: None,
        timestamp_us: None,
        metadata: None,
    };
    let mut writer = AudioWriter::new(Container::Flac, Vec::new());
    writer.push(&silence).unwrap();
    let flac = writer.finish().unwrap().0;
    assert!(flac.len() < 256 << 10, "{}", flac.len());
    let manifest = r#"{"version": "v1", "nodes": [{"id": "n", "node_type": "AudioLevelNode"}]}"#;
    let files = Files::new(&[("level.json", manifest)]);
    let server = Server::start(["--pipelines", &files.path(""), "--max-memory", "128"]);
    let headers = "content-type: audio/flac\r\n";
    let post = |path: &str| server.send("POST", path, headers, &flac).read();
    let answer = post("/v1/pipelines/level").is(413);
    assert!(
        answer
            .error()
            .1
            .contains("longer than 128 MiB when decoded")
    );
    // In pieces it has no more memory than a piece.
    let headers = format!("{headers}accept: application/x-ndjson\r\n");
    let path = "/v1/pipelines/level?chunk=60";
    let answer = server.send("POST", path, &headers, &flac).read().is(200);
    assert!(answer.body.lines().last().unwrap().contains("success"));
}
