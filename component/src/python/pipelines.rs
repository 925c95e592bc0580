//! Pipelines for programs in Python: what the package makes its `run` of, natively
//! and, where a node runs a pipeline of its own, in the component.

#![allow(
    clippy::result_large_err,
    reason = "an error ends the run, and is made once"
)]

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::node::PythonNode;
use super::object::PyItem;
use super::provider::{self, Provider};
use super::{convert, errors, report};
use crate::executor::{
    Batch, Input, NodeMetrics, NodeOutputs, Part, PipelineError, Run, RunResult,
};
use crate::graph::GraphInfo;
use crate::manifest::{Diagnostic, Loaded, NodeSpec, Severity, load};
use crate::node::{Node, NodeError};
use crate::registry::{self, Language, LookupError, NodeInfo, ParamProblem, Registry};
use crate::value::{NoForm, Value};

thread_local! {
    static REGISTRY: Registry = Registry::new(Box::new(Provider::default()));
}

/// Puts the functions and classes into a module.
///
/// # Errors
/// Where Python has no memory left.
pub fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_function(wrap_pyfunction!(run, module)?)?;
    module.add_function(wrap_pyfunction!(check, module)?)?;
    module.add_function(wrap_pyfunction!(list_nodes, module)?)?;
    module.add_class::<OpenRun>()
}

/// Lets the module be imported in the component. Call it before Python starts.
#[cfg(target_family = "wasm")]
pub(super) fn install() {
    pyo3::append_to_inittab!(_pipelines);
}

/// The same as `remotemedia._core`, as far as it runs pipelines in this Python.
#[cfg(target_family = "wasm")]
#[pymodule]
fn _pipelines(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(current_node, module)?)?;
    add_to(module)
}

/// The id of the node that runs now.
#[cfg(target_family = "wasm")]
#[pyfunction]
fn current_node() -> Option<String> {
    super::node::current().map(|id| id.as_ref().to_owned())
}

/// Nodes that are there already: their runners by id, and what is known of their
/// types, which have a colon in their names and so none of a node in Rust.
type Given<'py> = (Bound<'py, PyDict>, Bound<'py, PyDict>);

/// Runs a pipeline to its end: a manifest's text, and items where there are any.
/// Gives outputs by node, the graph, what each node did, and warnings.
#[pyfunction]
#[pyo3(signature = (source, inputs, given = None))]
fn run<'py>(
    py: Python<'py>,
    source: &str,
    inputs: Option<&Bound<'py, PyAny>>,
    given: Option<Given<'py>>,
) -> PyResult<Bound<'py, PyDict>> {
    let objects = given.is_some();
    let inputs = inputs
        .map(|items| read_inputs(items, objects))
        .transpose()?;
    with_registry(given, |registry| {
        let Loaded {
            manifest,
            input_data,
            warnings,
            ..
        } = read(py, source, registry)?;
        let written = || Some(input_data?.into_iter().map(Input::from).collect());
        let ended = Run::make(&manifest, registry)
            .map(|run| if objects { run.keep_objects() } else { run })
            .and_then(|run| run.execute(inputs.or_else(written)));
        finished(py, ended.map_err(|error| exception(py, error))?, &warnings)
    })
}

/// Checks a manifest's text: the graph where it can run, and what is wrong or
/// doubtful.
#[pyfunction]
fn check<'py>(
    py: Python<'py>,
    source: &str,
) -> PyResult<(Option<Bound<'py, PyDict>>, Bound<'py, PyList>)> {
    match REGISTRY.with(|registry| load(source, registry)) {
        Ok(loaded) => Ok((
            Some(graph(&loaded.graph).into_pyobject(py)?),
            PyList::new(py, diagnostics(&loaded.warnings))?,
        )),
        Err(invalid) => match errors::kept_interrupt() {
            Some(interrupt) => Err(interrupt),
            None => Ok((None, PyList::new(py, diagnostics(&invalid.diagnostics))?)),
        },
    }
}

