//! The manifests of a checkout: read, checked, and run on generated media.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use super::runs::Runner;
use super::{Outcome, Part, Row, files};

const ABOUT: &str = "\
Every JSON and YAML file that has nodes. What can be checked is run on generated media: audio that is something like \
speech, text, numbers, objects, whichever suits it first.";

pub(super) fn part(checkout: &Path, runner: &Runner) -> Result<Part> {
    let sources = sources(checkout)?;
    let mut rows = Vec::new();
    for name in files(checkout)? {
        if !name.ends_with(".json") && !name.ends_with(".yaml") && !name.ends_with(".yml") {
            continue;
        }
        let path = checkout.join(&name);
        let text = fs::read(&path)?;
        if has_nodes(&String::from_utf8_lossy(&text)) {
            let (outcome, why) = try_out(&path, &sources, runner)?;
            rows.push(Row { name, outcome, why });
        }
    }
    Ok(Part {
        headline: "Its manifests",
        about: ABOUT.to_owned(),
        column: "manifest",
        rows,
    })
}

fn has_nodes(text: &str) -> bool {
    let words = ["node_type", "nodeType", "\"nodes\""];
    words.iter().any(|word| text.contains(word))
        || text.lines().any(|line| line.starts_with("nodes:"))
}

/// All that the SDK is written in, to see whether it has a node type at all.
fn sources(checkout: &Path) -> Result<String> {
    let mut text = String::new();
    for name in files(checkout)? {
        if name.ends_with(".rs") || name.ends_with(".py") {
            text.push_str(&String::from_utf8_lossy(&fs::read(checkout.join(name))?));
        }
    }
    Ok(text)
}

fn try_out(path: &Path, sources: &str, runner: &Runner) -> Result<(Outcome, String)> {
    let said = runner.check(path, None)?;
    let list = |name: &str| said[name].as_array().cloned().unwrap_or_default();
    let errors = list("diagnostics")
        .into_iter()
        .filter(|it| it["severity"] == "error");
    let errors: Vec<Value> = errors.collect();
    if errors.is_empty() {
        return Ok(match runner.run(path, &[])? {
            Ok((kind, count)) => {
                let warnings = list("diagnostics").len();
                let doubts = match warnings {
                    0 => String::new(),
                    1 => ", with one warning".to_owned(),
                    more => format!(", with {more} warnings"),
                };
                (
                    Outcome::Works,
                    format!("{kind}: {count} items come out{doubts}"),
                )
            }
            Err(message) => (Outcome::Fails, message),
        });
    }
    let code = |error: &Value| error["code"].as_str().unwrap_or_default().to_owned();
    let is_the_sdks = |error: &Value| {
        let name = name(error);
        let class = name.rsplit(['.', ':']).next().unwrap_or(name);
        let written = [format!("\"{name}\""), format!("class {class}")];
        written.iter().any(|text| sources.contains(text))
    };
    let missing = errors
        .iter()
        .any(|error| code(error) == "unknown-node-type" && is_the_sdks(error));
    let reason = |error: &Value| reason(error, is_the_sdks(error));
    let reasons: BTreeSet<String> = errors.iter().map(reason).collect();
    let reasons: Vec<String> = reasons.into_iter().collect();
    let all = |codes: &[&str]| {
        errors
            .iter()
            .all(|error| codes.contains(&code(error).as_str()))
    };
    let outcome = if missing {
        Outcome::Fails
    } else if all(&[
        "unavailable-node-type",
        "gpu-required",
        "placement-unavailable",
    ]) {
        Outcome::OutOfReach
    } else if all(&[
        "unavailable-node-type",
        "unknown-node-type",
        "invalid-node-type",
        "no-nodes",
        "missing-field",
        "wrong-type",
    ]) {
        Outcome::Nothing
    } else {
        Outcome::Fails
    };
    Ok((outcome, reasons.join("; ")))
}

/// The first name in an error's message.
fn name(error: &Value) -> &str {
    let message = error["message"].as_str().unwrap_or_default();
    message.split('`').nth(1).unwrap_or_default()
}

/// An error in few words.
fn reason(error: &Value, is_the_sdks: bool) -> String {
    let message = error["message"].as_str().unwrap_or_default();
    let name = name(error);
    match error["code"].as_str() {
        Some("unavailable-node-type") => {
            let why = message
                .rsplit_once("left out: ")
                .map_or(message, |(_, why)| why);
            format!("`{name}` {why}")
        }
        Some("unknown-node-type") if is_the_sdks => format!("`{name}` is not here"),
        Some("unknown-node-type") => format!("the SDK has no `{name}` either"),
        _ => message.to_owned(),
    }
}
