//! Opus packets to pieces of 20 ms.

use pipeline_host::types::Audio;
use ropus::{Channels, DecodeMode, Decoder};

use crate::{PIECE, RATE};

/// The longest packet that Opus has, in frames at [`RATE`]: 120 ms.
const LONGEST: usize = 5760;
/// How much of what was lost is made up for; where more is missing, the sender was
/// silent, or what could be made up would be noise.
const CONCEALED: u64 = 5760;
/// How far back a packet is late; farther, its sender has begun anew.
const LATE: u64 = RATE as u64;
/// What lost audio can be made up in, in frames at [`RATE`]: 2.5 ms.
const GRAIN: u64 = 120;

/// Decodes what a peer sends, and makes up for what is lost on the way.
pub(crate) struct Decode {
    decoder: Decoder,
    channels: u32,
    /// The sender's clock at the first packet.
    start: Option<u64>,
    /// The sender's clock after the last packet.
    next: Option<u64>,
    /// What is no whole piece yet, interleaved.
    rest: Vec<f32>,
    buffer: Vec<f32>,
}

/// What came of a packet.
#[derive(Default)]
pub(crate) struct Decoded {
    /// Pieces of 20 ms.
    pub(crate) pieces: Vec<Audio>,
    /// Packets that were lost before it, or this one.
    pub(crate) lost: u64,
}

impl Decode {
    /// Decodes to one channel, or to two.
    pub(crate) fn new(stereo: bool) -> Result<Self, ropus::DecoderInitError> {
        let channels = match stereo {
            true => Channels::Stereo,
            false => Channels::Mono,
        };
        Ok(Self {
            decoder: Decoder::new(RATE, channels)?,
            channels: if stereo { 2 } else { 1 },
            start: None,
            next: None,
            rest: Vec::new(),
            buffer: vec![0.0; LONGEST * channels.count()],
        })
    }

    /// Takes a packet whose sender's clock, in frames at [`RATE`], stood at `time`.
    pub(crate) fn push(&mut self, packet: &[u8], time: u64) -> Decoded {
        let mut decoded = Decoded::default();
        let next = self.next.unwrap_or(time);
        if time < next && next - time <= LATE {
            decoded.lost = 1;
            return decoded;
        }
        let gap = time.wrapping_sub(next);
        if time < next || gap > CONCEALED {
            // A silence, or another clock: what follows is another stretch.
            self.rest.clear();
        } else if gap > 0 {
            decoded.lost = gap.div_ceil(PIECE as u64);
            self.conceal(packet, gap - gap % GRAIN);
        }
        self.start.get_or_insert(time);
        if time < next {
            self.start = Some(time);
        }
        let frames = match self.decode(packet, LONGEST, DecodeMode::Normal) {
            Some(frames) => frames,
            None => {
                decoded.lost += 1;
                self.decode(&[], PIECE, DecodeMode::Normal).unwrap_or(0)
            }
        };
        let end = time.saturating_add(frames as u64);
        self.next = Some(end);
        self.cut(end, &mut decoded.pieces);
        decoded
    }

    /// Makes up for so many lost frames: the last of them from what the next packet
    /// says of it, where it does.
    fn conceal(&mut self, next: &[u8], frames: u64) {
        let mut left = usize::try_from(frames).unwrap_or(0);
        while left > PIECE {
            let _ = self.decode(&[], PIECE, DecodeMode::Normal);
            left -= PIECE;
        }
        if left > 0 && self.decode(next, left, DecodeMode::Fec).is_none() {
            let _ = self.decode(&[], left, DecodeMode::Normal);
        }
    }

    /// Decodes into `rest`; how many frames that were, or none where it is no packet.
    fn decode(&mut self, packet: &[u8], most: usize, mode: DecodeMode) -> Option<usize> {
        let channels = self.channels as usize;
        let buffer = &mut self.buffer[..most * channels];
        let frames = self.decoder.decode_float(packet, buffer, mode).ok()?;
        self.rest
            .extend_from_slice(buffer.get(..frames * channels)?);
        Some(frames)
    }

