//! Media over HTTP: bodies that are audio, images or other files, and answers that
//! are such.

mod answer;
mod body;
mod stream;

use std::time::{Duration, Instant};

use http::{HeaderMap, Request, StatusCode, header};
use hyper::body::Incoming;
use pipeline_host::audio::Bounds;
use pipeline_host::media::FileFormat;
use pipeline_host::{Error, Limits};

use self::answer::Answer;
pub(super) use self::answer::last_line;
use self::body::Content;
use super::accept;
use super::packages::Packaged;
use super::responses::{self, ServerResponse};
use super::server::Server;
use super::typed::{self, Options, bad, parameter};
use crate::commands::run::fault_kind;

/// What a request wants of a pipeline where one side of it is no JSON.
pub(super) struct Exchange {
    content: Content,
    answer: Answer,
    options: Options,
    /// How long the pieces are in which audio is fed.
    chunk: Option<Duration>,
}

impl Exchange {
    /// Looks at a request for a pipeline; none where the component for HTTP answers
    /// it.
    pub(super) fn of(headers: &HeaderMap, query: &str) -> Result<Option<Self>, ServerResponse> {
        let content = Content::of(headers)?;
        let answer = Answer::of(&accept::accepted(headers))?;
        if content.is_json() && answer.is_json() {
            return Ok(None);
        }
        let encoding = headers.get(header::CONTENT_ENCODING);
        if encoding.is_some_and(|encoding| encoding != "identity") {
            let text = "the body is encoded; it is taken as it is only";
            return Err(responses::error(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                text.into(),
            ));
        }
        let chunk = parameter(query, "chunk").map(|text| {
            let seconds = text.parse().ok().filter(|seconds| *seconds > 0.0);
            let chunk = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
            chunk.ok_or_else(|| {
                bad(format!(
                    "the parameter chunk is `{text}`; it is a number of seconds"
                ))
            })
        });
        let chunk = chunk.transpose()?;
        if chunk.is_some() && !answer.can_stream() {
            return Err(bad(
                "with the parameter chunk outputs leave as they come: accept audio/wav, audio/flac, \
                 application/x-ndjson or text/event-stream"
                    .into(),
            ));
        }
        Ok(Some(Self {
            content,
            answer,
            options: Options::read(query)?,
            chunk,
        }))
    }
}

impl Server {
    /// Runs a pipeline on a request's media, or for an answer that is one.
    pub(super) async fn media(
        &self,
        exchange: Exchange,
        manifest: String,
        packaged: Option<&Packaged>,
        request: Request<Incoming>,
    ) -> Result<ServerResponse, ServerResponse> {
        let typed = self.typed(packaged)?;
        let path = request.uri().path().to_owned();
        let (bytes, room) = self.bodies.whole(request.into_body()).await?;
        let parts = exchange.content.parts(bytes).await?;
        let permit = self.admission.next(exchange.chunk.is_some()).await;
        let permit = permit.map_err(responses::busy)?;
        let (limits, guard) = typed.guarded(&self.limits);
        let held = (permit, room);
        let answered = match exchange.chunk {
            Some(chunk) => {
                let streaming = stream::Streaming {
                    manifest,
                    parts,
                    chunk,
                    answer: exchange.answer,
                    options: exchange.options,
                };
                streaming.run(typed, limits, guard, &path, held).await
            }
            None => {
                let bounds = bounds(&limits);
                let most = limits.output;
                let ended = typed.run(limits, &path, held, async move |instance| {
                    let items = match parts.items(bounds) {
                        Ok(items) => items,
                        Err(answer) => return Ok(answer),
                    };
                    let loaded = match typed::load(instance, &manifest).await? {
                        Ok(loaded) => loaded,
                        Err(error) => return Ok(typed::failed(&error, Default::default())),
                    };
                    let items = items.or(loaded.input_data.map(pipeline_host::codec::for_all));
                    let ended = instance.execute(&loaded.manifest, items.as_deref()).await?;
                    let (answer, options) = (exchange.answer, exchange.options);
                    answer.whole(ended, &loaded.warnings, options, most)
                });
                let ended = ended.await;
                guard.release();
                ended
            }
        };
        answered.map_err(|fault| self.ended(&fault))
    }

    /// A run ended without an answer.
    pub(super) fn ended(&self, fault: &Error) -> ServerResponse {
        self.told_of(fault);
        responses::fault(fault)
    }

    /// Counts a run that ended without a result.
    pub(super) fn told_of(&self, fault: &Error) {
        tracing::warn!(fault = fault.in_full(), "a run ended without a result");
        self.metrics.ended(fault_kind(fault));
    }
}

/// What bounds the reading of a request's media: as much as its run may use.
pub(super) fn bounds(limits: &Limits) -> Bounds {
    Bounds {
        bytes: limits.memory,
        deadline: limits
            .timeout
            .and_then(|limit| Instant::now().checked_add(limit)),
    }
}

/// The formats that answers can be in, for a message.
fn writable() -> String {
    use FileFormat as F;
    let formats = [
        F::Wav,
        F::Flac,
        F::Png,
        F::Jpeg,
        F::Webp,
        F::Npy,
        F::Text,
        F::Binary,
    ];
    let names: Vec<_> = formats.iter().map(|format| format.media_type()).collect();
    names.join(", ")
}
