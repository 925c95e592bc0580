//! Items: the protocol's buffers, and the component's records.

use std::collections::HashMap;

use pipeline_host::codec;
use pipeline_host::codec::names::Named as _;
use pipeline_host::types::{
    Audio, Binary, Control, ControlKind, Data, Dtype, File, Image, ImageFormat,
    PixelFormat as Pixels, Tensor, Text, Value, ValueNode, Video,
};

use crate::protocol::control_message::MessageType;
use crate::protocol::data_buffer::DataType;
use crate::protocol::{
    AudioBuffer, AudioFormat, BatchHint, BinaryBuffer, CancelSpeculation, ControlMessage,
    DataBuffer, DeadlineWarning, FileBuffer, JsonData, NumpyBuffer, PixelFormat, TensorBuffer,
    TensorDtype, TextBuffer, VideoCodec, VideoFrame,
};

/// The tensor types that both have.
const DTYPES: [(TensorDtype, Dtype); 5] = [
    (TensorDtype::F32, Dtype::F32),
    (TensorDtype::F16, Dtype::F16),
    (TensorDtype::I32, Dtype::I32),
    (TensorDtype::I8, Dtype::I8),
    (TensorDtype::U8, Dtype::U8),
];

/// What numpy calls the others.
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

const PIXELS: [(PixelFormat, Pixels); 7] = [
    (PixelFormat::Rgb24, Pixels::Rgb24),
    (PixelFormat::Rgba32, Pixels::Rgba32),
    (PixelFormat::Yuv420p, Pixels::Yuv420p),
    (PixelFormat::I420, Pixels::Yuv420p),
    (PixelFormat::Gray8, Pixels::Gray8),
    (PixelFormat::Nv12, Pixels::Nv12),
    (PixelFormat::Encoded, Pixels::Encoded),
];

const CODECS: [(VideoCodec, &str); 3] = [
    (VideoCodec::Vp8, "vp8"),
    (VideoCodec::H264, "h264"),
    (VideoCodec::Av1, "av1"),
];

/// The kind of a buffer, as figures name it.
pub(crate) fn kind(buffer: &DataBuffer) -> &'static str {
    match buffer.data_type {
        Some(DataType::Audio(_)) => "audio",
        Some(DataType::Video(_)) => "video",
        Some(DataType::Tensor(_) | DataType::Numpy(_)) => "tensor",
        Some(DataType::Json(_)) | None => "json",
        Some(DataType::Text(_)) => "text",
        Some(DataType::Binary(_)) => "binary",
        Some(DataType::Control(_)) => "control",
        Some(DataType::File(_)) => "file",
    }
}

/// Reads an item; says what is wrong with it.
pub(crate) fn read(buffer: DataBuffer) -> Result<Data, String> {
    Ok(match buffer.data_type {
        None => plain(ValueNode::Null),
        Some(DataType::Json(json)) => {
            let value = codec::read_value(json.json_payload.as_bytes())
                .map_err(|error| format!("json: {error}"))?;
            Data::Value(value)
        }
        Some(DataType::Text(given)) => text(given)?,
        Some(DataType::Audio(audio)) => Data::Audio(sound(audio, buffer.metadata)?),
        Some(DataType::Video(video)) => Data::Video(frame(video)?),
        Some(DataType::Tensor(tensor)) => {
            let dtype = (DTYPES.iter()).find(|(theirs, _)| i32::from(*theirs) == tensor.dtype);
            let (_, dtype) = dtype.ok_or_else(|| format!("tensor: no type {}", tensor.dtype))?;
            let layout = given(tensor.layout);
            Data::Tensor(array(tensor.data, &tensor.shape, *dtype, layout, "tensor")?)
        }
        Some(DataType::Numpy(array_)) => {
            if !array_.c_contiguous && array_.shape.len() > 1 {
                return Err("numpy: the rows have to follow each other (c_contiguous)".into());
            }
            let dtype = NUMPY.iter().find(|(name, _)| *name == array_.dtype);
            let (_, dtype) = dtype.ok_or_else(|| format!("numpy: no type {:?}", array_.dtype))?;
            Data::Tensor(array(array_.data, &array_.shape, *dtype, None, "numpy")?)
        }
        Some(DataType::Binary(binary)) => Data::Binary(Binary {
            bytes: binary.data,
            mime_type: given(binary.mime_type),
        }),
        Some(DataType::File(file)) => Data::File(File {
            path: file.path,
            filename: given(file.filename),
            mime_type: given(file.mime_type),
            size: known(file.size),
            offset: known(file.offset),
            length: known(file.length),
        }),
        Some(DataType::Control(message)) => Data::Control(Control {
            kind: match message.message_type {
                Some(MessageType::CancelSpeculation(_)) => ControlKind::CancelSpeculation,
                Some(MessageType::BatchHint(_)) => ControlKind::BatchHint,
                Some(MessageType::DeadlineWarning(_)) => ControlKind::DeadlineWarning,
                None => return Err("control: there is no message".into()),
            },
            segment_id: given(message.segment_id),
            timestamp_ms: message.timestamp_ms,
        }),
    })
}

