//! Sandboxes, and runs to their end.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use pipeline_component::python::report;
use pipeline_host::codec::names::Named as _;
use pipeline_host::types::{ErrorKind, GraphInfo, Input, Loaded, NodeMetrics, RunResult};
use pipeline_host::{Allocation, Directories, Engine, EngineOptions, Limits, Prints};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};
use tokio::runtime::{Builder, Runtime};

use crate::errors::{Failed, diagnostics};
use crate::session::Session;
use crate::{lift, lower};

thread_local! {
    /// Each thread that runs pipelines drives its own.
    static RUNTIME: Runtime = Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("the system has a clock");
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.with(|runtime| runtime.block_on(future))
}

/// A component in a sandbox, of which each run gets a fresh instance.
#[pyclass(module = "remotemedia._core", frozen)]
pub(crate) struct Sandbox {
    engine: Engine,
    sandbox: pipeline_host::Sandbox,
    known: Known,
}

/// Stops what runs, from another thread.
#[pyclass(module = "remotemedia._core", frozen)]
pub(crate) struct Interrupt(pipeline_host::Interrupt);

#[pymethods]
impl Interrupt {
    /// Stops it.
    fn raise_(&self) {
        self.0.raise();
    }
}

#[pymethods]
impl Sandbox {
    /// Loads a component. Code that was compiled for it is taken from beside it
    /// where it is `installed`, and else from the user's cache. What was `baked` of
    /// it is loaded in its place, and has a library of its own.
    #[new]
    #[expect(clippy::too_many_arguments, reason = "one caller, which names them")]
    fn new(
        py: Python<'_>,
        component: PathBuf,
        stdlib: PathBuf,
        python: PathBuf,
        nodes: Vec<PathBuf>,
        installed: bool,
        prints: Option<Py<PyAny>>,
        baked: Option<PathBuf>,
    ) -> PyResult<Self> {
        let made = py.detach(|| -> Result<Self, String> {
            // As many runs as the machine has cores are at work at a time, more or less.
            let instances = thread::available_parallelism().map_or(1, |it| it.get() as u32);
            let allocation = Allocation::Pooled { instances };
            let engine = Engine::new(&EngineOptions { allocation }).map_err(|e| e.in_full())?;
            let loaded = match (&baked, installed) {
                (Some(baked), _) => engine.load_baked(baked, &component, &mut |_| {}),
                (None, true) => engine.load_installed(&component, &mut |_| {}),
                (None, false) => engine.load(&component, &mut |_| {}),
            };
            let loaded = loaded.map_err(|e| e.in_full())?;
            let mut directories = match baked {
                Some(_) => Directories::none(),
                None => Directories::new(&stdlib, &python).map_err(|e| e.in_full())?,
            };
            for nodes in &nodes {
                directories.add_nodes(nodes).map_err(|e| e.in_full())?;
            }
            let sandbox = pipeline_host::Sandbox::new(&engine, &loaded, directories)
                .map_err(|e| e.in_full())?;
            Ok(Self {
                engine,
                sandbox,
                known: Known::default(),
            })
        });
        let mut made = made.map_err(PyOSError::new_err)?;
        if let Some(prints) = prints {
            made.sandbox = made.sandbox.print_to(into_python(prints));
        }
        Ok(made)
    }

    /// What stops a run that is given it.
    fn interrupt(&self) -> Interrupt {
        Interrupt(self.engine.interrupt())
    }

