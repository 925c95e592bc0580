//! `SpeechPresenceNode`: who speaks, and for how long.

use super::super::events::{Every, Watch, Watcher, maybe, object, unsigned};
use super::super::measures::{channel, decibels, rms};
use super::super::params::{Param, Params, factory, infos};
use crate::node::Node;
use crate::registry::{Factory, ParamProblem};
use crate::value::{Audio, Value};

const NAME: &str = "SpeechPresenceNode";
const PARAMS: &[Param] = &[
    Param::whole(
        "dead_air_threshold_ms",
        2000,
        "From how long on silence is dead air.",
    ),
    Param::whole(
        "overlap_threshold_ms",
        500,
        "From how long on both channels at once are an overlap.",
    ),
    Param::number(
        "silence_threshold_db",
        -50.0,
        "Level in dB above which audio is speech.",
    ),
    Param::maybe_whole(
        "emit_interval_ms",
        "How often a state is told of that stays; without it, once.",
    ),
    Param::unused("emit_on_transition"),
];

pub(super) fn node() -> Factory {
    let summary = "Tells who speaks, or that nobody does, when that changes.";
    factory(NAME, summary, infos(PARAMS), make)
}

fn make(params: &Value) -> Result<Box<dyn Node>, Vec<ParamProblem>> {
    let mut params = Params::of(NAME, params, PARAMS);
    let presence = Presence {
        dead_air_ms: params.whole_of("dead_air_threshold_ms").into(),
        overlap_ms: params.whole_of("overlap_threshold_ms").into(),
        threshold: params.number_of("silence_threshold_db"),
        repeats: params.count("emit_interval_ms").map(Every::new),
        speakers: [Speaker::default(), Speaker::default()],
        both: Lasting::default(),
        told: None,
    };
    params.done(Watcher::boxed(presence))
}

struct Presence {
    dead_air_ms: u64,
    overlap_ms: u64,
    threshold: f64,
    repeats: Option<Every>,
    /// Left and right; of mono, the first.
    speakers: [Speaker; 2],
    /// Both at once.
    both: Lasting,
    /// The state that was told of last.
    told: Option<&'static str>,
}

#[derive(Default)]
struct Speaker {
    is_active: bool,
    /// Since that last changed.
    lasts: Lasting,
}

/// Frames at a rate, which may change.
#[derive(Default)]
struct Lasting(f64);

impl Lasting {
    fn add(&mut self, audio: &Audio) {
        let frames = audio.samples.len() as f64 / f64::from(audio.channels);
        self.0 += frames * 1000.0 / f64::from(audio.sample_rate);
    }

    /// Whole milliseconds. Times that add up to one are taken for it.
    fn ms(&self) -> u64 {
        (self.0 + 1e-6) as u64
    }
}

impl Speaker {
    fn hear(&mut self, is_active: bool, audio: &Audio) {
        if is_active != self.is_active {
            self.is_active = is_active;
            self.lasts = Lasting::default();
        }
        self.lasts.add(audio);
    }
}

impl Watch for Presence {
    fn audio(&mut self, audio: &Audio, now: u64) -> Option<Value> {
        let is_stereo = audio.channels == 2;
        match is_stereo {
            true => {
                for (side, speaker) in self.speakers.iter_mut().enumerate() {
                    let level = decibels(rms(channel(&audio.samples, side, 2)));
                    speaker.hear(level > self.threshold, audio);
                }
            }
            false => {
                let level = decibels(rms(audio.samples.iter().copied()));
                self.speakers[0].hear(level > self.threshold, audio);
            }
        }
        let state = match is_stereo {
            true => self.stereo(audio),
            false => self.mono(),
        };
        let repeats = self.repeats.as_mut();
        let is_due = repeats.is_some_and(|repeats| repeats.is_due(now));
        if self.told == Some(state) && !is_due {
            return None;
        }
        self.told = Some(state);
        if let Some(repeats) = &mut self.repeats {
            repeats.done(now);
        }
        Some(self.event(state, is_stereo, audio, now))
    }
}

