//! `AudioResampleNode`: other sample rates, by windowed-sinc interpolation.

use std::collections::HashMap;
use std::f64::consts::PI;

use super::audio::{AudioNode, Process, continues, format_of, later};
use super::params::{Params, factory, optional};
use crate::node::Node;
use crate::registry::{Factory, ParamProblem};
use crate::value::{Audio, Value};

const NAME: &str = "AudioResampleNode";
const DEFAULT_RATE: u32 = 16_000;
/// Largest ratio of two rates: what lies beyond is a mistake, and takes
/// memory without end.
const MAX_RATIO: u32 = 1000;
/// Most weights that are kept rather than computed anew.
const MAX_KEPT: usize = 1 << 20;

/// Zero crossings on each side of the filter, by quality.
const ZEROS: &[(&str, u32)] = &[("low", 4), ("medium", 8), ("high", 16)];

pub(super) fn node() -> Factory {
    let params = vec![
        optional(
            "sample_rate",
            "int",
            Some(i64::from(DEFAULT_RATE).into()),
            "Frames a second of what comes out.",
        ),
        optional(
            "quality",
            "low | medium | high",
            Some("high".into()),
            "Length of the filter.",
        ),
        optional(
            "continuous",
            "bool",
            Some(true.into()),
            "Whether pieces that follow one another are one signal.",
        ),
        optional(
            "target_sample_rate",
            "int",
            None,
            "Another name for `sample_rate`.",
        ),
    ];
    let summary = "Changes the sample rate of audio.";
    factory(NAME, summary, params, make)
}

fn make(params: &Value) -> Result<Box<dyn Node>, Vec<ParamProblem>> {
    const KNOWN: &[&str] = &["sample_rate", "quality", "continuous", "target_sample_rate"];
    let mut params = Params::new(NAME, params, KNOWN);
    let rate = params.positive("sample_rate");
    // As in Python, the other name wins.
    let rate = params.positive("target_sample_rate").or(rate);
    let zeros = params.one_of("quality", ZEROS).unwrap_or(16);
    let continuous = params.boolean("continuous").unwrap_or(true);
    let resample = Resample {
        zeros,
        continuous,
        ..Resample::new(rate.unwrap_or(DEFAULT_RATE))
    };
    params.done(AudioNode::boxed(NAME, resample))
}

/// Resamples audio that comes in pieces.
pub(super) struct Resample {
    rate: u32,
    zeros: u32,
    continuous: bool,
    /// The signal at work, and its first piece.
    current: Option<(Resampler, Audio)>,
}

impl Resample {
    /// To this rate, as well as can be.
    pub(super) fn new(rate: u32) -> Self {
        Self {
            rate,
            zeros: 16,
            continuous: true,
            current: None,
        }
    }
}

impl Process for Resample {
    fn take(&mut self, audio: Audio, given: &mut Vec<Audio>) -> Result<(), String> {
        let fits = |(_, first): &(Resampler, Audio)| continues(first, &audio);
        if !self.current.as_ref().is_none_or(fits) {
            self.flush(given);
        }
        if audio.sample_rate == self.rate {
            given.push(audio);
            return Ok(());
        }
        let (low, high) = (
            audio.sample_rate.min(self.rate),
            audio.sample_rate.max(self.rate),
        );
        if high / low > MAX_RATIO {
            return Err(format!(
                "{} Hz and {} Hz are more than a factor of {MAX_RATIO} apart",
                audio.sample_rate, self.rate
            ));
        }
        let (resampler, first) = self.current.get_or_insert_with(|| {
            (
                Resampler::new(&audio, self.rate, self.zeros),
                format_of(&audio),
            )
        });
        let begin = resampler.given;
        let mut samples = resampler.push(&audio.samples);
        if !self.continuous {
            samples.extend(resampler.finish());
        }
        given.extend(piece(first, self.rate, samples, begin));
        if !self.continuous {
            self.current = None;
        }
        Ok(())
    }

    fn flush(&mut self, given: &mut Vec<Audio>) {
        if let Some((mut resampler, first)) = self.current.take() {
            let begin = resampler.given;
            given.extend(piece(&first, self.rate, resampler.finish(), begin));
        }
    }
}

