//! `_bz2`.

use bzip2::{Action, Compress, Compression, Decompress, Status};
use pyo3::exceptions::{PyMemoryError, PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::{Bytes, Decode, Decompressor, Step, grow};

#[pymodule]
pub(super) mod _bz2 {
    #[pymodule_export]
    use super::{BZ2Compressor, BZ2Decompressor};
}

/// Compresses data piece by piece.
#[pyclass(module = "_bz2", unsendable)]
struct BZ2Compressor {
    /// None once it was flushed.
    compress: Option<Compress>,
}

#[pymethods]
impl BZ2Compressor {
    #[new]
    #[pyo3(signature = (compresslevel = 9, /))]
    fn new(compresslevel: i64) -> PyResult<Self> {
        let level = u32::try_from(compresslevel)
            .ok()
            .and_then(Compression::try_new)
            .filter(|level| level.level() > 0)
            .ok_or_else(|| PyValueError::new_err("compresslevel must be between 1 and 9"))?;
        Ok(Self {
            compress: Some(Compress::new(level, 0)),
        })
    }

    /// Takes more data; gives what can be given by now.
    #[pyo3(signature = (data, /))]
    fn compress<'py>(&mut self, data: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = Bytes::of(data)?;
        let output = self.run(bytes.get(), Action::Run, "Compressor has been flushed")?;
        Ok(PyBytes::new(data.py(), &output))
    }

    /// Gives what is left; there can't be more data then.
    fn flush<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let output = self.run(&[], Action::Finish, "Repeated call to flush()")?;
        self.compress = None;
        Ok(PyBytes::new(py, &output))
    }
}

impl BZ2Compressor {
    fn run(&mut self, mut input: &[u8], action: Action, ended: &'static str) -> PyResult<Vec<u8>> {
        const PIECE: usize = 64 << 10;
        let compress = self.compress.as_mut();
        let compress = compress.ok_or_else(|| PyValueError::new_err(ended))?;
        let mut output = Vec::new();
        while action == Action::Finish || !input.is_empty() {
            let start = grow(&mut output, PIECE)?;
            let before = (compress.total_in(), compress.total_out());
            let status = compress
                .compress(input, &mut output[start..], action)
                .map_err(|error| PyOSError::new_err(error.to_string()))?;
            // Both are less than what was given.
            input = &input[(compress.total_in() - before.0) as usize..];
            output.truncate(start + (compress.total_out() - before.1) as usize);
            if status == Status::StreamEnd {
                break;
            }
        }
        Ok(output)
    }
}

/// Decompresses data piece by piece.
#[pyclass(module = "_bz2", unsendable)]
struct BZ2Decompressor(Decompressor<Decompress>);

#[pymethods]
impl BZ2Decompressor {
    #[new]
    fn new() -> Self {
        Self(Decompressor::new(Decompress::new(false)))
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
}

impl Decode for Decompress {
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> PyResult<Step> {
        let before = (self.total_in(), self.total_out());
        let status = self.decompress(input, output);
        match status {
            Ok(Status::MemNeeded) => Err(PyMemoryError::new_err(())),
            Ok(status) => Ok(Step {
                consumed: (self.total_in() - before.0) as usize,
                produced: (self.total_out() - before.1) as usize,
                ended: status == Status::StreamEnd,
            }),
            Err(_) => Err(PyOSError::new_err("Invalid data stream")),
        }
    }
}
