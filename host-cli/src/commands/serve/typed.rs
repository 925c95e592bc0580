//! Runs whose items are no JSON: the program itself talks to the pipeline component,
//! without the component for HTTP in front of it.

use http::StatusCode;
use pipeline_host::codec::document::{self, Form, Layout, invalid_manifest};
use pipeline_host::codec::names::Named as _;
use pipeline_host::codec::{Style, Writer};
use pipeline_host::http::mark;
use pipeline_host::types::{ErrorKind, Loaded, PipelineError};
use pipeline_host::{Engine, Error, Instance, InterruptGuard, Limits, Sandbox, on_a_thread};

use super::responses::{self, ServerResponse};

/// Makes instances of the pipeline component for requests.
pub(super) struct Typed {
    engine: Engine,
    sandbox: Sandbox,
}

impl Typed {
    pub(super) fn new(engine: Engine, sandbox: Sandbox) -> Self {
        Self { engine, sandbox }
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(super) fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// Limits of a run that can be stopped, and what stops it when it is dropped.
    pub(super) fn guarded(&self, limits: &Limits) -> (Limits, InterruptGuard) {
        let interrupt = self.engine.interrupt();
        let limits = Limits {
            interrupt: Some(interrupt.clone()),
            ..limits.clone()
        };
        (limits, interrupt.guard())
    }

    /// Works with a fresh instance, on a thread of its own, which begins at once.
    /// `held` is dropped when the instance is gone.
    pub(super) fn run<T, H, W>(
        &self,
        limits: Limits,
        path: &str,
        held: H,
        work: W,
    ) -> impl Future<Output = Result<T, Error>> + Send + use<T, H, W>
    where
        T: Send + 'static,
        H: Send + 'static,
        W: AsyncFnOnce(&mut Instance) -> Result<T, Error> + Send + 'static,
    {
        let sandbox = self.sandbox.clone().mark_prints(mark(path));
        let run = on_a_thread(async move || {
            let ended = async {
                let mut instance = sandbox.instantiate(&limits).await?;
                work(&mut instance).await
            };
            let ended = ended.await;
            drop(held);
            ended
        });
        async { run.await.flatten() }
    }
}

/// Loads a manifest; what is wrong with it is an answer.
pub(super) async fn load(
    instance: &mut Instance,
    manifest: &str,
) -> Result<Result<Loaded, PipelineError>, Error> {
    let loaded = instance.load(manifest).await?;
    Ok(loaded.map_err(|invalid| invalid_manifest(invalid.diagnostics)))
}

/// A pipeline failed, or can't run: as the component for HTTP says it.
pub(super) fn failed(error: &PipelineError, form: Form<'_>) -> ServerResponse {
    let status = match error.kind {
        ErrorKind::Internal | ErrorKind::SessionClosed => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let mut writer = Writer::new(Style::Compact);
    let kind = error.kind.name();
    let written = document::failure(&mut writer, error, kind, form, |writer, item| {
        writer.item(item)
    });
    match written {
        Ok(()) => responses::text(status, "application/json", writer.finish() + "\n"),
        Err(error) => broken(&error),
    }
}

/// The component gave a value that is none.
pub(super) fn broken(error: &dyn std::error::Error) -> ServerResponse {
    let text = format!("the pipeline component gave a broken value: {error}");
    responses::error(StatusCode::INTERNAL_SERVER_ERROR, "internal", text)
}

/// How a request wants its outputs, by its query.
#[derive(Clone, Copy, Default)]
pub(super) struct Options {
    pub(super) metrics: bool,
    pub(super) layout: Layout,
}

impl Options {
    pub(super) fn read(query: &str) -> Result<Self, ServerResponse> {
        let flag = |name: &str| match parameter(query, name).as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(bad(format!(
                "the parameter {name} is `{other}`; it can be true or false"
            ))),
        };
        Ok(Self {
            metrics: flag("metrics")?,
            layout: match flag("by-node")? {
                true => Layout::ByNode,
                false => Layout::Flat,
            },
        })
    }
}

/// A parameter of a query; the last one of its name.
pub(super) fn parameter(query: &str, name: &str) -> Option<String> {
    let mut all = query.split('&').filter_map(|pair| pair.split_once('='));
    let given = all.rfind(|(key, _)| *key == name)?.1;
    let decoded = percent_encoding::percent_decode_str(given).decode_utf8_lossy();
    Some(decoded.into_owned())
}

/// A request that can't be understood.
pub(super) fn bad(text: String) -> ServerResponse {
    responses::error(StatusCode::BAD_REQUEST, "bad-request", text)
}
