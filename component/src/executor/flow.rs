//! How items move: the steps of a run, the work stack, the queues at merges, the
//! sources.

use std::collections::HashMap;

use super::{Batch, ErrorKind, FedInput, Input, PipelineError, Run, emitter};
use crate::manifest::{did_you_mean, enumerate};
use crate::node::{Emitter, Outputs};
use crate::value::Value;

/// Something to do for an item under way. The top of the stack comes first.
pub(super) enum Work {
    /// Give an item to a node.
    Give { node: usize, item: Value },
    /// Carry on the items that a node gives, one by one.
    Emit {
        node: usize,
        /// Which of the node's items they are given for.
        item: Option<u64>,
        items: Box<dyn Emitter>,
    },
}

/// Something to do when nothing is under way.
pub(super) enum Step {
    /// Feed the inputs, from an item of one of them on, to a root.
    Feed {
        root: usize,
        /// Whether the inputs that are meant for all roots are fed for the last
        /// time.
        last: bool,
        input: usize,
        item: usize,
    },
    /// Give items, from one of them on, to all roots or to one; each is a batch.
    Batch {
        root: Option<usize>,
        batch: Batch,
        at: usize,
    },
    /// Give an item to a root.
    Give { root: usize, item: Value },
    /// Let the sources produce, to their ends. With `drains` each of their items
    /// is a batch.
    Produce { drains: bool },
    /// Empty a node's queues, those of earlier connections first.
    Drain { node: usize, queue: usize },
    /// Wait for what is under way in a node, and carry on what it gives.
    Settle { node: usize },
    /// End a node's input, and carry on what it still gives.
    Flush { node: usize },
}

impl Batch {
    /// The item at a position. A single one can be had once.
    fn take(&mut self, at: usize) -> Option<Value> {
        match self {
            Self::One(item) => (at == 0).then(|| std::mem::replace(item, Value::Null)),
            Self::Ints(items) => items.get(at).copied().map(Value::Int),
            Self::Floats(items) => items.get(at).copied().map(Value::Float),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Ints(items) => items.len(),
            Self::Floats(items) => items.len(),
        }
    }
}

impl Run {
    /// Feeds all inputs to the first root, then to the next; where a node
    /// follows time, each input to all roots, and then the next.
    pub(super) fn feed_all(&mut self, inputs: Vec<Input>) -> Result<(), PipelineError> {
        let by_id = match inputs.iter().any(|input| input.node_id.is_some()) {
            true => self
                .roots
                .iter()
                .map(|&root| (&*self.slots[root].id, root))
                .collect(),
            false => HashMap::new(),
        };
        let resolve = |input: Input| {
            let root = match input.node_id {
                None => None,
                Some(id) => Some(*by_id.get(&*id).ok_or_else(|| self.no_root(&id))?),
            };
            Ok(FedInput {
                root,
                batch: input.batch,
            })
        };
        let inputs = inputs
            .into_iter()
            .map(resolve)
            .collect::<Result<Vec<_>, _>>()?;
        if self.follows_time() {
            self.steps = inputs
                .into_iter()
                .map(|FedInput { root, batch }| Step::Batch { root, batch, at: 0 })
                .collect();
            return Ok(());
        }
        self.inputs = inputs;
        for (at, &root) in self.roots.iter().enumerate() {
            self.steps.push_back(Step::Feed {
                root,
                last: at + 1 == self.roots.len(),
                input: 0,
                item: 0,
            });
        }
        Ok(())
    }

    /// The root of this id.
    pub(super) fn root_for(&self, id: Option<&str>) -> Result<Option<usize>, PipelineError> {
        let Some(id) = id else {
            return Ok(None);
        };
        let mut roots = self.roots.iter().copied();
        let root = roots.find(|&root| self.slots[root].id == id);
        root.ok_or_else(|| self.no_root(id)).map(Some)
    }

    fn no_root(&self, id: &str) -> PipelineError {
        let roots = || self.roots.iter().map(|&root| &*self.slots[root].id);
        let (what, hint) = match self.slots.iter().any(|slot| slot.id == id) {
            true => ("gets its items from other nodes", None),
            false => ("is not in the manifest", did_you_mean(id, roots())),
        };
        let hint = hint.unwrap_or_else(|| format!("items can be meant for {}", enumerate(roots())));
        let message = format!("node `{id}`, which an item is meant for, {what}: {hint}");
        PipelineError::new(ErrorKind::InvalidInput, message)
    }

