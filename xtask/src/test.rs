//! All tests, in order from what fails most cheaply.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::stamp::{self, Inputs};
use crate::{dist, shell};

/// Packages from PyPI that check the Python package.
const PYTHON_TOOLS: &[&str] = &["mypy==2.4.1", "pytest==9.2.0", "ruff==0.17.6"];

/// Builds everything and runs the steps whose name contains `only`.
///
/// # Errors
/// Where the build fails; a failed test is counted instead.
pub(crate) fn run(only: Option<&str>) -> Result<ExitCode> {
    let dist = dist::build()?;
    let python = python_tools()?;
    let cargo = |arguments: &str| {
        let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = shell::command(program, &crate::root());
        command
            .args(arguments.split(' '))
            .env("PIPELINE_DIST", &dist);
        command
    };
    let python = |arguments: &str| {
        let mut command = shell::command(&python, &crate::root().join("python"));
        command
            .args(arguments.split(' '))
            .env("PIPELINE_DIST", &dist);
        command
    };
    let steps: Vec<(&str, Command)> = vec![
        ("format", cargo("fmt --all --check")),
        ("python: lint", python("-m ruff check .")),
        ("python: types", python("-m mypy")),
        ("python: tests", python("-m pytest -q")),
        (
            "conformance: Python natively",
            python("../tests/conformance/run_python.py"),
        ),
        (
            "lint",
            cargo("clippy --quiet --workspace --all-targets --release -- -D warnings"),
        ),
        (
            "documentation",
            documentation(cargo("doc --quiet --workspace --no-deps --release")),
        ),
        ("tests", cargo("test --workspace --release")),
    ];
    let (mut passed, mut failed, mut skipped) = (0, Vec::new(), 0);
    for (name, mut command) in steps {
        if only.is_some_and(|only| !name.contains(only)) {
            skipped += 1;
            continue;
        }
        shell::say(format_args!("\n== {name}"));
        match shell::run(&mut command) {
            Ok(()) => passed += 1,
            Err(error) => {
                shell::say(format_args!("error: {error:#}"));
                failed.push(name);
            }
        }
    }
    for name in &failed {
        shell::say(format_args!("failed: {name}"));
    }
    println!(
        "\n{passed} passed, {} failed, {skipped} skipped",
        failed.len()
    );
    Ok(if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn documentation(mut command: Command) -> Command {
    command.env("RUSTDOCFLAGS", "-D warnings");
    command
}

/// A Python of the machine's own with the tools, apart from what else it has.
fn python_tools() -> Result<PathBuf> {
    let environment = crate::target().join("python-tools");
    let python = environment.join("bin/python");
    let inputs = Inputs::new("python tools", 1).text(&PYTHON_TOOLS.join(" "));
    stamp::unless_done("install the tools for Python", inputs, &environment, || {
        let root = crate::root();
        shell::output(
            shell::command("python3", &root)
                .args(["-m", "venv", "--clear"])
                .arg(&environment),
        )?;
        let install = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ];
        shell::output(
            shell::command(Path::new(&python), &root)
                .args(install)
                .args(PYTHON_TOOLS),
        )
        .map(drop)
    })?;
    Ok(python)
}
