//! Messages that were delivered to this worker and are not done with.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_nats::connection::State;
use async_nats::{Client, HeaderMap, Subject};
use bytes::Bytes;

/// How long an answer to an acknowledgement is waited for at a time.
const ANSWER: Duration = Duration::from_secs(5);

/// A message that was delivered to this worker.
pub(super) struct Delivery {
    pub(super) payload: Bytes,
    pub(super) headers: Option<HeaderMap>,
    pub(super) subject: Subject,
    /// Its place in its stream.
    pub(super) sequence: u64,
    /// How often it was delivered, with this time.
    pub(super) delivered: i64,
    /// What its outputs' ids begin with: the same each time it is delivered, and
    /// another for each message, also of a stream that was made anew.
    pub(super) id: String,
    reply: Subject,
    client: Client,
    /// When the server last heard of it, so far as we know.
    heard: Mutex<Instant>,
}

impl Delivery {
    /// What a message of a consumer is; none where it is something else.
    pub(super) fn of(client: &Client, message: async_nats::jetstream::Message) -> Option<Self> {
        let (sequence, delivered, id) = {
            let info = message.info().ok()?;
            let sequence = info.stream_sequence;
            let published = info.published.unix_timestamp_nanos();
            let id = format!("{}/{}/{sequence}/{published:x}", info.stream, info.consumer);
            (sequence, info.delivered, id)
        };
        let message = message.message;
        Some(Self {
            sequence,
            delivered,
            id,
            reply: message.reply?,
            payload: message.payload,
            headers: message.headers,
            subject: message.subject,
            client: client.clone(),
            heard: Mutex::new(Instant::now()),
        })
    }

    /// Since when the server may have heard nothing of it.
    pub(super) fn silence(&self) -> Duration {
        self.heard().elapsed()
    }

    /// Says that it is worked on.
    pub(super) async fn progress(&self) {
        let now = Instant::now();
        if self.client.connection_state() == State::Connected && self.say("+WPI").await.is_ok() {
            *self.heard() = now;
        }
    }

    /// Says that it is done with, and waits until the server knows.
    pub(super) async fn acknowledge(&self) -> Result<(), String> {
        self.say("+ACK").await
    }

    /// Says that it is not to be delivered again, and waits until the server
    /// knows.
    pub(super) async fn terminate(&self) -> Result<(), String> {
        self.say("+TERM").await
    }

    /// Gives it back, to be delivered again after a while.
    pub(super) async fn give_back(&self, delay: Option<Duration>) {
        let text = match delay {
            Some(delay) => format!("-NAK {{\"delay\": {}}}", delay.as_nanos()),
            None => "-NAK".to_owned(),
        };
        // If that gets lost, it is delivered again after the ack wait.
        let sent = self.client.publish(self.reply.clone(), text.into());
        let _ = tokio::time::timeout(ANSWER, sent).await;
    }

    async fn say(&self, what: &'static str) -> Result<(), String> {
        let asked = self.client.request(self.reply.clone(), what.into());
        match tokio::time::timeout(ANSWER, asked).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("no answer".into()),
        }
    }

    fn heard(&self) -> MutexGuard<'_, Instant> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All of them, by their sequence.
#[derive(Default)]
pub(super) struct Deliveries(Mutex<HashMap<u64, Arc<Delivery>>>);

impl Deliveries {
    /// Takes a message in, unless it is here already: what it was delivered again
    /// for is under way.
    pub(super) fn take(&self, delivery: Delivery) -> Option<Arc<Delivery>> {
        let mut all = self.all();
        if all.contains_key(&delivery.sequence) {
            return None;
        }
        let delivery = Arc::new(delivery);
        all.insert(delivery.sequence, Arc::clone(&delivery));
        Some(delivery)
    }

    pub(super) fn done(&self, delivery: &Delivery) {
        self.all().remove(&delivery.sequence);
    }

    /// Tells the server of all that it has not heard of for a while.
    pub(super) async fn keep_alive(&self, every: Duration) {
        loop {
            tokio::time::sleep(every / 2).await;
            let silent: Vec<_> = self
                .all()
                .values()
                .filter(|delivery| delivery.silence() >= every)
                .cloned()
                .collect();
            let told = silent.iter().map(|delivery| delivery.progress());
            futures_util::future::join_all(told).await;
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<u64, Arc<Delivery>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
