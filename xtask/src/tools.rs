//! Programs that only tests and examples use, from crates.io: each is built
//! once, as released, into `target/tools`.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use anyhow::Result;

use crate::shell;
use crate::stamp::{self, Inputs};

/// A program of a crate.
pub(crate) struct Tool {
    name: &'static str,
    version: &'static str,
    program: &'static str,
    /// The features that are used; the rest would only take time to compile.
    features: &'static str,
}

/// The command line of wasmtime, of the release that the host library uses.
pub(crate) const WASMTIME: Tool = Tool {
    name: "wasmtime-cli",
    version: "48.0.8",
    program: "wasmtime",
    features: "run,serve,compile,cache,cranelift,component-model-async,pooling-allocator,\
        parallel-compilation,gc,gc-null,backtrace",
};

/// Held while a program is built.
static BUILDING: Mutex<()> = Mutex::new(());

impl Tool {
    /// Begins to build the program on a thread of its own, behind all else that the
    /// machine does. [`install`](Self::install) waits for it, and says why it failed.
    pub(crate) fn begin(&'static self) {
        std::thread::spawn(|| self.install());
    }

    /// Builds the program, where that has not been done.
    ///
    /// # Errors
    /// Where Cargo can't fetch or build it.
    pub(crate) fn install(&self) -> Result<PathBuf> {
        let _alone = BUILDING.lock().unwrap_or_else(PoisonError::into_inner);
        let tools = crate::target().join("tools");
        let suffix = std::env::consts::EXE_SUFFIX;
        let program = tools.join("bin").join(format!("{}{suffix}", self.program));
        let inputs = Inputs::new("tool", &[include_str!("tools.rs")])
            .text(self.name)
            .text(self.version)
            .text(self.features);
        let what = format!("build {} {}", self.name, self.version);
        stamp::unless_done(&what, inputs, &program, || {
            let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            shell::output(
                // Tests that run meanwhile go first.
                shell::command("nice", &crate::root())
                    .arg(cargo)
                    .args(["install", self.name, "--version", self.version])
                    .args(["--locked", "--force", "--no-default-features"])
                    .args(["--features", self.features, "--root"])
                    .arg(&tools)
                    .arg("--target-dir")
                    .arg(tools.join("build")),
            )
            .map(drop)
        })?;
        Ok(program)
    }
}
