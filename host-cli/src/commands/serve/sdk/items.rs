//! Items in the SDK's JSON: `{"data": {"Text": "hello"}, "sequence": 1, "metadata": {}}`.
//!
//! The names in `data` and their fields are those of the SDK's `RuntimeData`.

use std::collections::BTreeMap;

use jiter::Jiter;
use pipeline_host::codec;
use pipeline_host::codec::names::Named as _;
use pipeline_host::types::{
    Audio, Binary, Control, ControlKind, Data, Dtype, File, Image, ImageFormat, PixelFormat,
    Tensor, Text, Value, ValueNode, Video,
};
use serde::de::DeserializeOwned;

use super::forms;

/// What numpy calls the types of elements.
const NUMPY: [(&str, Dtype); 12] = [
    ("float32", Dtype::F32),
    ("float64", Dtype::F64),
    ("float16", Dtype::F16),
    ("int8", Dtype::I8),
    ("int16", Dtype::I16),
    ("int32", Dtype::I32),
    ("int64", Dtype::I64),
    ("uint8", Dtype::U8),
    ("uint16", Dtype::U16),
    ("uint32", Dtype::U32),
    ("uint64", Dtype::U64),
    ("bool", Dtype::Bool),
];

/// The numbers that the SDK's gRPC has for them; one that says nothing is taken for
/// 32-bit floats, as the SDK's JSON does.
const NUMBERED: [(i32, Dtype); 6] = [
    (0, Dtype::F32),
    (1, Dtype::F32),
    (2, Dtype::F16),
    (3, Dtype::I32),
    (4, Dtype::I8),
    (5, Dtype::U8),
];

const PIXELS: [(&str, PixelFormat); 6] = [
    ("Yuv420p", PixelFormat::Yuv420p),
    ("I420", PixelFormat::Yuv420p),
    ("NV12", PixelFormat::Nv12),
    ("Rgb24", PixelFormat::Rgb24),
    ("Rgba32", PixelFormat::Rgba32),
    ("Encoded", PixelFormat::Encoded),
];

const CODECS: [(&str, &str); 3] = [("Vp8", "vp8"), ("H264", "h264"), ("Av1", "av1")];

/// The members of a JSON object, each with its text.
pub(super) fn members(json: &[u8]) -> Result<BTreeMap<String, &[u8]>, String> {
    let mut reader = Jiter::new(json);
    let mut members = BTreeMap::new();
    let mut read = || {
        let mut key = reader.next_object()?.map(str::to_owned);
        while let Some(name) = key {
            let start = reader.current_index();
            reader.next_skip()?;
            members.insert(name, reader.slice_to_current(start).trim_ascii());
            key = reader.next_key()?.map(str::to_owned);
        }
        reader.finish()
    };
    match read() {
        Ok(()) => Ok(members),
        Err(error) => Err(error.description(&reader)),
    }
}

/// Reads an item; says what is wrong with it.
pub(super) fn read(json: &[u8]) -> Result<Data, String> {
    let given = members(json)?;
    let data = given
        .get("data")
        .ok_or("there is no `data`, like {\"Text\": \"hello\"}")?;
    let said: BTreeMap<String, String> = match given.get("metadata") {
        Some(metadata) => parse("metadata", metadata)?,
        None => BTreeMap::new(),
    };
    let kinds = members(data).map_err(|error| format!("data: {error}"))?;
    let mut kinds = kinds.into_iter();
    let (Some((kind, form)), None) = (kinds.next(), kinds.next()) else {
        return Err("data: one kind is named in it, like {\"Text\": \"hello\"}".into());
    };
    item(&kind, form, &said).map_err(|why| format!("data.{kind}: {why}"))
}

