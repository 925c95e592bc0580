//! `cargo xtask verify`: a quarter of an hour of looking for faults, beyond
//! what each change must pass.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};

use crate::test::{self, Tally};
use crate::{audit, crates, dist, docs, page, ray, shell, threats, wheel};

/// Does the parts whose name contains `only`; each fuzz target runs for some
/// seconds.
///
/// # Errors
/// Where the build fails; a part that fails is counted instead.
pub(crate) fn run(only: Option<&str>, seconds: u32) -> Result<ExitCode> {
    let dist = dist::build()?;
    let mut tally = Tally::default();
    let mut part = |name: &str, work: &mut dyn FnMut() -> Result<()>| match only {
        Some(only) if !name.contains(only) => tally.skipped += 1,
        _ => tally.step(name, work),
    };
    part("threat model", &mut threats::check);
    part("threats", &mut || threat_tests(&dist));
    part("audit", &mut || {
        let found = audit::run()? != ExitCode::SUCCESS;
        if found {
            bail!("the audit found something");
        }
        Ok(())
    });
    part("documentation: commands", &mut || {
        docs::try_all(&dist, &test::python_tools()?, &wheel::core()?)
    });
    part("documentation: pictures", &mut || {
        docs::check_pictures(&dist)
    });
    part("WebRTC: Chromium", &mut || page::test_webrtc(&dist));
    part("ray", &mut || ray::test(&dist));
    part("other systems", &mut crates::other_systems);
    part("miri: allocator", &mut miri);
    for target in fuzz_targets()? {
        part(&format!("fuzz: {target}"), &mut || fuzz(&target, seconds));
    }
    Ok(tally.finish())
}

/// The tests that are named after threats, against what was built.
fn threat_tests(dist: &Path) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // The whole workspace, so that nothing is compiled with other features.
    shell::run(
        shell::command(cargo, &crate::root())
            .args(["test", "--workspace", "--release", "--test", "all", "--"])
            .arg("threats::")
            .env("PIPELINE_DIST", dist),
    )
}

/// The allocator's own tests under Miri, which sees each access to memory.
fn miri() -> Result<()> {
    let present = shell::command("rustup", &crate::root())
        .args(["component", "add", "--toolchain", "nightly"])
        .args(["miri", "rust-src"])
        .output();
    if !present.is_ok_and(|output| output.status.success()) {
        shell::say(format_args!("  left out: rustup has no nightly with Miri"));
        return Ok(());
    }
    shell::run(
        nightly("cargo", &crate::root())
            .args(["miri", "test", "--package", "pipeline-component"])
            .args(["--lib", "--target-dir"])
            .arg(crate::target().join("miri"))
            .args(["--", "alloc::"])
            .env("PROPTEST_CASES", "4")
            // Arenas are kept for ever, as in the component.
            .env("MIRIFLAGS", "-Zmiri-disable-isolation -Zmiri-ignore-leaks"),
    )
}

/// The fuzz targets, as `fuzz/Cargo.toml` names them.
fn fuzz_targets() -> Result<Vec<String>> {
    let path = fuzz_directory().join("Cargo.toml");
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text =
        fs::read_to_string(&path).with_context(|| format!("can't read {}", path.display()))?;
    Ok(binaries(&text))
}

fn fuzz_directory() -> PathBuf {
    crate::root().join("fuzz")
}

/// The names of the `[[bin]]`s of a manifest.
fn binaries(manifest: &str) -> Vec<String> {
    let tables = manifest.split("[[bin]]").skip(1);
    tables
        .filter_map(|table| {
            let own = table.split("\n[").next().unwrap_or_default();
            let name = own.lines().find_map(|line| line.strip_prefix("name"))?;
            let name = name.trim_start().strip_prefix('=')?.trim();
            Some(name.trim_matches('"').to_owned())
        })
        .collect()
}

/// Runs a target from its committed corpus. What it finds by the way is kept
/// in the build's folder: the corpus that is committed stays small.
fn fuzz(target: &str, seconds: u32) -> Result<()> {
    let program = test::python_tools()?.with_file_name("cargo-fuzz");
    let found = crate::target().join("fuzz-corpus").join(target);
    fs::create_dir_all(&found)?;
    let committed = fuzz_directory().join("corpus").join(target);
    let mut command = nightly(program, &crate::root());
    command
        .args(["fuzz", "run", "--target-dir"])
        .arg(crate::target().join("fuzz"))
        .arg(target)
        .arg(&found);
    if committed.is_dir() {
        command.arg(committed);
    }
    shell::run(command.arg("--").args([
        format!("-max_total_time={seconds}"),
        "-print_final_stats=1".into(),
    ]))
}

/// A program that calls Cargo, which is to be the nightly one.
fn nightly(program: impl AsRef<std::ffi::OsStr>, directory: &Path) -> Command {
    let mut command = shell::command(program, directory);
    command
        .env("RUSTUP_TOOLCHAIN", "nightly")
        // These name the stable one, which runs this program.
        .env_remove("CARGO")
        .env_remove("RUSTC")
        .env_remove("RUSTDOC");
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read() {
        let manifest = "[package]\nname = \"fuzz\"\n\n[[bin]]\nname = \"json\"\npath = \"a.rs\"\n\n\
            [[bin]]\npath = \"b.rs\"\nname=\"yaml\"\n\n[profile.release]\nname = 1\n";
        assert_eq!(binaries(manifest), ["json", "yaml"]);
        assert!(binaries("[package]\nname = \"x\"\n").is_empty());
    }
}
