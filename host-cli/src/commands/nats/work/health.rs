//! Metrics and health over HTTP.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::worker::Worker;
use crate::failure::Failure;
use crate::report;

/// How many connections there are at the same time: one asks for metrics, another
/// for health.
const CONNECTIONS: usize = 16;
/// How long a connection may be silent.
const IDLE: Duration = Duration::from_secs(30);
/// How long to wait when no connection can be accepted.
const PAUSE: Duration = Duration::from_millis(50);

/// A socket that waits for those who ask.
pub(super) struct Health(TcpListener);

/// Listens.
pub(super) async fn listen(address: SocketAddr) -> Result<Health, Failure> {
    let listener = TcpListener::bind(address).await.map_err(|error| {
        Failure::usage(format!("can't listen on {address}: {error}"))
            .help("--metrics-addr names another address or port")
    })?;
    if let Ok(address) = listener.local_addr() {
        report::tell(&format!("metrics on http://{address}/metrics"));
    }
    Ok(Health(listener))
}

impl Health {
    /// Answers for a worker until the program ends.
    pub(super) fn serve(self, worker: Arc<Worker>) {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        tokio::spawn(async move {
            while let Ok(place) = Arc::clone(&places).acquire_owned().await {
                let Ok((stream, _)) = self.0.accept().await else {
                    tokio::time::sleep(PAUSE).await;
                    continue;
                };
                let worker = Arc::clone(&worker);
                let service = service_fn(move |request| {
                    let worker = Arc::clone(&worker);
                    async move { Ok::<_, Infallible>(answer(&worker, &request)) }
                });
                let connection = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(IDLE)
                    .keep_alive(false)
                    .serve_connection(TokioIo::new(stream), service);
                tokio::spawn(async move {
                    // Who reads nothing keeps its place no longer than this.
                    let _ = tokio::time::timeout(IDLE, connection).await;
                    drop(place);
                });
            }
        });
    }
}

fn answer(worker: &Worker, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let plain = |status, text: &str| response(status, "text/plain", text.to_owned());
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return plain(StatusCode::METHOD_NOT_ALLOWED, "only GET\n");
    }
    match request.uri().path() {
        "/healthz" => plain(StatusCode::OK, "ok\n"),
        "/readyz" if worker.is_ready() => plain(StatusCode::OK, "ready\n"),
        "/readyz" if worker.is_stopping() => {
            plain(StatusCode::SERVICE_UNAVAILABLE, "about to end\n")
        }
        "/readyz" => plain(StatusCode::SERVICE_UNAVAILABLE, "not connected\n"),
        "/metrics" => response(
            StatusCode::OK,
            crate::commands::serve::METRICS_TYPE,
            worker.metrics.text(worker),
        ),
        _ => plain(
            StatusCode::NOT_FOUND,
            "there are /metrics, /healthz and /readyz\n",
        ),
    }
}

fn response(status: StatusCode, media_type: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(Bytes::from(text)));
    *answer.status_mut() = status;
    let value = http::HeaderValue::from_static(media_type);
    answer.headers_mut().insert(header::CONTENT_TYPE, value);
    answer
}
