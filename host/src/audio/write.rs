//! Writing audio as it comes.

use std::io::Write;

use super::AudioError;
use super::flac::Encoder;
use crate::types::Audio;
use crate::wav;

/// What audio is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// WAV, of 32-bit floats.
    Wav,
    /// FLAC, of 24 bits.
    Flac,
}

/// Bytes that stand at a place of a file, and were not known when they were
/// written. A reader of the stream does without them.
pub type Patch = (u64, Vec<u8>);

/// Writes one item of audio after the other into one file or stream.
pub struct AudioWriter<W> {
    out: W,
    container: Container,
    begun: Option<Begun>,
}

struct Begun {
    rate: u32,
    channels: u32,
    kind: Kind,
}

enum Kind {
    /// How many bytes of samples there are.
    Wav(u64),
    Flac(Box<Encoder>),
}

impl<W: Write> AudioWriter<W> {
    /// Nothing is written before the first item, which says the rate and the
    /// number of channels.
    pub fn new(container: Container, out: W) -> Self {
        Self {
            out,
            container,
            begun: None,
        }
    }

    /// Writes an item.
    ///
    /// # Errors
    /// Where it differs from those before it, or can't be written.
    pub fn push(&mut self, audio: &Audio) -> Result<(), AudioError> {
        let (rate, channels) = (audio.sample_rate, audio.channels);
        if self.begun.is_none() {
            let kind = match self.container {
                Container::Wav => {
                    self.out.write_all(&wav::header(rate, channels)?)?;
                    Kind::Wav(0)
                }
                Container::Flac => {
                    Kind::Flac(Box::new(Encoder::begin(rate, channels, &mut self.out)?))
                }
            };
            self.begun = Some(Begun {
                rate,
                channels,
                kind,
            });
        }
        let Some(begun) = &mut self.begun else {
            return Ok(());
        };
        let before = (begun.rate, begun.channels);
        if before != (rate, channels) {
            return Err(AudioError::Differs {
                before,
                rate,
                channels,
            });
        }
        match &mut begun.kind {
            Kind::Wav(size) => {
                let mut bytes = Vec::new();
                for samples in audio.samples.chunks(1 << 14) {
                    bytes.clear();
                    wav::put_samples(samples, &mut bytes);
                    self.out.write_all(&bytes)?;
                }
                *size += 4 * audio.samples.len() as u64;
            }
            Kind::Flac(encoder) => encoder.push(&audio.samples, &mut self.out)?,
        }
        Ok(())
    }

    /// Whether anything was written.
    pub fn has_begun(&self) -> bool {
        self.begun.is_some()
    }

    /// Where it writes to.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.out
    }

    /// Sends on what was written.
    ///
    /// # Errors
    /// Where that fails.
    pub fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }

    /// Ends it, and gives what is to be written over what stands in the file,
    /// where it is one.
    ///
    /// # Errors
    /// Where the end can't be written.
    pub fn finish(mut self) -> Result<(W, Vec<Patch>), AudioError> {
        let patches = match self.begun {
            None => Vec::new(),
            Some(Begun {
                kind: Kind::Wav(size),
                ..
            }) => {
                let sizes = wav::sizes(size).into_iter().flatten();
                sizes
                    .map(|(at, bytes)| (at as u64, bytes.to_vec()))
                    .collect()
            }
            Some(Begun {
                kind: Kind::Flac(encoder),
                ..
            }) => vec![encoder.finish(&mut self.out)?],
        };
        self.out.flush()?;
        Ok((self.out, patches))
    }
}
