//! `_bz2` and `_lzma`: what CPython has in C over libbz2 and liblzma, here over
//! crates in Rust. The standard library's `bz2`, `lzma`, `tarfile` and
//! `zipfile` stand on these as they do elsewhere.

mod bz2;
mod lzma;
mod lzma_encode;
mod lzma_filters;

use std::slice;

use pyo3::exceptions::{PyEOFError, PyMemoryError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// Lets the modules be imported. Call it before Python starts.
pub(super) fn install() {
    use bz2::_bz2;
    use lzma::_lzma;

    pyo3::append_to_inittab!(_bz2);
    pyo3::append_to_inittab!(_lzma);
}

/// The bytes of an object that has them, for as long as this lives.
struct Bytes(Box<ffi::Py_buffer>);

impl Bytes {
    fn of(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let mut view = Box::new(ffi::Py_buffer::new());
        // SAFETY: the object is alive, and the view is valid for writes and
        // stays where it is.
        let status =
            unsafe { ffi::PyObject_GetBuffer(object.as_ptr(), &raw mut *view, ffi::PyBUF_SIMPLE) };
        if status == 0 {
            Ok(Self(view))
        } else {
            Err(PyErr::fetch(object.py()))
        }
    }

    fn get(&self) -> &[u8] {
        if self.0.len <= 0 {
            return &[];
        }
        // SAFETY: a simple buffer is so many bytes in a row, until it is
        // released. No Python code runs while they are read.
        unsafe { slice::from_raw_parts(self.0.buf.cast(), self.0.len.unsigned_abs()) }
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        // SAFETY: it was filled by Python, and Python is attached: these live
        // in calls from it.
        unsafe { ffi::PyBuffer_Release(&raw mut *self.0) }
    }
}

/// Makes a vector longer.
///
/// # Errors
/// Where there is no memory for it.
fn grow(bytes: &mut Vec<u8>, by: usize) -> PyResult<usize> {
    let start = bytes.len();
    bytes
        .try_reserve(by)
        .map_err(|_| PyMemoryError::new_err(()))?;
    bytes.resize(start + by, 0);
    Ok(start)
}

/// What a decoder did with a piece of input.
struct Step {
    consumed: usize,
    produced: usize,
    /// Whether the data ends here.
    ended: bool,
}

/// Something that decodes as much as there is input and room for.
trait Decode {
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> PyResult<Step>;

    /// What it took beyond the end of the data.
    fn taken_too_much(&self) -> &[u8] {
        &[]
    }
}

/// A decoder as Python sees it: input comes in pieces of any size, and output
/// goes out in pieces that are not larger than what is asked for.
struct Decompressor<D> {
    decode: D,
    /// Input that was not decoded yet.
    waiting: Vec<u8>,
    eof: bool,
    needs_input: bool,
    unused: Vec<u8>,
}

/// Room for the first piece of output; the next ones double it, up to the
/// other.
const FIRST_PIECE: usize = 32 << 10;
const LARGEST_PIECE: usize = 4 << 20;

impl<D: Decode> Decompressor<D> {
    fn new(decode: D) -> Self {
        Self {
            decode,
            waiting: Vec::new(),
            eof: false,
            needs_input: true,
            unused: Vec::new(),
        }
    }

    /// Decodes more; gives at most so many bytes, or all where that is
    /// negative.
    fn decompress<'py>(
        &mut self,
        data: &Bound<'py, PyAny>,
        at_most: isize,
    ) -> PyResult<Bound<'py, PyBytes>> {
        if self.eof {
            return Err(PyEOFError::new_err("End of stream already reached"));
        }
        let data = (Bytes::of(data)?, data.py());
        let start = grow(&mut self.waiting, data.0.get().len())?;
        self.waiting[start..].copy_from_slice(data.0.get());
        let at_most = usize::try_from(at_most).unwrap_or(usize::MAX);
        let mut output = Vec::new();
        let mut position = 0;
        let full = loop {
            let room = output.len().clamp(FIRST_PIECE, LARGEST_PIECE);
            let room = room.min(at_most - output.len());
            if room == 0 {
                break true;
            }
            let start = grow(&mut output, room)?;
            let step = self
                .decode
                .step(&self.waiting[position..], &mut output[start..])?;
            output.truncate(start + step.produced);
            position += step.consumed;
            self.eof = step.ended;
            let stuck = step.consumed == 0 && step.produced == 0;
            let done = position == self.waiting.len() && step.produced < room;
            if step.ended || stuck || done {
                break false;
            }
        };
        self.waiting.drain(..position);
        self.needs_input = !self.eof && !full;
        if self.eof {
            self.unused = self.decode.taken_too_much().to_vec();
            self.unused.append(&mut self.waiting);
            self.waiting = Vec::new();
        }
        Ok(PyBytes::new(data.1, &output))
    }
}
