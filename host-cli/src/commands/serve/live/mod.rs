//! `GET /v1/pipelines/{name}/live`: a session over a WebSocket.
//!
//! A text message is an item as JSON, a binary one a medium; an empty text message
//! ends the input. Outputs are sent as they are known, each in a message; the last
//! message says how the session ended, as the last line of a stream does.

mod client;
mod handshake;
pub(super) mod messages;
pub(super) mod session;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use http::Request;
use hyper::body::Incoming;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use pipeline_host::InterruptGuard;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message};

use self::client::{Given, Messages};
use self::messages::Audio;
use self::session::Live;
use super::responses::{self, ServerResponse};
use super::server::Server;
use super::typed::Options;

/// How many messages wait for the pipeline, and for the client.
const AHEAD: usize = 2;
/// How long a client may take to say that it has understood the end.
const GOODBYE: Duration = Duration::from_secs(2);

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// The name of the pipeline whose session a path asks for.
pub(super) fn named(path: &str) -> Option<&str> {
    let name = path.strip_prefix("/v1/pipelines/")?.strip_suffix("/live")?;
    (!name.is_empty() && !name.contains('/')).then_some(name)
}

impl Server {
    /// Begins a session, where there is room for one.
    pub(super) async fn live(
        &self,
        mut request: Request<Incoming>,
    ) -> Result<ServerResponse, ServerResponse> {
        if *self.ending.borrow() {
            return Err(responses::ending());
        }
        let path = request.uri().path().to_owned();
        let (manifest, packaged) = self
            .pipelines
            .read(named(&path).unwrap_or_default())
            .await?;
        let answer = handshake::accept(request.headers())?;
        let query = request.uri().query().unwrap_or_default();
        let (options, audio) = (Options::read(query)?, Audio::read(query)?);
        let typed = self.typed(packaged)?;
        let permit = self.admission.next(true).await.map_err(responses::busy)?;
        let upgrade = hyper::upgrade::on(&mut request);
        let (limits, guard) = typed.guarded(&self.limits);
        let (given, incoming) = mpsc::channel(AHEAD);
        let (outgoing, out) = mpsc::channel(AHEAD);
        let longest = usize::try_from(self.bodies.longest()).unwrap_or(usize::MAX);
        let idle = self.bodies.patience();
        let mut live = Live {
            manifest,
            options,
            produces: false,
            client: Messages {
                incoming,
                outgoing,
                audio,
                limits: limits.clone(),
                announced: None,
            },
            ending: self.ending.subscribe(),
        };
        let (typed, metrics) = (Arc::clone(typed), Arc::clone(&self.metrics));
        tokio::spawn(async move {
            let Ok(upgraded) = upgrade.await else { return };
            let config = WebSocketConfig::default()
                .max_message_size(Some(longest))
                .max_frame_size(Some(longest));
            let socket = TokioIo::new(upgraded);
            let socket = WebSocketStream::from_raw_socket(socket, Role::Server, Some(config)).await;
            let (sink, stream) = socket.split();
            let run = typed.run(limits, &path, permit, async move |instance| {
                live.run(instance).await
            });
            let mut reader = tokio::spawn(read(stream, given, guard, idle));
            let written = tokio::spawn(write(sink, out, idle));
            let (code, reason) = match run.await {
                Ok(end) => end,
                Err(fault) => session::faulted(&fault, &metrics),
            };
            if let Ok(Some(mut sink)) = written.await {
                let reason = session::short(&reason).into();
                let close = Message::Close(Some(CloseFrame { code, reason }));
                let _ = timeout(GOODBYE, sink.send(close)).await;
                let _ = timeout(GOODBYE, &mut reader).await;
            }
            reader.abort();
            tracing::info!(path, code = u16::from(code), "a session ended");
        });
        Ok(answer)
    }
}

/// Reads messages until the client leaves or nothing comes of it for too long, which
/// stops the run by its guard.
async fn read(
    mut stream: SplitStream<Socket>,
    given: mpsc::Sender<Given>,
    guard: InterruptGuard,
    idle: Duration,
) {
    let _guard = guard;
    let mut ended = false;
    loop {
        let message = match timeout(idle, stream.next()).await {
            Ok(Some(Ok(message))) => message,
            Ok(Some(Err(tungstenite::Error::Capacity(error)))) => {
                let wrong = Given::Wrong(error.to_string(), CloseCode::Size);
                let _ = given.send(wrong).await;
                // The rest of it is of no use; what the pipeline does meanwhile is.
                given.closed().await;
                return;
            }
            _ => return,
        };
        let item = match message {
            // What is to be said to that is said by the next reading.
            Message::Close(_) => {
                let _ = timeout(GOODBYE, stream.next()).await;
                return;
            }
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => continue,
            _ if ended => continue,
            Message::Text(text) if text.as_bytes().trim_ascii().is_empty() => {
                ended = true;
                Given::End
            }
            Message::Text(text) => Given::Text(text.into()),
            Message::Binary(bytes) => Given::Binary(bytes),
        };
        // A session that has ended takes nothing any more.
        if given.send(item).await.is_err() {
            ended = true;
        }
    }
}

/// Writes messages until there are no more, and asks now and then whether the client
/// is there. Gives the sink back, unless the client has gone.
async fn write(
    mut sink: SplitSink<Socket, Message>,
    mut out: mpsc::Receiver<Message>,
    idle: Duration,
) -> Option<SplitSink<Socket, Message>> {
    let often = (idle / 3).max(Duration::from_millis(10));
    let mut ask = interval_at(Instant::now() + often, often);
    ask.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let message = tokio::select! {
            message = out.recv() => match message {
                Some(message) => message,
                None => return Some(sink),
            },
            _ = ask.tick() => Message::Ping(Bytes::new()),
        };
        sink.send(message).await.ok()?;
    }
}