    /// Runs a pipeline to its end: a manifest's text, and items where there are
    /// any. Gives outputs by node, the graph, what each node did, and warnings.
    fn run<'py>(
        &self,
        py: Python<'py>,
        manifest: &str,
        inputs: Option<&Bound<'py, PyAny>>,
        limits: &Bound<'py, PyDict>,
        interrupt: Option<&Interrupt>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let inputs = inputs.map(lower::inputs).transpose()?;
        let limits = read_limits(limits, interrupt)?;
        let run = || block_on(self.run_in_instance(manifest, inputs, &limits));
        let (run, loaded) = py.detach(run).map_err(|failed| failed.into_exception(py))?;
        finished(py, run, &loaded)
    }

    /// Checks a manifest's text: the graph where it can run, and what is wrong or
    /// doubtful.
    fn check<'py>(
        &self,
        py: Python<'py>,
        manifest: &str,
        limits: &Bound<'py, PyDict>,
    ) -> PyResult<(Option<Bound<'py, PyDict>>, Bound<'py, PyList>)> {
        let limits = read_limits(limits, None)?;
        let loaded = py.detach(|| {
            block_on(async {
                let mut instance = self.sandbox.instantiate(&limits).await?;
                instance.load(manifest).await
            })
        });
        let loaded = loaded.map_err(|fault| Failed::from(fault).into_exception(py))?;
        let (loaded, found) = match loaded {
            Ok(mut loaded) => {
                let found = std::mem::take(&mut loaded.warnings);
                (Some(loaded), found)
            }
            Err(invalid) => (None, invalid.diagnostics),
        };
        let graph = loaded.map(|loaded| graph(&loaded.graph).into_pyobject(py));
        Ok((graph.transpose()?, PyList::new(py, diagnostics(&found))?))
    }

    /// The node types that manifests can name, as dicts.
    fn list_nodes<'py>(
        &self,
        py: Python<'py>,
        limits: &Bound<'py, PyDict>,
    ) -> PyResult<Bound<'py, PyList>> {
        let limits = read_limits(limits, None)?;
        let listed = py.detach(|| {
            block_on(async {
                let mut instance = self.sandbox.instantiate(&limits).await?;
                instance.list_nodes().await
            })
        });
        let list = PyList::empty(py);
        for node in listed.map_err(|fault| Failed::from(fault).into_exception(py))? {
            let fields = PyDict::new(py);
            fields.set_item("node_type", node.node_type)?;
            fields.set_item("language", node.language.name())?;
            fields.set_item("summary", node.summary)?;
            fields.set_item("streaming", node.streaming)?;
            fields.set_item("source", node.source)?;
            fields.set_item("unavailable", node.unavailable)?;
            list.append(fields)?;
        }
        Ok(list)
    }

    /// Opens a session, which has an instance of its own.
    fn open(
        &self,
        py: Python<'_>,
        manifest: &str,
        limits: &Bound<'_, PyDict>,
        interrupt: Option<&Interrupt>,
    ) -> PyResult<Session> {
        let limits = read_limits(limits, interrupt)?;
        let (sandbox, manifest) = (self.sandbox.clone(), manifest.to_owned());
        py.detach(|| Session::open(sandbox, manifest, limits))
            .map_err(|failed| failed.into_exception(py))
    }
}

impl Sandbox {
    async fn run_in_instance(
        &self,
        manifest: &str,
        inputs: Option<Vec<Input>>,
        limits: &Limits,
    ) -> Result<(RunResult, Arc<Loaded>), Failed> {
        let mut instance = self.sandbox.instantiate(limits).await?;
        if let Some(known) = self.known.get(manifest) {
            let ended = instance.execute(&known.manifest, inputs.as_deref());
            match ended.await? {
                // What it names is no longer as it was: read anew, it has its errors in
                // their places.
                Err(error) if error.kind == ErrorKind::InvalidManifest => {
                    instance = self.sandbox.instantiate(limits).await?;
                }
                ended => {
                    lower::recycle(inputs);
                    return Ok((ended?, known));
                }
            }
        }
        let loaded = instance.load(manifest).await?;
        let mut loaded = loaded.map_err(|invalid| Failed::Manifest(invalid.diagnostics))?;
        let written = loaded.input_data.take();
        let is_whole = written.is_none();
        let loaded = Arc::new(loaded);
        let inputs = inputs.or(written.map(pipeline_host::codec::for_all));
        let ended = instance
            .execute(&loaded.manifest, inputs.as_deref())
            .await?;
        lower::recycle(inputs);
        if is_whole {
            self.known.put(manifest, &loaded);
        }
        Ok((ended?, loaded))
    }
}

