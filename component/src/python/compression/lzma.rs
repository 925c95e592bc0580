//! `_lzma`.

use std::io;

use lzma_rust2::{Action, CheckType, Lzma2Stream, LzmaStream, Status, XzStream};
use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyMemoryError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use super::lzma_encode::{Encoder, Form};
use super::lzma_filters::{self as filters, Chain};
use super::{Bytes, Decode, Decompressor, Step};

create_exception!(_lzma, LZMAError, PyException, "Call to liblzma failed.");

const AUTO: i32 = 0;
const XZ: i32 = 1;
const ALONE: i32 = 2;
const RAW: i32 = 3;
const CHECK_UNKNOWN: i32 = 16;

/// The names that `lzma` gives numbers; those are liblzma's.
const NUMBERS: &[(&str, u64)] = &[
    ("FORMAT_AUTO", AUTO as u64),
    ("FORMAT_XZ", XZ as u64),
    ("FORMAT_ALONE", ALONE as u64),
    ("FORMAT_RAW", RAW as u64),
    ("CHECK_NONE", 0),
    ("CHECK_CRC32", 1),
    ("CHECK_CRC64", 4),
    ("CHECK_SHA256", 10),
    ("CHECK_ID_MAX", 15),
    ("CHECK_UNKNOWN", CHECK_UNKNOWN as u64),
    ("FILTER_LZMA1", filters::LZMA1),
    ("FILTER_LZMA2", filters::LZMA2),
    ("FILTER_DELTA", 3),
    ("FILTER_X86", 4),
    ("FILTER_POWERPC", 5),
    ("FILTER_IA64", 6),
    ("FILTER_ARM", 7),
    ("FILTER_ARMTHUMB", 8),
    ("FILTER_SPARC", 9),
    ("MF_HC3", 3),
    ("MF_HC4", 4),
    ("MF_BT2", 18),
    ("MF_BT3", 19),
    ("MF_BT4", 20),
    ("MODE_FAST", 1),
    ("MODE_NORMAL", 2),
    ("PRESET_DEFAULT", 6),
    ("PRESET_EXTREME", 1 << 31),
];

#[pymodule]
pub(super) mod _lzma {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::{
        LZMACompressor, LZMADecompressor, decode_filter_properties, encode_filter_properties,
        is_check_supported,
    };

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("LZMAError", module.py().get_type::<super::LZMAError>())?;
        for (name, number) in super::NUMBERS {
            module.add(*name, *number)?;
        }
        Ok(())
    }
}

/// What liblzma's callers know as `LZMA_OPTIONS_ERROR`.
pub(super) fn unsupported() -> PyErr {
    LZMAError::new_err("Invalid or unsupported options")
}

fn failed(error: &io::Error, at_the_start: bool) -> PyErr {
    match error.kind() {
        io::ErrorKind::OutOfMemory => PyMemoryError::new_err(()),
        io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported => unsupported(),
        _ if at_the_start => LZMAError::new_err("Input format not supported by decoder"),
        _ => LZMAError::new_err("Corrupt input data"),
    }
}

fn check(number: i32) -> Option<CheckType> {
    match number {
        0 => Some(CheckType::None),
        1 => Some(CheckType::Crc32),
        4 => Some(CheckType::Crc64),
        10 => Some(CheckType::Sha256),
        _ => None,
    }
}

/// Whether data can be checked in a way.
#[pyfunction]
#[pyo3(signature = (check_id, /))]
fn is_check_supported(check_id: i32) -> bool {
    check(check_id).is_some()
}

/// A filter's properties as bytes.
#[pyfunction]
#[pyo3(name = "_encode_filter_properties", signature = (filter, /))]
fn encode_filter_properties<'py>(filter: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    filters::encode(filter)
}

/// A filter from its properties.
#[pyfunction]
#[pyo3(name = "_decode_filter_properties", signature = (filter_id, encoded_props, /))]
fn decode_filter_properties<'py>(
    filter_id: u64,
    encoded_props: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyDict>> {
    let bytes = Bytes::of(encoded_props)?;
    filters::decode(encoded_props.py(), filter_id, bytes.get())
}

