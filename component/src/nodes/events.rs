//! Events: the objects that nodes about the state of a stream give and take,
//! and time as the items tell it.
//!
//! Nodes read no clock of the machine: the same items give the same events,
//! however fast they are handled. Time is that of the media and of the events'
//! own `timestamp_us`. Audio that has no time begins where the audio before it
//! ended, from 0 on.

use std::collections::VecDeque;

use num_bigint::BigInt;

use super::audio::{check, later};
use super::numbers::Number;
use crate::node::{Emitter, Node, NodeError, Outputs};
use crate::value::{Audio, Media, Value};

/// An object with these fields, in this order.
pub(super) fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Map(fields.map(|(name, value)| (name.to_owned(), value)).into())
}

/// A whole number from 0.
pub(super) fn unsigned(value: u64) -> Value {
    match i64::try_from(value) {
        Ok(small) => small.into(),
        Err(_) => Value::integer(BigInt::from(value)),
    }
}

/// A text, or null.
pub(super) fn maybe(text: Option<&str>) -> Value {
    text.map_or(Value::Null, Value::from)
}

/// Rounds to so many decimal places.
pub(super) fn rounded(value: f64, places: i32) -> Value {
    let scale = 10_f64.powi(places);
    // Of nothing, and of what is rounded to it, 0.0 and not -0.0.
    ((value * scale).round() / scale + 0.0).into()
}

/// A field that is a text.
pub(super) fn text<'v>(event: &'v Value, name: &str) -> Option<&'v str> {
    match event.get(name) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}

/// Whether a field is true.
pub(super) fn is_set(event: &Value, name: &str) -> bool {
    matches!(event.get(name), Some(Value::Bool(true)))
}

/// A field that is a finite number.
pub(super) fn number(event: &Value, name: &str) -> Option<f64> {
    let number = Number::of(event.get(name)?)?.to_f64();
    number.filter(|number| number.is_finite())
}

/// What an event says it is: `event_type`, in older ones `type`.
pub(super) fn kind(event: &Value) -> Option<&str> {
    match event.get("event_type") {
        None => text(event, "type"),
        Some(_) => text(event, "event_type"),
    }
}

/// When an event was, in microseconds: `timestamp_us`, or `ts`, which is a
/// text of digits.
pub(super) fn time(event: &Value) -> Option<u64> {
    match (event.get("timestamp_us"), event.get("ts")) {
        (Some(Value::Int(time)), _) => u64::try_from(*time).ok(),
        (Some(Value::BigInt(time)), _) => u64::try_from(&**time).ok(),
        (Some(Value::Float(time)), _) if *time >= 0.0 && *time < 1e15 => Some(*time as u64),
        (_, Some(Value::Text(digits))) => digits.parse().ok(),
        _ => None,
    }
}

/// Gives items one by one.
pub(super) fn outputs(mut given: Vec<Value>) -> Outputs {
    struct Items(VecDeque<Value>);

    impl Emitter for Items {
        fn next(&mut self) -> Result<Option<Value>, NodeError> {
            Ok(self.0.pop_front())
        }
    }

    match given.len() {
        0 => Outputs::None,
        1 => given.pop().map_or(Outputs::None, Outputs::One),
        _ => Outputs::Many(Box::new(Items(given.into()))),
    }
}

/// When audio begins.
#[derive(Default)]
pub(super) struct AudioClock {
    /// What the last time that was given counts from.
    base_us: u64,
    /// Frames since then, and their rate.
    frames: u64,
    sample_rate: u32,
}

impl AudioClock {
    /// The time of audio that comes next, in microseconds.
    pub(super) fn next(&mut self, audio: &Audio) -> u64 {
        let reached = later(Some(self.base_us), self.frames, self.sample_rate).unwrap_or(0);
        let begin = audio.timestamp_us.unwrap_or(reached);
        if audio.timestamp_us.is_some() || audio.sample_rate != self.sample_rate {
            self.base_us = begin;
            self.frames = 0;
            self.sample_rate = audio.sample_rate;
        }
        self.frames += audio.samples.len() as u64 / u64::from(audio.channels.max(1));
        begin
    }
}

/// Says when something is due that is done every so often.
pub(super) struct Every {
    interval_us: u64,
    last: Option<u64>,
}

impl Every {
    pub(super) fn new(interval_ms: u32) -> Self {
        Self {
            interval_us: u64::from(interval_ms) * 1000,
            last: None,
        }
    }

