//! The component's exports: the only place that knows the types that are
//! generated from the WIT.

mod manifest;
mod media;
mod report;
mod value;

use std::cell::{Cell, RefCell};

use bindings::exports::remotemedia::pipeline::executor::{self, Guest, GuestSession};
use bindings::remotemedia::pipeline::types;

use crate::executor::{Batch, Run, execute, execute_batches};
use crate::manifest::{Manifest, check, forget, locate, parse};
use crate::python::provider::{self, Provider};
use crate::python::snapshot;
use crate::registry::Registry;
use crate::value::Value;

mod bindings {
    #![allow(missing_docs, unsafe_op_in_unsafe_fn, clippy::all)]

    wit_bindgen::generate!({
        path: "../wit",
        inline: "
            package remotemedia:build;

            world pipeline-build {
                include remotemedia:pipeline/pipeline@0.1.0;
                /// Starts Python, so that the build can take a snapshot.
                export initialize: func();
            }
        ",
        world: "remotemedia:build/pipeline-build",
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

    fn parse(source: String) -> Result<types::Parsed, Vec<types::Diagnostic>> {
        parse(&source)
            .map_err(report::diagnostics)
            .and_then(report::parsed)
    }

    fn locate(source: String, path: String) -> Option<types::Location> {
        locate(&source, &path).map(Into::into)
    }

    fn check(manifest: types::Manifest) -> Result<types::Checked, Vec<types::Diagnostic>> {
        provider::call(|| {
            let manifest =
                manifest::lift(manifest).map_err(|error| vec![report::invalid(error)])?;
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
        inputs: Vec<types::Data>,
    ) -> Result<types::RunResult, types::PipelineError> {
        run(manifest, Some(inputs))
    }

    fn list_nodes() -> Vec<types::NodeInfo> {
        provider::call(|| {
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
    inputs: Option<Vec<types::Data>>,
) -> Result<types::RunResult, types::PipelineError> {
    forget();
    provider::call(|| {
        let manifest = lift_manifest(manifest)?;
        // Only who gives items in bulk gets them in bulk.
        let bulk = inputs.iter().flatten().any(is_bulk);
        let inputs = inputs.map(lift_inputs).transpose()?;
        let result = REGISTRY.with(|registry| execute_batches(&manifest, registry, inputs));
        provider::close();
        match bulk {
            true => report::run_result(result?, report::in_bulk),
            false => report::run_result(result?, report::outputs),
        }
    })
}

fn is_bulk(item: &types::Data) -> bool {
    matches!(item, types::Data::Integers(_) | types::Data::Numbers(_))
}

fn lift_inputs(items: Vec<types::Data>) -> Result<Vec<Batch>, types::PipelineError> {
    let mut position = 0;
    let mut lift = |item| {
        let at = position;
        let (count, batch) = match item {
            types::Data::Integers(items) => (items.len(), Batch::Ints(items)),
            types::Data::Numbers(items) => (items.len(), Batch::Floats(items)),
            item => (1, Batch::One(lift_input(item, at)?)),
        };
        position += count as u64;
        Ok(batch)
    };
    items.into_iter().map(&mut lift).collect()
}

fn lift_manifest(manifest: types::Manifest) -> Result<Manifest, types::PipelineError> {
    manifest::lift(manifest).map_err(|error| types::PipelineError {
        message: error.1.clone(),
        diagnostics: vec![report::invalid(error)],
        ..report::failure(types::ErrorKind::InvalidManifest)
    })
}

fn lift_input(item: types::Data, position: u64) -> Result<Value, types::PipelineError> {
    media::lift_item(item).map_err(|message| types::PipelineError {
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
            let result = provider::call(|| {
                let result = REGISTRY.with(|it| execute(&parsed.manifest, it, parsed.input_data));
                provider::close();
                result
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
    run: RefCell<Option<Run>>,
    pushed: Cell<u64>,
}

impl Session {
    /// Does `work` on the run; where that fails, the run is over.
    fn with<T>(
        &self,
        work: impl FnOnce(&mut Run) -> Result<T, types::PipelineError>,
    ) -> Result<T, types::PipelineError> {
        provider::call(|| {
            let mut slot = self.run.borrow_mut();
            let Some(run) = slot.as_mut() else {
                return Err(closed());
            };
            let result = work(run);
            if result.is_err() {
                *slot = None;
                provider::close();
            }
            result
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
        forget();
        provider::call(|| {
            let manifest = lift_manifest(manifest)?;
            let run = REGISTRY.with(|registry| Run::open(&manifest, registry))?;
            Ok(executor::Session::new(Self {
                run: RefCell::new(Some(run)),
                pushed: Cell::new(0),
            }))
        })
    }

    fn push(&self, item: types::Data) -> Result<Vec<types::Data>, types::PipelineError> {
        let position = self.pushed.get();
        let numbers: Vec<Value> = match item {
            types::Data::Integers(items) => items.into_iter().map(Value::Int).collect(),
            types::Data::Numbers(items) => items.into_iter().map(Value::Float).collect(),
            // An item that is no valid value says nothing of the run, which
            // goes on.
            item => {
                self.pushed.set(position + 1);
                let item = lift_input(item, position)?;
                return self.with(|run| report::outputs(run.push(item)?));
            }
        };
        self.pushed.set(position + numbers.len() as u64);
        self.with(|run| {
            let mut outputs = Vec::new();
            for number in numbers {
                outputs.append(&mut run.push(number)?);
            }
            report::in_bulk(outputs)
        })
    }

    fn pull(&self, most: u32) -> Result<Option<Vec<types::Data>>, types::PipelineError> {
        self.with(|run| run.pull(most as usize)?.map(report::outputs).transpose())
    }

    fn finish(&self) -> Result<types::RunResult, types::PipelineError> {
        provider::call(|| {
            let mut run = self.run.borrow_mut().take().ok_or_else(closed)?;
            let result = run.finish();
            provider::close();
            report::run_result(result?, report::outputs)
        })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.run.get_mut().take().is_some() {
            provider::call(provider::close);
        }
    }
}