    /// Does all that is to do.
    pub(super) fn advance_all(&mut self) -> Result<(), PipelineError> {
        while self.advance()? {}
        Ok(())
    }

    /// Does one thing; `false` when nothing is to do.
    pub(super) fn advance(&mut self) -> Result<bool, PipelineError> {
        match self.stack.is_empty() {
            true => self.step(),
            false => self.carry().map(|()| true),
        }
    }

    /// Whether there is something to do, as far as can be known without doing it.
    pub(super) fn is_busy(&mut self) -> bool {
        if !self.stack.is_empty() {
            return true;
        }
        while let Some(step) = self.steps.front() {
            let done = match step {
                Step::Drain { node, queue } => self.slots[*node].queues[*queue..]
                    .iter()
                    .all(|queue| queue.is_empty()),
                Step::Batch { batch, at, .. } => *at >= batch.len(),
                _ => false,
            };
            if !done {
                return true;
            }
            self.steps.pop_front();
        }
        false
    }

    fn step(&mut self) -> Result<bool, PipelineError> {
        if let Some(Step::Feed { .. }) = self.steps.front() {
            // It stays where it is: there may be a million items.
            return self.feed().map(|()| true);
        }
        let Some(step) = self.steps.pop_front() else {
            return Ok(false);
        };
        match step {
            Step::Feed { .. } => {}
            Step::Batch { root, batch, at } => self.batch(root, batch, at)?,
            Step::Give { root, item } => self.give(root, item),
            Step::Produce { drains } => self.produce(drains)?,
            Step::Drain { node, queue } => self.drain(node, queue),
            Step::Settle { node } => self.settle(node)?,
            Step::Flush { node } => self.flush(node)?,
        }
        Ok(true)
    }

    /// Feeds an item, where the first step says that.
    fn feed(&mut self) -> Result<(), PipelineError> {
        let Some(Step::Feed {
            root,
            last,
            input,
            item,
        }) = self.steps.front_mut()
        else {
            return Ok(());
        };
        let (root, at, position) = (*root, *item, *input);
        let Some(fed) = self.inputs.get_mut(position) else {
            self.steps.pop_front();
            return Ok(());
        };
        let number = match &fed.batch {
            _ if fed.root.is_some_and(|meant| meant != root) => None,
            Batch::One(_) => None,
            Batch::Ints(items) => items.get(at).copied().map(Value::Int),
            Batch::Floats(items) => items.get(at).copied().map(Value::Float),
        };
        if let Some(number) = number {
            *item += 1;
            self.give(root, number);
            return Ok(());
        }
        // The next time it is the next input's turn.
        (*input, *item) = (position + 1, 0);
        let (last, is_meant) = (
            *last || fed.root.is_some(),
            fed.root.is_none_or(|it| it == root),
        );
        let Batch::One(kept) = &mut fed.batch else {
            return Ok(());
        };
        if !is_meant {
            return Ok(());
        }
        let mut value = Some(std::mem::replace(kept, Value::Null));
        let given = self.share(root, &mut value, last)?;
        if let (Some(value), Batch::One(kept)) = (value, &mut self.inputs[position].batch) {
            *kept = value;
        }
        self.give(root, given);
        Ok(())
    }

    fn batch(
        &mut self,
        root: Option<usize>,
        mut batch: Batch,
        at: usize,
    ) -> Result<(), PipelineError> {
        let Some(item) = batch.take(at) else {
            return Ok(());
        };
        let at = at + 1;
        let is_last = at >= batch.len();
        if !is_last {
            self.steps.push_front(Step::Batch { root, batch, at });
        }
        self.end_batch(is_last);
        let one = root.or(match *self.roots {
            [root] => Some(root),
            _ => None,
        });
        let mut item = Some(item);
        if let Some(root) = one {
            let item = self.share(root, &mut item, true)?;
            self.give(root, item);
            return Ok(());
        }
        let mut shares = Vec::with_capacity(self.roots.len());
        for at in 0..self.roots.len() {
            let root = self.roots[at];
            let item = self.share(root, &mut item, at + 1 == self.roots.len())?;
            shares.push(Step::Give { root, item });
        }
        for step in shares.into_iter().rev() {
            self.steps.push_front(step);
        }
        Ok(())
    }

