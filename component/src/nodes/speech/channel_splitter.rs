//! `AudioChannelSplitterNode`: each speaker's part of audio, as a stream or a
//! channel of its own.

use super::super::audio::check;
use super::super::events::{audio_of, number, outputs, text};
use super::super::measures::mono;
use super::super::params::{Param, Params, factory, infos};
use crate::node::{Node, NodeError, Outputs};
use crate::registry::{Factory, ParamProblem};
use crate::value::{Audio, Media, Value};

const NAME: &str = "AudioChannelSplitterNode";
const PARAMS: &[Param] = &[
    Param::text(
        "output_mode",
        "streams | channels",
        "streams",
        "Whether each speaker is a stream of their own, or a channel of one.",
    ),
    Param::whole(
        "max_speakers",
        8,
        "Most speakers, up to 64; others are left out.",
    ),
    Param::text(
        "stream_id_prefix",
        "string",
        "speaker",
        "What the names of the streams begin with: speaker_0, speaker_1.",
    ),
    Param::unused("sample_rate"),
];

/// Most speakers that can be asked for: each takes as much memory as the audio.
const MAX_SPEAKERS: u32 = 64;
/// Magnitude up to which a speaker's samples are silence.
const SILENCE: f32 = 1e-4;

pub(super) fn node() -> Factory {
    let summary = "Splits audio by speaker, as the segments say that came before it.";
    factory(NAME, summary, infos(PARAMS), make)
}

fn make(params: &Value) -> Result<Box<dyn Node>, Vec<ParamProblem>> {
    let mut params = Params::of(NAME, params, PARAMS);
    let modes = [("streams", false), ("channels", true)];
    let as_channels = params.one_of("output_mode", &modes).unwrap_or(false);
    let prefix = params.text_of("stream_id_prefix").to_owned();
    let most = params.whole_of("max_speakers");
    if !(1..=MAX_SPEAKERS).contains(&most) {
        let message = format!("`max_speakers` of {NAME} must be from 1 to {MAX_SPEAKERS}");
        params.problem("max_speakers", message, None);
    }
    let splitter = Splitter {
        as_channels,
        prefix,
        most: most as usize,
        segments: Vec::new(),
        speakers: 0,
        offset: 0.0,
    };
    params.done(Box::new(splitter))
}

struct Splitter {
    as_channels: bool,
    prefix: String,
    most: usize,
    /// Who speaks from when to when, in seconds.
    segments: Vec<(usize, f64, f64)>,
    speakers: usize,
    /// When audio begins, in the segments' time.
    offset: f64,
}

impl Node for Splitter {
    fn process(&mut self, item: Value) -> Result<Outputs, NodeError> {
        let Some(audio) = audio_of(&item) else {
            return Ok(match item {
                Value::Map(_) => {
                    self.learn(&item);
                    Outputs::None
                }
                item => Outputs::One(item),
            });
        };
        check(audio)?;
        if self.segments.is_empty() {
            return Ok(Outputs::One(item));
        }
        Ok(outputs(self.split(audio)))
    }

    fn follows_time(&self) -> bool {
        true
    }
}

impl Splitter {
    fn learn(&mut self, found: &Value) {
        if let Some(Value::List(segments)) = found.get("segments") {
            let segment = |segment: &Value| {
                let speaker = text(segment, "speaker")?.parse().ok()?;
                Some((speaker, number(segment, "start")?, number(segment, "end")?))
            };
            self.segments = segments.iter().filter_map(segment).collect();
            let speakers = self.segments.iter().map(|(speaker, ..)| speaker + 1);
            self.speakers = speakers.max().unwrap_or(0);
        }
        if let Some(speakers) = number(found, "num_speakers") {
            self.speakers = speakers as usize;
        }
        self.offset = number(found, "time_offset").unwrap_or(self.offset);
    }