fn piece(first: &Audio, rate: u32, samples: Vec<f32>, begin: u64) -> Option<Audio> {
    (!samples.is_empty()).then(|| Audio {
        samples,
        sample_rate: rate,
        timestamp_us: later(first.timestamp_us, begin, rate),
        ..format_of(first)
    })
}

/// Interpolates one signal over any number of pieces.
struct Resampler {
    channels: usize,
    /// The rates, target and source, without common factors.
    up: u64,
    down: u64,
    /// Of the lower of the two Nyquist frequencies, so that nothing is aliased.
    cutoff: f64,
    /// Frames on each side of a position that count.
    half: usize,
    /// Weights around a position that is `phase / up` after a frame.
    filters: HashMap<u64, Vec<f64>>,
    /// Interleaved frames; before the first one is silence.
    history: Vec<f32>,
    /// The frame of the history before or at the next position, which is
    /// `phase / up` after it.
    at: usize,
    phase: u64,
    received: u64,
    /// How many frames have come out.
    given: u64,
}

impl Resampler {
    fn new(audio: &Audio, rate: u32, zeros: u32) -> Self {
        let common = gcd(audio.sample_rate, rate);
        let (up, down) = (rate / common, audio.sample_rate / common);
        let ratio = f64::from(up) / f64::from(down);
        let cutoff = ratio.min(1.0) * (1.0 - 0.5 / f64::from(zeros));
        let half = (f64::from(zeros) / cutoff) as usize + 1;
        let channels = audio.channels as usize;
        Self {
            channels,
            up: up.into(),
            down: down.into(),
            cutoff,
            half,
            filters: HashMap::new(),
            history: vec![0.0; (half - 1) * channels],
            at: half - 1,
            phase: 0,
            received: 0,
            given: 0,
        }
    }

    /// Takes frames, and gives those that can be computed from what is there.
    fn push(&mut self, samples: &[f32]) -> Vec<f32> {
        self.received += (samples.len() / self.channels) as u64;
        self.history.extend_from_slice(samples);
        self.compute(u64::MAX)
    }

    /// Gives the last frames; the signal is taken to go on with silence.
    fn finish(&mut self) -> Vec<f32> {
        let silence = self.half * self.channels;
        self.history.resize(self.history.len() + silence, 0.0);
        let frames = (u128::from(self.received) * u128::from(self.up)).div_ceil(self.down.into());
        self.compute(u64::try_from(frames).unwrap_or(u64::MAX))
    }

    fn compute(&mut self, limit: u64) -> Vec<f32> {
        let frames = self.history.len() / self.channels;
        let mut result = Vec::new();
        while self.given < limit && self.at + self.half < frames {
            let kept = self.filters.len() * 2 * self.half;
            let weights = if kept < MAX_KEPT || self.filters.contains_key(&self.phase) {
                let (phase, up) = (self.phase, self.up);
                let (half, cutoff) = (self.half, self.cutoff);
                let compute = || weights(phase as f64 / up as f64, half, cutoff);
                &*self.filters.entry(phase).or_insert_with(compute)
            } else {
                &weights(self.phase as f64 / self.up as f64, self.half, self.cutoff)
            };
            let start = (self.at + 1 - self.half) * self.channels;
            let window = &self.history[start..start + 2 * self.half * self.channels];
            for channel in 0..self.channels {
                let samples = window[channel..].iter().step_by(self.channels);
                let products = weights.iter().zip(samples);
                let sum: f64 = products.map(|(w, &sample)| w * f64::from(sample)).sum();
                result.push(sum as f32);
            }
            self.given += 1;
            let next = self.phase + self.down;
            self.at += (next / self.up) as usize;
            self.phase = next % self.up;
        }
        // Of the history, `half - 1` frames before the next position count.
        let unneeded = (self.at + 1 - self.half).min(frames);
        self.history.drain(..unneeded * self.channels);
        self.at -= unneeded;
        result
    }
}

