//! A run that is fed and read item by item: its outputs leave in parts.

use std::time::{Duration, Instant};

use super::flow::Step;
use super::{Batch, ErrorKind, Input, NodeOutputs, PipelineError, Run, RunResult};

/// How many outputs leave one by one before some leave together.
const SINGLES: usize = 64;
/// Most outputs that leave together.
const MOST: usize = 1 << 16;
/// How long a part goes on for more outputs once it has one; and what takes
/// longer is no quick output.
const PATIENCE: Duration = Duration::from_millis(5);

/// Some of a run's outputs.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// What the sinks gave, in the manifest's order.
    pub outputs: Vec<NodeOutputs>,
    /// Whether something is under way still.
    pub more: bool,
}

/// How many outputs leave together.
///
/// The next output may take any time, and nobody knows before: so each leaves
/// at once. That costs a call of the host's for each, which would weigh where
/// there are many and they come quickly. There the parts grow, until one takes
/// long.
#[derive(Default)]
pub(super) struct Pace {
    /// How many have come quickly.
    quick: usize,
    /// Outputs of a part, less one.
    beyond_first: usize,
}

impl Pace {
    /// Everything that was given at once may leave at once.
    fn bulk() -> Self {
        Self {
            quick: SINGLES,
            beyond_first: MOST - 1,
        }
    }

    fn size(&self) -> usize {
        self.beyond_first + 1
    }

    /// A part is done: so many outputs in so much time.
    fn learn(&mut self, outputs: usize, time: Duration) {
        if time >= PATIENCE {
            *self = Self::default();
            return;
        }
        self.quick = self.quick.saturating_add(outputs);
        if self.quick > SINGLES {
            self.beyond_first = (2 * self.size()).min(MOST) - 1;
        }
    }
}

impl Run {
    /// Gives items to every root, or to the one that they are meant for, and
    /// returns the first part of what the sinks give for them.
    ///
    /// # Errors
    /// A root that produces its own items, or a node that is no root: these
    /// close nothing. The failure of a node closes the run.
    pub fn push(&mut self, input: Input) -> Result<Part, PipelineError> {
        self.begin()?;
        if self.ended {
            return Err(PipelineError::new(
                ErrorKind::SessionClosed,
                "the session's input has ended",
            ));
        }
        self.takes_input()?;
        let root = self.root_for(input.node_id.as_deref())?;
        self.begun = true;
        self.pace = match input.batch {
            Batch::One(_) => Pace::default(),
            _ => Pace::bulk(),
        };
        self.steps.push_back(Step::Batch {
            root,
            batch: input.batch,
            at: 0,
        });
        self.part(MOST)
    }

    /// Goes on with what is under way, and returns the next part, at most about
    /// `most` outputs. Where nothing was given, roots that are sources produce.
    ///
    /// # Errors
    /// A root that needs input and got none, which closes nothing; or the
    /// failure of a node, which closes the run.
    pub fn pull(&mut self, most: usize) -> Result<Part, PipelineError> {
        self.begin()?;
        if !self.begun && !self.ended {
            self.needs_no_input()?;
            self.begun = true;
            self.steps.push_back(Step::Produce { drains: true });
        }
        self.part(most)
    }

    /// Ends the input: what is under way goes on to its end, then the nodes are
    /// flushed. Returns the first part of what the sinks give. Sources that
    /// have not ended are stopped.
    ///
    /// # Errors
    /// The failure of a node, which closes the run.
    pub fn end(&mut self) -> Result<Part, PipelineError> {
        self.begin()?;
        self.stop_producing();
        self.end_input();
        self.pace = Pace::default();
        self.part(MOST)
    }

    /// Ends the input, flushes the nodes and cleans them up, and returns what
    /// the sinks still gave. Sources that have not ended are stopped.
    ///
    /// # Errors
    /// The failure of a node; also one that failed only at its cleanup. The
    /// run is closed either way.
    pub fn finish(&mut self) -> Result<RunResult, PipelineError> {
        self.begin()?;
        self.stop_producing();
        self.finish_all()
    }

    /// Does all that is to do, ends the input, flushes the nodes and cleans
    /// them up.
    pub(super) fn finish_all(&mut self) -> Result<RunResult, PipelineError> {
        self.end_input();
        if let Err(error) = self.advance_all() {
            return Err(self.fail(error));
        }
        let unseen = self.clock.attend();
        self.share_out(unseen);
        self.open = false;
        let outputs = self.take_outputs();
        match self.cleanup() {
            Some(mut error) => {
                error.outputs = outputs;
                Err(error)
            }
            None => Ok(RunResult {
                outputs,
                graph: self.info.clone(),
                metrics: self.metrics(),
            }),
        }
    }

    fn end_input(&mut self) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        for &node in &self.order {
            self.steps.push_back(Step::Drain { node, queue: 0 });
            if self.slots[node].node.is_concurrent() {
                self.steps.push_back(Step::Settle { node });
            }
            self.steps.push_back(Step::Flush { node });
        }
    }

    /// Works until there are outputs or nothing is under way.
    fn part(&mut self, most: usize) -> Result<Part, PipelineError> {
        let most = self.pace.size().min(most.max(1));
        let start = self.clock.last;
        let mut first = None;
        loop {
            match self.advance() {
                Err(error) => return Err(self.fail(error)),
                Ok(false) => break,
                Ok(true) if self.ready == 0 => {}
                Ok(true) => {
                    if self.ready >= most
                        || first.get_or_insert_with(Instant::now).elapsed() >= PATIENCE
                    {
                        break;
                    }
                }
            }
        }
        // The host's own time is nobody's.
        let unseen = self.clock.attend();
        self.share_out(unseen);
        self.pace.learn(self.ready, self.clock.last - start);
        Ok(Part {
            outputs: self.take_outputs(),
            more: self.is_busy(),
        })
    }
}
