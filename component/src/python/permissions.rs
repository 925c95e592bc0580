//! `_permissions`: what `os` lacks, since libc has no `chmod`.

use std::path::PathBuf;

use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;

use crate::files;

/// Lets the module be imported. Call it before Python starts.
pub(super) fn install() {
    pyo3::append_to_inittab!(_permissions);
}

#[pymodule]
mod _permissions {
    #[pymodule_export]
    use super::chmod;
}

/// Sets the permissions of a file in `/tmp`.
#[pyfunction]
#[pyo3(signature = (path, mode, /))]
fn chmod(path: PathBuf, mode: u32) -> PyResult<()> {
    files::chmod(path.as_os_str().as_encoded_bytes(), mode).map_err(PyOSError::new_err)
}
