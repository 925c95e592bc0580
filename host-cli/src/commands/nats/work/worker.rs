//! What a worker does: it takes messages, runs them, and ends when it is told to.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_nats::Client;
use async_nats::connection::State;
use async_nats::jetstream::context::ConsumerInfoErrorKind;
use async_nats::jetstream::{self, Context};
use futures_util::{FutureExt as _, StreamExt as _};
use pipeline_host::codec::document::plain_error;
use pipeline_host::types::ErrorKind;
use pipeline_host::{Interrupt, Limits};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};

use super::delivery::{Deliveries, Delivery};
use super::metrics::Metrics;
use super::pipeline::Pipeline;
use super::runs::{self, Failed, Ran};
use super::sessions::Sessions;
use super::slots::Slots;
use super::streams::Streams;
use crate::commands::nats::arguments::{Retry, Work};
use crate::commands::nats::connection::{Connected, in_full};
use crate::commands::nats::headers;
use crate::failure::{Failure, INTERRUPTED};
use crate::report;
use crate::signals::Signals;

/// How long a request for messages stands.
const ASKING: Duration = Duration::from_secs(20);
/// How long to wait after one that failed.
const PAUSE: Duration = Duration::from_secs(1);
/// How long what was cut may take to say so.
const TO_SAY_SO: Duration = Duration::from_secs(5);

/// A worker.
pub(super) struct Worker {
    pub(super) client: Client,
    pub(super) jetstream: Context,
    back: Arc<Notify>,
    pub(super) streams: Streams,
    pub(super) retry: Retry,
    pub(super) retry_delay: Duration,
    drain: Duration,
    pub(super) limits: Limits,
    interrupt: Interrupt,
    pipeline: RwLock<Arc<Pipeline>>,
    deliveries: Deliveries,
    pub(super) slots: Slots,
    /// Those that run, and as many that will as soon as one is done.
    running: Arc<Semaphore>,
    pub(super) sessions: Option<Sessions>,
    pub(super) metrics: Arc<Metrics>,
    stopping: watch::Sender<bool>,
}

/// A message's place in its worker, which is free when this is dropped.
pub(super) struct Place {
    worker: Arc<Worker>,
    pub(super) delivery: Arc<Delivery>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.worker.deliveries.done(&self.delivery);
        self.worker.slots.leave();
    }
}

impl Worker {
    pub(super) fn new(
        arguments: &Work,
        connected: Connected,
        streams: Streams,
        first: Pipeline,
        metrics: Arc<Metrics>,
        interrupt: Interrupt,
    ) -> Arc<Self> {
        let concurrency = first.concurrency;
        let mut limits = arguments.limits.limits();
        limits.interrupt = Some(interrupt.clone());
        let sessions = arguments.session_key.clone().map(|header| {
            let most = arguments.max_sessions.get().into();
            Sessions::new(header, most, arguments.session_idle)
        });
        // A session's run begins in a thread of its own: none waits in line.
        let running = match sessions {
            Some(_) => concurrency,
            None => 2 * concurrency,
        };
        metrics.version(&first.version);
        Arc::new(Self {
            client: connected.client,
            jetstream: connected.jetstream,
            back: connected.back,
            streams,
            retry: arguments.retry,
            retry_delay: arguments.retry_delay,
            drain: arguments.drain,
            limits,
            interrupt,
            pipeline: RwLock::new(Arc::new(first)),
            deliveries: Deliveries::default(),
            slots: Slots::new(concurrency),
            running: Arc::new(Semaphore::new(running)),
            sessions,
            metrics,
            stopping: watch::Sender::new(false),
        })
    }

