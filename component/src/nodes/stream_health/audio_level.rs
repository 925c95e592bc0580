//! `AudioLevelNode`: how loud audio is.

use super::super::events::{Watch, Watcher, maybe, object, unsigned};
use super::super::measures::{decibels, peak, rms};
use super::super::params::{Param, Params, factory, infos};
use crate::node::Node;
use crate::registry::{Factory, ParamProblem};
use crate::value::{Audio, Value};

const NAME: &str = "AudioLevelNode";
const PARAMS: &[Param] = &[
    Param::number(
        "low_volume_threshold_db",
        -20.0,
        "Level in dB up to which the volume is low.",
    ),
    Param::number(
        "silence_threshold_db",
        -60.0,
        "Level in dB up to which audio is silence.",
    ),
    Param::unused("window_size_ms"),
];

pub(super) fn node() -> Factory {
    let summary =
        "Gives the level of audio, and whether it is low or silent, in place of the audio.";
    factory(NAME, summary, infos(PARAMS), make)
}

fn make(params: &Value) -> Result<Box<dyn Node>, Vec<ParamProblem>> {
    let mut params = Params::of(NAME, params, PARAMS);
    let level = Level {
        low: params.number_of("low_volume_threshold_db"),
        silence: params.number_of("silence_threshold_db"),
    };
    params.done(Watcher::boxed(level))
}

struct Level {
    low: f64,
    silence: f64,
}

impl Watch for Level {
    fn audio(&mut self, audio: &Audio, now: u64) -> Option<Value> {
        let level = decibels(rms(audio.samples.iter().copied()));
        let is_silence = level <= self.silence;
        // From nothing at the one threshold to all at the other.
        let health = if is_silence {
            0.0
        } else if level >= self.low {
            1.0
        } else {
            (level - self.silence) / (self.low - self.silence)
        };
        Some(object([
            ("rms_db", level.into()),
            ("peak_db", decibels(peak(&audio.samples)).into()),
            ("is_low_volume", (!is_silence && level <= self.low).into()),
            ("is_silence", is_silence.into()),
            ("health", health.into()),
            ("stream_id", maybe(audio.stream_id.as_deref())),
            ("timestamp_us", unsigned(now)),
            ("_schema", "audio_level_event".into()),
        ]))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::audio::tests::mono;
    use super::super::super::events::tests::{all, item, run};
    use super::*;

    #[test]
    fn silence_low_and_normal_are_told_apart() {
        let mut node = make(&Value::Map(Vec::new())).unwrap();
        let pieces = [[0.0; 4], [0.01; 4], [1.0; 4], [0.1; 4], [-0.2; 4]];
        let events = run(&mut *node, pieces.map(|piece| item(mono(&piece))));
        let flags = |name| all(&events, name);
        assert_eq!(
            flags("is_silence"),
            [true, false, false, false, false].map(Value::from)
        );
        // 0.1 as a 32-bit float is a little above -20 dB.
        assert_eq!(
            flags("is_low_volume"),
            [false, true, false, false, false].map(Value::from)
        );
        let Value::Float(health) = flags("health")[1] else {
            panic!()
        };
        assert!((health - 0.5).abs() < 1e-6, "{health}");
        assert_eq!(flags("rms_db")[0], (-120.0).into());
        assert_eq!(flags("peak_db")[2], 0.0.into());
    }

    #[test]
    fn all_else_passes() {
        let mut node = make(&Value::Map(Vec::new())).unwrap();
        let events = run(&mut *node, [Value::Null, "x".into()]);
        assert_eq!(events, [Value::Null, "x".into()]);
    }
}
