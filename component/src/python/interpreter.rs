//! The embedded interpreter: its start, and what a restored snapshot needs.

use std::cell::Cell;
use std::ffi::{CStr, CString};
use std::ptr;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::files;

use wasi::wasi::cli::environment::get_environment;
use wasi::wasi::filesystem::preopens::get_directories;

/// The two functions of WASI that neither Rust's standard library nor
/// wasi-libc offers: the interfaces are cut down to them.
mod wasi {
    #![allow(missing_docs, unsafe_op_in_unsafe_fn, clippy::all)]

    wit_bindgen::generate!({
        inline: "
            package remotemedia:wasi;

            world imports {
                import wasi:cli/environment@0.2.0;
                import wasi:filesystem/preopens@0.2.0;
            }

            package wasi:cli@0.2.0 {
                interface environment {
                    get-environment: func() -> list<tuple<string, string>>;
                }
            }

            package wasi:filesystem@0.2.0 {
                interface types {
                    resource descriptor;
                }
                interface preopens {
                    use types.{descriptor};
                    get-directories: func() -> list<tuple<descriptor, string>>;
                }
            }
        ",
        world: "remotemedia:wasi/imports",
        generate_all,
    });
}

/// Guest path of the standard library.
const STDLIB: &str = "/stdlib";
/// Guest path of the directory that holds the package `remotemedia`.
const PACKAGE: &str = "/python";

thread_local! {
    static STATE: Cell<State> = const { Cell::new(State::Down) };
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Python has not been started.
    Down,
    /// Python was started in the build; this instance has not run yet.
    Snapshot,
    /// Python runs in this instance.
    Up,
}

/// Starts Python in the build, lets `fill` put into it what the snapshot
/// should hold, and leaves it to be restored.
///
/// # Panics
/// Where Python can't start: the build fails then.
pub(super) fn start_for_snapshot(fill: impl FnOnce(Python<'_>)) {
    start();
    STATE.set(State::Up);
    Python::attach(|py| {
        set_search_path(py).expect("sys.path");
        fill(py);
    });
    leave_as_snapshot();
}

/// Leaves Python as what instances begin with from now on.
pub(super) fn leave_as_snapshot() {
    // What the build saw is not what an instance sees.
    crate::observed::take();
    STATE.set(State::Snapshot);
}

/// Whether Python runs in this instance.
pub(crate) fn is_up() -> bool {
    STATE.get() == State::Up
}

/// Makes sure that Python runs in this instance.
///
/// # Errors
/// Says what is missing where Python can't start: usually the standard
/// library's directory.
pub(crate) fn ensure_up() -> Result<(), String> {
    match STATE.get() {
        State::Up => return Ok(()),
        State::Down => {
            if std::fs::metadata(STDLIB).is_err() {
                return Err(format!(
                    "Python needs its standard library: preopen the directory that holds it as `{STDLIB}`"
                ));
            }
            start();
            Python::attach(set_search_path).map_err(|error| error.to_string())?;
        }
        State::Snapshot => {
            Python::attach(restore).map_err(|error| error.to_string())?;
        }
    }
    STATE.set(State::Up);
    // What that took is no node's.
    crate::observed::take();
    Ok(())
}

/// Does in the build what a restored instance does first, so that its code is
/// warm.
///
/// # Errors
/// As in an instance.
pub(super) fn rehearse(py: Python<'_>) -> PyResult<()> {
    (0..32).try_for_each(|_| restore(py))
}

unsafe extern "C" {
    fn __wasilibc_ensure_environ();
}

/// Variables of the host's that are none of Python's: the mark of what it is told,
/// and whether that is to be where the time goes, each item's way, and what nodes
/// depend on, too.
const EVENTS: &str = "PIPELINE_EVENTS";
const PROFILE: &str = "PIPELINE_PROFILE";
const TRACE: &str = "PIPELINE_TRACE";
const OBSERVE: &str = "PIPELINE_OBSERVE";
const OWN: [&str; 4] = [EVENTS, PROFILE, TRACE, OBSERVE];

/// What a host asks to be told of this instance.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// What lines begin with that tell the host something. Only it knows that.
    pub(crate) mark: Option<String>,
    /// Whether it wants to know where the time goes.
    pub(crate) profiles: bool,
    /// Whether it wants to know each item's way.
    pub(crate) traces: bool,
    /// Whether it wants to know what nodes depend on beside their items.
    pub(crate) observes: bool,
}

/// What the host asks to be told of this instance.
pub(crate) fn asked() -> Asked {
    asked_by(&get_environment())
}

