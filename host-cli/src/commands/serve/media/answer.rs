//! Outputs as an answer.

use http::{HeaderValue, StatusCode, header};
use pipeline_host::codec::document::{self, Form};
use pipeline_host::codec::names::Named as _;
use pipeline_host::codec::{self, ArenaError, Style, Writer};
use pipeline_host::http::ResponseBody;
use pipeline_host::media::{self, FileFormat, MediaError, MediaWriter};
use pipeline_host::types::{Data, Diagnostic, NodeOutputs, PipelineError, RunResult};
use pipeline_host::{Error, LimitError};

use super::super::responses::{self, ServerResponse};
use super::super::typed::{self, Options};

/// What a client wants for an answer.
#[derive(Clone, Copy)]
pub(super) enum Answer {
    /// The document of a run.
    Json,
    /// Its outputs, one a line.
    Lines,
    /// The outputs as one file.
    File(FileFormat),
    /// Each output as the file that it is.
    Parts,
}

impl Answer {
    /// The first of what is accepted that an answer can be.
    pub(super) fn of(accepted: &[String]) -> Result<Self, ServerResponse> {
        for media_type in accepted {
            let answer = match media_type.as_str() {
                "*/*" | "application/*" => Self::Json,
                "audio/*" => Self::File(FileFormat::Wav),
                "image/*" => Self::File(FileFormat::Png),
                "multipart/mixed" | "multipart/*" => Self::Parts,
                // A page asks for text where it knows nothing.
                "text/plain" if accepted.len() > 1 => continue,
                other => match FileFormat::of_media_type(other) {
                    Some(FileFormat::Json) => Self::Json,
                    Some(FileFormat::JsonLines) => Self::Lines,
                    Some(format) if format.can_be_written() => Self::File(format),
                    _ => continue,
                },
            };
            return Ok(answer);
        }
        match accepted {
            [first, ..] if first.starts_with("audio/") || first.starts_with("image/") => {
                let text = format!(
                    "outputs can't be written as {first}; they can be {}, multipart/mixed, \
                     application/json, application/x-ndjson",
                    super::writable()
                );
                Err(responses::error(
                    StatusCode::NOT_ACCEPTABLE,
                    "not-acceptable",
                    text,
                ))
            }
            // Whoever accepts what is not known gets what everybody gets.
            _ => Ok(Self::Json),
        }
    }

    /// Whether the component for HTTP gives it.
    pub(super) fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::Lines)
    }

    /// Whether outputs can leave as they come.
    pub(super) fn can_stream(self) -> bool {
        match self {
            Self::Lines | Self::File(FileFormat::Wav | FileFormat::Flac) => true,
            Self::Json | Self::Parts | Self::File(_) => false,
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Lines => "application/x-ndjson",
            Self::File(format) => format.media_type(),
            Self::Parts => "multipart/mixed",
        }
    }

    /// The answer to a request whose run has ended.
    pub(super) fn whole(
        self,
        ended: Result<RunResult, PipelineError>,
        warnings: &[Diagnostic],
        options: Options,
        most: Option<usize>,
    ) -> Result<ServerResponse, Error> {
        let form = Form {
            warnings,
            layout: options.layout,
            metrics: options.metrics,
        };
        let run = match (ended, self) {
            (Ok(run), _) => run,
            (Err(error), _) => return Ok(typed::failed(&error, form)),
        };
        let encoded = match self {
            Self::Json => {
                let mut writer = Writer::new(Style::Compact);
                let item = |writer: &mut Writer, item: &Data| writer.item(item);
                match document::success(&mut writer, &run, form, item) {
                    Ok(()) => Ok((
                        self.media_type().to_owned(),
                        (writer.finish() + "\n").into(),
                    )),
                    Err(error) => return Ok(typed::broken(&error)),
                }
            }
            Self::Lines => {
                let lines = lines(&run.outputs, options);
                let lines = lines.map(|lines| lines + &last_line(&Ok(run), form));
                match lines {
                    Ok(lines) => Ok((self.media_type().to_owned(), lines.into_bytes())),
                    Err(error) => return Ok(typed::broken(&error)),
                }
            }
            Self::File(format) => {
                let mut writer = MediaWriter::new(format, Vec::new());
                let mut items = run.outputs.iter().flat_map(|given| &given.items);
                let pushed = items.try_for_each(|item| writer.push(item));
                let bytes = pushed.and_then(|()| writer.into_bytes());
                bytes.map(|bytes| (self.media_type().to_owned(), bytes))
            }
            Self::Parts => parts(&run.outputs),
        };
        let (media_type, bytes) = match encoded {
            Ok(encoded) => encoded,
            Err(error) => return Ok(unwritable(&error)),
        };
        match most {
            Some(limit) if bytes.len() > limit => Err(LimitError::Output { limit }.into()),
            _ => Ok(self.answer(&media_type, ResponseBody::full(bytes))),
        }
    }

    /// An answer that is on its way.
    pub(super) fn begin(self, body: ResponseBody) -> ServerResponse {
        self.answer(self.media_type(), body)
    }

    fn answer(self, media_type: &str, body: ResponseBody) -> ServerResponse {
        let mut answer = ServerResponse::new(body);
        if let Ok(media_type) = HeaderValue::from_str(media_type) {
            answer
                .headers_mut()
                .insert(header::CONTENT_TYPE, media_type);
        }
        answer
    }
}

