//! The package for Node: `js/`, built and tested by npm.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::shell;
use crate::stamp::{self, Inputs};

/// Files that say how a package is built.
const SETTINGS: [&str; 3] = ["package.json", "package-lock.json", "tsconfig.json"];

/// Builds the package and runs its tests, unless they passed before on the
/// same files. `dist` is the build.
///
/// # Errors
/// Where npm is missing, or one of them fails.
pub(crate) fn test(dist: &Path) -> Result<()> {
    let root = crate::root();
    let package = root.join("js");
    install(&package)?;
    let mut inputs = Inputs::new("jco on Node", &[include_str!("npm.rs")])
        .file(&dist.join("pipeline"))?
        .file(&dist.join("pipeline.wasm"))?
        .tree(&dist.join("stdlib"))?
        .tree(&dist.join("python"))?
        .tree(&root.join("tests/conformance"))?
        .tree(&root.join("tests/stdlib"))?
        .tree(&root.join("examples"))?;
    inputs = sources(inputs, &package, &["src", "scripts", "test", "examples"])?;
    let result = crate::target().join("hosts/jco-node.json");
    stamp::unless_done("build and test the npm package", inputs, &result, || {
        shell::run(&mut npm(&package, dist, "run --silent build"))?;
        shell::run(&mut npm(&package, dist, "test --silent"))
    })
}

/// Installs what a package is built with.
///
/// # Errors
/// Where npm is missing or fails.
pub(crate) fn install(package: &Path) -> Result<()> {
    let name = package.file_name().unwrap_or_default().to_string_lossy();
    let locked = Inputs::new("npm packages", &[include_str!("npm.rs")])
        .file(&package.join("package.json"))?
        .file(&package.join("package-lock.json"))?;
    let installed = package.join("node_modules/.package-lock.json");
    stamp::unless_done(
        &format!("install npm packages of {name}"),
        locked,
        &installed,
        || shell::output(&mut npm(package, package, "ci --no-audit --no-fund")).map(drop),
    )
}

/// npm in a package's directory, with the build that it is to work with.
pub(crate) fn npm(package: &Path, dist: &Path, arguments: &str) -> Command {
    let mut command = shell::command("npm", package);
    command
        .args(arguments.split(' '))
        .env("PIPELINE_DIST", dist);
    command
}

/// Adds a package's own files: its settings, and some of its folders.
///
/// # Errors
/// Where a file can't be read.
pub(crate) fn sources(mut inputs: Inputs, package: &Path, folders: &[&str]) -> Result<Inputs> {
    for file in SETTINGS {
        inputs = inputs.file(&package.join(file))?;
    }
    for folder in folders {
        inputs = inputs.tree(&package.join(folder))?;
    }
    Ok(inputs)
}
