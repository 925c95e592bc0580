//! Connections, from the first to the last.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinHandle;

use super::pace::Paced;
use super::server::Server;
use crate::failure::{Failure, INTERRUPTED};
use crate::report;
use crate::signals::Signals;

/// How many bytes of a request's head, and of its body and its answer at a time,
/// are kept for a connection.
const BUFFER: usize = 64 << 10;
/// How long requests are waited for on connections that look idle when the
/// server ends.
const ON_THEIR_WAY: Duration = Duration::from_millis(500);
/// How long connections are still accepted: so long others may take to notice
/// that the server is not ready any more.
const COMING: Duration = Duration::from_millis(100);
/// How long to wait when no more files can be opened.
pub(super) const NO_FILES: Duration = Duration::from_millis(50);

/// What connections are held to.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    /// How many there are at the same time.
    pub(super) connections: usize,
    /// How long nothing may move on one.
    pub(super) idle: Duration,
    /// How long they are waited for when the server ends.
    pub(super) drain: Duration,
}

/// Serves until a signal comes and all that was accepted is answered, here and by
/// what `other` does, or until that takes too long or a second signal comes.
pub(super) async fn serve(
    server: Arc<Server>,
    listener: TcpListener,
    other: Option<JoinHandle<()>>,
    mut signals: Signals,
    bounds: &Bounds,
) -> Result<(), Failure> {
    let connections = Connections {
        server,
        closing: watch::Sender::new(false),
        places: Arc::new(Semaphore::new(bounds.connections)),
        idle: bounds.idle,
    };
    tokio::select! {
        () = connections.accept_all(&listener) => {}
        () = signals.next() => {}
    }
    report::tell("ending when all requests are answered; a second signal ends at once");
    let answered = async {
        connections.server.end();
        // Who connected while the server was up is answered too.
        let _ = tokio::time::timeout(COMING, connections.accept_all(&listener)).await;
        loop {
            tokio::select! {
                biased;
                accepted = connections.accept(&listener) => connections.begin(accepted),
                () = std::future::ready(()) => break,
            }
        }
        drop(listener);
        let Connections {
            server,
            closing,
            places,
            ..
        } = connections;
        // A request may be on its way on a connection that looks idle; after an
        // answer connections are closed, so that this wait is often cut short.
        for _ in 0..10 {
            if closing.receiver_count() == 0 {
                break;
            }
            tokio::time::sleep(ON_THEIR_WAY / 10).await;
        }
        closing.send_replace(true);
        closing.closed().await;
        // Sessions that connections have become.
        let all = u32::try_from(bounds.connections).unwrap_or(u32::MAX);
        let _ = places.acquire_many(all).await;
        if let Some(other) = other {
            let _ = other.await;
        }
        drop(server);
    };
    tokio::select! {
        () = answered => Ok(()),
        () = tokio::time::sleep(bounds.drain) => {
            let text = format!(
                "ended before all requests were answered: that took longer than {} s",
                bounds.drain.as_secs_f64()
            );
            Err(Failure::failed(text).help("--drain sets how long they are waited for"))
        }
        () = signals.next() => {
            Err(Failure::code("ended before all requests were answered", INTERRUPTED))
        }
    }
}

struct Connections {
    server: Arc<Server>,
    /// Whether connections are to end after the answer that they are at.
    closing: watch::Sender<bool>,
    /// Who finds none stays in the system's queue.
    places: Arc<Semaphore>,
    idle: Duration,
}

/// The place of a connection; a session that it becomes keeps it.
#[derive(Clone)]
pub(super) struct Place(#[expect(dead_code, reason = "held")] Arc<OwnedSemaphorePermit>);

/// A connection and its place, until both are dropped.
type Accepted = io::Result<(TcpStream, OwnedSemaphorePermit)>;

impl Connections {
    async fn accept_all(&self, listener: &TcpListener) {
        loop {
            let accepted = self.accept(listener).await;
            if let Err(error) = &accepted
                && !is_of_one_connection(error)
            {
                tracing::error!(%error, "no connection can be accepted");
                tokio::time::sleep(NO_FILES).await;
            }
            self.begin(accepted);
        }
    }

    async fn accept(&self, listener: &TcpListener) -> Accepted {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(io::Error::other)?;
        let (stream, _) = listener.accept().await?;
        Ok((stream, place))
    }

    fn begin(&self, accepted: Accepted) {
        let Ok((stream, place)) = accepted else {
            return;
        };
        // Where that is not known, the client has gone.
        let Ok(local) = stream.local_addr() else {
            return;
        };
        // Streams send small pieces, each of which somebody waits for.
        let _ = stream.set_nodelay(true);
        let server = Arc::clone(&self.server);
        let place = Place(Arc::new(place));
        let held = place.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            let server = Arc::clone(&server);
            request.extensions_mut().insert(place.clone());
            async move { server.answer(request, local).await }
        });
        let stream = Paced::new(stream, self.idle);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.idle)
            .max_buf_size(BUFFER)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut closing = self.closing.subscribe();
        tokio::spawn(async move {
            let mut connection = pin!(connection);
            let close = async { drop(closing.wait_for(|closing| *closing).await) };
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = close => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            drop(closing);
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(held);
        });
    }
}

/// Whether an error is about the connection that was to be accepted, and says
/// nothing of the next.
pub(super) fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}
