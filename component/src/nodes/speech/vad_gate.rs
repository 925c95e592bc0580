//! `SpeculativeVADGate`: audio goes on at once, and is called back where it
//! was no speech.

use super::super::audio::{check, later};
use super::super::events::{AudioClock, audio_of, is_set, number};
use super::super::params::{Param, Params, factory, infos};
use crate::node::{Node, NodeError, Outputs};
use crate::registry::{Factory, ParamProblem};
use crate::value::{Control, Media, Value};

const NAME: &str = "SpeculativeVADGate";
const PARAMS: &[Param] = &[
    Param::whole(
        "min_speech_ms",
        250,
        "Speech that is shorter is called back.",
    ),
    Param::unused("lookback_ms"),
    Param::unused("lookahead_ms"),
    Param::unused("sample_rate"),
    Param::unused("vad_threshold"),
    Param::unused("min_silence_ms"),
    Param::unused("pad_ms"),
];

pub(super) fn node() -> Factory {
    let summary = "Gives audio at once, and calls back what was no speech.";
    factory(NAME, summary, infos(PARAMS), make)
}

fn make(params: &Value) -> Result<Box<dyn Node>, Vec<ParamProblem>> {
    let mut params = Params::of(NAME, params, PARAMS);
    let gate = Gate {
        min_speech_ms: params.whole_of("min_speech_ms").into(),
        clock: AudioClock::default(),
        now_ms: 0,
        began_ms: None,
        number: 0,
    };
    params.done(Box::new(gate))
}

struct Gate {
    min_speech_ms: u64,
    clock: AudioClock,
    /// Where the audio ends that was given.
    now_ms: u64,
    /// When speech began.
    began_ms: Option<u64>,
    /// How many segments were called back.
    number: u64,
}

impl Node for Gate {
    fn process(&mut self, item: Value) -> Result<Outputs, NodeError> {
        if let Some(audio) = audio_of(&item) {
            check(audio)?;
            let begin = self.clock.next(audio);
            let frames = (audio.samples.len() / audio.channels as usize) as u64;
            self.now_ms = later(Some(begin), frames, audio.sample_rate).unwrap_or(begin) / 1000;
            return Ok(Outputs::One(item));
        }
        match &item {
            Value::Map(_) => Ok(self.decide(&item).map_or(Outputs::None, Outputs::One)),
            Value::Media(medium) if matches!(**medium, Media::Control(_)) => Ok(Outputs::One(item)),
            other => {
                let message = format!("{NAME} takes audio and events, not {}", other.kind());
                Err(NodeError::failed(message))
            }
        }
    }

    fn follows_time(&self) -> bool {
        true
    }
}

impl Gate {
    fn decide(&mut self, event: &Value) -> Option<Value> {
        let now = number(event, "timestamp_ms").map_or(self.now_ms, |time| time as u64);
        if is_set(event, "is_speech_start") {
            self.began_ms = Some(now);
        }
        if !is_set(event, "is_speech_end") {
            return None;
        }
        let lasted = now.saturating_sub(self.began_ms.take()?);
        if lasted >= self.min_speech_ms {
            return None;
        }
        let segment_id = format!("default_{}", self.number);
        self.number += 1;
        Some(Value::Media(Box::new(Media::Control(Control {
            kind: "cancel-speculation",
            segment_id: Some(segment_id),
            timestamp_ms: now,
        }))))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::audio::tests::mono;
    use super::super::super::events::tests::{item, run};
    use super::super::super::events::{object, unsigned};
    use super::*;
    use crate::value::Audio;

    fn event(flag: &str, timestamp_ms: u64) -> Value {
        object([
            (flag, true.into()),
            ("timestamp_ms", unsigned(timestamp_ms)),
        ])
    }

    #[test]
    fn speech_that_was_too_short_is_called_back() {
        let mut node = make(&Value::Map(vec![("minSpeechMs".into(), 200.into())])).unwrap();
        let audio = item(mono(&[0.1; 3]));
        let given = run(
            &mut *node,
            [
                event("is_speech_start", 1000),
                audio.clone(),
                event("is_speech_end", 1200),
                event("is_speech_start", 2000),
                event("is_speech_end", 2199),
                event("is_speech_end", 2300),
            ],
        );
        let cancel = Value::Media(Box::new(Media::Control(Control {
            kind: "cancel-speculation",
            segment_id: Some("default_0".into()),
            timestamp_ms: 2199,
        })));
        assert_eq!(given, [audio, cancel]);
        let error = node.process("x".into()).err().unwrap();
        assert_eq!(
            error.to_string(),
            "SpeculativeVADGate takes audio and events, not a string"
        );
    }

    #[test]
    fn events_without_a_time_count_from_the_audio() {
        let mut node = make(&Value::Map(Vec::new())).unwrap();
        let begins = object([("is_speech_start", true.into())]);
        let ends = object([("is_speech_end", true.into())]);
        let audio = |frames| {
            item(Audio {
                timestamp_us: None,
                ..mono(&vec![0.0; frames])
            })
        };
        let items = [
            audio(1000),
            begins.clone(),
            audio(249),
            ends.clone(),
            begins,
            audio(250),
            ends,
        ];
        let kinds: Vec<_> = run(&mut *node, items).iter().map(Value::kind).collect();
        assert_eq!(kinds, ["audio", "audio", "a control message", "audio"]);
    }
}