fn item(kind: &str, form: &[u8], said: &BTreeMap<String, String>) -> Result<Data, String> {
    Ok(match kind {
        "Text" => text(parse("", form)?, said),
        "Json" => Data::Value(codec::read_value(form).map_err(|error| error.to_string())?),
        "Binary" => Data::Binary(Binary {
            bytes: parse("", form)?,
            mime_type: said.get("mime_type").cloned(),
        }),
        "Audio" => {
            let audio: forms::Audio = parse("", form)?;
            if audio.sample_rate == 0 || audio.channels == 0 {
                return Err("sample_rate and channels are at least 1".into());
            }
            if !audio.samples.len().is_multiple_of(audio.channels as usize) {
                let count = audio.samples.len();
                return Err(format!(
                    "{count} samples are no frames of {}",
                    audio.channels
                ));
            }
            Data::Audio(Audio {
                samples: audio.samples,
                sample_rate: audio.sample_rate,
                channels: audio.channels,
                stream_id: audio.stream_id,
                timestamp_us: audio.timestamp_us,
                metadata: value(audio.metadata)?,
            })
        }
        "Video" => {
            let video: forms::Video = parse("", form)?;
            Data::Video(Video {
                format: pixels(&video.format)?,
                codec: video.codec.map(|name| codec_of(&name)).transpose()?,
                pixel_data: video.pixel_data,
                width: video.width,
                height: video.height,
                frame_number: video.frame_number,
                timestamp_us: video.timestamp_us,
                is_keyframe: video.is_keyframe,
                stream_id: video.stream_id,
            })
        }
        "Image" => {
            let image: forms::Image = parse("", form)?;
            Data::Image(Image {
                format: match image.format {
                    forms::ImageFormat::Jpeg => ImageFormat::Jpeg,
                    forms::ImageFormat::Png => ImageFormat::Png,
                    forms::ImageFormat::WebP => ImageFormat::Webp,
                    forms::ImageFormat::Raw { pixel_format } => {
                        ImageFormat::Raw(pixels(&pixel_format)?)
                    }
                },
                data: image.data,
                width: image.width,
                height: image.height,
                timestamp_us: image.timestamp_us,
                metadata: value(image.metadata)?,
            })
        }
        "Tensor" => {
            let tensor: forms::Tensor = parse("", form)?;
            let dtype = NUMBERED.iter().find(|(number, _)| *number == tensor.dtype);
            let (_, dtype) = dtype.ok_or_else(|| format!("there is no type {}", tensor.dtype))?;
            array(tensor.data, tensor.shape, *dtype)?
        }
        "Numpy" => {
            let given: forms::Numpy = parse("", form)?;
            if !given.c_contiguous && given.shape.len() > 1 {
                return Err("the rows have to follow each other (c_contiguous)".into());
            }
            let dtype = NUMPY.iter().find(|(name, _)| *name == given.dtype);
            let (_, dtype) = dtype.ok_or_else(|| format!("there is no type {:?}", given.dtype))?;
            array(given.data, given.shape, *dtype)?
        }
        "ControlMessage" => {
            let message: forms::Control = parse("", form)?;
            Data::Control(Control {
                kind: match message.message_type {
                    forms::ControlType::CancelSpeculation { .. } => ControlKind::CancelSpeculation,
                    forms::ControlType::BatchHint { .. } => ControlKind::BatchHint,
                    forms::ControlType::DeadlineWarning { .. } => ControlKind::DeadlineWarning,
                },
                segment_id: message.segment_id,
                timestamp_ms: message.timestamp_ms,
            })
        }
        "File" => {
            let file: forms::File = parse("", form)?;
            Data::File(File {
                path: file.path,
                filename: file.filename,
                mime_type: file.mime_type,
                size: file.size,
                offset: file.offset,
                length: file.length,
            })
        }
        _ => {
            let known =
                "Text, Json, Audio, Video, Image, Tensor, Numpy, Binary, File, ControlMessage";
            return Err(format!("there is no such kind; it can be {known}"));
        }
    })
}

/// Writes an item that a node gave, with its number among those of its session; says
/// why it has no form.
pub(super) fn write(node: &str, item: Data, sequence: u64) -> Result<String, String> {
    let mut said = BTreeMap::from([("node_id", node.to_owned())]);
    let (kind, form) = form_of(item, &mut said)?;
    let said = json(&said)?;
    Ok(format!(
        r#"{{"data":{{"{kind}":{form}}},"sequence":{sequence},"metadata":{said}}}"#
    ))
}

