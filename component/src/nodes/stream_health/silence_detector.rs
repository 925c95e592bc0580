//! `SilenceDetectorNode`: silence that lasts, and sound that breaks off again
//! and again.

use std::collections::VecDeque;

use super::super::events::{Watch, Watcher, maybe, object, unsigned};
use super::super::measures::{decibels, rms};
use super::super::params::{Param, Params, factory, infos};
use crate::node::Node;
use crate::registry::{Factory, ParamProblem};
use crate::value::{Audio, Value};

const NAME: &str = "SilenceDetectorNode";
const PARAMS: &[Param] = &[
    Param::number(
        "silence_threshold_db",
        -50.0,
        "Level in dB up to which audio is silence.",
    ),
    Param::number(
        "sustained_silence_ms",
        500.0,
        "From how long on silence is sustained.",
    ),
    Param::whole(
        "dropout_count_threshold",
        3,
        "How many beginnings of silence in the window are intermittent dropouts.",
    ),
    Param::number("dropout_window_ms", 5000.0, "Length of that window."),
];

pub(super) fn node() -> Factory {
    let summary = "Tells of silence that lasts, and of sound that breaks off again and again.";
    factory(NAME, summary, infos(PARAMS), make)
}

fn make(params: &Value) -> Result<Box<dyn Node>, Vec<ParamProblem>> {
    let mut params = Params::of(NAME, params, PARAMS);
    let silence = Silence {
        threshold: params.number_of("silence_threshold_db"),
        sustained_ms: params.number_of("sustained_silence_ms"),
        many: params.whole_of("dropout_count_threshold"),
        window_us: (params.number_of("dropout_window_ms").max(0.0) * 1000.0) as u64,
        lasted_ms: 0.0,
        is_silent: false,
        dropouts: VecDeque::new(),
    };
    params.done(Watcher::boxed(silence))
}

struct Silence {
    threshold: f64,
    sustained_ms: f64,
    many: u32,
    window_us: u64,
    lasted_ms: f64,
    is_silent: bool,
    /// When silence began, in the window.
    dropouts: VecDeque<u64>,
}

impl Watch for Silence {
    fn audio(&mut self, audio: &Audio, now: u64) -> Option<Value> {
        let level = decibels(rms(audio.samples.iter().copied()));
        let is_silent = level <= self.threshold;
        if is_silent {
            let frames = audio.samples.len() as f64 / f64::from(audio.channels);
            self.lasted_ms += frames * 1000.0 / f64::from(audio.sample_rate);
        } else {
            self.lasted_ms = 0.0;
        }
        if is_silent && !self.is_silent {
            self.dropouts.push_back(now);
        }
        self.is_silent = is_silent;
        let window = self.window_us;
        self.dropouts
            .retain(|&began| now.saturating_sub(began) < window);
        let dropouts = self.dropouts.len();
        let is_sustained = is_silent && self.lasted_ms >= self.sustained_ms;
        let health = if !is_silent {
            1.0
        } else if is_sustained {
            0.0
        } else {
            1.0 - self.lasted_ms / self.sustained_ms
        };
        Some(object([
            ("is_silent", is_silent.into()),
            ("rms_db", level.into()),
            ("silence_duration_ms", self.lasted_ms.into()),
            ("is_sustained_silence", is_sustained.into()),
            ("dropout_count", unsigned(dropouts as u64)),
            (
                "has_intermittent_dropouts",
                (dropouts >= self.many as usize).into(),
            ),
            ("health", health.into()),
            ("stream_id", maybe(audio.stream_id.as_deref())),
            ("timestamp_us", unsigned(now)),
            ("_schema", "silence_event".into()),
        ]))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::audio::tests::mono;
    use super::super::super::events::tests::{all, item, run};
    use super::*;

    fn events(params: Vec<(String, Value)>, pieces: &[f32]) -> Vec<Value> {
        let mut node = make(&Value::Map(params)).unwrap();
        let audio = |&level| {
            item(Audio {
                timestamp_us: None,
                channels: 2,
                ..mono(&[level; 400])
            })
        };
        run(&mut *node, pieces.iter().map(audio))
    }

    #[test]
    fn silence_is_sustained_when_it_has_lasted() {
        let found = events(Vec::new(), &[0.5, 0.0, 0.0, 0.0, 0.5]);
        let durations = [0.0, 200.0, 400.0, 600.0, 0.0].map(Value::from);
        assert_eq!(all(&found, "silence_duration_ms"), durations);
        let sustained = [false, false, false, true, false].map(Value::from);
        assert_eq!(all(&found, "is_sustained_silence"), sustained);
        let health = [1.0, 0.6, 0.19999999999999996, 0.0, 1.0].map(Value::from);
        assert_eq!(all(&found, "health"), health);
    }

    #[test]
    fn dropouts_are_counted_in_the_window() {
        let window = vec![("dropout_window_ms".into(), 1000.into())];
        let found = events(window, &[0.0, 0.5, 0.0, 0.5, 0.0, 0.5, 0.5, 0.5, 0.5, 0.5]);
        let counts = [1, 1, 2, 2, 3, 2, 2, 1, 1, 0].map(Value::from);
        assert_eq!(all(&found, "dropout_count"), counts);
        assert_eq!(
            found[4].get("has_intermittent_dropouts"),
            Some(&true.into())
        );
        assert_eq!(
            found[5].get("has_intermittent_dropouts"),
            Some(&false.into())
        );
    }
}