/// Writes an item; says why it has no form.
pub(crate) fn write(item: Data) -> Result<DataBuffer, String> {
    let data_type = match item {
        Data::Value(value) => return of_value(&value),
        Data::Integers(_) | Data::Numbers(_) => return write_list(&[item]),
        Data::Text(text) => DataType::Text(TextBuffer {
            text_data: text.text.into_bytes(),
            encoding: "utf-8".into(),
            language: text.language.unwrap_or_default(),
            channel: text.channel.unwrap_or_default(),
        }),
        Data::Audio(audio) => DataType::Audio(AudioBuffer {
            num_samples: audio.samples.len() as u64,
            samples: audio
                .samples
                .iter()
                .flat_map(|each| each.to_le_bytes())
                .collect(),
            sample_rate: audio.sample_rate,
            channels: audio.channels,
            format: AudioFormat::F32.into(),
            metadata_json: match &audio.metadata {
                Some(metadata) => Some(json(metadata)?.into_bytes()),
                None => None,
            },
        }),
        Data::Video(video) => DataType::Video(of_frame(video)?),
        Data::Image(image) => DataType::Binary(BinaryBuffer {
            mime_type: match image.format {
                ImageFormat::Jpeg => "image/jpeg".into(),
                ImageFormat::Png => "image/png".into(),
                ImageFormat::Webp => "image/webp".into(),
                ImageFormat::Raw(format) => of_pixels(&image, format),
            },
            data: image.data,
        }),
        Data::Tensor(tensor) => of_array(tensor),
        Data::Binary(binary) => DataType::Binary(BinaryBuffer {
            data: binary.bytes,
            mime_type: binary.mime_type.unwrap_or_default(),
        }),
        Data::File(file) => DataType::File(FileBuffer {
            path: file.path,
            filename: file.filename.unwrap_or_default(),
            mime_type: file.mime_type.unwrap_or_default(),
            size: file.size.unwrap_or_default(),
            offset: file.offset.unwrap_or_default(),
            length: file.length.unwrap_or_default(),
            stream_id: String::new(),
        }),
        Data::Control(control) => DataType::Control(ControlMessage {
            message_type: Some(match control.kind {
                ControlKind::CancelSpeculation => {
                    MessageType::CancelSpeculation(CancelSpeculation::default())
                }
                ControlKind::BatchHint => MessageType::BatchHint(BatchHint::default()),
                ControlKind::DeadlineWarning => {
                    MessageType::DeadlineWarning(DeadlineWarning::default())
                }
            }),
            segment_id: control.segment_id.unwrap_or_default(),
            timestamp_ms: control.timestamp_ms,
            metadata: String::new(),
        }),
    };
    Ok(buffer(data_type))
}

/// Writes many items as one: a list in JSON.
pub(crate) fn write_list(items: &[Data]) -> Result<DataBuffer, String> {
    let mut writer = codec::Writer::new(codec::Style::Compact);
    writer
        .try_array(|writer| items.iter().try_for_each(|item| writer.item(item)))
        .map_err(|error| error.to_string())?;
    Ok(buffer(of_json(writer.finish())))
}

