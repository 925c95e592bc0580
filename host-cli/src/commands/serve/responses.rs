//! Answers that no instance gives.

use http::{HeaderValue, Response, StatusCode, header};
use pipeline_host::codec::document::{self, Form};
use pipeline_host::codec::{Style, Writer};
use pipeline_host::http::ResponseBody;
use pipeline_host::types::ErrorKind;
use pipeline_host::{Error, LimitError};

use crate::commands::run::fault_kind;

pub(super) type ServerResponse = Response<ResponseBody>;

/// Plain text.
pub(super) fn text(status: StatusCode, media_type: &'static str, text: String) -> ServerResponse {
    let mut answer = Response::new(ResponseBody::full(text));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    answer
}

/// An error, in the form that instances give it.
pub(super) fn error(status: StatusCode, kind: &str, message: String) -> ServerResponse {
    let error = document::plain_error(ErrorKind::Internal, message, Vec::new());
    let mut writer = Writer::new(Style::Compact);
    // There are no outputs that could fail.
    let _ = document::failure(
        &mut writer,
        &error,
        kind,
        Form::default(),
        |writer, item| writer.item(item),
    );
    let mut body = writer.finish();
    body.push('\n');
    text(status, "application/json", body)
}

/// A run ended without an answer.
pub(super) fn fault(fault: &Error) -> ServerResponse {
    let status = match fault {
        Error::Limit(LimitError::Deadline { .. }) => StatusCode::GATEWAY_TIMEOUT,
        Error::Limit(_) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    error(status, fault_kind(fault), fault.in_full())
}

/// The server begins nothing new.
pub(super) fn ending() -> ServerResponse {
    let status = StatusCode::SERVICE_UNAVAILABLE;
    error(status, "not-ready", "the server is about to end".into())
}

/// There is no room for another request.
pub(super) fn busy(retry_after: u64) -> ServerResponse {
    let text = format!("too many requests are waiting; try again in {retry_after} s");
    let mut answer = error(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", text);
    let headers = answer.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from(retry_after));
    answer
}

/// A client takes too long to send its body.
pub(super) fn slow() -> ServerResponse {
    let text = "the body came too slowly; --idle-timeout sets how long it is waited for";
    let mut answer = error(StatusCode::REQUEST_TIMEOUT, "request-timeout", text.into());
    let headers = answer.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    answer
}

/// A body is longer than it may be.
pub(super) fn too_long(limit: u64) -> ServerResponse {
    let text = format!("the body is longer than {limit} bytes; --max-body sets the limit");
    error(StatusCode::PAYLOAD_TOO_LARGE, "payload-too-large", text)
}