/// The node types that manifests can name, as dicts.
#[pyfunction]
fn list_nodes(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let list = PyList::empty(py);
    for node in REGISTRY.with(Registry::list) {
        let fields = PyDict::new(py);
        fields.set_item("node_type", node.node_type)?;
        let language = match node.language {
            Language::Rust => "rust",
            Language::Python => "python",
        };
        fields.set_item("language", language)?;
        fields.set_item("summary", node.summary)?;
        fields.set_item("streaming", node.streaming)?;
        fields.set_item("source", node.source)?;
        fields.set_item("unavailable", node.unavailable)?;
        list.append(fields)?;
    }
    Ok(list)
}

/// A pipeline that is fed and read item by item, in the thread that made it.
#[pyclass(module = "remotemedia._core", name = "Run", unsendable)]
struct OpenRun {
    /// `None` once it is closed by hand.
    run: Option<Run>,
    warnings: Vec<Diagnostic>,
    objects: bool,
}

#[pymethods]
impl OpenRun {
    /// Makes and initialises the nodes.
    #[new]
    #[pyo3(signature = (source, given = None))]
    fn new(py: Python<'_>, source: &str, given: Option<Given<'_>>) -> PyResult<Self> {
        let objects = given.is_some();
        with_registry(given, |registry| {
            let loaded = read(py, source, registry)?;
            let open = || {
                let mut run = Run::make(&loaded.manifest, registry)?;
                if objects {
                    run = run.keep_objects();
                }
                run.initialize().map(|()| run)
            };
            Ok(Self {
                run: Some(open().map_err(|error| exception(py, error))?),
                warnings: loaded.warnings,
                objects,
            })
        })
    }

    /// Gives an item; the first part of what the sinks give, and whether there is
    /// more.
    fn push<'py>(
        &mut self,
        py: Python<'py>,
        item: &Bound<'py, PyAny>,
    ) -> PyResult<(Bound<'py, PyList>, bool)> {
        let input = read_input(item, &meant(py)?, self.objects, || "item".to_owned())?;
        self.part(py, |run| run.push(input))
    }

    /// The next part, of about so many outputs.
    fn pull<'py>(&mut self, py: Python<'py>, most: usize) -> PyResult<(Bound<'py, PyList>, bool)> {
        self.part(py, |run| run.pull(most))
    }

    /// Ends the input; the first part of what the sinks still give.
    fn end<'py>(&mut self, py: Python<'py>) -> PyResult<(Bound<'py, PyList>, bool)> {
        self.part(py, Run::end)
    }

    /// Ends the run; what it came to.
    fn finish<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let ended = self.open()?.finish();
        finished(
            py,
            ended.map_err(|error| exception(py, error))?,
            &self.warnings,
        )
    }

    /// Cleans up without flushing.
    fn close(&mut self, py: Python<'_>) -> PyResult<()> {
        let closed = self.run.take().map_or(Ok(()), Run::abort);
        closed.map_err(|error| exception(py, error))
    }
}

impl OpenRun {
    fn open(&mut self) -> PyResult<&mut Run> {
        let closed = || pyo3::exceptions::PyRuntimeError::new_err("the session is closed");
        self.run.as_mut().ok_or_else(closed)
    }

    fn part<'py>(
        &mut self,
        py: Python<'py>,
        work: impl FnOnce(&mut Run) -> Result<Part, PipelineError>,
    ) -> PyResult<(Bound<'py, PyList>, bool)> {
        let part = work(self.open()?).map_err(|error| exception(py, error))?;
        Ok((outputs(py, part.outputs)?, part.more))
    }
}

impl Drop for OpenRun {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.run.take().map(Run::abort) {
            // Nobody is left to give it to, and it must not be lost.
            Python::attach(|py| exception(py, error).write_unraisable(py, None));
        }
    }
}

