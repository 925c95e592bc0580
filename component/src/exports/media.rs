//! Items (values and media) between the WIT and the executor.

use super::types::{self, Data};
use super::value::{lift, lower};
use crate::value::{
    Audio, Binary, Control, File, Image, Media, NoForm, Tensor, Text, Value, Video,
};

/// Pairs the cases of a WIT enum with their names.
macro_rules! names {
    ($type:ident, $from:ident, $to:ident, { $($case:ident = $name:literal),* $(,)? }) => {
        fn $from(case: types::$type) -> &'static str {
            match case { $(types::$type::$case => $name),* }
        }

        fn $to(name: &str) -> Result<types::$type, NoForm> {
            match name {
                $($name => Ok(types::$type::$case),)*
                _ => Err(NoForm::new(format!("no such name: {name}"))),
            }
        }
    };
}

names!(PixelFormat, pixel_name, pixel_case, {
    Gray8 = "gray8", Rgb24 = "rgb24", Bgr24 = "bgr24", Rgba32 = "rgba32", Bgra32 = "bgra32",
    Yuv420p = "yuv420p", Nv12 = "nv12", Encoded = "encoded",
});
names!(Dtype, dtype_name, dtype_case, {
    U8 = "u8", I8 = "i8", U16 = "u16", I16 = "i16", U32 = "u32", I32 = "i32", U64 = "u64",
    I64 = "i64", F16 = "f16", F32 = "f32", F64 = "f64", Bool = "bool",
});
names!(ControlKind, control_name, control_case, {
    CancelSpeculation = "cancel-speculation", BatchHint = "batch-hint",
    DeadlineWarning = "deadline-warning",
});

/// Takes an item in.
///
/// # Errors
/// Says what is wrong with it.
pub(super) fn lift_item(item: Data) -> Result<Value, String> {
    let media = match item {
        Data::Value(value) => return from_fields(lift(value)?),
        Data::Text(text) => Media::Text(Text {
            text: text.text,
            language: text.language,
            channel: text.channel,
        }),
        Data::Binary(binary) => Media::Binary(Binary {
            bytes: binary.bytes,
            mime_type: binary.mime_type,
        }),
        Data::Audio(audio) => Media::Audio(Audio {
            samples: audio.samples,
            sample_rate: audio.sample_rate,
            channels: audio.channels,
            stream_id: audio.stream_id,
            timestamp_us: audio.timestamp_us,
            metadata: audio.metadata.map(lift).transpose()?,
        }),
        Data::Video(video) => Media::Video(Video {
            pixel_data: video.pixel_data,
            width: video.width,
            height: video.height,
            format: pixel_name(video.format),
            codec: video.codec,
            frame_number: video.frame_number,
            timestamp_us: video.timestamp_us,
            is_keyframe: video.is_keyframe,
            stream_id: video.stream_id,
        }),
        Data::Image(image) => {
            let (format, pixel_format) = match image.format {
                types::ImageFormat::Jpeg => ("jpeg", None),
                types::ImageFormat::Png => ("png", None),
                types::ImageFormat::Webp => ("webp", None),
                types::ImageFormat::Raw(pixels) => ("raw", Some(pixel_name(pixels))),
            };
            Media::Image(Image {
                data: image.data,
                format,
                pixel_format,
                width: image.width,
                height: image.height,
                timestamp_us: image.timestamp_us,
                metadata: image.metadata.map(lift).transpose()?,
            })
        }
        Data::Tensor(tensor) => Media::Tensor(Tensor {
            data: tensor.data,
            shape: tensor.shape,
            dtype: dtype_name(tensor.dtype),
            layout: tensor.layout,
        }),
        Data::File(file) => Media::File(File {
            path: file.path,
            filename: file.filename,
            mime_type: file.mime_type,
            size: file.size,
            offset: file.offset,
            length: file.length,
        }),
        Data::Integers(_) | Data::Numbers(_) => {
            return Err("many items at once can't be one item".into());
        }
        Data::Control(control) => Media::Control(Control {
            kind: control_name(control.kind),
            segment_id: control.segment_id,
            timestamp_ms: control.timestamp_ms,
        }),
    };
    media
        .check()
        .map_err(|error| format!("{}: {error}", media.kind()))?;
    Ok(Value::Media(Box::new(media)))
}

