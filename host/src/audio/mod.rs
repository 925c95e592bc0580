//! Audio in files and streams, coded or not: read piece by piece, so that its
//! length costs no memory, and written as it comes.

mod coded;
mod flac;
mod write;

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek};
use std::time::Instant;

use thiserror::Error;

use self::coded::Coded;
pub use self::write::{AudioWriter, Container, Patch};
use crate::types::Audio;
use crate::wav::{self, WavError};

/// What audio can't be read or written for.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AudioError {
    /// It is no WAV file, or one that can't be read.
    #[error(transparent)]
    Wav(#[from] WavError),
    /// It is coded in a way that is not known.
    #[error("its audio can't be decoded: {0}")]
    Unsupported(String),
    /// It is not what it seems to be.
    #[error("its audio is broken: {0}")]
    Broken(String),
    /// There is more of it than there may be.
    #[error(
        "it is longer than {} MiB when decoded, which is as much as a run may use; read it in pieces",
        .limit >> 20
    )]
    TooLong {
        /// How many bytes its samples may take.
        limit: usize,
    },
    /// Decoding took too long.
    #[error("decoding it took longer than the run may take")]
    TooSlow,
    /// What is written together differs.
    #[error(
        "audio of {rate} Hz in {channels} channels follows audio of {} Hz in {}; \
         one file has one rate and one number of channels", .before.0, .before.1
    )]
    Differs {
        /// The rate and the channels of what came before.
        before: (u32, u32),
        /// The rate of what follows.
        rate: u32,
        /// Its channels.
        channels: u32,
    },
    /// The format can't hold it.
    #[error("{0}")]
    Unwritable(String),
    /// Bytes can't be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Where audio comes from.
pub enum Source {
    /// A file.
    File(File),
    /// Bytes that are there.
    Bytes(Vec<u8>),
    /// Bytes that come.
    Stream(Box<dyn Read + Send + Sync>),
}

impl Source {
    /// The first bytes, at most so many; they are read again afterwards.
    ///
    /// # Errors
    /// Where they can't be read.
    pub fn peek(&mut self, most: usize) -> io::Result<Vec<u8>> {
        let mut first = Vec::new();
        match self {
            Self::Bytes(bytes) => first.extend(bytes.iter().take(most)),
            Self::File(file) if is_regular(file) => {
                file.by_ref().take(most as u64).read_to_end(&mut first)?;
                file.rewind()?;
            }
            Self::File(file) => {
                let pipe = file.try_clone()?;
                *self = Self::Stream(Box::new(pipe));
                return self.peek(most);
            }
            Self::Stream(stream) => {
                stream.take(most as u64).read_to_end(&mut first)?;
                let rest = std::mem::replace(stream, Box::new(io::empty()));
                *stream = Box::new(Cursor::new(first.clone()).chain(rest));
            }
        }
        Ok(first)
    }

    /// All of it.
    ///
    /// # Errors
    /// Where it can't be read, or is longer than so many bytes.
    pub fn into_bytes(self, most: Option<usize>) -> io::Result<Vec<u8>> {
        let mut stream = match self {
            Self::Bytes(bytes) => return Ok(bytes),
            Self::File(file) => Box::new(file),
            Self::Stream(stream) => stream,
        };
        let mut bytes = Vec::new();
        match most {
            None => stream.read_to_end(&mut bytes)?,
            Some(most) => stream.take(most as u64 + 1).read_to_end(&mut bytes)?,
        };
        match most {
            Some(most) if bytes.len() > most => Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("it is longer than {} MiB", most >> 20),
            )),
            _ => Ok(bytes),
        }
    }

    /// The same where one can go back and forth in it: bytes that come are taken in.
    ///
    /// # Errors
    /// As [`into_bytes`](Self::into_bytes).
    pub fn seekable(self, most: Option<usize>) -> io::Result<Self> {
        match self {
            Self::Stream(_) => self.into_bytes(most).map(Self::Bytes),
            there => Ok(there),
        }
    }

    fn into_read(self) -> Box<dyn Read + Send + Sync> {
        match self {
            Self::File(file) => Box::new(BufReader::with_capacity(1 << 17, file)),
            Self::Bytes(bytes) => Box::new(Cursor::new(bytes)),
            Self::Stream(stream) => Box::new(BufReader::with_capacity(1 << 16, stream)),
        }
    }
}