fn form_of(
    item: Data,
    said: &mut BTreeMap<&'static str, String>,
) -> Result<(&'static str, String), String> {
    let arena = |error: codec::ArenaError| error.to_string();
    Ok(match item {
        // A string is a text, anything else JSON.
        Data::Value(value) => match value.nodes.get(value.root as usize) {
            Some(ValueNode::Text(text)) => ("Text", json(text)?),
            _ => ("Json", codec::value_to_json(&value).map_err(arena)?),
        },
        Data::Integers(_) | Data::Numbers(_) => {
            ("Json", codec::item_to_json(&item).map_err(arena)?)
        }
        Data::Text(text) => {
            said.extend(text.language.map(|language| ("language", language)));
            said.extend(text.channel.map(|channel| ("channel", channel)));
            ("Text", json(&text.text)?)
        }
        Data::Binary(binary) => {
            said.extend(binary.mime_type.map(|mime_type| ("mime_type", mime_type)));
            ("Binary", json(&binary.bytes)?)
        }
        Data::Audio(audio) => {
            if let Some(at) = audio.samples.iter().position(|sample| !sample.is_finite()) {
                let sample = audio.samples[at];
                return Err(format!(
                    "JSON has no number for {sample}, which sample {at} is"
                ));
            }
            let form = forms::Audio {
                samples: audio.samples,
                sample_rate: audio.sample_rate,
                channels: audio.channels,
                stream_id: audio.stream_id,
                timestamp_us: audio.timestamp_us,
                metadata: of_value(audio.metadata.as_ref())?,
            };
            ("Audio", json(&form)?)
        }
        Data::Video(video) => {
            let form = forms::Video {
                format: name_of_pixels(video.format)?,
                codec: (video.codec)
                    .map(|name| {
                        let codec = CODECS.iter().find(|(_, ours)| *ours == name);
                        let unknown = || format!("the SDK has no codec {name:?}");
                        Ok::<_, String>(codec.ok_or_else(unknown)?.0.to_owned())
                    })
                    .transpose()?,
                pixel_data: video.pixel_data,
                width: video.width,
                height: video.height,
                frame_number: video.frame_number,
                timestamp_us: video.timestamp_us,
                is_keyframe: video.is_keyframe,
                stream_id: video.stream_id,
            };
            ("Video", json(&form)?)
        }
        Data::Image(image) => {
            let form = forms::Image {
                format: match image.format {
                    ImageFormat::Jpeg => forms::ImageFormat::Jpeg,
                    ImageFormat::Png => forms::ImageFormat::Png,
                    ImageFormat::Webp => forms::ImageFormat::WebP,
                    ImageFormat::Raw(format) => forms::ImageFormat::Raw {
                        pixel_format: name_of_pixels(format)?,
                    },
                },
                data: image.data,
                width: image.width,
                height: image.height,
                timestamp_us: image.timestamp_us,
                metadata: of_value(image.metadata.as_ref())?,
            };
            ("Image", json(&form)?)
        }
        // The numbers of the SDK's tensors mean one thing here and another there.
        Data::Tensor(tensor) => {
            let name = NUMPY.iter().find(|(_, dtype)| *dtype == tensor.dtype);
            let form = forms::Numpy {
                strides: strides(&tensor.shape, tensor.dtype),
                dtype: name.map_or("", |(name, _)| name).to_owned(),
                f_contiguous: tensor.shape.len() < 2,
                c_contiguous: true,
                shape: tensor.shape,
                data: tensor.data,
            };
            ("Numpy", json(&form)?)
        }
        Data::File(file) => {
            let form = forms::File {
                path: file.path,
                filename: file.filename,
                mime_type: file.mime_type,
                size: file.size,
                offset: file.offset,
                length: file.length,
            };
            ("File", json(&form)?)
        }
        Data::Control(control) => {
            let form = forms::Control {
                message_type: match control.kind {
                    ControlKind::CancelSpeculation => forms::ControlType::CancelSpeculation {
                        from_timestamp: 0,
                        to_timestamp: 0,
                    },
                    ControlKind::BatchHint => forms::ControlType::BatchHint {
                        suggested_batch_size: 0,
                    },
                    ControlKind::DeadlineWarning => {
                        forms::ControlType::DeadlineWarning { deadline_us: 0 }
                    }
                },
                segment_id: control.segment_id,
                timestamp_ms: control.timestamp_ms,
                metadata: serde_json::Value::Null,
            };
            ("ControlMessage", json(&form)?)
        }
    })
}

