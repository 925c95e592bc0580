//! Media to Python's classes and back. Payloads reach Python without a copy,
//! through the buffer protocol.

use std::ffi::{CStr, c_int, c_void};

use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::{bridge, convert};
use crate::value::{
    Audio, Binary, CONTROL_KINDS, Control, DTYPES, File, IMAGE_FORMATS, Image, Media, NoForm,
    PIXEL_FORMATS, Tensor, Text, Value, Video,
};

/// Makes the Python object of a medium.
pub(crate) fn to_python(py: Python<'_>, media: Media) -> PyResult<Bound<'_, PyAny>> {
    let fields = PyDict::new(py);
    let set = |name: &str, value: Bound<'_, PyAny>| fields.set_item(name, value);
    let text = |name: &str, value: Option<String>| match value {
        Some(value) => fields.set_item(name, value),
        None => Ok(()),
    };
    let number = |name: &str, value: Option<u64>| match value {
        Some(value) => fields.set_item(name, value),
        None => Ok(()),
    };
    let plain = |name: &str, value: Option<Value>| match value {
        Some(value) => fields.set_item(name, convert::to_python(py, value)?),
        None => Ok(()),
    };
    let class = match media {
        Media::Audio(audio) => {
            set("samples", Payload::floats(py, audio.samples)?)?;
            fields.set_item("sample_rate", audio.sample_rate)?;
            fields.set_item("channels", audio.channels)?;
            text("stream_id", audio.stream_id)?;
            number("timestamp_us", audio.timestamp_us)?;
            plain("metadata", audio.metadata)?;
            "Audio"
        }
        Media::Video(video) => {
            set("pixel_data", Payload::bytes(py, video.pixel_data)?)?;
            fields.set_item("width", video.width)?;
            fields.set_item("height", video.height)?;
            fields.set_item("format", video.format)?;
            text("codec", video.codec)?;
            fields.set_item("frame_number", video.frame_number)?;
            fields.set_item("timestamp_us", video.timestamp_us)?;
            fields.set_item("is_keyframe", video.is_keyframe)?;
            text("stream_id", video.stream_id)?;
            "Video"
        }
        Media::Image(image) => {
            set("data", Payload::bytes(py, image.data)?)?;
            fields.set_item("format", image.format)?;
            text("pixel_format", image.pixel_format.map(str::to_owned))?;
            fields.set_item("width", image.width)?;
            fields.set_item("height", image.height)?;
            number("timestamp_us", image.timestamp_us)?;
            plain("metadata", image.metadata)?;
            "Image"
        }
        Media::Tensor(tensor) => {
            set("data", Payload::bytes(py, tensor.data)?)?;
            fields.set_item("shape", tensor.shape)?;
            fields.set_item("dtype", tensor.dtype)?;
            text("layout", tensor.layout)?;
            "Tensor"
        }
        Media::Text(value) => {
            fields.set_item("text", value.text)?;
            text("language", value.language)?;
            text("channel", value.channel)?;
            "Text"
        }
        Media::Binary(binary) => {
            set("bytes", Payload::bytes(py, binary.bytes)?)?;
            text("mime_type", binary.mime_type)?;
            "Binary"
        }
        Media::File(file) => {
            fields.set_item("path", file.path)?;
            text("filename", file.filename)?;
            text("mime_type", file.mime_type)?;
            number("size", file.size)?;
            number("offset", file.offset)?;
            number("length", file.length)?;
            "File"
        }
        Media::Control(control) => {
            fields.set_item("kind", control.kind)?;
            text("segment_id", control.segment_id)?;
            fields.set_item("timestamp_ms", control.timestamp_ms)?;
            "Control"
        }
    };
    bridge::get(py)?
        .media
        .class(py, class)
        .call((), Some(&fields))
}

/// Makes the medium of an instance of one of the media classes; `None` for
/// any other object.
///
/// # Errors
/// Names the field that has no form.
pub(crate) fn from_python(object: &Bound<'_, PyAny>) -> Result<Option<Media>, NoForm> {
    let py = object.py();
    let bridge = bridge::get(py).map_err(|error| plain_error("", &error))?;
    let Some(class) = bridge.media.name_of(object) else {
        return Ok(None);
    };
    let fields = Fields { object };
    let media = match class {
        "Audio" => Media::Audio(Audio {
            samples: fields.floats("samples")?,
            sample_rate: fields.required("sample_rate")?,
            channels: fields.required("channels")?,
            stream_id: fields.optional("stream_id")?,
            timestamp_us: fields.optional("timestamp_us")?,
            metadata: fields.plain("metadata")?,
        }),
        "Video" => Media::Video(Video {
            pixel_data: fields.bytes("pixel_data")?,
            width: fields.required("width")?,
            height: fields.required("height")?,
            format: fields.name("format", PIXEL_FORMATS)?,
            codec: fields.optional("codec")?,
            frame_number: fields.required("frame_number")?,
            timestamp_us: fields.required("timestamp_us")?,
            is_keyframe: fields.required("is_keyframe")?,
            stream_id: fields.optional("stream_id")?,
        }),
        "Image" => {
            let format = fields.name("format", IMAGE_FORMATS)?;
            Media::Image(Image {
                data: fields.bytes("data")?,
                format,
                pixel_format: match format {
                    "raw" => Some(fields.name("pixel_format", PIXEL_FORMATS)?),
                    _ => None,
                },
                width: fields.required("width")?,
                height: fields.required("height")?,
                timestamp_us: fields.optional("timestamp_us")?,
                metadata: fields.plain("metadata")?,
            })
        }
        "Tensor" => Media::Tensor(Tensor {
            data: fields.bytes("data")?,
            shape: fields.required("shape")?,
            dtype: fields.name("dtype", DTYPES)?,
            layout: fields.optional("layout")?,
        }),
        "Text" => Media::Text(Text {
            text: fields.required("text")?,
            language: fields.optional("language")?,
            channel: fields.optional("channel")?,
        }),
        "Binary" => Media::Binary(Binary {
            bytes: fields.bytes("bytes")?,
            mime_type: fields.optional("mime_type")?,
        }),
        "File" => Media::File(File {
            path: fields.required("path")?,
            filename: fields.optional("filename")?,
            mime_type: fields.optional("mime_type")?,
            size: fields.optional("size")?,
            offset: fields.optional("offset")?,
            length: fields.optional("length")?,
        }),
        _ => Media::Control(Control {
            kind: fields.name("kind", CONTROL_KINDS)?,
            segment_id: fields.optional("segment_id")?,
            timestamp_ms: fields.required("timestamp_ms")?,
        }),
    };
    media.check()?;
    Ok(Some(media))
}

fn plain_error(path: &str, error: &PyErr) -> NoForm {
    NoForm {
        path: path.to_owned(),
        message: error.to_string(),
    }
}

/// Reads the fields of a medium, with errors that name them.
struct Fields<'a, 'py> {
    object: &'a Bound<'py, PyAny>,
}

impl<'py> Fields<'_, 'py> {
    fn wrong(&self, name: &str, message: impl Into<String>) -> NoForm {
        NoForm {
            path: name.to_owned(),
            message: message.into(),
        }
    }

    fn get(&self, name: &str) -> Result<Bound<'py, PyAny>, NoForm> {
        self.object
            .getattr(name)
            .map_err(|error| self.wrong(name, error.to_string()))
    }

    fn required<T: for<'a> FromPyObject<'a, 'py>>(&self, name: &str) -> Result<T, NoForm> {
        let value = self.get(name)?;
        value
            .extract()
            .map_err(|error| self.wrong(name, Into::<PyErr>::into(error).to_string()))
    }

    fn optional<T: for<'a> FromPyObject<'a, 'py>>(&self, name: &str) -> Result<Option<T>, NoForm> {
        if self.get(name)?.is_none() {
            Ok(None)
        } else {
            self.required(name).map(Some)
        }
    }

    fn plain(&self, name: &str) -> Result<Option<Value>, NoForm> {
        let value = self.get(name)?;
        if value.is_none() {
            return Ok(None);
        }
        convert::plain_from_python(&value)
            .map(Some)
            .map_err(|error| {
                let dot = if error.path.is_empty() || error.path.starts_with('[') {
                    ""
                } else {
                    "."
                };
                NoForm {
                    path: format!("{name}{dot}{}", error.path),
                    message: error.message,
                }
            })
    }

    fn name(&self, name: &str, known: &[&'static str]) -> Result<&'static str, NoForm> {
        let value = self.get(name)?;
        let text = value
            .cast::<PyString>()
            .ok()
            .and_then(|text| text.to_str().ok());
        known
            .iter()
            .copied()
            .find(|known| Some(*known) == text)
            .ok_or_else(|| self.wrong(name, format!("{value} is none of {}", known.join(", "))))
    }

    fn bytes(&self, name: &str) -> Result<Vec<u8>, NoForm> {
        let value = self.get(name)?;
        copy_buffer(&value).map_err(|error| self.wrong(name, error.to_string()))
    }

    fn floats(&self, name: &str) -> Result<Vec<f32>, NoForm> {
        let value = self.get(name)?;
        let copied = View::get(&value).and_then(|view| {
            let floats = c"f" == view.format() || c"<f" == view.format();
            floats.then(|| view.copy()).transpose()
        });
        copied
            .map_err(|error| self.wrong(name, error.to_string()))?
            .ok_or_else(|| {
                let message = "the samples must be 32-bit floats (buffer format \"f\")";
                self.wrong(name, message)
            })
    }
}

fn copy_buffer(object: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    View::get(object)?.copy()
}

/// A view of an object's buffer, of any shape: PyO3's own has none of an array
/// without dimensions.
struct View<'py>(Box<ffi::Py_buffer>, Python<'py>);

