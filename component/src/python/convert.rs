//! Values to Python objects and back.

use num_bigint::BigInt;
use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyList, PyMemoryView, PyString, PyTuple,
};

use super::object::PyItem;
use super::{bridge, media};
use crate::value::{Limit, MAX_NODES, NoForm, Value, check_digits, enter};

/// Makes the Python object of a value.
///
/// # Errors
/// A Python exception, for example `MemoryError`, or `TypeError` for a
/// mapping's key that can't be hashed.
pub(crate) fn to_python<'py>(py: Python<'py>, value: Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Null => py.None().into_bound(py),
        Value::Bool(value) => PyBool::new(py, value).to_owned().into_any(),
        Value::Int(value) => value.into_pyobject(py)?.into_any(),
        Value::BigInt(value) => (*value).into_pyobject(py)?.into_any(),
        Value::Float(value) => PyFloat::new(py, value).into_any(),
        Value::Text(value) => PyString::new(py, &value).into_any(),
        Value::Bytes(value) => PyBytes::new(py, &value).into_any(),
        Value::List(items) => PyList::new(py, items.into_iter().map(Plain))?.into_any(),
        Value::Ints(items) => PyList::new(py, items)?.into_any(),
        Value::Floats(items) => PyList::new(py, items)?.into_any(),
        Value::Tuple(items) => {
            let items = items
                .into_iter()
                .map(|item| to_python(py, item))
                .collect::<PyResult<Vec<_>>>()?;
            PyTuple::new(py, items)?.into_any()
        }
        Value::Map(fields) => {
            let dict = PyDict::new(py);
            for (key, value) in fields {
                dict.set_item(PyString::new(py, &key), to_python(py, value)?)?;
            }
            dict.into_any()
        }
        Value::Entries(entries) => {
            let dict = PyDict::new(py);
            for (key, value) in entries {
                dict.set_item(to_python(py, key)?, to_python(py, value)?)?;
            }
            dict.into_any()
        }
        Value::Media(media) => media::to_python(py, *media)?,
        Value::Object(object) => match object.into_any().downcast::<PyItem>() {
            Ok(item) => item.into_object().into_bound(py),
            Err(_) => {
                return Err(PyTypeError::new_err(
                    "the object belongs to another language",
                ));
            }
        },
    })
}

/// A value that becomes an object where a list is filled.
struct Plain(Value);

impl<'py> IntoPyObject<'py> for Plain {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        to_python(py, self.0)
    }
}

/// Makes the value of an item: a plain object, or a medium.
///
/// # Errors
/// Says at which path inside the item an object has no form.
pub(crate) fn item_from_python(object: &Bound<'_, PyAny>) -> Result<Value, NoForm> {
    if let Some(medium) = media::from_python(object)? {
        return Ok(Value::Media(Box::new(medium)));
    }
    let tensor = tensor_of(object).map_err(|error| NoForm {
        path: String::new(),
        message: error.value(object.py()).to_string(),
    })?;
    if let Some(tensor) = tensor
        && let Some(medium) = media::from_python(&tensor)?
    {
        return Ok(Value::Media(Box::new(medium)));
    }
    plain_from_python(object)
}

/// The tensor that an array is; `None` for anything else.
fn tensor_of<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = object.py();
    if !may_be_of_numpy(object) {
        return Ok(None);
    }
    let tensor = bridge::get(py)?.tensor_of.bind(py).call1((object,))?;
    Ok(Some(tensor).filter(|tensor| !tensor.is_none()))
}

/// Whether an object can be an array, or a number of numpy's: all of them have
/// buffers, and most else has not.
fn may_be_of_numpy(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: the pointer is that of a live object.
    let has_buffer = unsafe { ffi::PyObject_CheckBuffer(object.as_ptr()) != 0 };
    has_buffer && !object.is_exact_instance_of::<PyBytes>()
}

/// Makes the value of a plain object, which may lie inside a medium.
pub(crate) fn plain_from_python(object: &Bound<'_, PyAny>) -> Result<Value, NoForm> {
    plain(object, 0, &mut 0).map_err(|mut error| {
        if let Some((path, message)) = error.explained(object) {
            return NoForm { path, message };
        }
        error.path.reverse();
        let path = error.path.concat();
        let path = path.strip_prefix('.').unwrap_or(&path).to_owned();
        NoForm {
            path,
            message: error.message,
        }
    })
}

