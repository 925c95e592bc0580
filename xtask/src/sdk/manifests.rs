//! The manifests of a checkout: read, checked, and run on generated media.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use super::runs::Runner;
use super::{Outcome, Part, Row, files, templates};

const ABOUT: &str = "\
Every JSON and YAML file that has nodes. What can be checked is run on generated media: audio that is something like \
speech, text, numbers, objects, whichever suits it first; with the model of the package silero-vad, and no other. \
Templates, which the SDK's tools fill in, are taken with the defaults that they have. There is nothing to run where a \
file is no pipeline, where a connection leads nowhere, or where the SDK does not have its nodes either.";

pub(super) fn part(checkout: &Path, runner: &Runner) -> Result<Part> {
    let sources = Sources::read(checkout)?;
    let mut rows = Vec::new();
    for name in files(checkout)? {
        if !name.ends_with(".json") && !name.ends_with(".yaml") && !name.ends_with(".yml") {
            continue;
        }
        let path = checkout.join(&name);
        let text = fs::read(&path)?;
        let text = String::from_utf8_lossy(&text);
        if !has_nodes(&text) {
            continue;
        }
        let (outcome, why) = match templates::fill_in(&text) {
            None => try_out(&path, &sources, runner)?,
            Some(filled) => {
                let ending = path.extension().unwrap_or_default();
                let copy = crate::target().join("sdk/filled-in").with_extension(ending);
                fs::write(&copy, filled)?;
                let (outcome, why) = try_out(&copy, &sources, runner)?;
                (outcome, format!("a template; by its defaults: {why}"))
            }
        };
        rows.push(Row { name, outcome, why });
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

/// What the SDK is written in: files by their names, with what is in them.
struct Sources(Vec<(String, String)>);

impl Sources {
    fn read(checkout: &Path) -> Result<Self> {
        let mut sources = Vec::new();
        for name in files(checkout)? {
            if name.ends_with(".rs") || name.ends_with(".py") {
                let text = String::from_utf8_lossy(&fs::read(checkout.join(&name))?).into_owned();
                sources.push((name, text));
            }
        }
        Ok(Self(sources))
    }

    /// Whether there is a node type of that name: registered, or a class, which for
    /// `module.Class` has to be in a file of the module's name.
    fn have(&self, node_type: &str) -> bool {
        let (module, class) = match node_type.rsplit_once(['.', ':']) {
            Some((module, class)) => (Some(module), class),
            None => (None, node_type),
        };
        self.0.iter().any(|(name, text)| {
            let file = Path::new(name).file_stem().unwrap_or_default();
            let in_place = module.is_none_or(|module| {
                let last = module.rsplit('.').next().unwrap_or(module);
                file == last
            });
            text.contains(&format!("\"{node_type}\"")) || in_place && defines(text, class)
        })
    }
}

/// Whether a text has that class, and not only one whose name begins with it.
fn defines(text: &str, class: &str) -> bool {
    text.lines().any(|line| {
        let rest = line.trim_start().strip_prefix("class ");
        let rest = rest.and_then(|rest| rest.strip_prefix(class));
        rest.is_some_and(|rest| rest.starts_with(['(', ':', ' ']))
    })
}

fn try_out(path: &Path, sources: &Sources, runner: &Runner) -> Result<(Outcome, String)> {
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
    let is_the_sdks = |error: &Value| sources.have(name(error));
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
        "unknown-endpoint",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_types_that_the_sources_have() {
        let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        let sources = Sources(vec![
            file(
                "nodes/tools.py",
                "class Cutter(Node):\nclass CutterOfAll:\n",
            ),
            file("src/registry.rs", "register(\"Saw\")"),
        ]);
        for (node_type, there) in [
            ("Cutter", true),
            ("CutterOfAll", true),
            ("Cut", false),
            ("tools.Cutter", true),
            ("shed.tools:Cutter", true),
            ("others.Cutter", false),
            ("Saw", true),
            ("Sa", false),
        ] {
            assert_eq!(sources.have(node_type), there, "{node_type}");
        }
    }
}
