//! Reading media from their JSON form.

use jiter::Peek;

use super::error::{Problem, Step};
use super::read::{Read, Reader};
use crate::names::{IMAGE_FORMATS, Named};
use crate::types::{
    Audio, Binary, Control, Data, Dtype, File, Image, ImageFormat, Tensor, Text, Value, ValueNode,
    Video,
};

/// A field's content, as it was written.
enum Field {
    Absent,
    Given(Content, usize),
}

enum Content {
    Text(String),
    Whole(i128),
    Boolean(bool),
    Value(Value),
}

/// The fields of a medium.
struct Fields {
    medium: String,
    at: usize,
    given: Vec<(String, Content, usize)>,
    payload: Option<Vec<u8>>,
}

impl Reader<'_> {
    /// The medium `name`; its object comes next.
    pub(super) fn medium(&mut self, name: &str) -> Read<Data> {
        let at = self.offset();
        self.first_key()?;
        let peek = self.peek()?;
        self.expect(peek, Peek::Object, &format!("{name} must hold an object"))?;
        let read = self.medium_fields(name, at).and_then(Fields::medium);
        let data = read.map_err(|problem| problem.within(Step::Key(name.to_owned())))?;
        self.close()?;
        Ok(data)
    }

    fn medium_fields(&mut self, medium: &str, at: usize) -> Read<Fields> {
        let (payload, known) = shape(medium);
        let mut fields = Fields {
            medium: medium.to_owned(),
            at,
            given: Vec::new(),
            payload: None,
        };
        let mut next = self.first_key()?;
        while let Some(key) = next {
            let at = self.offset();
            let step = || Step::Key(key.clone());
            if Some(key.as_str()) == payload {
                let bytes = self.base64().map_err(|problem| problem.within(step()))?;
                if fields.payload.replace(bytes).is_some() {
                    return Err(Problem::new("this key was given before", at).within(step()));
                }
            } else if !known.contains(&key.as_str()) {
                let names: Vec<&str> = payload.iter().chain(known).copied().collect();
                let message = format!("{medium} has no such field (it has {})", names.join(", "));
                return Err(Problem::new(message, at).within(step()));
            } else if fields.given.iter().any(|(name, ..)| *name == key) {
                return Err(Problem::new("this key was given before", at).within(step()));
            } else if let Some(content) = self
                .content(&key)
                .map_err(|problem| problem.within(step()))?
            {
                fields.given.push((key, content, at));
            }
            next = self.key()?;
        }
        Ok(fields)
    }

    fn content(&mut self, key: &str) -> Read<Option<Content>> {
        let at = self.offset();
        let peek = self.peek()?;
        Ok(match peek {
            Peek::Null => {
                self.value_alone()?;
                None
            }
            _ if matches!(key, "metadata" | "shape") => Some(Content::Value(self.value_alone()?)),
            Peek::String => Some(Content::Text(self.string()?)),
            Peek::True | Peek::False => {
                self.value_alone()?;
                Some(Content::Boolean(peek == Peek::True))
            }
            _ if peek.is_num() => match self.signed(peek)? {
                Some(value) => Some(Content::Whole(value)),
                None => return Err(Problem::new("must be a whole number", at)),
            },
            _ => return Err(Problem::new("must be a string or a number", at)),
        })
    }
}

