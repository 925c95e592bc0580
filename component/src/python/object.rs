//! Python objects that pass from one Python node to the next unconverted.

use std::any::Any;

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use super::{bridge, convert, errors};
use crate::value::{MAX_DEPTH, NoForm, Object, Value};

/// An item that is still a Python object.
#[derive(Debug)]
pub(crate) struct PyItem(Py<PyAny>);

impl PyItem {
    /// Wraps an object.
    pub(crate) fn boxed(object: Bound<'_, PyAny>) -> Value {
        Value::Object(Box::new(Self(object.unbind())))
    }

    /// The object.
    pub(crate) fn into_object(self) -> Py<PyAny> {
        self.0
    }
}

impl Object for PyItem {
    fn to_value(&self) -> Result<Value, NoForm> {
        Python::attach(|py| convert::item_from_python(self.0.bind(py)))
    }

    fn is_plain(&self) -> bool {
        Python::attach(|py| is_plain(self.0.bind(py), 0))
    }

    fn duplicate(&self) -> Result<Box<dyn Object>, NoForm> {
        Python::attach(|py| {
            let object = self.0.bind(py);
            // Immutable, so a second reference is as good as a copy.
            if is_simple(object) {
                return Ok(Box::new(Self(self.0.clone_ref(py))) as Box<dyn Object>);
            }
            let copy = bridge::get(py).and_then(|bridge| bridge.deepcopy.call1(py, (object,)));
            if let Err(error) = &copy {
                errors::keep_interrupt(py, error);
            }
            match copy {
                Ok(copy) => Ok(Box::new(Self(copy)) as Box<dyn Object>),
                Err(error) => Err(NoForm {
                    path: String::new(),
                    message: format!(
                        "the item goes to several nodes and each gets a copy of its own, but it can't be copied: {error}"
                    ),
                }),
            }
        })
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

/// Whether an object can't change and holds no others.
fn is_simple(object: &Bound<'_, PyAny>) -> bool {
    object.is_none()
        || object.is_exact_instance_of::<PyString>()
        || object.is_exact_instance_of::<PyInt>()
        || object.is_exact_instance_of::<PyFloat>()
        || object.is_exact_instance_of::<PyBool>()
        || object.is_exact_instance_of::<PyBytes>()
}

/// Whether an object at some depth in others is of Python's own types, and so are
/// all in it.
fn is_plain(object: &Bound<'_, PyAny>, depth: usize) -> bool {
    let inner = |it: &Bound<'_, PyAny>| is_plain(it, depth + 1);
    if is_simple(object) {
        return true;
    }
    // Deeper ones have no form.
    if depth > MAX_DEPTH {
        return false;
    }
    if object.is_exact_instance_of::<PyList>() {
        let list = object.cast::<PyList>();
        return list.is_ok_and(|list| list.iter().all(|it| inner(&it)));
    }
    if object.is_exact_instance_of::<PyTuple>() {
        let tuple = object.cast::<PyTuple>();
        return tuple.is_ok_and(|tuple| tuple.iter().all(|it| inner(&it)));
    }
    if object.is_exact_instance_of::<PyDict>() {
        let dict = object.cast::<PyDict>();
        return dict.is_ok_and(|dict| dict.iter().all(|(key, it)| inner(&key) && inner(&it)));
    }
    false
}
