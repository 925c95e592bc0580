//! What comes of a message, published: each output once, then the
//! acknowledgement.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::context::PublishErrorKind;
use bytes::Bytes;
use futures_util::future::join_all;
use pipeline_host::LimitError;
use pipeline_host::codec::document::{self, plain_error};
use pipeline_host::codec::{Style, Writer};
use pipeline_host::types::{ErrorKind, PipelineError};

use super::delivery::Delivery;
use super::runs::{Failed, Output, Ran};
use super::worker::Worker;
use crate::commands::nats::arguments::Retry;
use crate::commands::nats::headers::{
    self, CONTENT_TYPE, ERROR, INPUT, ITEM, JSON, MESSAGE_ID, NODE, OUTPUTS, POSITION, SUBMISSION,
    VERSION,
};
use crate::report;

/// How many messages are under way at a time for one input.
const AT_ONCE: usize = 256;
/// How soon what was not stored is published again, at first and at most.
const AGAIN: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(2)];
/// How many bytes of a traceback or a message are in an error.
const LONGEST: usize = 16 << 10;

/// A message that is to be stored.
struct Outgoing {
    subject: String,
    headers: HeaderMap,
    payload: Bytes,
}

/// Why not all was stored.
enum Unpublished {
    /// The server takes no message so long.
    TooLong(usize),
    /// The input may be with another worker by now.
    Lost,
}

impl Worker {
    /// Publishes what came of a message, and is done with it.
    pub(super) async fn settle(&self, delivery: &Delivery, ran: Ran) {
        let failed = match ran.result {
            Ok(outputs) => {
                let outgoing = self.outgoing(delivery, &ran.version, &outputs);
                match self.publish(delivery, &outgoing).await {
                    Ok(()) => {
                        self.metrics.outputs(outputs.len());
                        self.acknowledge(delivery).await;
                        self.metrics.message("done");
                        return;
                    }
                    Err(Unpublished::Lost) => return self.lost(delivery),
                    Err(Unpublished::TooLong(length)) => too_long(length, self.longest()),
                }
            }
            Err(failed) => failed,
        };
        let Failed::Error { kind, error, again } = failed else {
            self.metrics.message("given-back");
            return delivery.give_back(None).await;
        };
        let may = match again {
            Some(Retry::Faults) => true,
            Some(Retry::All) => self.retry == Retry::All,
            None => false,
        };
        if may && delivery.delivered < i64::from(self.streams.max_deliver) {
            let times = u32::try_from(delivery.delivered - 1).unwrap_or(0).min(16);
            let delay = self.retry_delay.saturating_mul(1 << times);
            tracing::info!(delivery.sequence, kind, error.message, "to be tried again");
            self.metrics.message("again");
            return delivery.give_back(Some(delay)).await;
        }
        tracing::info!(delivery.sequence, kind, error.message, "failed");
        let outgoing = self.outgoing_error(delivery, &ran.version, &kind, &error);
        match self.publish(delivery, &[outgoing]).await {
            Ok(()) => {
                self.metrics.message("failed");
                self.terminate(delivery).await;
            }
            Err(Unpublished::Lost) => self.lost(delivery),
            Err(Unpublished::TooLong(_)) => {
                report::tell(&format!(
                    "the error of message {} is longer than the server takes: {}",
                    delivery.sequence, error.message
                ));
                self.terminate(delivery).await;
            }
        }
    }

    /// Publishes what a session still gave at its end. Its inputs are done with:
    /// what fails now is told, and published as an error, without its input.
    pub(super) async fn settle_end(
        &self,
        last: &Delivery,
        version: &str,
        result: Result<Vec<Output>, Failed>,
    ) {
        let outgoing = match result {
            Ok(outputs) => {
                let mut outgoing = self.outgoing(last, version, &outputs);
                for (outgoing, output) in outgoing.iter_mut().zip(&outputs) {
                    let id = format!("{}/end", last.id);
                    outgoing.headers.insert(MESSAGE_ID, output_id(&id, output));
                    outgoing.headers.insert(OUTPUTS, "end");
                }
                // None is nothing to tell of.
                outgoing.truncate(outputs.len());
                outgoing
            }
            Err(Failed::Cut) => return,
            Err(Failed::Error { kind, error, .. }) => {
                let mut outgoing = self.outgoing_error(last, version, &kind, &error);
                let id = format!("{}/end/error", last.id);
                outgoing.headers.insert(MESSAGE_ID, id);
                outgoing.headers.insert(OUTPUTS, "end");
                vec![outgoing]
            }
        };
        match self.store(&outgoing, || true).await {
            Ok(()) => self.metrics.outputs(outgoing.len()),
            Err(_) => report::tell("what a session gave at its end can't be stored"),
        }
    }

