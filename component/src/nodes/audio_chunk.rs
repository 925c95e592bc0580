//! `AudioChunkNode`: audio in pieces of one size.

use super::audio::{AudioNode, Joined, Process};
use super::params::{Params, factory, optional};
use crate::node::Node;
use crate::registry::{Factory, ParamProblem};
use crate::value::{Audio, Value};

const NAME: &str = "AudioChunkNode";

pub(super) fn node() -> Factory {
    let params = vec![optional(
        "frames",
        "int",
        Some(1024.into()),
        "Frames of a chunk.",
    )];
    let summary = "Cuts audio into chunks of `frames` frames; the last one may be shorter.";
    factory(NAME, summary, params, make)
}

fn make(params: &Value) -> Result<Box<dyn Node>, Vec<ParamProblem>> {
    let mut params = Params::new(NAME, params, &["frames"]);
    let frames = params.positive("frames").unwrap_or(1024) as usize;
    let joined = Joined::default();
    params.done(AudioNode::boxed(NAME, Chunks { frames, joined }))
}

struct Chunks {
    frames: usize,
    joined: Joined,
}

impl Process for Chunks {
    fn take(&mut self, audio: Audio, given: &mut Vec<Audio>) -> Result<(), String> {
        if !self.joined.fits(&audio) {
            given.extend(self.joined.drain());
        }
        self.joined.add(&audio);
        while self.joined.frames() >= self.frames {
            given.extend(self.joined.take(self.frames));
        }
        Ok(())
    }

    fn flush(&mut self, given: &mut Vec<Audio>) {
        given.extend(self.joined.drain());
    }
}

#[cfg(test)]
mod tests {
    use super::super::audio::tests::{mono, run};
    use super::*;

    #[test]
    fn chunks_span_items_and_formats_do_not_mix() {
        let params = Value::Map(vec![("frames".into(), 2.into())]);
        let other = Audio {
            sample_rate: 8000,
            ..mono(&[6.0])
        };
        let items = vec![mono(&[1.0, 2.0, 3.0]), mono(&[4.0, 5.0]), other];
        let given = run(&mut *make(&params).unwrap(), items);
        let samples: Vec<_> = given.iter().map(|audio| audio.samples.as_slice()).collect();
        assert_eq!(samples, [&[1.0, 2.0][..], &[3.0, 4.0], &[5.0], &[6.0]]);
        let begins: Vec<_> = given
            .iter()
            .filter_map(|audio| audio.timestamp_us)
            .collect();
        assert_eq!(begins, [1_000_000, 1_002_000, 1_004_000, 1_000_000]);
        assert!(make(&Value::Map(vec![("frames".into(), 0.into())])).is_err());
    }
}
