//! The package for JavaScript: `js/`, built, packed and tested by npm.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::stamp::{self, Inputs};
use crate::{debian, dist, page, shell};

/// Files that say how a package is built.
const SETTINGS: [&str; 3] = ["package.json", "package-lock.json", "tsconfig.json"];

/// Engines that the installed package is tested on, beside the oldest Node that
/// it takes, which `js/` brings itself.
const ENGINES: [&str; 3] = ["node@26.10.0", "bun@1.4.5", "deno@2.9.6"];

/// Builds everything, then the tarball.
///
/// # Errors
/// As [`pack`].
pub(crate) fn run() -> Result<PathBuf> {
    pack(&dist::build()?)
}

/// Builds the package in `js/`. `dist` is the build.
///
/// # Errors
/// Where npm is missing or fails.
pub(crate) fn build(dist: &Path) -> Result<()> {
    let package = package();
    install(&package)?;
    let inputs = built(Inputs::new("npm package", &[include_str!("npm.rs")]), dist)?;
    let inputs = sources(inputs, &package, &["src", "scripts"])?;
    // The last file that is made.
    let last = package.join("dist/assets/licence-fflate.txt");
    stamp::unless_done("build the npm package", inputs, &last, || {
        shell::output(&mut npm(&package, dist, "run --silent build")).map(drop)
    })
}

/// Makes the tarball that `npm install` takes, and gives its path.
///
/// # Errors
/// Where npm is missing or fails.
pub(crate) fn pack(dist: &Path) -> Result<PathBuf> {
    build(dist)?;
    let package = package();
    let out = crate::target().join("npm");
    fs::create_dir_all(&out)?;
    let mut pack = npm(&package, dist, "pack --silent --pack-destination");
    let name = String::from_utf8(shell::output(pack.arg(&out))?)?;
    let name = name.lines().last().context("npm packed nothing")?;
    Ok(out.join(name.trim()))
}

/// Builds the package and runs its tests, unless they passed before on the
/// same files. `dist` is the build.
///
/// # Errors
/// Where npm is missing, or one of them fails.
pub(crate) fn test(dist: &Path) -> Result<()> {
    build(dist)?;
    let (root, package) = (crate::root(), package());
    let inputs = built(Inputs::new("jco on Node", &[include_str!("npm.rs")]), dist)?
        .file(&dist.join("pipeline"))?
        .tree(&root.join("tests/conformance"))?
        .tree(&root.join("tests/stdlib"))?
        .tree(&root.join("examples"))?;
    let inputs = sources(inputs, &package, &["src", "scripts", "test", "examples"])?;
    let result = crate::target().join("hosts/jco-node.json");
    stamp::unless_done("test the npm package", inputs, &result, || {
        shell::run(&mut npm(&package, dist, "test --silent"))
    })
}

/// Installs the tarball into an empty directory and tests it there: on several
/// engines, with compilers and bundlers, and in a browser.
///
/// # Errors
/// Where npm or the browser is missing, or a test fails.
pub(crate) fn test_installed(dist: &Path) -> Result<()> {
    let (root, package) = (crate::root(), package());
    let tarball = pack(dist)?;
    debian::install(&page::PROGRAMS)?;
    install(&root.join("web"))?;
    let engines = engines()?;
    let inputs = built(
        Inputs::new("installed npm package", &[include_str!("npm.rs")]),
        dist,
    )?
    .text(&ENGINES.join(" "))
    .file(&package.join("README.md"))?
    .file(&root.join("web/package-lock.json"))?
    .file(&root.join("web/test/browsers.mjs"))?
    .file(&root.join("web/test/server.mjs"))?
    .file(&root.join("web/test/sound.mjs"))?;
    let inputs = sources(inputs, &package, &["src", "scripts", "test/package"])?;
    let passed = crate::target().join("npm/passed");
    stamp::unless_done("test the installed npm package", inputs, &passed, || {
        shell::run(
            npm(&package, dist, "run --silent test:package")
                .env("PIPELINE_TARBALL", &tarball)
                .env("PIPELINE_ENGINES", engines.join("node_modules/.bin")),
        )?;
        Ok(fs::write(&passed, "")?)
    })
}

/// Runs a client of gRPC against the program: the calls of the SDK's own client.
///
/// # Errors
/// Where npm is missing, or a test fails.
pub(crate) fn test_grpc(dist: &Path) -> Result<()> {
    let package = crate::root().join("tests/grpc");
    install(&package)?;
    shell::run(&mut npm(&package, dist, "test --silent"))
}

/// Installs the engines, and gives where.
fn engines() -> Result<PathBuf> {
    let folder = crate::target().join("npm/engines");
    let inputs = Inputs::new("engines", &[include_str!("npm.rs")]).text(&ENGINES.join(" "));
    let installed = folder.join("node_modules/.package-lock.json");
    stamp::unless_done("install engines for JavaScript", inputs, &installed, || {
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("package.json"), "{ \"private\": true }\n")?;
        let mut install = npm(
            &folder,
            &folder,
            "install --no-audit --no-fund --save-exact",
        );
        shell::output(install.args(ENGINES)).map(drop)
    })?;
    Ok(folder)
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

/// Adds what the package takes from the build.
///
/// # Errors
/// Where a file can't be read.
pub(crate) fn built(inputs: Inputs, dist: &Path) -> Result<Inputs> {
    inputs
        .file(&dist.join("pipeline.wasm"))?
        .file(&dist.join("NOTICE"))?
        .tree(&dist.join("stdlib"))?
        .tree(&dist.join("python"))
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

fn package() -> PathBuf {
    crate::root().join("js")
}