    /// Works until a signal comes and what has begun is done, or until that takes
    /// too long or a second signal comes.
    pub(super) async fn work(self: &Arc<Self>, mut signals: Signals) -> Result<(), Failure> {
        let alive = Arc::clone(self);
        let alive = tokio::spawn(async move {
            alive
                .deliveries
                .keep_alive(alive.streams.ack_wait / 3)
                .await;
        });
        let pull = Arc::clone(self);
        let mut pull = tokio::spawn(async move { pull.pull().await });
        let mut pulled = tokio::select! {
            pulled = &mut pull => Some(pulled),
            () = signals.next() => None,
        };
        self.stopping.send_replace(true);
        report::tell("ending when what runs is done; a second signal ends at once");
        let done = async {
            if pulled.is_none() {
                pulled = Some(pull.await);
            }
            self.slots.empty().await;
            if let Some(sessions) = &self.sessions {
                sessions.all_ended().await;
            }
            self.flush().await;
        };
        let ended = tokio::select! {
            () = done => Ok(()),
            () = tokio::time::sleep(self.drain) => Err(self.cut().await),
            () = signals.next() => {
                let text = "ended before all that ran was done: it is delivered to others after \
                            the ack wait";
                Err(Failure::code(text, INTERRUPTED))
            }
        };
        alive.abort();
        ended?;
        match pulled {
            Some(Ok(Err(failure))) => Err(failure),
            Some(Err(_)) => Err(Failure::failed("the task that takes messages panicked")),
            _ => Ok(()),
        }
    }

    /// Stops what runs, and gives it back.
    async fn cut(&self) -> Failure {
        self.interrupt.raise();
        let _ = tokio::time::timeout(TO_SAY_SO, self.slots.empty()).await;
        self.flush().await;
        let text = format!(
            "ended before all that ran was done: that took longer than {} s",
            self.drain.as_secs_f64()
        );
        Failure::failed(text).help("--drain sets how long it is waited for; others do it again")
    }

    /// Sends what was said last. Without a connection that could take any time, and
    /// the server knows by itself, after the ack wait.
    async fn flush(&self) {
        if self.client.connection_state() == State::Connected {
            let _ = tokio::time::timeout(TO_SAY_SO, self.client.flush()).await;
        }
    }

    /// Takes messages as long as there are places for them.
    async fn pull(self: &Arc<Self>) -> Result<(), Failure> {
        loop {
            let free = tokio::select! {
                biased;
                () = self.stopped() => return Ok(()),
                free = self.slots.free() => free,
            };
            let back = self.back.notified();
            let consumer = &self.streams.consumer;
            let asked = consumer
                .batch()
                .max_messages(free)
                .expires(ASKING)
                .messages();
            let asked = tokio::select! {
                // Without a connection it may take any time.
                () = self.stopped() => return Ok(()),
                asked = asked => asked,
            };
            let failed = match asked {
                Ok(messages) => self.take_all(messages, back).await.err(),
                Err(error) => Some(in_full(&error)),
            };
            if let Some(reason) = failed {
                tracing::info!(reason, "no messages");
                self.still_there().await?;
                tokio::select! {
                    () = self.stopped() => {}
                    () = tokio::time::sleep(PAUSE) => {}
                }
            }
        }
    }

    /// Takes what was asked for, until it has come or does not come any more.
    async fn take_all(
        self: &Arc<Self>,
        mut messages: jetstream::consumer::pull::Batch,
        back: impl Future<Output = ()>,
    ) -> Result<(), String> {
        tokio::pin!(back);
        loop {
            let next = tokio::select! {
                biased;
                next = messages.next() => next,
                () = self.stopped() => break,
                // Over a new connection nothing comes of what was asked before.
                () = &mut back => break,
            };
            match next {
                Some(Ok(message)) => self.take_in(message),
                Some(Err(error)) => return Err(error.to_string()),
                None => return Ok(()),
            }
        }
        // What has come already need not wait for another delivery.
        while let Some(Some(Ok(message))) = messages.next().now_or_never() {
            self.take_in(message);
        }
        Ok(())
    }