/// The name of a medium's payload, and of its other fields.
fn shape(medium: &str) -> (Option<&'static str>, &'static [&'static str]) {
    match medium {
        "$audio" => (
            Some("samples"),
            &[
                "sample_rate",
                "channels",
                "stream_id",
                "timestamp_us",
                "metadata",
            ],
        ),
        "$video" => (
            Some("pixel_data"),
            &[
                "width",
                "height",
                "format",
                "codec",
                "frame_number",
                "timestamp_us",
                "is_keyframe",
                "stream_id",
            ],
        ),
        "$image" => (
            Some("data"),
            &[
                "format",
                "pixel_format",
                "width",
                "height",
                "timestamp_us",
                "metadata",
            ],
        ),
        "$tensor" => (Some("data"), &["shape", "dtype", "layout"]),
        "$text" => (None, &["text", "language", "channel"]),
        "$binary" => (Some("bytes"), &["mime_type"]),
        "$file" => (
            None,
            &["path", "filename", "mime_type", "size", "offset", "length"],
        ),
        _ => (None, &["kind", "segment_id", "timestamp_ms"]),
    }
}

impl Fields {
    fn medium(mut self) -> Read<Data> {
        Ok(match self.medium.as_str() {
            "$audio" => Data::Audio(self.audio()?),
            "$video" => Data::Video(self.video()?),
            "$image" => Data::Image(self.image()?),
            "$tensor" => Data::Tensor(self.tensor()?),
            "$text" => Data::Text(Text {
                text: self.text("text")?,
                language: self.optional_text("language")?,
                channel: self.optional_text("channel")?,
            }),
            "$binary" => Data::Binary(Binary {
                bytes: self.bytes("bytes")?,
                mime_type: self.optional_text("mime_type")?,
            }),
            "$file" => Data::File(File {
                path: self.text("path")?,
                filename: self.optional_text("filename")?,
                mime_type: self.optional_text("mime_type")?,
                size: self.optional_whole("size")?,
                offset: self.optional_whole("offset")?,
                length: self.optional_whole("length")?,
            }),
            _ => Data::Control(Control {
                kind: self.one_of("kind")?,
                segment_id: self.optional_text("segment_id")?,
                timestamp_ms: self.whole("timestamp_ms")?,
            }),
        })
    }

    fn audio(&mut self) -> Read<Audio> {
        let at = self.at;
        let bytes = self.bytes("samples")?;
        let channels: u32 = self.positive("channels")?;
        let (samples, rest) = bytes.as_chunks::<4>();
        let whole_frames = rest.is_empty() && samples.len() % channels as usize == 0;
        if !whole_frames {
            let message = format!(
                "{} bytes are no whole number of frames: a sample has 4 bytes, and a frame has \
                 {channels} of them",
                bytes.len()
            );
            return Err(Problem::new(message, at).within(Step::Key("samples".into())));
        }
        Ok(Audio {
            samples: samples
                .iter()
                .map(|bytes| f32::from_le_bytes(*bytes))
                .collect(),
            sample_rate: self.positive("sample_rate")?,
            channels,
            stream_id: self.optional_text("stream_id")?,
            timestamp_us: self.optional_whole("timestamp_us")?,
            metadata: self.metadata()?,
        })
    }

    fn video(&mut self) -> Read<Video> {
        Ok(Video {
            pixel_data: self.bytes("pixel_data")?,
            width: self.whole("width")?,
            height: self.whole("height")?,
            format: self.one_of("format")?,
            codec: self.optional_text("codec")?,
            frame_number: self.optional_whole("frame_number")?.unwrap_or(0),
            timestamp_us: self.optional_whole("timestamp_us")?.unwrap_or(0),
            is_keyframe: self.boolean("is_keyframe")?,
            stream_id: self.optional_text("stream_id")?,
        })
    }

    fn image(&mut self) -> Read<Image> {
        let format = match self.name("format", IMAGE_FORMATS)? {
            "jpeg" => ImageFormat::Jpeg,
            "png" => ImageFormat::Png,
            "webp" => ImageFormat::Webp,
            _ => ImageFormat::Raw(self.one_of("pixel_format")?),
        };
        if let Field::Given(_, at) = self.take("pixel_format") {
            return Err(wrong("pixel_format", "goes with the format raw alone", at));
        }
        Ok(Image {
            data: self.bytes("data")?,
            format,
            width: self.whole("width")?,
            height: self.whole("height")?,
            timestamp_us: self.optional_whole("timestamp_us")?,
            metadata: self.metadata()?,
        })
    }

    fn tensor(&mut self) -> Read<Tensor> {
        let data = self.bytes("data")?;
        let dtype: Dtype = self.one_of("dtype")?;
        let shape: Vec<u32> = match self.take("shape") {
            Field::Absent => return Err(self.missing("shape")),
            Field::Given(Content::Value(Value { nodes, root }), at) => {
                let axes = match nodes.get(root as usize) {
                    Some(ValueNode::Integers(axes)) => axes.as_slice(),
                    Some(ValueNode::Items(axes)) if axes.is_empty() => &[],
                    _ => return Err(wrong("shape", "must be a list of whole numbers", at)),
                };
                let axes = axes
                    .iter()
                    .map(|axis| u32::try_from(*axis))
                    .collect::<Result<_, _>>();
                axes.map_err(|_| wrong("shape", "an axis is out of range", at))?
            }
            Field::Given(_, at) => {
                return Err(wrong("shape", "must be a list of whole numbers", at));
            }
        };
        dtype
            .check(&shape, data.len())
            .map_err(|message| wrong("data", &message, self.at))?;
        Ok(Tensor {
            data,
            shape,
            dtype,
            layout: self.optional_text("layout")?,
        })
    }

    fn take(&mut self, name: &str) -> Field {
        match self.given.iter().position(|(given, ..)| given == name) {
            None => Field::Absent,
            Some(index) => {
                let (_, content, at) = self.given.swap_remove(index);
                Field::Given(content, at)
            }
        }
    }

    fn missing(&self, name: &str) -> Problem {
        Problem::new(format!("{} needs the field `{name}`", self.medium), self.at)
    }

    fn bytes(&mut self, name: &str) -> Read<Vec<u8>> {
        self.payload.take().ok_or_else(|| self.missing(name))
    }

    fn text(&mut self, name: &str) -> Read<String> {
        self.optional_text(name)?.ok_or_else(|| self.missing(name))
    }

    fn optional_text(&mut self, name: &str) -> Read<Option<String>> {
        match self.take(name) {
            Field::Absent => Ok(None),
            Field::Given(Content::Text(text), _) => Ok(Some(text)),
            Field::Given(_, at) => Err(wrong(name, "must be a string", at)),
        }
    }

    fn whole<T: TryFrom<i128>>(&mut self, name: &str) -> Read<T> {
        self.optional_whole(name)?.ok_or_else(|| self.missing(name))
    }

    fn optional_whole<T: TryFrom<i128>>(&mut self, name: &str) -> Read<Option<T>> {
        match self.take(name) {
            Field::Absent => Ok(None),
            Field::Given(Content::Whole(value), at) => T::try_from(value)
                .map(Some)
                .map_err(|_| wrong(name, "is out of range", at)),
            Field::Given(_, at) => Err(wrong(name, "must be a whole number", at)),
        }
    }

    fn positive(&mut self, name: &str) -> Read<u32> {
        match self.whole(name)? {
            0 => Err(wrong(name, "must be at least 1", self.at)),
            value => Ok(value),
        }
    }

    fn boolean(&mut self, name: &str) -> Read<bool> {
        match self.take(name) {
            Field::Absent => Ok(false),
            Field::Given(Content::Boolean(value), _) => Ok(value),
            Field::Given(_, at) => Err(wrong(name, "must be true or false", at)),
        }
    }

    fn metadata(&mut self) -> Read<Option<Value>> {
        match self.take("metadata") {
            Field::Absent => Ok(None),
            Field::Given(Content::Value(value), at) => match value.nodes.get(value.root as usize) {
                Some(ValueNode::Fields(_) | ValueNode::Entries(_)) => Ok(Some(value)),
                _ => Err(wrong("metadata", "must be an object", at)),
            },
            Field::Given(_, at) => Err(wrong("metadata", "must be an object", at)),
        }
    }

    fn one_of<T: Named>(&mut self, name: &str) -> Read<T> {
        let at = self.at;
        let found = self.name(name, T::NAMES)?;
        T::named(found).ok_or_else(|| wrong(name, "has no such name", at))
    }

    /// One of the names that a field may hold.
    fn name(&mut self, name: &str, known: &[&'static str]) -> Read<&'static str> {
        let (text, at) = match self.take(name) {
            Field::Absent => return Err(self.missing(name)),
            // The SDK writes its names with underscores.
            Field::Given(Content::Text(text), at) => (text.replace('_', "-"), at),
            Field::Given(_, at) => return Err(wrong(name, "must be a string", at)),
        };
        let found = known.iter().find(|known| **known == text);
        found
            .copied()
            .ok_or_else(|| wrong(name, &format!("must be one of {}", known.join(", ")), at))
    }
}

fn wrong(name: &str, message: &str, at: usize) -> Problem {
    Problem::new(message, at).within(Step::Key(name.to_owned()))
}
