//! The folders of `tests/cases`: what users met, run as users do.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::program::{Run, command, workspace};

const KEYS: [&str; 9] = [
    "arguments",
    "stdin",
    "code",
    "outputs",
    "lines",
    "error",
    "stdout",
    "stderr",
    "absent",
];

#[test]
fn all_cases() {
    let root = workspace().join("tests/cases");
    let mut failed = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(&root).expect("the folder of cases") {
        let folder = entry.expect("an entry").path();
        if folder.is_dir() {
            count += 1;
            let name = folder.file_name().expect("a name").to_string_lossy();
            for problem in case(&folder) {
                failed.push(format!("{name}: {problem}"));
            }
        }
    }
    assert!(count > 20, "only {count} cases");
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

/// What is not as a case says.
fn case(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join("case.json")).expect("a case.json");
    let case: Value = serde_json::from_str(&text).expect("case.json is JSON");
    let place = tempfile::tempdir().expect("a directory");
    copy(folder, place.path());
    for (path, target) in case["links"].as_object().into_iter().flatten() {
        let target = target.as_str().expect("a target");
        std::os::unix::fs::symlink(target, place.path().join(path)).expect("a link");
    }
    let mut problems = Vec::new();
    let (runs, held) = (list(&case["runs"]), list(&case["held_by"]));
    if runs.is_empty() && held.is_empty() {
        problems.push("it runs nothing, and nothing holds it".to_owned());
    }
    for run in runs {
        let arguments: Vec<&str> = list(&run["arguments"]).iter().map(text_of).collect();
        let found = execute(run, &arguments, place.path());
        for problem in differences(run, &found) {
            problems.push(format!(
                "pipeline {}: {problem}\n{}\n{}",
                arguments.join(" "),
                found.stdout,
                found.stderr
            ));
        }
    }
    for test in held {
        let (file, name) = (text_of(&test["file"]), text_of(&test["test"]));
        let source = fs::read_to_string(workspace().join(file)).unwrap_or_default();
        if !source.contains(name) {
            problems.push(format!("{file} has no {name}"));
        }
    }
    problems
}

fn execute(run: &Value, arguments: &[&str], place: &Path) -> Run {
    let stdin = match run["stdin"].as_str() {
        Some(name) => fs::File::open(place.join(name)).expect("its input").into(),
        None => Stdio::null(),
    };
    let output = command(arguments)
        .current_dir(place)
        .stdin(stdin)
        .output()
        .expect("the program starts");
    output.into()
}

fn differences(expected: &Value, found: &Run) -> Vec<String> {
    let mut problems = Vec::new();
    for key in expected.as_object().expect("an object").keys() {
        assert!(KEYS.contains(&key.as_str()), "unknown key {key}");
    }
    let code = expected["code"].as_i64().unwrap_or(0);
    if found.code.map(i64::from) != Some(code) {
        problems.push(format!("exit code {:?}, not {code}", found.code));
    }
    let document = || serde_json::from_str::<Value>(&found.stdout).unwrap_or_default();
    if let Some(outputs) = expected.get("outputs")
        && document()["outputs"] != *outputs
    {
        problems.push(format!("outputs are not {outputs}"));
    }
    if let Some(lines) = expected.get("lines") {
        let parsed = found.stdout.lines().map(serde_json::from_str::<Value>);
        let parsed: Result<Vec<Value>, _> = parsed.collect();
        if parsed.ok().as_deref() != lines.as_array().map(Vec::as_slice) {
            problems.push(format!("lines are not {lines}"));
        }
    }
    for (key, value) in expected["error"].as_object().into_iter().flatten() {
        let given = &document()["error"][key];
        let same = match key.as_str() {
            "message" => given.as_str().unwrap_or("").contains(text_of(value)),
            _ => given == value,
        };
        if !same {
            problems.push(format!("{key} of the error is {given}, not {value}"));
        }
    }
    for (stream, text) in [("stdout", &found.stdout), ("stderr", &found.stderr)] {
        for part in list(&expected[stream]).iter().map(text_of) {
            if !text.contains(part) {
                problems.push(format!("{stream} does not say {part:?}"));
            }
        }
        for part in list(&expected["absent"]).iter().map(text_of) {
            if text.contains(part) {
                problems.push(format!("{stream} says {part:?}"));
            }
        }
    }
    problems
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text_of(value: &Value) -> &str {
    value.as_str().expect("a string")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a file");
        }
    }
}
