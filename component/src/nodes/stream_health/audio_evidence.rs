//! `AudioEvidenceNode`: the sound around an alert.

use std::collections::VecDeque;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::audio::{check, later};
use super::super::events::{AudioClock, audio_of, is_set, kind, outputs, text, unsigned};
use super::super::params::{Param, Params, factory, infos};
use crate::node::{Node, NodeError, Outputs};
use crate::registry::{Factory, ParamProblem};
use crate::value::{Audio, Value};

const NAME: &str = "AudioEvidenceNode";
const PARAMS: &[Param] = &[
    Param::whole("buffer_duration_s", 10, "Seconds of audio that are kept."),
    Param::whole(
        "pre_alert_s",
        3,
        "Seconds before an alert, at most those kept.",
    ),
    Param::whole("post_alert_s", 2, "Seconds after it."),
    Param::whole(
        "max_clips",
        10,
        "Most clips at the same time; more alerts begin none.",
    ),
    Param::flag(
        "emit_audio_data",
        false,
        "Whether the samples are given: audio_base64, in audio_format f32le.",
    ),
    Param::flag("enabled", true, "Whether clips are taken at all."),
];

pub(super) fn node() -> Factory {
    let summary = "Keeps the last seconds of audio, and gives the clip around each alert.";
    factory(NAME, summary, infos(PARAMS), make)
}

fn make(params: &Value) -> Result<Box<dyn Node>, Vec<ParamProblem>> {
    let mut params = Params::of(NAME, params, PARAMS);
    let kept_s = params.whole_of("buffer_duration_s");
    let evidence = Evidence {
        kept_s,
        before_s: params.whole_of("pre_alert_s").min(kept_s),
        after_s: params.whole_of("post_alert_s"),
        most: params.whole_of("max_clips") as usize,
        gives_samples: params.flag("emit_audio_data"),
        is_enabled: params.flag("enabled"),
        clock: AudioClock::default(),
        kept: VecDeque::new(),
        end_us: 0,
        sample_rate: 16_000,
        channels: 1,
        clips: VecDeque::new(),
        number: 0,
    };
    params.done(Box::new(evidence))
}

struct Evidence {
    kept_s: u32,
    before_s: u32,
    after_s: u32,
    most: usize,
    gives_samples: bool,
    is_enabled: bool,
    clock: AudioClock,
    /// The last samples, of this format, which end at this time.
    kept: VecDeque<f32>,
    end_us: u64,
    sample_rate: u32,
    channels: u32,
    /// Clips that are not complete, the first one first.
    clips: VecDeque<Clip>,
    /// How many clips there were.
    number: u64,
}

struct Clip {
    number: u64,
    trigger: String,
    samples: Vec<f32>,
    begin_us: u64,
    /// Samples before the alert, and those still to come after it.
    before: usize,
    missing: usize,
}

impl Node for Evidence {
    fn process(&mut self, item: Value) -> Result<Outputs, NodeError> {
        let mut given = Vec::new();
        if let Some(audio) = audio_of(&item) {
            check(audio)?;
            self.hear(audio, &mut given);
        } else if let Some(trigger) = trigger(&item) {
            self.begin(trigger);
            self.complete(&mut given);
        }
        Ok(outputs(given))
    }

    fn finish(&mut self) -> Result<Outputs, NodeError> {
        let mut given = Vec::new();
        self.end(&mut given);
        Ok(outputs(given))
    }

    fn follows_time(&self) -> bool {
        true
    }
}

/// What is wrong, if an event begins a clip.
fn trigger(event: &Value) -> Option<&str> {
    const KINDS: &[&str] = &[
        "timing.jitter_spike",
        "timing.clock_drift",
        "freeze",
        "drift",
        "incident",
    ];
    const FLAGS: &[(&str, &str)] = &[
        ("is_clipping", "clipping"),
        ("is_sustained_silence", "silence"),
        ("has_dead_channel", "dead_channel"),
    ];
    let kind = kind(event).filter(|kind| KINDS.contains(kind));
    let flag = || FLAGS.iter().find(|(flag, _)| is_set(event, flag));
    let state = || text(event, "state").filter(|state| ["dead_air", "unhealthy"].contains(state));
    kind.or_else(|| flag().map(|&(_, name)| name))
        .or_else(state)
}

impl Evidence {
    /// Samples of so many seconds.
    fn samples(&self, seconds: u32) -> usize {
        let samples = u64::from(seconds) * u64::from(self.sample_rate) * u64::from(self.channels);
        usize::try_from(samples).unwrap_or(usize::MAX)
    }

    fn hear(&mut self, audio: &Audio, given: &mut Vec<Value>) {
        if (audio.sample_rate, audio.channels) != (self.sample_rate, self.channels) {
            // Clips don't go on in another format.
            self.end(given);
            self.kept.clear();
            (self.sample_rate, self.channels) = (audio.sample_rate, audio.channels);
        }
        let begin = self.clock.next(audio);
        let frames = (audio.samples.len() / audio.channels as usize) as u64;
        self.end_us = later(Some(begin), frames, audio.sample_rate).unwrap_or(begin);
        self.kept.extend(&audio.samples);
        let surplus = self.kept.len().saturating_sub(self.samples(self.kept_s));
        self.kept.drain(..surplus);
        for clip in &mut self.clips {
            let taken = clip.missing.min(audio.samples.len());
            clip.samples.extend_from_slice(&audio.samples[..taken]);
            clip.missing -= taken;
        }
        self.complete(given);
    }