    /// Cuts whole pieces off; `end` is the clock after what waits.
    fn cut(&mut self, end: u64, pieces: &mut Vec<Audio>) {
        let channels = self.channels as usize;
        let size = PIECE * channels;
        let waits = (self.rest.len() / channels) as u64;
        let start = self.start.unwrap_or(0);
        let mut clock = end.saturating_sub(waits).saturating_sub(start);
        let whole = self.rest.len() / size * size;
        for piece in self.rest[..whole].chunks_exact(size) {
            pieces.push(Audio {
                samples: piece.to_vec(),
                sample_rate: RATE,
                channels: self.channels,
                stream_id: None,
                timestamp_us: Some(clock.saturating_mul(1_000_000) / u64::from(RATE)),
                metadata: None,
            });
            clock += PIECE as u64;
        }
        self.rest.drain(..whole);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::encode::Encode;

    /// A tone of 440 Hz as packets of 20 ms.
    fn tone(packets: usize) -> Vec<Vec<u8>> {
        let mut encode = Encode::new(RATE, 1).unwrap();
        let step = std::f32::consts::TAU * 440.0 / RATE as f32;
        let samples: Vec<f32> = (0..packets * PIECE)
            .map(|n| 0.5 * (step * n as f32).sin())
            .collect();
        encode.push(&samples).unwrap()
    }

    fn loudness(samples: &[f32]) -> f32 {
        (samples.iter().map(|it| it * it).sum::<f32>() / samples.len() as f32).sqrt()
    }

    #[test]
    fn packets_become_pieces_with_their_times() {
        for (stereo, channels) in [(false, 1), (true, 2)] {
            let mut decode = Decode::new(stereo).unwrap();
            for (n, packet) in tone(10).iter().enumerate() {
                let decoded = decode.push(packet, 7000 + (n * PIECE) as u64);
                assert_eq!((decoded.pieces.len(), decoded.lost), (1, 0));
                let piece = &decoded.pieces[0];
                assert_eq!((piece.channels, piece.sample_rate), (channels, RATE));
                assert_eq!(piece.timestamp_us, Some(n as u64 * 20_000));
                assert_eq!(piece.samples.len(), PIECE * channels as usize);
                // That of a sine of half the height is 0.35.
                if n > 2 {
                    let loud = loudness(&piece.samples);
                    assert!((0.3..0.4).contains(&loud), "{loud}");
                }
            }
        }
    }

    #[test]
    fn what_is_lost_is_made_up_for() {
        let mut decode = Decode::new(false).unwrap();
        let packets = tone(20);
        let (mut times, mut lost) = (Vec::new(), 0);
        for (n, packet) in packets.iter().enumerate() {
            if [5, 9, 10].contains(&n) {
                continue;
            }
            let decoded = decode.push(packet, (n * PIECE) as u64);
            lost += decoded.lost;
            for piece in decoded.pieces {
                assert!(loudness(&piece.samples) > 0.05 || times.len() < 2);
                times.push(piece.timestamp_us.unwrap());
            }
        }
        assert_eq!(lost, 3);
        let all: Vec<u64> = (0..20).map(|n| n * 20_000).collect();
        assert_eq!(times, all);
    }

    #[test]
    fn late_ones_are_left_out_and_silence_is_a_step_in_time() {
        let mut decode = Decode::new(false).unwrap();
        let packets = tone(3);
        assert_eq!(decode.push(&packets[0], 0).pieces.len(), 1);
        let late = decode.push(&packets[1], 0);
        assert_eq!((late.pieces.len(), late.lost), (0, 1));
        let later = decode.push(&packets[1], 480_000);
        assert_eq!((later.pieces.len(), later.lost), (1, 0));
        assert_eq!(later.pieces[0].timestamp_us, Some(10_000_000));
        // A sender that begins anew is heard, from a new beginning.
        let anew = decode.push(&packets[2], 5);
        assert_eq!(anew.pieces[0].timestamp_us, Some(0));
    }

    #[test]
    fn what_is_no_packet_is_a_lost_one() {
        let mut decode = Decode::new(false).unwrap();
        // Two frames of different lengths, without a length.
        let decoded = decode.push(&[0x02, 0xff], 0);
        assert_eq!((decoded.pieces.len(), decoded.lost), (1, 1));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        /// Whatever a peer sends, no more comes of it than the clock and the
        /// longest packet allow.
        #[test]
        fn any_packets_are_survived(
            stereo: bool,
            sent in proptest::collection::vec(
                (proptest::collection::vec(any::<u8>(), 0..200), 0..20_000_u64), 1..12),
        ) {
            let mut decode = Decode::new(stereo).unwrap();
            let mut time = 0;
            for (packet, step) in sent {
                time += step;
                let decoded = decode.push(&packet, time);
                prop_assert!(decoded.pieces.len() <= 2 * LONGEST / PIECE + 1);
                prop_assert!(decode.rest.len() < PIECE * 2);
            }
        }
    }
}
