//! `--sdk-http`: a door for the SDK's HTTP clients, who run pipelines at `/execute` and
//! have sessions at `/stream`, whose outputs are server-sent events.

mod answers;
mod forms;
mod items;
mod outputs;
mod session;
mod sessions;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::stream;
use http::{HeaderValue, Method, Request, StatusCode, header};
use hyper::body::Incoming;
use pipeline_grpc::Tokens;
use pipeline_host::codec;
use pipeline_host::http::ResponseBody;
use pipeline_host::types::Data;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};

use self::answers::{Refusal, done, is_json, json_text};
use self::outputs::{Listener, Outputs};
use self::session::Running;
use self::sessions::{Session, Sessions};
use super::connections::{self, Answers, Bounds};
use super::events::EVENTS;
use super::responses::ServerResponse;
use super::server::Server;
use super::typed;
use crate::cli;
use crate::failure::Failure;

/// How often those who listen hear that the session is there, at least.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// Where the SDK's clients are listened for, and who is let in.
pub(super) struct Door {
    listener: TcpListener,
    tokens: Option<Tokens>,
}

impl Door {
    /// Begins to listen, where that is asked for.
    pub(super) async fn open(arguments: &cli::Serve) -> Result<Option<Self>, Failure> {
        let Some(address) = arguments.sdk_http else {
            return Ok(None);
        };
        let tokens = arguments.sdk_http_tokens.as_deref().map(Tokens::read);
        let tokens = tokens.transpose();
        let tokens = tokens.map_err(|error| Failure::usage(error.to_string()))?;
        let listener = TcpListener::bind(address).await.map_err(|error| {
            Failure::usage(format!("can't listen on {address}: {error}"))
                .help("--sdk-http names another address or port")
        })?;
        Ok(Some(Self { listener, tokens }))
    }

    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until the server ends, and what was begun is answered.
    pub(super) async fn serve(self, server: Arc<Server>, bounds: Bounds) {
        let sdk = Arc::new(Sdk {
            server: Arc::clone(&server),
            tokens: self.tokens,
            sessions: Arc::new(Sessions::new(bounds.idle)),
        });
        connections::serve_until(sdk, self.listener, server.until_it_ends(), &bounds).await;
    }
}

/// What answers the SDK's clients.
struct Sdk {
    server: Arc<Server>,
    tokens: Option<Tokens>,
    sessions: Arc<Sessions>,
}

/// What a path names.
#[derive(Clone, Copy)]
enum Place<'p> {
    Health,
    Execute,
    Stream,
    Session(&'p str),
    Input(&'p str),
    Output(&'p str),
    Elsewhere,
}

impl<'p> Place<'p> {
    fn of(path: &'p str) -> Self {
        let mut parts = path.strip_prefix('/').unwrap_or_default().split('/');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("health"), None, ..) => Self::Health,
            (Some("execute"), None, ..) => Self::Execute,
            (Some("stream"), None, ..) => Self::Stream,
            (Some("stream"), Some(name), None, _) => Self::Session(name),
            (Some("stream"), Some(name), Some("input"), None) => Self::Input(name),
            (Some("stream"), Some(name), Some("output"), None) => Self::Output(name),
            _ => Self::Elsewhere,
        }
    }

    /// As a metric's label.
    fn label(self) -> &'static str {
        match self {
            Self::Health => "/health",
            Self::Execute => "/execute",
            Self::Stream => "/stream",
            Self::Session(_) => "/stream/{id}",
            Self::Input(_) => "/stream/{id}/input",
            Self::Output(_) => "/stream/{id}/output",
            Self::Elsewhere => "other",
        }
    }

    fn method(self) -> Method {
        match self {
            Self::Execute | Self::Stream | Self::Input(_) => Method::POST,
            Self::Session(_) => Method::DELETE,
            Self::Health | Self::Output(_) | Self::Elsewhere => Method::GET,
        }
    }
}

impl Answers for Sdk {
    async fn answer(&self, request: Request<Incoming>, local: SocketAddr) -> ServerResponse {
        let label = Place::of(request.uri().path()).label();
        let answer = |request| {
            let answered = self.let_in(request);
            answered
                .map(|it| it.unwrap_or_else(|answer| answer))
                .boxed()
        };
        self.server.admit(request, local, label, answer).await
    }
}