    fn lost(&self, delivery: &Delivery) {
        self.metrics.message("lost");
        tracing::warn!(delivery.sequence, "left to whom it is delivered next");
    }

    /// The messages that outputs are. Who submitted the input learns that it has
    /// none.
    fn outgoing(&self, delivery: &Delivery, version: &str, outputs: &[Output]) -> Vec<Outgoing> {
        let (subject, headers) = self.place(delivery, &self.streams.outputs, version);
        let mut all: Vec<_> = outputs
            .iter()
            .enumerate()
            .map(|(position, output)| {
                let mut headers = headers.clone();
                headers.insert(MESSAGE_ID, output_id(&delivery.id, output));
                headers.insert(CONTENT_TYPE, JSON);
                headers.insert(NODE, headers::plain(&output.node));
                headers.insert(POSITION, position.to_string());
                headers.insert(OUTPUTS, outputs.len().to_string());
                Outgoing {
                    subject: subject.clone(),
                    headers,
                    payload: output.payload.clone().into(),
                }
            })
            .collect();
        if outputs.is_empty() && self.submission(delivery).is_some() {
            let mut headers = headers;
            headers.insert(MESSAGE_ID, format!("{}/none", delivery.id));
            headers.insert(OUTPUTS, "0");
            all.push(Outgoing {
                subject,
                headers,
                payload: Bytes::new(),
            });
        }
        all
    }

    /// The message that an error is: as it is printed, with the input where there
    /// is room for it.
    fn outgoing_error(
        &self,
        delivery: &Delivery,
        version: &str,
        kind: &str,
        error: &PipelineError,
    ) -> Outgoing {
        let (subject, mut headers) = self.place(delivery, &self.streams.errors, version);
        headers.insert(MESSAGE_ID, format!("{}/error", delivery.id));
        headers.insert(CONTENT_TYPE, JSON);
        headers.insert(ERROR, kind);
        let mut error = PipelineError {
            outputs: Vec::new(),
            ..error.clone()
        };
        for text in std::iter::once(&mut error.message).chain(&mut error.traceback) {
            shorten(text);
        }
        // Of a manifest, which can't be wrong here.
        error.diagnostics.truncate(16);
        let room = self.longest().saturating_sub(4 << 10);
        let mut payload = error_document(&error, kind, Some(delivery));
        if payload.len() > room {
            payload = error_document(&error, kind, None);
        }
        Outgoing {
            subject,
            headers,
            payload: payload.into(),
        }
    }

    /// Where something goes that comes of a message, and what it says of it.
    fn place(&self, delivery: &Delivery, subject: &str, version: &str) -> (String, HeaderMap) {
        let mut headers = HeaderMap::new();
        headers.insert(VERSION, version);
        headers.insert(INPUT, delivery.sequence.to_string());
        let Some(submission) = self.submission(delivery) else {
            return (subject.to_owned(), headers);
        };
        headers.insert(SUBMISSION, submission);
        let item = headers::text(delivery.headers.as_ref(), ITEM);
        if let Some(item) = item.and_then(|item| item.parse::<u64>().ok()) {
            headers.insert(ITEM, item.to_string());
        }
        (format!("{subject}.{submission}"), headers)
    }