    /// Gives an item to a root.
    fn give(&mut self, root: usize, item: Value) {
        self.item_begins();
        if let Some(watcher) = &mut self.watcher {
            watcher.fed(&self.slots[root].id, &item);
        }
        self.stack.push(Work::Give { node: root, item });
    }

    /// An input for a root: a copy, or itself for the last one.
    fn share(
        &self,
        root: usize,
        item: &mut Option<Value>,
        last: bool,
    ) -> Result<Value, PipelineError> {
        let mut share = || {
            let value = match item.take() {
                Some(value) if last => value,
                Some(value) => {
                    let copy = value.duplicate();
                    *item = Some(value);
                    copy?
                }
                None => Value::Null,
            };
            match self.slots[root].takes_objects {
                true => Ok(value),
                false => value.into_plain(),
            }
        };
        share().map_err(|error: crate::value::NoForm| {
            let error = PipelineError {
                kind: ErrorKind::InvalidInput,
                ..PipelineError::no_form("input", &error)
            };
            self.place(root, None, error)
        })
    }

    /// Takes an item of the first source that has not ended.
    fn produce(&mut self, drains: bool) -> Result<(), PipelineError> {
        let Some(&root) = self.roots.get(self.exhausted) else {
            return Ok(());
        };
        let mut items = match self.producing.take() {
            Some(items) => items,
            None => {
                let outputs = self.slots[root].node.produce();
                self.charge(root);
                emitter(outputs.map_err(|e| self.at(root, None, ErrorKind::NodeFailed, e))?)
            }
        };
        self.item_begins();
        let next = items.next();
        self.charge(root);
        let item = next.map_err(|e| self.at(root, None, ErrorKind::NodeFailed, e))?;
        match &item {
            Some(_) => self.producing = Some(items),
            None => self.exhausted += 1,
        }
        if self.exhausted < self.roots.len() {
            self.steps.push_front(Step::Produce { drains });
        }
        let Some(item) = item else {
            return Ok(());
        };
        if drains {
            self.end_batch(false);
        }
        self.route(root, None, item)
    }

    /// Stops the sources.
    pub(super) fn stop_producing(&mut self) {
        self.steps
            .retain(|step| !matches!(step, Step::Produce { .. }));
        self.producing = None;
    }

    fn flush(&mut self, node: usize) -> Result<(), PipelineError> {
        let outputs = self.slots[node].node.finish();
        self.charge(node);
        let outputs = outputs.map_err(|e| self.at(node, None, ErrorKind::NodeFailed, e))?;
        self.accept(node, None, outputs)
    }

    /// Empties the queues of all merges next. In the order of execution, so that
    /// what one gives is queued at the next before that is emptied. What is under
    /// way in nodes belongs to the batch, and is waited for where there are
    /// merges, or where `settles` asks for it.
    fn end_batch(&mut self, settles: bool) {
        let apart = !settles && self.merges.is_empty();
        if !self.concurrent || apart {
            for &node in self.merges.iter().rev() {
                self.steps.push_front(Step::Drain { node, queue: 0 });
            }
            return;
        }
        for &node in self.order.iter().rev() {
            if self.slots[node].node.is_concurrent() {
                self.steps.push_front(Step::Settle { node });
            }
            if !self.slots[node].queues.is_empty() {
                self.steps.push_front(Step::Drain { node, queue: 0 });
            }
        }
    }

    fn settle(&mut self, node: usize) -> Result<(), PipelineError> {
        let outputs = self.slots[node].node.settle();
        self.charge(node);
        let outputs = outputs.map_err(|e| self.at(node, None, ErrorKind::NodeFailed, e))?;
        self.accept(node, None, outputs)
    }

    fn drain(&mut self, node: usize, queue: usize) {
        let mut queues = self.slots[node].queues[queue..].iter_mut().enumerate();
        if let Some((at, item)) = queues.find_map(|(at, queue)| Some((at, queue.pop_front()?))) {
            let queue = queue + at;
            self.steps.push_front(Step::Drain { node, queue });
            self.stack.push(Work::Give { node, item });
        }
    }

