//! Commands, and lines that say what is going on.

use std::ffi::OsStr;
use std::fmt;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

/// Writes a line to stderr. A closed stderr is no reason to stop.
pub(crate) fn say(line: fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Says what is done, does it, and says how long it took.
///
/// # Errors
/// What `work` gives, with the step's name.
pub(crate) fn step<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let start = Instant::now();
    say(format_args!("  {what} ..."));
    let result = work().with_context(|| format!("could not {what}"))?;
    say(format_args!(
        "  {what}: {:.1} s",
        start.elapsed().as_secs_f64()
    ));
    Ok(result)
}

/// What `cargo run` tells a program of its package. Build scripts that look at these
/// would run again under a Cargo that inherits them, and all that depends on them be
/// compiled twice: once for `cargo xtask`, and once by it.
const OF_THIS_PACKAGE: &[&str] = &["CARGO_MANIFEST_", "CARGO_PKG_"];

/// A command with its program, run from `directory`.
pub(crate) fn command(program: impl AsRef<OsStr>, directory: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(directory).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let is_one = |prefix: &str| name.to_string_lossy().starts_with(prefix);
        if OF_THIS_PACKAGE.iter().any(|prefix| is_one(prefix)) {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs a command that shows its own output.
///
/// # Errors
/// Names the command where it can't be started or fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("can't start `{}`", show(command)))?;
    if !status.success() {
        bail!("`{}` failed ({status})", show(command));
    }
    Ok(())
}

/// Runs a command and gives its standard output. What it printed is in the
/// error where it fails.
///
/// # Errors
/// Names the command where it can't be started or fails.
pub(crate) fn output(command: &mut Command) -> Result<Vec<u8>> {
    let output = command
        .output()
        .with_context(|| format!("can't start `{}`", show(command)))?;
    if !output.status.success() {
        // Ninja, for one, says on its standard output what is wrong.
        let mut printed = output.stderr.trim_ascii();
        if printed.is_empty() {
            printed = &output.stdout;
        }
        let printed = String::from_utf8_lossy(printed);
        let lines: Vec<_> = printed.lines().collect();
        let last = lines[lines.len().saturating_sub(30)..].join("\n");
        bail!("`{}` failed ({}):\n{last}", show(command), output.status);
    }
    Ok(output.stdout)
}

/// A command as one would type it.
fn show(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
