//! The table in `docs/hosts.md`, from what the hosts' tests saw.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

const BEGIN: &str = "<!-- hosts: written by `cargo xtask hosts` from the tests' results -->";
const END: &str = "<!-- hosts: end -->";
const HEAD: &str = "\
| host | version | component | conformance cases | works | does not, and why |
| --- | --- | --- | --- | --- | --- |
";

/// What a host's tests left in `target/hosts`.
#[derive(Deserialize)]
struct Report {
    host: String,
    version: String,
    component: String,
    cases: Cases,
    works: Vec<String>,
    not: Vec<Missing>,
}

#[derive(Deserialize)]
struct Cases {
    passed: usize,
    failed: usize,
    skipped: Vec<Skipped>,
}

#[derive(Deserialize)]
struct Skipped {
    why: String,
}

#[derive(Deserialize)]
struct Missing {
    what: String,
    why: String,
}

/// Writes the table anew. A row whose host has no result stays as it is.
///
/// # Errors
/// Where a result or the document can't be read, or the latter not written.
pub(crate) fn write() -> Result<()> {
    let path = document();
    let text = fs::read_to_string(&path)?;
    fs::write(&path, updated(&text, &results()?)?)
        .with_context(|| format!("can't write {}", path.display()))
}

/// Compares the table with the results that there are. Versions may differ:
/// browsers and interpreters are those of the machine.
///
/// # Errors
/// Where it says something else.
pub(crate) fn check() -> Result<()> {
    let text = fs::read_to_string(document())?;
    let results = results()?;
    let new = outdated(&text, &updated(&text, &results)?);
    if !new.is_empty() {
        bail!(
            "docs/hosts.md is out of date, `cargo xtask hosts` writes it anew:\n{}",
            new.join("\n")
        );
    }
    crate::shell::say(format_args!("  {} hosts are as documented", results.len()));
    Ok(())
}

/// The lines of a new document that the old one lacks, versions apart.
fn outdated(old: &str, new: &str) -> Vec<String> {
    let without_version = |line: &str| -> Vec<String> {
        let mut cells: Vec<_> = line.split(" | ").map(str::to_owned).collect();
        if cells.len() > 2 {
            cells.remove(1);
        }
        cells
    };
    let old: Vec<_> = old.lines().map(without_version).collect();
    new.lines()
        .filter(|line| !old.contains(&without_version(line)))
        .map(str::to_owned)
        .collect()
}

fn document() -> std::path::PathBuf {
    crate::root().join("docs/hosts.md")
}

/// The rows of the results that there are, by host.
fn results() -> Result<BTreeMap<String, String>> {
    let directory = crate::target().join("hosts");
    let mut rows = BTreeMap::new();
    if !directory.exists() {
        return Ok(rows);
    }
    for entry in fs::read_dir(&directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "json") {
            let (host, row) = read(&path)?;
            if rows.insert(host.clone(), row).is_some() {
                bail!("two results in {} are of {host}", directory.display());
            }
        }
    }
    Ok(rows)
}

fn read(path: &Path) -> Result<(String, String)> {
    let report: Report = serde_json::from_slice(&fs::read(path)?)
        .with_context(|| format!("{} is no host's result", path.display()))?;
    let row = row(&report);
    Ok((cell(&report.host), row))
}

/// A document with these rows in its table.
fn updated(text: &str, rows: &BTreeMap<String, String>) -> Result<String> {
    let (before, rest) = text
        .split_once(BEGIN)
        .with_context(|| format!("docs/hosts.md has no `{BEGIN}`"))?;
    let (table, after) = rest
        .split_once(END)
        .with_context(|| format!("docs/hosts.md has no `{END}`"))?;
    let kept = table
        .lines()
        .filter(|line| line.starts_with('|'))
        .skip(2)
        .filter_map(|line| {
            let host = line.split('|').nth(1)?.trim();
            Some((host.to_owned(), line.to_owned()))
        });
    let mut all: BTreeMap<_, _> = kept.collect();
    all.extend(rows.clone());
    let rows: Vec<_> = all.into_values().collect();
    Ok(format!(
        "{before}{BEGIN}\n\n{HEAD}{}\n\n{END}{after}",
        rows.join("\n")
    ))
}