impl Sdk {
    async fn let_in(&self, request: Request<Incoming>) -> Result<ServerResponse, ServerResponse> {
        let path = request.uri().path().to_owned();
        let place = Place::of(&path);
        let expected = place.method();
        if let Place::Elsewhere = place {
            let text = "there are /execute, /stream, /stream/{id}/input, /stream/{id}/output, \
                        /stream/{id} and /health";
            return Err(Refusal::new(StatusCode::NOT_FOUND, "not_found", text).into());
        }
        if *request.method() != expected {
            let text = format!("{} is asked for by {expected}", place.label());
            let status = StatusCode::METHOD_NOT_ALLOWED;
            let mut answer = ServerResponse::from(Refusal::new(status, "not_allowed", text));
            if let Ok(expected) = HeaderValue::from_str(expected.as_str()) {
                answer.headers_mut().insert(header::ALLOW, expected);
            }
            return Err(answer);
        }
        if let Place::Health = place {
            return Ok(done());
        }
        if let Some(tokens) = &self.tokens {
            let given = request.headers().get(header::AUTHORIZATION);
            tokens
                .admit(given.map(HeaderValue::as_bytes))
                .map_err(|why| {
                    let refusal = Refusal::new(StatusCode::UNAUTHORIZED, "authentication", why);
                    let mut answer = ServerResponse::from(refusal);
                    let bearer = HeaderValue::from_static("Bearer");
                    answer
                        .headers_mut()
                        .insert(header::WWW_AUTHENTICATE, bearer);
                    answer
                })?;
        }
        match place {
            Place::Execute => self.execute(request).await,
            Place::Stream => self.open(request).await,
            Place::Input(name) => {
                let item = self.item(request).await?;
                self.sessions.push(name, item).await?;
                Ok(done())
            }
            Place::Output(name) => Ok(self.events(self.sessions.listen(name)?)),
            Place::Session(name) => {
                self.sessions.close(name).await?;
                Ok(done())
            }
            Place::Health | Place::Elsewhere => Ok(done()),
        }
    }