    /// Whether it is due: at first, and when the interval has passed.
    pub(super) fn is_due(&mut self, now: u64) -> bool {
        match self.last {
            None => true,
            // A stream that begins anew counts from its own beginning.
            Some(last) if now < last => {
                self.last = Some(now);
                false
            }
            Some(last) => now - last >= self.interval_us,
        }
    }

    /// It is done.
    pub(super) fn done(&mut self, now: u64) {
        self.last = Some(now);
    }
}

/// Looks at audio and tells of it.
pub(super) trait Watch {
    /// What there is to tell of audio that begins at `now`, in microseconds.
    fn audio(&mut self, audio: &Audio, now: u64) -> Option<Value>;
}

/// A node that gives events in place of audio. All else passes.
pub(super) struct Watcher<W> {
    watch: W,
    clock: AudioClock,
}

impl<W: Watch + 'static> Watcher<W> {
    pub(super) fn boxed(watch: W) -> Box<dyn Node> {
        let clock = AudioClock::default();
        Box::new(Self { watch, clock })
    }
}

impl<W: Watch> Node for Watcher<W> {
    fn process(&mut self, item: Value) -> Result<Outputs, NodeError> {
        let Some(audio) = audio_of(&item) else {
            return Ok(Outputs::One(item));
        };
        check(audio)?;
        let now = self.clock.next(audio);
        let event = self.watch.audio(audio, now);
        Ok(event.map_or(Outputs::None, Outputs::One))
    }
}

/// The audio that an item is.
pub(super) fn audio_of(item: &Value) -> Option<&Audio> {
    match item {
        Value::Media(medium) => match &**medium {
            Media::Audio(audio) => Some(audio),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::audio::tests::mono;
    use super::*;

    /// All that a node gives for one call.
    pub(crate) fn collect(outputs: Outputs) -> Vec<Value> {
        match outputs {
            Outputs::None => Vec::new(),
            Outputs::One(item) => vec![item],
            Outputs::Many(mut items) => std::iter::from_fn(|| items.next().unwrap()).collect(),
        }
    }

    /// All that a node gives for items, and at its end.
    pub(crate) fn run(node: &mut dyn Node, items: impl IntoIterator<Item = Value>) -> Vec<Value> {
        let mut all = Vec::new();
        for item in items {
            all.extend(collect(node.process(item).unwrap()));
        }
        all.extend(collect(node.finish().unwrap()));
        all
    }

    pub(crate) fn item(audio: Audio) -> Value {
        Value::Media(Box::new(Media::Audio(audio)))
    }

    /// A field's value in all events.
    pub(crate) fn all(events: &[Value], name: &str) -> Vec<Value> {
        let field = |event: &Value| event.get(name).cloned().unwrap_or(Value::Null);
        events.iter().map(field).collect()
    }

    #[test]
    fn audio_without_a_time_begins_where_the_last_one_ended() {
        let mut clock = AudioClock::default();
        let audio = |samples: usize, timestamp_us| Audio {
            timestamp_us,
            ..mono(&vec![0.0; samples])
        };
        let times = [
            audio(3, None),
            audio(3, None),
            audio(10, Some(1_000_000)),
            audio(1, None),
            Audio {
                sample_rate: 3,
                ..audio(1, None)
            },
            Audio {
                sample_rate: 3,
                ..audio(2, None)
            },
            Audio {
                sample_rate: 3,
                ..audio(1, None)
            },
        ]
        .map(|audio| clock.next(&audio));
        // At 3 Hz a frame is no whole number of microseconds; nothing adds up.
        assert_eq!(
            times,
            [
                0, 3000, 1_000_000, 1_010_000, 1_011_000, 1_344_333, 2_011_000
            ]
        );
    }

    #[test]
    fn what_is_due_is_due_at_first_and_then_after_the_interval() {
        let mut every = Every::new(2);
        let mut due = |now| {
            let due = every.is_due(now);
            if due {
                every.done(now);
            }
            due
        };
        let found = [7, 2006, 2007, 4000, 0, 1999, 2000].map(&mut due);
        assert_eq!(found, [true, false, true, false, false, false, true]);
    }

    #[test]
    fn times_are_read_from_either_field() {
        let time_of = |name, value: Value| time(&object([(name, value)]));
        assert_eq!(time_of("timestamp_us", 5.into()), Some(5));
        assert_eq!(time_of("timestamp_us", 5.5.into()), Some(5));
        assert_eq!(
            time_of("ts", "1700000000000000".into()),
            Some(1_700_000_000_000_000)
        );
        assert_eq!(time_of("timestamp_us", Value::Null), None);
        assert_eq!(time_of("timestamp_us", (-1).into()), None);
        assert_eq!(time_of("ts", "soon".into()), None);
    }
}