fn no_format(format: i32) -> PyErr {
    PyValueError::new_err(format!("Invalid container format: {format}"))
}

/// Compresses data piece by piece.
#[pyclass(module = "_lzma", unsendable)]
struct LZMACompressor {
    /// None once it was flushed.
    encoder: Option<Encoder>,
}

#[pymethods]
impl LZMACompressor {
    #[new]
    #[pyo3(signature = (format = XZ, check = -1, preset = None, filters = None))]
    fn new(
        format: i32,
        check: i32,
        preset: Option<u32>,
        filters: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        const NONE: i32 = 0;
        if preset.is_some() && filters.is_some() {
            return Err(PyValueError::new_err(
                "Cannot specify both preset and filter chain",
            ));
        }
        if format != XZ && check != -1 && check != NONE {
            return Err(PyValueError::new_err(
                "Integrity checks are only supported by FORMAT_XZ",
            ));
        }
        let chain = filters.map(Chain::read).transpose()?;
        let form = match (format, &chain) {
            (XZ, Some(chain)) if !chain.two => return Err(unsupported()),
            (XZ, _) if check == -1 => Form::Xz(CheckType::Crc64),
            (XZ, _) => Form::Xz(self::check(check).ok_or_else(unsupported)?),
            (ALONE, Some(chain)) if chain.two || !chain.before.is_empty() => {
                return Err(PyValueError::new_err(
                    "Invalid filter chain for FORMAT_ALONE - must be a single LZMA1 filter",
                ));
            }
            (ALONE, _) => Form::Alone,
            (RAW, None) => {
                return Err(PyValueError::new_err("Must specify filters for FORMAT_RAW"));
            }
            (RAW, Some(chain)) => Form::Raw { two: chain.two },
            (format, _) => return Err(no_format(format)),
        };
        let encoder = match chain {
            Some(chain) => Encoder::new(form, chain.before, chain.options),
            None => Encoder::new(form, Vec::new(), filters::preset(preset)?),
        };
        Ok(Self {
            encoder: Some(encoder),
        })
    }

    /// Takes more data; gives what can be given by now.
    #[pyo3(signature = (data, /))]
    fn compress<'py>(&mut self, data: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = Bytes::of(data)?;
        let encoder = self.encoder.as_mut();
        let encoder =
            encoder.ok_or_else(|| PyValueError::new_err("Compressor has been flushed"))?;
        let output = encoder.write(bytes.get());
        let output = output.map_err(|error| failed(&error, false))?;
        Ok(PyBytes::new(data.py(), &output))
    }

    /// Gives what is left; there can't be more data then.
    fn flush<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let encoder = self.encoder.take();
        let encoder = encoder.ok_or_else(|| PyValueError::new_err("Repeated call to flush()"))?;
        let output = encoder.finish().map_err(|error| failed(&error, false))?;
        Ok(PyBytes::new(py, &output))
    }
}

/// Decompresses data piece by piece.
#[pyclass(module = "_lzma", unsendable)]
struct LZMADecompressor(Decompressor<Decoder>);

#[pymethods]
impl LZMADecompressor {
    #[new]
    #[pyo3(signature = (format = AUTO, memlimit = None, filters = None))]
    fn new(
        format: i32,
        memlimit: Option<u64>,
        filters: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        if format == RAW && memlimit.is_some() {
            return Err(PyValueError::new_err(
                "Cannot specify memory limit with FORMAT_RAW",
            ));
        }
        let stream = match (format, filters) {
            (RAW, None) => {
                return Err(PyValueError::new_err("Must specify filters for FORMAT_RAW"));
            }
            (RAW, Some(filters)) => Stream::raw(&Chain::read(filters)?)?,
            (_, Some(_)) => {
                return Err(PyValueError::new_err(
                    "Cannot specify filters except with FORMAT_RAW",
                ));
            }
            (AUTO, None) => Stream::Unknown,
            (XZ, None) => Stream::Xz(XzStream::new(false)),
            (ALONE, None) => Stream::One(LzmaStream::new_mem_limit(u32::MAX, None)),
            (format, None) => return Err(no_format(format)),
        };
        let mut decoder = Decoder {
            stream,
            kibibytes: memlimit.map(|bytes| u32::try_from(bytes >> 10).unwrap_or(u32::MAX)),
            started: false,
        };
        decoder.limit();
        Ok(Self(Decompressor::new(decoder)))
    }