fn asked_by(variables: &[(String, String)]) -> Asked {
    let value = |name: &str| variables.iter().find(|(key, _)| key == name);
    Asked {
        mark: value(EVENTS).map(|(_, mark)| mark.clone()),
        profiles: value(PROFILE).is_some(),
        traces: value(TRACE).is_some(),
        observes: value(OBSERVE).is_some(),
    }
}

/// Brings what the snapshot froze up to date: directories, environment,
/// random state, clock.
fn restore(py: Python<'_>) -> PyResult<()> {
    set_search_path(py)?;
    let variables = get_environment();
    if variables.iter().any(|(name, _)| !OWN.contains(&&**name)) {
        // SAFETY: it only fills wasi-libc's cache of variables, which the
        // snapshot emptied. `os` reads the cache as it is.
        unsafe { __wasilibc_ensure_environ() };
        let os = py.import("os")?;
        os.call_method0("reload_environ")?;
        for name in OWN {
            os.getattr("environ")?
                .call_method1("pop", (name, py.None()))?;
        }
    }
    let asked = asked_by(&variables);
    super::bridge::get(py)?.refresh(py, asked.mark.as_deref(), asked.profiles)?;
    match asked.observes {
        true => super::observing::begin(py),
        false => Ok(()),
    }
}

/// Directories with nodes first, then the standard library and the package, where
/// the host gave them or they are in the component itself.
pub(super) fn set_search_path(py: Python<'_>) -> PyResult<()> {
    let granted = granted();
    let nodes = granted.iter().map(String::as_str);
    let paths: Vec<&str> = nodes.chain([STDLIB, PACKAGE]).collect();
    let list = PyList::new(py, paths)?;
    files::mount(directories());
    // SAFETY: the name is a C string and the interpreter is attached.
    let status = unsafe { ffi::PySys_SetObject(c"path".as_ptr(), list.as_ptr()) };
    if status == 0 {
        Ok(())
    } else {
        Err(PyErr::fetch(py))
    }
}

/// Where the directories with nodes are: those in the component itself, and those
/// that the host grants.
pub(crate) fn granted() -> Vec<String> {
    let mut all = files::mounts();
    for path in directories() {
        if !all.contains(&path) {
            all.push(path);
        }
    }
    all.retain(|path| path != STDLIB && path != PACKAGE);
    all
}

/// Where the host's directories are.
fn directories() -> Vec<String> {
    get_directories()
        .into_iter()
        .map(|(_, path)| path)
        .collect()
}

/// Starts the interpreter in CPython's isolated configuration: no
/// environment, no `site`, no signal handlers. Strings hash without a seed,
/// so that the same run gives the same bytes.
fn start() {
    const NUMBERS: &[(&CStr, u64)] = &[
        (c"use_environment", 0),
        (c"site_import", 0),
        (c"write_bytecode", 0),
        (c"install_signal_handlers", 0),
        (c"pathconfig_warnings", 0),
        (c"use_hash_seed", 1),
        (c"hash_seed", 0),
        (c"utf8_mode", 1),
        (c"parse_argv", 0),
    ];
    const STRINGS: &[(&CStr, &CStr)] = &[
        (c"home", c"/"),
        (c"program_name", c"pipeline"),
        (c"executable", c""),
    ];
    files::mount(directories());
    super::memory::install();
    super::compression::install();
    super::permissions::install();
    super::baking::install();
    super::pipelines::install();
    super::observing::install();
    let paths = [STDLIB, PACKAGE].map(|path| CString::new(path).expect("no NUL in it"));
    let mut paths = paths.each_ref().map(|path| path.as_ptr());
    // SAFETY: the configuration lives from `Create` to `Free`; every name and
    // string is a C string that outlives the call that copies it. Nothing
    // else uses Python before it is up.
    unsafe {
        let config = ffi::PyInitConfig_Create();
        assert!(!config.is_null(), "out of memory");
        let mut status = 0;
        for (name, value) in NUMBERS {
            status |= ffi::PyInitConfig_SetInt(config, name.as_ptr(), *value);
        }
        for (name, value) in STRINGS {
            status |= ffi::PyInitConfig_SetStr(config, name.as_ptr(), value.as_ptr());
        }
        status |= ffi::PyInitConfig_SetStrList(
            config,
            c"module_search_paths".as_ptr(),
            paths.len(),
            paths.as_mut_ptr(),
        );
        if status == 0 {
            status = ffi::Py_InitializeFromInitConfig(config);
        }
        if status != 0 {
            let mut message = ptr::null();
            ffi::PyInitConfig_GetError(config, &raw mut message);
            let message = if message.is_null() {
                "unknown error".into()
            } else {
                CStr::from_ptr(message).to_string_lossy().into_owned()
            };
            panic!("Python can't start: {message}");
        }
        ffi::PyInitConfig_Free(config);
    }
}
