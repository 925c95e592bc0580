//! Media over HTTP, and answers as events.

use std::fs;

use serde_json::{Value, json};

use crate::output::{samples, wav};
use crate::program::{Files, run, workspace};
use crate::server::{JSON, NDJSON, Server};

fn pipelines() -> Files {
    let node = |id: &str, node_type: &str, params: Value| {
        json!({"version": "v1", "nodes": [{"id": id, "node_type": node_type, "params": params}]})
            .to_string()
    };
    Files::new(&[
        ("p/pass.json", &node("n", "PassThrough", json!({}))),
        (
            "p/gain.json",
            &node("g", "AudioGainNode", json!({"gain_db": -20.0})),
        ),
        ("p/wrong.json", &node("g", "Nothing", json!({}))),
        ("p/own.json", &node("o", "own:Own", json!({}))),
        (
            "nodes/own.py",
            "class Own:\n    n = 0\n    def process(self, x):\n        self.n += 1\n        if self.n > 3:\n            \
             raise ValueError('fourth')\n        return x\n",
        ),
    ])
}

fn serve(files: &Files, more: &[&str]) -> Server {
    let (p, nodes) = (files.path("p"), files.path("nodes"));
    Server::start(["--pipelines", &p, "--nodes", &nodes].iter().chain(more))
}

/// Sends a body for an answer of some type.
fn post(
    server: &Server,
    path: &str,
    content: &str,
    accept: &str,
    body: &[u8],
) -> (u16, String, Vec<u8>) {
    let accept = match accept {
        "" => String::new(),
        accept => format!("accept: {accept}\r\n"),
    };
    let headers = format!("content-type: {content}\r\n{accept}");
    let sent = server.send("POST", &format!("/v1/pipelines/{path}"), &headers, body);
    let (status, head, body) = sent.read_bytes();
    (status, head, body.unwrap())
}

fn text(body: &[u8]) -> String {
    String::from_utf8_lossy(body).into_owned()
}

#[test]
fn audio_in_and_out() {
    let files = pipelines();
    let server = serve(&files, &[]);
    let input = wav(1, 1600);
    let (status, head, body) = post(&server, "gain", "audio/wav", "audio/wav", &input);
    assert_eq!(status, 200, "{}", text(&body));
    assert!(head.contains("content-type: audio/wav\r\n"), "{head}");
    assert!(
        head.contains(&format!("content-length: {}\r\n", body.len())),
        "{head}"
    );
    let (rate, whole) = samples(&body);
    assert_eq!((rate, whole.len()), (16_000, 1600));
    let peak = whole.iter().copied().fold(0.0, f32::max);
    assert!((0.049..0.051).contains(&peak), "{peak}");
    // In pieces, as a stream whose length nobody says.
    let (status, head, body) = post(&server, "gain?chunk=0.01", "audio/wav", "audio/wav", &input);
    assert_eq!(status, 200, "{}", text(&body));
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    assert_eq!(samples(&body), (16_000, whole));
    // What is accepted best is given.
    let accept = "text/html, audio/wav;q=0.3, audio/flac;q=0.9";
    let (_, head, flac) = post(&server, "gain", "audio/x-wav", accept, &input);
    assert!(head.contains("content-type: audio/flac\r\n"), "{head}");
    let (status, _, again) = post(&server, "gain", "audio/flac", "audio/*", &flac);
    assert_eq!((status, samples(&again).1.len()), (200, 1600));
    // The document is that of the command line, where nothing else is asked for.
    files.write("in.wav", &input);
    let path = format!("@{}", files.path("in.wav"));
    let printed = run(["run", &files.path("p/gain.json"), "-i", &path]).code(0);
    for accept in ["", "*/*", "application/json"] {
        let (status, _, body) = post(&server, "gain", "audio/wav", accept, &input);
        assert_eq!((status, text(&body)), (200, printed.stdout.clone()));
    }
    let lines = post(
        &server,
        "gain?chunk=0.05",
        "audio/wav",
        "application/x-ndjson",
        &input,
    );
    let lines = text(&lines.2);
    assert_eq!(lines.lines().count(), 3, "{lines}");
    assert!(
        lines
            .lines()
            .last()
            .unwrap()
            .starts_with("{\"status\":\"success\"")
    );
    for name in ["sine.mp3", "sine.ogg", "sine.aac", "sine.m4a"] {
        let media = fs::read(workspace().join("tests/media/audio").join(name)).unwrap();
        let types = ["audio/mpeg", "audio/ogg", "audio/aac", "audio/mp4"];
        let content = types.iter().zip(["mp3", "ogg", "aac", "m4a"]);
        let content = content
            .into_iter()
            .find(|(_, ending)| name.ends_with(ending))
            .unwrap()
            .0;
        let (status, _, body) = post(&server, "gain", content, "audio/wav", &media);
        assert_eq!(status, 200, "{name}: {}", text(&body));
        assert!(samples(&body).1.len() >= 7900, "{name}");
    }
}