fn buffer(data_type: DataType) -> DataBuffer {
    DataBuffer {
        data_type: Some(data_type),
        metadata: HashMap::new(),
    }
}

fn plain(node: ValueNode) -> Data {
    Data::Value(Value {
        nodes: vec![node],
        root: 0,
    })
}

fn json(value: &Value) -> Result<String, String> {
    codec::value_to_json(value).map_err(|error| error.to_string())
}

fn of_json(json_payload: String) -> DataType {
    DataType::Json(JsonData {
        json_payload,
        schema_type: String::new(),
    })
}

/// A string is a text, anything else JSON.
fn of_value(value: &Value) -> Result<DataBuffer, String> {
    if let Some(ValueNode::Text(text)) = value.nodes.get(value.root as usize) {
        return Ok(buffer(DataType::Text(TextBuffer {
            text_data: text.clone().into_bytes(),
            encoding: "utf-8".into(),
            ..TextBuffer::default()
        })));
    }
    Ok(buffer(of_json(json(value)?)))
}

/// A text of which nothing is known is a string, as nodes take it.
fn text(given_: TextBuffer) -> Result<Data, String> {
    if !matches!(
        given_.encoding.to_ascii_lowercase().as_str(),
        "" | "utf-8" | "utf8"
    ) {
        return Err(format!(
            "text: the encoding {:?} is not utf-8",
            given_.encoding
        ));
    }
    let text = String::from_utf8(given_.text_data).map_err(|error| {
        format!(
            "text: byte {} is no UTF-8",
            error.utf8_error().valid_up_to()
        )
    })?;
    let (language, channel) = (given(given_.language), given(given_.channel));
    Ok(match (&language, &channel) {
        (None, None) => plain(ValueNode::Text(text)),
        _ => Data::Text(Text {
            text,
            language,
            channel,
        }),
    })
}

fn sound(audio: AudioBuffer, said: HashMap<String, String>) -> Result<Audio, String> {
    let format = AudioFormat::try_from(audio.format)
        .map_err(|_| format!("audio: no format {}", audio.format))?;
    let bytes = audio.samples.as_slice();
    let samples: Vec<f32> = match format {
        AudioFormat::Unspecified | AudioFormat::F32 => each(bytes, f32::from_le_bytes)?,
        AudioFormat::I16 => each(bytes, |bytes| {
            f32::from(i16::from_le_bytes(bytes)) / 32_768.0
        })?,
        // 32 bits don't fit a float's 24; the last ones are below any noise.
        AudioFormat::I32 => each(bytes, |bytes| {
            i32::from_le_bytes(bytes) as f32 / 2_147_483_648.0
        })?,
    };
    let count = samples.len() as u64;
    if audio.num_samples != 0 && audio.num_samples != count {
        let said = audio.num_samples;
        return Err(format!(
            "audio: num_samples says {said}, and there are {count}"
        ));
    }
    let metadata = match audio.metadata_json {
        Some(json) => Some(
            codec::read_value(&json).map_err(|error| format!("audio.metadata_json: {error}"))?,
        ),
        None if said.is_empty() => None,
        None => Some(mapping(said)),
    };
    Ok(Audio {
        samples,
        sample_rate: audio.sample_rate,
        channels: audio.channels,
        stream_id: None,
        timestamp_us: None,
        metadata,
    })
}

fn each<const N: usize>(bytes: &[u8], sample: impl Fn([u8; N]) -> f32) -> Result<Vec<f32>, String> {
    let (samples, rest) = bytes.as_chunks::<N>();
    match rest {
        [] => Ok(samples.iter().map(|bytes| sample(*bytes)).collect()),
        _ => Err(format!(
            "audio: {} bytes are no samples of {N}",
            bytes.len()
        )),
    }
}

