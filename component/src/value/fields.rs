//! Media as the fields of a mapping, as they stand where a value is asked for.

use super::{
    Audio, Binary, CONTROL_KINDS, Control, DTYPES, File, IMAGE_FORMATS, Image, Media, NoForm,
    PIXEL_FORMATS, Tensor, Text, Value, Video,
};

/// The fields of a medium, which are taken out by name.
struct Fields(Vec<(String, Value)>);

impl Fields {
    fn take(&mut self, name: &str) -> Option<Value> {
        let position = self.0.iter().position(|(field, _)| field == name)?;
        Some(self.0.swap_remove(position).1).filter(|value| !matches!(value, Value::Null))
    }

    fn missing<T>(name: &str) -> Result<T, NoForm> {
        wrong(name, "is missing")
    }

    fn bytes(&mut self, name: &str) -> Result<Vec<u8>, NoForm> {
        match self.take(name) {
            Some(Value::Bytes(bytes)) => Ok(bytes),
            Some(other) => wrong(name, format!("must be base64, found {}", other.kind())),
            None => Self::missing(name),
        }
    }

    fn optional_text(&mut self, name: &str) -> Result<Option<String>, NoForm> {
        match self.take(name) {
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(other) => wrong(name, format!("must be a string, found {}", other.kind())),
            None => Ok(None),
        }
    }

    fn text(&mut self, name: &str) -> Result<String, NoForm> {
        self.optional_text(name)?
            .map_or_else(|| Self::missing(name), Ok)
    }

    fn optional_whole<T: TryFrom<i128>>(&mut self, name: &str) -> Result<Option<T>, NoForm> {
        let whole = match self.take(name) {
            Some(Value::Int(value)) => Some(i128::from(value)),
            Some(Value::BigInt(value)) => i128::try_from(&*value).ok(),
            Some(other) => {
                return wrong(
                    name,
                    format!("must be a whole number, found {}", other.kind()),
                );
            }
            None => return Ok(None),
        };
        match whole.and_then(|whole| T::try_from(whole).ok()) {
            Some(whole) => Ok(Some(whole)),
            None => wrong(name, "is out of range"),
        }
    }

    fn whole<T: TryFrom<i128>>(&mut self, name: &str) -> Result<T, NoForm> {
        self.optional_whole(name)?
            .map_or_else(|| Self::missing(name), Ok)
    }

    fn one_of(
        &mut self,
        name: &str,
        known: &'static [&'static str],
    ) -> Result<&'static str, NoForm> {
        let text = self.text(name)?;
        match known.iter().find(|known| **known == text) {
            Some(known) => Ok(known),
            None => wrong(name, format!("is none of {}", known.join(", "))),
        }
    }

    fn boolean(&mut self, name: &str) -> Result<bool, NoForm> {
        match self.take(name) {
            Some(Value::Bool(value)) => Ok(value),
            Some(other) => wrong(
                name,
                format!("must be true or false, found {}", other.kind()),
            ),
            None => Ok(false),
        }
    }

    fn shape(&mut self) -> Result<Vec<u32>, NoForm> {
        let extents = match self.take("shape") {
            Some(Value::Ints(extents)) => extents,
            Some(Value::List(items)) => {
                let extents = items.iter().map(|item| match item {
                    Value::Int(extent) => Some(*extent),
                    _ => None,
                });
                extents.collect::<Option<_>>().unwrap_or_else(|| vec![-1])
            }
            Some(_) => vec![-1],
            None => return Self::missing("shape"),
        };
        let extents: Result<_, _> = extents.into_iter().map(u32::try_from).collect();
        extents.or_else(|_| {
            wrong(
                "shape",
                "must be a list of whole numbers that are not negative",
            )
        })
    }
}

fn wrong<T>(field: &str, message: impl Into<String>) -> Result<T, NoForm> {
    Err(NoForm {
        path: field.to_owned(),
        message: message.into(),
    })
}

