//! `_baking`: what a pipeline that bakes asks for. It is done when that pipeline
//! has ended, since nothing may be under way then.

use std::cell::RefCell;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::files;

/// What is to be baked.
pub(crate) struct Request {
    /// The text of the manifest.
    pub(crate) manifest: String,
    /// Whether other manifests may be run, too.
    pub(crate) others: bool,
    /// Whether nodes are made and initialised already.
    pub(crate) initialize: bool,
}

thread_local! {
    static REQUEST: RefCell<Option<Request>> = const { RefCell::new(None) };
}

/// What was asked for.
pub(crate) fn requested() -> Option<Request> {
    REQUEST.take()
}

/// Lets the module be imported. Call it before Python starts.
pub(super) fn install() {
    pyo3::append_to_inittab!(_baking);
}

#[pymodule]
mod _baking {
    #[pymodule_export]
    use super::{add, bake};
}

/// Puts a file of `size` bytes into the component: what is in it, by deflate or as
/// it is.
#[pyfunction]
#[pyo3(signature = (mount, path, packed, size, /))]
fn add(mount: &str, path: &str, packed: &[u8], size: usize) -> PyResult<()> {
    files::add(mount, path, packed, size)
        .map_err(|error| PyValueError::new_err(format!("{mount}/{path}: {error:?}")))
}

/// Asks for a pipeline to be baked.
#[pyfunction]
#[pyo3(signature = (manifest, others, initialize, /))]
fn bake(manifest: String, others: bool, initialize: bool) {
    REQUEST.set(Some(Request {
        manifest,
        others,
        initialize,
    }));
}
