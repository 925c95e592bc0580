//! `HealthEmitterNode`: the health of a stream as a score, from its timing and
//! from what other nodes found.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::super::events::{is_set, kind, number, object, outputs, text, time, unsigned};
use super::super::params::{Param, Params, factory, infos};
use super::drift::{Alert, Alerts, Arrivals, Drift, Thresholds, WALL_CLOCK};
use crate::node::{Node, NodeError, Outputs};
use crate::registry::{Factory, ParamProblem};
use crate::value::{Media, Value};

const NAME: &str = "HealthEmitterNode";
const PARAMS: &[Param] = &[
    Param::whole(
        "lead_threshold_ms",
        50,
        "Change of the lead from one piece to the next that is a jump.",
    ),
    Param::whole(
        "freeze_threshold_ms",
        500,
        "From how long on the same picture is frozen.",
    ),
    Param::whole(
        "av_skew_threshold_ms",
        80,
        "Difference of audio and video from which they are askew.",
    ),
    Param::number(
        "cadence_cv_threshold",
        0.3,
        "Coefficient of variation from which the cadence is unstable.",
    ),
    Param::number(
        "health_threshold",
        0.7,
        "Score of the timing below which there is an alert.",
    ),
    Param::number(
        "score_change_threshold",
        0.05,
        "Least change of the score that is told.",
    ),
    Param::unused("health_emit_interval_ms"),
    WALL_CLOCK,
];

pub(super) fn node() -> Factory {
    let summary = "Gives the health of a stream as a score, when it changes.";
    factory(NAME, summary, infos(PARAMS), make)
}

fn make(params: &Value) -> Result<Box<dyn Node>, Vec<ParamProblem>> {
    let mut params = Params::of(NAME, params, PARAMS);
    let [jump_ms, freeze_ms, skew_ms] = [
        "lead_threshold_ms",
        "freeze_threshold_ms",
        "av_skew_threshold_ms",
    ]
    .map(|name| u64::from(params.whole_of(name)));
    let thresholds = Thresholds {
        slope_ms_per_s: 5.0,
        lead_jump_us: jump_ms * 1000,
        av_skew_us: skew_ms * 1000,
        freeze_us: freeze_ms * 1000,
        cadence_cv: params.number_of("cadence_cv_threshold"),
        health: params.number_of("health_threshold"),
        raises: 5,
        clears: 10,
    };
    let emitter = Emitter {
        change: params.number_of("score_change_threshold"),
        jump_ms,
        skew_ms,
        cadence_cv: thresholds.cadence_cv,
        arrivals: Arrivals::new(params.flag("wall_clock")),
        lanes: [thresholds.clone(), thresholds].map(Drift::new),
        played: [None; 2],
        issues: BTreeSet::new(),
        upstream: BTreeMap::new(),
        told: None,
        now: 0,
    };
    params.done(Box::new(emitter))
}

/// Which of two lanes.
const AUDIO: usize = 0;
const VIDEO: usize = 1;

struct Emitter {
    change: f64,
    jump_ms: u64,
    skew_ms: u64,
    cadence_cv: f64,
    arrivals: Arrivals,
    /// Audio and video keep their time each for itself.
    lanes: [Drift; 2],
    /// Media times of their last pieces.
    played: [Option<u64>; 2],
    /// What other nodes found, and how healthy they say it is, by `_schema`.
    issues: BTreeSet<&'static str>,
    upstream: BTreeMap<String, f64>,
    /// What was told last.
    told: Option<(f64, BTreeSet<&'static str>)>,
    now: u64,
}

impl Node for Emitter {
    fn process(&mut self, item: Value) -> Result<Outputs, NodeError> {
        let mut events = Vec::new();
        match self.arrivals.of(&item)? {
            Some((media, arrival)) => self.play(&item, media, arrival, &mut events),
            None if matches!(item, Value::Media(_) | Value::Null) => return Ok(Outputs::None),
            None => {
                self.now = time(&item).unwrap_or(self.now);
                self.learn(&item);
            }
        }
        events.extend(self.health());
        Ok(outputs(events))
    }

    fn follows_time(&self) -> bool {
        true
    }
}

impl Emitter {
    fn alerts(&self) -> Alerts {
        let [audio, video] = &self.lanes;
        audio.alerts().or(video.alerts())
    }

