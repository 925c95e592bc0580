//! Python objects to items.

use std::cell::RefCell;

use pipeline_host::codec::names::Named;
use pipeline_host::types::{
    Audio, Binary, Control, Data, File, Image, ImageFormat, Input, Tensor, Text, Value, ValueNode,
    Video,
};
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple,
};

/// Deepest nesting of a value.
const MAX_DEPTH: usize = pipeline_host::codec::MAX_DEPTH;
/// Most nodes of a value.
const MAX_NODES: usize = pipeline_host::codec::MAX_NODES;
/// Most digits of an integer.
const MAX_DIGITS: usize = pipeline_host::codec::MAX_DIGITS;

/// Items for every source; those that `to_node` made, for one.
pub(crate) fn inputs(items: &Bound<'_, PyAny>) -> PyResult<Vec<Input>> {
    let meant = meant(items.py())?;
    let mut all = Vec::new();
    for (index, item) in items.try_iter()?.enumerate() {
        all.push(input(&item?, &meant, &format!("inputs[{index}]"))?);
    }
    Ok(all)
}

/// The class of what `to_node` makes.
pub(crate) fn meant(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    let items = py.import(intern!(py, "remotemedia.runtime.source"))?;
    items.getattr(intern!(py, "Meant"))
}

/// One item.
pub(crate) fn input(
    item: &Bound<'_, PyAny>,
    meant: &Bound<'_, PyAny>,
    path: &str,
) -> PyResult<Input> {
    let py = item.py();
    if item.is_instance(meant)? {
        let node_id = item.getattr(intern!(py, "node_id"))?.extract()?;
        let item = data(&item.getattr(intern!(py, "item"))?, path)?;
        return Ok(Input {
            node_id: Some(node_id),
            item,
        });
    }
    data(item, path).map(Input::from)
}

fn data(item: &Bound<'_, PyAny>, path: &str) -> PyResult<Data> {
    match medium(item, path)? {
        Some(medium) => Ok(medium),
        None => value(item, path).map(Data::Value),
    }
}

/// A plain value.
fn value(object: &Bound<'_, PyAny>, path: &str) -> PyResult<Value> {
    let mut nodes = Vec::new();
    let root = push(object, &mut nodes, 0).map_err(|trail| trail.exception(path))?;
    Ok(Value { nodes, root })
}

/// An error on its way out of the recursion: innermost step of the path first.
struct Trail {
    steps: Vec<String>,
    error: PyErr,
}

impl From<PyErr> for Trail {
    fn from(error: PyErr) -> Self {
        Self {
            steps: Vec::new(),
            error,
        }
    }
}

impl Trail {
    fn new(message: impl Into<String>) -> Self {
        PyTypeError::new_err(message.into()).into()
    }

    fn at(mut self, step: String) -> Self {
        self.steps.push(step);
        self
    }

    /// The package's exception, which names the whole path.
    fn exception(mut self, path: &str) -> PyErr {
        self.steps.push(path.to_owned());
        self.steps.reverse();
        let place = self.steps.concat();
        Python::attach(|py| {
            if !self.error.is_instance_of::<PyTypeError>(py) {
                return self.error;
            }
            let make = || -> PyResult<PyErr> {
                let values = py.import("remotemedia.runtime.values")?;
                let message = self.error.value(py).str()?;
                let made = values.call_method1("ValueFormError", (place, message))?;
                Ok(PyErr::from_value(made))
            };
            make().unwrap_or_else(|error| error)
        })
    }
}

fn push(object: &Bound<'_, PyAny>, nodes: &mut Vec<ValueNode>, depth: usize) -> Result<u32, Trail> {
    let node = node(object, nodes, depth)?;
    if nodes.len() >= MAX_NODES {
        return Err(Trail::new(format!("a value has at most {MAX_NODES} parts")));
    }
    nodes.push(node);
    Ok(nodes.len() as u32 - 1)
}