/// A mapping of texts, in the order of its keys.
fn mapping(said: HashMap<String, String>) -> Value {
    let mut said: Vec<_> = said.into_iter().collect();
    said.sort_unstable();
    let (mut nodes, mut fields) = (vec![ValueNode::Null], Vec::new());
    for (key, text) in said {
        fields.push((key, u32::try_from(nodes.len()).unwrap_or(u32::MAX)));
        nodes.push(ValueNode::Text(text));
    }
    nodes[0] = ValueNode::Fields(fields);
    Value { nodes, root: 0 }
}

fn frame(video: VideoFrame) -> Result<Video, String> {
    let format = (PIXELS.iter()).find(|(theirs, _)| i32::from(*theirs) == video.format);
    let codec = (CODECS.iter()).find(|(theirs, _)| i32::from(*theirs) == video.codec);
    let format = match (format, codec) {
        (_, Some(_)) => Pixels::Encoded,
        (Some((_, format)), None) => *format,
        (None, None) => return Err(format!("video: no format {}", video.format)),
    };
    Ok(Video {
        pixel_data: video.pixel_data,
        width: video.width,
        height: video.height,
        format,
        codec: codec.map(|(_, name)| (*name).to_owned()),
        frame_number: video.frame_number,
        timestamp_us: video.timestamp_us,
        is_keyframe: video.is_keyframe,
        stream_id: None,
    })
}

fn of_frame(video: Video) -> Result<VideoFrame, String> {
    let format = PIXELS.iter().find(|(_, ours)| *ours == video.format);
    let format = format.ok_or_else(|| {
        let name = video.format.name();
        format!("video: the protocol has no pixel format {name}: turn it into rgb24 or rgba32")
    })?;
    let codec = match &video.codec {
        None => VideoCodec::Unspecified,
        Some(name) => {
            let codec = CODECS.iter().find(|(_, ours)| ours == name);
            let unknown = || format!("video: the protocol has no codec {name:?}");
            codec.ok_or_else(unknown)?.0
        }
    };
    Ok(VideoFrame {
        pixel_data: video.pixel_data,
        width: video.width,
        height: video.height,
        format: format.0.into(),
        frame_number: video.frame_number,
        timestamp_us: video.timestamp_us,
        codec: codec.into(),
        is_keyframe: video.is_keyframe,
    })
}

/// The media type of raw pixels, with all that is needed to read them.
fn of_pixels(image: &Image, format: Pixels) -> String {
    let (name, width, height) = (format.name(), image.width, image.height);
    format!("image/raw; format={name}; width={width}; height={height}")
}

fn array(
    data: Vec<u8>,
    shape: &[u64],
    dtype: Dtype,
    layout: Option<String>,
    kind: &str,
) -> Result<Tensor, String> {
    let shape: Result<Vec<u32>, _> = shape.iter().map(|axis| u32::try_from(*axis)).collect();
    let shape = shape.map_err(|_| format!("{kind}: an axis is longer than 4,294,967,295"))?;
    dtype
        .check(&shape, data.len())
        .map_err(|why| format!("{kind}: {why}"))?;
    Ok(Tensor {
        data,
        shape,
        dtype,
        layout,
    })
}

fn of_array(tensor: Tensor) -> DataType {
    let shape = tensor.shape.iter().copied().map(u64::from).collect();
    if let Some((dtype, _)) = DTYPES.iter().find(|(_, ours)| *ours == tensor.dtype) {
        return DataType::Tensor(TensorBuffer {
            data: tensor.data,
            shape,
            dtype: (*dtype).into(),
            layout: tensor.layout.unwrap_or_default(),
        });
    }
    let named = NUMPY.iter().find(|(_, ours)| *ours == tensor.dtype);
    DataType::Numpy(NumpyBuffer {
        data: tensor.data,
        strides: strides(&tensor.shape, tensor.dtype),
        shape,
        dtype: named.map_or("", |(name, _)| name).to_owned(),
        c_contiguous: true,
        f_contiguous: tensor.shape.len() < 2,
    })
}

fn strides(shape: &[u32], dtype: Dtype) -> Vec<i64> {
    let mut stride = i64::try_from(dtype.size()).unwrap_or_default();
    let mut strides: Vec<_> = (shape.iter().rev())
        .map(|axis| {
            let own = stride;
            stride = stride.saturating_mul(i64::from(*axis));
            own
        })
        .collect();
    strides.reverse();
    strides
}

