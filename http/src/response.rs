//! What is sent back.

use std::io::Write as _;

use wasip2::http::types::{Fields, OutgoingBody, OutgoingResponse, OutputStream, ResponseOutparam};

use crate::codec::document::{self, Form};
use crate::codec::names::Named as _;
use crate::codec::{Style, Writer};
use crate::types::{ErrorKind, PipelineError};

pub(crate) const JSON: &str = "application/json";
pub(crate) const NDJSON: &str = "application/x-ndjson";

/// Something that is wrong with a request.
pub(crate) struct Wrong {
    pub(crate) status: u16,
    pub(crate) kind: &'static str,
    pub(crate) message: String,
}

impl Wrong {
    pub(crate) fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            status,
            kind,
            message,
        }
    }

    /// A request that can't be understood.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::new(400, "bad-request", message)
    }
}

impl From<Wrong> for Response {
    fn from(wrong: Wrong) -> Self {
        Self::wrong(wrong.status, wrong.kind, wrong.message)
    }
}

/// A whole answer.
pub(crate) struct Response {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Response {
    /// An answer of some type.
    pub(crate) fn new(status: u16, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("content-type", media_type.to_owned())],
            body: body.into(),
        }
    }

    /// An answer in JSON.
    pub(crate) fn json(status: u16, writer: Writer) -> Self {
        let mut text = writer.finish();
        text.push('\n');
        Self::new(status, JSON, text)
    }

    /// Something is wrong with a request.
    pub(crate) fn wrong(status: u16, kind: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let error = document::plain_error(ErrorKind::Internal, message, Vec::new());
        Self::error(status, kind, &error, Form::default())
    }

    /// A pipeline failed, or can't run.
    pub(crate) fn failed(error: &PipelineError, form: Form<'_>) -> Self {
        let status = match error.kind {
            ErrorKind::Internal | ErrorKind::SessionClosed => 500,
            _ => 422,
        };
        Self::error(status, error.kind.name(), error, form)
    }

    fn error(status: u16, kind: &str, error: &PipelineError, form: Form<'_>) -> Self {
        let mut writer = Writer::new(Style::Compact);
        let written = document::failure(&mut writer, error, kind, form, |writer, item| {
            writer.item(item)
        });
        match written {
            Ok(()) => Self::json(status, writer),
            Err(error) => Self::broken(&error),
        }
    }

    /// The component gave a value that is none.
    pub(crate) fn broken(error: &dyn std::error::Error) -> Self {
        let text = format!("the pipeline component gave a broken value: {error}");
        Self::wrong(500, "internal", text)
    }

    /// Adds a header.
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sends it. A client that has gone is no fault of ours, so nothing that
    /// goes wrong here is told to anybody.
    pub(crate) fn send(mut self, to: ResponseOutparam, head: bool) {
        self.headers
            .push(("content-length", self.body.len().to_string()));
        let Some((body, mut out)) = begin(self.status, &self.headers, to) else {
            return;
        };
        if !head {
            let _ = out.write_all(&self.body);
        }
        drop(out);
        let _ = OutgoingBody::finish(body, None);
    }
}

/// An answer of many lines, each sent as soon as it is known.
pub(crate) struct Lines {
    body: OutgoingBody,
    out: OutputStream,
    text: String,
}

impl Lines {
    /// Sends the head of the answer; none if the client has gone.
    pub(crate) fn begin(to: ResponseOutparam) -> Option<Self> {
        let headers = [("content-type", NDJSON.to_owned())];
        let (body, out) = begin(200, &headers, to)?;
        Some(Self {
            body,
            out,
            text: String::new(),
        })
    }

    /// Adds a line.
    pub(crate) fn line(&mut self, writer: Writer) {
        self.text.push_str(&writer.finish());
        self.text.push('\n');
    }

    /// Sends the lines that were added; false if the client has gone.
    pub(crate) fn flush(&mut self) -> bool {
        if self.text.is_empty() {
            return true;
        }
        let sent = self.out.write_all(self.text.as_bytes());
        self.text.clear();
        sent.is_ok() && self.out.blocking_flush().is_ok()
    }

    /// Ends the answer.
    pub(crate) fn end(mut self) {
        self.flush();
        drop(self.out);
        let _ = OutgoingBody::finish(self.body, None);
    }
}

fn begin(
    status: u16,
    headers: &[(&'static str, String)],
    to: ResponseOutparam,
) -> Option<(OutgoingBody, OutputStream)> {
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone().into_bytes()))
        .collect();
    let headers = Fields::from_list(&headers).unwrap_or_else(|_| Fields::new());
    let response = OutgoingResponse::new(headers);
    let _ = response.set_status_code(status);
    let body = response.body().ok();
    ResponseOutparam::set(to, Ok(response));
    let body = body?;
    let out = body.write().ok()?;
    Some((body, out))
}