/// An error on its way out of the recursion: innermost step of the path first.
struct Trail {
    path: Vec<String>,
    message: String,
    /// Whether the value is so large that nobody looks at it again.
    huge: bool,
}

impl Trail {
    fn new(message: impl Into<String>) -> Self {
        Self {
            path: Vec::new(),
            message: message.into(),
            huge: false,
        }
    }

    /// What the package says natively of the object, and where: with advice.
    fn explained(&self, object: &Bound<'_, PyAny>) -> Option<(String, String)> {
        if self.huge {
            return None;
        }
        let explain = bridge::get(object.py()).ok()?.explain.bind(object.py());
        explain.call1((object,)).ok()?.extract().ok()?
    }

    fn at(mut self, step: impl FnOnce() -> String) -> Self {
        self.path.push(step());
        self
    }
}

impl From<PyErr> for Trail {
    fn from(error: PyErr) -> Self {
        Self::new(error.to_string())
    }
}

impl From<Limit> for Trail {
    fn from(limit: Limit) -> Self {
        match limit {
            Limit::Nodes => Self {
                huge: true,
                ..Self::new(limit.to_string())
            },
            _ => Self::new(limit.to_string()),
        }
    }
}

/// Makes the value of an object that stands in `depth` others. `nodes` counts
/// all parts of the whole: one object in many places is many parts.
fn plain(object: &Bound<'_, PyAny>, depth: usize, nodes: &mut usize) -> Result<Value, Trail> {
    *nodes += 1;
    if *nodes > MAX_NODES {
        return Err(Limit::Nodes.into());
    }
    // Exact types first: the common case costs one comparison each.
    if let Ok(text) = object.cast_exact::<PyString>() {
        return string(text).map(Value::Text);
    }
    if object.is_none() {
        return Ok(Value::Null);
    }
    if let Ok(value) = object.cast::<PyBool>() {
        return Ok(Value::Bool(value.is_true()));
    }
    if let Ok(value) = object.cast::<PyInt>() {
        return integer(value);
    }
    if let Ok(value) = object.cast::<PyFloat>() {
        return Ok(Value::Float(value.value()));
    }
    if let Ok(dict) = object.cast::<PyDict>() {
        return mapping(dict, enter(depth)?, nodes);
    }
    if let Ok(items) = object.cast::<PyList>() {
        return elements(items, enter(depth)?, nodes);
    }
    if let Ok(items) = object.cast::<PyTuple>() {
        let depth = enter(depth)?;
        let mut values = Vec::with_capacity(items.len());
        for (position, item) in items.iter().enumerate() {
            let value = plain(&item, depth, nodes);
            values.push(value.map_err(|e| e.at(|| format!("[{position}]")))?);
        }
        return Ok(Value::Tuple(values));
    }
    if let Ok(value) = object.cast::<PyBytes>() {
        return bytes(value.as_bytes());
    }
    if let Ok(text) = object.cast::<PyString>() {
        return string(text).map(Value::Text);
    }
    if let Ok(value) = object.cast::<PyByteArray>() {
        return Ok(Value::Bytes(value.to_vec()));
    }
    if object.cast::<PyMemoryView>().is_ok() {
        let content = object.call_method0(pyo3::intern!(object.py(), "tobytes"))?;
        return bytes(content.cast::<PyBytes>().map_err(PyErr::from)?.as_bytes());
    }
    if may_be_of_numpy(object) {
        let py = object.py();
        let own = bridge::get(py)?.scalar_of.bind(py).call1((object,))?;
        if !own.is_none() {
            return plain(&own, depth, nodes);
        }
    }
    let name = object.get_type().fully_qualified_name();
    let name = name.map_or_else(|_| "object".to_owned(), |name| name.to_string());
    Err(Trail::new(format!("{name} has no plain form")))
}

/// A copy of bytes. A large one may find no memory, which is the item's fault
/// and not the component's.
fn bytes(content: &[u8]) -> Result<Value, Trail> {
    copied(content).map(Value::Bytes)
}

fn copied(content: &[u8]) -> Result<Vec<u8>, Trail> {
    let mut copy = Vec::new();
    let reserved = copy.try_reserve_exact(content.len());
    reserved.map_err(|_| {
        let size = content.len();
        Trail::new(format!(
            "MemoryError: no memory is left to copy {size} bytes"
        ))
    })?;
    copy.extend_from_slice(content);
    Ok(copy)
}

