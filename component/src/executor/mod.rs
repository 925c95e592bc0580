//! Runs pipelines: moves items between nodes.
//!
//! Items are carried depth-first, each as far downstream as it goes before the
//! next is asked for, so that what a generator gives never piles up between
//! nodes. Only at a merge do items wait: those of a node's first connection
//! flow on at once, and those of a later connection are queued until the
//! earlier ones have given all, so that the merged order is that of the
//! connections, one after the other. All of it works off an explicit stack and
//! a queue of steps, so that the depth of a pipeline costs no stack of the machine,
//! and a run can stop after any output and go on later.

#![allow(
    clippy::result_large_err,
    reason = "an error ends the run, and is made once"
)]

mod clock;
mod error;
mod flow;
mod parts;
mod prepare;
mod watch;

use std::collections::VecDeque;
use std::time::Duration;

use crate::graph::{Graph, GraphInfo, Target};
use crate::manifest::{Manifest, check_graph};
use crate::node::{Emitter, Node, NodeError, Outputs};
use crate::registry::Registry;
use crate::value::Value;

use clock::Clock;
pub use error::{ErrorKind, PipelineError};
use flow::{Step, Work};
use parts::Pace;
pub use parts::Part;
pub use prepare::prepare;
pub use watch::Watcher;

/// What one node did in a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeMetrics {
    /// Id of the node.
    pub node_id: String,
    /// Items that it was given.
    pub items_in: u64,
    /// Items that it gave.
    pub items_out: u64,
    /// Time spent in it, in nanoseconds.
    pub nanoseconds: u64,
}

/// A finished run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunResult {
    /// What the sinks gave, in the manifest's order; what an earlier call has
    /// returned is left out.
    pub outputs: Vec<NodeOutputs>,
    /// Shape of the graph.
    pub graph: GraphInfo,
    /// What each node did, in the manifest's order.
    pub metrics: Vec<NodeMetrics>,
}

impl RunResult {
    /// The items that the sinks gave, without the sinks.
    #[must_use]
    pub fn into_items(self) -> Vec<Value> {
        items(self.outputs)
    }
}

/// What one node gave as outputs of the pipeline.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeOutputs {
    /// Id of the node.
    pub node_id: String,
    /// Its items, in order.
    pub items: Vec<Value>,
}

/// All items of some outputs.
#[must_use]
pub fn items(outputs: Vec<NodeOutputs>) -> Vec<Value> {
    outputs.into_iter().flat_map(|given| given.items).collect()
}

/// What a pipeline is given.
#[derive(Debug)]
pub struct Input {
    /// Id of the source that it is meant for; every source without one.
    pub node_id: Option<String>,
    /// The items.
    pub batch: Batch,
}

impl From<Value> for Input {
    fn from(item: Value) -> Self {
        Self {
            node_id: None,
            batch: Batch::One(item),
        }
    }
}

/// Items to feed: one, or many that are kept in bulk until they are fed.
#[derive(Debug)]
pub enum Batch {
    /// One item.
    One(Value),
    /// Integers, each an item.
    Ints(Vec<i64>),
    /// Floats, each an item.
    Floats(Vec<f64>),
}

/// Runs a pipeline to the end: on `inputs`, or on what its own sources
/// produce.
///
/// # Errors
/// What failed first. All nodes that were initialised are cleaned up by then.
pub fn execute(
    manifest: &Manifest,
    registry: &Registry,
    inputs: Option<Vec<Value>>,
) -> Result<RunResult, PipelineError> {
    let inputs = inputs.map(|items| items.into_iter().map(Input::from).collect());
    execute_inputs(manifest, registry, inputs)
}

/// [`execute`], on items that may be meant for one source, or in bulk.
///
/// # Errors
/// As [`execute`]; and where an item is meant for a node that is no source.
pub fn execute_inputs(
    manifest: &Manifest,
    registry: &Registry,
    inputs: Option<Vec<Input>>,
) -> Result<RunResult, PipelineError> {
    Run::make(manifest, registry)?.execute(inputs)
}

