//! Sandboxes, and instances of the component in them.

use std::future::Future;
use std::sync::Arc;

use wasmtime::component::{Linker, ResourceAny, ResourceTable};
use wasmtime::{Store, Trap};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

use crate::bindings::exports::remotemedia::pipeline::executor;
use crate::bindings::{Pipeline, PipelinePre};
use crate::bounds::{Bounds, Meter};
use crate::codec;
use crate::compiled::Component;
use crate::directories::Directories;
use crate::engine::Engine;
use crate::error::Error;
use crate::events::{self, Telling};
use crate::fixed;
#[cfg(feature = "http")]
use crate::http::Http;
use crate::limits::{self, LimitError, Limits};
use crate::log::{Log, Prints};
use crate::memory::{Brake, Images};
use crate::open_files::{self, OpenFiles};
use crate::types::{
    Checked, Data, Diagnostic, Input, InvalidManifest, Loaded, Manifest, NodeInfo, NodeOutputs,
    Part, PipelineError, RunResult,
};
use crate::watchdog::Watch;

/// How many resources of the host's a guest may hold beside open files: streams,
/// what it waits for, and the parts of requests and answers.
const RESOURCES: usize = 10_000;

/// A component that is linked and ready for instances to be made of it, each in
/// a fresh sandbox that sees the same directories and nothing else: no network,
/// no environment, no standard input. What the guest prints, to either stream,
/// goes to the host's standard error; see [`crate::stderr`].
///
/// Cheap to clone, and shared between threads.
#[derive(Clone)]
pub struct Sandbox {
    engine: Engine,
    pre: PipelinePre<State>,
    images: Images,
    source: [u8; 32],
    directories: Arc<Directories>,
    prints: Option<Prints>,
    /// What each line begins with that a guest prints.
    mark: Option<String>,
    telling: Option<Telling>,
    surroundings: Surroundings,
}

/// What an instance learns of its time, and of chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Surroundings {
    /// The machine's.
    Real,
    /// The same in each instance, so that the same work leaves the same memory.
    Fixed,
}

/// What the host keeps for an instance.
pub(crate) struct State {
    wasi: WasiCtx,
    #[cfg(feature = "http")]
    pub(crate) http: Http,
    pub(crate) table: ResourceTable,
    pub(crate) meter: Meter,
    pub(crate) bounds: Bounds,
    pub(crate) files: OpenFiles,
    log: Log,
    limits: Limits,
}

impl State {
    /// What was refused to a guest that could go on without it.
    pub(crate) fn refusals(&self) -> Vec<LimitError> {
        let all = [
            self.meter.refusal(),
            self.files.refusal(),
            self.log.refusal(),
        ];
        all.into_iter().flatten().collect()
    }

