//! How a request is answered.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use http::{HeaderValue, Method, Request, StatusCode, header};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use pipeline_host::Limits;
use pipeline_host::http::{BodyError, HttpSandbox};

use super::answers::{self, Answer};
use super::metrics::{self, Metrics};
use super::turns::Turns;
use crate::commands::run::fault_kind;
use crate::failure::Failure;

/// What answers requests.
pub(super) struct Server {
    sandbox: HttpSandbox,
    limits: Limits,
    turns: Turns,
    max_body: u64,
    metrics: Metrics,
    /// Whether the server is about to end.
    ending: AtomicBool,
}

impl Server {
    pub(super) fn new(
        sandbox: HttpSandbox,
        limits: Limits,
        concurrent: u32,
        waiting: u32,
        max_body: u64,
    ) -> Result<Self, Failure> {
        Ok(Self {
            sandbox,
            limits,
            turns: Turns::new(concurrent, waiting),
            max_body,
            metrics: Metrics::new().map_err(Failure::failed)?,
            ending: AtomicBool::new(false),
        })
    }

    /// From now on every answer is the last one of its connection.
    pub(super) fn end(&self) {
        self.ending.store(true, Ordering::SeqCst);
    }

    /// Answers a request.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Result<Answer, Infallible> {
        let start = Instant::now();
        let route = metrics::route(request.uri().path());
        let mut unanswered = Unanswered(Some(self));
        let mut answer = match self.own(&request, route) {
            Some(answer) => answer,
            None => self.run(request).await,
        };
        unanswered.0 = None;
        self.metrics
            .answered(route, answer.status(), start.elapsed());
        if self.ending.load(Ordering::SeqCst) {
            let headers = answer.headers_mut();
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        tracing::info!(route, status = answer.status().as_u16(), took = ?start.elapsed(), "answered");
        Ok(answer)
    }

    /// What the server itself knows best.
    fn own(&self, request: &Request<Incoming>, route: &str) -> Option<Answer> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return None;
        }
        let plain = |status, text: &str| answers::text(status, "text/plain", text.to_owned());
        Some(match route {
            "/healthz" => plain(StatusCode::OK, "ok\n"),
            "/readyz" if self.ending.load(Ordering::SeqCst) => answers::error(
                StatusCode::SERVICE_UNAVAILABLE,
                "not-ready",
                "the server is about to end".into(),
            ),
            "/readyz" => plain(StatusCode::OK, "ready\n"),
            "/metrics" => {
                let text = self.metrics.text(&self.turns);
                answers::text(StatusCode::OK, metrics::MEDIA_TYPE, text)
            }
            _ => return None,
        })
    }

    /// Lets a fresh instance answer, when it is this request's turn.
    async fn run(&self, request: Request<Incoming>) -> Answer {
        if request.body().size_hint().lower() > self.max_body {
            return answers::too_long(self.max_body);
        }
        let turn = match self.turns.next().await {
            Ok(turn) => turn,
            Err(retry_after) => return answers::busy(retry_after),
        };
        let too_long = Arc::new(AtomicBool::new(false));
        let request = request.map(|body| Limited {
            body,
            rest: self.max_body,
            too_long: Arc::clone(&too_long),
        });
        match self.sandbox.handle(&self.limits, request, turn).await {
            // The instance only knows that it couldn't read on.
            Ok(_) if too_long.load(Ordering::SeqCst) => answers::too_long(self.max_body),
            Ok(answer) => answer,
            Err(fault) => {
                tracing::warn!(%fault, "a run ended without a result");
                self.metrics.ended(fault_kind(&fault));
                answers::fault(&fault)
            }
        }
    }
}

/// Counts a request whose client leaves before it is answered.
struct Unanswered<'a>(Option<&'a Server>);

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if let Some(server) = self.0 {
            server.metrics.ended("disconnect");
        }
    }
}

/// A body that may not be longer than the limit.
struct Limited {
    body: Incoming,
    rest: u64,
    too_long: Arc<AtomicBool>,
}

impl Body for Limited {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(context)) else {
            return Poll::Ready(None);
        };
        let frame = frame?;
        let length = frame.data_ref().map_or(0, Bytes::len) as u64;
        Poll::Ready(Some(match self.rest.checked_sub(length) {
            Some(rest) => {
                self.rest = rest;
                Ok(frame)
            }
            None => {
                self.too_long.store(true, Ordering::SeqCst);
                Err(BodyError::HttpRequestBodySize(None))
            }
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
