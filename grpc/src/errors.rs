//! What went wrong, in the protocol's form.

use pipeline_host::codec::document;
use pipeline_host::codec::names::Named as _;
use pipeline_host::codec::{Style, Writer};
use pipeline_host::types::{Diagnostic, ErrorKind, PipelineError};
use pipeline_host::{Error, LimitError};

use crate::protocol::{ErrorResponse, ErrorType};

/// Something in a message that can't be used.
pub(crate) fn invalid(message: String) -> ErrorResponse {
    ErrorResponse {
        message,
        ..of_type(ErrorType::Validation)
    }
}

/// A pipeline failed.
pub(crate) fn failed(error: &PipelineError) -> ErrorResponse {
    let error_type = match error.kind {
        ErrorKind::InvalidManifest | ErrorKind::NeedsInput | ErrorKind::InvalidInput => {
            ErrorType::Validation
        }
        ErrorKind::NodeSetupFailed | ErrorKind::NodeFailed | ErrorKind::UnrepresentableOutput => {
            ErrorType::NodeExecution
        }
        ErrorKind::SessionClosed | ErrorKind::Internal => ErrorType::Internal,
    };
    let mut context = Writer::new(Style::Compact);
    document::error_object(&mut context, error, error.kind.name());
    ErrorResponse {
        message: error.message.clone(),
        failing_node_id: error.node_id.clone().unwrap_or_default(),
        context: context.finish(),
        stack_trace: error.traceback.clone().unwrap_or_default(),
        ..of_type(error_type)
    }
}

/// A manifest can't run.
pub(crate) fn invalid_manifest(diagnostics: Vec<Diagnostic>) -> ErrorResponse {
    let mut message = String::new();
    for diagnostic in &diagnostics {
        if !message.is_empty() {
            message.push_str("; ");
        }
        if !diagnostic.path.is_empty() {
            message.push_str(&diagnostic.path);
            message.push_str(": ");
        }
        message.push_str(&diagnostic.message);
    }
    ErrorResponse {
        message,
        ..failed(&document::invalid_manifest(diagnostics))
    }
}

/// A run ended without a result.
pub(crate) fn fault(fault: &Error) -> ErrorResponse {
    let error_type = match fault {
        Error::Limit(_) => ErrorType::ResourceLimit,
        _ => ErrorType::Internal,
    };
    let message = match fault {
        Error::Limit(limit @ LimitError::Deadline { .. }) => limit.to_string(),
        other => other.in_full(),
    };
    ErrorResponse {
        message,
        ..of_type(error_type)
    }
}

fn of_type(error_type: ErrorType) -> ErrorResponse {
    ErrorResponse {
        error_type: error_type.into(),
        ..ErrorResponse::default()
    }
}
