//! What goes wrong, as objects that `remotemedia.sandbox` makes exceptions of.

use pipeline_host::Error;
use pipeline_host::codec::names::Named as _;
use pipeline_host::types::{Diagnostic, PipelineError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

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
                errors.call_method1("invalid_manifest", (diagnostics(py, &found)?,))?
            }
            Self::Pipeline(error) => {
                let fields = PyDict::new(py);
                fields.set_item("kind", error.kind.name())?;
                fields.set_item("message", error.message)?;
                fields.set_item("node_id", error.node_id)?;
                fields.set_item("node_type", error.node_type)?;
                fields.set_item("item", error.item)?;
                fields.set_item("traceback", error.traceback)?;
                fields.set_item("outputs", lift::outputs(py, error.outputs)?)?;
                fields.set_item("diagnostics", diagnostics(py, &error.diagnostics)?)?;
                errors.call_method("failed", (), Some(&fields))?
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

/// Diagnostics as dicts.
pub(crate) fn diagnostics<'py>(
    py: Python<'py>,
    all: &[Diagnostic],
) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for diagnostic in all {
        let fields = PyDict::new(py);
        fields.set_item("severity", diagnostic.severity.name())?;
        fields.set_item("code", &diagnostic.code)?;
        fields.set_item("message", &diagnostic.message)?;
        fields.set_item("help", &diagnostic.help)?;
        fields.set_item("path", &diagnostic.path)?;
        let place = diagnostic.location;
        fields.set_item("line", place.map(|place| place.line))?;
        fields.set_item("column", place.map(|place| place.column))?;
        list.append(fields)?;
    }
    Ok(list)
}
