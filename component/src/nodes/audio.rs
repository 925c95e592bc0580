//! What the audio nodes have in common. They give what the Python nodes of the
//! same names give.

use super::events::outputs;
use crate::node::{Node, NodeError, Outputs};
use crate::value::{Audio, Media, Value};

/// What a node does with audio.
pub(super) trait Process {
    /// Takes one piece of audio.
    fn take(&mut self, audio: Audio, given: &mut Vec<Audio>) -> Result<(), String>;

    /// Gives what is left at the end.
    fn flush(&mut self, _given: &mut Vec<Audio>) {}
}

/// A node whose items are audio. Control messages pass; all else is an error.
pub(super) struct AudioNode<P> {
    node_type: &'static str,
    process: P,
}

impl<P: Process + 'static> AudioNode<P> {
    pub(super) fn boxed(node_type: &'static str, process: P) -> Box<dyn Node> {
        Box::new(Self { node_type, process })
    }
}

impl<P: Process> Node for AudioNode<P> {
    fn process(&mut self, item: Value) -> Result<Outputs, NodeError> {
        let audio = match item {
            Value::Media(medium) => match *medium {
                Media::Audio(audio) => audio,
                Media::Control(_) => return Ok(Outputs::One(Value::Media(medium))),
                other => return Err(self.refuse(other.kind())),
            },
            other => return Err(self.refuse(other.kind())),
        };
        check(&audio)?;
        let mut given = Vec::new();
        self.process
            .take(audio, &mut given)
            .map_err(NodeError::failed)?;
        Ok(items(given))
    }

    fn finish(&mut self) -> Result<Outputs, NodeError> {
        let mut given = Vec::new();
        self.process.flush(&mut given);
        Ok(items(given))
    }
}

impl<P> AudioNode<P> {
    fn refuse(&self, found: &str) -> NodeError {
        NodeError::failed(format!("{} takes audio, not {found}", self.node_type))
    }
}

/// Whether audio's fields go together.
pub(super) fn check(audio: &Audio) -> Result<(), NodeError> {
    let channels = audio.channels as usize;
    if channels == 0 || audio.sample_rate == 0 || !audio.samples.len().is_multiple_of(channels) {
        let message = "the audio's sample rate, channels and samples do not go together";
        return Err(NodeError::failed(message));
    }
    Ok(())
}

fn items(given: Vec<Audio>) -> Outputs {
    outputs(given.into_iter().map(item).collect())
}

fn item(audio: Audio) -> Value {
    Value::Media(Box::new(Media::Audio(audio)))
}

/// Audio without its samples.
pub(super) fn format_of(audio: &Audio) -> Audio {
    Audio {
        samples: Vec::new(),
        stream_id: audio.stream_id.clone(),
        metadata: audio.metadata.clone(),
        ..*audio
    }
}

/// Whether audio goes on where other audio ends: same format, same stream.
pub(super) fn continues(first: &Audio, audio: &Audio) -> bool {
    first.sample_rate == audio.sample_rate
        && first.channels == audio.channels
        && first.stream_id == audio.stream_id
}

/// A time some frames later.
pub(super) fn later(timestamp_us: Option<u64>, frames: u64, sample_rate: u32) -> Option<u64> {
    let micros = u128::from(frames) * 1_000_000 / u128::from(sample_rate.max(1));
    let micros = u64::try_from(micros).unwrap_or(u64::MAX);
    timestamp_us.map(|begin| begin.saturating_add(micros))
}

/// Audio that is collected over several items, in one format at a time.
#[derive(Default)]
pub(super) struct Joined {
    samples: Vec<f32>,
    /// The format, and what else is said of the first piece.
    first: Option<Audio>,
    /// Frames that have been taken since the first piece.
    taken: u64,
    /// Where in `samples` begins what has not been taken.
    at: usize,
}

impl Joined {
    /// How many frames are there.
    pub(super) fn frames(&self) -> usize {
        let channels = self
            .first
            .as_ref()
            .map_or(1, |first| first.channels as usize);
        (self.samples.len() - self.at) / channels
    }

