//! Environments of Python's, each with what one job needs and nothing else.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::shell;
use crate::stamp::{self, Inputs};

/// Makes an environment with some packages in the build's folder, where that has
/// not been done, and gives its Python. `what` says what is installed.
///
/// # Errors
/// Where they can't be installed.
pub(crate) fn environment(what: &str, folder: &str, packages: &[&str]) -> Result<PathBuf> {
    let environment = crate::target().join(folder);
    let python = environment.join("bin/python");
    let inputs = Inputs::new(folder, &[include_str!("python.rs")]).text(&packages.join(" "));
    stamp::unless_done(&format!("install {what}"), inputs, &environment, || {
        make_empty(&environment)?;
        shell::output(
            shell::command(&python, &crate::root())
                .args(["-m", "pip", "install", "--quiet"])
                .arg("--disable-pip-version-check")
                .args(packages),
        )
        .map(drop)
    })?;
    Ok(python)
}

/// Makes an environment of the machine's own Python, without packages.
///
/// # Errors
/// Where Python is missing, or can't make one.
pub(crate) fn make_empty(environment: &Path) -> Result<()> {
    shell::output(
        shell::command("python3", &crate::root())
            .args(["-m", "venv", "--clear"])
            .arg(environment),
    )
    .map(drop)
}
