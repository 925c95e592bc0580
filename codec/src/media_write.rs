//! Writing media in their JSON form.

use super::arena::ArenaError;
use super::names::Named as _;
use super::write::Writer;
use crate::types::{Audio, Data, Image, ImageFormat, Value, Video};

/// What stands for a medium's payload.
#[derive(Clone, Copy, Debug)]
enum Payload<'a> {
    /// The payload itself, in base64.
    Inline,
    /// A file that holds it.
    File(&'a str),
}

impl Writer {
    /// Writes an item in its JSON form. One that stands for many is written as
    /// many, which only an array around it can take.
    ///
    /// # Errors
    /// Where an arena in it is not a tree.
    pub fn item(&mut self, item: &Data) -> Result<(), ArenaError> {
        self.item_with(item, Payload::Inline)
    }

    /// Writes an item in its JSON form, but with the name of a file in place of
    /// its payload. Values have none and are written as they are.
    ///
    /// # Errors
    /// Where an arena in it is not a tree.
    pub fn item_in_file(&mut self, item: &Data, file: &str) -> Result<(), ArenaError> {
        self.item_with(item, Payload::File(file))
    }

    fn item_with(&mut self, item: &Data, payload: Payload<'_>) -> Result<(), ArenaError> {
        match item {
            Data::Value(value) => self.value(value),
            Data::Integers(items) => {
                items.iter().for_each(|item| self.whole(*item));
                Ok(())
            }
            Data::Numbers(items) => {
                items.iter().for_each(|item| self.float(*item));
                Ok(())
            }
            Data::Audio(audio) => self.medium("$audio", |writer| writer.audio(audio, payload)),
            Data::Video(video) => self.medium("$video", |writer| {
                writer.video(video, payload);
                Ok(())
            }),
            Data::Image(image) => self.medium("$image", |writer| writer.image(image, payload)),
            Data::Tensor(tensor) => self.medium("$tensor", |writer| {
                writer.payload("data", payload, &tensor.data);
                writer.key("shape").array(|writer| {
                    for axis in &tensor.shape {
                        writer.whole(*axis);
                    }
                });
                writer.key("dtype").string(tensor.dtype.name());
                writer.optional_text("layout", tensor.layout.as_deref());
                Ok(())
            }),
            Data::Text(text) => self.medium("$text", |writer| {
                match payload {
                    Payload::Inline => writer.key("text").string(&text.text),
                    Payload::File(file) => writer.key("file").string(file),
                }
                writer.optional_text("language", text.language.as_deref());
                writer.optional_text("channel", text.channel.as_deref());
                Ok(())
            }),
            Data::Binary(binary) => self.medium("$binary", |writer| {
                writer.payload("bytes", payload, &binary.bytes);
                writer.optional_text("mime_type", binary.mime_type.as_deref());
                Ok(())
            }),
            Data::File(file) => self.medium("$file", |writer| {
                writer.key("path").string(&file.path);
                writer.optional_text("filename", file.filename.as_deref());
                writer.optional_text("mime_type", file.mime_type.as_deref());
                writer.optional_whole("size", file.size);
                writer.optional_whole("offset", file.offset);
                writer.optional_whole("length", file.length);
                Ok(())
            }),
            Data::Control(control) => self.medium("$control", |writer| {
                writer.key("kind").string(control.kind.name());
                writer.optional_text("segment_id", control.segment_id.as_deref());
                writer.key("timestamp_ms").whole(control.timestamp_ms);
                Ok(())
            }),
        }
    }

    fn medium(
        &mut self,
        name: &str,
        body: impl FnOnce(&mut Self) -> Result<(), ArenaError>,
    ) -> Result<(), ArenaError> {
        self.try_object(|writer| writer.key(name).try_object(body))
    }

    fn audio(&mut self, audio: &Audio, payload: Payload<'_>) -> Result<(), ArenaError> {
        match payload {
            Payload::File(file) => self.key("file").string(file),
            Payload::Inline => {
                let bytes: Vec<u8> = audio.samples.iter().flat_map(|s| s.to_le_bytes()).collect();
                self.key("samples").base64(&bytes);
            }
        }
        self.key("sample_rate").whole(audio.sample_rate);
        self.key("channels").whole(audio.channels);
        self.optional_text("stream_id", audio.stream_id.as_deref());
        self.optional_whole("timestamp_us", audio.timestamp_us);
        self.metadata(audio.metadata.as_ref())
    }

    fn video(&mut self, video: &Video, payload: Payload<'_>) {
        self.payload("pixel_data", payload, &video.pixel_data);
        self.key("width").whole(video.width);
        self.key("height").whole(video.height);
        self.key("format").string(video.format.name());
        self.optional_text("codec", video.codec.as_deref());
        self.key("frame_number").whole(video.frame_number);
        self.key("timestamp_us").whole(video.timestamp_us);
        self.key("is_keyframe").boolean(video.is_keyframe);
        self.optional_text("stream_id", video.stream_id.as_deref());
    }

    fn image(&mut self, image: &Image, payload: Payload<'_>) -> Result<(), ArenaError> {
        self.payload("data", payload, &image.data);
        let (format, pixels) = match image.format {
            ImageFormat::Jpeg => ("jpeg", None),
            ImageFormat::Png => ("png", None),
            ImageFormat::Webp => ("webp", None),
            ImageFormat::Raw(pixels) => ("raw", Some(pixels.name())),
        };
        self.key("format").string(format);
        self.optional_text("pixel_format", pixels);
        self.key("width").whole(image.width);
        self.key("height").whole(image.height);
        self.optional_whole("timestamp_us", image.timestamp_us);
        self.metadata(image.metadata.as_ref())
    }

    fn payload(&mut self, key: &str, payload: Payload<'_>, bytes: &[u8]) {
        match payload {
            Payload::Inline => self.key(key).base64(bytes),
            Payload::File(file) => self.key("file").string(file),
        }
    }

    fn metadata(&mut self, metadata: Option<&Value>) -> Result<(), ArenaError> {
        match metadata {
            Some(value) => self.key("metadata").value(value),
            None => Ok(()),
        }
    }

    pub(crate) fn optional_text(&mut self, key: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.key(key).string(text);
        }
    }

    fn optional_whole(&mut self, key: &str, value: Option<u64>) {
        if let Some(value) = value {
            self.key(key).whole(value);
        }
    }
}
