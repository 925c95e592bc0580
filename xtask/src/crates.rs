//! The crates as others get them: what the library depends on, what is in the
//! packages, and whether they compile for other systems.

use std::process::Command;

use anyhow::{Result, bail, ensure};

use crate::shell;

/// What belongs to the program, and not to the library.
const OF_THE_PROGRAM: &[&str] = &[
    "clap",
    "ctrlc",
    "hyper-util",
    "indicatif",
    "miette",
    "prometheus",
    "tracing-subscriber",
];

/// Systems that the library and the program should compile for, though nothing
/// is run there.
const OTHER_SYSTEMS: &[&str] = &["aarch64-apple-darwin"];

fn cargo(arguments: &str) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = shell::command(cargo, &crate::root());
    command.args(arguments.split(' '));
    command
}

/// Checks what the library depends on, and that the packages have the WIT.
///
/// # Errors
/// Names what should not be there, or is missing.
pub(crate) fn check() -> Result<()> {
    for features in ["--all-features", "--features=default"] {
        let arguments = "tree --locked -p pipeline-host -e normal --prefix none -f {lib}";
        let tree = String::from_utf8(shell::output(cargo(arguments).arg(features))?)?;
        let names: Vec<String> = tree
            .lines()
            .map(|name| name.trim().replace('_', "-"))
            .collect();
        ensure!(names.len() > 50, "cargo tree gave {} crates", names.len());
        for name in OF_THE_PROGRAM {
            ensure!(
                !names.iter().any(|found| found == name),
                "pipeline-host with {features} depends on {name}, which is for the program"
            );
        }
        // Answering HTTP needs wasmtime's types for it, which are hyper's.
        if features == "--features=default" && names.iter().any(|name| name == "hyper") {
            bail!("pipeline-host depends on hyper without its feature `http`");
        }
    }
    for (package, files) in [
        (
            "pipeline-codec",
            ["wit/types.wit", "wit/world.wit", "src/lib.rs"],
        ),
        (
            "pipeline-host",
            ["wit/types.wit", "wit/executor.wit", "examples/stream.rs"],
        ),
    ] {
        let list = format!("package --locked --list --allow-dirty -p {package}");
        let listed = String::from_utf8(shell::output(&mut cargo(&list))?)?;
        for file in files {
            ensure!(
                listed.lines().any(|listed| listed == file),
                "the package {package} lacks {file}"
            );
        }
    }
    Ok(())
}

/// Whether library and program compile for other systems: those whose Rust
/// rustup has or gets. C in dependencies is left out, since nothing is linked.
///
/// # Errors
/// Where they don't.
pub(crate) fn other_systems() -> Result<()> {
    for target in OTHER_SYSTEMS {
        let had = shell::command("rustup", &crate::root())
            .args(["target", "add", target])
            .output();
        if !had.is_ok_and(|output| output.status.success()) {
            shell::say(format_args!("  left out: rustup has no {target}"));
            continue;
        }
        let name = target.replace('-', "_");
        shell::run(
            cargo("check --locked --release -p pipeline-host -p pipeline-cli")
                .args(["--target", target, "--target-dir"])
                .arg(crate::target().join("other-systems"))
                .env(format!("CC_{name}"), "true")
                .env(format!("CXX_{name}"), "true")
                .env(format!("AR_{name}"), "true"),
        )?;
    }
    Ok(())
}