    /// Does the work on top of the stack.
    fn carry(&mut self) -> Result<(), PipelineError> {
        match self.stack.pop() {
            None => Ok(()),
            Some(Work::Give { node, item: given }) => {
                let slot = &mut self.slots[node];
                let item = Some(slot.items_in);
                slot.items_in += 1;
                let outputs = slot.node.process(given);
                self.charge(node);
                let outputs = outputs.map_err(|e| self.at(node, item, ErrorKind::NodeFailed, e))?;
                self.accept(node, item, outputs)
            }
            Some(Work::Emit {
                node,
                item,
                mut items,
            }) => {
                let next = items.next();
                self.charge(node);
                let of = items.item().or(item);
                match next.map_err(|e| self.at(node, of, ErrorKind::NodeFailed, e))? {
                    None => Ok(()),
                    Some(given) => {
                        self.stack.push(Work::Emit { node, item, items });
                        self.route(node, of, given)
                    }
                }
            }
        }
    }

    fn accept(
        &mut self,
        node: usize,
        item: Option<u64>,
        outputs: Outputs,
    ) -> Result<(), PipelineError> {
        match outputs {
            Outputs::None => Ok(()),
            Outputs::One(given) => self.route(node, item, given),
            Outputs::Many(items) => {
                self.stack.push(Work::Emit { node, item, items });
                Ok(())
            }
        }
    }

    /// Sends an item that a node gave on its way: to the outputs, onto the
    /// stack, into queues. `item` is the one that it was given for.
    fn route(&mut self, node: usize, item: Option<u64>, given: Value) -> Result<(), PipelineError> {
        let number = self.slots[node].items_out;
        self.slots[node].items_out += 1;
        if let Some(watcher) = &mut self.watcher {
            let mut takers = self.slots[node].targets.iter();
            let converted = takers.all(|target| !self.slots[target.node].takes_objects);
            watcher.given(&self.slots[node].id, item, &given, converted);
        }
        let converts = matches!(given, Value::Object(_));
        let bottom = self.stack.len();
        let result = self.distribute(node, number, given);
        // The first connection's item must be on top.
        self.stack[bottom..].reverse();
        if converts {
            self.charge(node);
        }
        result.map_err(|error| self.place(node, item, error))
    }

    fn distribute(&mut self, node: usize, number: u64, given: Value) -> Result<(), PipelineError> {
        let no_form = |error| PipelineError::no_form(&format!("outputs[{number}]"), &error);
        let count = self.slots[node].targets.len();
        if self.slots[node].is_output {
            let (output, rest) = match (count, self.keeps_objects) {
                (0, true) => (given, None),
                (0, false) => (given.into_plain().map_err(no_form)?, None),
                (_, true) => (given.duplicate().map_err(no_form)?, Some(given)),
                (_, false) => (plain(&given).map_err(no_form)?, Some(given)),
            };
            self.slots[node].collected.push(output);
            self.ready += 1;
            match rest {
                Some(given) => self.spread(node, number, given),
                None => Ok(()),
            }
        } else {
            self.spread(node, number, given)
        }
    }

    /// Gives every connection a copy of its own, and the last one the item.
    fn spread(&mut self, node: usize, number: u64, given: Value) -> Result<(), PipelineError> {
        let mut given = Some(given);
        let count = self.slots[node].targets.len();
        for at in 0..count {
            let target = self.slots[node].targets[at];
            let taker = &self.slots[target.node];
            let copy = match (at + 1 == count, taker.takes_objects) {
                (true, true) => Ok(given.take().unwrap_or(Value::Null)),
                (true, false) => given.take().unwrap_or(Value::Null).into_plain(),
                (false, true) => given.as_ref().unwrap_or(&Value::Null).duplicate(),
                (false, false) => plain(given.as_ref().unwrap_or(&Value::Null)),
            };
            let item = copy.map_err(|error| {
                let place = format!(
                    "item {number} for node `{}` ({})",
                    taker.id, taker.node_type
                );
                match error.path.as_str() {
                    "" => PipelineError::no_form(&place, &error),
                    _ => PipelineError::no_form(&format!("{place}: item"), &error),
                }
            })?;
            match target.port {
                0 => self.stack.push(Work::Give {
                    node: target.node,
                    item,
                }),
                port => self.slots[target.node].queues[port - 1].push_back(item),
            }
        }
        Ok(())
    }
}

/// A plain copy of an item.
fn plain(item: &Value) -> Result<Value, crate::value::NoForm> {
    match item {
        Value::Object(object) => object.to_value(),
        plain => Ok(plain.clone()),
    }
}
