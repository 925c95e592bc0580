//! How a request is answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::{HeaderValue, Method, Request, StatusCode, header};
use hyper::body::Incoming;
use pipeline_host::Limits;
use pipeline_host::http::HttpSandbox;
use tokio::sync::watch;
use tracing::Instrument as _;

use super::admission::Admission;
use super::body::Bodies;
use super::connections::Answers;
use super::docs;
use super::events;
use super::guard::Guard;
use super::live;
use super::media::Exchange;
use super::metrics::{self, Metrics};
use super::packages::Packaged;
use super::pipelines::{self, Pipelines};
use super::responses::{self, ServerResponse};
use super::typed::Typed;

/// What answers requests.
pub(super) struct Server {
    pub(super) sandbox: HttpSandbox,
    /// What runs are made of whose items are no JSON; none where its component is
    /// not there.
    pub(super) typed: Option<Arc<Typed>>,
    pub(super) limits: Limits,
    pub(super) guard: Guard,
    pub(super) pipelines: Pipelines,
    pub(super) bodies: Bodies,
    pub(super) admission: Admission,
    pub(super) metrics: Arc<Metrics>,
    /// Where WebRTC peers are met, if anywhere.
    #[cfg(feature = "webrtc")]
    pub(super) webrtc: Option<super::webrtc::Door>,
    /// Whether the server is about to end.
    pub(super) ending: watch::Sender<bool>,
}

impl Answers for Server {
    async fn answer(&self, request: Request<Incoming>, local: SocketAddr) -> ServerResponse {
        let route = metrics::route(request.uri().path());
        let answer = |request| self.let_in(request, route).boxed();
        self.admit(request, local, route, answer).await
    }
}

impl Server {
    /// From now on every answer is the last one of its connection.
    pub(super) fn end(&self) {
        self.ending.send_replace(true);
    }

    /// Waits until the server is about to end.
    pub(super) async fn until_it_ends(&self) {
        let mut ending = self.ending.subscribe();
        // The sender lives as long as this.
        let _ = ending.wait_for(|ending| *ending).await;
    }

