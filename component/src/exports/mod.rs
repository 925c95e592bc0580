//! The component's exports: the only place that knows the types that are
//! generated from the WIT.

#![allow(
    clippy::result_large_err,
    reason = "the types are those of the WIT, and an error is made once"
)]

mod baked;
mod manifest;
mod report;
mod told;

use std::cell::{Cell, RefCell};

use bindings::exports::remotemedia::pipeline::executor::{self, Guest, GuestSession};
use pipeline_codec::types;

use crate::executor::{self as core, Batch, Run, execute};
use crate::manifest::{Manifest, check, load, parse};
use crate::python::calls::{self, Runtime};
use crate::python::{Provider, baking, snapshot};
use crate::registry::Registry;
use crate::value::{Value, items};

mod bindings {
    #![allow(missing_docs, unsafe_op_in_unsafe_fn, clippy::all)]

    wit_bindgen::generate!({
        path: "../wit",
        inline: "
            package remotemedia:build;

            world pipeline-build {
                include remotemedia:pipeline/pipeline@0.2.0;
                /// Starts Python, so that the build can take a snapshot.
                export initialize: func();
            }
        ",
        world: "remotemedia:build/pipeline-build",
        with: { "remotemedia:pipeline/types@0.2.0": pipeline_codec::types },
        generate_all,
    });

    export!(Component with_types_in self);

    use super::Component;
}

/// How often each is run. CPython specialises code after a few runs.
const WARM_UP_RUNS: usize = 32;

/// Pipelines that are run before the snapshot is taken.
const WARM_UP: &[&str] = &[
    include_str!("../../../examples/multiply_add.json"),
    include_str!("../../../examples/text_processor.json"),
    r#"{
        "manifest": {
            "version": "v1",
            "nodes": [
                {"id": "source", "node_type": "TextProcessorNode", "params": {"name": "source"}},
                {"id": "buffer", "node_type": "BufferNode", "params": {"buffer_size": 2}},
                {"id": "counter", "node_type": "StatefulCounter", "is_streaming": true}
            ],
            "connections": [
                {"from": "source", "to": "buffer"},
                {"from": "buffer", "to": "counter"}
            ]
        },
        "input_data": [{"text": "warm up"}, {"text": "1", "operations": ["reverse"]}, {}]
    }"#,
];

/// Implements the world.
struct Component;

impl bindings::Guest for Component {
    fn initialize() {
        snapshot::prepare(warm_up);
    }
}

impl Guest for Component {
    type Session = Session;

    fn load(source: String) -> Result<types::Loaded, types::InvalidManifest> {
        calls::call(|| {
            baked::text(source)
                .and_then(|text| REGISTRY.with(|registry| load(&text, registry)))
                .map_err(|invalid| report::invalid_manifest(*invalid))
                .and_then(report::loaded)
        })
    }

    fn check(manifest: types::Manifest) -> Result<types::Checked, Vec<types::Diagnostic>> {
        calls::call(|| {
            let manifest =
                manifest::lift(manifest).map_err(|error| vec![report::invalid(error)])?;
            baked::allow(&manifest).map_err(|error| report::diagnostics(error.diagnostics))?;
            REGISTRY
                .with(|registry| check(&manifest, registry))
                .map(Into::into)
                .map_err(report::diagnostics)
        })
    }

    fn execute(manifest: types::Manifest) -> Result<types::RunResult, types::PipelineError> {
        run(manifest, None)
    }

    fn execute_with_input(
        manifest: types::Manifest,
        inputs: Vec<types::Input>,
    ) -> Result<types::RunResult, types::PipelineError> {
        run(manifest, Some(inputs))
    }

    fn list_nodes() -> Vec<types::NodeInfo> {
        calls::call(|| {
            let infos = REGISTRY.with(Registry::list);
            infos.into_iter().map(Into::into).collect()
        })
    }
}

thread_local! {
    /// Made once, in the build already, so that a run finds it in its snapshot.
    static REGISTRY: Registry = Registry::new(Box::new(Provider::default()));
}

fn run(
    manifest: types::Manifest,
    inputs: Option<Vec<types::Input>>,
) -> Result<types::RunResult, types::PipelineError> {
    calls::call(|| {
        let manifest = lift_manifest(manifest)?;
        // Only who gives items in bulk gets them in bulk.
        let lower = match inputs.iter().flatten().any(is_bulk) {
            true => report::in_bulk,
            false => report::outputs,
        };
        let inputs = inputs.map(lift_inputs).transpose()?;
        let _runtime = Runtime::enter();
        let result = REGISTRY.with(|registry| {
            let run = Run::make(&manifest, registry)?;
            let watcher = told::watcher(&run);
            run.watched_by(watcher).execute(inputs)
        });
        report::run_result(result?, lower)
    })
}

fn is_bulk(input: &types::Input) -> bool {
    matches!(
        input.item,
        types::Data::Integers(_) | types::Data::Numbers(_)
    )
}

fn lift_inputs(inputs: Vec<types::Input>) -> Result<Vec<core::Input>, types::PipelineError> {
    let mut position = 0;
    let mut lift = |input| {
        let input = lift_input(input, position)?;
        position += count(&input);
        Ok(input)
    };
    inputs.into_iter().map(&mut lift).collect()
}

