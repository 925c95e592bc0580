//! Items as files.

use std::io::Write;

use super::{FileFormat, MediaError};
use crate::audio::{AudioWriter, Container, Patch};
use crate::codec;
use crate::images;
use crate::npy;
use crate::types::{Data, ImageFormat, PixelFormat, Value, ValueNode};
use crate::wav;

/// A medium as the file that it usually is. Values and references are none.
///
/// # Errors
/// Where its content is not what it says of itself.
pub fn encode(item: &Data) -> Result<Option<(FileFormat, Vec<u8>)>, MediaError> {
    Ok(Some(match item {
        Data::Value(_)
        | Data::Integers(_)
        | Data::Numbers(_)
        | Data::File(_)
        | Data::Control(_) => return Ok(None),
        Data::Text(text) => (FileFormat::Text, text.text.clone().into_bytes()),
        Data::Binary(binary) => (FileFormat::Binary, binary.bytes.clone()),
        Data::Tensor(tensor) => (FileFormat::Npy, npy::write(tensor)),
        Data::Audio(audio) => (FileFormat::Wav, wav::encode(audio)?),
        Data::Video(video) => pixels(&video.pixel_data, video.format, video.width, video.height)?,
        Data::Image(image) => match image.format {
            ImageFormat::Jpeg => (FileFormat::Jpeg, image.data.clone()),
            ImageFormat::Png => (FileFormat::Png, image.data.clone()),
            ImageFormat::Webp => (FileFormat::Webp, image.data.clone()),
            ImageFormat::Raw(format) => pixels(&image.data, format, image.width, image.height)?,
        },
    }))
}

/// Raw pixels as PNG, where PNG has their format, and else as they are.
fn pixels(
    data: &[u8],
    format: PixelFormat,
    width: u32,
    height: u32,
) -> Result<(FileFormat, Vec<u8>), MediaError> {
    Ok(match images::png(data, format, width, height)? {
        Some(png) => (FileFormat::Png, png),
        None => (FileFormat::Binary, data.to_vec()),
    })
}

/// An item as a file of a certain format.
///
/// # Errors
/// Where it can't be one.
pub fn encode_as(item: &Data, format: FileFormat) -> Result<Vec<u8>, MediaError> {
    let alone = match item {
        Data::Value(Value { nodes, .. }) => match &nodes[..] {
            [node] => Some(node),
            _ => None,
        },
        _ => None,
    };
    match (format, item, alone) {
        (FileFormat::Json, ..) => {
            let broken = |error| MediaError::Io(std::io::Error::other(error));
            let mut text = codec::item_to_json(item).map_err(broken)?;
            text.push('\n');
            Ok(text.into_bytes())
        }
        (FileFormat::Text, _, Some(ValueNode::Text(text))) => Ok(text.clone().into_bytes()),
        (FileFormat::Binary, _, Some(ValueNode::Bytes(bytes))) => Ok(bytes.clone()),
        (FileFormat::Flac, Data::Audio(audio), _) => {
            let mut writer = AudioWriter::new(Container::Flac, Vec::new());
            writer.push(audio)?;
            let (bytes, patches) = writer.finish()?;
            Ok(patched(bytes, patches))
        }
        _ => match encode(item)? {
            Some((usual, bytes)) if usual == format => Ok(bytes),
            _ => Err(MediaError::Unfit {
                format,
                what: what(item).into(),
            }),
        },
    }
}

/// Puts patches into the bytes that they are for.
fn patched(mut bytes: Vec<u8>, patches: Vec<Patch>) -> Vec<u8> {
    for (at, patch) in patches {
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        let end = at.saturating_add(patch.len());
        if let Some(place) = bytes.get_mut(at..end) {
            place.copy_from_slice(&patch);
        }
    }
    bytes
}

/// What an item is, in a message.
fn what(item: &Data) -> &'static str {
    match item {
        Data::Value(_) | Data::Integers(_) | Data::Numbers(_) => "a value",
        Data::Text(_) => "text",
        Data::Binary(_) => "binary data",
        Data::Audio(_) => "audio",
        Data::Video(_) => "a video frame",
        Data::Image(_) => "an image",
        Data::Tensor(_) => "a tensor",
        Data::File(_) => "a reference to a file",
        Data::Control(_) => "a control message",
    }
}

/// Writes the outputs of a pipeline into one file or stream, as they come: audio
/// one after the other, items a line each, or one item of any other format.
pub struct MediaWriter<W> {
    format: FileFormat,
    target: Target<W>,
}

enum Target<W> {
    Audio(Box<AudioWriter<W>>),
    Lines(W),
    One { out: W, written: bool },
}

impl<W: Write> MediaWriter<W> {
    /// Writes nothing yet.
    pub fn new(format: FileFormat, out: W) -> Self {
        let audio = |container, out| Target::Audio(Box::new(AudioWriter::new(container, out)));
        let target = match format {
            FileFormat::Wav => audio(Container::Wav, out),
            FileFormat::Flac => audio(Container::Flac, out),
            FileFormat::JsonLines => Target::Lines(out),
            _ => Target::One {
                out,
                written: false,
            },
        };
        Self { format, target }
    }

    /// Writes an output.
    ///
    /// # Errors
    /// Where it can't stand in the file, or beside what is in it.
    pub fn push(&mut self, item: &Data) -> Result<(), MediaError> {
        let format = self.format;
        match &mut self.target {
            Target::Audio(writer) => match item {
                Data::Audio(audio) => writer.push(audio)?,
                _ => {
                    let what = what(item).into();
                    return Err(MediaError::Unfit { format, what });
                }
            },
            Target::Lines(out) => match item {
                Data::Integers(_) | Data::Numbers(_) => {
                    for item in codec::one_by_one(vec![item.clone().into()]) {
                        out.write_all(&encode_as(&item.item, FileFormat::Json)?)?;
                    }
                }
                _ => out.write_all(&encode_as(item, FileFormat::Json)?)?,
            },
            Target::One { out, written } => {
                if *written || codec::weight(item) > 1 {
                    return Err(MediaError::Several(format));
                }
                out.write_all(&encode_as(item, format)?)?;
                *written = true;
            }
        }
        Ok(())
    }

    /// Where it writes to.
    pub fn get_mut(&mut self) -> &mut W {
        match &mut self.target {
            Target::Audio(writer) => writer.get_mut(),
            Target::Lines(out) | Target::One { out, .. } => out,
        }
    }

    /// Sends on what was written.
    ///
    /// # Errors
    /// Where that fails.
    pub fn flush(&mut self) -> std::io::Result<()> {
        match &mut self.target {
            Target::Audio(writer) => writer.flush(),
            Target::Lines(out) | Target::One { out, .. } => out.flush(),
        }
    }

    /// Ends the file, and gives what is to be written over what stands in it.
    ///
    /// # Errors
    /// Where there was no output, but for lines, or its end can't be written.
    pub fn finish(self) -> Result<(W, Vec<Patch>), MediaError> {
        match self.target {
            Target::Audio(writer) if writer.has_begun() => Ok(writer.finish()?),
            Target::Audio(_) | Target::One { written: false, .. } => Err(MediaError::Nothing),
            Target::Lines(mut out) | Target::One { mut out, .. } => {
                out.flush()?;
                Ok((out, Vec::new()))
            }
        }
    }
}

impl MediaWriter<Vec<u8>> {
    /// Ends the file, and gives all of it.
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    pub fn into_bytes(self) -> Result<Vec<u8>, MediaError> {
        let (bytes, patches) = self.finish()?;
        Ok(patched(bytes, patches))
    }
}
