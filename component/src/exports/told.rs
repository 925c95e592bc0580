//! What a host asks to be told of a run while it goes on: each item's way, how busy
//! the nodes are over time, or what they depend on beside their items. Told like
//! what nodes print, by lines of the standard error that begin with a mark which
//! only the host knows.

use std::time::{Duration, Instant};

use pipeline_codec::{Style, Writer, item_to_json};

use crate::executor::{Run, Watcher};
use crate::observed::Observed;
use crate::python::interpreter::{self, Asked};
use crate::python::observing;
use crate::value::{Media, Value, items};

/// Into how many parts a run's time is divided at most.
const PARTS: usize = 512;
/// What a part lasts at first.
const SHORTEST: Duration = Duration::from_micros(100);
/// How many characters of an item are told.
const MOST_CHARS: usize = 200;
/// The longest item that is told whole, in bytes of JSON; the host bounds its lines.
const LONGEST_ITEM: usize = 24 << 20;
/// How many elements a list has that is told as it is.
const MOST_ELEMENTS: usize = 100;

/// Who watches a run, if the host asked for that.
pub(super) fn watcher(run: &Run) -> Option<Box<dyn Watcher>> {
    let asked = interpreter::asked();
    let watches = asked.mark.is_some() && (asked.traces || asked.profiles || asked.observes);
    watches.then(|| Box::new(Told::new(asked, run)) as _)
}

struct Told {
    asked: Asked,
    begun: Instant,
    last: Instant,
    part: Duration,
    /// Of each node: its id, and how long it was busy in each part.
    busy: Vec<(String, Vec<Duration>)>,
    /// Of each node, what is known where that is asked for.
    observed: Vec<Node>,
}

/// A node, and what its items depend on.
#[derive(Default)]
struct Node {
    id: String,
    seen: Observed,
    /// Whether one of its items can't be told as it is.
    untold: bool,
}

impl Told {
    fn new(asked: Asked, run: &Run) -> Self {
        let now = Instant::now();
        let told = Self {
            asked,
            begun: now,
            last: now,
            part: SHORTEST,
            busy: Vec::new(),
            observed: Vec::new(),
        };
        if told.asked.observes {
            // What modules saw when they were imported may be in any node.
            told.depends(None, observing::take_all());
            if run.follows_time() {
                told.depends_on(None, "order");
            }
        }
        told
    }

    /// Tells on what a node depends, or all of them.
    fn depends(&self, node: Option<&str>, seen: Observed) {
        if seen.clock {
            self.depends_on(node, "clock");
        }
        if seen.chance {
            self.depends_on(node, "chance");
        }
    }

    fn depends_on(&self, node: Option<&str>, on: &str) {
        self.tell("depends", |writer| {
            match node {
                Some(node) => writer.string(node),
                None => writer.null(),
            }
            writer.string(on);
        });
    }

    /// What is known of a node.
    fn node(&mut self, id: &str) -> &mut Node {
        let known = self.observed.iter().position(|it| it.id == id);
        let position = known.unwrap_or_else(|| {
            self.observed.push(Node {
                id: id.to_owned(),
                ..Node::default()
            });
            self.observed.len() - 1
        });
        &mut self.observed[position]
    }

    /// Tells an item so that it can be given again, where it can be.
    fn give(&mut self, node: &str, item: &Value, converted: bool) {
        if self.node(node).untold {
            return;
        }
        match json_of(item, converted) {
            Some(json) => self.tell("gives", |writer| {
                writer.string(node);
                writer.string(&json);
            }),
            None => {
                self.node(node).untold = true;
                self.depends_on(Some(node), "form");
            }
        }
    }

    fn tell(&self, kind: &str, write: impl FnOnce(&mut Writer)) {
        let mut writer = Writer::new(Style::Compact);
        writer.array(|writer| {
            writer.string(kind);
            write(writer);
        });
        let mark = self.asked.mark.as_deref().unwrap_or_default();
        eprintln!("{mark}{}", writer.finish());
    }

    /// Makes parts twice as long until a time falls into one.
    fn reach(&mut self, time: Duration) {
        while self.index(time) >= PARTS {
            self.part *= 2;
            for (_, parts) in &mut self.busy {
                *parts = parts.chunks(2).map(|two| two.iter().sum()).collect();
            }
        }
    }

    fn index(&self, time: Duration) -> usize {
        usize::try_from(time.as_nanos() / self.part.as_nanos()).unwrap_or(usize::MAX)
    }
}