impl<'py> View<'py> {
    fn get(object: &Bound<'py, PyAny>) -> PyResult<Self> {
        let py = object.py();
        let mut view = Box::new(std::mem::MaybeUninit::<ffi::Py_buffer>::uninit());
        // SAFETY: the view is initialised by `GetBuffer`, and kept only where
        // that succeeded. It stays where it is.
        unsafe {
            if ffi::PyObject_GetBuffer(object.as_ptr(), view.as_mut_ptr(), ffi::PyBUF_FULL_RO) != 0
            {
                return Err(PyErr::fetch(py));
            }
            Ok(Self(view.assume_init(), py))
        }
    }

    /// The format of its elements; bytes where it says none.
    fn format(&self) -> &CStr {
        if self.0.format.is_null() {
            return c"B";
        }
        // SAFETY: it is a C string that lives as long as the view.
        unsafe { CStr::from_ptr(self.0.format) }
    }

    /// A copy of its elements, which take the size of one `T` or more each, in
    /// logical order also where they lie apart.
    fn copy<T: Copy + Default>(&self) -> PyResult<Vec<T>> {
        let mut copy = vec![T::default(); self.0.len as usize / size_of::<T>()];
        let length = size_of_val(copy.as_slice()) as ffi::Py_ssize_t;
        // SAFETY: `copy` owns exactly the bytes that are written; the elements
        // of the types that this is used for may hold any bytes.
        let status = unsafe {
            let view = &raw const *self.0;
            ffi::PyBuffer_ToContiguous(copy.as_mut_ptr().cast(), view, length, b'C' as _)
        };
        if status == 0 {
            Ok(copy)
        } else {
            Err(PyErr::fetch(self.1))
        }
    }
}

