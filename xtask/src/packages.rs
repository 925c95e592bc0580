//! What works of the packages that people use: each program in
//! `tests/packages` uses one in the sandbox, and `docs/packages.md` says what
//! came of it. The same for add-ons.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::stamp::{self, Inputs};
use crate::{addons, dist, shell, test};

const HEAD: &str = "\
# Packages

Pure-Python packages that are much used, and what works of each: a program uses it in the sandbox, as shown in
[tests/packages](../tests/packages), with nothing but `pip install --target DIR` before and `--nodes DIR`. Written by
`cargo xtask packages`.

";

const ADDONS_HEAD: &str = include_str!("packages/add-ons.md");

/// A package and the program that uses it.
struct Package {
    /// The module of the program.
    module: String,
    name: String,
    version: String,
    /// What the program does with it.
    what: String,
    /// What else it needs, as `name==version`.
    needs: Option<String>,
}

/// Installs the packages whose name contains one of the given texts, or all,
/// and runs their programs. The document is written when all were run.
///
/// # Errors
/// Where a package can't be installed or the program can't be started.
pub(crate) fn run(only: &[String]) -> Result<ExitCode> {
    let dist = dist::build()?;
    let python = test::python_tools()?;
    let mut rows = Vec::new();
    for package in read(&programs())? {
        if !only.is_empty() && !only.iter().any(|text| package.name.contains(text)) {
            continue;
        }
        let result = use_package(
            &package,
            &programs(),
            &dist,
            Some(&install(&package, &python)?),
        )?;
        rows.push(row(package, result));
    }
    if only.is_empty() {
        fs::write(document(), table(HEAD, &rows))?;
    }
    Ok(summary(&rows))
}

/// Builds a component with all add-ons, runs their programs, and writes the document.
///
/// # Errors
/// Where an add-on can't be built, or the program can't be started.
pub(crate) fn addons() -> Result<ExitCode> {
    let dist = dist::build_with(&dist::Content {
        with: addons::names().map(str::to_owned).collect(),
        ..dist::Content::default()
    })?;
    let mut rows = Vec::new();
    for package in read(&addon_programs())? {
        let added = package
            .needs
            .as_ref()
            .map(|it| add(it, &dist))
            .transpose()?;
        let result = use_package(&package, &addon_programs(), &dist, added.as_deref())?;
        rows.push(row(package, result));
    }
    fs::write(addon_document(), table(ADDONS_HEAD, &rows))?;
    Ok(summary(&rows))
}

/// Compiles the smallest add-ons, and links a component with them: all that they call is
/// there.
///
/// # Errors
/// Names what can't be compiled, or is missing.
pub(crate) fn link_addons() -> Result<()> {
    let content = dist::Content {
        with: vec!["msgpack".to_owned(), "xxhash".to_owned()],
        ..dist::Content::default()
    };
    let work = dist::work()?;
    let _alone = dist::alone(&work)?;
    let made = work.join("linked-with");
    fs::create_dir_all(&made)?;
    dist::Parts::build(&content, &work, &made).map(drop)
}

/// A line of the table, which is said as well.
fn row(package: Package, result: std::result::Result<(), String>) -> (Package, Option<String>) {
    let works = result.as_ref().err().map_or("works", String::as_str);
    shell::say(format_args!(
        "{} {}: {works}",
        package.name, package.version
    ));
    (package, result.err())
}

fn summary(rows: &[(Package, Option<String>)]) -> ExitCode {
    let failed = rows.iter().filter(|(_, failure)| failure.is_some()).count();
    println!("\n{} passed, {failed} failed", rows.len() - failed);
    ExitCode::SUCCESS
}

fn addon_programs() -> PathBuf {
    crate::root().join("tests/add-ons")
}

fn addon_document() -> PathBuf {
    crate::root().join("docs/add-ons.md")
}

/// Adds a package as users do; gives the directory.
fn add(requirement: &str, dist: &Path) -> Result<PathBuf> {
    let directory = crate::target().join("packages").join(requirement);
    let inputs = Inputs::new("added", &[include_str!("packages.rs")]).text(requirement);
    stamp::unless_done(&format!("add {requirement}"), inputs, &directory, || {
        let program = dist::program(dist);
        shell::output(
            shell::command(program, &crate::root())
                .args(["add", requirement, "--into"])
                .arg(&directory),
        )
        .map(drop)
    })?;
    Ok(directory)
}

fn programs() -> PathBuf {
    crate::root().join("tests/packages")
}

fn document() -> PathBuf {
    crate::root().join("docs/packages.md")
}

