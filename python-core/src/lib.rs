//! `remotemedia._core`: sandboxes of `pipeline-host` for Python.
//!
//! It knows records and Python objects, and nothing of manifests or files: the
//! package `remotemedia.sandbox` is what users call.

mod errors;
mod lift;
mod lower;
mod sandbox;
mod session;

use pyo3::prelude::*;

/// Runs pipelines in sandboxes.
#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<sandbox::Sandbox>()?;
    module.add_class::<sandbox::Interrupt>()?;
    module.add_class::<session::Session>()?;
    Ok(())
}
