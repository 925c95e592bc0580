//! WAV files.
//!
//! The node `WavReaderNode` reads the same files in the same way;
//! `tests/media/wav` holds both to that.

use std::io::Read;

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
    /// Its bytes don't come.
    #[error("the WAV file can't be read: {0}")]
    Unreadable(String),
    /// The audio can't be in a WAV file.
    #[error("{0}")]
    Unwritable(String),
}

impl From<std::io::Error> for WavError {
    fn from(error: std::io::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
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
    let mut reader = Reader::open(bytes)?;
    let audio = reader.read(usize::MAX)?;
    Ok(Wav {
        audio,
        warning: reader.warning(),
    })
}

/// Reads a WAV file piece by piece, from where it comes: what [`decode`] reads,
/// and as it reads it.
pub struct Reader<R> {
    source: R,
    format: Format,
    /// How many bytes of samples are to come; `u64::MAX` where the file says that
    /// it doesn't know.
    rest: u64,
    warning: Option<&'static str>,
}

impl<R: Read> Reader<R> {
    /// Reads up to the first sample.
    ///
    /// # Errors
    /// Says what it is instead.
    pub fn open(mut source: R) -> Result<Self, WavError> {
        let first = some(&mut source, 12)?;
        let kind = first.get(..4).unwrap_or_default();
        if !matches!(kind, b"RIFF" | b"RF64" | b"BW64") || first.get(8..12) != Some(b"WAVE") {
            return Err(WavError::NotWav(what(&first)));
        }
        let riff_size = u32_at(&first, 4);
        let (mut format, mut long_size) = (None, None);
        let mut odd = false;
        loop {
            let mut head = some(&mut source, 8)?;
            // Some writers leave out the byte that pads odd chunks.
            if odd && !is_chunk(&head) && !head.is_empty() {
                head.remove(0);
                head.extend(some(&mut source, 1)?);
            }
            if head.len() < 8 {
                return Err(WavError::Missing("the WAV file has no data"));
            }
            let size = u32_at(&head, 4);
            odd = size % 2 == 1;
            match &head[..4] {
                b"ds64" => {
                    let body = chunk(&mut source, size)?;
                    long_size = (body.len() >= 16).then(|| u64_at(&body, 8)).or(long_size);
                }
                b"fmt " => format = Some(Format::read(&chunk(&mut source, size)?)?),
                b"data" => {
                    let format = format
                        .ok_or(WavError::Missing("the WAV file has data before its format"))?;
                    let stream = size == 0 && (riff_size == 0 || riff_size >= UNKNOWN);
                    let rest = match long_size {
                        Some(long) if size == u32::MAX => long,
                        _ if stream || (size >= UNKNOWN && long_size.is_none()) => u64::MAX,
                        _ => u64::from(size),
                    };
                    return Ok(Self {
                        source,
                        format,
                        rest,
                        warning: None,
                    });
                }
                _ => skip(&mut source, size.into())?,
            }
        }
    }

    /// Frames a second.
    pub fn sample_rate(&self) -> u32 {
        self.format.rate
    }

    /// How many channels a frame has.
    pub fn channels(&self) -> u32 {
        self.format.channels.into()
    }

    /// The next frames, as many as there are and at most so many; none at the end.
    ///
    /// # Errors
    /// Where they can't be read.
    pub fn read(&mut self, frames: usize) -> Result<Audio, WavError> {
        let frame = self.format.width * usize::from(self.format.channels);
        let mut audio = self.format.no_audio();
        let mut left = frames.saturating_mul(frame) as u64;
        // In pieces, so that the bytes never take more than a part of the memory
        // that the samples do.
        let piece = (PIECE / frame).max(1) * frame;
        while left > 0 && self.rest > 0 {
            let wanted = left.min(self.rest).min(piece as u64) as usize;
            let bytes = some(&mut self.source, wanted)?;
            let half = bytes.len() % frame;
            self.format
                .samples(&bytes[..bytes.len() - half], &mut audio.samples);
            left -= bytes.len() as u64;
            if self.rest != u64::MAX {
                self.rest -= bytes.len() as u64;
            }
            if bytes.len() < wanted {
                self.warning = match (self.rest, half) {
                    (u64::MAX, 0) => None,
                    (u64::MAX, _) => Some(HALF),
                    _ => Some(CUT),
                };
                self.rest = 0;
            } else if half > 0 {
                self.warning = Some(HALF);
            }
        }
        Ok(audio)
    }

    /// What is wrong with the file, as far as it was read.
    pub fn warning(&self) -> Option<&'static str> {
        self.warning
    }
}

/// How many bytes are read at a time.
const PIECE: usize = 64 << 10;
const CUT: &str = "the WAV file is cut off; what is there was read";
const HALF: &str = "the WAV file ends with half a frame, which was left out";

