//! Payloads of messages, and what they are by their content type.

use pipeline_host::audio::{Bounds, Source};
use pipeline_host::codec;
use pipeline_host::media::{self, FileFormat, MediaError};
use pipeline_host::types::{Binary, Data, Input};

use super::headers::JSON;
use crate::inputs;

/// The items of a payload, one or those of a batch, that may take so much memory.
pub(super) fn read(
    content_type: Option<&str>,
    bytes: &[u8],
    memory: Option<usize>,
) -> Result<Vec<Input>, String> {
    let given = content_type.unwrap_or(JSON);
    let Some(format) = FileFormat::of_media_type(given) else {
        return Ok(vec![Input::from(Data::Binary(Binary {
            bytes: bytes.to_vec(),
            mime_type: Some(given.to_owned()),
        }))]);
    };
    if format == FileFormat::Json {
        // One item, which may be meant for one source.
        return codec::read_input(bytes)
            .map(|input| vec![input])
            .map_err(|error| format!("the payload is not an item: {error}"));
    }
    let bounds = Bounds {
        bytes: memory,
        deadline: None,
    };
    let read = media::read(Source::Bytes(bytes.to_vec()), format, bounds);
    let read = read.map_err(|error| match error {
        MediaError::Json(error) => format!("the payload is no batch of items: {error}"),
        error => format!("the payload is no {}: {error}", format.media_type()),
    })?;
    if let Some(warning) = read.warning {
        inputs::warn("the payload", warning);
    }
    Ok(read.items)
}

/// The content type of a file with this ending.
pub(super) fn media_type(ending: &str) -> &'static str {
    let format = FileFormat::of_ending(ending);
    format.unwrap_or(FileFormat::Binary).media_type()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_what_its_type_says() {
        let count = |content_type, bytes: &[u8]| {
            read(content_type, bytes, None).map(|items| codec::count(&items))
        };
        assert_eq!(count(None, b"[1, 2]"), Ok(1));
        assert_eq!(count(Some("Application/JSON; charset=utf-8"), b"1"), Ok(1));
        assert_eq!(
            count(Some("application/x-ndjson"), b"\"a\"\n\n\"b\"\n"),
            Ok(2)
        );
        assert_eq!(count(Some("text/csv"), b"a,b\n1,2\n3,4\n"), Ok(2));
        let item = read(Some("video/mp4"), b"x", None).unwrap().remove(0).item;
        assert!(
            matches!(item, Data::Binary(Binary { mime_type: Some(name), .. }) if name == "video/mp4")
        );
        for (content_type, bytes) in [
            (None, &b"{"[..]),
            (Some("audio/wav"), b"RIFF"),
            (Some("application/x-ndjson"), b"1\n{"),
            (Some("text/plain"), b"\xff"),
            (Some("image/png"), b"none"),
        ] {
            assert!(read(content_type, bytes, None).is_err(), "{content_type:?}");
        }
    }

    #[test]
    fn files_have_the_types_that_are_read() {
        assert_eq!(media_type("wav"), "audio/wav");
        assert_eq!(media_type("unheard-of"), "application/octet-stream");
    }
}
