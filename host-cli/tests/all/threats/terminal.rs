//! What other people's text can do to the terminal of who runs it.

use std::fs::File;
use std::io::Read;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::program::{Files, Run, command, run};

/// Sets the window's title, moves the cursor in one character, and turns a line
/// around.
const HOSTILE: &str = "\u{1b}]0;title\u{7}\u{9b}2J\u{7f}\u{202e}";

/// Which of the program's outputs a terminal shows.
#[derive(Clone, Copy, PartialEq)]
enum Shown {
    Results,
    Messages,
}

/// Runs the program on a terminal, and gives what that is sent.
fn on_terminal(arguments: &[&str], which: Shown) -> String {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&terminal).expect("a terminal");
    unlockpt(&terminal).expect("a terminal");
    let name = ptsname(&terminal, Vec::new()).expect("its name");
    let line = File::options()
        .read(true)
        .write(true)
        .open(name.to_str().expect("a path"))
        .expect("its other end");
    let mut command = command(arguments);
    command.env("NO_COLOR", "1");
    match which {
        Shown::Results => command.stdout(line).stderr(Stdio::null()),
        Shown::Messages => command.stderr(line).stdout(Stdio::null()),
    };
    let mut child = command.spawn().expect("it starts");
    // This end of the line must close for the other to see its end.
    drop(command);
    let mut sent = Vec::new();
    // A terminal whose other end is closed gives an error.
    let _ = File::from(terminal).read_to_end(&mut sent);
    child.wait().expect("it ends");
    String::from_utf8(sent).expect("text").replace("\r\n", "\n")
}

#[track_caller]
fn is_harmless(shown: &str) {
    for character in HOSTILE
        .chars()
        .filter(|character| !character.is_ascii_graphic())
    {
        assert!(!shown.contains(character), "{character:?} in {shown:?}");
    }
    for escaped in ["\\u001b]0;title\\u0007", "\\u009b2J\\u007f\\u202e"] {
        assert!(shown.contains(escaped), "{escaped} is not in {shown}");
    }
}

#[test]
fn what_a_node_raises_does_not_steer_the_terminal() {
    let code = format!(
        "class Own:\n    def process(self, x):\n        raise ValueError({})\n",
        json!(HOSTILE)
    );
    let files = Files::node(&code.replace("\u{7f}", "\\x7f"));
    let arguments = files.arguments(&["--input", "1"]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    is_harmless(&on_terminal(&arguments, Shown::Messages));
    // Programs get what was said.
    let piped = run(&arguments).code(1);
    assert!(piped.stderr.contains(HOSTILE), "{:?}", piped.stderr);
    assert!(
        piped.json()["error"]["message"]
            .as_str()
            .unwrap()
            .contains(HOSTILE)
    );
}

#[test]
fn what_a_manifest_says_does_not_steer_the_terminal() {
    // JSON has the first two escaped only; the rest may stand in it.
    let wild = HOSTILE
        .replace('\u{1b}', "\\u001b")
        .replace('\u{7}', "\\u0007");
    let manifest = format!(
        "{{\"version\": \"v1\", \"nodes\": [{{\"id\": \"a\", \"node_type\": \"{wild}\"}}]}}"
    );
    let files = Files::new(&[("m.json", &manifest)]);
    let path = files.path("m.json");
    let shown = on_terminal(&["check", &path], Shown::Messages);
    is_harmless(&shown);
    // The excerpt is of the text, and marked where it should be.
    let excerpt = shown
        .lines()
        .position(|line| line.contains("1 │"))
        .expect("an excerpt");
    let line: Vec<&str> = shown.lines().skip(excerpt).take(2).collect();
    let column = |text: &str, what: &str| text.split(what).next().map(|text| text.chars().count());
    assert_eq!(
        column(line[0], "\"\\u001b"),
        column(line[1], "─"),
        "{shown}"
    );
}

#[test]
fn results_do_not_steer_the_terminal() {
    let files = Files::new(&[(
        "m.json",
        r#"{"version": "v1", "nodes": [{"id": "e", "node_type": "PassThrough"}]}"#,
    )]);
    let item = json!({"text": HOSTILE}).to_string();
    let path = files.path("m.json");
    for format in ["pretty", "json"] {
        let arguments = ["run", &path, "--input", &item, "--format", format];
        let shown = on_terminal(&arguments, Shown::Results);
        is_harmless(&shown);
        let read: Value = serde_json::from_str(&shown).expect("JSON");
        let outputs = run(arguments).code(0).outputs();
        assert_eq!(read["outputs"], outputs, "it says the same");
        assert!(outputs.to_string().contains('\u{202e}'));
    }
}

#[test]
fn a_manifest_of_one_long_line_is_not_echoed_whole() {
    let nodes: Vec<_> = (0..50)
        .map(|number| {
            let padding = "x".repeat(20_000);
            json!({"id": number.to_string(), "node_type": "Nothing", "params": {"a": padding}})
        })
        .collect();
    let manifest = json!({"version": "v1", "nodes": nodes}).to_string();
    let files = Files::new(&[("m.json", &manifest)]);
    let checked: Run = run(["check", &files.path("m.json")]).code(2);
    assert!(
        checked.stderr.len() < 200_000,
        "{} bytes",
        checked.stderr.len()
    );
    let column = manifest.match_indices("\"Nothing\"").nth(1).unwrap().0 + 1;
    checked.says(&[&format!("m.json:1:{column}"), "…"]);
}
