//! `examples/compose`: a component of one's own that calls the pipeline
//! component, made one by the library of `wac`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::stamp::{self, Inputs};
use crate::toolchain::{TARGET, Toolchain};
use crate::{http, shell, tools};

/// Where it is said what the example prints.
const DESCRIBED: &str = "examples/README.md";

/// Builds the example, composes it, runs it under stock wasmtime and looks for
/// what it prints in its description.
///
/// # Errors
/// Where one of the commands fails or something else is printed.
pub(crate) fn test(dist: &Path) -> Result<()> {
    let printed = run(dist)?;
    let path = crate::root().join(DESCRIBED);
    let text = std::fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
    if printed.is_empty() || !text.contains(&printed) {
        bail!("the example printed\n{printed}and not what {DESCRIBED} says");
    }
    Ok(())
}

/// Builds the example, composes it and runs it; gives what it prints.
///
/// # Errors
/// Where one of the commands fails.
pub(crate) fn run(dist: &Path) -> Result<String> {
    let root = crate::root();
    let work = crate::target().join("examples");
    let wasmtime = tools::wasmtime()?;
    let program = build(&work)?;
    let composed = work.join("composed.wasm");
    shell::step("compose the example", || {
        let bytes = http::plug(&program, &dist.join("pipeline.wasm"))?;
        Ok(std::fs::write(&composed, bytes)?)
    })?;
    let compiled = work.join("composed.cwasm");
    let inputs = Inputs::new("compile the example", &[include_str!("compose.rs")])
        .file(&composed)?
        .text(tools::WASMTIME);
    stamp::unless_done("compile the example", inputs, &compiled, || {
        shell::output(
            shell::command(&wasmtime, &root)
                .arg("compile")
                .arg(&composed)
                .arg("-o")
                .arg(&compiled),
        )
        .map(drop)
    })?;
    let mut command = shell::command(&wasmtime, &root);
    command.args(["run", "--allow-precompiled"]);
    for (name, guest) in [("stdlib", "/stdlib"), ("python", "/python")] {
        let granted = format!("{}::{guest}", dist.join(name).display());
        command.args(["--dir", &granted]);
    }
    let printed = shell::output(command.arg(&compiled))?;
    Ok(String::from_utf8(printed)?)
}

fn build(work: &Path) -> Result<PathBuf> {
    let Toolchain::Rustup { .. } = Toolchain::find()? else {
        bail!("the example needs rustup: Debian's Rust links no components");
    };
    shell::step("compile the example", || {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        shell::run(
            shell::command(cargo, &crate::root().join("examples/compose"))
                .args(["build", "--release", "--locked", "--quiet"])
                .args(["--target", TARGET, "--target-dir"])
                .arg(work)
                .env_remove("RUSTFLAGS")
                .env_remove("CARGO_ENCODED_RUSTFLAGS"),
        )
    })?;
    Ok(work.join(TARGET).join("release/compose-example.wasm"))
}
