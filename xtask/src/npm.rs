//! The package for Node: `js/`, built and tested by npm.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::shell;
use crate::stamp::{self, Inputs};

/// Installs what the package is built with, builds it and runs its tests,
/// unless they passed before on the same files. `dist` is the build.
///
/// # Errors
/// Where npm is missing, or one of them fails.
pub(crate) fn test(dist: &Path) -> Result<()> {
    let root = crate::root();
    let package = root.join("js");
    let npm = |arguments: &[&str]| {
        let mut command: Command = shell::command("npm", &package);
        command.args(arguments).env("PIPELINE_DIST", dist);
        command
    };
    let locked = Inputs::new("npm packages", 1)
        .file(&package.join("package.json"))?
        .file(&package.join("package-lock.json"))?;
    let installed = package.join("node_modules/.package-lock.json");
    stamp::unless_done("install npm packages", locked, &installed, || {
        shell::output(&mut npm(&["ci", "--no-audit", "--no-fund"])).map(drop)
    })?;

    let mut inputs = Inputs::new("jco on Node", 1)
        .file(&dist.join("pipeline"))?
        .file(&dist.join("pipeline.wasm"))?
        .tree(&dist.join("stdlib"))?
        .tree(&dist.join("python"))?
        .tree(&root.join("tests/conformance"))?
        .tree(&root.join("tests/stdlib"))?
        .tree(&root.join("examples"))?;
    for file in ["package.json", "package-lock.json", "tsconfig.json"] {
        inputs = inputs.file(&package.join(file))?;
    }
    for folder in ["src", "scripts", "test", "examples"] {
        inputs = inputs.tree(&package.join(folder))?;
    }
    let result = crate::target().join("hosts/jco-node.json");
    stamp::unless_done("build and test the npm package", inputs, &result, || {
        shell::run(&mut npm(&["run", "--silent", "build"]))?;
        shell::run(&mut npm(&["test", "--silent"]))
    })
}
