//! A pipeline that is ready to run.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pipeline_host::types::Manifest;
use pipeline_host::{
    Component, Directories, Engine, EngineOptions, Interrupt, Limits, Sandbox, Workers, bytecode,
};
use tempfile::TempDir;

use crate::cli::Installation;
use crate::commands::nats::arguments::Work;
use crate::commands::nats::bundle;
use crate::failure::{Failure, USAGE};
use crate::report::{self, ManifestText};
use crate::{installation, workspace};

/// A version of a pipeline with the threads that run it.
pub(super) struct Pipeline {
    pub(super) version: String,
    pub(super) manifest: Arc<Manifest>,
    pub(super) sandbox: Sandbox,
    pub(super) workers: Workers,
    /// How many runs there are at the same time.
    pub(super) concurrency: usize,
    /// Where its nodes are, if they were deployed: dropped last.
    _directory: Option<TempDir>,
}

/// Makes pipelines of manifests and nodes.
pub(super) struct Maker {
    engine: Engine,
    component: Component,
    installation: Installation,
    limits: Limits,
    threads: NonZero<usize>,
}

impl Maker {
    /// Loads the component.
    pub(super) fn new(
        arguments: &Work,
        options: &EngineOptions,
        threads: NonZero<usize>,
    ) -> Result<Self, Failure> {
        let installation = arguments.installation.clone();
        let (engine, component, _) = workspace::load(&installation, "pipeline.wasm", options)?;
        Ok(Self {
            engine,
            component,
            installation,
            limits: arguments.limits.limits(),
            threads,
        })
    }

    /// What stops runs.
    pub(super) fn interrupt(&self) -> Interrupt {
        self.engine.interrupt()
    }

    /// A pipeline of files on this machine.
    pub(super) async fn of_files(&self, manifest: &str) -> Result<Pipeline, Failure> {
        let source = workspace::manifest(manifest)?;
        let nodes = &self.installation.nodes;
        let version = bundle::version(&source, nodes).map_err(|error| {
            let reason = workspace::reason(&error);
            Failure::usage(format!("the nodes can't be read: {reason}"))
        })?;
        for directory in nodes.iter().filter(|nodes| is_source(nodes)) {
            let directory = directory.display();
            report::tell(&format!(
                "note: the modules in `{directory}` are not compiled, so that each run compiles \
                 those it imports: `pipeline compile {directory}` does it once"
            ));
        }
        self.make(&source, version, nodes, None).await
    }

    /// A pipeline of an archive.
    pub(super) async fn of_archive(&self, archive: &[u8]) -> Result<Pipeline, Failure> {
        let directory = tempfile::Builder::new()
            .prefix("pipeline-")
            .tempdir()
            .map_err(|error| {
                let reason = workspace::reason(&error);
                Failure::failed(format!("no directory for its nodes: {reason}"))
            })?;
        let unpacked = bundle::unpack(archive, directory.path()).map_err(Failure::failed)?;
        let version = bundle::version_of(archive);
        self.make(
            &unpacked.manifest,
            version,
            &unpacked.nodes,
            Some(directory),
        )
        .await
    }

    async fn make(
        &self,
        source: &ManifestText,
        version: String,
        nodes: &[PathBuf],
        directory: Option<TempDir>,
    ) -> Result<Pipeline, Failure> {
        let sandbox = Sandbox::new(&self.engine, &self.component, self.directories(nodes)?)
            .map_err(|error| Failure::usage(error.in_full()))?;
        let faulted = |fault| workspace::faulted(&fault);
        if directory.is_some() {
            self.compile(&sandbox, nodes).await?;
        }
        let mut instance = sandbox.instantiate(&self.limits).await.map_err(faulted)?;
        let loaded = instance.load(&source.text).await.map_err(faulted)?;
        let loaded = loaded.map_err(|invalid| {
            report::diagnostics(source, &invalid.diagnostics);
            Failure::Told(USAGE)
        })?;
        report::diagnostics(source, &loaded.warnings);
        let workers = Workers::new(&sandbox, self.threads)
            .map_err(|error| Failure::failed(format!("no threads to run with: {error}")))?;
        Ok(Pipeline {
            version,
            manifest: Arc::new(loaded.manifest),
            sandbox,
            workers,
            concurrency: self.threads.get(),
            _directory: directory,
        })
    }

    fn directories(&self, nodes: &[PathBuf]) -> Result<Directories, Failure> {
        let installation = Installation {
            nodes: nodes.to_vec(),
            ..self.installation.clone()
        };
        Ok(installation::find(&installation, "pipeline.wasm")?.directories)
    }

    /// Compiles deployed nodes, so that runs start sooner. What can't be compiled
    /// fails where it is imported, if it is.
    async fn compile(&self, sandbox: &Sandbox, nodes: &[PathBuf]) -> Result<(), Failure> {
        let failed = |error: pipeline_host::Error| Failure::failed(error.in_full());
        let mut sources = Vec::new();
        for directory in nodes {
            sources.extend(bytecode::sources(directory).map_err(failed)?);
        }
        if !sources.is_empty() {
            // The files are nobody else's: they need not be compared at each import.
            let compiled = bytecode::compile(sandbox, &self.limits, &sources, false).await;
            for refused in compiled.map_err(failed)? {
                tracing::info!(file = %refused.path.display(), refused.reason, "not compiled");
            }
        }
        Ok(())
    }
}

/// Whether a directory has modules and no bytecode.
fn is_source(directory: &Path) -> bool {
    let sources = bytecode::sources(directory).unwrap_or_default();
    let compiled = |source: &PathBuf| source.with_file_name("__pycache__").exists();
    !sources.is_empty() && !sources.iter().any(compiled)
}