    /// Takes a piece of media, and tells what began with it.
    fn play(&mut self, item: &Value, media: u64, arrival: u64, events: &mut Vec<Value>) {
        self.now = arrival;
        let (lane, content, stream_id) = match item {
            Value::Media(medium) => match &**medium {
                Media::Video(frame) => {
                    let mut content = DefaultHasher::new();
                    frame.pixel_data.hash(&mut content);
                    (VIDEO, Some(content.finish()), frame.stream_id.clone())
                }
                Media::Audio(audio) => (AUDIO, None, audio.stream_id.clone()),
                _ => return,
            },
            _ => return,
        };
        let before = self.alerts();
        self.played[lane] = Some(media);
        if let [Some(audio), Some(video)] = self.played {
            let signed = |time: u64| i64::try_from(time).unwrap_or(i64::MAX);
            self.lanes[lane].av_skew_us = signed(video) - signed(audio);
        }
        self.lanes[lane].record(media, arrival, content);
        let new = self.alerts().beyond(before);
        let drift = &self.lanes[lane];
        let ts = || ("ts", self.ts());
        let ms = |us: i64| (us / 1000).into();
        // Of these two events the SDK says which stream it was.
        let of_stream = |event: Value| match (event, &stream_id) {
            (Value::Map(mut fields), Some(id)) => {
                fields.push(("stream_id".to_owned(), id.as_str().into()));
                Value::Map(fields)
            }
            (event, _) => event,
        };
        if new.has(Alert::DriftSlope) || new.has(Alert::LeadJump) {
            events.push(of_stream(object([
                ("type", "drift".into()),
                ts(),
                ("lead_ms", ms(drift.lead_us())),
                ("threshold_ms", unsigned(self.jump_ms)),
            ])));
        }
        if new.has(Alert::Freeze) {
            events.push(of_stream(object([
                ("type", "freeze".into()),
                ts(),
                (
                    "duration_ms",
                    unsigned(drift.frozen_us().unwrap_or(0) / 1000),
                ),
            ])));
        }
        if new.has(Alert::AvSkew) {
            events.push(object([
                ("type", "av_skew".into()),
                ts(),
                ("skew_ms", ms(drift.av_skew_us)),
                ("threshold_ms", unsigned(self.skew_ms)),
            ]));
        }
        if new.has(Alert::CadenceUnstable) {
            events.push(object([
                ("type", "cadence".into()),
                ts(),
                ("cv", drift.cadence_cv().into()),
                ("threshold", self.cadence_cv.into()),
            ]));
        }
    }

    /// Takes what another node found.
    fn learn(&mut self, event: &Value) {
        const FLAGS: &[(&str, &str, &str)] = &[
            ("audio_level_event", "is_silence", "SILENCE"),
            ("audio_level_event", "is_low_volume", "LOW_VOLUME"),
            ("silence_event", "is_sustained_silence", "SUSTAINED_SILENCE"),
            (
                "silence_event",
                "has_intermittent_dropouts",
                "INTERMITTENT_DROPOUTS",
            ),
            ("clipping_event", "is_clipping", "CLIPPING"),
            (
                "channel_balance_event",
                "is_imbalanced",
                "CHANNEL_IMBALANCE",
            ),
            ("channel_balance_event", "has_dead_channel", "DEAD_CHANNEL"),
        ];
        let mut note = |issue, is_so| match is_so {
            true => {
                self.issues.insert(issue);
            }
            false => {
                self.issues.remove(issue);
            }
        };
        let schema = text(event, "_schema").unwrap_or("");
        for &(from, flag, issue) in FLAGS {
            if from == schema {
                note(issue, is_set(event, flag));
            }
        }
        if kind(event) == Some("session.health") {
            let state = text(event, "state");
            note("SESSION_UNHEALTHY", state == Some("unhealthy"));
            note("SESSION_DEGRADED", state == Some("degraded"));
        }
        // Whoever gives events of ever new names must not fill the memory.
        let is_known = self.upstream.contains_key(schema);
        if let (Some(health), 1..=64) = (number(event, "health"), schema.len())
            && (is_known || self.upstream.len() < 64)
        {
            self.upstream.insert(schema.to_owned(), health);
        }
    }

