//! What the build leaves in memory for every instance to start from.

use std::ffi::{c_int, c_void};

use pyo3::exceptions::PyModuleNotFoundError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyList;

use super::{bridge, interpreter, memory};
use crate::files;

/// Modules that nodes commonly use, imported before the snapshot is taken.
/// `docs/snapshot.md` has the measurements behind the choice.
const SNAPSHOT_MODULES: &[&str] = &[
    "remotemedia.nodes",
    "remotemedia.media",
    "remotemedia.runtime.bridge",
    "remotemedia.runtime.events",
    "_pipelines",
    "abc",
    "array",
    "asyncio",
    "base64",
    "bisect",
    "collections",
    "collections.abc",
    "contextlib",
    "copy",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "functools",
    "heapq",
    "inspect",
    "io",
    "itertools",
    "json",
    "linecache",
    "logging",
    "math",
    "operator",
    "os",
    "pathlib",
    "random",
    "re",
    "statistics",
    "string",
    "struct",
    "textwrap",
    "time",
    "traceback",
    "types",
    "typing",
    "unicodedata",
    "uuid",
    "warnings",
    "weakref",
    "zlib",
];

/// What is there unless the component was built without it.
const NUMPY: &str = "numpy";

/// Parts of a code object that its type does not show to the collector.
const CODE_PARTS: &[&str] = &[
    "co_consts",
    "co_names",
    "co_filename",
    "co_name",
    "co_qualname",
    "co_linetable",
    "co_exceptiontable",
];

/// The reference count that CPython 3.14 gives immortal objects on 32 bits; it
/// never writes to one that has it.
const IMMORTAL: ffi::Py_ssize_t = 5 << 28;

unsafe extern "C" {
    fn __wasilibc_reset_preopens();
    fn __wasilibc_deinitialize_environ();
}

/// Starts Python and imports what nodes commonly use; the memory that results
/// becomes the snapshot.
///
/// `warm_up` is called once Python is up. It runs what runs will run: code
/// that has specialised itself in the build need not do it in each instance.
///
/// # Panics
/// Where Python can't start: the build fails then.
pub(crate) fn prepare(warm_up: impl Fn()) {
    interpreter::start_for_snapshot(|py| {
        for module in SNAPSHOT_MODULES {
            if let Err(error) = py.import(*module) {
                error.print(py);
                panic!("the snapshot needs the module {module}");
            }
        }
        if let Err(error) = py.import(NUMPY)
            && !error.is_instance_of::<PyModuleNotFoundError>(py)
        {
            error.print(py);
            panic!("numpy can't be imported");
        }
        bridge::get(py).expect("the bridge");
        let gc = py.import("gc").expect("gc");
        let collect = || gc.call_method0("collect").expect("gc.collect");
        let embedded = py
            .import("remotemedia.runtime.embedded")
            .expect("the package");
        let numpy = py
            .import("remotemedia.runtime.with_numpy")
            .expect("the package");
        let rehearse = || {
            interpreter::rehearse(py).expect("what a restore does");
            warm_up();
            if let Err(error) = numpy.call_method0("rehearse") {
                error.print(py);
                panic!("numpy does not work");
            }
            for _ in 0..8 {
                let own = embedded.call_method0("rehearse_own_node");
                own.expect("a module of the package");
            }
        };
        rehearse();
        // Code that ran has specialised itself on constants that were mortal,
        // and would count references to them for ever.
        let functions = embedded.call_method0("functions").expect("functions");
        let renew = |codes| {
            let renewed = embedded.call_method1("renew_code", (&functions, codes));
            renewed.expect("new code");
        };
        renew(None);
        collect();
        immortalize(&gc).expect("the collector's objects");
        let codes = embedded.call_method0("watch_code").expect("code");
        rehearse();
        // What every run executes comes to lie together, here: CPython keeps
        // counters and the history of branches in it, so every run writes to
        // it.
        collect();
        memory::seal();
        memory::pack(|| {
            renew(Some(codes));
            embedded.call_method0("renew_streams").expect("streams");
        });
        // Warm again: the code is new, and collecting has emptied caches.
        rehearse();
        let seeded = numpy.call_method0("seed_at_first_use");
        seeded.expect("numpy's random numbers");
        immortalize(&gc).expect("the collector's objects");
        gc.call_method0("freeze").expect("gc.freeze");
        // Nothing is left to collect; but CPython's lists of objects to reuse
        // lie all over memory, and this empties them.
        collect();
        files::reset();
        // SAFETY: both only drop wasi-libc's caches of handles and variables,
        // so that the restored instance reads its own.
        unsafe {
            __wasilibc_reset_preopens();
            __wasilibc_deinitialize_environ();
        }
        memory::seal();
    });
}

/// Makes every object that the collector knows immortal, and what they refer
/// to. A run that only uses such an object then leaves its page of memory
/// alone, which otherwise would have to be copied for a changed count.
fn immortalize(gc: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = gc.py();
    let known = gc.call_method0("get_objects")?;
    let mut pending: Vec<*mut ffi::PyObject> = Vec::new();
    for object in known.cast::<PyList>()?.iter() {
        // SAFETY: the pointer is that of a live object.
        unsafe { reach(object.as_ptr(), (&raw mut pending).cast()) };
    }
    while let Some(object) = pending.pop() {
        // SAFETY: objects in `pending` are immortal, and so alive. A type's
        // `tp_traverse` calls back with borrowed references to live objects.
        unsafe {
            let class = ffi::Py_TYPE(object);
            if ffi::PyType_GetFlags(class) & ffi::Py_TPFLAGS_HAVE_GC != 0
                && let Some(traverse) = (*class).tp_traverse
            {
                traverse(object, reach, (&raw mut pending).cast());
            }
            reach(class.cast(), (&raw mut pending).cast());
            if ffi::PyCode_Check(object) != 0 {
                let code = Bound::from_borrowed_ptr(py, object);
                for part in CODE_PARTS {
                    let part = code.getattr(*part)?;
                    reach(part.as_ptr(), (&raw mut pending).cast());
                }
            }
        }
    }
    Ok(())
}

/// Makes an object immortal and remembers to look at what it refers to.
///
/// # Safety
/// `object` must be alive, and `pending` point to a `Vec<*mut PyObject>`.
unsafe extern "C" fn reach(object: *mut ffi::PyObject, pending: *mut c_void) -> c_int {
    // SAFETY: without free threading an object begins with its count. The rest
    // is the caller's promise.
    unsafe {
        let count = object.cast::<ffi::Py_ssize_t>();
        if *count < 1 << 30 {
            *count = IMMORTAL;
            (*pending.cast::<Vec<*mut ffi::PyObject>>()).push(object);
        }
    }
    0
}
