//! The built component, loaded once.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use pipeline_host::codec::document::plain_error;
use pipeline_host::types::{ErrorKind, Input, PipelineError, RunResult};
use pipeline_host::{Directories, Engine, Instance, Limits, Sandbox};

pub(crate) use crate::compare::{item, written};

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What `cargo xtask build` has built.
pub(crate) fn dist() -> PathBuf {
    std::env::var_os("PIPELINE_DIST").map_or_else(|| root().join("target/dist"), PathBuf::from)
}

/// A sandbox that sees a directory with nodes.
pub(crate) fn sandbox(nodes: Option<&Path>) -> Sandbox {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    let engine = ENGINE.get_or_init(|| Engine::new(&Default::default()).expect("an engine"));
    let dist = dist();
    let component = engine
        .load_installed(&dist.join("pipeline.wasm"), &mut |_| {})
        .expect("the component; `cargo xtask build` builds it");
    let mut directories =
        Directories::new(&dist.join("stdlib"), &dist.join("python")).expect("the directories");
    if let Some(nodes) = nodes {
        directories
            .add_nodes(nodes)
            .expect("the directory with nodes");
    }
    Sandbox::new(engine, &component, directories).expect("a sandbox")
}

/// Limits that a test meets only when it hangs.
pub(crate) fn limits() -> Limits {
    Limits {
        timeout: Some(Duration::from_secs(600)),
        ..Limits::default()
    }
}

/// Runs a future to its end.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}

/// Loads a manifest and runs it in a fresh instance.
pub(crate) fn run(
    sandbox: &Sandbox,
    manifest: &str,
    inputs: Option<&[Input]>,
) -> Result<RunResult, PipelineError> {
    block_on(async {
        let mut instance: Instance = sandbox.instantiate(&limits()).await.expect("an instance");
        match instance.load(manifest).await.expect("no fault") {
            Ok(loaded) => instance
                .execute(&loaded.manifest, inputs)
                .await
                .expect("no fault"),
            Err(invalid) => {
                let diagnostics = invalid.diagnostics;
                let messages: Vec<_> = diagnostics.iter().map(|d| d.message.as_str()).collect();
                let message = messages.join("; ");
                let kind = ErrorKind::InvalidManifest;
                Err(plain_error(kind, message, diagnostics))
            }
        }
    })
}