fn node(
    object: &Bound<'_, PyAny>,
    nodes: &mut Vec<ValueNode>,
    depth: usize,
) -> Result<ValueNode, Trail> {
    if let Ok(text) = object.cast::<PyString>() {
        return string(text).map(ValueNode::Text);
    }
    if object.is_none() {
        return Ok(ValueNode::Null);
    }
    if let Ok(value) = object.cast::<PyBool>() {
        return Ok(ValueNode::Boolean(value.is_true()));
    }
    if let Ok(value) = object.cast::<PyInt>() {
        return integer(value);
    }
    if let Ok(value) = object.cast::<PyFloat>() {
        return Ok(ValueNode::Number(value.value()));
    }
    if let Ok(raw) = object.cast::<PyBytes>() {
        return Ok(ValueNode::Bytes(raw.as_bytes().to_vec()));
    }
    if let Ok(raw) = object.cast::<PyByteArray>() {
        return Ok(ValueNode::Bytes(raw.to_vec()));
    }
    let inner = depth + 1;
    let deeper = || match inner > MAX_DEPTH {
        true => Err(Trail::new(format!(
            "it is nested more than {MAX_DEPTH} deep, or it contains itself"
        ))),
        false => Ok(()),
    };
    if let Ok(items) = object.cast::<PyList>() {
        deeper()?;
        return list(items, nodes, inner);
    }
    if let Ok(items) = object.cast::<PyTuple>() {
        deeper()?;
        return children(items.iter(), nodes, inner).map(ValueNode::Tuple);
    }
    if let Ok(items) = object.cast::<PyDict>() {
        deeper()?;
        return mapping(items, nodes, inner);
    }
    // Scalars of numpy are numbers, memoryviews bytes.
    let py = object.py();
    if let Ok(plain) = object.call_method0(intern!(py, "__index__")) {
        return node(&plain, nodes, depth);
    }
    if object.hasattr(intern!(py, "__float__")).unwrap_or(false)
        && !object.hasattr(intern!(py, "__len__")).unwrap_or(true)
    {
        let plain = object.call_method0(intern!(py, "__float__"))?;
        return node(&plain, nodes, depth);
    }
    if let Ok(raw) = raw(object) {
        return Ok(ValueNode::Bytes(raw));
    }
    let kind = object.get_type().qualname()?;
    Err(Trail::new(format!("{kind} has no plain form")))
}

fn string(text: &Bound<'_, PyString>) -> Result<String, Trail> {
    match text.extract() {
        Ok(text) => Ok(text),
        Err(_) => Err(Trail::new("half of a surrogate pair is no text")),
    }
}

fn integer(value: &Bound<'_, PyInt>) -> Result<ValueNode, Trail> {
    if let Ok(small) = value.extract::<i64>() {
        return Ok(ValueNode::Integer(small));
    }
    let big: num_bigint::BigInt = value.extract()?;
    // A digit takes more than three bits.
    let digits = match big.bits() > 4 * MAX_DIGITS as u64 {
        true => String::new(),
        false => big.to_string(),
    };
    match digits.trim_start_matches('-').len() {
        1..=MAX_DIGITS => Ok(ValueNode::BigInteger(digits)),
        _ => Err(Trail::new(format!(
            "an integer has at most {MAX_DIGITS} digits"
        ))),
    }
}

fn list(
    items: &Bound<'_, PyList>,
    nodes: &mut Vec<ValueNode>,
    depth: usize,
) -> Result<ValueNode, Trail> {
    let first = match items.is_empty() {
        true => return Ok(ValueNode::Items(Vec::new())),
        false => items.get_item(0)?,
    };
    // Most long lists are of numbers of one kind.
    if first.cast_exact::<PyFloat>().is_ok() {
        let number =
            |item: Bound<'_, PyAny>| item.cast_exact::<PyFloat>().ok().map(|it| it.value());
        if let Some(numbers) = items.iter().map(number).collect() {
            return Ok(ValueNode::Numbers(numbers));
        }
    } else if first.cast_exact::<PyInt>().is_ok() {
        let number = |item: Bound<'_, PyAny>| item.cast_exact::<PyInt>().ok()?.extract().ok();
        if let Some(numbers) = items.iter().map(number).collect() {
            return Ok(ValueNode::Integers(numbers));
        }
    }
    children(items.iter(), nodes, depth).map(ValueNode::Items)
}