impl Presence {
    fn mono(&self) -> &'static str {
        let [speaker, _] = &self.speakers;
        match speaker.is_active {
            true => "speaking",
            false if speaker.lasts.ms() >= self.dead_air_ms => "dead_air",
            false => "silent",
        }
    }

    fn stereo(&mut self, audio: &Audio) -> &'static str {
        let [left, right] = &self.speakers;
        match left.is_active && right.is_active {
            true => self.both.add(audio),
            false => self.both = Lasting::default(),
        }
        let silent_ms = left.lasts.ms().min(right.lasts.ms());
        match (left.is_active, right.is_active) {
            (true, true) if self.both.ms() >= self.overlap_ms => "overlap",
            (true, true) => "speaking_both",
            (true, false) => "speaking_left",
            (false, true) => "speaking_right",
            (false, false) if silent_ms >= self.dead_air_ms => "dead_air",
            (false, false) => "silent",
        }
    }

    fn event(&self, state: &str, is_stereo: bool, audio: &Audio, now: u64) -> Value {
        let stream_id = maybe(audio.stream_id.as_deref());
        let [left, right] = &self.speakers;
        if !is_stereo {
            return object([
                ("event_type", "speech.presence".into()),
                ("_schema", "speech_presence_v1".into()),
                ("state", state.into()),
                ("duration_ms", unsigned(left.lasts.ms())),
                ("timestamp_us", unsigned(now)),
                ("stream_id", stream_id),
            ]);
        }
        let speaker = |speaker: &Speaker| {
            object([
                ("active", speaker.is_active.into()),
                ("duration_ms", unsigned(speaker.lasts.ms())),
            ])
        };
        let speakers = object([("left", speaker(left)), ("right", speaker(right))]);
        object([
            ("event_type", "speech.presence".into()),
            ("_schema", "speech_presence_v1".into()),
            ("state", state.into()),
            ("speakers", speakers),
            ("overlap_duration_ms", unsigned(self.both.ms())),
            ("timestamp_us", unsigned(now)),
            ("stream_id", stream_id),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::audio::tests::mono;
    use super::super::super::events::tests::{all, item, run};
    use super::*;

    fn node(params: &[(&str, i64)]) -> Box<dyn Node> {
        let fields = params
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.into()));
        make(&Value::Map(fields.collect())).unwrap()
    }

    /// Half a second of each frame.
    fn events<const C: usize>(params: &[(&str, i64)], frames: &[[f32; C]]) -> Vec<Value> {
        let audio = |frame: &[f32; C]| {
            item(Audio {
                channels: C as u32,
                timestamp_us: None,
                ..mono(&frame.repeat(500))
            })
        };
        run(&mut *node(params), frames.iter().map(audio))
    }

    #[test]
    fn silence_becomes_dead_air_and_changes_are_told() {
        let found = events(
            &[],
            &[[0.5], [0.5], [0.0], [0.0], [0.0], [0.0], [0.0], [0.5]],
        );
        let states = ["speaking", "silent", "dead_air", "speaking"];
        assert_eq!(all(&found, "state"), states.map(Value::from));
        assert_eq!(
            all(&found, "duration_ms"),
            [500, 500, 2000, 500].map(Value::from)
        );
        let times = [0, 1_000_000, 2_500_000, 3_500_000];
        assert_eq!(all(&found, "timestamp_us"), times.map(Value::from));
    }

    #[test]
    fn a_state_that_stays_is_told_of_again_where_that_is_asked_for() {
        let found = events(&[("emit_interval_ms", 1000)], &[[0.5]; 5]);
        assert_eq!(
            all(&found, "duration_ms"),
            [500, 1500, 2500].map(Value::from)
        );
    }

    #[test]
    fn two_channels_are_two_speakers() {
        let [l, r, b, q] = [[0.5, 0.0], [0.0, 0.5], [0.5, 0.5], [0.0, 0.0]];
        let found = events(
            &[
                ("overlap_threshold_ms", 1000),
                ("dead_air_threshold_ms", 1000),
            ],
            &[q, l, b, b, r, q, q],
        );
        let states = [
            "silent",
            "speaking_left",
            "speaking_both",
            "overlap",
            "speaking_right",
            "silent",
            "dead_air",
        ];
        assert_eq!(all(&found, "state"), states.map(Value::from));
        assert_eq!(all(&found, "overlap_duration_ms")[3], 1000.into());
        let speakers = found[3].get("speakers").unwrap();
        let left = speakers.get("left").unwrap();
        assert_eq!(left.get("duration_ms"), Some(&1500.into()));
    }
}