/// A medium that came as a value, in the place of which a manifest's
/// `input_data` has it: a mapping by entries with the one key of its form. No
/// other mapping whose keys are all strings is one by entries.
fn from_fields(value: Value) -> Result<Value, String> {
    match value {
        Value::Entries(mut entries) if matches!(entries.as_slice(), [(Value::Text(_), _)]) => {
            match entries.pop() {
                Some((Value::Text(form), Value::Map(fields))) => {
                    let media = Media::of_fields(&form, fields);
                    let media = media.map_err(|error| format!("{form}: {error}"))?;
                    Ok(Value::Media(Box::new(media)))
                }
                entry => Ok(Value::Entries(entry.into_iter().collect())),
            }
        }
        value => Ok(value),
    }
}

/// A value that `execute` reads as the item, also where that is a medium.
///
/// # Errors
/// Says what has no form.
pub(super) fn lower_as_value(item: Value) -> Result<types::Value, NoForm> {
    match item {
        Value::Media(media) => {
            let (form, fields) = media.into_fields();
            lower(Value::Entries(vec![(form.into(), Value::Map(fields))]))
        }
        value => lower(value),
    }
}

/// Gives an item out.
///
/// # Errors
/// Says what has no form.
pub(super) fn lower_item(item: Value) -> Result<Data, NoForm> {
    let media = match item {
        Value::Media(media) => *media,
        value => return lower(value).map(Data::Value),
    };
    media.check()?;
    Ok(match media {
        Media::Text(text) => Data::Text(types::Text {
            text: text.text,
            language: text.language,
            channel: text.channel,
        }),
        Media::Binary(binary) => Data::Binary(types::Binary {
            bytes: binary.bytes,
            mime_type: binary.mime_type,
        }),
        Media::Audio(audio) => Data::Audio(types::Audio {
            samples: audio.samples,
            sample_rate: audio.sample_rate,
            channels: audio.channels,
            stream_id: audio.stream_id,
            timestamp_us: audio.timestamp_us,
            metadata: audio.metadata.map(lower).transpose()?,
        }),
        Media::Video(video) => Data::Video(types::Video {
            pixel_data: video.pixel_data,
            width: video.width,
            height: video.height,
            format: pixel_case(video.format)?,
            codec: video.codec,
            frame_number: video.frame_number,
            timestamp_us: video.timestamp_us,
            is_keyframe: video.is_keyframe,
            stream_id: video.stream_id,
        }),
        Media::Image(image) => Data::Image(types::Image {
            data: image.data,
            format: match image.format {
                "jpeg" => types::ImageFormat::Jpeg,
                "png" => types::ImageFormat::Png,
                "webp" => types::ImageFormat::Webp,
                _ => types::ImageFormat::Raw(pixel_case(image.pixel_format.unwrap_or_default())?),
            },
            width: image.width,
            height: image.height,
            timestamp_us: image.timestamp_us,
            metadata: image.metadata.map(lower).transpose()?,
        }),
        Media::Tensor(tensor) => Data::Tensor(types::Tensor {
            data: tensor.data,
            shape: tensor.shape,
            dtype: dtype_case(tensor.dtype)?,
            layout: tensor.layout,
        }),
        Media::File(file) => Data::File(types::File {
            path: file.path,
            filename: file.filename,
            mime_type: file.mime_type,
            size: file.size,
            offset: file.offset,
            length: file.length,
        }),
        Media::Control(control) => Data::Control(types::Control {
            kind: control_case(control.kind)?,
            segment_id: control.segment_id,
            timestamp_ms: control.timestamp_ms,
        }),
    })
}
