//! What messages mean.

use bytes::Bytes;
use pipeline_host::audio::{Bounds, Source};
use pipeline_host::codec::{self, Writer};
use pipeline_host::media::{self, FileFormat};
use pipeline_host::types::{self, Binary, Data, Input};

use super::super::responses::ServerResponse;
use super::super::typed::{bad, parameter};

/// Which samples binary messages are made of, both ways, where that is agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Audio {
    samples: Samples,
    rate: u32,
    channels: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Samples {
    F32,
    S16,
}

impl Samples {
    fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32le",
            Self::S16 => "s16le",
        }
    }

    fn width(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::S16 => 2,
        }
    }
}

impl Audio {
    /// What the query agrees on: `audio=f32le&sample_rate=16000&channels=1`.
    pub(super) fn read(query: &str) -> Result<Option<Self>, ServerResponse> {
        let number = |name: &str, default: Option<u32>| {
            let given = parameter(query, name);
            let read = given
                .as_deref()
                .map(|text| text.parse().ok().filter(|it| *it > 0));
            match (read, default) {
                (Some(Some(number)), _) | (None, Some(number)) => Ok(number),
                _ => Err(bad(format!(
                    "the parameter {name} is a whole number above 0, which audio samples need"
                ))),
            }
        };
        let samples = match parameter(query, "audio").as_deref() {
            None => return Ok(None),
            Some("f32le") => Samples::F32,
            Some("s16le") => Samples::S16,
            Some(other) => {
                return Err(bad(format!(
                    "the parameter audio is `{other}`; it can be f32le or s16le"
                )));
            }
        };
        Ok(Some(Self {
            samples,
            rate: number("sample_rate", None)?,
            channels: number("channels", Some(1))?,
        }))
    }

    fn item(self, bytes: &[u8]) -> Result<Data, String> {
        let frame = self.samples.width() * self.channels as usize;
        if !bytes.len().is_multiple_of(frame) {
            return Err(format!(
                "{} bytes are no whole frames of {frame}",
                bytes.len()
            ));
        }
        let samples = match self.samples {
            Samples::F32 => {
                let each = bytes.as_chunks().0.iter();
                each.map(|bytes| f32::from_le_bytes(*bytes)).collect()
            }
            Samples::S16 => {
                let each = bytes.as_chunks().0.iter();
                each.map(|bytes| f32::from(i16::from_le_bytes(*bytes)) / 32768.0)
                    .collect()
            }
        };
        Ok(Data::Audio(types::Audio {
            samples,
            sample_rate: self.rate,
            channels: self.channels,
            stream_id: None,
            timestamp_us: None,
            metadata: None,
        }))
    }

    /// An output's samples.
    pub(super) fn bytes(self, audio: &types::Audio) -> Bytes {
        let samples = audio.samples.iter();
        match self.samples {
            Samples::F32 => samples.flat_map(|sample| sample.to_le_bytes()).collect(),
            Samples::S16 => samples
                .map(|sample| (sample * 32768.0).round().clamp(-32768.0, 32767.0) as i16)
                .flat_map(i16::to_le_bytes)
                .collect(),
        }
    }

    /// Says which audio the next binary messages are.
    pub(super) fn announcement(self, node: &str, audio: &types::Audio) -> String {
        let mut writer = Writer::new(codec::Style::Compact);
        writer.object(|writer| {
            writer.key("audio").object(|writer| {
                writer.key("node").string(node);
                writer.key("format").string(self.samples.name());
                writer.key("sample_rate").whole(audio.sample_rate);
                writer.key("channels").whole(audio.channels);
            });
        });
        writer.finish()
    }
}

/// The item of a text message.
pub(in super::super) fn text(bytes: &[u8], bounds: Bounds) -> Result<Vec<Input>, String> {
    media::allow(bytes, bounds).map_err(|error| error.to_string())?;
    let read = codec::read_input(bytes);
    read.map(|item| vec![item])
        .map_err(|error| error.to_string())
}

/// The item of a binary message: samples, where that is agreed on, or else a file of
/// the kind that its content says.
pub(in super::super) fn binary(
    bytes: Bytes,
    audio: Option<Audio>,
    bounds: Bounds,
) -> Result<Vec<Input>, String> {
    if let Some(audio) = audio {
        return audio.item(&bytes).map(|item| vec![item.into()]);
    }
    match FileFormat::of_content(&bytes) {
        Some(format) => {
            let read = media::read(Source::Bytes(bytes.into()), format, bounds);
            read.map(|read| read.items)
                .map_err(|error| error.to_string())
        }
        None => Ok(vec![
            Data::Binary(Binary {
                bytes: bytes.into(),
                mime_type: None,
            })
            .into(),
        ]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_read_and_written_as_agreed() {
        for (query, agreed) in [
            ("", true),
            ("audio=f32le&sample_rate=8000", true),
            ("audio=s16le&sample_rate=8000&channels=2", true),
            ("audio=s16le", false),
            ("audio=mp3&sample_rate=1", false),
            ("audio=f32le&sample_rate=0", false),
            ("audio=f32le&sample_rate=1&channels=x", false),
        ] {
            assert_eq!(Audio::read(query).is_ok(), agreed, "{query}");
        }
        for samples in [Samples::F32, Samples::S16] {
            let agreed = Audio {
                samples,
                rate: 8000,
                channels: 2,
            };
            let bytes: Vec<u8> = match samples {
                Samples::F32 => [0.5_f32, -1.0]
                    .iter()
                    .flat_map(|it| it.to_le_bytes())
                    .collect(),
                Samples::S16 => vec![0, 64, 0, 128],
            };
            let Ok(Data::Audio(audio)) = agreed.item(&bytes) else {
                panic!("no audio");
            };
            assert_eq!(audio.samples, [0.5, -1.0]);
            assert_eq!(agreed.bytes(&audio), bytes);
            assert!(agreed.item(&bytes[1..]).is_err());
        }
    }
}
