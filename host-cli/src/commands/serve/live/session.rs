//! A session that is fed and read message by message.

use pipeline_host::codec::document::{self, Form, plain_error};
use pipeline_host::codec::{self, Style, Writer};
use pipeline_host::types::{
    Data, Diagnostic, ErrorKind, Input, NodeOutputs, Part, PipelineError, RunResult,
};
use pipeline_host::{Error, Instance, Limits, Session};
use tokio::sync::{mpsc, watch};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::super::media::bounds;
use super::super::metrics::Metrics;
use super::super::typed::{self, Options};
use super::Given;
use super::messages::{self, Audio};
use crate::commands::run::fault_kind;

/// How many outputs are asked for at a time.
const AT_ONCE: u32 = 64;

/// How a session ended: what its connection is closed with.
pub(super) type Ended = (CloseCode, String);

pub(super) struct Live {
    pub(super) manifest: String,
    pub(super) options: Options,
    pub(super) audio: Option<Audio>,
    pub(super) incoming: mpsc::Receiver<Given>,
    pub(super) outgoing: mpsc::Sender<Message>,
    pub(super) limits: Limits,
    /// Whether the server is about to end.
    pub(super) ending: watch::Receiver<bool>,
    /// Which audio the client was last told of: its node, rate and channels.
    pub(super) announced: Option<(String, u32, u32)>,
}

/// Why a session ends early.
enum End {
    /// The client has gone.
    Gone,
    Failed(Box<PipelineError>),
    /// The client sent what can't be an item.
    Wrong(String, CloseCode),
    Fault(Error),
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

impl Live {
    /// Runs it to its end, and says how it ended.
    pub(super) async fn run(&mut self, instance: &mut Instance) -> Result<Ended, Error> {
        let mut warnings = Vec::new();
        let ended = self.within(instance, &mut warnings).await;
        let (error, code) = match ended {
            Ok((run, code)) => {
                self.last(&Ok(run), &warnings).await;
                return Ok((code, String::new()));
            }
            Err(End::Gone) => return Ok((CloseCode::Away, String::new())),
            Err(End::Failed(error)) => (*error, CloseCode::Error),
            Err(End::Wrong(text, code)) => {
                (plain_error(ErrorKind::InvalidInput, text, Vec::new()), code)
            }
            Err(End::Fault(fault)) => {
                let text = fault.in_full();
                let error = plain_error(ErrorKind::Internal, text, Vec::new());
                self.last_of_kind(&error, fault_kind(&fault), &warnings)
                    .await;
                return Err(fault);
            }
        };
        let reason = error.message.clone();
        self.last(&Err(error), &warnings).await;
        Ok((code, reason))
    }