/// A pipeline at work, for callers that feed and read it item by item.
///
/// Every push is a batch, and so is every item that a source produces: queues
/// at merges are empty between batches. Outputs leave in [`Part`]s, as they are
/// known. Dropping a run that is not finished cleans up its nodes without
/// flushing them.
pub struct Run {
    /// The nodes, in the manifest's order.
    slots: Vec<Slot>,
    /// Positions of the nodes, in the order of execution.
    order: Vec<usize>,
    /// Nodes with several connections in, in the order of execution.
    merges: Vec<usize>,
    /// Nodes with no connection in, in the order of execution.
    roots: Vec<usize>,
    /// Whether a node may have calls under way.
    concurrent: bool,
    info: GraphInfo,
    /// What is still to do for the items under way.
    stack: Vec<Work>,
    /// What is to do after that, one after the other.
    steps: VecDeque<Step>,
    /// Whether objects leave as they are.
    keeps_objects: bool,
    /// Items that all roots are fed, before the run goes on to its end.
    inputs: Vec<FedInput>,
    /// Outputs that nobody has had yet.
    ready: usize,
    pace: Pace,
    /// Whether the run has been given anything, or has been asked to produce.
    begun: bool,
    /// Whether its input has ended.
    ended: bool,
    /// How many of `roots` have produced all they have.
    exhausted: usize,
    /// The items of the root that is producing.
    producing: Option<Box<dyn Emitter>>,
    /// How many of `order` are initialised.
    initialized: usize,
    open: bool,
    clock: Clock,
    watcher: Option<Box<dyn Watcher>>,
}

/// What roots are fed.
struct FedInput {
    /// Position of the root that it is meant for.
    root: Option<usize>,
    batch: Batch,
}

/// A node in its place.
struct Slot {
    node: Box<dyn Node>,
    /// Whether it was initialised before the run.
    prepared: bool,
    id: String,
    node_type: String,
    takes_objects: bool,
    is_source: bool,
    targets: Vec<Target>,
    /// Whether its items are outputs of the pipeline.
    is_output: bool,
    collected: Vec<Value>,
    /// Items that wait, for each connection in but the first.
    queues: Vec<VecDeque<Value>>,
    items_in: u64,
    items_out: u64,
    time: Duration,
}

impl Run {
    /// Makes and initialises the nodes of a pipeline.
    ///
    /// # Errors
    /// What is wrong with the manifest, or the first node that could not be
    /// made or initialised; those before it are cleaned up.
    pub fn open(manifest: &Manifest, registry: &Registry) -> Result<Self, PipelineError> {
        let mut run = Self::make(manifest, registry)?;
        run.initialize()?;
        Ok(run)
    }

    /// Makes the nodes of a pipeline. [`initialize`](Self::initialize) it before
    /// it is fed.
    ///
    /// # Errors
    /// What is wrong with the manifest, or the first node that could not be made.
    pub fn make(manifest: &Manifest, registry: &Registry) -> Result<Self, PipelineError> {
        let (graph, _) =
            check_graph(manifest, registry).map_err(PipelineError::invalid_manifest)?;
        let info = graph.info(manifest);
        let Graph {
            targets,
            incoming,
            order,
        } = graph;
        let mut nodes: Vec<Option<Box<dyn Node>>> = Vec::new();
        nodes.resize_with(manifest.nodes.len(), || None);
        let mut prepared = vec![false; manifest.nodes.len()];
        for &position in &order {
            let spec = &manifest.nodes[position];
            if let Some(node) = registry.take_prepared(spec) {
                prepared[position] = true;
                nodes[position] = Some(node);
                continue;
            }
            let node = registry.create(spec).map_err(|error| PipelineError {
                node_id: Some(spec.id.clone()),
                node_type: Some(spec.node_type.clone()),
                ..PipelineError::of_node(ErrorKind::NodeSetupFailed, error)
            })?;
            nodes[position] = Some(node);
        }
        let slots: Vec<Slot> = nodes
            .into_iter()
            .flatten()
            .zip(&manifest.nodes)
            .zip(targets)
            .zip(&incoming)
            .zip(prepared)
            .map(|((((node, spec), targets), &incoming), prepared)| Slot {
                prepared,
                takes_objects: node.takes_objects(),
                is_source: node.is_source(),
                node,
                id: spec.id.clone(),
                node_type: spec.node_type.clone(),
                is_output: spec.is_output_node || targets.is_empty(),
                targets,
                collected: Vec::new(),
                queues: (1..incoming).map(|_| VecDeque::new()).collect(),
                items_in: 0,
                items_out: 0,
                time: Duration::ZERO,
            })
            .collect();
        let having = |test: fn(usize) -> bool| {
            let all = order.iter().copied();
            all.filter(|&node| test(incoming[node])).collect()
        };
        Ok(Self {
            concurrent: slots.iter().any(|slot| slot.node.is_concurrent()),
            slots,
            merges: having(|incoming| incoming > 1),
            roots: having(|incoming| incoming == 0),
            order,
            info,
            stack: Vec::new(),
            steps: VecDeque::new(),
            keeps_objects: false,
            inputs: Vec::new(),
            ready: 0,
            pace: Pace::default(),
            begun: false,
            ended: false,
            exhausted: 0,
            producing: None,
            initialized: 0,
            open: true,
            clock: Clock::start(),
            watcher: None,
        })
    }

