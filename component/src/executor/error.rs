//! Why a run failed.

use std::fmt;

use super::NodeOutputs;
use crate::manifest::{Diagnostic, Severity};
use crate::node::{NodeError, Traceback};
use crate::value::NoForm;

/// Kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The manifest can't run; the diagnostics say why.
    InvalidManifest,
    /// The pipeline needs input and got none, or takes none and got some.
    NeedsInput,
    /// An input has no valid form.
    InvalidInput,
    /// A node could not be made or initialised.
    NodeSetupFailed,
    /// A node failed at work.
    NodeFailed,
    /// A node gave an object that has no form outside its language.
    UnrepresentableOutput,
    /// The run is finished or has failed before.
    SessionClosed,
    /// A fault in the executor itself.
    Internal,
}

impl ErrorKind {
    /// Its name, as in the WIT.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidManifest => "invalid-manifest",
            Self::NeedsInput => "needs-input",
            Self::InvalidInput => "invalid-input",
            Self::NodeSetupFailed => "node-setup-failed",
            Self::NodeFailed => "node-failed",
            Self::UnrepresentableOutput => "unrepresentable-output",
            Self::SessionClosed => "session-closed",
            Self::Internal => "internal",
        }
    }
}

/// A failed run.
#[derive(Debug, Clone, PartialEq)]
pub struct PipelineError {
    /// What failed.
    pub kind: ErrorKind,
    /// What went wrong, in one or a few lines.
    pub message: String,
    /// Id of the node that it happened in.
    pub node_id: Option<String>,
    /// Type of that node.
    pub node_type: Option<String>,
    /// Which of the items that the node was given, from 0.
    pub item: Option<u64>,
    /// The Python traceback.
    pub traceback: Option<Traceback>,
    /// What is wrong with the manifest.
    pub diagnostics: Vec<Diagnostic>,
    /// What sinks had already given and nobody has had yet.
    pub outputs: Vec<NodeOutputs>,
}

impl PipelineError {
    /// An error that is about no node.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            node_id: None,
            node_type: None,
            item: None,
            traceback: None,
            diagnostics: Vec::new(),
            outputs: Vec::new(),
        }
    }

    /// A manifest that can't run.
    #[must_use]
    pub fn invalid_manifest(diagnostics: Vec<Diagnostic>) -> Self {
        let mut errors = diagnostics.iter().filter(|d| d.severity == Severity::Error);
        let first = errors.next().map_or("", |d| d.message.as_str());
        let message = match errors.count() {
            0 => format!("the manifest can't run: {first}"),
            rest => format!("the manifest can't run: {first} (and {rest} more)"),
        };
        Self {
            diagnostics,
            ..Self::new(ErrorKind::InvalidManifest, message)
        }
    }

    /// A run that is over.
    pub(super) fn closed() -> Self {
        Self::new(
            ErrorKind::SessionClosed,
            "the session is closed: it is finished or has failed before",
        )
    }

    /// A node's failure; `kind` where the failure itself does not tell.
    pub(super) fn of_node(kind: ErrorKind, error: NodeError) -> Self {
        match error {
            NodeError::Setup { message, traceback } | NodeError::Failed { message, traceback } => {
                Self {
                    traceback,
                    ..Self::new(kind, message)
                }
            }
            NodeError::NoForm(error) => {
                Self::new(ErrorKind::UnrepresentableOutput, error.to_string())
            }
        }
    }

    /// An output without a form; `place` says where it was to go.
    pub(super) fn no_form(place: &str, error: &NoForm) -> Self {
        let dot = match error.path.as_str() {
            path if path.is_empty() || path.starts_with('[') => "",
            _ => ".",
        };
        let message = format!("{place}{dot}{}: {}", error.path, error.message);
        Self::new(ErrorKind::UnrepresentableOutput, message)
    }
}

impl fmt::Display for PipelineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(id) = &self.node_id {
            write!(f, "node `{id}`")?;
            if let Some(node_type) = &self.node_type {
                write!(f, " ({node_type})")?;
            }
            if let Some(item) = self.item {
                write!(f, ", item {item}")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for PipelineError {}