/// A text that is given; the protocol writes none as an empty one.
fn given(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

fn known(size: u64) -> Option<u64> {
    Some(size).filter(|size| *size != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(json: &str) -> String {
        let buffer = write(codec::read_item(json.as_bytes()).unwrap()).unwrap();
        codec::item_to_json(&read(buffer).unwrap()).unwrap()
    }

    #[test]
    fn items_come_back_as_they_were() {
        for json in [
            "null",
            "5",
            r#""text""#,
            r#"{"a":[1,2.5,{"$float":"nan"}]}"#,
            r#"{"$text":{"text":"hi","language":"en"}}"#,
            r#"{"$audio":{"samples":"AAAAAAAAgD8=","sample_rate":8000,"channels":2,"metadata":{"who":"me"}}}"#,
            r#"{"$tensor":{"data":"AAAAAAAAgD8=","shape":[1,2],"dtype":"f32"}}"#,
            r#"{"$tensor":{"data":"AAAAAAAA8D8=","shape":[1],"dtype":"f64"}}"#,
            r#"{"$binary":{"bytes":"aGk=","mime_type":"text/plain"}}"#,
            r#"{"$video":{"pixel_data":"AAAA","width":1,"height":1,"format":"rgb24","frame_number":3,"timestamp_us":4,"is_keyframe":true}}"#,
            r#"{"$video":{"pixel_data":"AAAA","width":1,"height":1,"format":"encoded","codec":"vp8","frame_number":3,"timestamp_us":4,"is_keyframe":false}}"#,
            r#"{"$file":{"path":"/nodes/a","size":3}}"#,
            r#"{"$control":{"kind":"batch-hint","segment_id":"s","timestamp_ms":5}}"#,
        ] {
            let plain = codec::item_to_json(&codec::read_item(json.as_bytes()).unwrap()).unwrap();
            assert_eq!(there_and_back(json), plain);
        }
    }

    #[test]
    fn integers_are_samples_too() {
        let audio = |format: AudioFormat, samples: &[u8]| {
            let audio = AudioBuffer {
                samples: samples.to_vec(),
                sample_rate: 8000,
                channels: 1,
                format: format.into(),
                ..AudioBuffer::default()
            };
            read(buffer(DataType::Audio(audio)))
        };
        let samples = |read: Result<Data, String>| match read {
            Ok(Data::Audio(audio)) => audio.samples,
            other => panic!("{other:?}"),
        };
        let halves = [0, 0x40, 0, 0x80];
        assert_eq!(samples(audio(AudioFormat::I16, &halves)), [0.5, -1.0]);
        let half = [0, 0, 0, 0xc0];
        assert_eq!(samples(audio(AudioFormat::I32, &half)), [-0.5]);
        assert!(audio(AudioFormat::F32, &[0; 6]).is_err());
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (given, said) in [
            (
                DataType::Json(JsonData {
                    json_payload: "{".into(),
                    ..JsonData::default()
                }),
                "json: ",
            ),
            (
                DataType::Text(TextBuffer {
                    text_data: vec![b'a', 0xff],
                    ..TextBuffer::default()
                }),
                "text: byte 1 is no UTF-8",
            ),
            (
                DataType::Tensor(TensorBuffer {
                    shape: vec![u64::MAX],
                    dtype: TensorDtype::U8.into(),
                    ..TensorBuffer::default()
                }),
                "tensor: an axis is longer",
            ),
            (
                DataType::Numpy(NumpyBuffer {
                    dtype: "object".into(),
                    c_contiguous: true,
                    ..NumpyBuffer::default()
                }),
                "numpy: no type \"object\"",
            ),
            (
                DataType::Audio(AudioBuffer {
                    num_samples: 3,
                    samples: vec![0; 8],
                    ..AudioBuffer::default()
                }),
                "audio: num_samples says 3, and there are 2",
            ),
        ] {
            let why = read(buffer(given)).unwrap_err();
            assert!(why.starts_with(said), "{why}");
        }
    }
}
