//! `AudioMixDownNode`: all channels to one.

use super::audio::{AudioNode, Process};
use super::measures::mono;
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
            audio.samples = mono(&audio.samples, audio.channels);
            audio.channels = 1;
        }
        given.push(audio);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::audio::tests::{mono as audio, run};
    use super::*;

    #[test]
    fn the_mean_of_the_channels() {
        let mut node = AudioNode::boxed(NAME, MixDown);
        let stereo = Audio {
            channels: 2,
            ..audio(&[1.0, 0.0, -0.5, 0.25])
        };
        let given = run(&mut *node, vec![stereo, audio(&[0.75])]);
        assert_eq!(
            (given[0].channels, given[0].samples.as_slice()),
            (1, &[0.5, -0.125][..])
        );
        assert_eq!(given[1], audio(&[0.75]));
    }
}
