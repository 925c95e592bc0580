//! Debian's packages, for programs that the build or a test can't do without.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, bail};

use crate::shell;

/// A program that comes with one of Debian's packages.
pub(crate) struct Program {
    /// Its name on the path.
    pub(crate) name: &'static str,
    pub(crate) package: &'static str,
    /// What it is for.
    pub(crate) purpose: &'static str,
}

/// Whether nothing may be installed outside of the build's own folder.
static FORBIDDEN: AtomicBool = AtomicBool::new(false);

/// From here on, what is missing is named and not installed.
pub(crate) fn forbid_installing() {
    FORBIDDEN.store(true, Ordering::Relaxed);
}

/// Whether it is for the user to install what is missing.
pub(crate) fn is_installing_forbidden() -> bool {
    FORBIDDEN.load(Ordering::Relaxed)
}

/// Installs the packages of those programs that are missing, where that can be
/// done: as root, with `apt-get`.
///
/// # Errors
/// Says what to install where it can't be done here.
pub(crate) fn install(programs: &[Program]) -> Result<()> {
    let missing: Vec<_> = programs
        .iter()
        .filter(|program| !is_there(program.name))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    for program in &missing {
        shell::say(format_args!(
            "  {} is missing: Debian's package {} has it, {}",
            program.name, program.package, program.purpose
        ));
    }
    let packages: Vec<_> = missing.iter().map(|program| program.package).collect();
    apt_get(&packages)
}

/// Installs packages.
///
/// # Errors
/// Says what to install where it can't be done here.
pub(crate) fn apt_get(packages: &[&str]) -> Result<()> {
    let names = packages.join(" ");
    let by_hand = format!("`apt-get install {names}` as root installs what is missing on Debian");
    if is_installing_forbidden() {
        bail!("nothing may be installed; {by_hand}");
    }
    let user = shell::output(shell::command("id", &crate::root()).arg("-u")).unwrap_or_default();
    if user.trim_ascii() != b"0" || !is_there("apt-get") {
        bail!("{by_hand}");
    }
    let run = |arguments: &[&str]| {
        let mut command = shell::command("apt-get", &crate::root());
        command
            .args(["--quiet", "--yes"])
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive");
        shell::output(&mut command).map(drop)
    };
    shell::step(&format!("apt-get install {names}"), || {
        // A stale list of packages is the usual reason for a failure.
        run(&["update"])?;
        run(&[&["install", "--no-install-recommends"], packages].concat())
    })
}

/// Whether a program is on the path.
fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
