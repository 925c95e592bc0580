//! How items move: the work stack, the queues at merges, the sources.

use super::{Batch, ErrorKind, PipelineError, Run, emitter};
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

impl Run {
    /// Gives one item to every root.
    pub(super) fn feed(&mut self, item: Value) -> Result<(), PipelineError> {
        let mut item = Some(item);
        for at in 0..self.roots.len() {
            let root = self.roots[at];
            let item = self.share(root, &mut item, at + 1 == self.roots.len())?;
            self.give(root, item)?;
        }
        Ok(())
    }

    /// Gives all items to the first root, then to the next.
    pub(super) fn feed_all(&mut self, mut batches: Vec<Batch>) -> Result<(), PipelineError> {
        for at in 0..self.roots.len() {
            let root = self.roots[at];
            let last = at + 1 == self.roots.len();
            for batch in &mut batches {
                match batch {
                    Batch::One(item) => {
                        let mut item = Some(std::mem::replace(item, Value::Null));
                        let given = self.share(root, &mut item, last)?;
                        if let Some(item) = item {
                            *batch = Batch::One(item);
                        }
                        self.give(root, given)?;
                    }
                    Batch::Ints(items) => {
                        for &item in &*items {
                            self.give(root, Value::Int(item))?;
                        }
                    }
                    Batch::Floats(items) => {
                        for &item in &*items {
                            self.give(root, Value::Float(item))?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Gives an item to a root, and carries on what comes of it.
    fn give(&mut self, root: usize, item: Value) -> Result<(), PipelineError> {
        self.item_begins();
        self.stack.push(Work::Give { node: root, item });
        self.carry()
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

    /// Lets all sources run to their ends.
    pub(super) fn produce_all(&mut self) -> Result<(), PipelineError> {
        while self.produce()? {}
        Ok(())
    }

    /// Carries one item of the first source that has not ended; `false` when
    /// all have.
    pub(super) fn produce(&mut self) -> Result<bool, PipelineError> {
        while let Some(&root) = self.roots.get(self.exhausted) {
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
            match next.map_err(|e| self.at(root, None, ErrorKind::NodeFailed, e))? {
                Some(item) => {
                    self.producing = Some(items);
                    self.route(root, None, item)?;
                    self.carry()?;
                    return Ok(true);
                }
                None => self.exhausted += 1,
            }
        }
        Ok(false)
    }

    /// Ends a node's input, and carries on what it still gives.
    pub(super) fn flush(&mut self, node: usize) -> Result<(), PipelineError> {
        let outputs = self.slots[node].node.finish();
        self.charge(node);
        let outputs = outputs.map_err(|e| self.at(node, None, ErrorKind::NodeFailed, e))?;
        self.accept(node, None, outputs)?;
        self.carry()
    }

    /// Empties the queues of all merges. In the order of execution, so that
    /// what one gives is queued at the next before that is emptied.
    pub(super) fn drain_all(&mut self) -> Result<(), PipelineError> {
        for at in 0..self.merges.len() {
            self.drain(self.merges[at])?;
        }
        Ok(())
    }

    /// Empties a node's queues, those of earlier connections first.
    pub(super) fn drain(&mut self, node: usize) -> Result<(), PipelineError> {
        for queue in 0..self.slots[node].queues.len() {
            while let Some(item) = self.slots[node].queues[queue].pop_front() {
                self.stack.push(Work::Give { node, item });
                self.carry()?;
            }
        }
        Ok(())
    }

    /// Works until nothing is under way.
    fn carry(&mut self) -> Result<(), PipelineError> {
        while let Some(work) = self.stack.last_mut() {
            if let Work::Emit { node, item, items } = work {
                let (node, item) = (*node, *item);
                let next = items.next();
                self.charge(node);
                match next.map_err(|e| self.at(node, item, ErrorKind::NodeFailed, e))? {
                    Some(given) => self.route(node, item, given)?,
                    None => {
                        self.stack.pop();
                    }
                }
            } else if let Some(Work::Give { node, item: given }) = self.stack.pop() {
                let slot = &mut self.slots[node];
                let item = Some(slot.items_in);
                slot.items_in += 1;
                let outputs = slot.node.process(given);
                self.charge(node);
                let outputs = outputs.map_err(|e| self.at(node, item, ErrorKind::NodeFailed, e))?;
                self.accept(node, item, outputs)?;
            }
        }
        Ok(())
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
            let (output, rest) = match count {
                0 => (given.into_plain().map_err(no_form)?, None),
                _ => (plain(&given).map_err(no_form)?, Some(given)),
            };
            self.slots[node].collected.push(output);
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
