//! What peers ask for over HTTP.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, Request, StatusCode, header};
use hyper::body::{Body as _, Incoming};
use pipeline_host::codec::document::Form;
use pipeline_host::http::ResponseBody;
use pipeline_webrtc::{Joined, LONGEST_OFFER, Refusal, Role};
use tokio::time::timeout;

use super::super::live::session::{self, Live};
use super::super::packages::Packaged;
use super::super::responses::{self, ServerResponse};
use super::super::server::{Reached, Server};
use super::super::typed::{self, Options, bad, parameter};
use super::door::Door;
use super::peer::Peer;

/// The media type of offers and answers.
const SDP: &str = "application/sdp";
/// How long a session may take to clean its nodes up when its peer has gone.
const GOODBYE: Duration = Duration::from_secs(5);

/// A path of WHIP or WHEP.
pub(in super::super) struct Asked<'p> {
    /// The pipeline.
    name: &'p str,
    role: Role,
    /// The peer.
    id: Option<&'p str>,
}

impl<'p> Asked<'p> {
    /// Reads `/v1/pipelines/{name}/whip`, `/whep`, and `/{id}` below.
    pub(in super::super) fn of(path: &'p str) -> Option<Self> {
        let mut parts = path.strip_prefix("/v1/pipelines/")?.split('/');
        let name = parts.next().filter(|name| !name.is_empty())?;
        let role = match parts.next()? {
            "whip" => Role::Publisher,
            "whep" => Role::Viewer,
            _ => return None,
        };
        let id = parts.next();
        let whole = parts.next().is_none() && id.is_none_or(|id| !id.is_empty());
        whole.then_some(Self { name, role, id })
    }

    /// As a metric's label.
    pub(in super::super) fn route(&self) -> &'static str {
        match (self.role, self.id) {
            (Role::Publisher, None) => "/v1/pipelines/{name}/whip",
            (Role::Publisher, Some(_)) => "/v1/pipelines/{name}/whip/{id}",
            (Role::Viewer, None) => "/v1/pipelines/{name}/whep",
            (Role::Viewer, Some(_)) => "/v1/pipelines/{name}/whep/{id}",
        }
    }
}

impl Server {
    /// Answers what a peer asks for.
    pub(in super::super) async fn webrtc(
        &self,
        asked: &Asked<'_>,
        request: Request<Incoming>,
    ) -> Result<ServerResponse, ServerResponse> {
        let Some(door) = &self.webrtc else {
            let text =
                "this server takes no WebRTC peers; `pipeline serve --webrtc` makes one that does";
            return Err(responses::error(
                StatusCode::NOT_FOUND,
                "not-found",
                text.into(),
            ));
        };
        let allowed = match asked.id {
            None => "OPTIONS, POST",
            Some(_) => "DELETE, OPTIONS",
        };
        match (request.method().clone(), asked.id) {
            (Method::POST, None) => self.join(door, asked, request).await,
            (Method::DELETE, Some(id)) if door.peers.leave(id).await => Ok(empty(StatusCode::OK)),
            (Method::DELETE, Some(_)) => {
                let text = "there is no such peer, or it has gone already";
                Err(responses::error(
                    StatusCode::NOT_FOUND,
                    "not-found",
                    text.into(),
                ))
            }
            (Method::OPTIONS, _) => {
                let mut answer = empty(StatusCode::NO_CONTENT);
                let headers = answer.headers_mut();
                headers.insert(header::ALLOW, HeaderValue::from_static(allowed));
                let takes = HeaderName::from_static("accept-post");
                headers.insert(takes, HeaderValue::from_static(SDP));
                Ok(answer)
            }
            // Among them PATCH: an ICE-lite server needs none of a peer's candidates,
            // and restarts nothing.
            _ => {
                let text = format!("here is {allowed}");
                let status = StatusCode::METHOD_NOT_ALLOWED;
                let mut answer = responses::error(status, "method-not-allowed", text);
                let headers = answer.headers_mut();
                headers.insert(header::ALLOW, HeaderValue::from_static(allowed));
                Err(answer)
            }
        }
    }

    /// Answers an offer.
    async fn join(
        &self,
        door: &Door,
        asked: &Asked<'_>,
        request: Request<Incoming>,
    ) -> Result<ServerResponse, ServerResponse> {
        if *self.ending.borrow() {
            return Err(responses::ending());
        }
        let path = request.uri().path().to_owned();
        let query = request.uri().query().unwrap_or_default();
        let (options, stereo) = (Options::read(query)?, stereo(query)?);
        let given = request.headers().get(header::CONTENT_TYPE);
        if given.is_none_or(|given| given != SDP) {
            let text = format!("an offer has the content type {SDP}");
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return Err(responses::error(status, "unsupported-media-type", text));
        }
        if request.body().size_hint().lower() > LONGEST_OFFER as u64 {
            return Err(refused(&Refusal::TooLong));
        }
        let reached = request.extensions().get::<Reached>();
        let reached = reached.map_or(door.address().ip(), |reached| reached.0.ip());
        let (manifest, packaged) = self.pipelines.read(asked.name).await?;
        let (offer, _room) = self.bodies.whole(request.into_body()).await?;
        let offer = std::str::from_utf8(&offer).map_err(|_| bad("the offer is no UTF-8".into()))?;
        self.check(&manifest, packaged, &path).await?;
        let joined = door.peers.join(offer, asked.role, stereo, reached).await;
        let Joined {
            id,
            answer,
            line,
            gone,
        } = joined.map_err(|refusal| refused(&refusal))?;
        let location = format!("{path}/{id}");
        let live = Live {
            manifest,
            options,
            produces: asked.role == Role::Viewer,
            client: Peer {
                line,
                limits: self.limits.clone(),
            },
            ending: self.ending.subscribe(),
        };
        self.begin(live, packaged, path, gone)?;
        let mut response = responses::text(StatusCode::CREATED, SDP, answer);
        if let Ok(location) = HeaderValue::from_str(&location) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        Ok(response)
    }

