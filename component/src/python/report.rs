//! What results and errors are for programs in Python: dicts, of runs of the
//! executor in this Python and of runs in a sandbox alike.

use pyo3::prelude::*;
use pyo3::types::PyList;

/// A run that ended.
#[derive(IntoPyObject)]
pub struct Finished<'a, 'py> {
    /// Pairs of the id of a node and a list of its items.
    pub outputs: Bound<'py, PyList>,
    /// Shape of the graph.
    pub graph: Graph<'a>,
    /// What each node did.
    pub metrics: Vec<Metrics<'a>>,
    /// What is doubtful in the manifest.
    pub warnings: Vec<Diagnostic<'a>>,
}

/// Why a run failed: the fields of the exception.
#[derive(IntoPyObject)]
pub struct Failed<'a, 'py> {
    /// Name of its kind.
    pub kind: &'a str,
    /// What went wrong.
    pub message: &'a str,
    /// Id of the node.
    pub node_id: Option<&'a str>,
    /// Its type.
    pub node_type: Option<&'a str>,
    /// Which of the node's items it was, from 0.
    pub item: Option<u64>,
    /// The traceback in Python.
    pub traceback: Option<&'a str>,
    /// What sinks had given, as in [`Finished`].
    pub outputs: Bound<'py, PyList>,
    /// What is wrong with the manifest.
    pub diagnostics: Vec<Diagnostic<'a>>,
}

/// The shape of a graph.
#[derive(IntoPyObject)]
pub struct Graph<'a> {
    /// How many nodes there are.
    pub node_count: u32,
    /// How many have no connection out.
    pub sink_count: u32,
    /// How many have no connection in.
    pub source_count: u32,
    /// Ids of the nodes, each after those before it.
    pub execution_order: &'a [String],
}

/// What a node did.
#[derive(IntoPyObject)]
pub struct Metrics<'a> {
    /// Its id.
    pub node_id: &'a str,
    /// Items that it was given.
    pub items_in: u64,
    /// Items that it gave.
    pub items_out: u64,
    /// Time spent in it.
    pub nanoseconds: u64,
}

/// Something wrong or doubtful in a manifest.
#[derive(IntoPyObject)]
pub struct Diagnostic<'a> {
    /// "error" or "warning".
    pub severity: &'a str,
    /// What it is about, as a word.
    pub code: &'a str,
    /// What it is.
    pub message: &'a str,
    /// What to do.
    pub help: Option<&'a str>,
    /// JSON path of the place.
    pub path: &'a str,
    /// Line of the place in the text, from 1.
    pub line: Option<u32>,
    /// Column in characters, from 1.
    pub column: Option<u32>,
}