    fn begin(&mut self, trigger: &str) {
        if !self.is_enabled || self.clips.len() >= self.most {
            return;
        }
        let before = self.samples(self.before_s).min(self.kept.len());
        let frames = (before / self.channels as usize) as u64;
        let length = later(Some(0), frames, self.sample_rate).unwrap_or(0);
        self.number += 1;
        self.clips.push_back(Clip {
            number: self.number,
            trigger: trigger.to_owned(),
            samples: self
                .kept
                .range(self.kept.len() - before..)
                .copied()
                .collect(),
            begin_us: self.end_us.saturating_sub(length),
            before,
            missing: self.samples(self.after_s),
        });
    }

    /// Gives the clips that are complete.
    fn complete(&mut self, given: &mut Vec<Value>) {
        while let Some(clip) = self.clips.pop_front_if(|clip| clip.missing == 0) {
            given.push(self.event(&clip));
        }
    }

    /// Gives all clips as far as they are.
    fn end(&mut self, given: &mut Vec<Value>) {
        while let Some(clip) = self.clips.pop_front() {
            given.push(self.event(&clip));
        }
    }

    fn event(&self, clip: &Clip) -> Value {
        let ms = |samples: usize| {
            let frames = (samples / self.channels as usize) as u64;
            i64::try_from(frames * 1000 / u64::from(self.sample_rate)).unwrap_or(i64::MAX)
        };
        let mut fields = vec![
            ("event_type", "audio.evidence".into()),
            ("_schema", "audio_evidence_v1".into()),
            ("clip_id", format!("clip_{:08x}", clip.number).into()),
            ("trigger_event", clip.trigger.as_str().into()),
            ("start_offset_ms", (-ms(clip.before)).into()),
            ("duration_ms", ms(clip.samples.len()).into()),
            ("sample_rate", i64::from(self.sample_rate).into()),
            ("channels", i64::from(self.channels).into()),
        ];
        if self.gives_samples {
            let bytes: Vec<u8> = clip.samples.iter().flat_map(|s| s.to_le_bytes()).collect();
            fields.push(("audio_base64", STANDARD.encode(bytes).into()));
            fields.push(("audio_format", "f32le".into()));
        }
        fields.push(("timestamp_us", unsigned(clip.begin_us)));
        let fields = fields.into_iter();
        Value::Map(
            fields
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::audio::tests::mono;
    use super::super::super::events::object;
    use super::super::super::events::tests::{all, item, run};
    use super::*;

    fn node(params: &[(&str, Value)]) -> Box<dyn Node> {
        let fields = params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        make(&Value::Map(fields.collect())).unwrap()
    }

    /// Stereo of one frame a second that counts.
    fn seconds(range: std::ops::Range<u8>) -> Value {
        item(Audio {
            sample_rate: 1,
            channels: 2,
            timestamp_us: None,
            ..mono(
                &range
                    .flat_map(|n| [f32::from(n), -f32::from(n)])
                    .collect::<Vec<_>>(),
            )
        })
    }

    #[test]
    fn a_clip_is_the_sound_around_the_alert() {
        let alert = || object([("type", "freeze".into())]);
        let params = [
            ("emit_audio_data", true.into()),
            ("buffer_duration_s", 4.into()),
        ];
        let items = [
            seconds(0..1),
            alert(),
            seconds(1..8),
            alert(),
            seconds(8..9),
            seconds(9..30),
        ];
        let found = run(&mut *node(&params), items);
        assert_eq!(
            all(&found, "clip_id"),
            ["clip_00000001", "clip_00000002"].map(Value::from)
        );
        assert_eq!(
            all(&found, "start_offset_ms"),
            [-1000, -3000].map(Value::from)
        );
        assert_eq!(all(&found, "duration_ms"), [3000, 5000].map(Value::from));
        assert_eq!(all(&found, "timestamp_us"), [0, 5_000_000].map(Value::from));
        let Some(Value::Text(data)) = found[1].get("audio_base64") else {
            panic!()
        };
        let bytes = STANDARD.decode(data).unwrap();
        let samples: Vec<f32> = bytes
            .chunks(4)
            .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
            .collect();
        assert_eq!(
            samples,
            [5.0, -5.0, 6.0, -6.0, 7.0, -7.0, 8.0, -8.0, 9.0, -9.0]
        );
    }

    #[test]
    fn clips_end_with_the_stream_and_are_not_too_many() {
        let alert = || object([("is_clipping", true.into())]);
        let found = run(
            &mut *node(&[("max_clips", 2.into())]),
            [seconds(0..1), alert(), alert(), alert(), seconds(1..2)],
        );
        assert_eq!(all(&found, "duration_ms"), [2000, 2000].map(Value::from));
        assert_eq!(
            all(&found, "trigger_event"),
            ["clipping", "clipping"].map(Value::from)
        );
        assert_eq!(found[0].get("audio_base64"), None);
        let none = run(
            &mut *node(&[("enabled", false.into())]),
            [seconds(0..1), alert()],
        );
        assert_eq!(none, []);
    }
}
