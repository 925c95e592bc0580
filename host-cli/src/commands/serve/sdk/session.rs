//! A session, from its manifest to its end.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use pipeline_host::codec;
use pipeline_host::types::{Data, NodeOutputs, Part, PipelineError};
use pipeline_host::{Error, Instance, Session};
use tokio::sync::{mpsc, oneshot, watch};

use super::super::typed;
use super::answers::Refusal;
use super::items;
use super::outputs::Outputs;

/// How many outputs are asked for at a time.
const AT_ONCE: u32 = 64;

/// What a client asks of a session, and where it is told what came of it.
pub(super) enum Asked {
    Item(Data, Told),
    Close(Told),
}

pub(super) type Told = oneshot::Sender<Result<(), Refusal>>;

/// A session that runs.
pub(super) struct Running {
    pub(super) manifest: String,
    /// Is told whether it began.
    pub(super) begun: Option<Told>,
    pub(super) asked: mpsc::Receiver<Asked>,
    pub(super) outputs: Arc<Outputs>,
    /// Whether the server is about to end.
    pub(super) ending: watch::Receiver<bool>,
    /// How many outputs it has given.
    pub(super) given: u64,
}

/// Why a session ends early.
enum End {
    Failed(Box<PipelineError>),
    /// An output has no form in the SDK's JSON.
    Formless(String),
    Fault(Error),
    /// Nobody wants the rest.
    Unheard,
}

impl From<Error> for End {
    fn from(fault: Error) -> Self {
        Self::Fault(fault)
    }
}

impl From<PipelineError> for End {
    fn from(error: PipelineError) -> Self {
        Self::Failed(Box::new(error))
    }
}

impl End {
    /// What to say of it.
    fn refusal(&self) -> Refusal {
        match self {
            Self::Failed(error) => Refusal::failed(error),
            Self::Formless(why) => {
                Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "execution", why)
            }
            Self::Fault(fault) => Refusal::fault(fault),
            Self::Unheard => Refusal::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "execution",
                "the session was closed, and nobody listened to what it gave",
            ),
        }
    }
}

impl Running {
    /// Runs it to its end.
    pub(super) async fn run(&mut self, instance: &mut Instance) -> Result<(), Error> {
        let mut closes = None;
        let ended = self.within(instance, &mut closes).await;
        let last = match &ended {
            Ok(()) | Err(End::Unheard) => None,
            Err(end) => Some(event("error", &end.refusal().body.to_string())),
        };
        self.outputs.end(last);
        if let Some(told) = self.begun.take() {
            let _ = told.send(match &ended {
                Err(end) => Err(end.refusal()),
                Ok(()) => Ok(()),
            });
        }
        if let Some(told) = closes {
            let _ = told.send(match &ended {
                Ok(()) | Err(End::Unheard) => Ok(()),
                Err(end) => Err(end.refusal()),
            });
        }
        match ended {
            Err(End::Fault(fault)) => Err(fault),
            _ => Ok(()),
        }
    }

    async fn within(
        &mut self,
        instance: &mut Instance,
        closes: &mut Option<Told>,
    ) -> Result<(), End> {
        let loaded = typed::load(instance, &self.manifest).await??;
        let mut session = instance.open(&loaded.manifest).await??;
        if let Some(told) = self.begun.take() {
            let _ = told.send(Ok(()));
        }
        let mut fed = false;
        loop {
            let asked = tokio::select! {
                asked = self.asked.recv() => asked,
                _ = self.ending.wait_for(|ending| *ending) => {
                    self.outputs.close();
                    break;
                }
            };
            match asked {
                // It was given up.
                None => {
                    session.close().await?;
                    return Ok(());
                }
                Some(Asked::Close(told)) => {
                    *closes = Some(told);
                    break;
                }
                Some(Asked::Item(item, told)) => {
                    fed = true;
                    let part = session.push(&item.into()).await;
                    let pushed = self.parts(&mut session, part).await;
                    let _ = told.send(match &pushed {
                        Ok(()) => Ok(()),
                        Err(end) => Err(end.refusal()),
                    });
                    pushed?;
                }
            }
        }
        // Without any item its sources would begin to produce their own.
        if !fed {
            session.close().await?;
            return Ok(());
        }
        let part = session.end().await;
        self.parts(&mut session, part).await?;
        let run = session.finish().await??;
        self.give(run.outputs).await
    }

    /// Gives a part, and those that follow.
    async fn parts(
        &mut self,
        session: &mut Session<'_>,
        first: Result<Result<Part, PipelineError>, Error>,
    ) -> Result<(), End> {
        let mut next = first;
        loop {
            match next? {
                Ok(part) => {
                    self.give(part.outputs).await?;
                    if !part.more {
                        return Ok(());
                    }
                }
                Err(mut error) => {
                    // What sinks gave before is not lost.
                    self.give(std::mem::take(&mut error.outputs)).await?;
                    return Err(error.into());
                }
            }
            next = session.pull(AT_ONCE).await;
        }
    }

    async fn give(&mut self, outputs: Vec<NodeOutputs>) -> Result<(), End> {
        for NodeOutputs { node_id, items } in outputs {
            for input in codec::one_by_one(codec::for_all(items)) {
                self.given += 1;
                let written = items::write(&node_id, input.item, self.given);
                let written =
                    written.map_err(|why| End::Formless(format!("node `{node_id}`: {why}")))?;
                let put = self.outputs.put(event("", &written)).await;
                put.map_err(|_| End::Unheard)?;
            }
        }
        Ok(())
    }
}

/// A server-sent event; clients of the SDK pass over those that have a name.
fn event(name: &str, data: &str) -> Bytes {
    match name {
        "" => format!("data: {data}\n\n").into(),
        name => format!("event: {name}\ndata: {data}\n\n").into(),
    }
}