/// Does `work` with the registry, in which the nodes that are given stand before
/// all others.
fn with_registry<T>(given: Option<Given<'_>>, work: impl FnOnce(&Registry) -> T) -> T {
    match given {
        None => REGISTRY.with(work),
        Some((runners, infos)) => work(&Registry::new(Box::new(GivenNodes {
            runners: runners.unbind(),
            infos: infos.unbind(),
            others: Provider::default(),
        }))),
    }
}

/// Nodes that are there already, and all others.
struct GivenNodes {
    runners: Py<PyDict>,
    infos: Py<PyDict>,
    others: Provider,
}

impl GivenNodes {
    fn info(&self, node_type: &str) -> Option<NodeInfo> {
        Python::attach(|py| {
            let info = self.infos.bind(py).get_item(node_type).ok()??;
            provider::node_info(&info).ok()
        })
    }
}

impl registry::Provider for GivenNodes {
    fn infos(&self) -> Vec<NodeInfo> {
        self.others.infos()
    }

    fn describe(&self, node_type: &str) -> Result<NodeInfo, LookupError> {
        let given = self.info(node_type).map(Ok);
        given.unwrap_or_else(|| self.others.describe(node_type))
    }

    fn check_params(&self, node_type: &str, params: &Value) -> Vec<ParamProblem> {
        // It has been made, with whatever params it takes.
        let is_made = matches!(params, Value::Map(fields) if fields.is_empty());
        match is_made && self.info(node_type).is_some() {
            true => Vec::new(),
            false => self.others.check_params(node_type, params),
        }
    }

    fn is_sandbox(&self) -> bool {
        self.others.is_sandbox()
    }

    fn create(&self, spec: &NodeSpec) -> Result<Box<dyn Node>, NodeError> {
        let given = Python::attach(|py| {
            let runner = self.runners.bind(py).get_item(&spec.id).ok()??;
            let node = PythonNode::of_runner(&runner, &spec.id);
            Some(node.map_err(|error| errors::setup_failed(py, &error)))
        });
        match given {
            Some(node) => Ok(Box::new(node?)),
            None => self.others.create(spec),
        }
    }
}

fn read(py: Python<'_>, source: &str, registry: &Registry) -> PyResult<Loaded> {
    load(source, registry).map_err(|invalid| {
        if let Some(interrupt) = errors::kept_interrupt() {
            return interrupt;
        }
        let made = || {
            let found = diagnostics(&invalid.diagnostics);
            results(py)?.call_method1(intern!(py, "invalid_manifest"), (found,))
        };
        made().map_or_else(|error| error, PyErr::from_value)
    })
}

/// The module with the classes of results and errors.
fn results(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import(intern!(py, "remotemedia.runtime.results"))
}

/// The class of items that are meant for one source.
fn meant(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    let source = py.import(intern!(py, "remotemedia.runtime.source"))?;
    source.getattr(intern!(py, "Meant"))
}

fn read_inputs(items: &Bound<'_, PyAny>, objects: bool) -> PyResult<Vec<Input>> {
    let meant = meant(items.py())?;
    let read = |(position, item): (usize, PyResult<Bound<'_, PyAny>>)| {
        read_input(&item?, &meant, objects, || format!("inputs[{position}]"))
    };
    items.try_iter()?.enumerate().map(read).collect()
}

/// An item; as it is where `objects` pass, and else a value of its own, which
/// the caller's object has no part in. `place` is what a message calls it.
fn read_input(
    item: &Bound<'_, PyAny>,
    meant: &Bound<'_, PyAny>,
    objects: bool,
    place: impl FnOnce() -> String,
) -> PyResult<Input> {
    let py = item.py();
    let (node_id, item) = match item.is_instance(meant)? {
        true => (
            Some(item.getattr(intern!(py, "node_id"))?.extract()?),
            &item.getattr(intern!(py, "item"))?,
        ),
        false => (None, item),
    };
    let value = match objects {
        true => PyItem::boxed(item.clone()),
        false => convert::item_from_python(item).map_err(|error| no_form(py, &place(), &error))?,
    };
    Ok(Input {
        node_id,
        batch: Batch::One(value),
    })
}

