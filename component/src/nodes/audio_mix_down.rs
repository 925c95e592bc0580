//! `AudioMixDownNode`: all channels to one.

use super::audio::{AudioNode, Process};
use super::params::{Params, factory};
use crate::registry::Factory;
use crate::value::Audio;

const NAME: &str = "AudioMixDownNode";

pub(super) fn node() -> Factory {
    let summary = "Mixes all channels of audio down to one, their mean.";
    factory(NAME, summary, Vec::new(), |params| {
        Params::new(NAME, params, &[]).done(AudioNode::boxed(NAME, MixDown))
    })
}

struct MixDown;

impl Process for MixDown {
    fn take(&mut self, mut audio: Audio, given: &mut Vec<Audio>) -> Result<(), String> {
        if audio.channels > 1 {
            let share = 1.0 / f64::from(audio.channels);
            let mean = |frame: &[f32]| {
                let sum: f64 = frame.iter().copied().map(f64::from).sum();
                (sum * share) as f32
            };
            let frames = audio.samples.chunks_exact(audio.channels as usize);
            audio.samples = frames.map(mean).collect();
            audio.channels = 1;
        }
        given.push(audio);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::audio::tests::{mono, run};
    use super::*;

    #[test]
    fn the_mean_of_the_channels() {
        let mut node = AudioNode::boxed(NAME, MixDown);
        let stereo = Audio {
            channels: 2,
            ..mono(&[1.0, 0.0, -0.5, 0.25])
        };
        let given = run(&mut *node, vec![stereo, mono(&[0.75])]);
        assert_eq!(
            (given[0].channels, given[0].samples.as_slice()),
            (1, &[0.5, -0.125][..])
        );
        assert_eq!(given[1], mono(&[0.75]));
    }
}
