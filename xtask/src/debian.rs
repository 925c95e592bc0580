//! Debian's packages, for programs that the build or a test can't do without.

use anyhow::{Result, bail};

use crate::shell;

/// Installs the packages of those programs that are missing, where that can be
/// done: as root, with `apt-get`.
///
/// # Errors
/// Says what to install where it can't be done here.
pub(crate) fn install(programs: &[(&str, &str)]) -> Result<()> {
    let missing: Vec<_> = programs
        .iter()
        .filter(|(program, _)| !is_there(program))
        .map(|(_, package)| *package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    let user = shell::output(shell::command("id", &crate::root()).arg("-u")).unwrap_or_default();
    if user.trim_ascii() != b"0" || !is_there("apt-get") {
        bail!("{names}: not on the path; on Debian, `apt-get install {names}` as root installs it");
    }
    shell::step(&format!("install {names}"), || apt_get(&missing))
}

/// Installs packages.
///
/// # Errors
/// Where `apt-get` is not there, or fails.
pub(crate) fn apt_get(packages: &[&str]) -> Result<()> {
    let run = |arguments: &[&str]| {
        let mut command = shell::command("apt-get", &crate::root());
        command
            .args(["--quiet", "--yes"])
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive");
        shell::output(&mut command).map(drop)
    };
    // A stale list of packages is the usual reason for a failure.
    run(&["update"])?;
    run(&[&["install", "--no-install-recommends"], packages].concat())
}

/// Whether a program is on the path.
fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
