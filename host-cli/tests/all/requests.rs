//! Requests at the edges of HTTP, and of what a body can be.

use serde_json::json;

use crate::program::{Files, run};
use crate::server::{JSON, NDJSON, Server};

#[test]
fn old_clients_and_those_that_don_t_say_whom_they_ask() {
    let server = Server::start(["--pipelines", "examples"]);
    for path in ["/healthz", "/v1/nodes", "/v1/pipelines"] {
        server.raw(&format!("GET {path} HTTP/1.0\r\n\r\n")).is(200);
        let answer = server.raw(&format!("GET {path} HTTP/1.1\r\nconnection: close\r\n\r\n"));
        assert_eq!(answer.is(400).error().0, "bad-request");
    }
    let request = "POST /v1/pipelines/multiply_add HTTP/1.0\r\ncontent-type: application/json\r\n\
                   content-length: 3\r\n\r\n[5]";
    assert_eq!(server.raw(request).is(200).json()["outputs"], json!([20]));
    // Whom it asks can also stand in the first line.
    let request = "GET http://localhost/v1/nodes HTTP/1.1\r\nhost: localhost\r\nconnection: \
                   close\r\n\r\n";
    server.raw(request).is(200);
    for (first, status) in [
        ("OPTIONS * HTTP/1.1", 404),
        ("CONNECT localhost:80 HTTP/1.1", 404),
        ("BREW /v1/nodes HTTP/1.1", 405),
        ("OPTIONS /v1/nodes HTTP/1.1", 405),
    ] {
        let request = format!("{first}\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        server.raw(&request).is(status);
    }
}

#[test]
fn manifests_of_any_name() {
    let text = r#"{"version": "v1", "nodes": [{"id": "e", "node_type": "PassThrough"}]}"#;
    let files = Files::new(&[
        ("p/two words.json", text),
        ("p/größe.json", text),
        ("p/100%.yaml", text),
        ("p/a.b.yml", text),
        ("p/.hidden.json", text),
        ("p/tab\tbed.json", text),
        ("p/UP.JSON", text),
        ("outside.json", text),
    ]);
    std::os::unix::fs::symlink("../outside.json", files.path("p/out.json")).unwrap();
    let server = Server::start(["--pipelines", &files.path("p")]);
    let names = server.get("/v1/pipelines").is(200).json();
    assert_eq!(
        names,
        json!({"pipelines": ["100%", "a.b", "größe", "two words"]})
    );
    for name in ["two%20words", "gr%C3%B6%c3%9fe", "100%25", "a.b", "%61.b"] {
        let answer = server
            .post(&format!("/v1/pipelines/{name}"), &json!([1]))
            .is(200);
        assert_eq!(answer.json()["outputs"], json!([1]), "{name}");
    }
    for name in [
        "%2e%2e%2foutside",
        "..%2Foutside",
        "out",
        ".hidden",
        "%ff",
        "a.b.yml",
        "UP",
    ] {
        let answer = server
            .post(&format!("/v1/pipelines/{name}"), &json!([1]))
            .is(404);
        assert_eq!(answer.error().0, "not-found", "{name}");
    }
    assert!(
        server
            .started()
            .contains("`UP.JSON` is left out of the pipelines")
    );
    assert!(
        server
            .started()
            .contains("`out.json` is left out of the pipelines")
    );
    // Those that come later are found, and those that go are gone.
    files.write("p/new.json", text.as_bytes());
    std::fs::remove_file(files.path("p/a.b.yml")).unwrap();
    let names = server.get("/v1/pipelines").is(200).json();
    assert_eq!(
        names,
        json!({"pipelines": ["100%", "größe", "new", "two words"]})
    );
}

#[test]
fn bodies_that_are_no_json_are_called_so() {
    let server = Server::start(["--pipelines", "examples"]);
    let post = |headers: &str, body: &[u8]| {
        server
            .send("POST", "/v1/pipelines/multiply_add", headers, body)
            .read()
    };
    let gzip = b"\x1f\x8b\x08\0\0\0\0\0";
    let encoded = post(&format!("{JSON}content-encoding: gzip\r\n"), gzip).is(415);
    assert!(
        encoded.head.contains("accept-encoding: identity\r\n"),
        "{}",
        encoded.head
    );
    assert!(
        post(JSON, gzip)
            .is(400)
            .error()
            .1
            .contains("compressed by gzip")
    );
    for (body, says) in [
        ("nothing", "this is not JSON"),
        ("[1, 2", "the text ends in the middle of a list"),
        ("{\"a\": 1", "the text ends in the middle of an object"),
        ("{\"a\": 1}", "the input items are a list"),
    ] {
        let message = post(JSON, body.as_bytes()).is(400).error().1;
        assert!(message.contains(says), "{body}: {message}");
    }
}

#[test]
fn a_mark_of_the_bytes_order_before_a_body() {
    let server = Server::start(["--pipelines", "examples"]);
    let manifest = json!({"version": "v1", "nodes": [{"id": "e", "node_type": "PassThrough"}]});
    let whole = format!("\u{feff}{}", json!({"manifest": manifest, "inputs": [1]}));
    assert_eq!(
        server.post_text("/v1/execute", &whole).is(200).json()["outputs"],
        json!([1])
    );
    let answer = server
        .post_text("/v1/pipelines/multiply_add", "\u{feff}[5]")
        .is(200);
    assert_eq!(answer.json()["outputs"], json!([20]));
    for (path, body) in [
        ("/v1/execute", format!("\u{feff}{manifest}\n20\n")),
        ("/v1/pipelines/multiply_add", "\u{feff}5\n".to_owned()),
    ] {
        let answer = server
            .send("POST", path, NDJSON, body.as_bytes())
            .read()
            .is(200);
        assert!(
            answer.body.starts_with("{\"output\":20}\n"),
            "{}",
            answer.body
        );
    }
    // Places are those in the text that follows it, as editors count them.
    let wrong = format!(
        "\u{feff}{}",
        json!({"manifest": {"version": 9, "nodes": []}})
    );
    let answer = server.post_text("/v1/check", &wrong).is(200).json();
    let place = &answer["diagnostics"][0]["location"];
    let at = wrong.find('9').unwrap();
    assert_eq!(
        (&place["offset"], &place["column"]),
        (&json!(at), &json!(at - 2)),
        "{answer}"
    );
}

#[test]
fn what_is_warned_of_is_in_the_answer() {
    let node = |node_type: &str| {
        format!(
            "{{\"version\": \"v1\", \"nodes\": [{{\"id\": \"a\", \"node_type\": \
                 \"{node_type}\", \"nonsense\": 1}}]}}"
        )
    };
    let good = node("PassThrough");
    let files = Files::new(&[("good.json", &good)]);
    let server = Server::start(["--pipelines", &files.path("")]);
    let path = files.path("good.json");
    let printed = run(["run", &path, "--input", "1"]).code(0);
    let answer = server.post("/v1/pipelines/good", &json!([1])).is(200);
    assert_eq!(answer.body, printed.stdout);
    let warning = answer.json()["warnings"][0].clone();
    assert!(
        warning["message"].as_str().unwrap().contains("nonsense"),
        "{warning}"
    );
    assert_eq!(warning["location"]["line"], 1, "{warning}");

    let body = format!("{{\n\"manifest\": {good}, \"inputs\": [1]}}");
    let answer = server.post_text("/v1/execute", &body).is(200).json();
    assert_eq!(answer["warnings"][0]["location"]["line"], 2, "{answer}");
    let body = format!("{good}\n1\n");
    let answer = server
        .send("POST", "/v1/execute", NDJSON, body.as_bytes())
        .read()
        .is(200);
    let last = answer.body.lines().last().unwrap();
    assert!(last.contains("\"warnings\":[{"), "{last}");
    // So is one that can't run.
    let body = format!("{{\"manifest\": {good}}}");
    let answer = server.post_text("/v1/execute", &body).is(422).json();
    assert_eq!(answer["error"]["kind"], "needs-input", "{answer}");
    assert_eq!(
        answer["warnings"].as_array().map(Vec::len),
        Some(1),
        "{answer}"
    );
    let plain = server
        .post_text("/v1/execute", "{\"manifest\": {}}")
        .is(422)
        .json();
    assert!(plain.get("warnings").is_none(), "{plain}");
}