    /// Finds out whether a manifest can run, while its client can still be told.
    async fn check(
        &self,
        manifest: &str,
        packaged: Option<&Packaged>,
        path: &str,
    ) -> Result<(), ServerResponse> {
        let typed = self.typed(packaged)?;
        let permit = self.admission.next(false).await.map_err(responses::busy)?;
        let (limits, _guard) = typed.guarded(&self.limits);
        let manifest = manifest.to_owned();
        let loaded = typed.run(limits, path, permit, async move |instance| {
            typed::load(instance, &manifest).await
        });
        match loaded.await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(typed::failed(&error, Form::default())),
            Err(fault) => Err(self.ended(&fault)),
        }
    }

    /// Lets a session begin when its peer is connected.
    fn begin(
        &self,
        mut live: Live<Peer>,
        packaged: Option<&Packaged>,
        path: String,
        gone: tokio::sync::oneshot::Receiver<()>,
    ) -> Result<(), ServerResponse> {
        let typed = Arc::clone(self.typed(packaged)?);
        let (limits, metrics) = (self.limits.clone(), Arc::clone(&self.metrics));
        tokio::spawn(async move {
            if live.client.line.connected().await.is_err() {
                return;
            }
            let (limits, guard) = typed.guarded(&limits);
            let run = typed.run(limits, &path, (), async move |instance| {
                let ended = live.run(instance).await;
                live.client.line.finish().await;
                ended
            });
            let mut run = pin!(run);
            let ended = tokio::select! {
                ended = &mut run => ended,
                // Nobody is there: what is under way has a moment to end by itself.
                _ = gone => match timeout(GOODBYE, &mut run).await {
                    Ok(ended) => ended,
                    Err(_) => {
                        drop(guard);
                        run.await
                    }
                },
            };
            let (code, _) = ended.unwrap_or_else(|fault| session::faulted(&fault, &metrics));
            tracing::info!(path, code = u16::from(code), "a session ended");
        });
        Ok(())
    }
}

/// Whether a peer's audio becomes two channels: `?channels=2`.
fn stereo(query: &str) -> Result<bool, ServerResponse> {
    match parameter(query, "channels").as_deref() {
        None | Some("1") => Ok(false),
        Some("2") => Ok(true),
        Some(other) => Err(bad(format!(
            "the parameter channels is `{other}`; it can be 1 or 2"
        ))),
    }
}

/// Says why an offer is not answered.
fn refused(refusal: &Refusal) -> ServerResponse {
    let (status, kind) = match refusal {
        Refusal::Full(_) | Refusal::Handshakes(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, "too-many-peers")
        }
        Refusal::Ending => return responses::ending(),
        Refusal::TooLong => (StatusCode::PAYLOAD_TOO_LARGE, "payload-too-large"),
        Refusal::Invalid(_) => (StatusCode::BAD_REQUEST, "bad-request"),
        Refusal::Unacceptable(_) => (StatusCode::UNPROCESSABLE_ENTITY, "unacceptable-offer"),
        Refusal::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
    };
    let mut answer = responses::error(status, kind, refusal.to_string());
    if status == StatusCode::SERVICE_UNAVAILABLE {
        let later = HeaderValue::from_static("5");
        answer.headers_mut().insert(header::RETRY_AFTER, later);
    }
    answer
}

fn empty(status: StatusCode) -> ServerResponse {
    let mut answer = ServerResponse::new(ResponseBody::full(""));
    *answer.status_mut() = status;
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for (path, name, role, id) in [
            ("/v1/pipelines/a/whip", "a", Role::Publisher, None),
            ("/v1/pipelines/a%20b/whep", "a%20b", Role::Viewer, None),
            ("/v1/pipelines/a/whip/0f", "a", Role::Publisher, Some("0f")),
        ] {
            let asked = Asked::of(path).unwrap();
            assert_eq!((asked.name, asked.role, asked.id), (name, role, id));
        }
        for path in [
            "/v1/pipelines/whip",
            "/v1/pipelines//whip",
            "/v1/pipelines/a/whip/",
            "/v1/pipelines/a/whip/b/c",
            "/v1/pipelines/a/live",
            "/whip",
        ] {
            assert!(Asked::of(path).is_none(), "{path}");
        }
    }
}