fn children<'py>(
    items: impl Iterator<Item = Bound<'py, PyAny>>,
    nodes: &mut Vec<ValueNode>,
    depth: usize,
) -> Result<Vec<u32>, Trail> {
    let child = |(index, item)| push(&item, nodes, depth).map_err(|e| e.at(format!("[{index}]")));
    items.enumerate().map(child).collect()
}

fn mapping(
    dict: &Bound<'_, PyDict>,
    nodes: &mut Vec<ValueNode>,
    depth: usize,
) -> Result<ValueNode, Trail> {
    let at = |trail: Trail, key: &Bound<'_, PyAny>| {
        let step = match key.cast::<PyString>().ok().and_then(|it| string(it).ok()) {
            Some(name) if is_name(&name) => format!(".{name}"),
            _ => format!(
                "[{}]",
                key.repr().map_or_else(|_| "?".into(), |it| it.to_string())
            ),
        };
        trail.at(step)
    };
    if dict.keys().iter().all(|key| key.cast::<PyString>().is_ok()) {
        let mut fields = Vec::with_capacity(dict.len());
        for (key, item) in dict {
            let name = string(key.cast::<PyString>().map_err(PyErr::from)?)?;
            fields.push((
                name,
                push(&item, nodes, depth).map_err(|trail| at(trail, &key))?,
            ));
        }
        return Ok(ValueNode::Fields(fields));
    }
    let mut entries = Vec::with_capacity(dict.len());
    for (key, item) in dict {
        let name = push(&key, nodes, depth)?;
        entries.push((
            name,
            push(&item, nodes, depth).map_err(|trail| at(trail, &key))?,
        ));
    }
    Ok(ValueNode::Entries(entries))
}

fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || c == '_')
}

