//! Audio to Opus packets of 20 ms.

use pipeline_host::types::Audio;
use ropus::{Application, Channels, Encoder};
use thiserror::Error;

/// The longest packet that is made, in bytes: it fits into one datagram.
const LONGEST: usize = 1100;

/// How hard the encoder tries, of 10: half is hardly heard, and many speak at once.
const COMPLEXITY: u8 = 5;

/// Why a peer can't hear an output.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Unplayable {
    /// Opus has a few rates alone.
    #[error(
        "audio of {0} Hz can't be sent to the peer: Opus takes 8000, 12000, 16000, 24000 or 48000 Hz; \
         end the pipeline with a node AudioResampleNode"
    )]
    Rate(u32),
    /// There are two ears.
    #[error("audio of {0} channels can't be sent to the peer, which takes one or two")]
    Channels(u32),
    /// A peer hears one stream.
    #[error(
        "the nodes `{heard}` and `{other}` both give audio, and a peer hears that of one: mix it \
         in the pipeline"
    )]
    Several {
        /// The node that is heard.
        heard: String,
        /// The one that came after.
        other: String,
    },
    /// It is in no state that can be helped.
    #[error("the audio can't be encoded: {0}")]
    Codec(String),
}

/// Encodes audio of one rate and number of channels.
pub(crate) struct Encode {
    encoder: Encoder,
    form: (u32, u32),
    /// Samples in 20 ms.
    size: usize,
    /// What is no whole packet yet, interleaved.
    rest: Vec<f32>,
}

impl Encode {
    pub(crate) fn new(rate: u32, channels: u32) -> Result<Self, Unplayable> {
        if ![8_000, 12_000, 16_000, 24_000, 48_000].contains(&rate) {
            return Err(Unplayable::Rate(rate));
        }
        let layout = match channels {
            1 => Channels::Mono,
            2 => Channels::Stereo,
            _ => return Err(Unplayable::Channels(channels)),
        };
        let encoder = Encoder::builder(rate, layout, Application::Audio)
            .complexity(COMPLEXITY)
            .build()
            .map_err(|error| Unplayable::Codec(error.to_string()))?;
        Ok(Self {
            encoder,
            form: (rate, channels),
            size: (rate / 50 * channels) as usize,
            rest: Vec::new(),
        })
    }

    /// Whether it is for audio like this.
    pub(crate) fn is_for(&self, audio: &Audio) -> bool {
        self.form == (audio.sample_rate, audio.channels)
    }

    /// Takes samples, and gives the packets that they complete.
    pub(crate) fn push(&mut self, samples: &[f32]) -> Result<Vec<Vec<u8>>, Unplayable> {
        self.rest.extend_from_slice(samples);
        let rest = std::mem::take(&mut self.rest);
        let pieces = rest.chunks_exact(self.size);
        let last = pieces.remainder().to_vec();
        let packets = pieces.map(|piece| self.packet(piece)).collect();
        self.rest = last;
        packets
    }

    /// The last packet, with silence at its end; none where nothing waits.
    pub(crate) fn finish(&mut self) -> Result<Option<Vec<u8>>, Unplayable> {
        let mut rest = std::mem::take(&mut self.rest);
        if rest.is_empty() {
            return Ok(None);
        }
        rest.resize(self.size, 0.0);
        self.packet(&rest).map(Some)
    }

    fn packet(&mut self, piece: &[f32]) -> Result<Vec<u8>, Unplayable> {
        let mut packet = vec![0; LONGEST];
        // What is no number is silence.
        let piece: Vec<f32> = (piece.iter())
            .map(|sample| {
                if sample.is_nan() {
                    0.0
                } else {
                    sample.clamp(-1.0, 1.0)
                }
            })
            .collect();
        let encoded = self.encoder.encode_float(&piece, &mut packet);
        let length = encoded.map_err(|error| Unplayable::Codec(error.to_string()))?;
        packet.truncate(length);
        Ok(packet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_of_20_ms_whatever_the_pieces_are() {
        for (rate, channels) in [
            (8_000, 1),
            (12_000, 2),
            (16_000, 1),
            (24_000, 1),
            (48_000, 2),
        ] {
            let mut encode = Encode::new(rate, channels).unwrap();
            let samples = vec![0.1; (rate * channels) as usize];
            let mut packets = 0;
            for piece in samples.chunks(777) {
                for packet in encode.push(piece).unwrap() {
                    assert!((1..=LONGEST).contains(&packet.len()));
                    packets += 1;
                }
            }
            assert_eq!(packets, 50, "{rate} {channels}");
            assert!(encode.finish().unwrap().is_none());
            assert!(encode.push(&[f32::NAN, f32::INFINITY]).unwrap().is_empty());
            assert!(encode.finish().unwrap().is_some());
        }
    }

    #[test]
    fn what_opus_does_not_take_is_refused() {
        assert_eq!(Encode::new(44_100, 1).err(), Some(Unplayable::Rate(44_100)));
        assert_eq!(Encode::new(48_000, 6).err(), Some(Unplayable::Channels(6)));
        assert_eq!(Encode::new(48_000, 0).err(), Some(Unplayable::Channels(0)));
    }
}
