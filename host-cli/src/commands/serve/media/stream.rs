//! Audio that is fed in pieces, and answers that leave as they come.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use pipeline_host::codec::document::Form;
use pipeline_host::http::{BodyError, ResponseBody};
use pipeline_host::media::MediaWriter;
use pipeline_host::types::{Data, Diagnostic, Input, NodeOutputs, Part, PipelineError};
use pipeline_host::{Error, Instance, InterruptGuard, Limits, Session, codec};
use tokio::sync::{mpsc, oneshot};

use super::super::responses::ServerResponse;
use super::super::typed::{self, Options, Typed};
use super::answer::{self, Answer};
use super::body::{Fed, Parts, unreadable};

/// How many outputs are asked for at a time.
const AT_ONCE: u32 = 64;
/// How many pieces of an answer wait for the client.
const AHEAD: usize = 4;
/// The most frames of a piece, whatever rate a file says it has.
const MOST: usize = 1 << 22;

pub(super) struct Streaming {
    pub(super) manifest: String,
    pub(super) parts: Parts,
    pub(super) chunk: Duration,
    pub(super) answer: Answer,
    pub(super) options: Options,
}

/// Why a stream ends early.
enum End {
    /// Nobody reads it any more.
    Gone,
    /// Before anything was sent: what to answer. After that it is cut off.
    Refused(Box<ServerResponse>),
    Failed(Box<PipelineError>),
    Fault(Error),
}

impl From<Error> for End {
    fn from(fault: Error) -> Self {
        Self::Fault(fault)
    }
}

impl Streaming {
    /// Begins to answer as soon as there is something to send.
    pub(super) async fn run(
        self,
        typed: &Typed,
        limits: Limits,
        guard: InterruptGuard,
        path: &str,
        held: impl Send + 'static,
    ) -> Result<ServerResponse, Error> {
        let (sender, mut receiver) = mpsc::channel::<Result<Bytes, BodyError>>(AHEAD);
        let (begins, begun) = oneshot::channel();
        let answer = self.answer;
        let run = typed.run(limits.clone(), path, held, async move |instance| {
            let mut out = Out {
                begins: Some(begins),
                sender,
                writer: match self.answer {
                    Answer::File(format) => Some(MediaWriter::new(format, Vec::new())),
                    _ => None,
                },
                options: self.options,
                warnings: Vec::new(),
            };
            let ended = self.within(instance, &limits, &mut out).await;
            out.end(ended).await
        });
        match begun.await {
            Ok(Some(answer)) => {
                guard.release();
                Ok(*answer)
            }
            // The run goes on while its answer is read: its guard is the answer's.
            Ok(None) => {
                let mut guard = Some(guard);
                let body = stream::poll_fn(move |context| {
                    let next = receiver.poll_recv(context);
                    if matches!(next, std::task::Poll::Ready(None))
                        && let Some(guard) = guard.take()
                    {
                        guard.release();
                    }
                    next
                });
                Ok(answer.begin(ResponseBody::stream(body)))
            }
            Err(_) => match run.await {
                Err(fault) => Err(fault),
                Ok(()) => Err(Error::Trap("it ended without an answer".into())),
            },
        }
    }

    async fn within(
        self,
        instance: &mut Instance,
        limits: &Limits,
        out: &mut Out,
    ) -> Result<(), End> {
        let failed = |error| End::Failed(Box::new(error));
        let loaded = typed::load(instance, &self.manifest)
            .await?
            .map_err(failed)?;
        out.warnings = loaded.warnings;
        let mut session = instance.open(&loaded.manifest).await?.map_err(failed)?;
        let mut fed = false;
        for part in self.parts.unread(super::bounds(limits)) {
            fed = true;
            match part.map_err(|answer| End::Refused(Box::new(answer)))? {
                Fed::Items(items) => push_all(&mut session, items, out).await?,
                Fed::Audio(node, mut reader) => {
                    let frames = self.chunk.as_secs_f64() * f64::from(reader.sample_rate());
                    let frames = (frames.round() as usize).clamp(1, MOST);
                    loop {
                        let piece = reader
                            .read(frames)
                            .map_err(|error| End::Refused(Box::new(unreadable(error.into()))))?;
                        let Some(piece) = piece else { break };
                        let item = Input {
                            node_id: node.clone(),
                            item: Data::Audio(piece),
                        };
                        push(&mut session, &item, out).await?;
                    }
                }
            }
        }
        match loaded.input_data {
            Some(written) if !fed => {
                push_all(&mut session, codec::for_all(written), out).await?;
            }
            None if !fed => {
                let part = session.pull(AT_ONCE).await?;
                all(&mut session, part, out).await?;
            }
            _ => {}
        }
        let part = session.end().await?;
        all(&mut session, part, out).await?;
        let run = session.finish().await?.map_err(failed)?;
        out.outputs(&run.outputs).await?;
        out.finish(Ok(run)).await
    }
}