    async fn within(
        &mut self,
        instance: &mut Instance,
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<(RunResult, CloseCode), End> {
        let loaded = typed::load(instance, &self.manifest).await??;
        *warnings = loaded.warnings;
        let mut session = instance.open(&loaded.manifest).await??;
        let code = loop {
            let given = tokio::select! {
                given = self.incoming.recv() => given.ok_or(End::Gone)?,
                _ = self.ending.wait_for(|ending| *ending) => break CloseCode::Away,
            };
            let items = match given {
                Given::Text(text) => messages::text(&text, bounds(&self.limits)),
                Given::Binary(bytes) => messages::binary(bytes, self.audio, bounds(&self.limits)),
                Given::End => break CloseCode::Normal,
                Given::Wrong(text, code) => return Err(End::Wrong(text, code)),
            };
            let items = items.map_err(|text| {
                End::Wrong(
                    format!("the message is no item: {text}"),
                    CloseCode::Invalid,
                )
            })?;
            for item in items {
                self.push(&mut session, &item).await?;
            }
        };
        let part = session.end().await?;
        self.parts(&mut session, part).await?;
        let run = session.finish().await??;
        self.outputs(&run.outputs).await?;
        Ok((run, code))
    }

    async fn push(&mut self, session: &mut Session<'_>, item: &Input) -> Result<(), End> {
        let part = session.push(item).await?;
        self.parts(session, part).await
    }

    /// Sends a part, and those that follow.
    async fn parts(
        &mut self,
        session: &mut Session<'_>,
        first: Result<Part, PipelineError>,
    ) -> Result<(), End> {
        let mut next = first;
        loop {
            let part = match next {
                Ok(part) => part,
                Err(error) => {
                    self.outputs(&error.outputs).await?;
                    return Err(error.into());
                }
            };
            self.outputs(&part.outputs).await?;
            if !part.more {
                return Ok(());
            }
            next = session.pull(AT_ONCE).await?;
        }
    }

    async fn outputs(&mut self, outputs: &[NodeOutputs]) -> Result<(), End> {
        for given in outputs {
            for item in &given.items {
                match (item, self.audio) {
                    (Data::Audio(output), Some(audio)) => {
                        let (rate, channels) = (output.sample_rate, output.channels);
                        let form = (given.node_id.clone(), rate, channels);
                        if self.announced.as_ref() != Some(&form) {
                            let text = audio.announcement(&given.node_id, output);
                            self.send(Message::text(text)).await?;
                            self.announced = Some(form);
                        }
                        self.send(Message::Binary(audio.bytes(output))).await?;
                    }
                    _ => {
                        for item in codec::one_by_one(vec![item.clone().into()]) {
                            let text = self.output(&given.node_id, &item.item)?;
                            self.send(Message::text(text)).await?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn output(&self, node: &str, item: &Data) -> Result<String, End> {
        let mut writer = Writer::new(Style::Compact);
        let layout = self.options.layout;
        let written = document::output(&mut writer, node, layout, |writer| writer.item(item));
        match written {
            Ok(()) => Ok(writer.finish()),
            Err(error) => {
                let text = format!("the pipeline component gave a broken value: {error}");
                Err(plain_error(ErrorKind::Internal, text, Vec::new()).into())
            }
        }
    }

    async fn send(&self, message: Message) -> Result<(), End> {
        self.outgoing.send(message).await.map_err(|_| End::Gone)
    }

    /// Says how it ended.
    async fn last(&self, ended: &Result<RunResult, PipelineError>, warnings: &[Diagnostic]) {
        let form = self.form(warnings);
        let text = super::super::media::last_line(ended, form);
        let _ = self.send(Message::text(text.trim_end())).await;
    }

    async fn last_of_kind(&self, error: &PipelineError, kind: &str, warnings: &[Diagnostic]) {
        let mut writer = Writer::new(Style::Compact);
        writer.object(|writer| {
            writer.key("status").string("error");
            writer.key("error");
            document::error_object(writer, error, kind);
            document::all_warnings(writer, warnings);
        });
        let _ = self.send(Message::text(writer.finish())).await;
    }

    fn form<'w>(&self, warnings: &'w [Diagnostic]) -> Form<'w> {
        Form {
            warnings,
            layout: self.options.layout,
            metrics: self.options.metrics,
        }
    }
}

/// A session ended by a fault.
pub(super) fn faulted(fault: &Error, metrics: &Metrics) -> Ended {
    // Who leaves stops the run, which is no fault.
    let kind = match fault {
        Error::Interrupted => "disconnect",
        _ => fault_kind(fault),
    };
    tracing::debug!(fault = fault.in_full(), "a session ended without a result");
    metrics.ended(kind);
    let code = match fault {
        Error::Limit(_) => CloseCode::Policy,
        Error::Interrupted => CloseCode::Away,
        _ => CloseCode::Error,
    };
    (code, fault.in_full())
}

/// As much of a reason as fits into the frame that closes a connection.
pub(super) fn short(reason: &str) -> String {
    const LONGEST: usize = 120;
    let end = (0..=LONGEST.min(reason.len()))
        .rev()
        .find(|end| reason.is_char_boundary(*end));
    reason[..end.unwrap_or(0)].to_owned()
}
