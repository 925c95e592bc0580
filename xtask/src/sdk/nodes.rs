//! The SDK's nodes in Python: each file as it is, in the sandbox.

use std::fs;
use std::path::Path;

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::runs::Runner;
use super::{Outcome, Part, Row, files};

const ABOUT: &str = "\
Every Python file that defines a class of nodes at its top, unchanged, with its directory given by `--nodes`. A class \
runs if an item of some kind goes through it: audio, text, numbers, objects, or arrays of numpy's with their sample \
rate, which [tests/sdk](../tests/sdk) makes of audio.";

/// A class in a file.
struct Class {
    module: String,
    name: String,
}

pub(super) fn part(checkout: &Path, runner: &Runner) -> Result<Part> {
    let mut rows = Vec::new();
    for name in files(checkout)? {
        let path = checkout.join(&name);
        if !name.ends_with(".py") || name.contains("/tests/") {
            continue;
        }
        let text = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
        let classes = classes(&path, &text);
        if classes.is_empty() {
            continue;
        }
        for class in classes {
            let (outcome, why) = try_out(&class, &path, runner)?;
            rows.push(Row {
                name: format!("{name} `{}`", class.name),
                outcome,
                why,
            });
        }
    }
    Ok(Part {
        headline: "Its nodes in Python",
        about: ABOUT.to_owned(),
        column: "file and class",
        rows,
    })
}

/// Classes of nodes: those with a base whose name ends in `Node`.
fn classes(path: &Path, text: &str) -> Vec<Class> {
    let module = path.file_stem().unwrap_or_default().to_string_lossy();
    let mut classes = Vec::new();
    for line in text.lines() {
        let Some((name, bases)) = line
            .strip_prefix("class ")
            .and_then(|rest| rest.split_once('('))
        else {
            continue;
        };
        let bases = bases.split(')').next().unwrap_or_default();
        let of_nodes = |base: &str| base.trim().ends_with("Node");
        // The base class of the others is no node by itself.
        if bases.split(',').any(of_nodes) && name != "MultiprocessNode" {
            classes.push(Class {
                module: module.clone().into_owned(),
                name: name.to_owned(),
            });
        }
    }
    classes
}

fn try_out(class: &Class, path: &Path, runner: &Runner) -> Result<(Outcome, String)> {
    let directory = path.parent().unwrap_or(path);
    let helpers = crate::root().join("tests/sdk");
    let node_type = format!("{}:{}", class.module, class.name);
    let mut params = Map::new();
    let file = crate::target().join("sdk/node.json");
    for _ in 0..8 {
        let node = json!({"id": "node", "node_type": node_type, "params": params});
        fs::write(&file, json!({"version": "v1", "nodes": [node]}).to_string())?;
        let said = runner.check(&file, Some(directory))?;
        let found = said["diagnostics"].as_array().cloned().unwrap_or_default();
        let Some(error) = found.iter().find(|it| it["severity"] == "error") else {
            break;
        };
        let message = error["message"].as_str().unwrap_or_default();
        let named = |before: &str| {
            let (_, rest) = message.split_once(before)?;
            rest.split_once('`').map(|(name, _)| name.to_owned())
        };
        if let Some(name) = named("missing required param `") {
            params.insert(name, json!(100));
        } else if let Some(name) = named("param `").filter(|_| message.contains("expected str")) {
            params.insert(name, json!("x"));
        } else {
            return Ok((outcome(message), first_line(message)));
        }
    }
    let plain = json!({"id": "node", "node_type": node_type, "params": params});
    let alone = json!({"version": "v1", "nodes": [plain.clone()]});
    let between = json!({
        "version": "v1",
        "nodes": [
            {"id": "arrays", "node_type": "arrays:Arrays"},
            plain,
            {"id": "plain", "node_type": "arrays:Plain"},
        ],
        "connections": [{"from": "arrays", "to": "node"}, {"from": "node", "to": "plain"}],
    });
    let mut said = Vec::new();
    let mut silent = false;
    for (manifest, of) in [(between, "arrays of "), (alone, "")] {
        fs::write(&file, Value::to_string(&manifest))?;
        match runner.run(&file, &[directory, &helpers])? {
            Ok((_, 0)) => silent = true,
            Ok((kind, _)) => return Ok((Outcome::Works, format!("{of}{kind}"))),
            Err(message) => said.push(message),
        }
    }
    if silent {
        return Ok((
            Outcome::Works,
            "takes all, and gives nothing for it".to_owned(),
        ));
    }
    let message = said.pop().unwrap_or_default();
    Ok((outcome(&message), first_line(&message)))
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// Whether a message is about something that is not there, or about a fault.
fn outcome(message: &str) -> Outcome {
    const MISSING: &[&str] = &[
        " needs `",
        "requires `",
        // What would push them is a program around the node.
        "produces its own items and takes none",
        "not installed",
        "No module named",
        "says that it needs",
        "does not support processes",
        "must be executed via Rust runtime",
    ];
    match MISSING.iter().any(|text| message.contains(text)) {
        true => Outcome::OutOfReach,
        false => Outcome::Fails,
    }
}