    fn split(&self, audio: &Audio) -> Vec<Value> {
        let samples = mono(&audio.samples, audio.channels);
        let speakers = self.speakers.min(self.most);
        let parts = (0..speakers).map(|speaker| self.part(&samples, audio.sample_rate, speaker));
        let given = |samples, channels, stream_id| {
            Value::Media(Box::new(Media::Audio(Audio {
                samples,
                channels,
                stream_id,
                metadata: None,
                ..*audio
            })))
        };
        if self.as_channels {
            let parts: Vec<_> = parts.collect();
            let frames = 0..samples.len();
            let frame = |at| parts.iter().map(move |part: &Vec<f32>| part[at]);
            return match speakers {
                0 => Vec::new(),
                _ => vec![given(
                    frames.flat_map(frame).collect(),
                    speakers as u32,
                    audio.stream_id.clone(),
                )],
            };
        }
        let speaks = |part: &Vec<f32>| part.iter().any(|sample| sample.abs() > SILENCE);
        let parts = parts.enumerate().filter(|(_, part)| speaks(part));
        let name = |speaker| Some(format!("{}_{speaker}", self.prefix));
        parts
            .map(|(speaker, part)| given(part, 1, name(speaker)))
            .collect()
    }

    /// The audio where one speaker speaks, and silence elsewhere.
    fn part(&self, samples: &[f32], sample_rate: u32, speaker: usize) -> Vec<f32> {
        let mut part = vec![0.0; samples.len()];
        for &(_, start, end) in self.segments.iter().filter(|(who, ..)| *who == speaker) {
            // Negative times become the beginning.
            let place = |time: f64| {
                let place = ((time - self.offset) * f64::from(sample_rate)) as usize;
                place.min(samples.len())
            };
            let (start, end) = (place(start), place(end));
            if start < end {
                part[start..end].copy_from_slice(&samples[start..end]);
            }
        }
        part
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::audio::tests::mono as audio;
    use super::super::super::events::object;
    use super::super::super::events::tests::{item, run};
    use super::*;

    fn split(params: &[(&str, Value)], found: Value) -> Vec<Audio> {
        let fields = params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        let mut node = make(&Value::Map(fields.collect())).unwrap();
        let input = item(audio(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
        let given = run(&mut *node, [found, input]);
        given
            .iter()
            .map(|item| audio_of(item).unwrap().clone())
            .collect()
    }

    fn segments(all: &[(&str, f64, f64)]) -> Value {
        let segment = |&(speaker, start, end): &(&str, f64, f64)| {
            object([
                ("start", start.into()),
                ("end", end.into()),
                ("speaker", speaker.into()),
            ])
        };
        Value::List(all.iter().map(segment).collect())
    }

    #[test]
    fn each_speaker_is_a_stream() {
        let found = object([
            (
                "segments",
                segments(&[("0", 1.0, 1.002), ("1", 1.002, 9.0), ("2", 3.0, 4.0)]),
            ),
            ("num_speakers", 3.into()),
            ("time_offset", 1.0.into()),
        ]);
        let given = split(&[], found);
        let streams: Vec<_> = given.iter().map(|it| it.stream_id.as_deref()).collect();
        assert_eq!(streams, [Some("speaker_0"), Some("speaker_1")]);
        assert_eq!(given[0].samples, [1.0, 2.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(given[1].samples, [0.0, 0.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(given[1].timestamp_us, Some(1_000_000));
    }

    #[test]
    fn or_a_channel() {
        let found = object([(
            "segments",
            segments(&[("1", -5.0, 0.003), ("0", 0.002, 0.004)]),
        )]);
        let params = [
            ("outputMode", "channels".into()),
            ("max_speakers", 2.into()),
        ];
        let given = split(&params, found);
        assert_eq!(given[0].channels, 2);
        let samples = [0.0, 1.0, 0.0, 2.0, 3.0, 3.0, 4.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        assert_eq!(given[0].samples, samples);
    }

    #[test]
    fn audio_passes_while_nobody_is_known() {
        assert_eq!(
            split(&[], object([])),
            [audio(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])]
        );
        let params = Value::Map(vec![("max_speakers".into(), 65.into())]);
        let problems = make(&params).err().unwrap();
        assert_eq!(
            problems[0].message,
            "`max_speakers` of AudioChannelSplitterNode must be from 1 to 64"
        );
    }
}