    /// Lets objects leave as they are, for a caller of their own language.
    /// Otherwise an output is a plain value or a medium.
    #[must_use]
    pub fn keep_objects(mut self) -> Self {
        self.keeps_objects = true;
        self
    }

    /// Whether a node sets items of several connections in relation by when they
    /// come.
    #[must_use]
    pub fn follows_time(&self) -> bool {
        self.slots.iter().any(|slot| slot.node.follows_time())
    }

    /// Lets somebody watch. Nothing of the run depends on it.
    #[must_use]
    pub fn watched_by(mut self, watcher: Option<Box<dyn Watcher>>) -> Self {
        self.watcher = watcher;
        self
    }

    /// Initialises the nodes and runs to the end, as [`execute_inputs`] does.
    ///
    /// # Errors
    /// As there.
    pub fn execute(mut self, inputs: Option<Vec<Input>>) -> Result<RunResult, PipelineError> {
        // Before anything of the nodes runs: it would be for nothing.
        match inputs {
            Some(inputs) => {
                self.takes_input()?;
                self.feed_all(inputs)?;
            }
            None => {
                self.needs_no_input()?;
                self.steps.push_back(Step::Produce { drains: false });
            }
        }
        self.initialize()?;
        self.finish_all()
    }

    /// Initialises the nodes.
    ///
    /// # Errors
    /// The first node that could not be initialised; those before it are cleaned
    /// up.
    pub fn initialize(&mut self) -> Result<(), PipelineError> {
        self.clock = Clock::start();
        for step in 0..self.order.len() {
            let position = self.order[step];
            let slot = &mut self.slots[position];
            let result = match slot.prepared {
                true => Ok(()),
                false => slot.node.initialize(),
            };
            self.charge(position);
            if let Err(error) = result {
                let error = self.at(position, None, ErrorKind::NodeSetupFailed, error);
                return Err(self.fail(error));
            }
            self.initialized = step + 1;
        }
        Ok(())
    }

    /// Shape of the graph.
    #[must_use]
    pub fn graph(&self) -> &GraphInfo {
        &self.info
    }

    /// Whether the run is neither finished nor failed.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Cleans up without flushing.
    ///
    /// # Errors
    /// The first node whose cleanup failed; the others are cleaned up all the
    /// same.
    pub fn abort(mut self) -> Result<(), PipelineError> {
        self.close()
    }

    /// What each node has done so far, in the manifest's order.
    #[must_use]
    pub fn metrics(&self) -> Vec<NodeMetrics> {
        let metrics = |slot: &Slot| NodeMetrics {
            node_id: slot.id.clone(),
            items_in: slot.items_in,
            items_out: slot.items_out,
            nanoseconds: u64::try_from(slot.time.as_nanos()).unwrap_or(u64::MAX),
        };
        self.slots.iter().map(metrics).collect()
    }

    fn begin(&mut self) -> Result<(), PipelineError> {
        if !self.open {
            return Err(PipelineError::closed());
        }
        self.clock.go_on();
        Ok(())
    }

    /// Whether items can be given: to roots that produce none of their own.
    fn takes_input(&self) -> Result<(), PipelineError> {
        self.refuse(true, |id, node_type| {
            format!(
                "node `{id}` ({node_type}) produces its own items and takes none: \
                 run the pipeline without input, or give the node a connection in"
            )
        })
    }

    /// Whether the pipeline can run on its own: all its roots are sources.
    fn needs_no_input(&self) -> Result<(), PipelineError> {
        self.refuse(false, |id, node_type| {
            format!(
                "node `{id}` ({node_type}) needs input, and none was given: \
                 run the pipeline on items"
            )
        })
    }