impl Drop for View<'_> {
    fn drop(&mut self) {
        // SAFETY: it was given by `GetBuffer`, and is released once.
        unsafe { ffi::PyBuffer_Release(&raw mut *self.0) }
    }
}

/// A payload that Rust owns and Python reads and writes in place.
#[pyclass(module = "remotemedia.media", frozen)]
struct Payload {
    data: Data,
    shape: [ffi::Py_ssize_t; 1],
    strides: [ffi::Py_ssize_t; 1],
}

enum Data {
    Bytes(Box<[std::cell::UnsafeCell<u8>]>),
    Floats(Box<[std::cell::UnsafeCell<f32>]>),
}

// SAFETY: Rust reads and writes none of the cells once they are in a payload;
// Python does, by the rules of its buffers, as in any `bytearray`.
unsafe impl Sync for Payload {}

/// Bytes that Python reads and writes where they are, as a `memoryview`.
///
/// # Errors
/// Where Python has no memory left.
pub fn bytes(py: Python<'_>, bytes: Vec<u8>) -> PyResult<Bound<'_, PyAny>> {
    Payload::bytes(py, bytes)
}

/// Floats that Python reads and writes where they are, as a `memoryview`.
///
/// # Errors
/// Where Python has no memory left.
pub fn floats(py: Python<'_>, floats: Vec<f32>) -> PyResult<Bound<'_, PyAny>> {
    Payload::floats(py, floats)
}

impl Payload {
    fn bytes(py: Python<'_>, bytes: Vec<u8>) -> PyResult<Bound<'_, PyAny>> {
        let length = bytes.len();
        let raw = Box::into_raw(bytes.into_boxed_slice());
        // SAFETY: `UnsafeCell<u8>` has the layout of `u8`.
        let data = Data::Bytes(unsafe { Box::from_raw(raw as *mut [std::cell::UnsafeCell<u8>]) });
        Self::view(py, data, length, 1)
    }

    fn floats(py: Python<'_>, floats: Vec<f32>) -> PyResult<Bound<'_, PyAny>> {
        let length = floats.len();
        let raw = Box::into_raw(floats.into_boxed_slice());
        // SAFETY: `UnsafeCell<f32>` has the layout of `f32`.
        let data = Data::Floats(unsafe { Box::from_raw(raw as *mut [std::cell::UnsafeCell<f32>]) });
        Self::view(py, data, length, size_of::<f32>())
    }

    /// A `memoryview` of the data.
    fn view(py: Python<'_>, data: Data, length: usize, item: usize) -> PyResult<Bound<'_, PyAny>> {
        let payload = Self {
            data,
            shape: [length as _],
            strides: [item as _],
        };
        let payload = Bound::new(py, payload)?;
        // SAFETY: a new reference to a memoryview, or null with an exception.
        unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyMemoryView_FromObject(payload.as_ptr())) }
    }
}

#[pymethods]
impl Payload {
    /// Fills in a view of the payload.
    ///
    /// # Safety
    /// `view` must point to a `Py_buffer` that may be overwritten, as the
    /// buffer protocol has it.
    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        _flags: c_int,
    ) -> PyResult<()> {
        if view.is_null() {
            return Err(PyBufferError::new_err("no view to fill in"));
        }
        let payload = slf.get();
        let (pointer, format): (*mut c_void, &CStr) = match &payload.data {
            Data::Bytes(bytes) => (bytes.as_ptr().cast_mut().cast(), c"B"),
            Data::Floats(floats) => (floats.as_ptr().cast_mut().cast(), c"f"),
        };
        let item = payload.strides[0];
        // SAFETY: the caller gave a view to fill in. Data, shape and strides
        // live in the payload, which the view keeps alive through `obj`; the
        // payload is frozen, so they never move. The cells allow the writes.
        unsafe {
            (*view).buf = pointer;
            (*view).len = payload.shape[0] * item;
            (*view).readonly = 0;
            (*view).itemsize = item;
            (*view).format = format.as_ptr().cast_mut();
            (*view).ndim = 1;
            (*view).shape = payload.shape.as_ptr().cast_mut();
            (*view).strides = payload.strides.as_ptr().cast_mut();
            (*view).suboffsets = std::ptr::null_mut();
            (*view).internal = std::ptr::null_mut();
            (*view).obj = slf.into_any().into_ptr();
        }
        Ok(())
    }
}