#[test]
fn other_files_in_and_out() {
    let files = pipelines();
    let server = serve(&files, &[]);
    let same = |content: &str, accept: &str, body: &[u8]| {
        let (status, head, answer) = post(&server, "pass", content, accept, body);
        assert_eq!(status, 200, "{content}: {}", text(&answer));
        assert!(
            head.contains(&format!("content-type: {accept}\r\n")),
            "{head}"
        );
        assert_eq!(answer, body, "{content}");
    };
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0:~\x9bU\0\0\0\nIDATx\x9cc`\0\0\0\x02\0\x01H\xaf\xa4q\0\0\0\0IEND\xaeB`\x82";
    same("image/png", "image/png", png);
    same(
        "application/octet-stream",
        "application/octet-stream",
        b"\0\xff\r\n",
    );
    let header = format!(
        "{:69}\n",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }"
    );
    let npy = [&b"\x93NUMPY\x01\0\x46\0"[..], header.as_bytes(), &[1, 2]].concat();
    let (status, _, answer) = post(
        &server,
        "pass",
        "application/x-npy",
        "application/x-npy",
        &npy,
    );
    assert_eq!(status, 200);
    assert!(answer.starts_with(b"\x93NUMPY") && answer.ends_with(&[1, 2]));
    let (_, _, body) = post(&server, "pass", "text/csv", "", b"a,b\n1,x\n");
    let json: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(json["outputs"], json!([{"a": 1, "b": "x"}]));
    // JSON in, a medium out.
    let pixel = json!([{"$image": {"data": "AwIB", "format": "raw", "pixel_format": "bgr24",
                                   "width": 1, "height": 1}}]);
    let (status, _, body) = post(
        &server,
        "pass",
        "application/json",
        "image/png",
        pixel.to_string().as_bytes(),
    );
    assert_eq!(status, 200, "{}", text(&body));
    assert!(body.starts_with(b"\x89PNG"));
    let (_, _, body) = post(
        &server,
        "pass",
        "application/json",
        "text/plain",
        b"[\"hi\"]",
    );
    assert_eq!(text(&body), "hi");
}

#[test]
fn several_files_at_once() {
    let files = pipelines();
    let server = serve(&files, &[]);
    let mut body = Vec::new();
    let parts: [(&str, &[u8]); 4] = [
        (
            "name=\"item\"; filename=\"a.wav\"\r\ncontent-type: audio/wav",
            &wav(1, 10),
        ),
        ("name=\"n\"; filename=\"b.txt\"", b"text"),
        ("name=\"item\"", b"{\"a\": [1, 2]}"),
        (
            "name=\"item\"; filename=\"c\"\r\ncontent-type: application/octet-stream",
            b"\x01\x02",
        ),
    ];
    for (head, content) in parts {
        body.extend(format!("--XX\r\ncontent-disposition: form-data; {head}\r\n\r\n").bytes());
        body.extend(content);
        body.extend(b"\r\n");
    }
    body.extend(b"--XX--\r\n");
    let content = "multipart/form-data; boundary=XX";
    let (status, _, answer) = post(&server, "pass", content, "", &body);
    assert_eq!(status, 200, "{}", text(&answer));
    let json: Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(json["outputs"][0]["$audio"]["sample_rate"], 16_000);
    assert_eq!(json["outputs"][1], "text");
    assert_eq!(json["outputs"][2], json!({"a": [1, 2]}));
    assert_eq!(json["outputs"][3], json!({"$binary": {"bytes": "AQI="}}));
    let (status, head, answer) = post(&server, "pass", content, "multipart/mixed", &body);
    assert_eq!(status, 200, "{}", text(&answer));
    assert!(
        head.contains("content-type: multipart/mixed; boundary="),
        "{head}"
    );
    let answer = text(&answer);
    for part in [
        "content-type: audio/wav\r\ncontent-disposition: attachment; name=\"n\"; filename=\"out-0.wav\"",
        "filename=\"out-1.json\"\r\n\r\n\"text\"\n\r\n",
        "filename=\"out-3.bin\"\r\n\r\n\u{1}\u{2}\r\n",
    ] {
        assert!(answer.contains(part), "{part}: {answer}");
    }
    // A part for a source that is not there.
    let body = b"--XX\r\ncontent-disposition: form-data; name=\"z\"\r\n\r\n1\r\n--XX--\r\n";
    let (status, _, answer) = post(&server, "pass", content, "", body);
    assert_eq!(status, 422, "{}", text(&answer));
}