    /// The event about the whole, if it has changed.
    fn health(&mut self) -> Option<Value> {
        let alerts = self.alerts();
        let raised = Alert::ALL
            .into_iter()
            .filter(|&(alert, _)| alerts.has(alert));
        let mut names: BTreeSet<_> = raised.map(|(_, name)| name).collect();
        names.extend(&self.issues);
        let lanes = self.lanes.iter().map(Drift::health);
        let score = lanes
            .chain(self.upstream.values().copied())
            .fold(1.0, f64::min);
        // The alert of a low score comes and goes with the score alone.
        let lasting = |names: &BTreeSet<&'static str>| {
            let mut names = names.clone();
            names.remove("HEALTH_LOW");
            names
        };
        let is_same = self.told.as_ref().is_some_and(|(last, told)| {
            (score - last).abs() < self.change && lasting(told) == lasting(&names)
        });
        if is_same {
            return None;
        }
        let alerts = names.iter().map(|&name| name.into()).collect();
        let event = object([
            ("type", "health".into()),
            ("ts", self.ts()),
            ("score", score.into()),
            ("alerts", Value::List(alerts)),
        ]);
        self.told = Some((score, names));
        Some(event)
    }

    /// The time as the SDK writes it: microseconds, of which seconds are told.
    fn ts(&self) -> Value {
        format!("{}000000", self.now / 1_000_000).into()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::audio::tests::mono;
    use super::super::super::events::tests::{all, item, run};
    use super::*;
    use crate::value::{Audio, Video};

    fn node() -> Box<dyn Node> {
        make(&Value::Map(Vec::new())).unwrap()
    }

    fn names(names: &[&str]) -> Value {
        Value::List(names.iter().map(|&name| name.into()).collect())
    }

    #[test]
    fn the_worst_that_was_found_is_the_score() {
        let event = |schema: &str, flag: &str, is_so: bool, health: f64| {
            object([
                ("_schema", schema.into()),
                (flag, is_so.into()),
                ("health", health.into()),
                ("timestamp_us", 2_500_000.into()),
            ])
        };
        let found = run(
            &mut *node(),
            [
                event("audio_level_event", "is_low_volume", true, 0.5),
                event("audio_level_event", "is_low_volume", true, 0.54),
                event("clipping_event", "is_clipping", true, 0.0),
                event("audio_level_event", "is_low_volume", false, 1.0),
                event("clipping_event", "is_clipping", false, 1.0),
            ],
        );
        assert_eq!(all(&found, "score"), [0.5, 0.0, 0.0, 1.0].map(Value::from));
        let alerts = [
            names(&["LOW_VOLUME"]),
            names(&["CLIPPING", "LOW_VOLUME"]),
            names(&["CLIPPING"]),
            names(&[]),
        ];
        assert_eq!(all(&found, "alerts"), alerts);
        assert_eq!(found[0].get("ts"), Some(&"2000000".into()));
    }

    #[test]
    fn audio_that_comes_late_drifts() {
        let audio = |n: i64| {
            item(Audio {
                timestamp_us: None,
                stream_id: Some("mic".into()),
                metadata: Some(object([("arrival_ts_us", (n * 21_000).into())])),
                ..mono(&[0.0; 20])
            })
        };
        let found = run(&mut *node(), (0..80).map(audio));
        let drift = found
            .iter()
            .find(|event| event.get("type") == Some(&"drift".into()));
        let drift = drift.unwrap();
        assert_eq!(drift.get("stream_id"), Some(&"mic".into()));
        assert_eq!(drift.get("lead_ms"), Some(&54.into()));
        assert_eq!(
            found.last().unwrap().get("alerts"),
            Some(&names(&["DRIFT_SLOPE"]))
        );
        let Some(Value::Float(score)) = found.last().unwrap().get("score") else {
            panic!()
        };
        assert!((score - 0.7).abs() < 0.05, "{score}");
    }

    #[test]
    fn a_picture_that_stays_is_frozen() {
        let frame = |n: u64| {
            Value::Media(Box::new(Media::Video(Video {
                pixel_data: vec![if n < 60 { 0 } else { n as u8 }; 12],
                width: 2,
                height: 2,
                format: "rgb24",
                codec: None,
                frame_number: n,
                timestamp_us: n * 40_000,
                is_keyframe: true,
                stream_id: None,
            })))
        };
        let found = run(&mut *node(), (0..80).map(frame));
        let kinds = all(&found, "type");
        assert_eq!(
            kinds,
            ["health", "health", "freeze", "health", "health", "health"].map(Value::from)
        );
        let freeze = &found[2];
        assert_eq!(freeze.get("duration_ms"), Some(&2160.into()));
        assert_eq!(all(&found, "alerts")[3], names(&["FREEZE"]));
        assert_eq!(all(&found, "alerts")[5], names(&[]));
    }
}
