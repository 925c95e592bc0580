//! Bodies of requests: they come in before a request has its turn, so that a slow
//! client holds no more than its connection.
//!
//! The exception is NDJSON whose length is not announced: it flows while its run
//! lives, which answers the first lines before the client has sent the last.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use pipeline_host::http::BodyError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};

use super::pace::Patience;
use super::responses::{self, ServerResponse};

/// How many of the longest bodies fit into the room for bodies.
const LONGEST: usize = 8;
/// What the room is counted in, in bytes.
const UNIT: usize = 1 << 10;
/// How many bytes of each body need no room there: those who send long ones slowly
/// leave it to the others to send short ones.
const FREE: usize = 64 << 10;

/// Takes bodies in.
pub(super) struct Bodies {
    /// The longest, in bytes.
    longest: u64,
    /// How long a client may be waited for.
    patience: Duration,
    /// Room for what has come in and did not run yet.
    room: Arc<Semaphore>,
}

impl Bodies {
    pub(super) fn new(longest: u64, patience: Duration) -> Self {
        let units = usize::try_from(longest).unwrap_or(usize::MAX) / UNIT * LONGEST;
        Self {
            longest,
            patience,
            room: Arc::new(Semaphore::new(units.min(Semaphore::MAX_PERMITS))),
        }
    }

    /// The longest that a body may be, in bytes.
    pub(super) fn longest(&self) -> u64 {
        self.longest
    }

    /// How long a client may be waited for.
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// Takes a body in, or begins to, where it flows.
    pub(super) async fn take(
        &self,
        headers: &HeaderMap,
        body: Incoming,
    ) -> Result<RequestBody, ServerResponse> {
        if body.size_hint().lower() > self.longest {
            return Err(responses::too_long(self.longest));
        }
        if is_lines(headers) && body.size_hint().exact().is_none() {
            return Ok(RequestBody {
                before: VecDeque::new(),
                flow: Some(Flow {
                    body,
                    rest: self.longest,
                    patience: self.patience,
                    silence: Box::pin(sleep_until(Instant::now())),
                    waiting: false,
                }),
                _room: None,
                too_long: Arc::default(),
            });
        }
        let (bytes, room) = self.whole(body).await?;
        Ok(RequestBody {
            before: VecDeque::from([bytes]),
            flow: None,
            _room: room,
            too_long: Arc::default(),
        })
    }

    /// Takes all of a body in, and the room for it.
    pub(super) async fn whole(
        &self,
        mut body: Incoming,
    ) -> Result<(Bytes, Option<OwnedSemaphorePermit>), ServerResponse> {
        if body.size_hint().lower() > self.longest {
            return Err(responses::too_long(self.longest));
        }
        let announced = body.size_hint().lower().min(FREE as u64);
        let mut bytes = Vec::with_capacity(usize::try_from(announced).unwrap_or(FREE));
        let mut room: Option<OwnedSemaphorePermit> = None;
        let mut patience = Patience::new(self.patience);
        loop {
            let start = Instant::now();
            let frame = match timeout_at(patience.ends(), body.frame()).await {
                Err(_) => return Err(responses::slow()),
                Ok(None) => return Ok((bytes.into(), room)),
                Ok(Some(Err(error))) => {
                    let text = format!("the body ends in the middle: {error}");
                    return Err(responses::error(
                        StatusCode::BAD_REQUEST,
                        "bad-request",
                        text,
                    ));
                }
                Ok(Some(Ok(frame))) => frame,
            };
            let Ok(data) = frame.into_data() else {
                continue;
            };
            patience.moved(start, data.len());
            if (bytes.len() + data.len()) as u64 > self.longest {
                return Err(responses::too_long(self.longest));
            }
            bytes.extend_from_slice(&data);
            let held = room.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
            let long = bytes.capacity().saturating_sub(FREE);
            let wanted = long.div_ceil(UNIT).saturating_sub(held);
            if wanted > 0 {
                let wanted = u32::try_from(wanted).unwrap_or(u32::MAX);
                let Ok(more) = Arc::clone(&self.room).try_acquire_many_owned(wanted) else {
                    return Err(responses::busy(1));
                };
                match &mut room {
                    Some(room) => room.merge(more),
                    None => room = Some(more),
                }
            }
        }
    }
}

/// Whether a body is made of lines.
fn is_lines(headers: &HeaderMap) -> bool {
    let given = headers
        .get(header::CONTENT_TYPE)
        .and_then(|given| given.to_str().ok());
    let media_type = given
        .and_then(|given| given.split(';').next())
        .unwrap_or_default();
    let lines = [
        "application/x-ndjson",
        "application/ndjson",
        "application/jsonl",
    ];
    lines
        .iter()
        .any(|lines| media_type.trim().eq_ignore_ascii_case(lines))
}

/// The body that an instance reads.
pub(super) struct RequestBody {
    before: VecDeque<Bytes>,
    flow: Option<Flow>,
    /// Held until the run is over.
    _room: Option<OwnedSemaphorePermit>,
    too_long: Arc<AtomicBool>,
}

/// A body that comes in while it is read.
struct Flow {
    body: Incoming,
    rest: u64,
    patience: Duration,
    /// When its client has been silent for too long.
    silence: Pin<Box<Sleep>>,
    waiting: bool,
}

impl RequestBody {
    /// Whether it flows.
    pub(super) fn flows(&self) -> bool {
        self.flow.is_some()
    }

    /// Puts some bytes before it.
    pub(super) fn put_before(&mut self, bytes: Bytes) {
        self.before.push_front(bytes);
    }

    /// Set where it turns out to be too long.
    pub(super) fn too_long(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.too_long)
    }
}

impl Flow {
    fn poll(
        &mut self,
        context: &mut Context<'_>,
        too_long: &AtomicBool,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) else {
            if !self.waiting {
                self.waiting = true;
                let ends = Patience::new(self.patience).ends();
                self.silence.as_mut().reset(ends);
            }
            ready!(self.silence.as_mut().poll(context));
            return Poll::Ready(Some(Err(BodyError::ConnectionReadTimeout)));
        };
        self.waiting = false;
        let Some(frame) = frame.transpose()? else {
            return Poll::Ready(None);
        };
        let length = frame.data_ref().map_or(0, Bytes::len) as u64;
        Poll::Ready(Some(match self.rest.checked_sub(length) {
            Some(rest) => {
                self.rest = rest;
                Ok(frame)
            }
            None => {
                too_long.store(true, Ordering::SeqCst);
                Err(BodyError::HttpRequestBodySize(None))
            }
        }))
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        if let Some(bytes) = this.before.pop_front() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match &mut this.flow {
            Some(flow) => flow.poll(context, &this.too_long),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        let flow = self.flow.as_ref();
        self.before.is_empty() && flow.is_none_or(|flow| flow.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}
