//! Items on their way to workers.

use std::sync::Arc;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::Context;
use async_nats::jetstream::context::{PublishAckFuture, PublishError, PublishErrorKind};
use bytes::Bytes;
use tokio::sync::{Semaphore, mpsc};

use super::items::{Item, Items};
use crate::commands::nats::headers::{CONTENT_TYPE, ITEM, MESSAGE_ID, SUBMISSION};
use crate::failure::Failure;

/// How soon an item that was not stored is sent again.
const AGAIN: Duration = Duration::from_millis(500);

/// What became of sending.
pub(super) enum Sent {
    /// The item of this number is about to be sent.
    Item(u64),
    /// It ended early; the item of this number was not sent.
    Wrong(Option<u64>, Failure),
}

/// Sends items.
pub(super) struct Sender {
    pub(super) jetstream: Context,
    pub(super) subject: String,
    /// The submission that they belong to.
    pub(super) id: String,
    /// What else their headers say.
    pub(super) headers: Vec<(String, String)>,
    /// As many as may be under way.
    pub(super) places: Arc<Semaphore>,
}

impl Sender {
    /// Sends all items, several at a time, and ends when the last is stored.
    pub(super) async fn send_all(self, mut items: Items, told: mpsc::Sender<Sent>) {
        let sender = Arc::new(self);
        let mut number = 0;
        // The first alone: where it can't be stored the others can't either.
        while let Some(item) = items.next().await {
            let item = match item {
                Ok(item) => item,
                Err(failure) => {
                    let _ = told.send(Sent::Wrong(None, failure)).await;
                    return;
                }
            };
            // Given back where its results are printed.
            match sender.places.acquire().await {
                Ok(place) => place.forget(),
                Err(_) => return,
            }
            if told.send(Sent::Item(number)).await.is_err() {
                return;
            }
            // In order: a session takes them as they are stored.
            let message = sender.message(number, item);
            let first = sender.publish(&message).await;
            let send = {
                let (sender, told) = (Arc::clone(&sender), told.clone());
                async move {
                    if let Err(failure) = sender.store(&message, first).await {
                        let _ = told.send(Sent::Wrong(Some(message.number), failure)).await;
                        sender.places.close();
                    }
                }
            };
            match number {
                0 => send.await,
                _ => drop(tokio::spawn(send)),
            }
            number += 1;
        }
    }

    fn message(&self, number: u64, item: Item) -> Message {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            headers.insert(name.as_str(), value.as_str());
        }
        headers.insert(CONTENT_TYPE, item.content_type);
        headers.insert(SUBMISSION, self.id.as_str());
        headers.insert(ITEM, number.to_string());
        headers.insert(MESSAGE_ID, format!("{}/{number}", self.id));
        Message {
            number,
            headers,
            payload: item.payload.into(),
        }
    }

    async fn publish(&self, message: &Message) -> Result<PublishAckFuture, PublishError> {
        let (subject, headers) = (self.subject.clone(), message.headers.clone());
        let payload = message.payload.clone();
        self.jetstream
            .publish_with_headers(subject, headers, payload)
            .await
    }

    /// Waits until an item is stored, and sends it again where it isn't. Its id is
    /// known then, so that it is stored once.
    async fn store(
        &self,
        message: &Message,
        first: Result<PublishAckFuture, PublishError>,
    ) -> Result<(), Failure> {
        let number = message.number;
        let mut stored_before = number > 0;
        let mut sent = first;
        loop {
            let stored = match sent {
                Ok(stored) => stored.await,
                Err(error) => Err(error),
            };
            let Err(error) = stored else { return Ok(()) };
            match error.kind() {
                PublishErrorKind::MaxPayloadExceeded => {
                    let text = format!(
                        "item {number} has {} bytes, more than the server takes: its max_payload \
                         sets the limit",
                        message.payload.len()
                    );
                    return Err(Failure::usage(text));
                }
                PublishErrorKind::StreamNotFound if !stored_before => {
                    let subject = &self.subject;
                    let text = format!("no stream takes items on `{subject}`");
                    return Err(Failure::usage(text).help(
                        "--subject names another subject; `pipeline work --create` makes a stream",
                    ));
                }
                // The server may be starting anew.
                _ => {
                    tracing::info!(number, %error, "not stored yet");
                    stored_before = true;
                    tokio::time::sleep(AGAIN).await;
                }
            }
            sent = self.publish(message).await;
        }
    }
}

/// An item on its way.
struct Message {
    number: u64,
    headers: HeaderMap,
    payload: Bytes,
}
