//! The one model that is fetched: that of Silero VAD, which its package on PyPI has.

use std::path::PathBuf;

use anyhow::Result;

use crate::stamp::{self, Inputs};
use crate::{python, shell};

/// The package, and its version. What it needs beside the model is left out.
const PACKAGE: &str = "silero-vad==6.2.3";

/// The directory that is granted to pipelines for the model.
///
/// # Errors
/// Where pip can't install the package.
pub(super) fn silero() -> Result<PathBuf> {
    let directory = crate::target().join("sdk-models");
    let inputs = Inputs::new("models", &[include_str!("models.rs")]);
    stamp::unless_done("fetch Silero's model", inputs, &directory, || {
        let python = python::environment(
            "what the tests need",
            "sdk-tools",
            super::python_tests::NEEDED,
        )?;
        let mut pip = shell::command(python, &crate::root());
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--no-compile",
        ])
        .args(["--disable-pip-version-check", "--upgrade", "--target"])
        .arg(&directory)
        .arg(PACKAGE);
        shell::output(&mut pip).map(drop)
    })?;
    Ok(directory)
}