async fn push_all(session: &mut Session<'_>, items: Vec<Input>, out: &mut Out) -> Result<(), End> {
    for item in codec::one_by_one(items) {
        push(session, &item, out).await?;
    }
    Ok(())
}

async fn push(session: &mut Session<'_>, item: &Input, out: &mut Out) -> Result<(), End> {
    let part = session.push(item).await?;
    all(session, part, out).await
}

/// Sends a part, and those that follow.
async fn all(
    session: &mut Session<'_>,
    first: Result<Part, PipelineError>,
    out: &mut Out,
) -> Result<(), End> {
    let mut next = first;
    loop {
        let part = match next {
            Ok(part) => part,
            Err(error) => {
                out.outputs(&error.outputs).await?;
                return Err(End::Failed(Box::new(error)));
            }
        };
        out.outputs(&part.outputs).await?;
        if !part.more {
            return Ok(());
        }
        next = session.pull(AT_ONCE).await?;
    }
}

/// Where outputs go.
struct Out {
    /// None once something was sent.
    begins: Option<oneshot::Sender<Option<Box<ServerResponse>>>>,
    sender: mpsc::Sender<Result<Bytes, BodyError>>,
    /// None where the answer is lines.
    writer: Option<MediaWriter<Vec<u8>>>,
    options: Options,
    warnings: Vec<Diagnostic>,
}

impl Out {
    async fn outputs(&mut self, outputs: &[NodeOutputs]) -> Result<(), End> {
        let refused = |answer| End::Refused(Box::new(answer));
        let bytes = match &mut self.writer {
            None => {
                let lines = answer::lines(outputs, self.options);
                lines
                    .map_err(|error| refused(typed::broken(&error)))?
                    .into_bytes()
            }
            Some(writer) => {
                for item in outputs.iter().flat_map(|given| &given.items) {
                    let pushed = writer.push(item);
                    pushed.map_err(|error| refused(answer::unwritable(&error)))?;
                }
                std::mem::take(writer.get_mut())
            }
        };
        self.send(bytes).await
    }

    async fn send(&mut self, bytes: Vec<u8>) -> Result<(), End> {
        if bytes.is_empty() {
            return Ok(());
        }
        if let Some(begins) = self.begins.take() {
            begins.send(None).map_err(|_| End::Gone)?;
        }
        let sent = self.sender.send(Ok(bytes.into())).await;
        sent.map_err(|_| End::Gone)
    }

    /// Sends what comes last.
    async fn finish(
        &mut self,
        ended: Result<pipeline_host::types::RunResult, PipelineError>,
    ) -> Result<(), End> {
        let last = match self.writer.take() {
            None => {
                let form = Form {
                    warnings: &self.warnings,
                    layout: self.options.layout,
                    metrics: self.options.metrics,
                };
                answer::last_line(&ended, form).into_bytes()
            }
            // A stream's length is nobody's to correct.
            Some(writer) => match writer.finish() {
                Ok((bytes, _)) => bytes,
                Err(error) => return Err(End::Refused(Box::new(answer::unwritable(&error)))),
            },
        };
        self.send(last).await
    }

    /// Says how it ended, as well as that can be said.
    async fn end(mut self, ended: Result<(), End>) -> Result<(), Error> {
        let end = match ended {
            Ok(()) => return Ok(()),
            Err(end) => end,
        };
        let answer = match end {
            End::Gone => return Ok(()),
            End::Fault(fault) => {
                // With nothing sent, whoever waits gets the fault.
                if self.begins.is_none() {
                    self.cut().await;
                }
                return Err(fault);
            }
            End::Failed(error) if self.begins.is_none() && self.writer.is_none() => {
                let _ = self.finish(Err(*error)).await;
                return Ok(());
            }
            End::Failed(error) => {
                let form = Form {
                    warnings: &self.warnings,
                    ..Form::default()
                };
                typed::failed(&error, form)
            }
            End::Refused(answer) => *answer,
        };
        match self.begins.take() {
            Some(begins) => {
                let _ = begins.send(Some(Box::new(answer)));
            }
            None => self.cut().await,
        }
        Ok(())
    }

    /// It must not look as if this were all.
    async fn cut(&mut self) {
        let _ = self.sender.send(Err(BodyError::ConnectionTerminated)).await;
    }
}
