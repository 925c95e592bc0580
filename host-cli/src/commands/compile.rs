//! `pipeline compile`.

use pipeline_host::bytecode;

use crate::cli;
use crate::failure::{FAILED, Failure};
use crate::{interrupt, report, workspace};

/// Writes the bytecode of all modules in directories with nodes.
pub(crate) fn compile(arguments: &cli::Compile) -> Result<(), Failure> {
    let mut installation = arguments.installation.clone();
    installation.nodes.extend_from_slice(&arguments.directories);
    let (engine, sandbox) = workspace::open(&installation)?;
    let mut limits = arguments.limits.limits();
    limits.interrupt = Some(interrupt::stop(&engine));
    let mut sources = Vec::new();
    for directory in &installation.nodes {
        sources
            .extend(bytecode::sources(directory).map_err(|error| Failure::usage(error.in_full()))?);
    }
    let refused = workspace::block_on(async {
        let compiled = bytecode::compile(&sandbox, &limits, &sources, true).await;
        compiled.map_err(|error| workspace::faulted(&error))
    })?;
    for file in &refused {
        report::tell(&format!("{}: {}", file.path.display(), file.reason));
    }
    let compiled = sources.len() - refused.len();
    report::tell(&format!(
        "compiled {compiled} {}",
        if compiled == 1 { "module" } else { "modules" }
    ));
    if refused.is_empty() {
        Ok(())
    } else {
        Err(Failure::Told(FAILED))
    }
}
