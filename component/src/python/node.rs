//! A Python node behind the executor's trait.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyIterator, PyList, PyString, PyTuple};

use super::errors::{failed, setup_failed};
use super::object::PyItem;
use super::{bridge, convert};
use crate::node::{Emitter, Node, NodeError, Outputs};
use crate::value::Value;

/// A node whose class is Python.
pub(crate) struct PythonNode {
    runner: Py<PyAny>,
    /// Bound method that takes an item: `process`, or `push` of a streaming
    /// node's runner.
    take: Py<PyAny>,
    streaming: bool,
    source: bool,
}

impl PythonNode {
    /// Makes the node. Its constructor runs.
    ///
    /// # Errors
    /// The constructor's exception.
    pub(crate) fn open(node_type: &str, id: &str, params: Value) -> Result<Self, NodeError> {
        Python::attach(|py| {
            let open = || -> PyResult<Self> {
                let bridge = bridge::get(py)?;
                let params = convert::to_python(py, params)?;
                let runner = bridge.open_node.bind(py).call1((node_type, id, params))?;
                let streaming = runner.getattr(intern!(py, "streaming"))?.is_truthy()?;
                let source = runner.getattr(intern!(py, "source"))?.is_truthy()?;
                let take = runner.getattr(match streaming {
                    true => intern!(py, "push"),
                    false => intern!(py, "process"),
                })?;
                Ok(Self {
                    runner: runner.unbind(),
                    take: take.unbind(),
                    streaming,
                    source,
                })
            };
            open().map_err(|error| setup_failed(py, &error))
        })
    }

    fn iterate(&self, py: Python<'_>, method: &Bound<'_, PyString>) -> Result<Outputs, NodeError> {
        let result = self.runner.bind(py).call_method0(method);
        result
            .and_then(iterator)
            .map_err(|error| failed(py, &error))
    }
}

impl Node for PythonNode {
    fn initialize(&mut self) -> Result<(), NodeError> {
        Python::attach(|py| {
            let method = intern!(py, "initialize");
            match self.runner.bind(py).call_method0(method) {
                Ok(_) => Ok(()),
                Err(error) => Err(setup_failed(py, &error)),
            }
        })
    }

    fn takes_objects(&self) -> bool {
        true
    }

    fn process(&mut self, item: Value) -> Result<Outputs, NodeError> {
        Python::attach(|py| {
            let process = || -> PyResult<Outputs> {
                let item = convert::to_python(py, item)?;
                let result = self.take.bind(py).call1((item,))?;
                if self.streaming {
                    return iterator(result);
                }
                if result.is_none() {
                    return Ok(Outputs::None);
                }
                if is_plain(&result) {
                    return Ok(Outputs::One(PyItem::boxed(result)));
                }
                iterator(bridge::get(py)?.expand.bind(py).call1((result,))?)
            };
            process().map_err(|error| failed(py, &error))
        })
    }

    fn is_source(&self) -> bool {
        self.source
    }

    fn produce(&mut self) -> Result<Outputs, NodeError> {
        Python::attach(|py| self.iterate(py, intern!(py, "produce")))
    }

    fn finish(&mut self) -> Result<Outputs, NodeError> {
        Python::attach(|py| self.iterate(py, intern!(py, "finish")))
    }

    fn cleanup(&mut self) -> Result<(), NodeError> {
        Python::attach(|py| {
            let result = self.runner.bind(py).call_method0(intern!(py, "cleanup"));
            result.map(drop).map_err(|error| failed(py, &error))
        })
    }
}

/// Whether a result is an item as it stands: no coroutine, no generator.
fn is_plain(object: &Bound<'_, PyAny>) -> bool {
    object.is_exact_instance_of::<PyDict>()
        || object.is_exact_instance_of::<PyString>()
        || object.is_exact_instance_of::<PyInt>()
        || object.is_exact_instance_of::<PyFloat>()
        || object.is_exact_instance_of::<PyList>()
        || object.is_exact_instance_of::<PyTuple>()
        || object.is_exact_instance_of::<PyBytes>()
        || object.is_exact_instance_of::<PyBool>()
}

fn iterator(object: Bound<'_, PyAny>) -> PyResult<Outputs> {
    let iterator = object.try_iter()?;
    Ok(Outputs::Many(Box::new(Items(iterator.unbind()))))
}

/// Items of a Python iterator.
struct Items(Py<PyIterator>);

impl Emitter for Items {
    fn next(&mut self) -> Result<Option<Value>, NodeError> {
        Python::attach(|py| match self.0.bind(py).clone().next() {
            Some(Ok(item)) => Ok(Some(PyItem::boxed(item))),
            Some(Err(error)) => Err(failed(py, &error)),
            None => Ok(None),
        })
    }
}
