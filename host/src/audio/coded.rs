//! Coded audio, by Symphonia.

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};

use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::common::Limit;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream};
use symphonia::core::meta::MetadataOptions;

use super::{AudioError, Source};
use crate::types::Audio;

/// The longest tag of a file that is kept, in bytes; none is used.
const TAG: usize = 64 << 10;
const LEFT_OUT: &str = "parts of the audio could not be decoded and were left out";
const CUT: &str = "the audio is cut off; what is there was read";
const CHAINED: &str = "other audio follows in the same file, which was left out";

/// A track that is being decoded.
pub(super) struct Coded {
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    rate: u32,
    channels: u32,
    /// What was decoded and not yet taken.
    pending: Vec<f32>,
    taken: usize,
    ended: bool,
    warning: Option<&'static str>,
}

impl Coded {
    pub(super) fn open(source: Source, ending: Option<&str>) -> Result<Self, AudioError> {
        guarded(|| {
            let source: Box<dyn MediaSource> = match source {
                Source::File(file) => Box::new(file),
                Source::Bytes(bytes) => Box::new(Cursor::new(bytes)),
                Source::Stream(stream) => Box::new(Forward(stream)),
            };
            let source = MediaSourceStream::new(source, Default::default());
            let mut hint = Hint::new();
            if let Some(ending) = ending {
                hint.with_extension(ending);
            }
            let metadata = MetadataOptions::default()
                .limit_tag_bytes(Limit::Maximum(TAG))
                .limit_visual_bytes(Limit::Maximum(TAG));
            let format = symphonia::default::get_probe()
                .probe(&hint, source, FormatOptions::default(), metadata)
                .map_err(fail)?;
            let unsupported = |what: &str| AudioError::Unsupported(what.to_owned());
            let track = (format.default_track(TrackType::Audio))
                .ok_or_else(|| unsupported("there is none in it"))?;
            let parameters = track.codec_params.as_ref().and_then(|it| it.audio());
            let parameters =
                parameters.ok_or_else(|| unsupported("how it is coded is not known"))?;
            let decoder = symphonia::default::get_codecs()
                .make_audio_decoder(parameters, &AudioDecoderOptions::default())
                .map_err(fail)?;
            let track = track.id;
            let mut coded = Self {
                format,
                decoder,
                track,
                rate: 0,
                channels: 0,
                pending: Vec::new(),
                taken: 0,
                ended: false,
                warning: None,
            };
            // What is said of it can be wrong; what is decoded says it by itself.
            while coded.pending.is_empty() && coded.more()? {}
            match coded.rate {
                0 => Err(AudioError::Broken("nothing of it can be decoded".into())),
                _ => Ok(coded),
            }
        })
    }

    pub(super) fn sample_rate(&self) -> u32 {
        self.rate
    }

    pub(super) fn channels(&self) -> u32 {
        self.channels
    }

    pub(super) fn warning(&self) -> Option<&'static str> {
        self.warning
    }

    /// The next frames, at most so many.
    pub(super) fn read(&mut self, frames: usize) -> Result<Audio, AudioError> {
        let most = frames.saturating_mul(self.channels as usize);
        guarded(|| {
            while self.pending.len() - self.taken < most && self.more()? {}
            Ok(())
        })?;
        let end = self.pending.len().min(self.taken.saturating_add(most));
        let samples = self.pending[self.taken..end].to_vec();
        self.taken = end;
        Ok(Audio {
            samples,
            sample_rate: self.rate,
            channels: self.channels,
            stream_id: None,
            timestamp_us: None,
            metadata: None,
        })
    }

    /// Decodes another packet; false at the end.
    fn more(&mut self) -> Result<bool, AudioError> {
        if self.ended {
            return Ok(false);
        }
        if self.taken > 0 {
            self.pending.drain(..self.taken);
            self.taken = 0;
        }
        let packet = match self.format.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => return Ok(self.end(None)),
            Err(Error::ResetRequired) => return Ok(self.end(Some(CHAINED))),
            Err(Error::IoError(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Ok(self.end(Some(CUT)));
            }
            Err(error) => return Err(fail(error)),
        };
        if packet.track_id != self.track {
            return Ok(true);
        }
        match self.decoder.decode(&packet) {
            Ok(decoded) => {
                let spec = decoded.spec();
                let form = (spec.rate(), spec.channels().count() as u32);
                match (self.rate, self.channels) {
                    (0, _) => (self.rate, self.channels) = form,
                    before if before != form => {
                        return Err(AudioError::Differs {
                            before,
                            rate: form.0,
                            channels: form.1,
                        });
                    }
                    _ => {}
                }
                let start = self.pending.len();
                self.pending
                    .resize(start + decoded.samples_interleaved(), 0.0);
                decoded.copy_to_slice_interleaved(&mut self.pending[start..]);
            }
            // One that can't be decoded says nothing of the next.
            Err(Error::DecodeError(_) | Error::IoError(_)) => self.warning = Some(LEFT_OUT),
            Err(error) => return Err(fail(error)),
        }
        Ok(true)
    }

    fn end(&mut self, warning: Option<&'static str>) -> bool {
        self.ended = true;
        self.warning = self.warning.or(warning);
        false
    }
}

/// Runs what reads other people's bytes: a fault of the decoder's is an error of
/// its input's, and nobody uses the decoder after it.
fn guarded<T>(read: impl FnOnce() -> Result<T, AudioError>) -> Result<T, AudioError> {
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(AudioError::Broken("the decoder can't cope with it".into())))
}

fn fail(error: Error) -> AudioError {
    match error {
        Error::IoError(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            AudioError::Broken("it is cut short".into())
        }
        Error::IoError(error) => error.into(),
        Error::Unsupported(what) => AudioError::Unsupported(what.to_owned()),
        Error::SeekError(_) => AudioError::Unsupported(
            "its index stands at its end; give it as a file, and not as a stream".into(),
        ),
        error => AudioError::Broken(error.to_string()),
    }
}

/// Bytes that come one after the other, and only once.
struct Forward(Box<dyn Read + Send + Sync>);

impl Read for Forward {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Seek for Forward {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Err(io::ErrorKind::NotSeekable.into())
    }
}

impl MediaSource for Forward {
    fn is_seekable(&self) -> bool {
        false
    }

    fn byte_len(&self) -> Option<u64> {
        None
    }
}