/// So many bytes, or all that are left.
fn some(source: &mut impl Read, count: usize) -> Result<Vec<u8>, WavError> {
    let mut bytes = Vec::with_capacity(count.min(PIECE));
    source.take(count as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What is used of a chunk's content; the rest is passed over.
fn chunk(source: &mut impl Read, size: u32) -> Result<Vec<u8>, WavError> {
    const LONGEST: u32 = 64;
    let body = some(source, size.min(LONGEST) as usize)?;
    skip(source, u64::from(size.saturating_sub(LONGEST)))?;
    Ok(body)
}

fn skip(source: &mut impl Read, count: u64) -> Result<(), WavError> {
    std::io::copy(&mut source.take(count), &mut std::io::sink())?;
    Ok(())
}

/// Writes audio as a WAV file of 32-bit floats.
///
/// # Errors
/// Where a WAV file can't have so much of it, or so many channels.
pub fn encode(audio: &Audio) -> Result<Vec<u8>, WavError> {
    let mut bytes = header(audio.sample_rate, audio.channels)?;
    let size = audio.samples.len() as u64 * 4;
    let sizes = sizes(size).ok_or_else(|| {
        WavError::Unwritable("the audio is longer than a WAV file can be, which is 4 GiB".into())
    })?;
    for (at, patch) in sizes {
        bytes[at..at + 4].copy_from_slice(&patch);
    }
    put_samples(&audio.samples, &mut bytes);
    Ok(bytes)
}

/// How many bytes there are before the first sample of what is written.
const HEADER: usize = 68;

/// What a WAV file of 32-bit floats begins with, whose length nobody knows yet.
///
/// # Errors
/// Where a WAV file can't have so many channels.
pub(crate) fn header(sample_rate: u32, channels: u32) -> Result<Vec<u8>, WavError> {
    let few = u16::try_from(channels).ok().filter(|_| sample_rate > 0);
    let spec = hound::WavSpec {
        channels: few
            .ok_or_else(|| WavError::Unwritable("a WAV file has fewer channels".into()))?,
        sample_rate,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let say = |error: hound::Error| WavError::Unwritable(error.to_string());
    let mut bytes = std::io::Cursor::new(Vec::new());
    let writer = hound::WavWriter::new(&mut bytes, spec).map_err(say)?;
    writer.finalize().map_err(say)?;
    let mut bytes = bytes.into_inner();
    bytes.truncate(HEADER);
    for (at, unknown) in [(4, [0xFF; 4]), (HEADER - 4, [0xFF; 4])] {
        bytes[at..at + 4].copy_from_slice(&unknown);
    }
    Ok(bytes)
}

/// What has to stand in a header, and where, when it is known how many bytes of
/// samples there are; nothing where they are more than it can say.
pub(crate) fn sizes(samples: u64) -> Option<[(usize, [u8; 4]); 2]> {
    let riff = u32::try_from(samples.checked_add(HEADER as u64 - 8)?).ok()?;
    let data = riff - (HEADER as u32 - 8);
    Some([(4, riff.to_le_bytes()), (HEADER - 4, data.to_le_bytes())])
}

/// Adds samples, as they stand in a file.
pub(crate) fn put_samples(samples: &[f32], bytes: &mut Vec<u8>) {
    bytes.reserve(samples.len() * 4);
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
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

    fn no_audio(&self) -> Audio {
        Audio {
            samples: Vec::new(),
            sample_rate: self.rate,
            channels: self.channels.into(),
            stream_id: None,
            timestamp_us: None,
            metadata: None,
        }
    }

    /// Adds samples to others.
    fn samples(&self, body: &[u8], to: &mut Vec<f32>) {
        // Fewer bits than there is room for stand at the upper end.
        let scaled = |value: i32| value as f32 * (1.0 / 2_147_483_648.0);
        match (self.code, self.width) {
            (FLOAT, 4) => each(body, to, f32::from_le_bytes),
            (FLOAT, _) => each(body, to, |bytes| f64::from_le_bytes(bytes) as f32),
            (ALAW, _) => each(body, to, |[byte]| f32::from(expand_alaw(byte)) / 32768.0),
            (MULAW, _) => each(body, to, |[byte]| f32::from(expand_mulaw(byte)) / 32768.0),
            (_, 1) => each(body, to, |[byte]| (f32::from(byte) - 128.0) / 128.0),
            (_, 2) => each(body, to, |it| f32::from(i16::from_le_bytes(it)) / 32768.0),
            (_, 3) => each(body, to, |[a, b, c]| {
                scaled(i32::from_le_bytes([0, a, b, c]))
            }),
            _ => each(body, to, |bytes| scaled(i32::from_le_bytes(bytes))),
        }
    }
}

fn each<const WIDTH: usize>(body: &[u8], to: &mut Vec<f32>, sample: impl Fn([u8; WIDTH]) -> f32) {
    to.extend(body.as_chunks().0.iter().map(|bytes| sample(*bytes)));
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

    #[test]
    fn what_is_written_is_read_in_pieces_of_any_size() {
        let audio = |count: usize| Audio {
            samples: (0..count).map(|n| n as f32 / 7.0).collect(),
            sample_rate: 8000,
            channels: 2,
            stream_id: None,
            timestamp_us: None,
            metadata: None,
        };
        for count in [0, 2, 100_000] {
            let written = encode(&audio(count)).unwrap();
            assert_eq!(written.len(), HEADER + 4 * count);
            let theirs = hound::WavReader::new(written.as_slice()).unwrap();
            assert_eq!(theirs.len() as usize, count);
            let mut unknown = header(8000, 2).unwrap();
            put_samples(&audio(count).samples, &mut unknown);
            for (file, frames) in [(&written, 1), (&written, 999), (&unknown, 16_385)] {
                let mut reader = Reader::open(file.as_slice()).unwrap();
                let mut samples = Vec::new();
                loop {
                    let piece = reader.read(frames).unwrap().samples;
                    assert!(piece.len() <= 2 * frames);
                    if piece.is_empty() {
                        break;
                    }
                    samples.extend(piece);
                }
                assert_eq!(samples, audio(count).samples);
                assert_eq!(reader.warning(), None);
            }
        }
        let long = sizes(u64::from(u32::MAX));
        assert!(long.is_none(), "{long:?}");
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
