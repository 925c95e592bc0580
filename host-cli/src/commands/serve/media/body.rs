//! Bodies as items.

use std::path::Path;

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, StatusCode, header};
use pipeline_host::audio::{AudioReader, Bounds, Source};
use pipeline_host::codec;
use pipeline_host::media::{self, FileFormat, MediaError};
use pipeline_host::types::Input;

use super::super::responses::{self, ServerResponse};
use super::super::typed::bad;

/// The name of a part that every source gets.
const FOR_ALL: &str = "item";

/// What a body is said to be.
pub(super) enum Content {
    /// JSON, lines of it, nothing, or what the component for HTTP refuses.
    Json,
    Lines,
    File(FileFormat),
    /// Several files, which a boundary divides.
    Parts(String),
}

impl Content {
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, ServerResponse> {
        let given = headers.get(header::CONTENT_TYPE);
        let given = given
            .and_then(|given| given.to_str().ok())
            .unwrap_or_default();
        if given
            .trim_start()
            .to_ascii_lowercase()
            .starts_with("multipart/form-data")
        {
            let boundary = multer::parse_boundary(given);
            return boundary
                .map(Self::Parts)
                .map_err(|error| bad(format!("the body's content type: {error}")));
        }
        Ok(match FileFormat::of_media_type(given) {
            Some(FileFormat::JsonLines) => Self::Lines,
            // Pages may send plain text to any server without asking it.
            None | Some(FileFormat::Json | FileFormat::Text) => Self::Json,
            Some(format) => Self::File(format),
        })
    }

    /// Whether the component for HTTP takes it.
    pub(super) fn is_json(&self) -> bool {
        matches!(self, Self::Json | Self::Lines)
    }

    /// Takes a body apart.
    pub(super) async fn parts(&self, bytes: Bytes) -> Result<Parts, ServerResponse> {
        let one = |kind| {
            Parts(vec![Part {
                node: None,
                bytes: bytes.clone(),
                kind,
            }])
        };
        let boundary = match self {
            Self::Json if bytes.trim_ascii().is_empty() => return Ok(Parts(Vec::new())),
            Self::Json => return Ok(one(Kind::Items)),
            Self::Lines => return Ok(one(Kind::File(FileFormat::JsonLines))),
            Self::File(format) => return Ok(one(Kind::File(*format))),
            Self::Parts(boundary) => boundary,
        };
        let whole = stream::iter([Ok::<_, std::io::Error>(bytes.clone())]);
        let mut fields = multer::Multipart::new(whole, boundary);
        let wrong = |error: multer::Error| bad(format!("the body: {error}"));
        let mut parts = Vec::new();
        while let Some(field) = fields.next_field().await.map_err(wrong)? {
            let name = field.name().unwrap_or(FOR_ALL).to_owned();
            let ending = field.file_name().map(|name| {
                let ending = Path::new(name).extension().unwrap_or_default();
                ending.to_string_lossy().into_owned()
            });
            let said = field
                .content_type()
                .map(|said| said.essence_str().to_owned());
            let bytes = field.bytes().await.map_err(wrong)?;
            // What clients say of what they don't know says nothing.
            let said = said.filter(|said| said != "application/octet-stream");
            let format = (said.as_deref().and_then(FileFormat::of_media_type))
                .or_else(|| FileFormat::of_ending(ending.as_deref()?))
                .or_else(|| FileFormat::of_content(&bytes));
            let kind = match (format, &ending) {
                (Some(format), _) => Kind::File(format),
                (None, Some(_)) => Kind::File(FileFormat::Binary),
                (None, None) => Kind::File(FileFormat::Json),
            };
            parts.push(Part {
                node: (name != FOR_ALL).then_some(name),
                bytes,
                kind,
            });
        }
        Ok(Parts(parts))
    }
}

/// What came in a body, and is not yet read.
pub(super) struct Parts(Vec<Part>);

struct Part {
    /// The source that it is meant for.
    node: Option<String>,
    bytes: Bytes,
    kind: Kind,
}

enum Kind {
    /// Items in one JSON list.
    Items,
    File(FileFormat),
}

/// What is fed at a time.
pub(super) enum Fed {
    Items(Vec<Input>),
    /// Audio that can be fed in pieces.
    Audio(Option<String>, AudioReader),
}

impl Parts {
    /// All items; none where there is no body.
    pub(super) fn items(self, bounds: Bounds) -> Result<Option<Vec<Input>>, ServerResponse> {
        let given = !self.0.is_empty();
        let mut items = Vec::new();
        for part in self.0 {
            items.extend(part.read(bounds)?);
        }
        Ok(given.then_some(items))
    }

    /// The items one part after the other, and audio unread.
    pub(super) fn unread(
        self,
        bounds: Bounds,
    ) -> impl Iterator<Item = Result<Fed, ServerResponse>> {
        self.0.into_iter().map(move |part| match part.kind {
            Kind::File(format) if format.is_audio() => {
                let source = Source::Bytes(part.bytes.into());
                let reader = AudioReader::open(source, Some(format.ending()));
                let reader = reader.map_err(|error| unreadable(error.into()))?;
                Ok(Fed::Audio(part.node, reader))
            }
            _ => part.read(bounds).map(Fed::Items),
        })
    }
}

impl Part {
    fn read(self, bounds: Bounds) -> Result<Vec<Input>, ServerResponse> {
        let format = match self.kind {
            Kind::Items => {
                media::allow(&self.bytes, bounds).map_err(unreadable)?;
                let items = codec::read_inputs(&self.bytes);
                return items.map_err(|error| bad(format!("the body: {error}")));
            }
            Kind::File(format) => format,
        };
        let read = media::read(Source::Bytes(self.bytes.into()), format, bounds);
        let mut items = read.map_err(unreadable)?.items;
        if let Some(node) = self.node {
            for item in &mut items {
                item.node_id = Some(node.clone());
            }
        }
        Ok(items)
    }
}

/// A body, or a part of it, is not what it is said to be.
pub(super) fn unreadable(error: MediaError) -> ServerResponse {
    use pipeline_host::audio::AudioError;

    match error {
        MediaError::Audio(AudioError::TooLong { .. }) | MediaError::TooMany(_) => responses::error(
            StatusCode::PAYLOAD_TOO_LARGE,
            "payload-too-large",
            format!("the body: {error}"),
        ),
        MediaError::Audio(AudioError::TooSlow) => responses::error(
            StatusCode::GATEWAY_TIMEOUT,
            "deadline",
            format!("the body: {error}"),
        ),
        error => bad(format!("the body: {error}")),
    }
}
