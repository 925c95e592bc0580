//! Connections, from the first to the last.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
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
use super::responses::ServerResponse;
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

/// What answers requests.
pub(super) trait Answers: Send + Sync + 'static {
    /// Answers a request that came to the address `local`.
    fn answer(
        &self,
        request: Request<Incoming>,
        local: SocketAddr,
    ) -> impl Future<Output = ServerResponse> + Send;
}

/// Serves until a signal comes and all that was accepted is answered, here and by
/// what the others do, or until that takes too long or a second signal comes.
pub(super) async fn serve(
    server: Arc<Server>,
    listener: TcpListener,
    others: Vec<JoinHandle<()>>,
    mut signals: Signals,
    bounds: &Bounds,
) -> Result<(), Failure> {
    let connections = Connections::new(Arc::clone(&server), bounds);
    tokio::select! {
        () = connections.accept_all(&listener) => {}
        () = signals.next() => {}
    }
    report::tell("ending when all requests are answered; a second signal ends at once");
    let answered = async {
        server.end();
        connections.end(listener).await;
        for other in others {
            let _ = other.await;
        }
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

/// Serves until `ending` is done and all that was accepted is answered.
pub(super) async fn serve_until<A: Answers>(
    answers: Arc<A>,
    listener: TcpListener,
    ending: impl Future<Output = ()>,
    bounds: &Bounds,
) {
    let connections = Connections::new(answers, bounds);
    tokio::select! {
        () = connections.accept_all(&listener) => {}
        () = ending => {}
    }
    connections.end(listener).await;
}

struct Connections<A> {
    answers: Arc<A>,
    /// Whether connections are to end after the answer that they are at.
    closing: watch::Sender<bool>,
    /// Who finds none stays in the system's queue.
    places: Arc<Semaphore>,
    bounds: Bounds,
}

/// The place of a connection, also where a session is what it has become.
pub(super) struct Place(#[expect(dead_code, reason = "held")] OwnedSemaphorePermit);

impl Place {
    /// Waits for one.
    pub(super) async fn take(places: &Arc<Semaphore>) -> io::Result<Self> {
        let place = Arc::clone(places).acquire_owned().await;
        place.map(Self).map_err(io::Error::other)
    }
}

/// A connection and its place.
type Accepted = io::Result<(TcpStream, Place)>;

impl<A: Answers> Connections<A> {
    fn new(answers: Arc<A>, bounds: &Bounds) -> Self {
        Self {
            answers,
            closing: watch::Sender::new(false),
            places: Arc::new(Semaphore::new(bounds.connections)),
            bounds: *bounds,
        }
    }

    /// Answers who has connected by now, and waits until that is done.
    async fn end(self, listener: TcpListener) {
        // Who connected before it was known is answered too.
        let _ = tokio::time::timeout(COMING, self.accept_all(&listener)).await;
        loop {
            tokio::select! {
                biased;
                accepted = self.accept(&listener) => self.begin(accepted),
                () = std::future::ready(()) => break,
            }
        }
        drop(listener);
        // A request may be on its way on a connection that looks idle; after an
        // answer connections are closed, so that this wait is often cut short.
        for _ in 0..10 {
            if self.closing.receiver_count() == 0 {
                break;
            }
            tokio::time::sleep(ON_THEIR_WAY / 10).await;
        }
        self.closing.send_replace(true);
        self.closing.closed().await;
        // Sessions that connections have become.
        let all = u32::try_from(self.bounds.connections).unwrap_or(u32::MAX);
        let _ = self.places.acquire_many(all).await;
    }

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
        let place = Place::take(&self.places).await?;
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
        let answers = Arc::clone(&self.answers);
        let stream = Paced::new(stream, self.bounds.idle, place);
        let service = service_fn(move |request: Request<Incoming>| {
            let answers = Arc::clone(&answers);
            async move { Ok::<_, Infallible>(answers.answer(request, local).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.bounds.idle)
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
