//! Runs and sessions: when they may begin, on which thread, and what ends them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use pipeline_host::types::{Input, Manifest, NodeMetrics as Figures};
use pipeline_host::{Error, Instance, Interrupt, InterruptGuard, Limits};
use tonic::Status;

use crate::control::Lines;
use crate::protocol::{DataBuffer, ErrorResponse, ExecutionMetrics, NodeMetrics, ResourceLimits};
use crate::{Busy, Options, Permit, errors, items};

/// Begins runs.
#[derive(Clone)]
pub(crate) struct Runs {
    options: Arc<Options>,
    /// Sessions that clients may attach to, where they may.
    lines: Option<Lines>,
}

/// Why there is no result.
pub(crate) struct Refusal(pub(crate) ErrorResponse);

impl From<ErrorResponse> for Refusal {
    fn from(error: ErrorResponse) -> Self {
        Self(error)
    }
}

impl From<Error> for Refusal {
    fn from(fault: Error) -> Self {
        tracing::warn!(fault = fault.in_full(), "a run ended without a result");
        Self(errors::fault(&fault))
    }
}

impl Runs {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            lines: options.control.then(Lines::default),
            options: Arc::new(options),
        }
    }

    /// Sessions that clients may attach to, where they may.
    pub(crate) fn lines(&self) -> Option<&Lines> {
        self.lines.as_ref()
    }

    /// How long a session may be silent.
    pub(crate) fn idle(&self) -> Duration {
        self.options.idle
    }

    /// Waits until a run, or a session, may begin.
    pub(crate) async fn permit(&self, session: bool) -> Result<Permit, Status> {
        let permit = (self.options.admission)(session).await;
        permit.map_err(|Busy(seconds)| {
            let text = format!("too many runs wait already: try again in {seconds} s");
            Status::resource_exhausted(text)
        })
    }

    /// What stops a run that is to begin, and what raises it when it is dropped.
    pub(crate) fn guard(&self) -> (Interrupt, InterruptGuard) {
        let interrupt = (self.options.interrupts)();
        let guard = interrupt.guard();
        (interrupt, guard)
    }

    /// A fresh instance, held to the server's limits or the client's where those
    /// are tighter.
    pub(crate) async fn instance(
        &self,
        asked: Option<&ResourceLimits>,
        interrupt: Interrupt,
    ) -> Result<Instance, Error> {
        let options = &self.options;
        let mut limits = Limits {
            interrupt: Some(interrupt),
            ..options.limits.clone()
        };
        if let Some(asked) = asked {
            let memory = usize::try_from(asked.max_memory_bytes).unwrap_or(usize::MAX);
            limits.memory = tighter(limits.memory, memory);
            let timeout = Duration::from_millis(asked.max_timeout_ms);
            limits.timeout = tighter(limits.timeout, timeout);
        }
        options.sandbox.instantiate(&limits).await
    }
}

/// A fault for whoever can't be told of it by an answer.
pub(crate) fn status(fault: Error) -> Status {
    Status::internal(fault.in_full())
}

/// The tighter of two limits; what is asked for is none where it is zero.
fn tighter<T: Ord + Default>(own: Option<T>, asked: T) -> Option<T> {
    match own {
        _ if asked == T::default() => own,
        Some(own) => Some(own.min(asked)),
        None => Some(asked),
    }
}

/// The items for each source, in the manifest's order.
pub(crate) fn inputs(
    manifest: &Manifest,
    mut given: HashMap<String, DataBuffer>,
    counts: &mut Counts,
) -> Result<Vec<Input>, ErrorResponse> {
    let mut inputs = Vec::with_capacity(given.len());
    for node in &manifest.nodes {
        if let Some(buffer) = given.remove(&node.id) {
            let place = format!("data_inputs[{:?}]", node.id);
            inputs.push(input(Some(node.id.clone()), buffer, &place, counts)?);
        }
    }
    match given.keys().min() {
        Some(id) => Err(errors::invalid(format!(
            "data_inputs[{id:?}]: the manifest has no node of that name"
        ))),
        None => Ok(inputs),
    }
}

/// An item for a source, or for all of them.
pub(crate) fn input(
    node_id: Option<String>,
    buffer: DataBuffer,
    place: &str,
    counts: &mut Counts,
) -> Result<Input, ErrorResponse> {
    counts.count(&buffer);
    let item = items::read(buffer).map_err(|why| errors::invalid(format!("{place}: {why}")))?;
    Ok(Input { node_id, item })
}

/// How many inputs there were of each kind.
#[derive(Clone, Default)]
pub(crate) struct Counts(BTreeMap<&'static str, u64>);

impl Counts {
    fn count(&mut self, buffer: &DataBuffer) {
        *self.0.entry(items::kind(buffer)).or_default() += 1;
    }

    pub(crate) fn by_kind(&self) -> HashMap<String, u64> {
        let counts = self.0.iter();
        counts
            .map(|(kind, count)| ((*kind).to_owned(), *count))
            .collect()
    }
}

/// What a run took.
pub(crate) fn metrics(start: Instant, nodes: &[Figures], counts: &Counts) -> ExecutionMetrics {
    let milliseconds = |nanoseconds: u64| nanoseconds as f64 / 1e6;
    ExecutionMetrics {
        wall_time_ms: start.elapsed().as_secs_f64() * 1e3,
        cpu_time_ms: milliseconds(nodes.iter().map(|node| node.nanoseconds).sum()),
        node_metrics: (nodes.iter())
            .map(|node| {
                let figures = NodeMetrics {
                    execution_time_ms: milliseconds(node.nanoseconds),
                    items_processed: node.items_in,
                    ..NodeMetrics::default()
                };
                (node.node_id.clone(), figures)
            })
            .collect(),
        data_type_breakdown: counts.by_kind(),
        ..ExecutionMetrics::default()
    }
}