    /// Answers a request that came to the address `local`, if it may be answered at
    /// all, and counts it under the name `route`.
    ///
    /// The answer is boxed: compilers take minutes to see through all of it.
    pub(super) async fn admit<'a>(
        &self,
        mut request: Request<Incoming>,
        local: SocketAddr,
        route: &'static str,
        answer: impl FnOnce(Request<Incoming>) -> BoxFuture<'a, ServerResponse>,
    ) -> ServerResponse {
        let start = Instant::now();
        let span = tracing::info_span!(
            "request",
            otel.kind = "server",
            http.request.method = %request.method(),
            http.route = route,
            http.response.status_code = tracing::field::Empty,
        );
        #[cfg(feature = "otel")]
        crate::telemetry::follow(&span, request.headers());
        request.extensions_mut().insert(Reached(local));
        let mut unanswered = Unanswered(Some(self));
        let mut answer = match self.guard.check(&mut request, local) {
            Err(refusal) => refusal.into(),
            Ok(None) => answer(request).instrument(span.clone()).await,
            Ok(Some(page)) => {
                let mut answer = match page.preflight(&request) {
                    Some(answer) => answer,
                    None => answer(request).instrument(span.clone()).await,
                };
                page.may_read(&mut answer);
                answer
            }
        };
        unanswered.0 = None;
        span.record(
            "http.response.status_code",
            i64::from(answer.status().as_u16()),
        );
        self.metrics
            .answered(route, answer.status(), start.elapsed());
        if *self.ending.borrow() {
            let headers = answer.headers_mut();
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        span.in_scope(|| {
            tracing::info!(route, status = answer.status().as_u16(), took = ?start.elapsed(), "answered");
        });
        answer
    }

    async fn let_in(&self, mut request: Request<Incoming>, route: &str) -> ServerResponse {
        if events::wanted(request.headers_mut()) {
            return events::of_lines(Box::pin(self.let_in(request, route)).await);
        }
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        if reads && let Some(answer) = self.own(route).await {
            return answer;
        }
        if *request.method() == Method::GET && live::named(request.uri().path()).is_some() {
            return self.live(request).await.unwrap_or_else(|answer| answer);
        }
        #[cfg(feature = "webrtc")]
        let path = request.uri().path().to_owned();
        #[cfg(feature = "webrtc")]
        if let Some(asked) = super::webrtc::Asked::of(&path) {
            let answer = Box::pin(self.webrtc(&asked, request)).await;
            return answer.unwrap_or_else(|answer| answer);
        }
        let answered = self.run(request).await;
        answered.unwrap_or_else(|answer| answer)
    }

    /// What the server itself knows best.
    async fn own(&self, route: &str) -> Option<ServerResponse> {
        let plain = |status, text: &str| responses::text(status, "text/plain", text.to_owned());
        Some(match route {
            "/healthz" => plain(StatusCode::OK, "ok\n"),
            "/readyz" if *self.ending.borrow() => responses::ending(),
            "/readyz" => plain(StatusCode::OK, "ready\n"),
            "/metrics" => {
                let text = self.metrics.text(&self.admission);
                responses::text(StatusCode::OK, metrics::MEDIA_TYPE, text)
            }
            "/v1/pipelines" => self.pipelines.list().await,
            "/openapi.json" => docs::openapi(),
            "/docs" => docs::page(),
            _ => return None,
        })
    }

    /// Lets a fresh instance answer, when all of the request has come in and it is
    /// its permit.
    async fn run(&self, request: Request<Incoming>) -> Result<ServerResponse, ServerResponse> {
        let named = (request.uri().path().strip_prefix("/v1/pipelines/"))
            .filter(|name| *request.method() == Method::POST && !name.contains('/'));
        let (manifest, packaged) = match named {
            Some(name) => {
                let (manifest, packaged) = self.pipelines.read(name).await?;
                (Some(manifest), packaged)
            }
            // Whatever else is posted may be, or become, a manifest.
            None if !self.pipelines.takes_manifests()
                && *request.method() != Method::GET
                && *request.method() != Method::HEAD
                && request.uri().path() != "/v1/check" =>
            {
                let text = "this server runs signed packages alone; GET /v1/pipelines lists them";
                return Err(responses::error(
                    StatusCode::FORBIDDEN,
                    "forbidden",
                    text.into(),
                ));
            }
            None => (None, None),
        };
        if let Some(manifest) = &manifest {
            let query = request.uri().query().unwrap_or_default();
            if let Some(exchange) = Exchange::of(request.headers(), query)? {
                return self
                    .media(exchange, manifest.clone(), packaged, request)
                    .await;
            }
        }
        let (head, body) = request.into_parts();
        let body = self.bodies.take(&head.headers, body).await?;
        let too_long = body.too_long();
        let permit = (self.admission.next(body.flows()).await).map_err(responses::busy)?;
        let mut request = Request::from_parts(head, body);
        pipelines::hand_over(&mut request, manifest);
        let sandbox = packaged.map_or(&self.sandbox, |package| &package.sandbox);
        match sandbox.handle(&self.limits, request, permit).await {
            // The instance only knows that it couldn't read on.
            Ok(_) if too_long.load(Ordering::SeqCst) => {
                Err(responses::too_long(self.bodies.longest()))
            }
            Ok(answer) => Ok(answer),
            Err(fault) => Err(self.ended(&fault)),
        }
    }

    /// What runs are made of whose items are no JSON; a package's of its own.
    pub(super) fn typed<'a>(
        &'a self,
        packaged: Option<&'a Packaged>,
    ) -> Result<&'a Arc<Typed>, ServerResponse> {
        let typed = packaged.map_or(&self.typed, |package| &package.typed);
        typed.as_ref().ok_or_else(|| {
            let text = "the server has no component `pipeline.wasm`, which media need, beside the one \
                        that it was given";
            responses::error(StatusCode::NOT_IMPLEMENTED, "not-implemented", text.into())
        })
    }
}

/// The address of the server's that a request came to.
#[derive(Clone, Copy)]
pub(super) struct Reached(
    #[cfg_attr(
        not(feature = "webrtc"),
        expect(dead_code, reason = "peers are told of it")
    )]
    pub(super) SocketAddr,
);

/// Counts a request whose client leaves before it is answered.
struct Unanswered<'a>(Option<&'a Server>);

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if let Some(server) = self.0 {
            server.metrics.ended("disconnect");
        }
    }
}