/// How many items there are.
fn count(input: &core::Input) -> u64 {
    match &input.batch {
        Batch::One(_) => 1,
        Batch::Ints(items) => items.len() as u64,
        Batch::Floats(items) => items.len() as u64,
    }
}

fn lift_manifest(manifest: types::Manifest) -> Result<Manifest, types::PipelineError> {
    let manifest = manifest::lift(manifest).map_err(|error| types::PipelineError {
        message: error.1.clone(),
        diagnostics: vec![report::invalid(error)],
        ..report::failure(types::ErrorKind::InvalidManifest)
    })?;
    baked::allow(&manifest)?;
    Ok(manifest)
}

/// `position` is that of the first of its items.
fn lift_input(input: types::Input, position: u64) -> Result<core::Input, types::PipelineError> {
    let batch = match input.item {
        types::Data::Integers(items) => Batch::Ints(items),
        types::Data::Numbers(items) => Batch::Floats(items),
        item => Batch::One(lift_item(item, position)?),
    };
    Ok(core::Input {
        node_id: input.node_id,
        batch,
    })
}

fn lift_item(item: types::Data, position: u64) -> Result<Value, types::PipelineError> {
    items::lift_item(item).map_err(|message| types::PipelineError {
        message: format!("inputs[{position}]: {message}"),
        item: Some(position),
        ..report::failure(types::ErrorKind::InvalidInput)
    })
}

/// Runs pipelines of each kind of node some times.
///
/// # Panics
/// Where one fails: the build fails then.
fn warm_up() {
    REGISTRY.with(Registry::list);
    for _ in 0..WARM_UP_RUNS {
        for text in WARM_UP {
            let parsed = parse(text).expect("a manifest");
            let result = calls::call(|| {
                let _runtime = Runtime::enter();
                REGISTRY.with(|it| execute(&parsed.manifest, it, parsed.input_data))
            });
            if let Err(error) = result {
                panic!("{error}");
            }
        }
    }
}

/// A pipeline that is fed item by item.
struct Session {
    /// The run; `None` once it has ended.
    run: RefCell<Option<Open>>,
    pushed: Cell<u64>,
    /// Whether items come in bulk, and may leave so.
    bulk: Cell<bool>,
}

/// What an open session has. The nodes end before what runs them.
struct Open {
    run: Run,
    _runtime: Runtime,
}

impl Session {
    /// Does `work` on the run; where the run fails, it is over.
    fn part(
        &self,
        work: impl FnOnce(&mut Run) -> Result<core::Part, core::PipelineError>,
    ) -> Result<types::Part, types::PipelineError> {
        calls::call(|| {
            let mut slot = self.run.borrow_mut();
            let open = slot.as_mut().ok_or_else(closed)?;
            let part = work(&mut open.run);
            if !open.run.is_open() {
                *slot = None;
            }
            let part = part?;
            let lower = match self.bulk.get() {
                true => report::in_bulk,
                false => report::outputs,
            };
            Ok(types::Part {
                outputs: lower(part.outputs)?,
                more: part.more,
            })
        })
    }
}

fn closed() -> types::PipelineError {
    types::PipelineError {
        message: "the session is closed: it is finished, or it has failed".to_owned(),
        ..report::failure(types::ErrorKind::SessionClosed)
    }
}

impl GuestSession for Session {
    fn open(manifest: types::Manifest) -> Result<executor::Session, types::PipelineError> {
        calls::call(|| {
            let manifest = lift_manifest(manifest)?;
            let runtime = Runtime::enter();
            let run = REGISTRY.with(|registry| Run::make(&manifest, registry))?;
            let watcher = told::watcher(&run);
            let mut run = run.watched_by(watcher);
            run.initialize()?;
            Ok(executor::Session::new(Self {
                run: RefCell::new(Some(Open {
                    run,
                    _runtime: runtime,
                })),
                pushed: Cell::new(0),
                bulk: Cell::new(false),
            }))
        })
    }

    fn push(&self, input: types::Input) -> Result<types::Part, types::PipelineError> {
        let position = self.pushed.get();
        self.bulk.set(is_bulk(&input));
        let input = lift_input(input, position).inspect_err(|_| self.pushed.set(position + 1))?;
        self.pushed.set(position + count(&input));
        self.part(|run| run.push(input))
    }

    fn pull(&self, most: u32) -> Result<types::Part, types::PipelineError> {
        self.part(|run| run.pull(most as usize))
    }

    fn end(&self) -> Result<types::Part, types::PipelineError> {
        self.part(Run::end)
    }

    fn finish(&self) -> Result<types::RunResult, types::PipelineError> {
        calls::call(|| {
            let mut open = self.run.borrow_mut().take().ok_or_else(closed)?;
            let result = report::run_result(open.run.finish()?, report::outputs);
            drop(open);
            if let Some(request) = baking::requested() {
                REGISTRY.with(|registry| baked::bake(request, registry))?;
            }
            result
        })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(open) = self.run.get_mut().take() {
            calls::call(|| drop(open));
        }
    }
}
