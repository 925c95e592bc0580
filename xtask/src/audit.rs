//! What is known of the dependencies: by cargo-deny, by npm, and by Cargo.
//!
//! What depends on the tree alone (licences, duplicates that are refused,
//! sources) fails a build. What others publish at any time (advisories, a newer
//! release of the crate that carries CPython) must not: a build of unchanged
//! code would fail one day. The tests only say it, and `cargo xtask audit`,
//! which somebody asked for, fails at it.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::{shell, test};

/// The crate that CPython, wasi-libc and the standard library come from.
const CARRIER: &str = "componentize-py";

/// `cargo xtask audit`: everything, and whatever is found is a failure. What
/// can't be looked up is named.
///
/// # Errors
/// Where the tools can't be installed or started.
pub(crate) fn run() -> Result<ExitCode> {
    let deny = deny()?;
    let mut failed = false;
    for (what, result) in [
        ("licences, bans and sources", tree(&deny)),
        ("published advisories of crates", advisories(&deny)),
        ("published advisories of npm packages", npm()),
        ("releases of the crate with CPython", carrier()),
    ] {
        shell::say(format_args!("\n== {what}"));
        match result {
            Ok(Found::Nothing) => shell::say(format_args!("  nothing found")),
            Ok(Found::Unknown(why)) => shell::say(format_args!("  NOT LOOKED UP: {why}")),
            Ok(Found::News(what)) => {
                shell::say(format_args!("  {what}"));
                failed = true;
            }
            Err(error) => {
                shell::say(format_args!("error: {error:#}"));
                failed = true;
            }
        }
    }
    Ok(match failed {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}

/// The step of the tests: fails at what depends on the tree, and says the rest.
///
/// # Errors
/// Names what is refused.
pub(crate) fn step() -> Result<()> {
    let deny = deny()?;
    tree(&deny)?;
    for found in [advisories(&deny), npm(), carrier()] {
        match found {
            Ok(Found::Nothing) => {}
            Ok(Found::News(what)) => shell::say(format_args!("  NOTICE: {what}")),
            Ok(Found::Unknown(why)) => shell::say(format_args!("  not looked up: {why}")),
            Err(error) => shell::say(format_args!("  NOTICE: {error:#}")),
        }
    }
    Ok(())
}

/// What a look-up came to.
enum Found {
    Nothing,
    News(String),
    /// The source could not be reached.
    Unknown(String),
}

fn deny() -> Result<PathBuf> {
    Ok(test::python_tools()?.with_file_name("cargo-deny"))
}

/// Every lock file of Cargo's here: the workspace's, and those apart from it.
fn manifests() -> Vec<PathBuf> {
    let root = crate::root();
    [
        "Cargo.toml",
        "examples/compose/Cargo.toml",
        "fuzz/Cargo.toml",
    ]
    .map(|path| root.join(path))
    .into_iter()
    .filter(|path| path.with_file_name("Cargo.lock").exists())
    .collect()
}

fn check(deny: &Path, manifest: &Path, what: &[&str]) -> Command {
    let mut command = shell::command(deny, &crate::root());
    command
        .args([
            "--locked",
            "--all-features",
            "--workspace",
            "--manifest-path",
        ])
        .arg(manifest)
        .arg("--config")
        .arg(crate::root().join("deny.toml"))
        .args(["check", "--hide-inclusion-graph"])
        .args(what);
    command
}

fn tree(deny: &Path) -> Result<Found> {
    for manifest in manifests() {
        shell::output(&mut check(
            deny,
            &manifest,
            &["licenses", "bans", "sources"],
        ))?;
    }
    Ok(Found::Nothing)
}

/// Advisories for crates, and versions that were withdrawn: cargo-deny looks at
/// both at once, and needs its database for it.
fn advisories(deny: &Path) -> Result<Found> {
    let fetched = shell::output(shell::command(deny, &crate::root()).args(["fetch", "db"]));
    if fetched.is_err() {
        return Ok(Found::Unknown(
            "the RustSec database can't be fetched from here: no advisories and no withdrawn \
             versions of crates"
                .into(),
        ));
    }
    for manifest in manifests() {
        if let Err(error) = shell::output(&mut check(deny, &manifest, &["advisories"])) {
            return Ok(Found::News(format!("{error:#}")));
        }
    }
    Ok(Found::Nothing)
}

fn npm() -> Result<Found> {
    for package in ["js", "web"] {
        let directory = crate::root().join(package);
        let answer = shell::command("npm", &directory)
            .args(["audit", "--json", "--package-lock-only"])
            .output()
            .context("can't start npm")?;
        let found = read_npm(package, &answer.stdout);
        if !matches!(found, Found::Nothing) {
            return Ok(found);
        }
    }
    Ok(Found::Nothing)
}

/// What `npm audit --json` says of a package.
fn read_npm(package: &str, answer: &[u8]) -> Found {
    let Ok(answer) = serde_json::from_slice::<Value>(answer) else {
        return Found::Unknown(format!("`npm audit` in {package}/ gives no JSON"));
    };
    match answer.get("vulnerabilities").and_then(Value::as_object) {
        None => Found::Unknown("the npm registry gives no advisories here".into()),
        Some(none) if none.is_empty() => Found::Nothing,
        Some(some) => {
            let names: Vec<_> = some.keys().map(String::as_str).collect();
            let names = names.join(", ");
            Found::News(format!(
                "`npm audit` in {package}/ has something on {names}"
            ))
        }
    }
}

/// Whether the crate that carries CPython has a release that is not the pinned
/// one.
fn carrier() -> Result<Found> {
    let lock = std::fs::read_to_string(crate::root().join("Cargo.lock"))?;
    let pinned = version_after(&lock, &format!("name = \"{CARRIER}\"\nversion = "))
        .with_context(|| format!("Cargo.lock has no {CARRIER}"))?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // Elsewhere: inside the workspace it would tell of the pinned one.
    let asked = shell::output(
        shell::command(cargo, &std::env::temp_dir()).args(["info", "--quiet", CARRIER]),
    );
    let Ok(answer) = asked else {
        return Ok(Found::Unknown(format!(
            "the registry can't be asked for releases of {CARRIER}"
        )));
    };
    let answer = String::from_utf8_lossy(&answer);
    Ok(match version_after(&answer, "\nversion: ") {
        None => Found::Unknown(format!("`cargo info {CARRIER}` names no version")),
        Some(newest) if newest == pinned => Found::Nothing,
        Some(newest) => Found::News(format!(
            "{CARRIER} {newest} is out, and {pinned} is used: does it carry a newer CPython? \
             Then xtask/Cargo.toml and docs/threat-model.md are to be changed"
        )),
    })
}

/// The version that stands after some text, with or without quotes.
fn version_after<'a>(text: &'a str, before: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    let word = rest.split_whitespace().next()?.trim_matches('"');
    (!word.is_empty()).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        let lock = "[[package]]\nname = \"a\"\nversion = \"1.2.3\"\nsource = \"x\"\n";
        let before = "name = \"a\"\nversion = ";
        assert_eq!(version_after(lock, before), Some("1.2.3"));
        let info = "a\nSays what it is\nversion: 1.3.0 (latest 2)\nlicense: MIT\n";
        assert_eq!(version_after(info, "\nversion: "), Some("1.3.0"));
        assert_eq!(version_after("", "\nversion: "), None);
    }

    #[test]
    fn what_npm_says_is_told_from_its_silence() {
        let read = |text: &str| read_npm("js", text.as_bytes());
        assert!(matches!(read("{\"vulnerabilities\": {}}"), Found::Nothing));
        let refused = "{\"error\": {\"summary\": \"Method Not Allowed\"}}";
        assert!(matches!(read(refused), Found::Unknown(_)));
        assert!(matches!(read("nothing"), Found::Unknown(_)));
        let found = "{\"vulnerabilities\": {\"left\": {\"severity\": \"high\"}}}";
        assert!(matches!(read(found), Found::News(text) if text.contains("left")));
    }
}
