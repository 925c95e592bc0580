//! What is asked for: packages by name, of some versions, under some conditions.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::workspace::reason;

/// A requirement as the field writes it: `name[extras]>=1; marker`. Addresses and
/// paths are none, since a lock file can't say them everywhere, and nothing in
/// one has a meaning for pip beyond that: a manifest's come from anybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Requirement {
    text: String,
    /// The package's name in its normal form.
    name: String,
}

impl Requirement {
    /// The package's name in its normal form.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl FromStr for Requirement {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let refused = |why: &str| Err(format!("`{text}` is not a requirement: {why}"));
        let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
        let (name, rest) = text.split_at(end.unwrap_or(text.len()));
        let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        if !ends(name.chars().next()) || !ends(name.chars().last()) {
            return refused("it begins with the name of a package, like `humanize>=4`");
        }
        let rest = rest.trim_start();
        if rest.starts_with(['@', '/', ':']) {
            return refused("addresses and paths can't be locked; --find-links takes wheels");
        }
        if !(rest.is_empty() || rest.starts_with(['[', '<', '>', '=', '!', '~', '(', ';'])) {
            return refused("after the name come extras, versions or a condition");
        }
        let (versions, marker) = rest.split_once(';').unwrap_or((rest, ""));
        let plain = |c: char| c.is_ascii_alphanumeric() || " -_.,+*".contains(c);
        let known = |c: char| plain(c) || "[]()<>=!~".contains(c);
        let known_in_marker = |c: char| known(c) || "'\"".contains(c);
        // What pip would read as an option of the line.
        if versions.contains(" -") {
            return refused("it has an option, which the command line takes");
        }
        if !versions.chars().all(known) || !marker.chars().all(known_in_marker) {
            return refused("it has a character that requirements don't have");
        }
        Ok(Self {
            text: text.to_owned(),
            name: normal(name),
        })
    }
}

impl TryFrom<String> for Requirement {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Requirement> for String {
    fn from(requirement: Requirement) -> Self {
        requirement.text
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// A package's name in the normal form: `Ruamel.YAML` is `ruamel-yaml`.
pub(crate) fn normal(name: &str) -> String {
    let parts = name.split(['-', '_', '.']).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}

/// The requirements in a `requirements.txt`.
///
/// # Errors
/// Where it can't be read, or has something else.
pub(crate) fn read(path: &Path) -> Result<Vec<Requirement>, Failure> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("`{shown}` can't be read: {}", reason(&error))))?;
    lines(&text).map_err(|(line, problem)| Failure::usage(format!("{shown}:{line}: {problem}")))
}

/// The same of its text; with the line of what is wrong.
fn lines(text: &str) -> Result<Vec<Requirement>, (usize, String)> {
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let at = at + 1;
        let line = match line.starts_with('#') {
            true => "",
            false => line.split_once(" #").map_or(line, |(before, _)| before),
        };
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        if line.starts_with('-') || line.ends_with('\\') {
            let text = "options are not read from files; `pipeline add --help` has those there are";
            return Err((at, text.into()));
        }
        found.push(line.parse().map_err(|problem| (at, problem))?);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_versions_extras_and_conditions() {
        for (text, name) in [
            ("humanize", "humanize"),
            ("Python_Slugify >= 8, <9", "python-slugify"),
            ("httpx[http2,cli]~=0.28", "httpx"),
            ("ruamel.yaml", "ruamel-yaml"),
            ("a==1.*; python_version < '3.12' and extra == \"x\"", "a"),
            ("a (>=1)", "a"),
        ] {
            let read: Requirement = text.parse().unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(read.name(), name);
        }
    }

    #[test]
    fn nothing_else() {
        for text in [
            "",
            "-r other.txt",
            "--index-url=http://elsewhere",
            "./a",
            "a/b.whl",
            "a @ https://elsewhere/a.whl",
            "https://elsewhere/a.whl",
            "a==${HOME}",
            "a\n--index-url=http://elsewhere",
            "a --hash=sha256:00",
            "a b",
            "a; os_name == '${HOME}'",
            "a-",
        ] {
            assert!(text.parse::<Requirement>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn files_have_comments_and_no_options() {
        let read = lines("# tools\n\nhumanize>=4 # for people\n  attrs\n").unwrap();
        let read: Vec<String> = read.into_iter().map(String::from).collect();
        assert_eq!(read, ["humanize>=4", "attrs"]);
        for (text, line) in [("a\n-e .", 2), ("a \\\n --hash=x", 1), ("a\n\na b", 3)] {
            assert_eq!(lines(text).unwrap_err().0, line, "{text}");
        }
    }
}