/// A sinc under a Blackman window, of sum 1.
fn weights(fraction: f64, half: usize, cutoff: f64) -> Vec<f64> {
    let half = half as i64;
    let mut weights: Vec<f64> = (1 - half..=half)
        .map(|offset| {
            let distance = offset as f64 - fraction;
            let angle = PI * cutoff * distance;
            let sinc = match angle.abs() < 1e-12 {
                true => 1.0,
                false => angle.sin() / angle,
            };
            let turn = PI * distance / half as f64;
            sinc * (0.42 + 0.5 * turn.cos() + 0.08 * (2.0 * turn).cos())
        })
        .collect();
    let total: f64 = weights.iter().sum();
    for weight in &mut weights {
        *weight /= total;
    }
    weights
}

fn gcd(mut a: u32, mut b: u32) -> u32 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

#[cfg(test)]
mod tests {
    use super::super::audio::tests::{mono, run};
    use super::*;

    fn node(rate: i64) -> Box<dyn Node> {
        make(&Value::Map(vec![("sample_rate".into(), rate.into())])).unwrap()
    }

    fn joined(given: &[Audio]) -> Vec<f32> {
        given
            .iter()
            .flat_map(|audio| audio.samples.clone())
            .collect()
    }

    #[test]
    fn a_tone_stays_a_tone() {
        let tone =
            |rate: f32, n: usize| (0.05 * std::f32::consts::TAU * 1000.0 * n as f32 / rate).sin();
        for rate in [2000_u32, 500, 1500, 441] {
            let samples: Vec<f32> = (0..1000).map(|n| tone(1000.0, n)).collect();
            let given = joined(&run(&mut *node(rate.into()), vec![mono(&samples)]));
            assert_eq!(given.len(), rate as usize);
            // Near the ends there is silence beside the tone.
            let middle = rate as usize / 10..rate as usize * 9 / 10;
            for (n, sample) in given.iter().enumerate().filter(|(n, _)| middle.contains(n)) {
                let expected = tone(rate as f32, n);
                assert!(
                    (sample - expected).abs() < 1e-3,
                    "{rate} {n}: {sample} {expected}"
                );
            }
        }
    }

    #[test]
    fn pieces_of_any_size_give_what_the_whole_gives() {
        let samples: Vec<f32> = (0..500).map(|n| ((n * n) % 97) as f32 / 97.0).collect();
        let whole = joined(&run(&mut *node(750), vec![mono(&samples)]));
        for size in [1, 7, 100] {
            let pieces = samples.chunks(size).map(mono).collect();
            assert_eq!(joined(&run(&mut *node(750), pieces)), whole, "{size}");
        }
    }

    #[test]
    fn the_python_node_gives_the_same() {
        let samples: Vec<f32> = (0..40).map(|n| ((n * n) % 97) as f32 / 97.0).collect();
        let expected: [(i64, usize, [f32; 4], f32); 3] = [
            (750, 30, [0.00626, 0.00934, 0.085768, 0.147424], 0.836416),
            (1500, 60, [0.003851, 0.005594, 0.010475, 0.048994], 0.382366),
            (441, 18, [-0.030174, 0.097576, 0.142653, 0.597948], 0.55342),
        ];
        for (rate, count, begin, end) in expected {
            let given = joined(&run(&mut *node(rate), vec![mono(&samples)]));
            assert_eq!(given.len(), count);
            for (found, expected) in given.iter().zip(begin) {
                assert!((found - expected).abs() < 2e-6, "{rate}: {given:?}");
            }
            assert!((given[count - 1] - end).abs() < 2e-6, "{rate}: {given:?}");
        }
    }

    #[test]
    fn channels_stay_apart() {
        let samples: Vec<f32> = (0..200).map(|n| ((n * 31) % 13) as f32).collect();
        let stereo: Vec<f32> = samples
            .iter()
            .flat_map(|&sample| [sample, -sample])
            .collect();
        let one = joined(&run(&mut *node(600), vec![mono(&samples)]));
        let two = joined(&run(
            &mut *node(600),
            vec![Audio {
                channels: 2,
                ..mono(&stereo)
            }],
        ));
        let (left, right): (Vec<_>, Vec<_>) = two.chunks(2).map(|f| (f[0], -f[1])).unzip();
        assert_eq!(left, one);
        assert_eq!(right, one);
    }

    #[test]
    fn rates_far_apart_are_refused() {
        let mut node = node(4_000_000_000);
        let item = Value::Media(Box::new(crate::value::Media::Audio(mono(&[1.0]))));
        assert!(node.process(item).is_err());
    }
}
