//! Calls from the host: what ends with each, and with the last of a run.

use std::cell::Cell;

use pyo3::ffi;
use pyo3::prelude::*;

use super::{bridge, interpreter};

/// Runs `work` as one call from the host: what Python prints is written out at
/// its end.
pub(crate) fn call<T>(work: impl FnOnce() -> T) -> T {
    let result = work();
    if interpreter::is_up() {
        Python::attach(flush);
    }
    result
}

/// Writes out what Python has printed.
pub(super) fn flush(py: Python<'_>) {
    for stream in [c"stdout", c"stderr"] {
        // SAFETY: a borrowed reference, or null; the name is a C string.
        let stream =
            unsafe { Bound::from_borrowed_ptr_or_opt(py, ffi::PySys_GetObject(stream.as_ptr())) };
        if let Some(stream) = stream {
            // A closed stream has nothing left to write.
            let _ = stream.call_method0(pyo3::intern!(py, "flush"));
        }
    }
}

/// Held while a run lives: at the end of the last one, what asyncio still holds
/// is closed.
pub(crate) struct Runtime(());

thread_local! {
    /// How many are held.
    static HELD: Cell<usize> = const { Cell::new(0) };
}

impl Runtime {
    /// A run begins.
    pub(crate) fn enter() -> Self {
        HELD.set(HELD.get() + 1);
        Self(())
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        let held = HELD.get() - 1;
        HELD.set(held);
        if held > 0 || !interpreter::is_up() {
            return;
        }
        Python::attach(|py| {
            if let Ok(bridge) = bridge::get(py) {
                // The nodes are cleaned up; what is left can't fail the run.
                let _ = bridge.close_runtime.call0(py);
            }
        });
    }
}