/// What the first lines of the programs say: `"""name==version: what"""`.
fn read(programs: &Path) -> Result<Vec<Package>> {
    let mut packages = Vec::new();
    for file in stamp::files_below(programs)? {
        let Some(module) = file.file_stem().and_then(|stem| stem.to_str()) else {
            continue;
        };
        if file.extension().is_none_or(|extension| extension != "py") {
            continue;
        }
        let text = fs::read_to_string(&file)?;
        let first = text.lines().next().unwrap_or_default();
        let first = first.trim_matches('"');
        let package = first.split_once(": ").and_then(|(package, what)| {
            let (name, version) = package.split_once("==")?;
            Some(Package {
                module: module.to_owned(),
                name: name.to_owned(),
                version: version.to_owned(),
                what: what.to_owned(),
                needs: text
                    .lines()
                    .find_map(|line| line.strip_prefix("# needs: "))
                    .map(str::to_owned),
            })
        });
        packages.push(package.with_context(|| {
            let file = file.display();
            format!("{file} does not begin with `\"\"\"name==version: what\"\"\"`")
        })?);
    }
    packages.sort_by_key(|package| package.name.to_lowercase());
    ensure!(!packages.is_empty(), "there are no programs");
    Ok(packages)
}

/// Installs a package and what it needs, as users do; gives the directory.
fn install(package: &Package, python: &Path) -> Result<PathBuf> {
    let requirement = format!("{}=={}", package.name, package.version);
    let directory = crate::target().join("packages").join(&requirement);
    let inputs = Inputs::new("package", &[include_str!("packages.rs")]).text(&requirement);
    stamp::unless_done(
        &format!("install {requirement}"),
        inputs,
        &directory,
        || {
            shell::output(
                shell::command(python, &crate::root())
                    .args(["-m", "pip", "install", "--quiet", "--no-compile"])
                    .args(["--disable-pip-version-check", "--upgrade", "--target"])
                    .arg(&directory)
                    .arg(&requirement),
            )
            .map(drop)
        },
    )?;
    Ok(directory)
}

/// Runs a package's program; the inner error is why it does not work.
fn use_package(
    package: &Package,
    programs: &Path,
    dist: &Path,
    directory: Option<&Path>,
) -> Result<std::result::Result<(), String>> {
    let node = json!({"id": "use", "node_type": format!("{}:Use", package.module)});
    let manifest = json!({"version": "v1", "nodes": [node]});
    let folder = crate::target().join("packages");
    fs::create_dir_all(&folder)?;
    let file = folder.join("manifest.json");
    fs::write(&file, manifest.to_string())?;
    let program = dist::program(dist);
    let mut command = shell::command(program, &crate::root());
    command
        .arg("run")
        .arg(&file)
        .args(["--input", "0", "--timeout", "600", "--nodes"])
        .arg(programs);
    if let Some(directory) = directory {
        command.arg("--nodes").arg(directory);
    }
    let output = command
        .output()
        .context("can't start the program `pipeline`")?;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    if report["status"] == "success" {
        return Ok(Ok(()));
    }
    let message = report["error"]["message"].as_str().map_or_else(
        || String::from_utf8_lossy(&output.stderr).into_owned(),
        str::to_owned,
    );
    let line = message.lines().next().unwrap_or_default();
    let here = format!("{}/", folder.display());
    Ok(Err(line.replace(&here, "")))
}

fn table(head: &str, rows: &[(Package, Option<String>)]) -> String {
    let mut text = head.to_owned();
    let works = rows.iter().filter(|(_, failure)| failure.is_none()).count();
    let _ = writeln!(text, "{works} of {} work.\n", rows.len());
    text.push_str("| package | version | used for | |\n| --- | --- | --- | --- |\n");
    for (package, failure) in rows {
        let Package {
            name,
            version,
            what,
            ..
        } = package;
        let result = match failure {
            None => "works".to_owned(),
            Some(why) => format!("fails: {}", why.replace('|', "\\|")),
        };
        let _ = writeln!(text, "| {name} | {version} | {what} | {result} |");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table is not older than the programs, and says what was promised.
    #[test]
    fn the_document_has_a_row_for_each_program() {
        has_a_row_for_each_program(&document(), &programs());
    }

    /// The same, for all add-ons that there are.
    #[test]
    fn the_document_of_add_ons_has_a_row_for_each_program() {
        has_a_row_for_each_program(&addon_document(), &addon_programs());
        let packages = read(&addon_programs()).unwrap();
        for name in addons::names() {
            let version = addons::version(name).unwrap();
            let is_used = |it: &Package| it.name == name && it.version == version;
            assert!(packages.iter().any(is_used), "{name} {version}");
        }
    }

    fn has_a_row_for_each_program(document: &Path, programs: &Path) {
        let text = fs::read_to_string(document).unwrap();
        let rows: Vec<&str> = text
            .lines()
            .filter(|row| row.ends_with(" works |") || row.contains(" | fails: "))
            .collect();
        let packages = read(programs).unwrap();
        assert_eq!(rows.len(), packages.len());
        for package in &packages {
            let begin = format!(
                "| {} | {} | {} | ",
                package.name, package.version, package.what
            );
            assert!(rows.iter().any(|row| row.starts_with(&begin)), "{begin}");
        }
        let works = rows
            .iter()
            .filter(|row| row.ends_with(" | works |"))
            .count();
        assert!(works * 6 >= packages.len() * 5, "{works}");
        assert!(text.contains(&format!("\n{works} of {} work.\n", packages.len())));
    }
}