    fn take_in(self: &Arc<Self>, message: jetstream::Message) {
        let Some(delivery) = Delivery::of(&self.client, message) else {
            tracing::warn!("a message came that is of no consumer");
            return;
        };
        let Some(delivery) = self.deliveries.take(delivery) else {
            self.metrics.message("known");
            return;
        };
        self.slots.take();
        if delivery.delivered > 1 {
            self.metrics.redelivered();
        }
        let place = Place {
            worker: Arc::clone(self),
            delivery,
        };
        if let Some(sessions) = &self.sessions
            && let Some(key) = headers::text(place.delivery.headers.as_ref(), &sessions.header)
        {
            let key = key.to_owned();
            sessions.give(self, &key, place);
            return;
        }
        let worker = Arc::clone(self);
        tokio::spawn(async move { worker.handle(place).await });
    }

    /// Runs a message in an instance of its own.
    async fn handle(&self, place: Place) {
        let delivery = &place.delivery;
        let pipeline = self.pipeline();
        if delivery.delivered > i64::from(self.streams.max_deliver) {
            let ran = given_up(delivery, &pipeline.version);
            return self.settle(delivery, ran).await;
        }
        let Some(running) = self.begin().await else {
            self.metrics.message("given-back");
            return delivery.give_back(None).await;
        };
        let stopping = self.stopping.subscribe();
        let ran = runs::run(&pipeline, &self.limits, Arc::clone(delivery), stopping).await;
        drop(running);
        drop(pipeline);
        if !ran.took.is_zero() {
            self.slots.ran(ran.took);
            self.metrics.ran(ran.took);
        }
        self.settle(delivery, ran).await;
    }

    /// Waits until a run may begin; none does while the worker ends.
    pub(super) async fn begin(&self) -> Option<OwnedSemaphorePermit> {
        let permit = Arc::clone(&self.running).acquire_owned().await.ok()?;
        (!self.is_stopping()).then_some(permit)
    }

    /// The consumer can have been deleted, which no waiting mends.
    async fn still_there(&self) -> Result<(), Failure> {
        let consumer = &self.streams.consumer;
        let name = &consumer.cached_info().name;
        let asked = consumer.get_info().await;
        let gone = asked.err().is_some_and(|error| {
            matches!(error.kind(), ConsumerInfoErrorKind::NotFound)
                || matches!(error.kind(), ConsumerInfoErrorKind::JetStream(error) if error.code() == 404)
        });
        match gone {
            true => Err(Failure::failed(format!("the consumer `{name}` is gone"))),
            false => Ok(()),
        }
    }

    /// The pipeline as it was deployed last.
    pub(super) fn pipeline(&self) -> Arc<Pipeline> {
        let pipeline = self.pipeline.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&pipeline)
    }

    /// Goes on with another version.
    pub(super) fn take(&self, pipeline: Pipeline) {
        self.metrics.version(&pipeline.version);
        let mut now = self
            .pipeline
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *now, Arc::new(pipeline));
        drop(now);
        // Its threads end with what they run.
        drop(before);
    }

    /// Whether it is about to end.
    pub(super) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Waits until it is about to end.
    pub(super) async fn stopped(&self) {
        let mut stopping = self.stopping.subscribe();
        // The sender is in `self`.
        let _ = stopping.wait_for(|stopping| *stopping).await;
    }

    /// Whether messages can be taken now.
    pub(super) fn is_ready(&self) -> bool {
        !self.is_stopping() && self.client.connection_state() == State::Connected
    }
}

/// What comes of a message that no worker came to an end with.
fn given_up(delivery: &Delivery, version: &str) -> Ran {
    let text = format!(
        "the message was delivered {} times, and no worker came to an end with it: they may have \
         been killed by it",
        delivery.delivered - 1
    );
    Ran {
        result: Err(Failed::Error {
            kind: "max-deliver".to_owned(),
            error: Box::new(plain_error(ErrorKind::Internal, text, Vec::new())),
            again: None,
        }),
        version: version.to_owned(),
        took: Duration::ZERO,
    }
}
