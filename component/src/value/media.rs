//! Typed media: what is an item of its own, and no part of another value.

use pipeline_codec::names::Named as _;
use pipeline_codec::types::{ControlKind, Dtype, PixelFormat};

use super::{NoForm, Value};

/// Typed media. The fields are those of the WIT records of the same names.
#[derive(Debug, Clone, PartialEq)]
pub enum Media {
    /// Audio as interleaved samples.
    Audio(Audio),
    /// A video frame.
    Video(Video),
    /// A still image.
    Image(Image),
    /// A dense array.
    Tensor(Tensor),
    /// Text with what is known of it.
    Text(Text),
    /// Bytes with their type.
    Binary(Binary),
    /// A reference to a file.
    File(File),
    /// A control message.
    Control(Control),
}

/// Audio as interleaved 32-bit float samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Audio {
    /// Interleaved samples.
    pub samples: Vec<f32>,
    /// Frames a second.
    pub sample_rate: u32,
    /// Channels in a frame.
    pub channels: u32,
    /// The stream that it belongs to.
    pub stream_id: Option<String>,
    /// Presentation time of the first frame, in microseconds.
    pub timestamp_us: Option<u64>,
    /// Whatever else the producer says of it; a mapping.
    pub metadata: Option<Value>,
}

/// One video frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Video {
    /// The frame's bytes.
    pub pixel_data: Vec<u8>,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Name of the pixel format, as in the WIT.
    pub format: &'static str,
    /// Name of the codec of coded data.
    pub codec: Option<String>,
    /// Position in the stream, from 0.
    pub frame_number: u64,
    /// Presentation time in microseconds.
    pub timestamp_us: u64,
    /// Whether it can be decoded by itself.
    pub is_keyframe: bool,
    /// The stream that it belongs to.
    pub stream_id: Option<String>,
}

/// A still image.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    /// The image's bytes.
    pub data: Vec<u8>,
    /// `jpeg`, `png`, `webp` or `raw`.
    pub format: &'static str,
    /// Name of the pixel format where `format` is `raw`.
    pub pixel_format: Option<&'static str>,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Capture or presentation time in microseconds.
    pub timestamp_us: Option<u64>,
    /// Whatever else the producer says of it; a mapping.
    pub metadata: Option<Value>,
}

/// A dense array.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// The elements, little-endian, row-major.
    pub data: Vec<u8>,
    /// Extent of each axis.
    pub shape: Vec<u32>,
    /// Name of the element type, as in the WIT.
    pub dtype: &'static str,
    /// Names of the axes.
    pub layout: Option<String>,
}

/// Text with what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    /// The text.
    pub text: String,
    /// BCP 47 language tag.
    pub language: Option<String>,
    /// The channel that it arrived on.
    pub channel: Option<String>,
}

/// Bytes with their type.
#[derive(Debug, Clone, PartialEq)]
pub struct Binary {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// IANA media type.
    pub mime_type: Option<String>,
}

/// A reference to a file.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    /// Path as the sandbox sees it.
    pub path: String,
    /// Name to show.
    pub filename: Option<String>,
    /// IANA media type.
    pub mime_type: Option<String>,
    /// Size of the whole file in bytes.
    pub size: Option<u64>,
    /// First byte of the part that is meant.
    pub offset: Option<u64>,
    /// Length in bytes of the part that is meant.
    pub length: Option<u64>,
}

/// A message to nodes that travels with the data.
#[derive(Debug, Clone, PartialEq)]
pub struct Control {
    /// Name of the kind, as in the WIT.
    pub kind: &'static str,
    /// The segment that it is about.
    pub segment_id: Option<String>,
    /// When it was sent, in milliseconds since the Unix epoch.
    pub timestamp_ms: u64,
}

/// Pixel formats, as the WIT names them.
pub const PIXEL_FORMATS: &[&str] = PixelFormat::NAMES;
/// Codings of an image, as the WIT names them.
pub use pipeline_codec::names::IMAGE_FORMATS;
/// Element types of tensors, as the WIT names them.
pub const DTYPES: &[&str] = Dtype::NAMES;
/// Kinds of control messages, as the WIT names them.
pub const CONTROL_KINDS: &[&str] = ControlKind::NAMES;

impl Media {
    /// What it is, in words: `audio`, `a video frame`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Audio(_) => "audio",
            Self::Video(_) => "a video frame",
            Self::Image(_) => "an image",
            Self::Tensor(_) => "a tensor",
            Self::Text(_) => "text",
            Self::Binary(_) => "binary data",
            Self::File(_) => "a file",
            Self::Control(_) => "a control message",
        }
    }

    /// Checks that the fields go together, on the way in as on the way out.
    ///
    /// # Errors
    /// Names the field that does not go with the others.
    pub fn check(&self) -> Result<(), NoForm> {
        let wrong = |field: &str, message: String| {
            Err(NoForm {
                path: field.to_owned(),
                message,
            })
        };
        let metadata = match self {
            Self::Audio(audio) => {
                let (samples, channels) = (audio.samples.len(), audio.channels);
                if audio.sample_rate == 0 {
                    return wrong("sample_rate", "must be at least 1 Hz".to_owned());
                }
                if channels == 0 {
                    return wrong("channels", "must be at least 1".to_owned());
                }
                if !samples.is_multiple_of(channels as usize) {
                    let message =
                        format!("{samples} samples are no whole frames of {channels} channels");
                    return wrong("samples", message);
                }
                &audio.metadata
            }
            Self::Tensor(tensor) => {
                let Some(dtype) = Dtype::named(tensor.dtype) else {
                    return wrong("dtype", format!("{} is no element type", tensor.dtype));
                };
                if let Err(message) = dtype.check(&tensor.shape, tensor.data.len()) {
                    return wrong("data", message);
                }
                &None
            }
            Self::Image(image) => &image.metadata,
            _ => &None,
        };
        match metadata {
            None | Some(Value::Map(_) | Value::Entries(_)) => Ok(()),
            Some(other) => wrong(
                "metadata",
                format!("must be a mapping, found {}", other.kind()),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_whose_fields_do_not_go_together_are_refused() {
        let tensor = |data: usize, shape: &[u32]| {
            let error = Media::Tensor(Tensor {
                data: vec![0; data],
                shape: shape.to_vec(),
                dtype: "f32",
                layout: None,
            });
            error.check().map_err(|error| error.to_string())
        };
        assert_eq!(tensor(8, &[2, 1]), Ok(()));
        assert_eq!(tensor(4, &[]), Ok(()));
        assert_eq!(
            tensor(4, &[5]).unwrap_err(),
            "data: f32 of shape [5] takes 20 bytes, not 4"
        );
        assert_eq!(
            tensor(4, &[u32::MAX, u32::MAX, u32::MAX]).unwrap_err(),
            "data: f32 of shape [4294967295, 4294967295, 4294967295] takes too many bytes, not 4"
        );
        let audio = |sample_rate, channels, metadata| {
            let audio = Media::Audio(Audio {
                samples: vec![0.0; 3],
                sample_rate,
                channels,
                stream_id: None,
                timestamp_us: None,
                metadata,
            });
            audio.check().map_err(|error| error.path)
        };
        assert_eq!(audio(1, 3, Some(Value::Map(vec![]))), Ok(()));
        assert_eq!(audio(0, 1, None).unwrap_err(), "sample_rate");
        assert_eq!(audio(1, 0, None).unwrap_err(), "channels");
        assert_eq!(audio(1, 2, None).unwrap_err(), "samples");
        assert_eq!(audio(1, 1, Some(Value::Null)).unwrap_err(), "metadata");
    }
}
