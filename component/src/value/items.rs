//! Items (values and media) in the types of the WIT, and as the executor has
//! them.

use pipeline_codec::names::Named;
use pipeline_codec::types::{self, Data};

use super::arena::{lift, lower};
use super::{Audio, Binary, Control, File, Image, Media, NoForm, Tensor, Text, Value, Video};

/// The case of a WIT enum that has a name.
fn case<T: Named>(name: &str) -> Result<T, NoForm> {
    T::named(name).ok_or_else(|| NoForm::new(format!("no such name: {name}")))
}

/// Takes an item in.
///
/// # Errors
/// Says what is wrong with it.
pub fn lift_item(item: Data) -> Result<Value, String> {
    let media = match item {
        Data::Value(value) => return lift(value),
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
            format: video.format.name(),
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
                types::ImageFormat::Raw(pixels) => ("raw", Some(pixels.name())),
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
            dtype: tensor.dtype.name(),
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
            kind: control.kind.name(),
            segment_id: control.segment_id,
            timestamp_ms: control.timestamp_ms,
        }),
    };
    media
        .check()
        .map_err(|error| format!("{}: {error}", media.kind()))?;
    Ok(Value::Media(Box::new(media)))
}

/// Gives an item out.
///
/// # Errors
/// Says what has no form.
pub fn lower_item(item: Value) -> Result<Data, NoForm> {
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
            format: case(video.format)?,
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
                _ => types::ImageFormat::Raw(case(image.pixel_format.unwrap_or_default())?),
            },
            width: image.width,
            height: image.height,
            timestamp_us: image.timestamp_us,
            metadata: image.metadata.map(lower).transpose()?,
        }),
        Media::Tensor(tensor) => Data::Tensor(types::Tensor {
            data: tensor.data,
            shape: tensor.shape,
            dtype: case(tensor.dtype)?,
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
            kind: case(control.kind)?,
            segment_id: control.segment_id,
            timestamp_ms: control.timestamp_ms,
        }),
    })
}
