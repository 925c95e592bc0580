//! `AudioGainNode`: louder or quieter.

use super::audio::{AudioNode, Process};
use super::params::{Params, factory, optional};
use crate::node::Node;
use crate::registry::{Factory, ParamProblem};
use crate::value::{Audio, Value};

const NAME: &str = "AudioGainNode";

pub(super) fn node() -> Factory {
    let params = vec![
        optional("gain_db", "number", Some(0.0.into()), "Decibels to add."),
        optional(
            "clip",
            "bool",
            Some(false.into()),
            "Whether samples are limited to ±1.",
        ),
    ];
    let summary = "Makes audio louder or quieter by `gain_db` decibels.";
    factory(NAME, summary, params, make)
}

fn make(params: &Value) -> Result<Box<dyn Node>, Vec<ParamProblem>> {
    let mut params = Params::new(NAME, params, &["gain_db", "clip"]);
    let gain_db = params.float("gain_db").unwrap_or(0.0);
    let clip = params.boolean("clip").unwrap_or(false);
    let factor = 10_f64.powf(gain_db / 20.0);
    params.done(AudioNode::boxed(NAME, Gain { factor, clip }))
}

struct Gain {
    factor: f64,
    clip: bool,
}

impl Process for Gain {
    fn take(&mut self, mut audio: Audio, given: &mut Vec<Audio>) -> Result<(), String> {
        for sample in &mut audio.samples {
            let mut scaled = f64::from(*sample) * self.factor;
            if self.clip {
                scaled = scaled.clamp(-1.0, 1.0);
            }
            *sample = scaled as f32;
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
    fn decibels_are_twenty_to_the_power_of_ten() {
        let params = Value::Map(vec![("gain_db".into(), 20.into())]);
        let given = run(
            &mut *make(&params).unwrap(),
            vec![mono(&[0.0625, -0.125, 0.5])],
        );
        assert_eq!(given[0].samples, [0.625, -1.25, 5.0]);
        let params = Value::Map(vec![
            ("gain_db".into(), 20.0.into()),
            ("clip".into(), true.into()),
        ]);
        let given = run(
            &mut *make(&params).unwrap(),
            vec![mono(&[0.0625, -0.0625, 0.5, -7.0])],
        );
        assert_eq!(given[0].samples, [0.625, -0.625, 1.0, -1.0]);
    }
}
