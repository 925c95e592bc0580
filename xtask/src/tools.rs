//! Programs that only tests and examples use, from crates.io: each is built
//! once, as released, into `target/tools`.

use std::path::PathBuf;

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

impl Tool {
    /// Builds the program, where that has not been done.
    ///
    /// # Errors
    /// Where Cargo can't fetch or build it.
    pub(crate) fn install(&self) -> Result<PathBuf> {
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
                shell::command(cargo, &crate::root())
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