    fn refuse(
        &self,
        sources: bool,
        message: impl Fn(&str, &str) -> String,
    ) -> Result<(), PipelineError> {
        let mut roots = self.roots.iter().map(|&root| &self.slots[root]);
        match roots.find(|slot| slot.is_source == sources) {
            None => Ok(()),
            Some(slot) => Err(PipelineError {
                node_id: Some(slot.id.clone()),
                node_type: Some(slot.node_type.clone()),
                ..PipelineError::new(ErrorKind::NeedsInput, message(&slot.id, &slot.node_type))
            }),
        }
    }

    /// What the sinks have given and nobody has had yet.
    fn take_outputs(&mut self) -> Vec<NodeOutputs> {
        if std::mem::take(&mut self.ready) == 0 {
            return Vec::new();
        }
        let given = self.slots.iter_mut().filter_map(|slot| {
            let items = std::mem::take(&mut slot.collected);
            (!items.is_empty()).then(|| NodeOutputs {
                node_id: slot.id.clone(),
                items,
            })
        });
        given.collect()
    }

    /// Charges the time since the last call to a node.
    fn charge(&mut self, position: usize) {
        if let Some(watcher) = &mut self.watcher {
            watcher.called(position, &self.slots[position].id);
        }
        if let Some(time) = self.clock.call_ended() {
            self.slots[position].time += time;
        }
    }

    /// An item of the input, or of a source, begins its way.
    fn item_begins(&mut self) {
        let unseen = self.clock.item_begins();
        self.share_out(unseen);
    }

    /// Charges nodes with time that was not measured one by one, in proportion
    /// to what was.
    fn share_out(&mut self, unseen: Duration) {
        if unseen.is_zero() {
            return;
        }
        let all: Duration = self.slots.iter().map(|slot| slot.time).sum();
        if all.is_zero() {
            return;
        }
        let factor = 1.0 + unseen.as_secs_f64() / all.as_secs_f64();
        for slot in &mut self.slots {
            slot.time = slot.time.mul_f64(factor);
        }
    }

    /// An error of a node, with its place.
    fn at(
        &self,
        position: usize,
        item: Option<u64>,
        kind: ErrorKind,
        error: NodeError,
    ) -> PipelineError {
        self.place(position, item, PipelineError::of_node(kind, error))
    }

    fn place(&self, position: usize, item: Option<u64>, error: PipelineError) -> PipelineError {
        let slot = &self.slots[position];
        PipelineError {
            node_id: Some(slot.id.clone()),
            node_type: Some(slot.node_type.clone()),
            item,
            ..error
        }
    }

    /// Closes the run after a failure: cleans up, and keeps what the sinks
    /// had given.
    fn fail(&mut self, mut error: PipelineError) -> PipelineError {
        self.clock.attend();
        self.open = false;
        error.outputs = self.take_outputs();
        if let Some(also) = self.cleanup() {
            error.message = format!("{}\nafter that, {also}", error.message);
        }
        error
    }

    /// Cleans up every initialised node, the last one first, and gives the
    /// first failure; its message holds the others.
    fn cleanup(&mut self) -> Option<PipelineError> {
        // Generators hold on to their nodes, and end before them.
        self.stack.clear();
        self.steps.clear();
        self.inputs.clear();
        self.producing = None;
        let mut first: Option<PipelineError> = None;
        for step in (0..std::mem::take(&mut self.initialized)).rev() {
            let position = self.order[step];
            let Err(error) = self.slots[position].node.cleanup() else {
                continue;
            };
            let mut error = self.at(position, None, ErrorKind::NodeFailed, error);
            error.message = format!("cleanup failed: {}", error.message);
            match &mut first {
                None => first = Some(error),
                Some(first) => first.message = format!("{}\nafter that, {error}", first.message),
            }
        }
        first
    }

    fn close(&mut self) -> Result<(), PipelineError> {
        self.open = false;
        self.cleanup().map_or(Ok(()), Err)
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            // Nobody is left to give it to, and it must not be lost.
            eprintln!("{error}");
        }
    }
}

/// Gives a node's outputs one by one.
fn emitter(outputs: Outputs) -> Box<dyn Emitter> {
    struct One(Option<Value>);

    impl Emitter for One {
        fn next(&mut self) -> Result<Option<Value>, NodeError> {
            Ok(self.0.take())
        }
    }

    match outputs {
        Outputs::None => Box::new(One(None)),
        Outputs::One(item) => Box::new(One(Some(item))),
        Outputs::Many(items) => items,
    }
}
