//! What the public SDK's own manifests, tests and nodes do here: all of a
//! checkout of it, in the tables of `docs/sdk.md`.

mod manifests;
mod models;
mod nodes;
mod python_tests;
mod runs;
mod templates;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use crate::{dist, shell};

/// What stands above the tables in the document; all after it is written anew.
const MARK: &str = "<!-- Written by `cargo xtask sdk --checkout DIR`; the text above is not. -->\n";

/// A line of a table: what it is about, what came of it, and why.
struct Row {
    name: String,
    outcome: Outcome,
    why: String,
}

/// What came of a manifest, a test or a node.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Works,
    /// It asks for what nothing here can give: a model, a server, hardware.
    OutOfReach,
    /// There is nothing in it that could be run, or it names what the SDK does
    /// not have.
    Nothing,
    Fails,
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Self::Works => "runs",
            Self::OutOfReach => "refused",
            Self::Nothing => "nothing to run",
            Self::Fails => "fails",
        }
    }
}

/// A part of the document.
struct Part {
    headline: &'static str,
    about: String,
    column: &'static str,
    rows: Vec<Row>,
}

/// Builds everything, unless a build is given, tries all that the checkout has,
/// and writes the tables.
///
/// # Errors
/// Where the directory is no checkout of the SDK, or a tool can't be had.
pub(crate) fn run(checkout: &Path, dist: Option<&Path>) -> Result<()> {
    let checkout = fs::canonicalize(checkout)
        .with_context(|| format!("there is no directory {}", checkout.display()))?;
    let package = checkout.join("clients/python/remotemedia");
    ensure!(
        package.is_dir(),
        "{} is no checkout of the SDK: it has no clients/python/remotemedia",
        checkout.display()
    );
    let dist = match dist {
        Some(dist) => fs::canonicalize(dist)?,
        None => dist::build()?,
    };
    let work = crate::target().join("sdk");
    fs::create_dir_all(&work)?;
    let models = models::silero()?;
    let runner = runs::Runner::new(&dist, &work, models)?;
    let parts = [
        shell::step("try the manifests", || manifests::part(&checkout, &runner))?,
        shell::step("run the tests", || python_tests::part(&checkout, &work))?,
        shell::step("try the Python nodes", || nodes::part(&checkout, &runner))?,
    ];
    let document = document();
    let text = fs::read_to_string(&document)?;
    let (prose, _) = text
        .split_once(MARK)
        .with_context(|| format!("{} has lost its mark", document.display()))?;
    let mut text = format!("{prose}{MARK}\n{}", version(&checkout));
    let places = [
        &checkout,
        &dist,
        &work,
        &crate::root(),
        &std::env::temp_dir(),
    ];
    for part in &parts {
        text.push_str(&without_places(part.text(), &places));
        let works = part.count(Outcome::Works);
        shell::say(format_args!(
            "{}: {works} of {}",
            part.headline,
            part.rows.len()
        ));
    }
    fs::write(&document, text)?;
    Ok(())
}

/// Says of files where they are below these directories, and no more: where those lie
/// is nobody's concern.
fn without_places(mut text: String, directories: &[&PathBuf]) -> String {
    for directory in directories {
        text = text.replace(&format!("{}/", directory.display()), "");
    }
    text
}

fn document() -> PathBuf {
    crate::root().join("docs/sdk.md")
}

/// The commit of the checkout, where git knows it.
fn version(checkout: &Path) -> String {
    let mut git = shell::command("git", checkout);
    git.args(["log", "-1", "--format=%h, %cs"]);
    shell::output(&mut git).map_or_else(
        |_| String::new(),
        |line| format!("Of commit {}.\n", String::from_utf8_lossy(&line).trim()),
    )
}

impl Part {
    fn count(&self, outcome: Outcome) -> usize {
        self.rows
            .iter()
            .filter(|row| row.outcome == outcome)
            .count()
    }

    fn text(&self) -> String {
        let Self {
            headline,
            about,
            column,
            rows,
        } = self;
        let mut text = format!("\n## {headline}\n\n{about}\n\n");
        let counts: Vec<String> = [
            Outcome::Works,
            Outcome::OutOfReach,
            Outcome::Nothing,
            Outcome::Fails,
        ]
        .into_iter()
        .filter(|outcome| self.count(*outcome) > 0)
        .map(|outcome| format!("{} {}", self.count(outcome), outcome.word()))
        .collect();
        let _ = writeln!(text, "Of {}: {}.\n", rows.len(), counts.join(", "));
        let _ = writeln!(text, "| {column} | | why |\n| --- | --- | --- |");
        for Row { name, outcome, why } in rows {
            let why = why.replace('|', "\\|").replace('\n', " ");
            let _ = writeln!(text, "| {name} | {} | {why} |", outcome.word());
        }
        text
    }
}

/// Files below a directory, without what others made: relative paths, sorted.
fn files(directory: &Path) -> Result<Vec<String>> {
    fn below(directory: &Path, inside: &str, found: &mut Vec<String>) -> Result<()> {
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{inside}{name}");
            let kind = entry.file_type()?;
            if kind.is_dir() {
                if !matches!(
                    name.as_str(),
                    ".git" | "node_modules" | "target" | "__pycache__"
                ) {
                    below(&entry.path(), &format!("{path}/"), found)?;
                }
            } else if kind.is_file() {
                found.push(path);
            }
        }
        Ok(())
    }
    let mut found = Vec::new();
    below(directory, "", &mut found)?;
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_this_machine_are_left_out() {
        let (sdk, here) = (PathBuf::from("/home/who/sdk"), PathBuf::from("/build"));
        let text = "no file /home/who/sdk/nodes/a.py, nor /build/target/b, nor /tmp/c".to_owned();
        assert_eq!(
            without_places(text, &[&sdk, &here]),
            "no file nodes/a.py, nor target/b, nor /tmp/c"
        );
    }

    /// The counts above each table are those of its rows.
    #[test]
    fn the_document_counts_its_rows() {
        let text = fs::read_to_string(document()).unwrap();
        let (_, tables) = text.split_once(MARK).unwrap();
        let parts: Vec<&str> = tables.split("\n## ").skip(1).collect();
        assert_eq!(parts.len(), 3);
        for part in parts {
            let counts = part.lines().find(|line| line.starts_with("Of ")).unwrap();
            let rows: Vec<&str> = part
                .lines()
                .filter(|line| line.starts_with("| ") && !line.starts_with("| ---"))
                .skip(1)
                .collect();
            assert!(
                counts.starts_with(&format!("Of {}: ", rows.len())),
                "{counts}"
            );
            let works = rows.iter().filter(|row| row.contains(" | runs | ")).count();
            assert!(counts.contains(&format!("{works} runs")), "{counts}");
        }
    }
}
