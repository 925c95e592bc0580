//! The component for HTTP: a fresh instance answers each request.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt;
use http::{Request, Response, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt as _, StreamBody};
use tokio::sync::oneshot;
use wasmtime::component::Linker;
use wasmtime_wasi_http::p2::bindings::http::types as wasi_http;
use wasmtime_wasi_http::p2::bindings::{LinkOptions, ProxyPre};
use wasmtime_wasi_http::{
    RequestOptions, WasiBody, WasiHttp, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

pub use wasmtime_wasi_http::Error as BodyError;

use crate::bounds::InterruptGuard;
use crate::compiled::Component;
use crate::directories::Directories;
use crate::engine::Engine;
use crate::error::Error;
use crate::instance::{Bounded, State, Surroundings, bounded, link_wasi};
use crate::limits::{LimitError, Limits};
use crate::memory::Images;
use crate::terminal::visible;
use crate::threads::on_a_thread;

/// A component for HTTP that is linked, and ready to answer requests, each by a
/// fresh instance in a sandbox of its own: it can answer, and can't ask.
///
/// Cheap to clone, and shared between threads.
#[derive(Clone)]
pub struct HttpSandbox {
    engine: Engine,
    pre: ProxyPre<State>,
    images: Images,
    directories: Arc<Directories>,
}

impl HttpSandbox {
    /// Links a component.
    ///
    /// # Errors
    /// Where the component needs or lacks something that one for HTTP doesn't.
    pub fn new(
        engine: &Engine,
        component: &Component,
        directories: Directories,
    ) -> Result<Self, Error> {
        let link = || {
            let mut linker = Linker::new(engine.wasmtime());
            link_wasi(&mut linker)?;
            let options = LinkOptions::default();
            wasi_http::add_to_linker::<_, WasiHttp>(&mut linker, &options.into(), State::http)?;
            ProxyPre::new(linker.instantiate_pre(component.wasmtime())?)
        };
        Ok(Self {
            engine: engine.clone(),
            pre: link().map_err(|error: wasmtime::Error| Error::Link {
                source: error.into(),
            })?,
            images: component.images().clone(),
            directories: Arc::new(directories),
        })
    }

    /// Answers a request. The time of its limits runs from here.
    ///
    /// The guest has a thread of its own, one of those that tokio's runtime
    /// keeps for what blocks. `held` is dropped when the instance is gone: it
    /// may outlive the answer by a little.
    ///
    /// Dropping the future, or the answer's body before its end, stops the run.
    ///
    /// # Errors
    /// Where there is no answer. One that was begun is cut off instead.
    pub async fn handle<B, H>(
        &self,
        limits: &Limits,
        request: Request<B>,
        held: H,
    ) -> Result<Response<ResponseBody>, Error>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BodyError>,
        H: Send + 'static,
    {
        let interrupt = match &limits.interrupt {
            Some(interrupt) => interrupt.clone(),
            None => self.engine.interrupt(),
        };
        let limits = Limits {
            interrupt: Some(interrupt.clone()),
            ..limits.clone()
        };
        let guard = interrupt.guard();
        let cut = Arc::new(AtomicBool::new(false));
        let cuts = Arc::clone(&cut);
        let this = self.clone();
        let (sender, receiver) = oneshot::channel();
        let output = limits.output;
        let number = RUNS.fetch_add(1, Ordering::Relaxed);
        let run = on_a_thread(async move || {
            let mark = numbered(number, request.uri().path());
            let ended = this.run(&limits, mark, request, sender, &cuts).await;
            drop(held);
            if let Err(fault) = &ended {
                tracing::debug!(
                    run = number,
                    fault = fault.in_full(),
                    "an instance ended without a result"
                );
            }
            ended
        });
        match receiver.await {
            Ok(Ok(response)) => ResponseBody::wrap(response, guard, cut, output),
            Ok(Err(code)) => Err(Error::Trap(format!("it gave the error {code:?}").into())),
            Err(_) => Err(match run.await {
                Ok(Err(fault)) => fault,
                Ok(Ok(())) => Error::Trap("it ended without an answer".into()),
                Err(fault) => fault,
            }),
        }
    }

    async fn run<B>(
        &self,
        limits: &Limits,
        mark: String,
        request: Request<B>,
        sender: oneshot::Sender<Result<Response<WasiBody>, wasi_http::ErrorCode>>,
        cut: &AtomicBool,
    ) -> Result<(), Error>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BodyError>,
    {
        let Bounded {
            mut store,
            bounds,
            brake,
            watch: _watch,
        } = bounded(
            &self.engine,
            &self.directories,
            limits,
            Some(mark),
            None,
            None,
            Surroundings::Real,
        )?;
        let mut view = store.data_mut().http();
        let host = |error: wasmtime::Error| Error::Host(error.into());
        let request = view
            .new_incoming_request(wasi_http::Scheme::Http, request)
            .map_err(host)?;
        let out = view.new_response_outparam(sender).map_err(host)?;
        let called = bounds
            .hold(async {
                let instantiate = self.pre.instantiate_async(&mut store);
                let proxy = self.images.provide(&brake, instantiate).await?;
                let handler = proxy.wasi_http_incoming_handler();
                handler.call_handle(&mut store, request, out).await
            })
            .await;
        let ended = called.and_then(|called| called.map_err(|error| store.data().fault(error)));
        // The answer's body ends with the store, which is dropped after this.
        cut.store(ended.is_err(), Ordering::Release);
        ended
    }
}

/// How many runs there were.
static RUNS: AtomicU64 = AtomicU64::new(1);

/// What the lines begin with that a run prints: nothing that it can print itself
/// looks like another's, or like the server's own lines. Each call is another run.
#[must_use]
pub fn mark(path: &str) -> String {
    numbered(RUNS.fetch_add(1, Ordering::Relaxed), path)
}

fn numbered(run: u64, path: &str) -> String {
    const LONGEST: usize = 64;
    let end = path
        .char_indices()
        .nth(LONGEST)
        .map_or(path.len(), |(end, _)| end);
    format!("run {run} {} | ", visible(&path[..end]))
}

/// The body of an answer. The run is stopped where it is dropped before its end.
pub struct ResponseBody {
    body: WasiBody,
    guard: Option<InterruptGuard>,
    /// How many bytes are to come, where that is known.
    rest: Option<u64>,
    /// How many bytes may come.
    room: Option<usize>,
    /// Whether the run ended before the body did.
    cut: Arc<AtomicBool>,
}

impl ResponseBody {
    fn wrap(
        response: Response<WasiBody>,
        guard: InterruptGuard,
        cut: Arc<AtomicBool>,
        room: Option<usize>,
    ) -> Result<Response<Self>, Error> {
        let length = response.headers().get(header::CONTENT_LENGTH);
        let rest = length.and_then(|length| length.to_str().ok()?.parse().ok());
        if let (Some(rest), Some(limit)) = (rest, room)
            && rest > limit as u64
        {
            return Err(LimitError::Output { limit }.into());
        }
        Ok(response.map(|body| Self {
            body,
            guard: Some(guard),
            rest,
            room,
            cut,
        }))
    }

    /// A body whose bytes are known as they are sent.
    #[must_use]
    pub fn stream(bytes: impl Stream<Item = Result<Bytes, BodyError>> + Send + 'static) -> Self {
        let frames = StreamExt::map(bytes, |bytes| bytes.map(Frame::data));
        Self {
            body: StreamBody::new(frames).boxed_unsync(),
            ..Self::full(Bytes::new())
        }
    }

    /// A body that no instance gives.
    #[must_use]
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        let body = http_body_util::Full::new(bytes.into());
        Self {
            body: body.map_err(|never| match never {}).boxed_unsync(),
            guard: None,
            rest: None,
            room: None,
            cut: Arc::default(),
        }
    }

    /// Nobody has to be waited for any more.
    fn release(&mut self) {
        if let Some(guard) = self.guard.take() {
            guard.release();
        }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        match &frame {
            // It must not look as if this were all.
            None if self.cut.swap(false, Ordering::AcqRel) => {
                return Poll::Ready(Some(Err(BodyError::ConnectionTerminated)));
            }
            None => self.release(),
            Some(Ok(frame)) => {
                let length = frame.data_ref().map_or(0, Bytes::len);
                if let Some(room) = &mut self.room {
                    let Some(left) = room.checked_sub(length) else {
                        tracing::warn!("an answer is cut off: it is beyond its limit of size");
                        self.guard = None;
                        return Poll::Ready(Some(Err(BodyError::ConnectionTerminated)));
                    };
                    *room = left;
                }
                self.rest = self.rest.map(|rest| rest.saturating_sub(length as u64));
                if self.rest == Some(0) {
                    // Nobody asks for more than was announced.
                    self.release();
                }
            }
            Some(Err(_)) => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// What the host keeps for an instance that answers a request.
pub(crate) struct Http {
    context: WasiHttpCtx,
    hooks: NoRequests,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            context: WasiHttpCtx::new(),
            hooks: NoRequests,
        }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.http.hooks,
            table: &mut self.table,
            ctx: &mut self.http.context,
        }
    }
}

/// What a guest asks of the network is refused. Nothing is linked that could
/// ask, so this only completes the types.
struct NoRequests;

impl WasiHttpHooks for NoRequests {
    fn send_request(
        &mut self,
        _: Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), BodyError>> + Send>,
    ) -> Box<
        dyn Future<
                Output = Result<
                    (
                        Response<WasiBody>,
                        Box<dyn Future<Output = Result<(), BodyError>> + Send>,
                    ),
                    BodyError,
                >,
            > + Send,
    > {
        Box::new(std::future::ready(Err(BodyError::HttpRequestDenied)))
    }
}
