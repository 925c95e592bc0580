//! The SDK's Python tests, with the package of this repository in the place of
//! its own.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::{Outcome, Part, Row};
use crate::{python, shell, wheel};

const ABOUT: &str = "\
The tests of `clients/python/tests`, with this package in the place of the SDK's. Files that can't be imported without \
gRPC, mlx or torch are one line each.";

/// What the tests need beside the package.
pub(super) const NEEDED: &[&str] = &["pytest", "pytest-asyncio", "numpy", "cloudpickle"];

/// pytest, with the package's compiled part, which a checkout does not have beside
/// the package.
const PYTEST: &str = "\
import os, sys
import pytest, remotemedia

remotemedia.__path__.append(os.environ['PIPELINE_CORE'])
sys.exit(pytest.main(sys.argv[1:]))";

pub(super) fn part(checkout: &Path, work: &Path) -> Result<Part> {
    // One of its own: the SDK's plugins are not those of the tests here.
    let python = python::environment("what the tests need", "sdk-tools", NEEDED)?;
    // Tests put the directory above them first in the path, where the SDK has
    // its own package.
    let tests = work.join("tests/tests");
    if tests.exists() {
        fs::remove_dir_all(&tests)?;
    }
    fs::create_dir_all(&tests)?;
    for entry in fs::read_dir(checkout.join("clients/python/tests"))? {
        let path = entry?.path();
        if let Some(name) = path.file_name().filter(|_| path.is_file()) {
            fs::copy(&path, tests.join(name))?;
        }
    }
    let output = shell::command(&python, &tests)
        .args(["-c", PYTEST])
        .args(["-rA", "--tb=no", "-q", "-p", "no:cacheprovider"])
        .args(["--continue-on-collection-errors", "."])
        .env("PYTHONPATH", crate::root().join("python"))
        .env("PIPELINE_CORE", wheel::core()?)
        .env("COLUMNS", "500")
        .output()?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let mut rows: Vec<Row> = printed.lines().filter_map(row).collect();
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Part {
        headline: "Its Python tests",
        about: ABOUT.to_owned(),
        column: "test",
        rows,
    })
}

/// A line of pytest's summary.
fn row(line: &str) -> Option<Row> {
    let (word, rest) = line.split_once(' ')?;
    let (outcome, name, why) = match word {
        "PASSED" => (Outcome::Works, rest, String::new()),
        "SKIPPED" => {
            let (_, rest) = rest.split_once("] ")?;
            let (place, why) = rest.split_once(": ")?;
            (
                Outcome::OutOfReach,
                place,
                format!("it skips itself: {why}"),
            )
        }
        "FAILED" => {
            let (name, why) = rest.split_once(" - ").unwrap_or((rest, ""));
            (Outcome::Fails, name, why.to_owned())
        }
        "ERROR" => {
            let (name, why) = rest
                .split_once(" - ")
                .unwrap_or((rest, "can't be imported"));
            (Outcome::OutOfReach, name, why.to_owned())
        }
        _ => return None,
    };
    let name = name.trim_start_matches("./").to_owned();
    Some(Row { name, outcome, why })
}