/// A medium, where the object is one.
fn medium(item: &Bound<'_, PyAny>, path: &str) -> PyResult<Option<Data>> {
    let py = item.py();
    let media = py.import(intern!(py, "remotemedia.media"))?;
    if !item.is_instance(&media.getattr(intern!(py, "Media"))?)? {
        return Ok(None);
    }
    let text = |name: &str| -> PyResult<Option<String>> { item.getattr(name)?.extract() };
    let whole = |name: &str| -> PyResult<Option<u64>> { item.getattr(name)?.extract() };
    let must = |name: &str| -> PyResult<u64> { item.getattr(name)?.extract() };
    let size = |name: &str| -> PyResult<u32> {
        let value = must(name)?;
        u32::try_from(value)
            .map_err(|_| PyValueError::new_err(format!("{path}.{name}: {value} is too large")))
    };
    let metadata = || -> PyResult<Option<Value>> {
        let metadata = item.getattr(intern!(py, "metadata"))?;
        match metadata.is_none() {
            true => Ok(None),
            false => {
                let dict = PyDict::from_sequence(&metadata.call_method0("items")?)?;
                value(&dict, &format!("{path}.metadata")).map(Some)
            }
        }
    };
    let name = item.get_type().name()?;
    let bytes = |name: &str| raw(&item.getattr(name)?);
    Ok(Some(match name.to_str()? {
        "Audio" => Data::Audio(Audio {
            samples: samples(&item.getattr(intern!(py, "view"))?)?,
            sample_rate: size("sample_rate")?,
            channels: size("channels")?,
            stream_id: text("stream_id")?,
            timestamp_us: whole("timestamp_us")?,
            metadata: metadata()?,
        }),
        "Video" => Data::Video(Video {
            pixel_data: bytes("pixel_data")?,
            width: size("width")?,
            height: size("height")?,
            format: named(item, "format")?,
            codec: text("codec")?,
            frame_number: must("frame_number")?,
            timestamp_us: must("timestamp_us")?,
            is_keyframe: item.getattr("is_keyframe")?.is_truthy()?,
            stream_id: text("stream_id")?,
        }),
        "Image" => Data::Image(Image {
            data: bytes("data")?,
            format: match must_text(item, "format")?.as_str() {
                "jpeg" => ImageFormat::Jpeg,
                "png" => ImageFormat::Png,
                "webp" => ImageFormat::Webp,
                _ => ImageFormat::Raw(named(item, "pixel_format")?),
            },
            width: size("width")?,
            height: size("height")?,
            timestamp_us: whole("timestamp_us")?,
            metadata: metadata()?,
        }),
        "Tensor" => Data::Tensor(Tensor {
            data: bytes("data")?,
            shape: item.getattr("shape")?.extract()?,
            dtype: named(item, "dtype")?,
            layout: text("layout")?,
        }),
        "Text" => Data::Text(Text {
            text: must_text(item, "text")?,
            language: text("language")?,
            channel: text("channel")?,
        }),
        "Binary" => Data::Binary(Binary {
            bytes: bytes("bytes")?,
            mime_type: text("mime_type")?,
        }),
        "File" => Data::File(File {
            path: must_text(item, "path")?,
            filename: text("filename")?,
            mime_type: text("mime_type")?,
            size: whole("size")?,
            offset: whole("offset")?,
            length: whole("length")?,
        }),
        "Control" => Data::Control(Control {
            kind: named(item, "kind")?,
            segment_id: text("segment_id")?,
            timestamp_ms: must("timestamp_ms")?,
        }),
        other => {
            return Err(PyTypeError::new_err(format!(
                "{path}: {other} is no medium"
            )));
        }
    }))
}

fn must_text(item: &Bound<'_, PyAny>, name: &str) -> PyResult<String> {
    item.getattr(name)?.extract()
}

/// The bytes of an object that has a buffer.
fn raw(object: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    if let Ok(bytes) = object.cast::<PyBytes>() {
        return Ok(bytes.as_bytes().to_vec());
    }
    let py = object.py();
    let view = py
        .import(intern!(py, "builtins"))?
        .call_method1(intern!(py, "memoryview"), (object,))?;
    let view = view.call_method1(intern!(py, "cast"), ("B",))?;
    PyBuffer::<u8>::get(&view)?.to_vec(py)
}

/// Most samples of the memory that a thread keeps for the next input.
const MOST_KEPT: usize = 8 << 20;

thread_local! {
    /// Samples of an input that is done with: their memory is for the next. To get
    /// it from the system, page by page, takes longer than all that is done with it.
    static KEPT: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

fn samples(view: &Bound<'_, PyAny>) -> PyResult<Vec<f32>> {
    let buffer = PyBuffer::<f32>::get(view)?;
    let mut samples = KEPT.take();
    if samples.len() < buffer.item_count() {
        return buffer.to_vec(view.py());
    }
    samples.truncate(buffer.item_count());
    buffer.copy_to_slice(view.py(), &mut samples)?;
    Ok(samples)
}

/// Takes back what inputs were made of, for the inputs of the next run.
pub(crate) fn recycle(inputs: Option<Vec<Input>>) {
    for input in inputs.into_iter().flatten() {
        if let Data::Audio(audio) = input.item
            && audio.samples.capacity() <= MOST_KEPT
        {
            KEPT.set(audio.samples);
            return;
        }
    }
}

/// The case of an enum that an attribute names.
fn named<T: Named>(item: &Bound<'_, PyAny>, name: &str) -> PyResult<T> {
    let text = must_text(item, name)?;
    let known = || T::NAMES.join(", ");
    T::named(&text)
        .ok_or_else(|| PyValueError::new_err(format!("{name} {text:?} is none of {}", known())))
}
