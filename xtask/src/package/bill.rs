//! The bill of materials: what the release is made of, as CycloneDX 1.6.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::shell;
use crate::toolchain::TARGET;

/// What the release is compiled from: a package, and the target that it is for,
/// unless that is this machine.
const ROOTS: [(&str, Option<&str>); 4] = [
    ("pipeline-cli", None),
    ("pipeline-python", None),
    ("pipeline-component", Some(TARGET)),
    ("pipeline-http", Some(TARGET)),
];

/// Python that asks the component what it is made of; NOTICE has the licences.
const NODE: &str = "\
import platform, sqlite3, zlib
import decimal, pyexpat
try:
    import numpy
except ImportError:
    numpy = None

class Versions:
    is_source = True

    def process(self):
        yield {
            \"cpython\": platform.python_version(),
            \"sqlite\": sqlite3.sqlite_version,
            \"zlib\": zlib.ZLIB_RUNTIME_VERSION,
            \"expat\": pyexpat.EXPAT_VERSION.removeprefix(\"expat_\"),
            \"libmpdec\": decimal.__libmpdec_version__,
            **({\"numpy\": numpy.__version__} if numpy else {}),
        }
";

/// Writes the bill, and gives its path.
///
/// # Errors
/// Where Cargo or the program does not tell.
pub(super) fn write(dist: &Path, out: &Path) -> Result<PathBuf> {
    let mut components: Vec<Value> = crates()?
        .into_iter()
        .map(|(name, version, licence)| {
            json!({
                "type": "library",
                "name": name,
                "version": version,
                "licenses": [{ "expression": licence }],
                "purl": format!("pkg:cargo/{name}@{version}"),
            })
        })
        .collect();
    for (name, version) in libraries(dist)? {
        components.push(json!({ "type": "library", "name": name, "version": version }));
    }
    let bill = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": {
            "type": "application",
            "name": "pipeline",
            "version": env!("CARGO_PKG_VERSION"),
        } },
        "components": components,
    });
    let path = out.join(format!("{}.cdx.json", super::name()));
    fs::create_dir_all(out)?;
    fs::write(&path, serde_json::to_vec_pretty(&bill)?)?;
    Ok(path)
}

/// The crates that are compiled into what is released: name, version, licence.
fn crates() -> Result<BTreeSet<(String, String, String)>> {
    let mut crates = BTreeSet::new();
    for (package, target) in ROOTS {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = shell::command(cargo, &crate::root());
        command
            .args(["tree", "--locked", "--edges", "normal", "--prefix", "none"])
            .args(["--format", "{p}|{l}", "--package", package]);
        if let Some(target) = target {
            command.args(["--target", target]);
        }
        let tree = String::from_utf8(shell::output(&mut command)?)?;
        for line in tree.lines() {
            // "name v1.2.3 (/a/path)|MIT (*)"
            let (package, licence) = line.split_once('|').context("no licence")?;
            let mut words = package.split(' ');
            let (Some(name), Some(version)) = (words.next(), words.next()) else {
                continue;
            };
            let licence = licence.trim_end_matches(" (*)").replace('/', " OR ");
            let version = version.trim_start_matches('v').to_owned();
            crates.insert((name.to_owned(), version, licence));
        }
    }
    Ok(crates)
}

/// What is in the component beside crates.
fn libraries(dist: &Path) -> Result<Vec<(String, String)>> {
    let place = tempfile::tempdir()?;
    fs::write(place.path().join("bill.py"), NODE)?;
    let manifest = json!({
        "version": "v1",
        "nodes": [{ "id": "versions", "node_type": "bill:Versions" }],
    });
    fs::write(place.path().join("bill.json"), manifest.to_string())?;
    let told = shell::output(shell::command(dist.join("pipeline"), place.path()).args([
        "run",
        "bill.json",
        "--nodes",
        ".",
    ]))?;
    let told: Value = serde_json::from_slice(&told)?;
    let versions = told["outputs"][0].as_object().context("no versions")?;
    Ok(versions
        .iter()
        .filter_map(|(name, version)| Some((name.clone(), version.as_str()?.to_owned())))
        .collect())
}
