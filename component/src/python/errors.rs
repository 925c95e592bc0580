//! Python exceptions to errors of nodes.

use std::cell::Cell;
use std::rc::Rc;

use pyo3::exceptions::{PyBaseException, PyGeneratorExit, PyKeyboardInterrupt};
use pyo3::prelude::*;
use pyo3::types::PyString;

use super::bridge;
use crate::node::{NodeError, Traceback};

/// What to do about errors whose own text does not say that they come from the
/// sandbox.
const ADVICE: &[(&str, &str)] = &[
    ("no such module: fts5", NO_FULL_TEXT),
    ("no such module: fts4", NO_FULL_TEXT),
    ("no such module: fts3", NO_FULL_TEXT),
    (
        "no such module: rtree",
        "SQLite in the sandbox has no R*Tree: use an index on the columns",
    ),
];
const NO_FULL_TEXT: &str = "SQLite in the sandbox has no full-text search: use LIKE, or a table \
    of words with an index";

/// A node that could not be made or initialised.
pub(crate) fn setup_failed(py: Python<'_>, error: &PyErr) -> NodeError {
    let (message, traceback) = describe(py, error);
    NodeError::Setup { message, traceback }
}

/// A node that failed at work.
pub(crate) fn failed(py: Python<'_>, error: &PyErr) -> NodeError {
    let (message, traceback) = describe(py, error);
    NodeError::Failed { message, traceback }
}

/// An exception in one line, as Python would show it, and its traceback.
pub(super) fn describe(py: Python<'_>, error: &PyErr) -> (String, Option<Traceback>) {
    // Older Pythons keep the traceback beside the exception until now.
    let raised = error.clone_ref(py).into_value(py).into_bound(py);
    let traceback = bridge::get(py)
        .and_then(|bridge| bridge.format_error.bind(py).call1((&raised,)))
        .and_then(|text| text.extract::<String>())
        .ok();
    // It may hold a lone surrogate; and where memory is short it may fail.
    let said = bridge::get(py)
        .and_then(|bridge| bridge.describe_error.bind(py).call1((&raised,)))
        .and_then(|text| Ok(text.cast::<PyString>()?.to_string_lossy().into_owned()));
    let message = said.unwrap_or_else(|_| {
        let kind = error.get_type(py).qualname();
        kind.map_or_else(|_| "Exception".to_owned(), |name| name.to_string())
    });
    // The advice is for errors that say nothing but this.
    let advice = ADVICE
        .iter()
        .filter(|_| cfg!(target_family = "wasm"))
        .find(|(known, _)| {
            message
                .strip_suffix(known)
                .is_some_and(|kind| kind.ends_with(": "))
        });
    let message = match advice {
        None => message,
        Some((_, advice)) => format!("{message} ({advice})"),
    };
    // The component gives out no objects, and who runs natively wants this one.
    let raised = cfg!(not(target_family = "wasm")).then(|| Rc::new(raised.unbind()) as _);
    let traceback = match (traceback, &raised) {
        (None, None) => None,
        (text, _) => Some(Traceback {
            text: text.unwrap_or_default(),
            raised,
        }),
    };
    (message, traceback)
}

/// What was raised, where it came along.
pub(super) fn raised<'py>(
    py: Python<'py>,
    traceback: Option<&Traceback>,
) -> Option<Bound<'py, PyBaseException>> {
    let raised = traceback?.raised.as_ref()?;
    let raised = raised.downcast_ref::<Py<PyBaseException>>()?;
    Some(raised.bind(py).clone())
}

/// Whether it ends the program, or whoever called it, and is no node's fault.
pub(super) fn is_interrupt(error: &Bound<'_, PyAny>) -> bool {
    error.is_instance_of::<PyKeyboardInterrupt>() || error.is_instance_of::<PyGeneratorExit>()
}

thread_local! {
    static INTERRUPTED: Cell<bool> = const { Cell::new(false) };
}

/// Remembers Ctrl-C that came where an error becomes something else.
pub(super) fn keep_interrupt(py: Python<'_>, error: &PyErr) {
    if error.is_instance_of::<PyKeyboardInterrupt>(py) {
        INTERRUPTED.set(true);
    }
}

/// What was remembered so: it comes before any other error.
pub(super) fn kept_interrupt() -> Option<PyErr> {
    let interrupted = INTERRUPTED.replace(false);
    interrupted.then(|| PyKeyboardInterrupt::new_err(()))
}
