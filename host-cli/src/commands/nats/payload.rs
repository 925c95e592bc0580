//! Payloads of messages, and what they are by their content type.

use pipeline_host::codec;
use pipeline_host::types::{Binary, Data, Input};

use super::headers::JSON;
use crate::inputs;

/// The types of files that items can be in, by the endings of their names.
const TYPES: &[(&str, &str)] = &[
    ("json", JSON),
    ("txt", "text/plain"),
    ("wav", "audio/wav"),
    ("wav", "audio/x-wav"),
    ("wav", "audio/wave"),
    ("wav", "audio/vnd.wave"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("webp", "image/webp"),
    ("npy", "application/x-npy"),
];

const LINES: &[&str] = &[
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
];

const BYTES: &str = "application/octet-stream";

/// The items of a payload: one, or those of a batch.
pub(super) fn read(content_type: Option<&str>, bytes: &[u8]) -> Result<Vec<Input>, String> {
    let given = content_type.unwrap_or(JSON);
    let plain = given.split(';').next().unwrap_or_default().trim();
    let plain = plain.to_ascii_lowercase();
    if plain == JSON {
        return codec::read_input(bytes)
            .map(|input| vec![input])
            .map_err(|error| format!("the payload is not an item: {error}"));
    }
    if LINES.contains(&plain.as_str()) {
        return codec::read_lines(bytes)
            .map_err(|error| format!("the payload is no batch of items: {error}"));
    }
    let known = TYPES.iter().find(|(_, media_type)| *media_type == plain);
    let item = match known {
        Some((ending, _)) => inputs::of_ending(ending, "the payload", bytes.to_vec())
            .map_err(|reason| format!("the payload is no {plain}: {reason}"))?,
        None => Data::Binary(Binary {
            bytes: bytes.to_vec(),
            mime_type: (plain != BYTES).then(|| given.to_owned()),
        }),
    };
    Ok(vec![Input::from(item)])
}

/// The content type of a file with this ending.
pub(super) fn media_type(ending: &str) -> &'static str {
    let known = TYPES.iter().find(|(known, _)| *known == ending);
    known.map_or(BYTES, |(_, media_type)| media_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_what_its_type_says() {
        let count = |content_type, bytes: &[u8]| read(content_type, bytes).map(|items| items.len());
        assert_eq!(count(None, b"[1, 2]"), Ok(1));
        assert_eq!(count(Some("Application/JSON; charset=utf-8"), b"1"), Ok(1));
        assert_eq!(
            count(Some("application/x-ndjson"), b"\"a\"\n\n\"b\"\n"),
            Ok(2)
        );
        let item = read(Some("video/mp4"), b"x").unwrap().remove(0).item;
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
            assert!(read(content_type, bytes).is_err(), "{content_type:?}");
        }
    }

    #[test]
    fn files_have_the_types_that_are_read() {
        for ending in ["json", "txt", "wav", "png", "jpg", "jpeg", "webp", "npy"] {
            assert_ne!(media_type(ending), BYTES, "{ending}");
        }
        assert_eq!(media_type("mp4"), BYTES);
    }
}