fn parse<T: DeserializeOwned>(place: &str, json: &[u8]) -> Result<T, String> {
    serde_json::from_slice(json).map_err(|error| match place {
        "" => error.to_string(),
        place => format!("{place}: {error}"),
    })
}

fn json(form: &impl serde::Serialize) -> Result<String, String> {
    serde_json::to_string(form).map_err(|error| error.to_string())
}

/// A text of which nothing is known is a string, as nodes take it.
fn text(text: String, said: &BTreeMap<String, String>) -> Data {
    let (language, channel) = (said.get("language"), said.get("channel"));
    if language.is_none() && channel.is_none() {
        return Data::Value(Value {
            nodes: vec![ValueNode::Text(text)],
            root: 0,
        });
    }
    Data::Text(Text {
        text,
        language: language.cloned(),
        channel: channel.cloned(),
    })
}

fn value(metadata: Option<serde_json::Value>) -> Result<Option<Value>, String> {
    let read = |metadata: serde_json::Value| {
        let text = metadata.to_string();
        codec::read_value(text.as_bytes()).map_err(|error| format!("metadata: {error}"))
    };
    metadata.map(read).transpose()
}

fn of_value(metadata: Option<&Value>) -> Result<Option<serde_json::Value>, String> {
    let written = |value| {
        let text = codec::value_to_json(value).map_err(|error| error.to_string())?;
        serde_json::from_str(&text).map_err(|error| error.to_string())
    };
    metadata.map(written).transpose()
}

fn array(data: Vec<u8>, shape: Vec<u32>, dtype: Dtype) -> Result<Data, String> {
    dtype.check(&shape, data.len())?;
    Ok(Data::Tensor(Tensor {
        data,
        shape,
        dtype,
        layout: None,
    }))
}

/// How many bytes lie between neighbours on each axis, rows following each other.
fn strides(shape: &[u32], dtype: Dtype) -> Vec<i64> {
    let mut stride = dtype.size();
    let mut strides: Vec<i64> = (shape.iter().rev())
        .map(|axis| {
            let this = stride;
            stride = stride.saturating_mul((*axis).into());
            i64::try_from(this).unwrap_or(i64::MAX)
        })
        .collect();
    strides.reverse();
    strides
}

fn pixels(name: &str) -> Result<PixelFormat, String> {
    let format = PIXELS.iter().find(|(theirs, _)| *theirs == name);
    let names: Vec<&str> = PIXELS.iter().map(|(name, _)| *name).collect();
    let unknown = || {
        format!(
            "there is no pixel format {name:?}; it can be {}",
            names.join(", ")
        )
    };
    format.map(|(_, format)| *format).ok_or_else(unknown)
}

fn name_of_pixels(format: PixelFormat) -> Result<String, String> {
    let theirs = PIXELS.iter().find(|(_, ours)| *ours == format);
    let unknown = || {
        let name = format.name();
        format!("the SDK has no pixel format {name}: turn it into rgb24 or rgba32")
    };
    theirs
        .map(|(name, _)| (*name).to_owned())
        .ok_or_else(unknown)
}

