//! `pipeline bake`.

use std::fs;
use std::path::Path;
use std::time::Instant;

use pipeline_host::bake::{self, Bake, Peeked};
use pipeline_host::files::{self, Existing};
use pipeline_host::types::PipelineError;
use pipeline_host::{EngineOptions, Error, Sandbox};

use super::run::tell;
use crate::failure::{Failure, USAGE};
use crate::report::{self, ManifestText};
use crate::{cli, installation, interrupt, workspace};

/// Makes a component of a pipeline.
pub(crate) fn bake(arguments: &cli::Bake) -> Result<(), Failure> {
    let started = Instant::now();
    let output = &arguments.output;
    if output.extension().is_none_or(|ending| ending != "wasm") {
        let text = format!("`{}` does not end in .wasm", output.display());
        return Err(Failure::usage(text).help("the output is a WebAssembly component: -o my.wasm"));
    }
    if arguments.manifest != "-"
        && let Ok(Peeked::WebAssembly(_)) = bake::peek(arguments.manifest.as_ref())
    {
        let text = format!("`{}` is WebAssembly, and no manifest", arguments.manifest);
        return Err(Failure::usage(text).help("bake anew from the manifest and the nodes"));
    }
    let source = workspace::manifest(&arguments.manifest)?;
    let name = "pipeline.wasm";
    let path = installation::find(&arguments.installation, name)?.component;
    let (engine, component, directories) =
        workspace::load(&arguments.installation, name, &EngineOptions::default())?;
    let wasm = fs::read(&path).map_err(|error| {
        let reason = workspace::reason(&error);
        Failure::usage(format!("`{}` can't be read: {reason}", path.display()))
    })?;
    if bake::manifest(&wasm).is_some() {
        let text = format!("`{}` has a pipeline in it already", path.display());
        return Err(Failure::usage(text).help("--component takes the component as it is built"));
    }
    let failed = |error: Error| workspace::faulted(&error);
    let library = bake::library(&directories).map_err(failed)?;
    let sandbox = Sandbox::new(&engine, &component, directories).map_err(failed)?;
    let mut limits = arguments.limits.limits();
    limits.interrupt = Some(interrupt::stop(&engine));
    // Every file is an item, and nobody can use them all up.
    limits.items = None;
    let baked = workspace::block_on(async {
        // Said in the places of the user's own files.
        let loaded = async {
            let mut instance = sandbox.instantiate(&limits).await?;
            instance.load(&source.text).await
        };
        match loaded.await.map_err(failed)? {
            Ok(loaded) => report::diagnostics(&source, &loaded.warnings),
            Err(found) => {
                report::diagnostics(&source, &found.diagnostics);
                return Err(Failure::Told(USAGE));
            }
        }
        let mut all = bake::nodes(&sandbox, &limits).await.map_err(failed)?;
        all.extend(library);
        let bake = Bake {
            manifest: source.text.clone(),
            allow_other_manifests: arguments.allow_other_manifests,
            initialize: arguments.initialize,
        };
        let baked = bake.bake(&engine, (&wasm, &component), all, &limits).await;
        baked
            .map_err(failed)?
            .map_err(|error| refused(&source, &error, &sandbox))
    })?;
    write(output, &baked)?;
    // Whoever runs it here next finds compiled code.
    engine
        .load_baked(output, &path, &mut |_| {})
        .map_err(failed)?;
    report::tell(&format!(
        "baked {} in {:.1} s: {:.1} MB",
        output.display(),
        started.elapsed().as_secs_f64(),
        baked.len() as f64 / 1e6
    ));
    Ok(())
}

/// The pipeline could not be baked, although it can run.
fn refused(source: &ManifestText, error: &PipelineError, sandbox: &Sandbox) -> Failure {
    let mut error = error.clone();
    error.message = sandbox.directories().with_host_paths(&error.message);
    if let Some(traceback) = &mut error.traceback {
        *traceback = sandbox.directories().with_host_paths(traceback);
    }
    Failure::Told(tell(source, &error, &[]))
}

fn write(output: &Path, baked: &[u8]) -> Result<(), Failure> {
    files::write(output, baked, Existing::Replace).map_err(|error| {
        let reason = workspace::reason(&error);
        Failure::usage(format!("`{}` can't be written: {reason}", output.display()))
    })
}