    fn submission<'d>(&self, delivery: &'d Delivery) -> Option<&'d str> {
        headers::submission(delivery.headers.as_ref()).filter(|_| self.streams.submissions)
    }

    /// How long a message may be that the server takes, headers included.
    fn longest(&self) -> usize {
        self.client.max_payload()
    }

    async fn publish(&self, delivery: &Delivery, outgoing: &[Outgoing]) -> Result<(), Unpublished> {
        // Later than that its outputs might be stored by somebody else, and their
        // ids be forgotten.
        let late = self
            .streams
            .ack_wait
            .saturating_add(self.streams.window / 2);
        self.store(outgoing, || delivery.silence() < late).await
    }

    /// Stores messages, as often as it takes while they are `wanted`.
    async fn store(
        &self,
        outgoing: &[Outgoing],
        wanted: impl Fn() -> bool,
    ) -> Result<(), Unpublished> {
        for some in outgoing.chunks(AT_ONCE) {
            let mut rest: Vec<&Outgoing> = some.iter().collect();
            let mut pause = AGAIN[0];
            loop {
                if !wanted() {
                    return Err(Unpublished::Lost);
                }
                let stored = join_all(rest.iter().map(|outgoing| self.store_one(outgoing))).await;
                let mut again = Vec::new();
                for (outgoing, stored) in rest.into_iter().zip(stored) {
                    match stored {
                        Ok(duplicate) => self.metrics.stored(duplicate),
                        Err(PublishErrorKind::MaxPayloadExceeded) => {
                            return Err(Unpublished::TooLong(outgoing.payload.len()));
                        }
                        Err(_) => again.push(outgoing),
                    }
                }
                if again.is_empty() {
                    break;
                }
                self.metrics.again(again.len());
                rest = again;
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(AGAIN[1]);
            }
        }
        Ok(())
    }

    /// Stores a message, and says whether it was there already.
    async fn store_one(&self, outgoing: &Outgoing) -> Result<bool, PublishErrorKind> {
        let (subject, headers) = (outgoing.subject.clone(), outgoing.headers.clone());
        let sent = self
            .jetstream
            .publish_with_headers(subject, headers, outgoing.payload.clone());
        let stored = async { sent.await?.await };
        match stored.await {
            Ok(stored) => Ok(stored.duplicate),
            Err(error) => {
                tracing::info!(subject = outgoing.subject, %error, "not stored yet");
                Err(error.kind())
            }
        }
    }

    async fn acknowledge(&self, delivery: &Delivery) {
        while let Err(reason) = delivery.acknowledge().await {
            tracing::info!(delivery.sequence, reason, "not acknowledged yet");
            if delivery.silence() > self.streams.ack_wait {
                return;
            }
            tokio::time::sleep(AGAIN[0]).await;
        }
    }

    async fn terminate(&self, delivery: &Delivery) {
        while let Err(reason) = delivery.terminate().await {
            tracing::info!(delivery.sequence, reason, "not terminated yet");
            if delivery.silence() > self.streams.ack_wait {
                return;
            }
            tokio::time::sleep(AGAIN[0]).await;
        }
    }
}

/// What JetStream keeps one of.
fn output_id(of: &str, output: &Output) -> String {
    format!("{of}/{}/{}", headers::plain(&output.node), output.number)
}

fn too_long(length: usize, longest: usize) -> Failed {
    let text = format!(
        "an output of {length} bytes is longer than the server takes, which is {longest} with \
         headers: its max_payload sets the limit"
    );
    let limit = LimitError::Output { limit: longest };
    let error = plain_error(ErrorKind::Internal, text, Vec::new());
    Failed::of(error, &[limit])
}

fn error_document(error: &PipelineError, kind: &str, input: Option<&Delivery>) -> String {
    let mut writer = Writer::new(Style::Compact);
    writer.object(|writer| {
        writer.key("status").string("error");
        writer.key("error");
        document::error_object(writer, error, kind);
        let Some(delivery) = input else { return };
        writer.key("input").object(|writer| {
            writer.key("subject").string(&delivery.subject);
            let content_type = headers::text(delivery.headers.as_ref(), CONTENT_TYPE);
            writer
                .key("content_type")
                .string(content_type.unwrap_or(JSON));
            writer.key("payload");
            match std::str::from_utf8(&delivery.payload) {
                Ok(text) => writer.string(text),
                Err(_) => writer.object(|writer| {
                    writer.key("$bytes").base64(&delivery.payload);
                }),
            }
        });
    });
    writer.finish()
}

/// Leaves the end of a text that is too long: it says the most.
fn shorten(text: &mut String) {
    if text.len() > LONGEST {
        let start = text.ceil_char_boundary(text.len() - LONGEST);
        *text = format!("… {}", &text[start..]);
    }
}