impl Media {
    /// The field of a form that holds bytes, if one does.
    #[must_use]
    pub fn payload_of(form: &str) -> Option<&'static str> {
        match form {
            "$audio" => Some("samples"),
            "$video" => Some("pixel_data"),
            "$image" | "$tensor" => Some("data"),
            "$binary" => Some("bytes"),
            _ => None,
        }
    }

    /// The medium of a form such as `$audio`, and its fields; payloads are bytes.
    ///
    /// # Errors
    /// Names the field that is wrong, missing, or not one of the form.
    pub fn of_fields(form: &str, fields: Vec<(String, Value)>) -> Result<Self, NoForm> {
        let mut fields = Fields(fields);
        let media = match form {
            "$audio" => {
                let bytes = fields.bytes("samples")?;
                let (samples, rest) = bytes.as_chunks::<4>();
                if !rest.is_empty() {
                    return wrong("samples", "must be 32-bit floats");
                }
                Self::Audio(Audio {
                    samples: samples.iter().map(|it| f32::from_le_bytes(*it)).collect(),
                    sample_rate: fields.whole("sample_rate")?,
                    channels: fields.whole("channels")?,
                    stream_id: fields.optional_text("stream_id")?,
                    timestamp_us: fields.optional_whole("timestamp_us")?,
                    metadata: fields.take("metadata"),
                })
            }
            "$video" => Self::Video(Video {
                pixel_data: fields.bytes("pixel_data")?,
                width: fields.whole("width")?,
                height: fields.whole("height")?,
                format: fields.one_of("format", PIXEL_FORMATS)?,
                codec: fields.optional_text("codec")?,
                frame_number: fields.optional_whole("frame_number")?.unwrap_or(0),
                timestamp_us: fields.optional_whole("timestamp_us")?.unwrap_or(0),
                is_keyframe: fields.boolean("is_keyframe")?,
                stream_id: fields.optional_text("stream_id")?,
            }),
            "$image" => {
                let format = fields.one_of("format", IMAGE_FORMATS)?;
                Self::Image(Image {
                    data: fields.bytes("data")?,
                    format,
                    pixel_format: match format {
                        "raw" => Some(fields.one_of("pixel_format", PIXEL_FORMATS)?),
                        _ => None,
                    },
                    width: fields.whole("width")?,
                    height: fields.whole("height")?,
                    timestamp_us: fields.optional_whole("timestamp_us")?,
                    metadata: fields.take("metadata"),
                })
            }
            "$tensor" => Self::Tensor(Tensor {
                data: fields.bytes("data")?,
                shape: fields.shape()?,
                dtype: fields.one_of("dtype", DTYPES)?,
                layout: fields.optional_text("layout")?,
            }),
            "$text" => Self::Text(Text {
                text: fields.text("text")?,
                language: fields.optional_text("language")?,
                channel: fields.optional_text("channel")?,
            }),
            "$binary" => Self::Binary(Binary {
                bytes: fields.bytes("bytes")?,
                mime_type: fields.optional_text("mime_type")?,
            }),
            "$file" => Self::File(File {
                path: fields.text("path")?,
                filename: fields.optional_text("filename")?,
                mime_type: fields.optional_text("mime_type")?,
                size: fields.optional_whole("size")?,
                offset: fields.optional_whole("offset")?,
                length: fields.optional_whole("length")?,
            }),
            "$control" => Self::Control(Control {
                kind: fields.one_of("kind", CONTROL_KINDS)?,
                segment_id: fields.optional_text("segment_id")?,
                timestamp_ms: fields.whole("timestamp_ms")?,
            }),
            _ => return wrong(form, "is no form of a medium"),
        };
        let mut rest = fields.0.into_iter();
        match rest.find(|(_, value)| !matches!(value, Value::Null)) {
            Some((name, _)) => wrong(&name, format!("is no field of `{form}`")),
            None => media.check().map(|()| media),
        }
    }

    /// The form of the medium, and its fields, which [`Media::of_fields`] reads.
    #[must_use]
    pub fn into_fields(self) -> (&'static str, Vec<(String, Value)>) {
        let text = |text: Option<String>| text.map(Value::Text);
        let whole = |whole: Option<u64>| whole.map(|whole| Value::integer(whole.into()));
        let (form, fields): (_, Vec<(&str, Option<Value>)>) = match self {
            Self::Audio(it) => {
                let bytes = it.samples.iter().flat_map(|it| it.to_le_bytes());
                let fields = vec![
                    ("samples", Some(Value::Bytes(bytes.collect()))),
                    ("sample_rate", whole(Some(it.sample_rate.into()))),
                    ("channels", whole(Some(it.channels.into()))),
                    ("stream_id", text(it.stream_id)),
                    ("timestamp_us", whole(it.timestamp_us)),
                    ("metadata", it.metadata),
                ];
                ("$audio", fields)
            }
            Self::Video(it) => {
                let fields = vec![
                    ("pixel_data", Some(Value::Bytes(it.pixel_data))),
                    ("width", whole(Some(it.width.into()))),
                    ("height", whole(Some(it.height.into()))),
                    ("format", Some(it.format.into())),
                    ("codec", text(it.codec)),
                    ("frame_number", whole(Some(it.frame_number))),
                    ("timestamp_us", whole(Some(it.timestamp_us))),
                    ("is_keyframe", Some(Value::Bool(it.is_keyframe))),
                    ("stream_id", text(it.stream_id)),
                ];
                ("$video", fields)
            }
            Self::Image(it) => {
                let fields = vec![
                    ("data", Some(Value::Bytes(it.data))),
                    ("format", Some(it.format.into())),
                    ("pixel_format", it.pixel_format.map(Value::from)),
                    ("width", whole(Some(it.width.into()))),
                    ("height", whole(Some(it.height.into()))),
                    ("timestamp_us", whole(it.timestamp_us)),
                    ("metadata", it.metadata),
                ];
                ("$image", fields)
            }
            Self::Tensor(it) => {
                let shape = it.shape.into_iter().map(i64::from).collect();
                let fields = vec![
                    ("data", Some(Value::Bytes(it.data))),
                    ("shape", Some(Value::Ints(shape))),
                    ("dtype", Some(it.dtype.into())),
                    ("layout", text(it.layout)),
                ];
                ("$tensor", fields)
            }
            Self::Text(it) => {
                let fields = vec![
                    ("text", Some(Value::Text(it.text))),
                    ("language", text(it.language)),
                    ("channel", text(it.channel)),
                ];
                ("$text", fields)
            }
            Self::Binary(it) => {
                let fields = vec![
                    ("bytes", Some(Value::Bytes(it.bytes))),
                    ("mime_type", text(it.mime_type)),
                ];
                ("$binary", fields)
            }
            Self::File(it) => {
                let fields = vec![
                    ("path", Some(Value::Text(it.path))),
                    ("filename", text(it.filename)),
                    ("mime_type", text(it.mime_type)),
                    ("size", whole(it.size)),
                    ("offset", whole(it.offset)),
                    ("length", whole(it.length)),
                ];
                ("$file", fields)
            }
            Self::Control(it) => {
                let fields = vec![
                    ("kind", Some(it.kind.into())),
                    ("segment_id", text(it.segment_id)),
                    ("timestamp_ms", whole(Some(it.timestamp_ms))),
                ];
                ("$control", fields)
            }
        };
        let fields = fields
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)));
        (form, fields.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_come_back_as_they_were() {
        let all = [
            Media::Audio(Audio {
                samples: vec![0.5, -1.0],
                sample_rate: 8000,
                channels: 2,
                stream_id: Some("s".into()),
                timestamp_us: Some(u64::MAX),
                metadata: Some(Value::Map(vec![("a".into(), 1.into())])),
            }),
            Media::Video(Video {
                pixel_data: vec![1, 2, 3],
                width: 1,
                height: 1,
                format: "rgb24",
                codec: None,
                frame_number: 3,
                timestamp_us: 4,
                is_keyframe: true,
                stream_id: None,
            }),
            Media::Image(Image {
                data: vec![9],
                format: "raw",
                pixel_format: Some("gray8"),
                width: 1,
                height: 1,
                timestamp_us: None,
                metadata: None,
            }),
            Media::Tensor(Tensor {
                data: vec![0; 8],
                shape: vec![2, 1],
                dtype: "f32",
                layout: Some("NC".into()),
            }),
            Media::Text(Text {
                text: "t".into(),
                language: Some("en".into()),
                channel: None,
            }),
            Media::Binary(Binary {
                bytes: vec![1],
                mime_type: None,
            }),
            Media::File(File {
                path: "/p".into(),
                filename: None,
                mime_type: None,
                size: Some(1),
                offset: None,
                length: None,
            }),
            Media::Control(Control {
                kind: "batch-hint",
                segment_id: None,
                timestamp_ms: 7,
            }),
        ];
        for media in all {
            let (form, fields) = media.clone().into_fields();
            assert_eq!(Media::of_fields(form, fields), Ok(media));
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |form: &str, fields: &[(&str, Value)]| {
            let fields = fields
                .iter()
                .map(|(name, value)| ((*name).into(), value.clone()));
            Media::of_fields(form, fields.collect())
                .unwrap_err()
                .to_string()
        };
        let text = ("text", Value::from("t"));
        assert_eq!(error("$text", &[]), "text: is missing");
        assert_eq!(
            error("$text", &[text, ("lang", "en".into())]),
            "lang: is no field of `$text`"
        );
        let kind = ("kind", Value::from("stop"));
        assert!(error("$control", &[kind]).starts_with("kind: is none of cancel-speculation"));
        let bytes = || ("samples", Value::Bytes(vec![0; 4]));
        let rate = ("sample_rate", Value::from(0));
        assert_eq!(
            error("$audio", &[bytes(), rate, ("channels", 1.into())]),
            "sample_rate: must be at least 1 Hz"
        );
        assert_eq!(
            error("$audio", &[bytes(), ("sample_rate", Value::Float(1.0))]),
            "sample_rate: must be a whole number, found a float"
        );
    }
}
