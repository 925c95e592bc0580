//! A session that is fed and read item by item, by whoever talks to it.

use pipeline_host::codec::document::{self, Form, plain_error};
use pipeline_host::codec::{self, Style, Writer};
use pipeline_host::types::{
    Audio, Data, Diagnostic, ErrorKind, Input, NodeOutputs, Part, PipelineError, RunResult,
};
use pipeline_host::{Error, Instance, Session};
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::super::metrics::Metrics;
use super::super::typed::{self, Options};
use crate::commands::run::fault_kind;

/// How many outputs are asked for at a time.
const AT_ONCE: u32 = 64;

/// How a session ended: what a WebSocket is closed with.
pub(in super::super) type Ended = (CloseCode, String);

/// Who a session talks to.
pub(in super::super) trait Client {
    /// The items that come next; none at the end of the input.
    async fn next(&mut self) -> Result<Option<Vec<Input>>, End>;
    /// Takes a node's audio; says no where it is to be told as JSON.
    async fn audio(&mut self, node: &str, audio: &Audio) -> Result<bool, End>;
    /// Takes an output as JSON, or what says how it ended.
    async fn tell(&mut self, text: String) -> Result<(), End>;
}

/// A session with a client.
pub(in super::super) struct Live<C> {
    pub(in super::super) manifest: String,
    pub(in super::super) options: Options,
    /// Whether sources produce their own items before any other comes.
    pub(in super::super) produces: bool,
    pub(in super::super) client: C,
    /// Whether the server is about to end.
    pub(in super::super) ending: watch::Receiver<bool>,
}

/// Why a session ends early.
pub(in super::super) enum End {
    /// The client has gone.
    Gone,
    Failed(Box<PipelineError>),
    /// The client sent what can't be an item.
    Wrong(String, CloseCode),
    Fault(Error),
}

impl End {
    /// The client sent a message that is no item.
    pub(in super::super) fn no_item(why: &str) -> Self {
        Self::Wrong(format!("the message is no item: {why}"), CloseCode::Invalid)
    }
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

impl<C: Client> Live<C> {
    /// Runs it to its end, and says how it ended.
    pub(in super::super) async fn run(&mut self, instance: &mut Instance) -> Result<Ended, Error> {
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
        let code = match self.feed(&mut session).await {
            Ok(code) => code,
            Err(End::Fault(fault)) => return Err(fault.into()),
            Err(end) => {
                // Its nodes are cleaned up, as they are at every other end.
                let _ = session.close().await;
                return Err(end);
            }
        };
        let run = session.finish().await??;
        self.outputs(&run.outputs).await?;
        Ok((run, code))
    }

    /// Lets it take all that comes, until the input ends and all came of it.
    async fn feed(&mut self, session: &mut Session<'_>) -> Result<CloseCode, End> {
        if self.produces {
            match session.pull(AT_ONCE).await? {
                // It has sources that wait for items.
                Err(error) if error.kind == ErrorKind::NeedsInput => {}
                part => self.parts(session, part).await?,
            }
        }
        let code = loop {
            let given = tokio::select! {
                given = self.client.next() => given?,
                _ = self.ending.wait_for(|ending| *ending) => break CloseCode::Away,
            };
            let Some(items) = given else {
                break CloseCode::Normal;
            };
            for item in items {
                let part = session.push(&item).await?;
                self.parts(session, part).await?;
            }
        };
        let part = session.end().await?;
        self.parts(session, part).await?;
        Ok(code)
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
                if let Data::Audio(audio) = item
                    && self.client.audio(&given.node_id, audio).await?
                {
                    continue;
                }
                for item in codec::one_by_one(vec![item.clone().into()]) {
                    let text = self.output(&given.node_id, &item.item)?;
                    self.client.tell(text).await?;
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

    /// Says how it ended.
    async fn last(&mut self, ended: &Result<RunResult, PipelineError>, warnings: &[Diagnostic]) {
        let form = self.form(warnings);
        let text = super::super::media::last_line(ended, form);
        let _ = self.client.tell(text.trim_end().to_owned()).await;
    }

    async fn last_of_kind(&mut self, error: &PipelineError, kind: &str, warnings: &[Diagnostic]) {
        let mut writer = Writer::new(Style::Compact);
        writer.object(|writer| {
            writer.key("status").string("error");
            writer.key("error");
            document::error_object(writer, error, kind);
            document::all_warnings(writer, warnings);
        });
        let _ = self.client.tell(writer.finish()).await;
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
pub(in super::super) fn faulted(fault: &Error, metrics: &Metrics) -> Ended {
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
