//! Python exceptions to errors of nodes.

use pyo3::prelude::*;
use pyo3::types::PyString;

use super::bridge;
use crate::node::NodeError;

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
pub(super) fn describe(py: Python<'_>, error: &PyErr) -> (String, Option<String>) {
    let traceback = bridge::get(py)
        .and_then(|bridge| bridge.format_error.bind(py).call1((error.value(py),)))
        .and_then(|text| text.extract::<String>())
        .ok();
    // It may hold a lone surrogate; and where memory is short it may fail.
    let said = bridge::get(py)
        .and_then(|bridge| bridge.describe_error.bind(py).call1((error.value(py),)))
        .and_then(|text| Ok(text.cast::<PyString>()?.to_string_lossy().into_owned()));
    let message = said.unwrap_or_else(|_| {
        let kind = error.get_type(py).qualname();
        kind.map_or_else(|_| "Exception".to_owned(), |name| name.to_string())
    });
    // The advice is for errors that say nothing but this.
    let advice = ADVICE.iter().find(|(known, _)| {
        message
            .strip_suffix(known)
            .is_some_and(|kind| kind.ends_with(": "))
    });
    let message = match advice {
        None => message,
        Some((_, advice)) => format!("{message} ({advice})"),
    };
    (message, traceback)
}
