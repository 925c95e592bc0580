//! Items to Python objects.

use std::str::FromStr as _;

use num_bigint::BigInt;
use pipeline_component::python::media;
use pipeline_host::codec::names::Named as _;
use pipeline_host::codec::validate;
use pipeline_host::types::{Data, ImageFormat, NodeOutputs, Value, ValueNode};
use pyo3::IntoPyObjectExt as _;
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};

/// Outputs as a list of pairs: the id of a node, and its items.
pub(crate) fn outputs(py: Python<'_>, given: Vec<NodeOutputs>) -> PyResult<Bound<'_, PyList>> {
    let list = PyList::empty(py);
    for NodeOutputs { node_id, items } in given {
        let lifted = PyList::empty(py);
        for item in items {
            match item {
                Data::Integers(numbers) => {
                    numbers
                        .into_iter()
                        .try_for_each(|number| lifted.append(number))?;
                }
                Data::Numbers(numbers) => {
                    numbers
                        .into_iter()
                        .try_for_each(|number| lifted.append(number))?;
                }
                item => lifted.append(data(py, item)?)?,
            }
        }
        list.append((node_id, lifted))?;
    }
    Ok(list)
}

fn data<'py>(py: Python<'py>, item: Data) -> PyResult<Bound<'py, PyAny>> {
    let fields = PyDict::new(py);
    let set = |name: &str, value: Bound<'py, PyAny>| fields.set_item(name, value);
    let class = match item {
        Data::Value(value) => return self::value(py, &value),
        Data::Integers(numbers) => return numbers.into_bound_py_any(py),
        Data::Numbers(numbers) => return numbers.into_bound_py_any(py),
        Data::Audio(audio) => {
            set("samples", media::floats(py, audio.samples)?)?;
            set("sample_rate", audio.sample_rate.into_bound_py_any(py)?)?;
            set("channels", audio.channels.into_bound_py_any(py)?)?;
            set("stream_id", audio.stream_id.into_bound_py_any(py)?)?;
            set("timestamp_us", audio.timestamp_us.into_bound_py_any(py)?)?;
            set("metadata", optional(py, audio.metadata)?)?;
            intern!(py, "Audio")
        }
        Data::Video(video) => {
            set("pixel_data", media::bytes(py, video.pixel_data)?)?;
            set("width", video.width.into_bound_py_any(py)?)?;
            set("height", video.height.into_bound_py_any(py)?)?;
            set("format", video.format.name().into_bound_py_any(py)?)?;
            set("codec", video.codec.into_bound_py_any(py)?)?;
            set("frame_number", video.frame_number.into_bound_py_any(py)?)?;
            set("timestamp_us", video.timestamp_us.into_bound_py_any(py)?)?;
            set("is_keyframe", video.is_keyframe.into_bound_py_any(py)?)?;
            set("stream_id", video.stream_id.into_bound_py_any(py)?)?;
            intern!(py, "Video")
        }
        Data::Image(image) => {
            let (format, raw) = match image.format {
                ImageFormat::Jpeg => ("jpeg", None),
                ImageFormat::Png => ("png", None),
                ImageFormat::Webp => ("webp", None),
                ImageFormat::Raw(format) => ("raw", Some(format.name())),
            };
            set("data", media::bytes(py, image.data)?)?;
            set("format", format.into_bound_py_any(py)?)?;
            set("pixel_format", raw.into_bound_py_any(py)?)?;
            set("width", image.width.into_bound_py_any(py)?)?;
            set("height", image.height.into_bound_py_any(py)?)?;
            set("timestamp_us", image.timestamp_us.into_bound_py_any(py)?)?;
            set("metadata", optional(py, image.metadata)?)?;
            intern!(py, "Image")
        }
        Data::Tensor(tensor) => {
            set("data", media::bytes(py, tensor.data)?)?;
            set("shape", PyTuple::new(py, tensor.shape)?.into_any())?;
            set("dtype", tensor.dtype.name().into_bound_py_any(py)?)?;
            set("layout", tensor.layout.into_bound_py_any(py)?)?;
            intern!(py, "Tensor")
        }
        Data::Text(text) => {
            set("text", text.text.into_bound_py_any(py)?)?;
            set("language", text.language.into_bound_py_any(py)?)?;
            set("channel", text.channel.into_bound_py_any(py)?)?;
            intern!(py, "Text")
        }
        Data::Binary(binary) => {
            set("bytes", media::bytes(py, binary.bytes)?)?;
            set("mime_type", binary.mime_type.into_bound_py_any(py)?)?;
            intern!(py, "Binary")
        }
        Data::File(file) => {
            set("path", file.path.into_bound_py_any(py)?)?;
            set("filename", file.filename.into_bound_py_any(py)?)?;
            set("mime_type", file.mime_type.into_bound_py_any(py)?)?;
            set("size", file.size.into_bound_py_any(py)?)?;
            set("offset", file.offset.into_bound_py_any(py)?)?;
            set("length", file.length.into_bound_py_any(py)?)?;
            intern!(py, "File")
        }
        Data::Control(control) => {
            set("kind", control.kind.name().into_bound_py_any(py)?)?;
            set("segment_id", control.segment_id.into_bound_py_any(py)?)?;
            set("timestamp_ms", control.timestamp_ms.into_bound_py_any(py)?)?;
            intern!(py, "Control")
        }
    };
    let classes = py.import(intern!(py, "remotemedia.media"))?;
    classes.getattr(class)?.call((), Some(&fields))
}