fn row(report: &Report) -> String {
    let mut not: Vec<_> = report
        .not
        .iter()
        .map(|missing| format!("{}: {}", missing.what, missing.why))
        .collect();
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for skipped in &report.cases.skipped {
        *reasons.entry(&skipped.why).or_default() += 1;
    }
    not.extend(
        reasons
            .iter()
            .map(|(why, count)| format!("{count} cases: {why}")),
    );
    let mut cases = format!("{} passed", report.cases.passed);
    if report.cases.failed > 0 {
        let _ = write!(cases, ", {} failed", report.cases.failed);
    }
    if !report.cases.skipped.is_empty() {
        let _ = write!(cases, ", {} skipped", report.cases.skipped.len());
    }
    let mut works = report.works.clone();
    works.sort();
    let cells = [
        cell(&report.host),
        cell(&without_patches(&report.version)),
        cell(&report.component),
        cases,
        cell(&works.join(", ")),
        cell(&not.join("<br>")),
    ];
    format!("| {} |", cells.join(" | "))
}

/// Text as a cell of a table has it.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// Versions without what comes after major and minor: a host's patch release
/// is no news.
fn without_patches(text: &str) -> String {
    let word = |word: &str| {
        let number = word.trim_end_matches([',', ';', ')']);
        let parts: Vec<_> = number.split('.').collect();
        let version = parts.len() > 2
            && parts[..2]
                .iter()
                .all(|part| part.trim_start_matches('v').parse::<u32>().is_ok());
        match version {
            true => format!("{}.{}{}", parts[0], parts[1], &word[number.len()..]),
            false => word.to_owned(),
        }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"{
        "host": "some host", "version": "some host 1.22.3, Node v24.1.0", "component": "pipeline.wasm",
        "cases": {"passed": 7, "failed": 1, "skipped": [
            {"case": "a", "why": "too large"}, {"case": "b", "why": "too large"}]},
        "works": ["execute", "a|b"], "not": [{"what": "session", "why": "no resources"}]
    }"#;

    const ROW: &str = "| some host | some host 1.22, Node v24.1 | pipeline.wasm | \
        7 passed, 1 failed, 2 skipped | a\\|b, execute | \
        session: no resources<br>2 cases: too large |";

    fn document(rows: &str) -> String {
        format!("# Hosts\n\n{BEGIN}\n\n{HEAD}{rows}\n\n{END}\n\nBy hand.\n")
    }

    fn rows() -> BTreeMap<String, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("some.json");
        fs::write(&path, REPORT).unwrap();
        BTreeMap::from([read(&path).unwrap()])
    }

    #[test]
    fn a_report_is_a_row() {
        assert_eq!(rows(), BTreeMap::from([("some host".into(), ROW.into())]));
    }

    #[test]
    fn rows_are_added_replaced_and_kept() {
        let rows = rows();
        let old = document("| some host | old |\n| another | row |");
        let new = document(&format!("| another | row |\n{ROW}"));
        assert_eq!(updated(&old, &rows).unwrap(), new);
        assert_eq!(updated(&new, &rows).unwrap(), new);
        assert_eq!(updated(&new, &BTreeMap::new()).unwrap(), new);
        assert!(updated("no table", &rows).is_err());
    }

    #[test]
    fn another_version_is_no_news() {
        let new = updated(&document(""), &rows()).unwrap();
        let version = new.replace("host 1.22", "host 1.23");
        let number = new.replace("7 passed", "8 passed");
        assert!(outdated(&version, &new).is_empty());
        assert_eq!(outdated(&number, &new), [ROW]);
        assert_eq!(outdated(&document(""), &new), [ROW]);
    }

    #[test]
    fn versions_have_no_patch_level() {
        for (given, wanted) in [
            ("wasmtime 48.0.8", "wasmtime 48.0"),
            ("jco 1.19.0, Node 22.22.1", "jco 1.19, Node 22.22"),
            ("Firefox 140.3.0esr", "Firefox 140.3"),
            (
                "WASI 0.2, Python 3.11 and newer",
                "WASI 0.2, Python 3.11 and newer",
            ),
        ] {
            assert_eq!(without_patches(given), wanted);
        }
    }
}