    /// Takes more data; gives at most so many bytes of what it means.
    #[pyo3(signature = (data, max_length = -1))]
    fn decompress<'py>(
        &mut self,
        data: &Bound<'py, PyAny>,
        max_length: isize,
    ) -> PyResult<Bound<'py, PyBytes>> {
        self.0.decompress(data, max_length)
    }

    /// Whether the end of the compressed data was met.
    #[getter]
    fn eof(&self) -> bool {
        self.0.eof
    }

    /// Whether more input is needed before there can be more output.
    #[getter]
    fn needs_input(&self) -> bool {
        self.0.needs_input
    }

    /// What came after the end of the compressed data.
    #[getter]
    fn unused_data<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.unused)
    }

    /// How the data is checked; known once its beginning was read.
    #[getter]
    fn check(&self) -> i32 {
        match &self.0.decode.stream {
            Stream::Xz(stream) => stream.check_type().map_or(CHECK_UNKNOWN, |it| it as i32),
            Stream::Unknown => CHECK_UNKNOWN,
            _ => 0,
        }
    }
}

struct Decoder {
    stream: Stream,
    /// How much memory it may take, where that was said.
    kibibytes: Option<u32>,
    /// Whether anything came out or in.
    started: bool,
}

#[allow(clippy::large_enum_variant)]
enum Stream {
    /// The first byte tells which it is.
    Unknown,
    Xz(XzStream),
    One(LzmaStream),
    Two(Lzma2Stream),
}

impl Stream {
    fn raw(chain: &Chain) -> PyResult<Self> {
        let size = chain.options.dict_size;
        if chain.two {
            let mut stream = Lzma2Stream::new(size);
            let set = stream.set_filters(&chain.before);
            set.map_err(|error| failed(&error, false))?;
            return Ok(Self::Two(stream));
        }
        let stream = LzmaStream::new_with_props(u64::MAX, chain.options.get_props(), size, None);
        let mut stream = stream.map_err(|error| failed(&error, false))?;
        let set = stream.set_filters(&chain.before);
        set.map_err(|error| failed(&error, false))?;
        Ok(Self::One(stream))
    }
}

impl Decoder {
    fn limit(&mut self) {
        if let Some(kibibytes) = self.kibibytes {
            match &mut self.stream {
                Stream::Xz(stream) => stream.set_mem_limit(kibibytes),
                Stream::One(stream) => stream.set_mem_limit(kibibytes),
                Stream::Unknown | Stream::Two(_) => {}
            }
        }
    }
}

impl Decode for Decoder {
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> PyResult<Step> {
        if matches!(self.stream, Stream::Unknown) {
            self.stream = match input.first() {
                None => {
                    return Ok(Step {
                        consumed: 0,
                        produced: 0,
                        ended: false,
                    });
                }
                Some(0xFD) => Stream::Xz(XzStream::new(false)),
                Some(_) => Stream::One(LzmaStream::new_mem_limit(u32::MAX, None)),
            };
            self.limit();
        }
        let result = match &mut self.stream {
            Stream::Unknown => unreachable!("it was told above"),
            Stream::Xz(stream) => stream.process(input, output, Action::Run),
            Stream::One(stream) => stream.process(input, output, Action::Run),
            Stream::Two(stream) => stream.process(input, output, Action::Run),
        };
        let result = result.map_err(|error| {
            if error.kind() == io::ErrorKind::OutOfMemory && self.kibibytes.is_some() {
                return LZMAError::new_err("Memory usage limit exceeded");
            }
            failed(&error, !self.started)
        })?;
        self.started |= result.bytes_consumed > 0;
        Ok(Step {
            consumed: result.bytes_consumed,
            produced: result.bytes_produced,
            ended: result.status == Status::StreamEnd,
        })
    }

    fn taken_too_much(&self) -> &[u8] {
        match &self.stream {
            Stream::One(stream) => stream.unused_input(),
            _ => &[],
        }
    }
}
