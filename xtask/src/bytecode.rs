//! Compiled bytecode beside the sources of the standard library and of the
//! package, made by the component's own Python.

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use pipeline_host::{Directories, Engine, EngineOptions, Limits, Sandbox, bytecode};

use crate::stamp::{self, Inputs};

/// Compiles all of `stdlib` and `python`. The files are never checked against
/// their sources: they are made together and neither changes afterwards.
///
/// # Errors
/// Where the component can't run, or a file can't be written.
pub(crate) fn compile(component: &Path, stdlib: &Path, python: &Path, work: &Path) -> Result<()> {
    let present = stdlib.join("__pycache__").is_dir();
    let inputs = Inputs::new("bytecode", &[include_str!("bytecode.rs")])
        .text(&present.to_string())
        .tree(stdlib)?
        .tree(python)?;
    let done = work.join("bytecode");
    stamp::unless_done("compile Python's bytecode", inputs, &done, || {
        let engine = Engine::new(&EngineOptions::default())?;
        let loaded = engine.load(component, &mut |_| {})?;
        let sandbox = Sandbox::new(&engine, &loaded, Directories::new(stdlib, python)?)?;
        let mut sources = bytecode::sources(stdlib)?;
        sources.extend(bytecode::sources(python)?);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let limits = Limits::none();
        let refused = runtime.block_on(bytecode::compile(&sandbox, &limits, &sources, false))?;
        ensure!(
            refused.iter().all(|file| file.path.starts_with(stdlib)),
            "the package has files that are no Python: {refused:?}"
        );
        Ok(fs::write(&done, sources.len().to_string())?)
    })
}
