//! WAV files.
//!
//! The node `WavReaderNode` reads the same files in the same way;
//! `tests/media/wav` holds both to that.

use thiserror::Error;

use crate::types::Audio;

const PCM: u16 = 1;
const FLOAT: u16 = 3;
const ALAW: u16 = 6;
const MULAW: u16 = 7;
const EXTENSIBLE: u16 = 0xFFFE;

/// Sizes from here on stand for "not known yet": who writes to a pipe can't go
/// back.
const UNKNOWN: u32 = 0x7FFF_F000;

/// What a WAV file can't be read or written for.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum WavError {
    /// It is something else.
    #[error("it is not a WAV file: {0}")]
    NotWav(&'static str),
    /// Its audio is compressed in a way that is not read.
    #[error("{0} in a WAV file is not supported")]
    Compressed(&'static str),
    /// Its audio is of an unknown kind.
    #[error("WAV format {code:#06x} with {bits} bits is not supported")]
    Unsupported {
        /// The number of the format.
        code: u16,
        /// Bits of a sample.
        bits: u16,
    },
    /// What it says of its audio can't be.
    #[error("a WAV file with {channels} channels at {rate} Hz is not valid")]
    Invalid {
        /// How many channels.
        channels: u16,
        /// Frames a second.
        rate: u32,
    },
    /// A part of it is missing.
    #[error("{0}")]
    Missing(&'static str),
    /// The audio can't be in a WAV file.
    #[error("{0}")]
    Unwritable(String),
}

/// What is in a WAV file.
#[derive(Clone, Debug)]
pub struct Wav {
    /// The samples.
    pub audio: Audio,
    /// What is wrong with the file, where it could be read all the same.
    pub warning: Option<&'static str>,
}

/// Reads a WAV file: RIFF, RF64 or BW64 with PCM, floats, A-law or mu-law.
/// What is left of a file that was cut off is read, with a warning.
///
/// # Errors
/// Says what it is instead.
pub fn decode(bytes: &[u8]) -> Result<Wav, WavError> {
    let kind = bytes.get(..4).unwrap_or_default();
    if !matches!(kind, b"RIFF" | b"RF64" | b"BW64") || bytes.get(8..12) != Some(b"WAVE") {
        return Err(WavError::NotWav(what(bytes)));
    }
    let riff_size = u32_at(bytes, 4);
    let (mut format, mut long_size) = (None, None);
    let mut rest = &bytes[12..];
    while let Some((head, after)) = rest.split_at_checked(8) {
        let size = u32_at(head, 4);
        let within = usize::try_from(size).unwrap_or(usize::MAX).min(after.len());
        match (&head[..4], &after[..within]) {
            (b"ds64", body) if body.len() >= 16 => long_size = Some(u64_at(body, 8)),
            (b"fmt ", body) => format = Some(Format::read(body)?),
            (b"data", _) => {
                let format =
                    format.ok_or(WavError::Missing("the WAV file has data before its format"))?;
                let stream = size == 0 && (riff_size == 0 || riff_size >= UNKNOWN);
                let size = match long_size {
                    Some(long) if size == u32::MAX => long,
                    _ if stream || (size >= UNKNOWN && long_size.is_none()) => u64::MAX,
                    _ => u64::from(size),
                };
                let cut = size != u64::MAX && size > after.len() as u64;
                let within = usize::try_from(size).map_or(after.len(), |it| it.min(after.len()));
                return Ok(format.decode(&after[..within], cut));
            }
            _ => {}
        }
        rest = &after[within..];
        // Some writers leave out the byte that pads odd chunks.
        if size % 2 == 1 && !is_chunk(rest) {
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    Err(WavError::Missing("the WAV file has no data"))
}

/// Writes audio as a WAV file of 32-bit floats.
///
/// # Errors
/// Where a WAV file can't have so much of it, or so many channels.
pub fn encode(audio: &Audio) -> Result<Vec<u8>, WavError> {
    let spec = hound::WavSpec {
        channels: u16::try_from(audio.channels)
            .map_err(|_| WavError::Unwritable("a WAV file has fewer channels".into()))?,
        sample_rate: audio.sample_rate,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let say = |error: hound::Error| WavError::Unwritable(error.to_string());
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).map_err(say)?;
    for sample in &audio.samples {
        writer.write_sample(*sample).map_err(say)?;
    }
    writer.finalize().map_err(say)?;
    Ok(bytes.into_inner())
}

fn what(bytes: &[u8]) -> &'static str {
    match (bytes.get(..4), bytes.get(8..12)) {
        (None, _) if bytes.is_empty() => "it is empty",
        (Some(b"RIFX"), _) => "it is a RIFX file, whose numbers are big-endian",
        (Some(b"FORM"), Some(b"AIFF" | b"AIFC")) => "it is an AIFF file",
        _ => "it does not begin with RIFF and WAVE",
    }
}

/// Whether a chunk begins here: with a name of four printable characters.
fn is_chunk(bytes: &[u8]) -> bool {
    let name = bytes.get(..4);
    name.is_some_and(|name| name.iter().all(|byte| (0x20..0x7F).contains(byte)))
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

struct Format {
    code: u16,
    channels: u16,
    rate: u32,
    /// Bytes of a sample.
    width: usize,
}

impl Format {
    fn read(body: &[u8]) -> Result<Self, WavError> {
        if body.len() < 16 {
            return Err(WavError::Missing("the WAV file's format is cut off"));
        }
        let (mut code, channels, rate) = (u16_at(body, 0), u16_at(body, 2), u32_at(body, 4));
        let (block, bits) = (u16_at(body, 12), u16_at(body, 14));
        if code == EXTENSIBLE && body.len() >= 26 {
            code = u16_at(body, 24);
        }
        if let Some(name) = compressed(code) {
            return Err(WavError::Compressed(name));
        }
        if channels == 0 || rate == 0 {
            return Err(WavError::Invalid { channels, rate });
        }
        let least = bits.div_ceil(8);
        let width = match block / channels {
            width if width * channels == block && (least..=8).contains(&width) => width,
            _ => least,
        };
        let fits = match code {
            PCM => (1..=32).contains(&bits) && width <= 4,
            FLOAT => matches!((bits, width), (32, 4) | (64, 8)),
            ALAW | MULAW => (bits, width) == (8, 1),
            _ => false,
        };
        if !fits {
            return Err(WavError::Unsupported { code, bits });
        }
        Ok(Self {
            code,
            channels,
            rate,
            width: width.into(),
        })
    }

    /// `cut` says that the file ends before its data does.
    fn decode(&self, body: &[u8], cut: bool) -> Wav {
        let rest = body.len() % (self.width * usize::from(self.channels));
        Wav {
            audio: Audio {
                samples: self.samples(&body[..body.len() - rest]),
                sample_rate: self.rate,
                channels: self.channels.into(),
                stream_id: None,
                timestamp_us: None,
                metadata: None,
            },
            warning: if cut {
                Some("the WAV file is cut off; what is there was read")
            } else if rest > 0 {
                Some("the WAV file ends with half a frame, which was left out")
            } else {
                None
            },
        }
    }

    fn samples(&self, body: &[u8]) -> Vec<f32> {
        // Fewer bits than there is room for stand at the upper end.
        let scaled = |value: i32| value as f32 * (1.0 / 2_147_483_648.0);
        match (self.code, self.width) {
            (FLOAT, 4) => each(body, f32::from_le_bytes),
            (FLOAT, _) => each(body, |bytes| f64::from_le_bytes(bytes) as f32),
            (ALAW, _) => each(body, |[byte]| f32::from(expand_alaw(byte)) / 32768.0),
            (MULAW, _) => each(body, |[byte]| f32::from(expand_mulaw(byte)) / 32768.0),
            (_, 1) => each(body, |[byte]| (f32::from(byte) - 128.0) / 128.0),
            (_, 2) => each(body, |bytes| f32::from(i16::from_le_bytes(bytes)) / 32768.0),
            (_, 3) => each(body, |[a, b, c]| scaled(i32::from_le_bytes([0, a, b, c]))),
            _ => each(body, |bytes| scaled(i32::from_le_bytes(bytes))),
        }
    }
}

fn each<const WIDTH: usize>(body: &[u8], sample: impl Fn([u8; WIDTH]) -> f32) -> Vec<f32> {
    body.as_chunks()
        .0
        .iter()
        .map(|bytes| sample(*bytes))
        .collect()
}

fn compressed(code: u16) -> Option<&'static str> {
    Some(match code {
        0x02 => "Microsoft ADPCM",
        0x11 => "IMA ADPCM",
        0x31 => "GSM 6.10",
        0x50 => "MPEG audio",
        0x55 => "MP3",
        0xFF => "AAC",
        0x161 => "Windows Media Audio",
        0x2000 => "AC-3",
        0xF1AC => "FLAC",
        _ => return None,
    })
}

/// 16 bits of 8, as ITU-T G.711 says.
fn expand_mulaw(byte: u8) -> i16 {
    let byte = !byte;
    let value = (((i16::from(byte & 0xF) << 3) + 132) << (byte >> 4 & 7)) - 132;
    if byte & 0x80 == 0 { value } else { -value }
}

/// 16 bits of 8, as ITU-T G.711 says.
fn expand_alaw(byte: u8) -> i16 {
    let byte = byte ^ 0x55;
    let (exponent, value) = (byte >> 4 & 7, i16::from(byte & 0xF) << 4);
    let value = match exponent {
        0 => value + 8,
        exponent => (value + 264) << (exponent - 1),
    };
    if byte & 0x80 == 0 { -value } else { value }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_files_hold_what_their_cases_say() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/media/wav");
        let cases = fs::read(folder.join("cases.json")).unwrap();
        let cases: Vec<Value> = serde_json::from_slice(&cases).unwrap();
        assert!(cases.len() > 40);
        for case in cases {
            let bytes = fs::read(folder.join(case["file"].as_str().unwrap())).unwrap();
            let text = |name: &str| case[name].as_str();
            match decode(&bytes) {
                Ok(wav) => {
                    let samples = wav.audio.samples.iter().map(|it| f64::from(*it));
                    let samples = Value::from(samples.collect::<Vec<_>>());
                    assert_eq!(samples, case["samples"], "{case}");
                    assert_eq!(wav.audio.sample_rate, case["sample_rate"], "{case}");
                    assert_eq!(wav.audio.channels, case["channels"], "{case}");
                    let said = wav.warning.unwrap_or_default();
                    assert_eq!(text("warning").is_none(), said.is_empty(), "{case}");
                    assert!(said.contains(text("warning").unwrap_or_default()), "{case}");
                }
                Err(error) => {
                    let expected = text("error").unwrap_or("no error");
                    assert!(error.to_string().contains(expected), "{case}: {error}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(
            kind in prop_oneof![Just(b"RIFF"), Just(b"RF64")],
            rest in proptest::collection::vec(any::<u8>(), 0..80),
            chunks in proptest::collection::vec(
                (prop_oneof![Just(b"fmt "), Just(b"data"), Just(b"ds64"), Just(b"LIST")],
                 any::<u32>(), proptest::collection::vec(any::<u8>(), 0..48)), 0..5),
        ) {
            let mut bytes = [&kind[..], b"\x10\0\0\0WAVE"].concat();
            for (name, size, body) in chunks {
                bytes.extend(name);
                let size = if size % 3 == 0 { size } else { body.len() as u32 };
                bytes.extend(size.to_le_bytes());
                bytes.extend(body);
            }
            bytes.extend(rest);
            for end in 0..bytes.len() {
                let _ = decode(&bytes[..end]);
            }
        }
    }
}
