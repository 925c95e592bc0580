//! Python objects that pass from one Python node to the next unconverted.

use std::any::Any;

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PyString};

use super::{bridge, convert, errors};
use crate::value::{NoForm, Object, Value};

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

    fn duplicate(&self) -> Result<Box<dyn Object>, NoForm> {
        Python::attach(|py| {
            let object = self.0.bind(py);
            // Immutable, so a second reference is as good as a copy.
            if object.is_none()
                || object.is_exact_instance_of::<PyString>()
                || object.is_exact_instance_of::<PyInt>()
                || object.is_exact_instance_of::<PyFloat>()
                || object.is_exact_instance_of::<PyBool>()
                || object.is_exact_instance_of::<PyBytes>()
            {
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