fn is_regular(file: &File) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.is_file())
}

/// What bounds the decoding of audio that becomes one item: a small file can hold
/// days of silence.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bounds {
    /// How many bytes its samples may take.
    pub bytes: Option<usize>,
    /// When it has to be there.
    pub deadline: Option<Instant>,
}

/// Reads audio piece by piece: WAV, FLAC, MP3, Ogg Vorbis, and AAC as ADTS or in
/// MP4.
pub struct AudioReader(Reader);

enum Reader {
    Wav(wav::Reader<Box<dyn Read + Send + Sync>>),
    Coded(Box<Coded>),
}

impl AudioReader {
    /// Begins to read. What is no WAV file is found out by its content, for which
    /// `ending` (of a file's name) is a hint.
    ///
    /// # Errors
    /// Where it is no audio, or coded in a way that is not known.
    pub fn open(mut source: Source, ending: Option<&str>) -> Result<Self, AudioError> {
        let first = source.peek(12)?;
        let is_wav = matches!(first.get(..4), Some(b"RIFF" | b"RF64" | b"BW64" | b"RIFX"));
        let reader = match is_wav || ending == Some("wav") {
            true => Reader::Wav(wav::Reader::open(source.into_read())?),
            false => Reader::Coded(Box::new(Coded::open(source, ending)?)),
        };
        Ok(Self(reader))
    }

    /// Frames a second.
    #[must_use]
    pub fn sample_rate(&self) -> u32 {
        match &self.0 {
            Reader::Wav(wav) => wav.sample_rate(),
            Reader::Coded(coded) => coded.sample_rate(),
        }
    }

    /// How many channels a frame has.
    #[must_use]
    pub fn channels(&self) -> u32 {
        match &self.0 {
            Reader::Wav(wav) => wav.channels(),
            Reader::Coded(coded) => coded.channels(),
        }
    }

    /// The next frames, as many as there are and at most so many; none at the end.
    ///
    /// # Errors
    /// Where they can't be read.
    pub fn read(&mut self, frames: usize) -> Result<Option<Audio>, AudioError> {
        let audio = match &mut self.0 {
            Reader::Wav(wav) => wav.read(frames)?,
            Reader::Coded(coded) => coded.read(frames)?,
        };
        Ok(Some(audio).filter(|audio| !audio.samples.is_empty()))
    }

    /// All that is left, as one item.
    ///
    /// # Errors
    /// Where it can't be read, or not within the bounds.
    pub fn read_all(&mut self, bounds: Bounds) -> Result<Audio, AudioError> {
        let mut all = Audio {
            samples: Vec::new(),
            sample_rate: self.sample_rate(),
            channels: self.channels(),
            stream_id: None,
            timestamp_us: None,
            metadata: None,
        };
        while let Some(more) = self.read(FRAMES)? {
            if bounds
                .deadline
                .is_some_and(|deadline| Instant::now() >= deadline)
            {
                return Err(AudioError::TooSlow);
            }
            let bytes = (all.samples.len() + more.samples.len()).saturating_mul(size_of::<f32>());
            if let Some(limit) = bounds.bytes
                && bytes > limit
            {
                return Err(AudioError::TooLong { limit });
            }
            all.samples.extend(more.samples);
        }
        Ok(all)
    }

    /// What is wrong with what was read so far, where it could be read all the
    /// same.
    #[must_use]
    pub fn warning(&self) -> Option<&'static str> {
        match &self.0 {
            Reader::Wav(wav) => wav.warning(),
            Reader::Coded(coded) => coded.warning(),
        }
    }
}

/// How many frames are read at a time.
const FRAMES: usize = 1 << 16;

#[cfg(test)]
mod tests;
