//! The values that move between nodes.

use std::any::Any;
use std::fmt;

use num_bigint::BigInt;

/// Deepest nesting that a value may have when it crosses the boundary.
pub const MAX_DEPTH: usize = 128;

/// A dynamic value, a medium, or an object that only its own language knows.
#[derive(Debug)]
pub enum Value {
    /// Python's `None`.
    Null,
    /// A truth value.
    Bool(bool),
    /// An integer that fits 64 bits.
    Int(i64),
    /// An integer beyond 64 bits.
    BigInt(Box<BigInt>),
    /// A float.
    Float(f64),
    /// A string.
    Text(String),
    /// Raw bytes.
    Bytes(Vec<u8>),
    /// A list.
    List(Vec<Value>),
    /// A list of integers that all fit 64 bits; equal to the same [`Value::List`].
    Ints(Vec<i64>),
    /// A list of floats; equal to the same [`Value::List`].
    Floats(Vec<f64>),
    /// A tuple.
    Tuple(Vec<Value>),
    /// A mapping whose keys are all strings, in insertion order.
    Map(Vec<(String, Value)>),
    /// A mapping with a key that is no string, in insertion order.
    Entries(Vec<(Value, Value)>),
    /// A medium: only as a whole item, never inside another value.
    Media(Box<Media>),
    /// An object of an embedded language, unconverted.
    Object(Box<dyn Object>),
}

/// An object of an embedded language that passes from one of its nodes to
/// the next without being converted.
pub trait Object: fmt::Debug {
    /// Converts it to a plain value or medium.
    ///
    /// # Errors
    /// Says at which path inside the object something has no form.
    fn to_value(&self) -> Result<Value, NoForm>;

    /// A copy that shares no mutable state with it.
    ///
    /// # Errors
    /// Says why it can't be copied.
    fn duplicate(&self) -> Result<Box<dyn Object>, NoForm>;

    /// For the language's own nodes, to get the object back.
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

/// An object, or a part of one, has no form outside its language.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}{sep}{message}", sep = if path.is_empty() { "" } else { ": " })]
pub struct NoForm {
    /// Where inside the object, for example `results.x[2]`; empty for the whole.
    pub path: String,
    /// Why, and what to do.
    pub message: String,
}

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
pub const PIXEL_FORMATS: &[&str] =
    &["gray8", "rgb24", "bgr24", "rgba32", "bgra32", "yuv420p", "nv12", "encoded"];
/// Codings of an image, as the WIT names them.
pub const IMAGE_FORMATS: &[&str] = &["jpeg", "png", "webp", "raw"];
/// Element types of tensors, as the WIT names them.
pub const DTYPES: &[&str] =
    &["u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64", "f16", "f32", "f64", "bool"];
/// Kinds of control messages, as the WIT names them.
pub const CONTROL_KINDS: &[&str] = &["cancel-speculation", "batch-hint", "deadline-warning"];
