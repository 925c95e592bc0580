//! `EnergyVadNode`: the parts of audio that are loud.

use super::audio::{AudioNode, Joined, Process, format_of, later};
use super::measures::rms;
use super::params::{Params, factory, optional};
use crate::node::Node;
use crate::registry::{Factory, ParamProblem};
use crate::value::{Audio, Value};

const NAME: &str = "EnergyVadNode";

pub(super) fn node() -> Factory {
    let params = vec![
        optional(
            "threshold",
            "number",
            Some(0.02.into()),
            "Loudness from which a frame is speech.",
        ),
        optional("frame_ms", "int", Some(30.into()), "Length of a frame."),
        optional(
            "min_speech_ms",
            "int",
            Some(60.into()),
            "Least loud time of a part.",
        ),
        optional(
            "hangover_ms",
            "int",
            Some(300.into()),
            "Quiet time that ends a part.",
        ),
    ];
    let summary = "Keeps the parts of audio that are louder than `threshold`, each as one piece.";
    factory(NAME, summary, params, make)
}

fn make(params: &Value) -> Result<Box<dyn Node>, Vec<ParamProblem>> {
    const KNOWN: &[&str] = &["threshold", "frame_ms", "min_speech_ms", "hangover_ms"];
    let mut params = Params::new(NAME, params, KNOWN);
    let vad = Vad {
        threshold: params.float("threshold").unwrap_or(0.02),
        frame_ms: params.positive("frame_ms").unwrap_or(30).into(),
        min_speech_ms: params.count("min_speech_ms").unwrap_or(60).into(),
        hangover_ms: params.count("hangover_ms").unwrap_or(300).into(),
        waiting: Joined::default(),
        first: None,
        speech: Vec::new(),
        begin: 0,
        position: 0,
        loud: 0,
        quiet: 0,
        silence: 0,
    };
    params.done(AudioNode::boxed(NAME, vad))
}

struct Vad {
    threshold: f64,
    frame_ms: u64,
    min_speech_ms: u64,
    hangover_ms: u64,
    /// What does not make a frame yet.
    waiting: Joined,
    /// The stream's first piece, without samples.
    first: Option<Audio>,
    /// The part so far, with the quiet frames at its end.
    speech: Vec<f32>,
    /// Frames of the stream before the part, and so far.
    begin: u64,
    position: u64,
    /// Loud frames of the part, and quiet ones at its end.
    loud: u64,
    quiet: u64,
    /// Samples of those quiet frames; the stream's last frame may be short.
    silence: usize,
}

impl Process for Vad {
    fn take(&mut self, audio: Audio, given: &mut Vec<Audio>) -> Result<(), String> {
        if !self.waiting.fits(&audio) {
            self.flush(given);
        }
        if self.first.is_none() {
            self.first = Some(format_of(&audio));
        }
        self.waiting.add(&audio);
        let size = self.size(audio.sample_rate);
        while self.waiting.frames() >= size {
            if let Some(frame) = self.waiting.take(size) {
                self.frame(&frame.samples, size, given);
            }
        }
        Ok(())
    }

    fn flush(&mut self, given: &mut Vec<Audio>) {
        if let Some(first) = &self.first {
            let channels = first.channels as usize;
            if let Some(rest) = self.waiting.drain() {
                self.frame(&rest.samples, rest.samples.len() / channels, given);
            }
            self.part(given);
        }
        self.first = None;
        self.position = 0;
    }
}

impl Vad {
    /// Frames that make one frame of loudness.
    fn size(&self, sample_rate: u32) -> usize {
        let size = u64::from(sample_rate) * self.frame_ms / 1000;
        usize::try_from(size).unwrap_or(usize::MAX).max(1)
    }

    fn frame(&mut self, samples: &[f32], frames: usize, given: &mut Vec<Audio>) {
        let loud = rms(samples.iter().copied()) >= self.threshold;
        if loud && self.speech.is_empty() {
            self.begin = self.position;
        }
        self.position += frames as u64;
        if loud {
            self.loud += 1;
            self.quiet = 0;
            self.silence = 0;
        } else if self.speech.is_empty() {
            return;
        } else {
            self.quiet += 1;
            self.silence += samples.len();
        }
        self.speech.extend_from_slice(samples);
        if !loud && self.quiet * self.frame_ms >= self.hangover_ms {
            self.part(given);
        }
    }

    /// Gives what has been collected, without the silence at its end.
    fn part(&mut self, given: &mut Vec<Audio>) {
        let mut samples = std::mem::take(&mut self.speech);
        let loud = std::mem::take(&mut self.loud);
        self.quiet = 0;
        let silence = std::mem::take(&mut self.silence);
        let Some(first) = &self.first else { return };
        if samples.is_empty() || loud * self.frame_ms < self.min_speech_ms {
            return;
        }
        samples.truncate(samples.len().saturating_sub(silence));
        let rate = f64::from(first.sample_rate);
        let start = self.begin as f64 / rate;
        let length = samples.len() as f64 / f64::from(first.channels) / rate;
        let mut metadata = match &first.metadata {
            Some(Value::Map(fields)) => fields.clone(),
            _ => Vec::new(),
        };
        for (name, value) in [
            ("start", start),
            ("end", start + length),
            ("energy", rms(samples.iter().copied())),
        ] {
            match metadata.iter_mut().find(|(field, _)| field == name) {
                Some((_, field)) => *field = value.into(),
                None => metadata.push((name.to_owned(), value.into())),
            }
        }
        given.push(Audio {
            samples,
            timestamp_us: later(first.timestamp_us, self.begin, first.sample_rate),
            metadata: Some(Value::Map(metadata)),
            ..format_of(first)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::audio::tests::{mono, run};
    use super::*;

    fn node() -> Box<dyn Node> {
        let param = |name: &str, value: Value| (name.to_owned(), value);
        make(&Value::Map(vec![
            param("threshold", 0.1.into()),
            param("frame_ms", 2.into()),
            param("min_speech_ms", 4.into()),
            param("hangover_ms", 4.into()),
        ]))
        .unwrap()
    }

    #[test]
    fn loud_parts_come_out_without_the_quiet_around_them() {
        let (q, l) = ([0.0; 2], [0.5; 2]);
        // A short gap belongs to its part; a part that is too short is dropped.
        let mut signal = [q, q, l, q, l, q, q, q, l, q, q, l, l].concat();
        signal.push(0.0);
        for size in [1, 2, 5, signal.len()] {
            let given = run(&mut *node(), signal.chunks(size).map(mono).collect());
            let found: Vec<_> = given
                .iter()
                .map(|audio| (audio.samples.len(), audio.timestamp_us))
                .collect();
            assert_eq!(
                found,
                [(6, Some(1_004_000)), (4, Some(1_022_000))],
                "{size}"
            );
            let Some(Value::Map(metadata)) = &given[1].metadata else {
                panic!("no metadata");
            };
            assert_eq!(metadata[0], ("start".to_owned(), 0.022.into()));
            assert_eq!(metadata[2], ("energy".to_owned(), 0.5.into()));
        }
    }
}