    /// Whether audio continues what is there.
    pub(super) fn fits(&self, audio: &Audio) -> bool {
        self.first
            .as_ref()
            .is_none_or(|first| continues(first, audio))
    }

    /// Appends audio that fits.
    pub(super) fn add(&mut self, audio: &Audio) {
        if self.first.is_none() {
            self.first = Some(format_of(audio));
            self.taken = 0;
        }
        if self.at > self.samples.len() / 2 {
            self.samples.drain(..self.at);
            self.at = 0;
        }
        self.samples.extend_from_slice(&audio.samples);
    }

    /// Takes the first frames, as audio that says when it begins.
    pub(super) fn take(&mut self, frames: usize) -> Option<Audio> {
        let first = self.first.as_ref()?;
        let channels = first.channels as usize;
        let length = frames.saturating_mul(channels);
        let end = self.at.saturating_add(length).min(self.samples.len());
        if end == self.at {
            return None;
        }
        let samples = self.samples[self.at..end].to_vec();
        self.at = end;
        let begin = later(first.timestamp_us, self.taken, first.sample_rate);
        self.taken += (samples.len() / channels) as u64;
        Some(Audio {
            samples,
            timestamp_us: begin,
            ..format_of(first)
        })
    }

    /// All that is left, if anything is. What comes next may have any format.
    pub(super) fn drain(&mut self) -> Option<Audio> {
        let rest = self.take(usize::MAX);
        *self = Self::default();
        rest
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::value::Control;

    /// Mono audio at 1000 Hz that begins at one second.
    pub(crate) fn mono(samples: &[f32]) -> Audio {
        Audio {
            samples: samples.to_vec(),
            sample_rate: 1000,
            channels: 1,
            stream_id: None,
            timestamp_us: Some(1_000_000),
            metadata: None,
        }
    }

    /// Gives a node all audio and ends it.
    pub(crate) fn run(node: &mut dyn Node, items: Vec<Audio>) -> Vec<Audio> {
        let mut all = Vec::new();
        let mut collect = |outputs| {
            let mut keep = |value| match value {
                Value::Media(medium) => match *medium {
                    Media::Audio(audio) => all.push(audio),
                    other => panic!("{other:?}"),
                },
                other => panic!("{other:?}"),
            };
            match outputs {
                Outputs::None => {}
                Outputs::One(value) => keep(value),
                Outputs::Many(mut items) => {
                    while let Some(value) = items.next().unwrap() {
                        keep(value);
                    }
                }
            }
        };
        for audio in items {
            collect(node.process(item(audio)).unwrap());
        }
        collect(node.finish().unwrap());
        all
    }

    struct Same;

    impl Process for Same {
        fn take(&mut self, audio: Audio, given: &mut Vec<Audio>) -> Result<(), String> {
            given.push(audio);
            Ok(())
        }
    }

    #[test]
    fn control_messages_pass_and_all_else_is_refused() {
        let mut node = AudioNode::boxed("Same", Same);
        let control = Value::Media(Box::new(Media::Control(Control {
            kind: "batch-hint",
            segment_id: None,
            timestamp_ms: 0,
        })));
        assert!(matches!(
            node.process(control),
            Ok(Outputs::One(Value::Media(_)))
        ));
        let error = node.process(Value::Ints(vec![1])).err().unwrap();
        assert_eq!(error.to_string(), "Same takes audio, not a list");
        let odd = Audio {
            channels: 2,
            ..mono(&[0.0; 3])
        };
        assert!(node.process(item(odd)).is_err());
    }

    #[test]
    fn what_is_joined_knows_when_it_begins() {
        let mut joined = Joined::default();
        joined.add(&mono(&[1.0, 2.0, 3.0]));
        joined.add(&mono(&[4.0]));
        assert_eq!(joined.frames(), 4);
        assert_eq!(joined.take(3).unwrap().samples, [1.0, 2.0, 3.0]);
        let rest = joined.drain().unwrap();
        assert_eq!(
            (rest.samples, rest.timestamp_us),
            (vec![4.0], Some(1_003_000))
        );
        assert!(joined.drain().is_none());
        assert!(joined.fits(&Audio {
            channels: 2,
            ..mono(&[])
        }));
    }
}
