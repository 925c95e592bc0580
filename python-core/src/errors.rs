//! What goes wrong, as objects that `remotemedia.sandbox` makes exceptions of.

use pipeline_component::python::report;
use pipeline_host::Error;
use pipeline_host::codec::names::Named as _;
use pipeline_host::types::{Diagnostic, PipelineError};
use pyo3::prelude::*;

use crate::lift;

/// A run, or a part of it, that came to no result.
pub(crate) enum Failed {
    /// The manifest can't run.
    Manifest(Vec<Diagnostic>),
    /// The pipeline failed.
    Pipeline(Box<PipelineError>),
    /// It met a limit, or the component is at fault.
    Fault(Error),
}

impl From<Error> for Failed {
    fn from(fault: Error) -> Self {
        Self::Fault(fault)
    }
}

impl From<PipelineError> for Failed {
    fn from(error: PipelineError) -> Self {
        Self::Pipeline(Box::new(error))
    }
}

impl Failed {
    /// An exception: the classes are those of the package.
    pub(crate) fn into_exception(self, py: Python<'_>) -> PyErr {
        self.exception(py).unwrap_or_else(|error| error)
    }

    fn exception(self, py: Python<'_>) -> PyResult<PyErr> {
        let errors = py.import("remotemedia.sandbox.errors")?;
        let made = match self {
            Self::Manifest(found) => {
                errors.call_method1("invalid_manifest", (diagnostics(&found),))?
            }
            Self::Pipeline(error) => {
                let fields = report::Failed {
                    kind: error.kind.name(),
                    message: &error.message,
                    node_id: error.node_id.as_deref(),
                    node_type: error.node_type.as_deref(),
                    item: error.item,
                    traceback: error.traceback.as_deref(),
                    outputs: lift::outputs(py, error.outputs)?,
                    diagnostics: diagnostics(&error.diagnostics),
                };
                errors.call_method("failed", (), Some(&fields.into_pyobject(py)?))?
            }
            Self::Fault(Error::Interrupted) => errors.call_method0("interrupted")?,
            Self::Fault(fault) => {
                let name = match &fault {
                    Error::Limit(limit) => Some(limit.name()),
                    _ => None,
                };
                errors.call_method1("limit", (fault.in_full(), name))?
            }
        };
        Ok(PyErr::from_value(made))
    }
}

/// Diagnostics as Python has them.
pub(crate) fn diagnostics(all: &[Diagnostic]) -> Vec<report::Diagnostic<'_>> {
    all.iter()
        .map(|it| report::Diagnostic {
            severity: it.severity.name(),
            code: &it.code,
            message: &it.message,
            help: it.help.as_deref(),
            path: &it.path,
            line: it.location.map(|at| at.line),
            column: it.location.map(|at| at.column),
        })
        .collect()
}
