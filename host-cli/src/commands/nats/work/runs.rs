//! One message, run.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pipeline_host::codec::document::plain_error;
use pipeline_host::codec::names::Named as _;
use pipeline_host::types::{Data, ErrorKind, Input, NodeOutputs, PipelineError};
use pipeline_host::{Error, Instance, LimitError, Limits, codec};

use tokio::sync::watch;

use super::delivery::Delivery;
use super::pipeline::Pipeline;
use crate::commands::nats::arguments::Retry;
use crate::commands::nats::headers::{self, CONTENT_TYPE};
use crate::commands::nats::payload;
use crate::commands::run::fault_kind;

/// What came of a message.
pub(super) struct Ran {
    pub(super) result: Result<Vec<Output>, Failed>,
    /// What made it.
    pub(super) version: String,
    /// How long it ran; not at all where it could not begin.
    pub(super) took: Duration,
}

/// An output.
pub(super) struct Output {
    pub(super) node: String,
    /// Its number among those of its node.
    pub(super) number: usize,
    pub(super) payload: String,
}

/// Why a message has no outputs.
pub(super) enum Failed {
    /// It was cut, and says nothing of the message.
    Cut,
    /// The run failed.
    Error {
        kind: String,
        error: Box<PipelineError>,
        /// Whether another run may go better, and by whose doing.
        again: Option<Retry>,
    },
}

impl Failed {
    /// The message itself is wrong.
    pub(super) fn input(message: String) -> Self {
        let error = plain_error(ErrorKind::InvalidInput, message, Vec::new());
        Self::of(error, &[])
    }

    /// The pipeline failed.
    pub(super) fn of(error: PipelineError, refusals: &[LimitError]) -> Self {
        // Nothing fails because it can't print any more.
        let limit = refusals
            .iter()
            .find(|refusal| !matches!(refusal, LimitError::Log { .. }));
        let again = match error.kind {
            ErrorKind::InvalidManifest | ErrorKind::NeedsInput | ErrorKind::InvalidInput => None,
            _ => Some(Retry::All),
        };
        Self::Error {
            kind: limit.map_or(error.kind.name(), LimitError::kind).to_owned(),
            error: Box::new(error),
            again,
        }
    }

    /// The run ended without a result.
    pub(super) fn fault(fault: &Error) -> Self {
        if let Error::Interrupted = fault {
            return Self::Cut;
        }
        let again = match fault {
            Error::Limit(LimitError::Deadline { .. }) | Error::Host(_) | Error::Trap(_) => {
                Retry::Faults
            }
            _ => Retry::All,
        };
        let error = plain_error(ErrorKind::Internal, fault.in_full(), Vec::new());
        Self::Error {
            kind: fault_kind(fault).to_owned(),
            error: Box::new(error),
            again: Some(again),
        }
    }
}

/// Runs a message in a fresh instance.
///
/// One that is `stopping` by the time that its turn comes is not begun.
pub(super) async fn run(
    pipeline: &Pipeline,
    limits: &Limits,
    delivery: Arc<Delivery>,
    stopping: watch::Receiver<bool>,
) -> Ran {
    let manifest = Arc::clone(&pipeline.manifest);
    let memory = limits.memory;
    let started = pipeline
        .workers
        .start(limits.clone(), async move |instance: &mut Instance| {
            let start = Instant::now();
            let result = match inputs(&delivery, memory) {
                _ if *stopping.borrow() => Err(Failed::Cut),
                Ok(inputs) => {
                    let ended = instance.execute(&manifest, Some(&inputs)).await?;
                    match ended {
                        Ok(run) => Ok(written(&run.outputs)?),
                        Err(error) => Err(Failed::of(error, &instance.refusals())),
                    }
                }
                Err(failed) => Err(failed),
            };
            Ok((result, start.elapsed()))
        });
    let version = pipeline.version.clone();
    match started.await {
        Ok((result, took)) => Ran {
            result,
            version,
            took,
        },
        Err(fault) => Ran {
            result: Err(Failed::fault(&fault)),
            version,
            took: Duration::ZERO,
        },
    }
}

/// The items of a message.
pub(super) fn inputs(delivery: &Delivery, memory: Option<usize>) -> Result<Vec<Input>, Failed> {
    let content_type = headers::text(delivery.headers.as_ref(), CONTENT_TYPE);
    payload::read(content_type, &delivery.payload, memory).map_err(Failed::input)
}

/// Outputs as payloads.
pub(super) fn written(given: &[NodeOutputs]) -> Result<Vec<Output>, Error> {
    let mut outputs = Vec::new();
    for given in given {
        // Where numbers stand in bulk, each is an output.
        let alone = match given.items.iter().all(|item| codec::weight(item) == 1) {
            true => None,
            false => Some(codec::one_by_one(codec::for_all(given.items.clone()))),
        };
        let items: Vec<&Data> = match &alone {
            None => given.items.iter().collect(),
            Some(alone) => alone.iter().map(|input| &input.item).collect(),
        };
        for (number, item) in items.into_iter().enumerate() {
            let payload = codec::item_to_json(item).map_err(|error| {
                Error::Host(format!("the component gave a broken value: {error}").into())
            })?;
            outputs.push(Output {
                node: given.node_id.clone(),
                number,
                payload,
            });
        }
    }
    Ok(outputs)
}
