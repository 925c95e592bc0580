//! `pipeline run --jobs`: items split over instances that run at the same
//! time.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::future::Future as _;
use std::num::NonZero;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use pipeline_host::types::{Input, Manifest, NodeOutputs, PipelineError, RunResult};
use pipeline_host::{Error, LimitError, Limits, Sandbox, Started, Workers, codec};

/// How a run ended, and what it was refused.
pub(crate) type Ended = (Result<RunResult, PipelineError>, Vec<LimitError>);

/// Runs a pipeline on `items`, a share of them in each of `jobs` instances.
/// The result is what one instance would give, where the items don't depend on
/// each other. A job that ends without a result ends the others.
pub(crate) async fn execute(
    sandbox: &Sandbox,
    limits: &Limits,
    manifest: Manifest,
    items: Vec<Input>,
    jobs: NonZero<usize>,
) -> Result<Ended, Error> {
    let count = codec::count(&items);
    let jobs = jobs.min(NonZero::new(count).unwrap_or(NonZero::<usize>::MIN));
    limits.allow_items(count as u64)?;
    let workers = Workers::new(sandbox, jobs)
        .map_err(|error| Error::Host(format!("no threads for {jobs} jobs: {error}").into()))?;
    let manifest = Arc::new(manifest);
    let mut rest = items;
    let mut started = Vec::new();
    for job in (1..=jobs.get()).rev() {
        // What is left over goes to the first ones.
        let share = codec::count(&rest).div_ceil(job);
        let later = codec::split_off(&mut rest, share);
        let share = std::mem::replace(&mut rest, later);
        let manifest = Arc::clone(&manifest);
        started.push(workers.start(limits.clone(), async move |instance| {
            let ended = instance.execute(&manifest, Some(&share)).await?;
            Ok((ended, instance.refusals()))
        }));
    }
    let ended = all(started).await;
    // Where not all have ended, the program does; what they do is for nobody.
    std::mem::forget(workers);
    let ended = ended.inspect_err(|_| {
        if let Some(interrupt) = &limits.interrupt {
            interrupt.raise();
        }
    })?;
    let mut merged: Option<Merged> = None;
    let mut refusals = Vec::new();
    for (ended, refused) in ended {
        refusals.extend(refused);
        match (ended, &mut merged) {
            (Ok(run), None) => merged = Some(Merged::new(&manifest, run)),
            (Ok(run), Some(merged)) => merged.add(run),
            (Err(error), before) => {
                let error = match before.take() {
                    Some(before) => before.fail(error),
                    None => error,
                };
                return Ok((Err(error), refusals));
            }
        }
    }
    let result = merged.map(Merged::finish);
    let result = result.ok_or_else(|| Error::Host("no job was started".into()))?;
    let given = result.outputs.iter().flat_map(|given| &given.items);
    limits.allow_items(given.map(|item| codec::weight(item) as u64).sum())?;
    Ok((Ok(result), refusals))
}

/// Waits for all jobs up to the first that fails, in their order; or for any
/// that ends without a result.
async fn all(mut started: Vec<Started<Ended>>) -> Result<Vec<Ended>, Error> {
    let mut results: Vec<Option<Ended>> = started.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (job, result) in started.iter_mut().zip(&mut results) {
            if result.is_none()
                && let Poll::Ready(ended) = Pin::new(job).poll(context)
            {
                match ended {
                    Ok(ended) => *result = Some(ended),
                    Err(fault) => return Poll::Ready(Err(fault)),
                }
            }
        }
        let failed = results
            .iter()
            .position(|result| matches!(result, Some((Err(_), _))));
        let needed = failed.map_or(results.len(), |failed| failed + 1);
        if results[..needed].iter().any(Option::is_none) {
            return Poll::Pending;
        }
        Poll::Ready(Ok(results.drain(..needed).flatten().collect()))
    })
    .await
}

/// The results of some jobs as one.
struct Merged {
    /// Where each node stands in the manifest.
    positions: HashMap<String, usize>,
    /// The outputs of each node that has given some, by its position.
    outputs: BTreeMap<usize, NodeOutputs>,
    first: RunResult,
}

impl Merged {
    fn new(manifest: &Manifest, mut run: RunResult) -> Self {
        let ids = manifest.nodes.iter().enumerate();
        let outputs = std::mem::take(&mut run.outputs);
        let mut merged = Self {
            positions: ids.map(|(at, node)| (node.id.clone(), at)).collect(),
            outputs: BTreeMap::new(),
            first: run,
        };
        merged.keep(outputs);
        merged
    }

    fn add(&mut self, run: RunResult) {
        self.keep(run.outputs);
        for (sum, more) in self.first.metrics.iter_mut().zip(run.metrics) {
            sum.items_in += more.items_in;
            sum.items_out += more.items_out;
            sum.nanoseconds += more.nanoseconds;
        }
    }

    fn keep(&mut self, outputs: Vec<NodeOutputs>) {
        for mut given in outputs {
            let position = self.positions.get(&given.node_id).copied();
            match self.outputs.entry(position.unwrap_or(usize::MAX)) {
                Entry::Vacant(entry) => {
                    entry.insert(given);
                }
                Entry::Occupied(mut entry) => entry.get_mut().items.append(&mut given.items),
            }
        }
    }

    /// The error of the job after these: with what they gave before it, and
    /// with the item's number among all.
    fn fail(mut self, mut error: PipelineError) -> PipelineError {
        if let (Some(item), Some(node)) = (&mut error.item, &error.node_id) {
            let metrics = self.first.metrics.iter();
            let before = metrics.filter(|metrics| metrics.node_id == *node);
            *item += before.map(|metrics| metrics.items_in).sum::<u64>();
        }
        self.keep(std::mem::take(&mut error.outputs));
        error.outputs = self.finish().outputs;
        error
    }

    fn finish(self) -> RunResult {
        RunResult {
            outputs: self.outputs.into_values().collect(),
            ..self.first
        }
    }
}
