//! Pipelines that are fed and read item by item.
//!
//! A session borrows its instance, and Python's objects borrow nothing: so a
//! thread owns both, and does what the object asks of it.

use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use pipeline_host::types::{Input, Loaded, Part, PipelineError, RunResult};
use pipeline_host::{Error, Limits, Sandbox};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use tokio::sync::oneshot;

use crate::errors::Failed;
use crate::sandbox::{block_on, finished};
use crate::{lift, lower};

type Answer<T> = oneshot::Sender<Result<T, Failed>>;

/// What the thread of a session is asked to do.
enum Request {
    Push(Input, Answer<Part>),
    Pull(u32, Answer<Part>),
    End(Answer<Part>),
    Finish(Answer<RunResult>),
    Close(Answer<()>),
}

/// A pipeline at work in an instance of its own.
#[pyclass(module = "remotemedia._core", frozen)]
pub(crate) struct Session {
    requests: Mutex<Option<Sender<Request>>>,
    loaded: Loaded,
}

impl Session {
    pub(crate) fn open(sandbox: Sandbox, manifest: String, limits: Limits) -> Result<Self, Failed> {
        let (requests, receiver) = mpsc::channel();
        let (opened, is_open) = oneshot::channel();
        thread::Builder::new()
            .name("pipeline session".into())
            .spawn(move || block_on(serve(&sandbox, &manifest, &limits, opened, &receiver)))
            .map_err(|error| Error::Host(format!("no thread for a session: {error}").into()))?;
        let loaded = is_open.blocking_recv().unwrap_or_else(|_| Err(lost()))?;
        Ok(Self {
            requests: Mutex::new(Some(requests)),
            loaded,
        })
    }

    /// Asks the thread for something, and waits for it.
    fn ask<T: Send>(
        &self,
        py: Python<'_>,
        request: impl FnOnce(Answer<T>) -> Request + Send,
    ) -> PyResult<T> {
        let sender = self.requests.lock().ok().and_then(|sender| sender.clone());
        let Some(sender) = sender else {
            return Err(PyRuntimeError::new_err("the session is closed"));
        };
        let answered = py.detach(move || {
            let (give, answer) = oneshot::channel();
            let _ = sender.send(request(give));
            answer.blocking_recv().unwrap_or_else(|_| Err(lost()))
        });
        answered.map_err(|failed| failed.into_exception(py))
    }

    /// Nothing is asked after this.
    fn end_thread(&self) {
        if let Ok(mut sender) = self.requests.lock() {
            *sender = None;
        }
    }
}

#[pymethods]
impl Session {
    /// Gives an item; the first part of what the sinks give, and whether there is
    /// more.
    fn push<'py>(
        &self,
        py: Python<'py>,
        item: &Bound<'py, PyAny>,
    ) -> PyResult<(Bound<'py, PyList>, bool)> {
        let input = lower::input(item, &lower::meant(py)?, "item")?;
        part(py, self.ask(py, |give| Request::Push(input, give))?)
    }

    /// The next part, of about so many outputs.
    fn pull<'py>(&self, py: Python<'py>, most: u32) -> PyResult<(Bound<'py, PyList>, bool)> {
        part(py, self.ask(py, |give| Request::Pull(most, give))?)
    }

    /// Ends the input; the first part of what the sinks still give.
    fn end<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyList>, bool)> {
        part(py, self.ask(py, Request::End)?)
    }

    /// Ends the session; what it came to.
    fn finish<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let ended = self.ask(py, Request::Finish);
        self.end_thread();
        finished(py, ended?, &self.loaded)
    }

    /// Cleans up without flushing.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        if self.requests.lock().is_ok_and(|sender| sender.is_none()) {
            return Ok(());
        }
        let closed = self.ask(py, Request::Close);
        self.end_thread();
        closed
    }
}

fn part(py: Python<'_>, part: Part) -> PyResult<(Bound<'_, PyList>, bool)> {
    Ok((lift::outputs(py, part.outputs)?, part.more))
}

fn lost() -> Failed {
    Error::Host("the thread of the session is gone".into()).into()
}

/// Opens a session, and answers requests until there are none any more.
async fn serve(
    sandbox: &Sandbox,
    manifest: &str,
    limits: &Limits,
    opened: oneshot::Sender<Result<Loaded, Failed>>,
    requests: &Receiver<Request>,
) {
    let load = async {
        let mut instance = sandbox.instantiate(limits).await?;
        match instance.load(manifest).await? {
            Ok(loaded) => Ok((instance, loaded)),
            Err(invalid) => Err(Failed::Manifest(invalid.diagnostics)),
        }
    };
    let (mut instance, loaded) = match load.await {
        Ok(loaded) => loaded,
        Err(error) => return drop(opened.send(Err(error))),
    };
    let mut session = match instance.open(&loaded.manifest).await {
        Ok(Ok(session)) => session,
        Ok(Err(error)) => return drop(opened.send(Err(error.into()))),
        Err(fault) => return drop(opened.send(Err(fault.into()))),
    };
    if opened.send(Ok(loaded)).is_err() {
        return;
    }
    let flat = |answer: Result<Result<Part, PipelineError>, Error>| match answer {
        Ok(part) => part.map_err(Failed::from),
        Err(fault) => Err(fault.into()),
    };
    // Whoever asked may have gone: then nobody wants the answer.
    while let Ok(request) = requests.recv() {
        match request {
            Request::Push(input, give) => drop(give.send(flat(session.push(&input).await))),
            Request::Pull(most, give) => drop(give.send(flat(session.pull(most).await))),
            Request::End(give) => drop(give.send(flat(session.end().await))),
            Request::Finish(give) => {
                let ended = match session.finish().await {
                    Ok(run) => run.map_err(Failed::from),
                    Err(fault) => Err(fault.into()),
                };
                return drop(give.send(ended));
            }
            Request::Close(give) => {
                return drop(give.send(session.close().await.map_err(Failed::from)));
            }
        }
    }
    let _ = session.close().await;
}