    /// Runs a pipeline on an item.
    async fn execute(&self, request: Request<Incoming>) -> Result<ServerResponse, ServerResponse> {
        let server = &self.server;
        let (manifest, item, room) = {
            let (bytes, room) = self.body(request).await?;
            let given = members(&bytes)?;
            let manifest = text(&given, "manifest")?;
            let input = given.get("input").ok_or_else(|| missing("input"))?;
            let item = items::read(input).map_err(|why| Refusal::bad(format!("input: {why}")))?;
            (manifest, item, room)
        };
        let typed = server.typed(None)?;
        let permit = server.admission.next(false).await.map_err(Refusal::busy)?;
        let (limits, guard) = typed.guarded(&server.limits);
        let ended = typed.run(limits, "/execute", (permit, room), async move |instance| {
            let loaded = match typed::load(instance, &manifest).await? {
                Ok(loaded) => loaded,
                Err(error) => return Ok(Err(error)),
            };
            instance
                .execute(&loaded.manifest, Some(&[item.into()]))
                .await
        });
        let ended = ended.await;
        guard.release();
        let run = match ended {
            Ok(Ok(run)) => run,
            Ok(Err(error)) => return Err(Refusal::failed(&error).into()),
            Err(fault) => {
                server.told_of(&fault);
                return Err(Refusal::fault(&fault).into());
            }
        };
        let mut written = Vec::new();
        for given in run.outputs {
            for input in codec::one_by_one(codec::for_all(given.items)) {
                let number = written.len() as u64 + 1;
                let item = items::write(&given.node_id, input.item, number);
                let formless = |why| {
                    let text = format!("node `{}`: {why}", given.node_id);
                    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "execution", text)
                };
                written.push(item.map_err(formless)?);
            }
        }
        let Some(first) = written.first() else {
            let text = "No output from pipeline";
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            return Err(Refusal::new(status, "execution", text).into());
        };
        // The SDK's clients read the first; the others are there for who looks.
        let body = match written.len() {
            1 => format!(r#"{{"output":{first}}}"#),
            _ => format!(r#"{{"output":{first},"outputs":[{}]}}"#, written.join(",")),
        };
        Ok(json_text(StatusCode::OK, body))
    }

    /// Begins a session.
    async fn open(&self, request: Request<Incoming>) -> Result<ServerResponse, ServerResponse> {
        let server = &self.server;
        if *server.ending.borrow() {
            return Err(super::responses::ending());
        }
        let manifest = {
            let (bytes, _room) = self.body(request).await?;
            text(&members(&bytes)?, "manifest")?
        };
        let typed = server.typed(None)?;
        let permit = server.admission.next(true).await.map_err(Refusal::busy)?;
        let permit = Arc::new(permit);
        let (limits, guard) = typed.guarded(&server.limits);
        let outputs = Arc::new(Outputs::new(Arc::clone(&permit)));
        let (begun, begins) = oneshot::channel();
        let (asks, asked) = mpsc::channel(1);
        let mut running = Running {
            manifest,
            begun: Some(begun),
            asked,
            outputs: Arc::clone(&outputs),
            ending: server.ending.subscribe(),
            given: 0,
        };
        let run = typed.run(limits, "/stream", permit, async move |instance| {
            running.run(instance).await
        });
        let watched = Arc::clone(server);
        let ends = Arc::clone(&outputs);
        tokio::spawn(async move {
            if let Err(fault) = run.await {
                watched.told_of(&fault);
                // Where there was no instance there is nobody else to say so.
                ends.end(None);
            }
        });
        match begins.await {
            Ok(Ok(())) => {}
            Ok(Err(refusal)) => return Err(refusal.into()),
            Err(_) => {
                let text = "the session ended before it began";
                let status = StatusCode::SERVICE_UNAVAILABLE;
                return Err(Refusal::new(status, "execution", text).into());
            }
        }
        let name = self.sessions.keep(Session {
            asked: asks,
            outputs,
            last: Mutex::new(Instant::now()),
            _guard: guard,
        });
        let body = serde_json::json!({ "session_id": name });
        Ok(json_text(StatusCode::OK, body.to_string()))
    }

    /// What a session gives, as it comes.
    fn events(&self, listener: Listener) -> ServerResponse {
        let often =
            (self.server.bodies.patience() / 3).clamp(Duration::from_millis(10), SIGN_OF_LIFE);
        let events = stream::unfold(listener, move |mut listener| async move {
            match timeout(often, listener.next()).await {
                Ok(event) => Some((Ok(event?), listener)),
                // A comment, which also shows whether somebody is there.
                Err(_) => Some((Ok(Bytes::from_static(b":\n\n")), listener)),
            }
        });
        let mut answer = ServerResponse::new(ResponseBody::stream(events));
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(EVENTS));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        answer
    }

    async fn item(&self, request: Request<Incoming>) -> Result<Data, ServerResponse> {
        let (bytes, _room) = self.body(request).await?;
        let given = members(&bytes)?;
        let data = given.get("data").ok_or_else(|| missing("data"))?;
        let item = items::read(data).map_err(|why| Refusal::bad(format!("data: {why}")));
        Ok(item?)
    }

    async fn body(
        &self,
        request: Request<Incoming>,
    ) -> Result<(Bytes, impl Send + use<>), ServerResponse> {
        is_json(request.headers())?;
        self.server.bodies.whole(request.into_body()).await
    }
}

type Members<'b> = std::collections::BTreeMap<String, &'b [u8]>;

fn members(bytes: &[u8]) -> Result<Members<'_>, Refusal> {
    items::members(bytes).map_err(|why| Refusal::bad(format!("the body: {why}")))
}

fn text(given: &Members<'_>, name: &str) -> Result<String, Refusal> {
    let text = given.get(name).ok_or_else(|| missing(name))?;
    let text = String::from_utf8(text.to_vec());
    text.map_err(|_| Refusal::bad(format!("the body: `{name}` is no UTF-8")))
}

fn missing(name: &str) -> Refusal {
    Refusal::bad(format!("the body: there is no `{name}`"))
}