fn optional<'py>(py: Python<'py>, value: Option<Value>) -> PyResult<Bound<'py, PyAny>> {
    match value {
        Some(value) => self::value(py, &value),
        None => Ok(py.None().into_bound(py)),
    }
}

/// A plain value.
pub(crate) fn value<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    validate(value).map_err(|error| {
        PyValueError::new_err(format!("the component gave a broken value: {error}"))
    })?;
    node(py, &value.nodes, value.root)
}

/// The arena is a tree that is not too deep.
fn node<'py>(py: Python<'py>, nodes: &[ValueNode], index: u32) -> PyResult<Bound<'py, PyAny>> {
    let child = |index: &u32| node(py, nodes, *index);
    match &nodes[index as usize] {
        ValueNode::Null => Ok(py.None().into_bound(py)),
        ValueNode::Boolean(value) => value.into_bound_py_any(py),
        ValueNode::Integer(value) => value.into_bound_py_any(py),
        ValueNode::BigInteger(digits) => match BigInt::from_str(digits) {
            Ok(value) => value.into_bound_py_any(py),
            Err(error) => Err(PyValueError::new_err(error.to_string())),
        },
        ValueNode::Number(value) => value.into_bound_py_any(py),
        ValueNode::Text(text) => text.into_bound_py_any(py),
        ValueNode::Bytes(raw) => Ok(PyBytes::new(py, raw).into_any()),
        ValueNode::Items(items) => {
            let items = items.iter().map(child).collect::<PyResult<Vec<_>>>()?;
            Ok(PyList::new(py, items)?.into_any())
        }
        ValueNode::Tuple(items) => {
            let items = items.iter().map(child).collect::<PyResult<Vec<_>>>()?;
            Ok(PyTuple::new(py, items)?.into_any())
        }
        ValueNode::Fields(fields) => {
            let dict = PyDict::new(py);
            for (key, index) in fields {
                dict.set_item(key, child(index)?)?;
            }
            Ok(dict.into_any())
        }
        ValueNode::Entries(entries) => {
            let dict = PyDict::new(py);
            for (key, index) in entries {
                dict.set_item(child(key)?, child(index)?)?;
            }
            Ok(dict.into_any())
        }
        ValueNode::Integers(items) => Ok(PyList::new(py, items)?.into_any()),
        ValueNode::Numbers(items) => Ok(PyList::new(py, items)?.into_any()),
    }
}