fn string(text: &Bound<'_, PyString>) -> Result<String, Trail> {
    match text.to_str() {
        Ok(text) => {
            let copy = copied(text.as_bytes())?;
            // SAFETY: it holds the bytes of a `str`.
            Ok(unsafe { String::from_utf8_unchecked(copy) })
        }
        Err(error) => Err(Trail::new(format!(
            "the string has no UTF-8 form; encode it to bytes, for example with \"surrogateescape\" ({error})"
        ))),
    }
}

fn integer(value: &Bound<'_, PyInt>) -> Result<Value, Trail> {
    let mut overflow = 0;
    // SAFETY: the object is an int and the interpreter is attached.
    let small = unsafe { ffi::PyLong_AsLongLongAndOverflow(value.as_ptr(), &raw mut overflow) };
    if overflow == 0 {
        return Ok(Value::Int(small));
    }
    let value = value.extract::<BigInt>()?;
    check_digits(&value)?;
    Ok(Value::BigInt(Box::new(value)))
}

/// A list; one whose elements are all small integers or all floats takes the
/// bulk form.
fn elements(items: &Bound<'_, PyList>, depth: usize, nodes: &mut usize) -> Result<Value, Trail> {
    if let Some(bulk) = integers(items).or_else(|| floats(items)) {
        return Ok(bulk);
    }
    let mut values = Vec::with_capacity(items.len());
    for (position, item) in items.iter().enumerate() {
        let value = plain(&item, depth, nodes);
        values.push(value.map_err(|e| e.at(|| format!("[{position}]")))?);
    }
    Ok(Value::List(values))
}

fn integers(items: &Bound<'_, PyList>) -> Option<Value> {
    if items.is_empty() || !items.get_item(0).ok()?.is_exact_instance_of::<PyInt>() {
        return None;
    }
    let mut values = Vec::with_capacity(items.len());
    for item in items.iter() {
        let item = item.cast_into_exact::<PyInt>().ok()?;
        let mut overflow = 0;
        // SAFETY: the object is an int and the interpreter is attached.
        values.push(unsafe { ffi::PyLong_AsLongLongAndOverflow(item.as_ptr(), &raw mut overflow) });
        if overflow != 0 {
            return None;
        }
    }
    Some(Value::Ints(values))
}

fn floats(items: &Bound<'_, PyList>) -> Option<Value> {
    if items.is_empty() || !items.get_item(0).ok()?.is_exact_instance_of::<PyFloat>() {
        return None;
    }
    let mut values = Vec::with_capacity(items.len());
    for item in items.iter() {
        values.push(item.cast_exact::<PyFloat>().ok()?.value());
    }
    Some(Value::Floats(values))
}

/// A dict; the form depends on whether all its keys are strings.
fn mapping(dict: &Bound<'_, PyDict>, depth: usize, nodes: &mut usize) -> Result<Value, Trail> {
    let mut fields = Vec::with_capacity(dict.len());
    for (key, value) in dict.iter() {
        let Ok(name) = key.cast::<PyString>() else {
            return entries(dict, depth, nodes);
        };
        let name = string(name)?;
        match plain(&value, depth, nodes) {
            Ok(value) => fields.push((name, value)),
            Err(error) => return Err(error.at(|| step(&name))),
        }
    }
    Ok(Value::Map(fields))
}

fn entries(dict: &Bound<'_, PyDict>, depth: usize, nodes: &mut usize) -> Result<Value, Trail> {
    let mut entries = Vec::with_capacity(dict.len());
    for (key, value) in dict.iter() {
        let at = |what: &str, key: &Bound<'_, PyAny>| match key.repr() {
            Ok(repr) => format!("[{repr}]{what}"),
            Err(_) => format!("[?]{what}"),
        };
        let name = plain(&key, depth, nodes).map_err(|e| e.at(|| at(" (key)", &key)))?;
        let value = plain(&value, depth, nodes).map_err(|e| e.at(|| at("", &key)))?;
        entries.push((name, value));
    }
    Ok(Value::Entries(entries))
}

/// A step of a path: `.name`, or `["a name"]` where that would not read well.
fn step(name: &str) -> String {
    let simple = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || "_-".contains(c));
    if simple {
        format!(".{name}")
    } else {
        format!("[{name:?}]")
    }
}