impl Watcher for Told {
    fn called(&mut self, position: usize, node: &str) {
        if self.asked.observes {
            let seen = observing::take_all();
            let told = self.node(node);
            told.seen = told.seen.or(seen);
        }
        if !self.asked.profiles {
            return;
        }
        let now = Instant::now();
        let (mut from, to) = (self.last - self.begun, now - self.begun);
        self.last = now;
        self.reach(to);
        if self.busy.len() <= position {
            self.busy.resize_with(position + 1, Default::default);
        }
        while from < to {
            let index = self.index(from);
            let end = (self.part * (index as u32 + 1)).min(to);
            let (id, parts) = &mut self.busy[position];
            if id.is_empty() {
                node.clone_into(id);
            }
            if parts.len() <= index {
                parts.resize(index + 1, Duration::ZERO);
            }
            parts[index] += end - from;
            from = end;
        }
    }

    fn fed(&mut self, node: &str, item: &Value) {
        if self.asked.traces {
            self.tell("fed", |writer| {
                writer.string(node);
                writer.string(&summary(item));
            });
        }
    }

    fn given(&mut self, node: &str, for_item: Option<u64>, item: &Value, converted: bool) {
        if self.asked.observes {
            self.give(node, item, converted);
        }
        if self.asked.traces {
            self.tell("given", |writer| {
                writer.string(node);
                match for_item {
                    Some(item) => writer.whole(item),
                    None => writer.null(),
                }
                writer.string(&summary(item));
            });
        }
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        for node in &self.observed {
            self.depends(Some(&node.id), node.seen);
        }
        if !self.asked.profiles {
            return;
        }
        let nanoseconds = |time: &Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.tell("busy", |writer| {
            writer.null();
            writer.whole(nanoseconds(&self.part));
            writer.object(|writer| {
                for (node, parts) in self.busy.iter().filter(|(node, _)| !node.is_empty()) {
                    writer.key(node).array(|writer| {
                        for part in parts {
                            writer.whole(nanoseconds(part));
                        }
                    });
                }
            });
        });
    }
}

/// An item as JSON, where that says all of it and is not too long.
fn json_of(item: &Value, converted: bool) -> Option<String> {
    let plain = match item {
        Value::Object(object) if converted || object.is_plain() => object.to_value().ok()?,
        Value::Object(_) => return None,
        plain => plain.clone(),
    };
    let json = item_to_json(&items::lower_item(plain).ok()?).ok()?;
    (json.len() <= LONGEST_ITEM).then_some(json)
}

/// An item in a few words, or as it is where it is short.
fn summary(item: &Value) -> String {
    match item {
        Value::Media(medium) => medium_in_words(medium),
        Value::Object(object) => match object.to_value() {
            Ok(plain) => summary(&plain),
            Err(error) => format!("an object ({})", error.message),
        },
        Value::List(items) if items.len() > MOST_ELEMENTS => format!("a list of {}", items.len()),
        Value::Ints(items) if items.len() > MOST_ELEMENTS => format!("a list of {}", items.len()),
        Value::Floats(items) if items.len() > MOST_ELEMENTS => format!("a list of {}", items.len()),
        Value::Bytes(bytes) => format!("{} bytes", bytes.len()),
        Value::Text(text) => {
            let shown: String = text.chars().take(MOST_CHARS).collect();
            format!("{shown:?}")
        }
        plain => {
            let json = items::lower_item(plain.clone())
                .ok()
                .and_then(|data| item_to_json(&data).ok());
            let json = json.unwrap_or_else(|| plain.kind().to_owned());
            match json.char_indices().nth(MOST_CHARS) {
                Some((end, _)) => format!("{}…", &json[..end]),
                None => json,
            }
        }
    }
}

fn medium_in_words(medium: &Media) -> String {
    match medium {
        Media::Audio(audio) => {
            let frames = audio.samples.len() / audio.channels.max(1) as usize;
            format!(
                "audio: {frames} frames, {} Hz, {} channels",
                audio.sample_rate, audio.channels
            )
        }
        Media::Video(video) => format!(
            "video: frame {}, {}x{} {}",
            video.frame_number, video.width, video.height, video.format
        ),
        Media::Image(image) => {
            format!("image: {}x{} {}", image.width, image.height, image.format)
        }
        Media::Tensor(tensor) => format!("tensor: {} {:?}", tensor.dtype, tensor.shape),
        Media::Text(text) => summary(&Value::Text(text.text.clone())),
        Media::Binary(binary) => format!("{} bytes", binary.bytes.len()),
        other => other.kind().to_owned(),
    }
}
