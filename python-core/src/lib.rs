//! `remotemedia._core`: the component's executor over the Python that loads this,
//! and sandboxes of `pipeline-host`.
//!
//! Of sandboxes it knows records and Python objects, and nothing of manifests or
//! files. What users call is the package `remotemedia`.

mod errors;
mod lift;
mod lower;
mod sandbox;
mod session;

use pipeline_component::python::pipelines;
use pyo3::prelude::*;

/// Runs pipelines, in this Python and in sandboxes.
#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    pipelines::add_to(module)?;
    module.add_class::<sandbox::Sandbox>()?;
    module.add_class::<sandbox::Interrupt>()?;
    module.add_class::<session::Session>()?;
    Ok(())
}
