//! What has come of items, put in order.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_nats::jetstream::Message;
use percent_encoding::percent_decode_str;
use pipeline_host::codec::{Style, Writer};
use tokio::sync::Semaphore;

use super::number;
use crate::commands::nats::headers::{self, ERROR, ITEM, NODE, OUTPUTS, POSITION};

/// What a message was.
pub(super) enum Answer {
    /// An output, or that there is none.
    Output,
    /// An item failed.
    Failed(String),
    /// Something that had come before, or is of nobody.
    Nothing,
}

/// Results of items.
pub(super) struct Results {
    unordered: bool,
    by_node: bool,
    /// Given back where an item is done with.
    places: Arc<Semaphore>,
    /// Those that are not done with.
    items: BTreeMap<u64, Item>,
    done: u64,
    /// What can be printed.
    lines: String,
}

/// An item that was sent.
#[derive(Default)]
struct Item {
    /// Its outputs, by their positions, as lines.
    outputs: HashMap<u64, String>,
    /// How many there are, where that is known.
    total: Option<u64>,
    failed: bool,
}

impl Item {
    fn is_whole(&self) -> bool {
        let count = self.outputs.len() as u64;
        self.failed || self.total.is_some_and(|total| count >= total)
    }
}

impl Results {
    pub(super) fn new(unordered: bool, by_node: bool, places: Arc<Semaphore>) -> Self {
        Self {
            unordered,
            by_node,
            places,
            items: BTreeMap::new(),
            done: 0,
            lines: String::new(),
        }
    }

    /// How many items are not done with.
    pub(super) fn under_way(&self) -> usize {
        self.items.len()
    }

    /// How many are.
    pub(super) fn done(&self) -> u64 {
        self.done
    }

    /// An item is on its way.
    pub(super) fn sent(&mut self, number: u64) {
        self.items.entry(number).or_default();
    }

    /// An item could not be sent.
    pub(super) fn unsent(&mut self, number: u64) {
        self.items.remove(&number);
        self.print_whole();
    }

    /// What can be printed by now.
    pub(super) fn lines(&mut self) -> String {
        std::mem::take(&mut self.lines)
    }

    /// Takes what came of an item.
    pub(super) fn take(&mut self, message: &Message) -> Answer {
        let text = |name| headers::text(message.headers.as_ref(), name);
        let Some(item_number) = number(message, ITEM) else {
            return Answer::Nothing;
        };
        if let Some(kind) = text(ERROR) {
            let Some(item) = self.items.get_mut(&item_number) else {
                return Answer::Nothing;
            };
            if std::mem::replace(&mut item.failed, true) {
                return Answer::Nothing;
            }
            self.print_whole();
            return Answer::Failed(told(item_number, kind, &message.payload));
        }
        let line = self.line(item_number, text(NODE), &message.payload);
        if text(OUTPUTS) == Some("end") {
            // What a session gave at its end is of no one item.
            self.lines.push_str(&line);
            return Answer::Output;
        }
        let Some(item) = self.items.get_mut(&item_number) else {
            return Answer::Nothing;
        };
        item.total = number(message, OUTPUTS).or(item.total);
        if let Some(position) = number(message, POSITION) {
            let new = !item.outputs.contains_key(&position);
            let kept = if self.unordered {
                String::new()
            } else {
                line.clone()
            };
            if new && self.unordered {
                self.lines.push_str(&line);
            }
            item.outputs.entry(position).or_insert(kept);
        }
        self.print_whole();
        Answer::Output
    }

    /// Prints what is all there: in order, where that is asked for.
    fn print_whole(&mut self) {
        if self.unordered {
            let before = self.items.len();
            self.items.retain(|_, item| !item.is_whole());
            self.leave(before - self.items.len());
            return;
        }
        while let Some(first) = self.items.first_entry()
            && first.get().is_whole()
        {
            let item = first.remove();
            let mut outputs: Vec<_> = item.outputs.into_iter().collect();
            outputs.sort_unstable_by_key(|(position, _)| *position);
            for (_, line) in outputs {
                self.lines.push_str(&line);
            }
            self.leave(1);
        }
    }

    fn leave(&mut self, count: usize) {
        self.done += count as u64;
        self.places.add_permits(count);
    }

    fn line(&self, item: u64, node: Option<&str>, payload: &[u8]) -> String {
        // Workers write one line of JSON; what somebody else may have written is
        // kept to one line at least.
        let output = String::from_utf8_lossy(payload).replace(['\n', '\r'], " ");
        if !self.by_node {
            return output + "\n";
        }
        let node = percent_decode_str(node.unwrap_or_default()).decode_utf8_lossy();
        let mut writer = Writer::new(Style::Compact);
        writer.object(|writer| {
            writer.key("item").whole(item);
            writer.key("node").string(&node);
        });
        let mut line = writer.finish();
        line.pop();
        format!("{line},\"output\":{output}}}\n")
    }
}

/// What an error says, for people.
fn told(item: u64, kind: &str, payload: &[u8]) -> String {
    let document: serde_json::Value = serde_json::from_slice(payload).unwrap_or_default();
    let error = &document["error"];
    let mut text = format!("item {item}: ");
    let message = error["message"].as_str().unwrap_or(kind);
    if let Some(node) = error["node_id"].as_str()
        && !message.starts_with("node `")
    {
        text.push_str(&format!("node `{node}`: "));
    }
    text.push_str(message);
    text
}