/// Outputs can't be what the client wants.
pub(super) fn unwritable(error: &MediaError) -> ServerResponse {
    let text =
        format!("{error}; accept: application/json gives all outputs, and multipart/mixed too");
    responses::error(StatusCode::NOT_ACCEPTABLE, "not-acceptable", text)
}

/// Outputs, one a line.
pub(super) fn lines(outputs: &[NodeOutputs], options: Options) -> Result<String, ArenaError> {
    let mut text = String::new();
    for given in outputs {
        let items = given.items.iter().cloned().map(Into::into).collect();
        for item in codec::one_by_one(items) {
            let mut writer = Writer::new(Style::Compact);
            document::output(&mut writer, &given.node_id, options.layout, |writer| {
                writer.item(&item.item)
            })?;
            text.push_str(&writer.finish());
            text.push('\n');
        }
    }
    Ok(text)
}

/// The line that says how a run ended.
pub(in super::super) fn last_line(
    ended: &Result<RunResult, PipelineError>,
    form: Form<'_>,
) -> String {
    let mut writer = Writer::new(Style::Compact);
    writer.object(|writer| match ended {
        Ok(run) => {
            writer.key("status").string("success");
            document::ended(writer, run, form);
        }
        Err(error) => {
            writer.key("status").string("error");
            writer.key("error");
            document::error_object(writer, error, error.kind.name());
            document::all_warnings(writer, form.warnings);
        }
    });
    writer.finish() + "\n"
}

/// Each output as a part: what is no medium as JSON.
fn parts(outputs: &[NodeOutputs]) -> Result<(String, Vec<u8>), MediaError> {
    let mut parts = Vec::new();
    for given in outputs {
        let items = given.items.iter().cloned().map(Into::into).collect();
        for item in codec::one_by_one(items) {
            let encoded = media::encode(&item.item)?;
            let (format, bytes) = match encoded {
                Some(encoded) => encoded,
                None => (
                    FileFormat::Json,
                    media::encode_as(&item.item, FileFormat::Json)?,
                ),
            };
            parts.push((given.node_id.as_str(), format, bytes));
        }
    }
    // One that stands in none of them.
    let holds = |boundary: &[u8]| {
        let mut all = parts
            .iter()
            .flat_map(|(.., bytes)| bytes.windows(boundary.len()));
        all.any(|window| window == boundary)
    };
    let mut number = parts.len();
    let boundary = loop {
        let boundary = format!("part-{number:016x}");
        if !holds(boundary.as_bytes()) {
            break boundary;
        }
        number += 1;
    };
    let mut body = Vec::new();
    for (number, (node, format, bytes)) in parts.iter().enumerate() {
        let (ending, media_type) = (format.ending(), format.media_type());
        let head = format!(
            "--{boundary}\r\ncontent-type: {media_type}\r\ncontent-disposition: attachment; \
             name=\"{node}\"; filename=\"out-{number}.{ending}\"\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok((format!("multipart/mixed; boundary={boundary}"), body))
}
