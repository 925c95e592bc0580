//! Writing FLAC, block by block.

use std::io::Write;

use flacenc::bitsink::ByteSink;
use flacenc::component::{BitRepr, StreamInfo};
use flacenc::config;
use flacenc::error::{Verified, Verify as _};
use flacenc::source::{Context, Fill as _, FrameBuf};

use super::AudioError;
use super::write::Patch;

/// How many frames a block has.
const BLOCK: usize = 4096;
/// Bits of a sample: as many as a float is exact to.
const BITS: usize = 24;
/// Where what is known of the whole stream stands: after the name, and the head of
/// its block.
const INFO: u64 = 8;

pub(super) struct Encoder {
    config: Verified<config::Encoder>,
    info: StreamInfo,
    /// Checks and counts what was written.
    context: Context,
    block: FrameBuf,
    /// What is no whole block yet, interleaved.
    pending: Vec<i32>,
    blocks: usize,
}

impl Encoder {
    /// Begins a stream, with how many samples it has left open.
    pub(super) fn begin(
        rate: u32,
        channels: u32,
        out: &mut impl Write,
    ) -> Result<Self, AudioError> {
        let most = |_| {
            AudioError::Unwritable(format!(
                "FLAC is written with at most 96,000 Hz in 8 channels, and this is {rate} Hz in \
                 {channels}"
            ))
        };
        if rate == 0 {
            return Err(most(()));
        }
        let count = channels as usize;
        let mut info = StreamInfo::new(rate as usize, count, BITS).map_err(|_| most(()))?;
        info.set_block_sizes(BLOCK, BLOCK).map_err(fail)?;
        out.write_all(b"fLaC\x80\0\0\x22")?;
        out.write_all(&unknown(&info)?)?;
        let config = config::Encoder::default();
        Ok(Self {
            config: config.into_verified().map_err(|(_, error)| fail(error))?,
            info,
            context: Context::new(BITS, count),
            block: FrameBuf::with_size(count, BLOCK).map_err(fail)?,
            pending: Vec::with_capacity(BLOCK * count),
            blocks: 0,
        })
    }

    /// Adds samples. FLAC has nothing beyond 1.
    pub(super) fn push(&mut self, samples: &[f32], out: &mut impl Write) -> Result<(), AudioError> {
        const SCALE: f32 = (1 << (BITS - 1)) as f32;
        let whole = BLOCK * self.info.channels();
        for sample in samples {
            let scaled = (sample * SCALE).round().clamp(-SCALE, SCALE - 1.0);
            // What is no number is silence.
            self.pending.push(scaled as i32);
            if self.pending.len() == whole {
                self.write_block(out)?;
            }
        }
        Ok(())
    }

    /// Ends the stream: what is known of it now stands in the patch.
    pub(super) fn finish(mut self, out: &mut impl Write) -> Result<Patch, AudioError> {
        if !self.pending.is_empty() {
            self.write_block(out)?;
        }
        self.info.set_md5_digest(&self.context.md5_digest());
        self.info.set_total_samples(self.context.total_samples());
        Ok((INFO, bytes(&self.info)?))
    }

    fn write_block(&mut self, out: &mut impl Write) -> Result<(), AudioError> {
        self.block.fill_interleaved(&self.pending).map_err(fail)?;
        self.context.fill_interleaved(&self.pending).map_err(fail)?;
        self.pending.clear();
        let (config, block, number) = (&self.config, &self.block, self.blocks);
        let frame = flacenc::encode_fixed_size_frame(config, block, number, &self.info);
        let frame = frame.map_err(fail)?;
        self.blocks += 1;
        out.write_all(&bytes(&frame)?)?;
        Ok(())
    }
}

/// How a stream's information is written that is not known yet: zeros where FLAC
/// has them for that.
fn unknown(info: &StreamInfo) -> Result<Vec<u8>, AudioError> {
    let mut bytes = bytes(info)?;
    // The sizes of the smallest and the largest frame.
    bytes[4..10].fill(0);
    Ok(bytes)
}

fn bytes(part: &impl BitRepr) -> Result<Vec<u8>, AudioError> {
    let mut sink = ByteSink::new();
    part.write(&mut sink).map_err(fail)?;
    Ok(sink.into_inner())
}

fn fail(error: impl std::fmt::Debug) -> AudioError {
    AudioError::Unwritable(format!("it can't be written as FLAC: {error:?}"))
}