    /// Says what ended a call that gave no result.
    pub(crate) fn fault(&self, error: wasmtime::Error) -> Error {
        // What the brake ends looks like a fault of the guest's own.
        if let Some(Trap::MemoryOutOfBounds) = error.downcast_ref()
            && let Err(fault) = self.bounds.exceeded()
        {
            return fault;
        }
        limits::fault(error, &self.meter, &self.limits)
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl Sandbox {
    /// Links a component.
    ///
    /// # Errors
    /// Where the component needs or lacks something that a pipeline component
    /// doesn't.
    pub fn new(
        engine: &Engine,
        component: &Component,
        directories: Directories,
    ) -> Result<Self, Error> {
        let fail = |error: wasmtime::Error| Error::Link {
            source: error.into(),
        };
        let mut linker = Linker::new(engine.wasmtime());
        link_wasi(&mut linker).map_err(fail)?;
        let pre = linker
            .instantiate_pre(component.wasmtime())
            .and_then(PipelinePre::new)
            .map_err(fail)?;
        Ok(Self {
            engine: engine.clone(),
            pre,
            images: component.images().clone(),
            source: component.source(),
            directories: Arc::new(directories),
            prints: None,
            mark: None,
            telling: None,
            surroundings: Surroundings::Real,
        })
    }

    /// The same in other surroundings.
    pub(crate) fn surrounded_by(self, surroundings: Surroundings) -> Self {
        Self {
            surroundings,
            ..self
        }
    }

    /// The same with another place for what guests print.
    #[must_use]
    pub fn print_to(self, prints: Prints) -> Self {
        Self {
            prints: Some(prints),
            ..self
        }
    }

    /// The same with a mark that each line begins with that guests print, so that it
    /// can be told from those of others.
    #[must_use]
    pub fn mark_prints(self, mark: String) -> Self {
        Self {
            mark: Some(mark),
            ..self
        }
    }

    /// The same, whose runs tell what nodes print, and what else is asked for. It
    /// goes before [`print_to`](Self::print_to).
    #[must_use]
    pub fn tell_to(self, telling: Telling) -> Self {
        Self {
            telling: Some(telling),
            ..self
        }
    }

    /// What its component was compiled from: see [`Component::source`].
    #[must_use]
    pub fn source(&self) -> [u8; 32] {
        self.source
    }

    /// The directories that it sees.
    #[must_use]
    pub fn directories(&self) -> &Directories {
        &self.directories
    }

    /// Makes a fresh instance. The time of its limits runs from here.
    ///
    /// Like all calls into an instance it needs a tokio runtime with a clock
    /// around it, and a busy guest occupies its thread: a server gives each run
    /// a thread that may block.
    ///
    /// # Errors
    /// Where a limit is met, or a directory is gone.
    pub async fn instantiate(&self, limits: &Limits) -> Result<Instance, Error> {
        let Bounded {
            mut store,
            bounds,
            brake,
            watch,
        } = bounded(
            &self.engine,
            &self.directories,
            limits,
            self.mark.clone(),
            self.prints.clone(),
            self.telling.as_ref(),
            self.surroundings,
        )?;
        let made = {
            let instantiate = self.pre.instantiate_async(&mut store);
            let instantiate = self.images.provide(&brake, instantiate);
            bounds.hold(instantiate).await?
        };
        match made {
            Ok(bindings) => Ok(Instance {
                store,
                bindings,
                bounds,
                brake,
                watch,
                engine: self.engine.clone(),
                directories: Arc::clone(&self.directories),
                cut_off: false,
            }),
            Err(error) => Err(store.data().fault(error)),
        }
    }
}

/// A store for an instance, and what the instance is held to.
pub(crate) struct Bounded {
    pub(crate) store: Store<State>,
    pub(crate) bounds: Bounds,
    pub(crate) brake: Arc<Brake>,
    pub(crate) watch: Option<Watch>,
}

/// Links WASI, of which all that a component may import is there.
pub(crate) fn link_wasi(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    open_files::add_to_linker(linker)
}

/// Makes a store that sees some directories and nothing else. With a mark, the
/// lines that the guest prints begin with it.
pub(crate) fn bounded(
    engine: &Engine,
    directories: &Directories,
    limits: &Limits,
    mark: Option<String>,
    prints: Option<Prints>,
    telling: Option<&Telling>,
    surroundings: Surroundings,
) -> Result<Bounded, Error> {
    let bounds = Bounds::new(limits);
    let told = telling.map(|telling| (events::new_mark(), telling));
    let variables = told.as_ref().map(|(mark, telling)| telling.variables(mark));
    let told = told.map(|(mark, telling)| (mark, Arc::clone(&telling.to)));
    let log = Log::new(limits.log, mark, prints).telling(told);
    let mut table = ResourceTable::new();
    if let Some(files) = limits.open_files {
        table.set_max_capacity(files.saturating_add(RESOURCES));
    }
    let state = State {
        wasi: wasi(
            directories,
            &log,
            &variables.unwrap_or_default(),
            surroundings,
        )?,
        #[cfg(feature = "http")]
        http: Http::default(),
        table,
        meter: Meter::new(limits.memory),
        bounds: bounds.clone(),
        files: OpenFiles::new(limits.open_files),
        log,
        limits: limits.clone(),
    };
    let mut store = Store::new(engine.wasmtime(), state);
    // Lists in a guest's memory can overlap, so that its size alone does not
    // bound what the host would need for them.
    store.set_hostcall_fuel(limits.output.unwrap_or(usize::MAX));
    #[cfg(not(target_os = "linux"))]
    crate::memory::heed_epochs(&mut store);
    store.limiter(|state| &mut state.meter);
    let brake = Arc::new(Brake::new(engine.wasmtime()));
    if let Some(interrupt) = &bounds.interrupt {
        interrupt.pulls(&brake);
    }
    let watch = watch(engine, &bounds, &brake)?;
    Ok(Bounded {
        store,
        bounds,
        brake,
        watch,
    })
}

fn watch(engine: &Engine, bounds: &Bounds, brake: &Arc<Brake>) -> Result<Option<Watch>, Error> {
    let Some((deadline, _)) = bounds.deadline else {
        return Ok(None);
    };
    let watch = engine.watchdog().watch(deadline, brake);
    let watch =
        watch.map_err(|error| Error::Host(format!("no thread for deadlines: {error}").into()));
    watch.map(Some)
}

fn wasi(
    directories: &Directories,
    log: &Log,
    variables: &[(&'static str, String)],
    surroundings: Surroundings,
) -> Result<WasiCtx, Error> {
    let mut builder = WasiCtxBuilder::new();
    for (name, value) in variables {
        builder.env(name, value);
    }
    builder
        .stdout(log.stream())
        .stderr(log.stream())
        .allow_tcp(false)
        .allow_udp(false)
        // Moving each read to another thread costs far more than the read.
        .allow_blocking_current_thread(true);
    if surroundings == Surroundings::Fixed {
        fixed::fix(&mut builder);
    }
    for (host, guest) in directories.mounts() {
        builder
            .preopened_dir(host, guest, FsPerms::ReadOnly)
            .map_err(|error| {
                let host = host.display();
                Error::Host(format!("the directory `{host}` can't be opened: {error}").into())
            })?;
    }
    Ok(builder.build())
}

/// An instance of the component, in a sandbox of its own.
///
/// Each method's outer error is an [`Error`]: the instance is of no use after
/// it. The inner results are the component's own, but for paths of nodes: what is
/// said names the user's own.
pub struct Instance {
    store: Store<State>,
    bindings: Pipeline,
    bounds: Bounds,
    brake: Arc<Brake>,
    watch: Option<Watch>,
    engine: Engine,
    directories: Arc<Directories>,
    /// Whether a call into it was cut off: then there is nothing to call any more.
    cut_off: bool,
}

impl Instance {
    /// Reads a manifest from JSON or YAML text, and checks it.
    ///
    /// # Errors
    /// See [`Instance`].
    pub async fn load(&mut self, source: &str) -> Result<Result<Loaded, InvalidManifest>, Error> {
        let mut loaded = self
            .call(async |executor, store| executor.call_load(store, source).await)
            .await?;
        self.directories.put_host_paths(match &mut loaded {
            Ok(loaded) => &mut loaded.warnings,
            Err(invalid) => &mut invalid.diagnostics,
        });
        Ok(loaded)
    }

    /// Checks whether a manifest can run, without running anything of it.
    ///
    /// # Errors
    /// See [`Instance`].
    pub async fn check(
        &mut self,
        manifest: &Manifest,
    ) -> Result<Result<Checked, Vec<Diagnostic>>, Error> {
        self.call(async |executor, store| executor.call_check(store, manifest).await)
            .await
    }

    /// The node types that manifests can name.
    ///
    /// # Errors
    /// See [`Instance`].
    pub async fn list_nodes(&mut self) -> Result<Vec<NodeInfo>, Error> {
        let mut nodes = self
            .call(async |executor, store| executor.call_list_nodes(store).await)
            .await?;
        for reason in nodes.iter_mut().filter_map(|it| it.unavailable.as_mut()) {
            *reason = self.directories.with_host_paths(reason);
        }
        Ok(nodes)
    }

    /// Runs a pipeline to the end: on items, or, without any, on what its
    /// sources produce.
    ///
    /// # Errors
    /// See [`Instance`].
    pub async fn execute(
        &mut self,
        manifest: &Manifest,
        inputs: Option<&[Input]>,
    ) -> Result<Result<RunResult, PipelineError>, Error> {
        let given = inputs.unwrap_or_default().iter();
        self.allow_items(given.map(|input| &input.item))?;
        let mut ended = self
            .call(async |executor, store| match inputs {
                Some(inputs) => {
                    executor
                        .call_execute_with_input(store, manifest, inputs)
                        .await
                }
                None => executor.call_execute(store, manifest).await,
            })
            .await?;
        self.ended(&mut ended, |run| &run.outputs)?;
        Ok(ended)
    }

    /// Opens a pipeline that is fed and read item by item.
    ///
    /// # Errors
    /// See [`Instance`].
    pub async fn open(
        &mut self,
        manifest: &Manifest,
    ) -> Result<Result<Session<'_>, PipelineError>, Error> {
        let mut opened = self
            .call(async |executor, store| executor.session().call_open(store, manifest).await)
            .await?;
        self.ended(&mut opened, |_| &[])?;
        Ok(opened.map(|handle| Session {
            instance: self,
            handle,
        }))
    }

    /// What was refused because of a limit, to a run that could go on without
    /// it: memory, where Python sees a `MemoryError`; files, where it sees an
    /// `OSError`; and what was printed beyond the limit, where it sees nothing.
    #[must_use]
    pub fn refusals(&self) -> Vec<LimitError> {
        self.store.data().refusals()
    }

    async fn call<T>(
        &mut self,
        call: impl AsyncFnOnce(&executor::Guest, &mut Store<State>) -> wasmtime::Result<T>,
    ) -> Result<T, Error> {
        let executor = self.bindings.remotemedia_pipeline_executor();
        let called = hold(&self.bounds, call(executor, &mut self.store)).await;
        let called = called.and_then(|it| it.map_err(|error| self.store.data().fault(error)));
        self.cut_off |= called.is_err();
        called
    }

    /// A call of a session's, for which limits are counted anew.
    async fn session_call<T>(
        &mut self,
        call: impl AsyncFnOnce(&executor::Guest, &mut Store<State>) -> wasmtime::Result<T>,
    ) -> Result<T, Error> {
        let state = self.store.data_mut();
        self.bounds = Bounds::new(&state.limits);
        state.bounds = self.bounds.clone();
        state.log.renew();
        // The last call's watch must not end this one.
        self.watch = None;
        self.watch = watch(&self.engine, &self.bounds, &self.brake)?;
        self.call(call).await
    }

    /// Checks a run's outputs, and lets its error name the user's own paths.
    fn ended<T>(
        &self,
        result: &mut Result<T, PipelineError>,
        outputs: impl FnOnce(&T) -> &[NodeOutputs],
    ) -> Result<(), Error> {
        match result {
            Ok(given) => self.allow_outputs(outputs(given)),
            Err(error) => {
                self.directories.put_host_paths_in_error(error);
                Ok(())
            }
        }
    }

    fn allow_items<'d>(&self, items: impl Iterator<Item = &'d Data>) -> Result<(), Error> {
        Ok(self.store.data().limits.allow_items(count(items))?)
    }

    fn allow_outputs(&self, outputs: &[NodeOutputs]) -> Result<(), Error> {
        self.allow_items(outputs.iter().flat_map(|given| &given.items))
    }
}

/// How many items there are, in whatever form.
fn count<'d>(items: impl Iterator<Item = &'d Data>) -> u64 {
    items.map(|item| codec::weight(item) as u64).sum()
}

async fn hold<T>(
    bounds: &Bounds,
    call: impl Future<Output = wasmtime::Result<T>>,
) -> Result<wasmtime::Result<T>, Error> {
    bounds.hold(call).await
}

/// A pipeline that is fed and read item by item.
///
/// Its outputs leave in parts: where a [`Part`] has `more`, [`pull`](Self::pull)
/// goes on. End a session by [`finish`](Self::finish) or [`close`](Self::close):
/// nodes are not cleaned up where it is only dropped, since that takes a call into
/// the instance.
pub struct Session<'i> {
    instance: &'i mut Instance,
    handle: ResourceAny,
}