fn no_form(py: Python<'_>, place: &str, error: &NoForm) -> PyErr {
    let dot = match error.path.as_str() {
        path if path.is_empty() || path.starts_with('[') => "",
        _ => ".",
    };
    let path = format!("{place}{dot}{}", error.path);
    let made = || {
        let values = py.import(intern!(py, "remotemedia.runtime.values"))?;
        values.call_method1(intern!(py, "ValueFormError"), (path, &error.message))
    };
    made().map_or_else(|error| error, PyErr::from_value)
}

/// The exception for a failed run; what a node raised is its cause.
fn exception(py: Python<'_>, error: PipelineError) -> PyErr {
    if let Some(interrupt) = errors::kept_interrupt() {
        return interrupt;
    }
    let raised = errors::raised(py, error.traceback.as_ref());
    if let Some(raised) = &raised
        && errors::is_interrupt(raised)
    {
        return PyErr::from_value(raised.clone().into_any());
    }
    let failed = || -> PyResult<PyErr> {
        let fields = report::Failed {
            kind: error.kind.name(),
            message: &error.message,
            node_id: error.node_id.as_deref(),
            node_type: error.node_type.as_deref(),
            item: error.item,
            traceback: error.traceback.as_ref().map(|it| it.text.as_str()),
            outputs: outputs(py, error.outputs)?,
            diagnostics: diagnostics(&error.diagnostics),
        };
        let fields = fields.into_pyobject(py)?;
        let failed = results(py)?.call_method(intern!(py, "failed"), (), Some(&fields))?;
        Ok(PyErr::from_value(failed))
    };
    let failed = failed().unwrap_or_else(|error| error);
    failed.set_cause(py, raised.map(|it| PyErr::from_value(it.into_any())));
    failed
}

fn finished<'py>(
    py: Python<'py>,
    run: RunResult,
    warnings: &[Diagnostic],
) -> PyResult<Bound<'py, PyDict>> {
    let finished = report::Finished {
        outputs: outputs(py, run.outputs)?,
        graph: graph(&run.graph),
        metrics: run.metrics.iter().map(metrics).collect(),
        warnings: diagnostics(warnings),
    };
    finished.into_pyobject(py)
}

/// Outputs as a list of pairs: the id of a node, and its items.
fn outputs(py: Python<'_>, given: Vec<NodeOutputs>) -> PyResult<Bound<'_, PyList>> {
    let list = PyList::empty(py);
    for NodeOutputs { node_id, items } in given {
        let items = items.into_iter().map(|item| convert::to_python(py, item));
        let items = items.collect::<PyResult<Vec<_>>>()?;
        list.append((node_id, PyList::new(py, items)?))?;
    }
    Ok(list)
}

fn graph(graph: &GraphInfo) -> report::Graph<'_> {
    report::Graph {
        node_count: graph.node_count,
        sink_count: graph.sink_count,
        source_count: graph.source_count,
        execution_order: &graph.execution_order,
    }
}

fn metrics(node: &NodeMetrics) -> report::Metrics<'_> {
    report::Metrics {
        node_id: &node.node_id,
        items_in: node.items_in,
        items_out: node.items_out,
        nanoseconds: node.nanoseconds,
    }
}

fn diagnostics(all: &[Diagnostic]) -> Vec<report::Diagnostic<'_>> {
    all.iter()
        .map(|it| report::Diagnostic {
            severity: match it.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            code: it.code,
            message: &it.message,
            help: it.help.as_deref(),
            path: &it.path,
            line: it.location.map(|at| at.line),
            column: it.location.map(|at| at.column),
        })
        .collect()
}