fn codec_of(name: &str) -> Result<String, String> {
    let codec = CODECS.iter().find(|(theirs, _)| *theirs == name);
    let unknown = || format!("there is no codec {name:?}; it can be Vp8, H264, Av1");
    codec
        .map(|(_, ours)| (*ours).to_owned())
        .ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_go_in_and_out_as_they_are() {
        for (kind, form) in [
            ("Text", r#""wörds""#),
            (
                "Json",
                r#"{"b":[1,2.5,null,123456789012345678901234567890],"a":true}"#,
            ),
            ("Binary", "[0,127,255]"),
            (
                "Audio",
                r#"{"samples":[0.1,-1.0],"sample_rate":16000,"channels":2,"stream_id":"mic","timestamp_us":7,"metadata":{"speaker":"A"}}"#,
            ),
            (
                "Video",
                r#"{"pixel_data":[1,2,3],"width":1,"height":1,"format":"Rgb24","codec":null,"frame_number":4,"timestamp_us":5,"is_keyframe":true}"#,
            ),
            (
                "Video",
                r#"{"pixel_data":[9],"width":1,"height":1,"format":"Encoded","codec":"Vp8","frame_number":4,"timestamp_us":5,"is_keyframe":false,"stream_id":"cam"}"#,
            ),
            (
                "Image",
                r#"{"data":[1],"format":"WebP","width":2,"height":3}"#,
            ),
            (
                "Image",
                r#"{"data":[1,2,3,4],"format":{"Raw":{"pixel_format":"Rgba32"}},"width":1,"height":1}"#,
            ),
            (
                "Numpy",
                r#"{"data":[1,0,2,0,3,0],"shape":[3,1],"dtype":"int16","strides":[2,2],"c_contiguous":true,"f_contiguous":false}"#,
            ),
            (
                "ControlMessage",
                r#"{"message_type":{"type":"BatchHint","suggested_batch_size":0},"segment_id":"s","timestamp_ms":8,"metadata":null}"#,
            ),
            ("File", r#"{"path":"/in/a.wav","size":12}"#),
        ] {
            let item = read(format!(r#"{{"data":{{"{kind}":{form}}}}}"#).as_bytes()).unwrap();
            let written = write("n", item, 3).unwrap();
            let expected = format!(
                r#"{{"data":{{"{kind}":{form}}},"sequence":3,"metadata":{{"node_id":"n"}}}}"#
            );
            assert_eq!(written, expected);
        }
    }

    #[test]
    fn what_is_said_beside_an_item() {
        let item = |text: &str| read(text.as_bytes()).unwrap();
        let text = item(r#"{"data":{"Text":"ja"},"metadata":{"language":"de"},"sequence":null}"#);
        assert!(matches!(&text, Data::Text(text) if text.language.as_deref() == Some("de")));
        assert!(write("n", text, 0).unwrap().contains(r#""language":"de""#));
        let tensor = item(r#"{"data":{"Tensor":{"data":[0,0,0,0],"shape":[1],"dtype":0}}}"#);
        assert!(matches!(tensor, Data::Tensor(tensor) if tensor.dtype == Dtype::F32));
    }

    #[test]
    fn what_is_no_item() {
        for (text, said) in [
            ("", "EOF"),
            ("[]", "object"),
            ("{}", "`data`"),
            (r#"{"data":{}}"#, "one kind"),
            (r#"{"data":{"Text":"a","Json":1}}"#, "one kind"),
            (
                r#"{"data":{"Sound":1}}"#,
                "data.Sound: there is no such kind",
            ),
            (r#"{"data":{"Text":1}}"#, "data.Text: invalid type"),
            (r#"{"data":{"Json":{"$float":"x"}}}"#, "data.Json: "),
            (r#"{"data":{"Binary":[256]}}"#, "data.Binary: "),
            (
                r#"{"data":{"Audio":{"samples":[0],"sample_rate":0,"channels":1}}}"#,
                "at least 1",
            ),
            (
                r#"{"data":{"Audio":{"samples":[0],"sample_rate":8000,"channels":2}}}"#,
                "no frames of 2",
            ),
            (
                r#"{"data":{"Tensor":{"data":[0],"shape":[1],"dtype":1}}}"#,
                "takes 4 bytes, not 1",
            ),
            (
                r#"{"data":{"Tensor":{"data":[0],"shape":[1],"dtype":9}}}"#,
                "no type 9",
            ),
            (
                r#"{"data":{"Image":{"data":[],"format":{"Raw":{"pixel_format":"X"}},"width":1,"height":1}}}"#,
                "no pixel format",
            ),
            (r#"{"data":{"Text":"a"},"metadata":{"a":1}}"#, "metadata: "),
        ] {
            let error = read(text.as_bytes()).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
        let audio = Data::Audio(Audio {
            samples: vec![0.0, f32::NAN],
            sample_rate: 8000,
            channels: 1,
            stream_id: None,
            timestamp_us: None,
            metadata: None,
        });
        assert!(write("n", audio, 1).unwrap_err().contains("sample 1"));
    }
}