#[test]
fn what_is_wrong_with_media() {
    let files = pipelines();
    let server = serve(&files, &[]);
    for (path, content, accept, body, status, says) in [
        (
            "gain",
            "audio/wav",
            "audio/wav",
            &b"no WAV"[..],
            400,
            "not a WAV file",
        ),
        ("gain", "image/png", "", b"no PNG", 400, "no PNG"),
        (
            "gain",
            "audio/wav",
            "audio/mpeg",
            &wav(1, 10),
            406,
            "can be audio/wav, audio/flac",
        ),
        (
            "pass",
            "application/json",
            "audio/wav",
            b"[1]",
            406,
            "gave a value",
        ),
        (
            "pass",
            "application/json",
            "image/png",
            b"[",
            400,
            "the body",
        ),
        ("pass", "text/csv", "", b"a,b\n1\n", 400, "line 2"),
        (
            "wrong",
            "audio/wav",
            "audio/wav",
            &wav(1, 10),
            422,
            "Nothing",
        ),
        (
            "nothing",
            "audio/wav",
            "audio/wav",
            &wav(1, 10),
            404,
            "no pipeline",
        ),
        (
            "gain?chunk=x",
            "audio/wav",
            "audio/wav",
            &wav(1, 10),
            400,
            "number of seconds",
        ),
        (
            "gain?chunk=1",
            "audio/wav",
            "",
            &wav(1, 10),
            400,
            "accept audio/wav",
        ),
        (
            "gain?metrics=1",
            "audio/wav",
            "",
            &wav(1, 10),
            400,
            "true or false",
        ),
        ("pass", "multipart/form-data", "", b"", 400, "boundary"),
        (
            "pass",
            "multipart/form-data; boundary=X",
            "",
            b"--X\r\n",
            400,
            "the body",
        ),
        ("own", "audio/wav", "audio/wav", &wav(2, 10), 200, ""),
    ] {
        let (got, _, answer) = post(&server, path, content, accept, body);
        assert_eq!(got, status, "{path} {content}: {}", text(&answer));
        assert!(
            text(&answer).contains(says),
            "{path} {content}: {}",
            text(&answer)
        );
    }
    // One that fails in the middle of an answer is cut off, or says so in its last line.
    let headers = "content-type: audio/wav\r\naccept: audio/wav\r\n";
    let sent = server.send(
        "POST",
        "/v1/pipelines/own?chunk=0.01",
        headers,
        &wav(1, 1600),
    );
    let (status, _, body) = sent.read_bytes();
    assert_eq!(status, 200);
    assert!(body.is_err(), "it looks whole");
    let lines = post(
        &server,
        "own?chunk=0.01",
        "audio/wav",
        "application/x-ndjson",
        &wav(1, 1600),
    );
    let last = text(&lines.2).lines().last().map(str::to_owned).unwrap();
    assert!(
        last.contains("\"status\":\"error\"") && last.contains("fourth"),
        "{last}"
    );
}

#[test]
fn answers_as_events() {
    let files = pipelines();
    let server = serve(&files, &[]);
    let accept = "accept: text/event-stream\r\n";
    let expected = "data: {\"output\":1}\n\ndata: {\"output\":\"x\"}\n\nevent: end\ndata: {\"status\":\"success\"";
    for (headers, body) in [(JSON, "[1, \"x\"]"), (NDJSON, "1\n\"x\"\n")] {
        let headers = format!("{headers}{accept}");
        let answer = server
            .send("POST", "/v1/pipelines/pass", &headers, body.as_bytes())
            .read();
        assert!(
            answer.head.contains("content-type: text/event-stream\r\n"),
            "{}",
            answer.head
        );
        assert!(answer.is(200).body.starts_with(expected));
    }
    let manifest = json!({"version": "v1", "nodes": [{"id": "n", "node_type": "PassThrough"}]});
    let body = json!({"manifest": manifest, "inputs": [1, "x"]}).to_string();
    let headers = format!("{JSON}{accept}");
    let answer = server
        .send("POST", "/v1/execute", &headers, body.as_bytes())
        .read();
    assert!(answer.is(200).body.starts_with(expected));
    // What is wrong with the request is no stream.
    let answer = server
        .send("POST", "/v1/pipelines/pass", &headers, b"[")
        .read();
    assert_eq!(answer.is(400).error().0, "bad-request");
    let headers = format!("content-type: audio/wav\r\n{accept}");
    let answer = server
        .send(
            "POST",
            "/v1/pipelines/gain?chunk=0.5",
            &headers,
            &wav(1, 16_000),
        )
        .read();
    assert_eq!(
        answer
            .is(200)
            .body
            .matches("data: {\"output\":{\"$audio\"")
            .count(),
        2
    );
}
