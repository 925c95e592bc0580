//! A Python node behind the executor's trait.

use std::cell::RefCell;
use std::rc::Rc;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyIterator, PyList, PyString, PyTuple};

use super::errors::{failed, setup_failed};
use super::object::PyItem;
use super::{bridge, convert};
use crate::node::{Emitter, Node, NodeError, Outputs};
use crate::value::Value;

thread_local! {
    /// The node that runs now.
    static CURRENT: RefCell<Option<Rc<str>>> = const { RefCell::new(None) };
}

/// The id of the node that runs now.
#[cfg(target_family = "wasm")]
pub(super) fn current() -> Option<Rc<str>> {
    CURRENT.with_borrow(Clone::clone)
}

/// Held while a node runs. A node may run a pipeline of its own.
struct Running(Option<Rc<str>>);

impl Running {
    fn enter(id: &Rc<str>) -> Self {
        Self(CURRENT.replace(Some(Rc::clone(id))))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

/// A node whose class is Python.
pub(crate) struct PythonNode {
    id: Rc<str>,
    runner: Py<PyAny>,
    /// Bound method that takes an item: `process`; or `push` of a streaming
    /// node's runner, `begin` of a concurrent one's.
    take: Py<PyAny>,
    streaming: bool,
    concurrent: bool,
    source: bool,
}

impl PythonNode {
    /// Makes the node. Its constructor runs.
    ///
    /// # Errors
    /// The constructor's exception.
    pub(crate) fn open(node_type: &str, id: &str, params: Value) -> Result<Self, NodeError> {
        let id: Rc<str> = id.into();
        let _running = Running::enter(&id);
        Python::attach(|py| {
            let open = || -> PyResult<Self> {
                let bridge = bridge::get(py)?;
                let params = convert::to_python(py, params)?;
                let runner = bridge.open_node.bind(py).call1((node_type, &*id, params))?;
                Self::of_runner(&runner, &id)
            };
            open().map_err(|error| setup_failed(py, &error))
        })
    }

    /// The node that a `Runner` runs.
    ///
    /// # Errors
    /// Where it is no `Runner`.
    pub(super) fn of_runner(runner: &Bound<'_, PyAny>, id: &str) -> PyResult<Self> {
        let py = runner.py();
        let streaming = runner.getattr(intern!(py, "streaming"))?.is_truthy()?;
        let source = runner.getattr(intern!(py, "source"))?.is_truthy()?;
        let concurrent = runner.getattr(intern!(py, "concurrent"))?.is_truthy()?;
        let take = runner.getattr(match (streaming, concurrent) {
            (true, _) => intern!(py, "push"),
            (false, true) => intern!(py, "begin"),
            (false, false) => intern!(py, "process"),
        })?;
        Ok(Self {
            id: id.into(),
            runner: runner.clone().unbind(),
            take: take.unbind(),
            streaming,
            concurrent,
            source,
        })
    }

    fn iterate(&self, py: Python<'_>, method: &Bound<'_, PyString>) -> Result<Outputs, NodeError> {
        let _running = Running::enter(&self.id);
        let result = self.runner.bind(py).call_method0(method);
        result
            .and_then(|result| self.iterator(result))
            .map_err(|error| failed(py, &error))
    }

    fn iterator(&self, object: Bound<'_, PyAny>) -> PyResult<Outputs> {
        let items = Items {
            id: Rc::clone(&self.id),
            iterator: Some(object.try_iter()?.unbind()),
            concurrent: self.concurrent,
        };
        Ok(Outputs::Many(Box::new(items)))
    }
}

impl Node for PythonNode {
    fn initialize(&mut self) -> Result<(), NodeError> {
        let _running = Running::enter(&self.id);
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
        let _running = Running::enter(&self.id);
        Python::attach(|py| {
            let process = || -> PyResult<Outputs> {
                let item = convert::to_python(py, item)?;
                let result = self.take.bind(py).call1((item,))?;
                if self.streaming || self.concurrent {
                    return self.iterator(result);
                }
                if result.is_none() {
                    return Ok(Outputs::None);
                }
                if is_plain(&result) {
                    return Ok(Outputs::One(PyItem::boxed(result)));
                }
                let result = bridge::get(py)?.expand.bind(py).call1((result,))?;
                self.iterator(result)
            };
            process().map_err(|error| failed(py, &error))
        })
    }

    fn is_concurrent(&self) -> bool {
        self.concurrent
    }

    fn settle(&mut self) -> Result<Outputs, NodeError> {
        Python::attach(|py| self.iterate(py, intern!(py, "settle")))
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
        let _running = Running::enter(&self.id);
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

/// Items of a node's Python iterator.
struct Items {
    id: Rc<str>,
    /// There until the end.
    iterator: Option<Py<PyIterator>>,
    /// Whether they may be for items before the last one.
    concurrent: bool,
}

impl Drop for Items {
    fn drop(&mut self) {
        // A generator that has not ended runs once more.
        let _running = Running::enter(&self.id);
        Python::attach(|_| self.iterator = None);
    }
}

impl Emitter for Items {
    fn next(&mut self) -> Result<Option<Value>, NodeError> {
        let _running = Running::enter(&self.id);
        let Some(iterator) = &self.iterator else {
            return Ok(None);
        };
        Python::attach(|py| match iterator.bind(py).clone().next() {
            Some(Ok(item)) => Ok(Some(PyItem::boxed(item))),
            Some(Err(error)) => Err(failed(py, &error)),
            None => Ok(None),
        })
    }

    fn item(&self) -> Option<u64> {
        let iterator = self.iterator.as_ref().filter(|_| self.concurrent)?;
        Python::attach(|py| {
            let item = iterator.bind(py).getattr(intern!(py, "item")).ok()?;
            item.extract().ok()
        })
    }
}