/// Manifests that were read before, by their texts: reading one takes as long as
/// running a small pipeline, and many programs have few.
#[derive(Default)]
struct Known(Mutex<VecDeque<(Box<str>, Arc<Loaded>)>>);

impl Known {
    /// Most manifests, and most bytes of the text of one.
    const MOST: usize = 32;
    const MOST_BYTES: usize = 1 << 16;

    fn get(&self, text: &str) -> Option<Arc<Loaded>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut known = known.iter();
        known.find_map(|(it, loaded)| (**it == *text).then(|| Arc::clone(loaded)))
    }

    /// Keeps one that nothing was said of, in the place of the oldest.
    fn put(&self, text: &str, loaded: &Arc<Loaded>) {
        if text.len() > Self::MOST_BYTES || !loaded.warnings.is_empty() {
            return;
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(it, _)| **it != *text);
        known.truncate(Self::MOST - 1);
        known.push_front((text.into(), Arc::clone(loaded)));
    }
}

/// What guests print goes to a function, as bytes.
fn into_python(function: Py<PyAny>) -> Prints {
    Arc::new(move |bytes| {
        Python::attach(|py| {
            if let Err(error) = function.call1(py, (PyBytes::new(py, bytes),)) {
                // The run is not at fault.
                error.write_unraisable(py, Some(function.bind(py)));
            }
        });
    })
}

fn read_limits(given: &Bound<'_, PyDict>, interrupt: Option<&Interrupt>) -> PyResult<Limits> {
    let mut limits = Limits {
        interrupt: interrupt.map(|interrupt| interrupt.0.clone()),
        ..Limits::default()
    };
    for (name, value) in given {
        let whole = || -> PyResult<Option<usize>> { value.extract() };
        let mebibytes = || -> PyResult<Option<usize>> {
            Ok(whole()?.map(|count| count.saturating_mul(1 << 20)))
        };
        match name.extract::<String>()?.as_str() {
            "timeout" => {
                let seconds: Option<f64> = value.extract()?;
                limits.timeout = match seconds {
                    None => None,
                    Some(seconds) => Some(
                        Duration::try_from_secs_f64(seconds)
                            .map_err(|e| PyValueError::new_err(format!("timeout: {e}")))?,
                    ),
                };
            }
            "max_memory" => limits.memory = mebibytes()?,
            "max_output" => limits.output = mebibytes()?,
            "max_log" => limits.log = mebibytes()?,
            "max_open_files" => limits.open_files = whole()?,
            "max_items" => limits.items = value.extract()?,
            other => return Err(PyValueError::new_err(format!("there is no limit {other}"))),
        }
    }
    Ok(limits)
}

pub(crate) fn finished<'py>(
    py: Python<'py>,
    run: RunResult,
    loaded: &Loaded,
) -> PyResult<Bound<'py, PyDict>> {
    let finished = report::Finished {
        outputs: lift::outputs(py, run.outputs)?,
        graph: graph(&run.graph),
        metrics: run.metrics.iter().map(metrics).collect(),
        warnings: diagnostics(&loaded.warnings),
    };
    finished.into_pyobject(py)
}

fn graph(graph: &GraphInfo) -> report::Graph<'_> {
    report::Graph {
        node_count: graph.node_count,
        sink_count: graph.sink_count,
        source_count: graph.source_count,
        execution_order: &graph.execution_order,
    }
}

fn metrics(node: &NodeMetrics) -> report::Metrics<'_> {
    report::Metrics {
        node_id: &node.node_id,
        items_in: node.items_in,
        items_out: node.items_out,
        nanoseconds: node.nanoseconds,
    }
}