impl Session<'_> {
    /// Gives an item to every source, or to the one that it is meant for, and
    /// returns the first part of what the sinks give for it.
    ///
    /// # Errors
    /// See [`Instance`].
    pub async fn push(&mut self, input: &Input) -> Result<Result<Part, PipelineError>, Error> {
        self.instance.allow_items(std::iter::once(&input.item))?;
        let handle = self.handle;
        self.part(async |session, store| session.call_push(store, handle, input).await)
            .await
    }

    /// Goes on with what is under way, and returns the next part: at most about
    /// `most` outputs. Where nothing was given, sources that produce their own
    /// items run.
    ///
    /// # Errors
    /// See [`Instance`].
    pub async fn pull(&mut self, most: u32) -> Result<Result<Part, PipelineError>, Error> {
        let handle = self.handle;
        self.part(async |session, store| session.call_pull(store, handle, most).await)
            .await
    }

    /// Ends the input, and returns the first part of what the sinks still give.
    ///
    /// # Errors
    /// See [`Instance`].
    pub async fn end(&mut self) -> Result<Result<Part, PipelineError>, Error> {
        let handle = self.handle;
        self.part(async |session, store| session.call_end(store, handle).await)
            .await
    }

    /// Ends the input, cleans the nodes up, and returns what the sinks still gave.
    ///
    /// # Errors
    /// See [`Instance`].
    pub async fn finish(self) -> Result<Result<RunResult, PipelineError>, Error> {
        let handle = self.handle;
        let mut ended = self
            .instance
            .session_call(async |executor, store| {
                executor.session().call_finish(store, handle).await
            })
            .await?;
        self.instance.ended(&mut ended, |run| &run.outputs)?;
        self.close().await?;
        Ok(ended)
    }

    /// Stops what is under way and cleans the nodes up, without flushing them. After
    /// a call that was cut off there is nothing left to clean up, and nothing is done.
    ///
    /// # Errors
    /// See [`Instance`].
    pub async fn close(self) -> Result<(), Error> {
        if self.instance.cut_off {
            return Ok(());
        }
        let handle = self.handle;
        self.instance
            .session_call(async |_, store| handle.resource_drop_async(store).await)
            .await
    }

    /// What was refused because of a limit: see [`Instance::refusals`].
    #[must_use]
    pub fn refusals(&self) -> Vec<LimitError> {
        self.instance.refusals()
    }

    async fn part(
        &mut self,
        call: impl AsyncFnOnce(
            executor::GuestSession<'_>,
            &mut Store<State>,
        ) -> wasmtime::Result<Result<Part, PipelineError>>,
    ) -> Result<Result<Part, PipelineError>, Error> {
        let mut given = self
            .instance
            .session_call(async |executor, store| call(executor.session(), store).await)
            .await?;
        self.instance.ended(&mut given, |part| &part.outputs)?;
        Ok(given)
    }
}
