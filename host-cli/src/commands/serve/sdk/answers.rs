//! Answers as the SDK's HTTP server gives them.

use http::{HeaderMap, HeaderValue, StatusCode, header};
use pipeline_host::codec::names::Named as _;
use pipeline_host::types::{ErrorKind, PipelineError};
use pipeline_host::{Error, LimitError};
use serde_json::{Value, json};

use super::super::responses::{self, ServerResponse};

/// What went wrong: a status, and the SDK's word for it.
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) body: Value,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, error_type: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            status,
            body: json!({"error_type": error_type, "message": message}),
        }
    }

    /// The request is none.
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "input", message)
    }

    /// A pipeline failed, or can't run.
    pub(super) fn failed(error: &PipelineError) -> Self {
        let (status, error_type) = match error.kind {
            ErrorKind::InvalidManifest => (StatusCode::BAD_REQUEST, "manifest"),
            ErrorKind::InvalidInput | ErrorKind::NeedsInput => (StatusCode::BAD_REQUEST, "input"),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, "execution"),
        };
        let mut refusal = Self::new(status, error_type, &error.message);
        let diagnostics = error.diagnostics.iter();
        let found: Vec<Value> = diagnostics
            .map(|found| {
                json!({
                    "path": found.path,
                    "message": found.message,
                    "code": found.code,
                    "severity": found.severity.name(),
                })
            })
            .collect();
        if !found.is_empty() {
            refusal.body["validation_errors"] = found.into();
        }
        for (key, what) in [("node_id", &error.node_id), ("traceback", &error.traceback)] {
            if let Some(text) = what {
                refusal.body[key] = text.as_str().into();
            }
        }
        refusal
    }

    /// A run ended without a result.
    pub(super) fn fault(fault: &Error) -> Self {
        let status = match fault {
            Error::Limit(LimitError::Deadline { .. }) => StatusCode::GATEWAY_TIMEOUT,
            Error::Limit(_) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, "execution", fault.in_full())
    }

    /// There is no room for another run.
    pub(super) fn busy(seconds: u64) -> ServerResponse {
        let text = format!("too many runs wait already: try again in {seconds} s");
        let refusal = Self::new(StatusCode::TOO_MANY_REQUESTS, "resource_limit", text);
        let mut answer = ServerResponse::from(refusal);
        let seconds = HeaderValue::from(seconds);
        answer.headers_mut().insert(header::RETRY_AFTER, seconds);
        answer
    }
}

impl From<Refusal> for ServerResponse {
    fn from(refusal: Refusal) -> Self {
        json_text(refusal.status, refusal.body.to_string())
    }
}

/// JSON that is written already.
pub(super) fn json_text(status: StatusCode, text: String) -> ServerResponse {
    responses::text(status, "application/json", text + "\n")
}

/// All went well, and there is nothing to say.
pub(super) fn done() -> ServerResponse {
    responses::text(StatusCode::OK, "text/plain", String::new())
}

/// Pages may send anything but JSON to any server without asking it.
pub(super) fn is_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let given = headers.get(header::CONTENT_TYPE);
    let given = given.and_then(|given| given.to_str().ok());
    let given = given.and_then(|given| given.split(';').next());
    match given.is_some_and(|given| given.trim().eq_ignore_ascii_case("application/json")) {
        true => Ok(()),
        false => Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "input",
            "the body is JSON, and its content type has to say so: application/json",
        )),
    }
}
