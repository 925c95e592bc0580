//! `_observed`: what Python code sees of the time and of chance, for a host that
//! asks for that.

use pyo3::prelude::*;

use super::interpreter;
use crate::observed::{self, Observed};

const MODULE: &str = "remotemedia.runtime.observing";

/// Lets the module be imported. Call it before Python starts.
pub(super) fn install() {
    pyo3::append_to_inittab!(_observed);
}

#[pymodule]
mod _observed {
    #[pymodule_export]
    use super::{put, take};
}

/// Whether a clock was read and whether chance was asked for, since the last call.
#[pyfunction]
fn take() -> (bool, bool) {
    let seen = observed::take();
    (seen.clock, seen.chance)
}

/// Has this be all that was seen.
#[pyfunction]
#[pyo3(signature = (clock, chance, /))]
fn put(clock: bool, chance: bool) {
    observed::put(Observed { clock, chance });
}

/// Has the runtime's own readings of the clock count for nobody.
///
/// # Errors
/// Where the package lacks what is needed.
pub(super) fn begin(py: Python<'_>) -> PyResult<()> {
    py.import(MODULE)?.call_method0("begin").map(drop)
}

/// What was seen since the last call, the state of `random` that all share among it.
pub(crate) fn take_all() -> Observed {
    let drawn = interpreter::is_up()
        && Python::attach(|py| {
            let drawn = py.import(MODULE)?.call_method0("has_drawn")?;
            drawn.extract::<bool>()
        })
        // What can't be told is not to be kept.
        .unwrap_or(true);
    let drawn = Observed {
        chance: drawn,
        ..Observed::default()
    };
    observed::take().or(drawn)
}
