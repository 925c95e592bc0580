//! The cases of the JSON form: `codec/*.json`.

use std::fs;
use std::path::Path;

use serde::Deserialize;

/// One case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it is about.
    pub name: String,
    /// A value, or a whole item.
    #[serde(default)]
    pub what: What,
    text: Text,
    gives: Option<Text>,
    /// A part of the message, where reading fails.
    pub error: Option<String>,
    /// Whether it needs gigabytes.
    #[serde(default)]
    pub large: bool,
}

/// What the text of a case is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A value, which can stand in a manifest.
    #[default]
    Value,
    /// A whole item.
    Item,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Text {
    Whole(String),
    Pieces(Vec<Piece>),
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Piece {
    Once(String),
    Many { repeat: String, times: usize },
}

impl Text {
    fn join(&self) -> String {
        match self {
            Self::Whole(text) => text.clone(),
            Self::Pieces(pieces) => pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Once(text) => text.clone(),
                    Piece::Many { repeat, times } => repeat.repeat(*times),
                })
                .collect(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "about")]
    _about: String,
    cases: Vec<Case>,
}

impl Case {
    /// The text to read.
    #[must_use]
    pub fn text(&self) -> String {
        self.text.join()
    }

    /// Compares what came of reading and writing again, or a message, with what is
    /// expected; says what is wrong.
    #[must_use]
    pub fn judge(&self, found: &Result<String, String>) -> Option<String> {
        let short = |text: &str| text.chars().take(300).collect::<String>();
        let wrong = match (found, &self.error) {
            (Ok(json), None) => {
                let expected = self.gives.as_ref().unwrap_or(&self.text).join();
                (*json != expected)
                    .then(|| format!("gives {}, not {}", short(json), short(&expected)))
            }
            (Ok(json), Some(_)) => Some(format!("gives {} instead of an error", short(json))),
            (Err(error), Some(part)) => (!error.replace('`', "").contains(part.as_str()))
                .then(|| format!("says {:?}, without {part:?}", short(error))),
            (Err(error), None) => Some(format!("fails: {}", short(error))),
        };
        wrong.map(|wrong| format!("{}: {wrong}", self.name))
    }
}

/// All cases.
///
/// # Panics
/// Where a file is no list of cases: they are ours.
#[must_use]
pub fn cases() -> Vec<Case> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("codec");
    let mut cases = Vec::new();
    for file in ["values", "errors", "limits", "media"] {
        let text = fs::read_to_string(directory.join(format!("{file}.json"))).expect(file);
        let File { cases: read, .. } = serde_json::from_str(&text).expect(file);
        cases.extend(read);
    }
    cases
}
