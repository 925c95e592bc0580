//! `pipeline run --profile`: what a run told of where its time went, as a page.

mod flame;
mod page;
mod timeline;

use std::collections::BTreeMap;

use pipeline_host::events::Event;
use pipeline_host::types::{GraphInfo, Manifest, NodeMetrics, PipelineError};

pub(crate) use page::page;

/// How much is kept of what is told: a node could tell whatever it likes.
const MOST_PARTS: usize = 4096;
const MOST_FRAMES: usize = 128;
const MOST_STACKS: usize = 50_000;
/// A year in nanoseconds: sums of as many stay sums.
const LONGEST: u64 = 365 * 24 * 3_600 * 1_000_000_000;

/// What was told.
#[derive(Debug, Default)]
pub(crate) struct Profile {
    /// Nanoseconds that a part of the time lasts.
    part: u64,
    /// Of each node, nanoseconds that it worked in each part.
    busy: BTreeMap<String, Vec<u64>>,
    /// Ways to functions: nanoseconds in the function itself, and calls.
    stacks: BTreeMap<Vec<String>, (u64, u64)>,
}

impl Profile {
    /// Keeps what is told.
    pub(crate) fn add(&mut self, event: Event) {
        match event {
            Event::Busy { part, mut nodes } => {
                nodes
                    .values_mut()
                    .for_each(|busy| busy.truncate(MOST_PARTS));
                self.part = part;
                self.busy = nodes;
            }
            Event::Profiled { stacks } => {
                for mut stack in stacks {
                    stack.frames.truncate(MOST_FRAMES);
                    if self.stacks.len() >= MOST_STACKS && !self.stacks.contains_key(&stack.frames)
                    {
                        continue;
                    }
                    let sum = self.stacks.entry(stack.frames).or_default();
                    sum.0 = sum.0.saturating_add(stack.nanoseconds.min(LONGEST));
                    sum.1 = sum.1.saturating_add(stack.calls);
                }
            }
            _ => {}
        }
    }
}

/// A run that was profiled.
pub(crate) struct Profiled<'a> {
    pub(crate) manifest: &'a Manifest,
    pub(crate) graph: &'a GraphInfo,
    /// None of a run that failed.
    pub(crate) metrics: &'a [NodeMetrics],
    pub(crate) error: Option<&'a PipelineError>,
    pub(crate) profile: Profile,
    /// What the pipeline is called.
    pub(crate) name: &'a str,
}

impl Profiled<'_> {
    /// How long a node worked: as the run says, or as far as was told of it.
    fn nanoseconds(&self, node: &str) -> u64 {
        let measured = self.metrics.iter().find(|it| it.node_id == node);
        match (measured, self.profile.busy.get(node)) {
            (Some(measured), _) => measured.nanoseconds,
            (None, Some(busy)) => sum(busy),
            (None, None) => 0,
        }
    }
}

/// A sum that ends where numbers do.
fn sum(nanoseconds: &[u64]) -> u64 {
    nanoseconds
        .iter()
        .fold(0, |sum, more| sum.saturating_add(*more))
}
