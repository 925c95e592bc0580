//! What a session gives, on its way to those who listen.
//!
//! Each of those who listen gets every output from when it began to; what nobody
//! has heard waits for the first who does. The session waits where too much does.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::time::timeout;

/// How many outputs wait at most, and how many bytes they may have, but for the last.
const MOST: usize = 64;
const MOST_BYTES: usize = 4 << 20;

/// Outputs, as events.
pub(super) struct Outputs {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Bytes>,
    /// The number of the first that waits, counted from the session's beginning.
    first: u64,
    /// The number of what each who listens gets next.
    listeners: HashMap<u64, u64>,
    next_listener: u64,
    /// Whether it doesn't matter any more that nobody listens.
    closing: bool,
    ended: bool,
    /// What is held until all is heard.
    held: Option<Box<dyn Send>>,
}

/// Nobody will ever listen.
pub(super) struct Unheard;

impl Outputs {
    /// There are none yet. `held` is dropped when the session has ended and all that it
    /// gave is heard.
    pub(super) fn new(held: impl Send + 'static) -> Self {
        Self {
            state: Mutex::new(State {
                held: Some(Box::new(held)),
                ..State::default()
            }),
            changed: Notify::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an output there, as soon as there is room.
    pub(super) async fn put(&self, event: Bytes) -> Result<(), Unheard> {
        loop {
            // What happens from here on is noticed.
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let mut state = self.state();
                if state.ended || state.closing && state.listeners.is_empty() {
                    return Err(Unheard);
                }
                if state.has_room() {
                    state.waiting.push_back(event);
                    break;
                }
            }
            changed.await;
        }
        self.changed.notify_waiters();
        Ok(())
    }

    /// Who doesn't listen now need not be waited for.
    pub(super) fn close(&self) {
        self.state().closing = true;
        self.changed.notify_waiters();
    }

    /// There are no more. The last one, if any, needs no room.
    pub(super) fn end(&self, last: Option<Bytes>) {
        let mut state = self.state();
        state.waiting.extend(last);
        state.ended = true;
        state.forget();
        drop(state);
        self.changed.notify_waiters();
    }

    /// Waits until nobody has listened for so long while there was no room.
    pub(super) async fn stuck(&self, patience: Duration) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let waits = {
                let state = self.state();
                !state.has_room() && state.listeners.is_empty()
            };
            if !waits {
                changed.await;
            } else if timeout(patience, changed).await.is_err() {
                return;
            }
        }
    }

    /// How many listen.
    pub(super) fn listeners(&self) -> usize {
        self.state().listeners.len()
    }

    /// Listens from here on, and to what nobody has heard.
    pub(super) fn listen(self: &Arc<Self>) -> Listener {
        let mut state = self.state();
        let id = state.next_listener;
        state.next_listener += 1;
        let first = state.first;
        state.listeners.insert(id, first);
        drop(state);
        Listener {
            outputs: Arc::clone(self),
            id,
        }
    }
}

impl State {
    fn has_room(&self) -> bool {
        let bytes: usize = self.waiting.iter().map(Bytes::len).sum();
        self.waiting.len() < MOST && bytes < MOST_BYTES
    }

    /// Drops what all who listen have heard.
    fn forget(&mut self) {
        if let Some(next) = self.listeners.values().min() {
            let heard = next.saturating_sub(self.first) as usize;
            self.waiting.drain(..heard.min(self.waiting.len()));
            self.first = *next;
        }
        if self.ended && self.waiting.is_empty() {
            self.held = None;
        }
    }
}

/// Somebody who listens.
pub(super) struct Listener {
    outputs: Arc<Outputs>,
    id: u64,
}

impl Listener {
    /// The next output; none at the end.
    pub(super) async fn next(&mut self) -> Option<Bytes> {
        loop {
            let changed = self.outputs.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let found = {
                let mut state = self.outputs.state();
                let next = *state.listeners.get(&self.id)?;
                let at = next.saturating_sub(state.first) as usize;
                match state.waiting.get(at).cloned() {
                    None if state.ended => return None,
                    None => None,
                    Some(event) => {
                        state.listeners.insert(self.id, next + 1);
                        state.forget();
                        Some(event)
                    }
                }
            };
            if found.is_some() {
                self.outputs.changed.notify_waiters();
                return found;
            }
            changed.await;
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut state = self.outputs.state();
        // What only this one had not heard is still there for who listens next.
        state.listeners.remove(&self.id);
        state.forget();
        drop(state);
        self.outputs.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn event(number: usize) -> Bytes {
        Bytes::from(number.to_string())
    }

    #[tokio::test]
    async fn outputs_wait_for_who_listens() {
        let outputs = Arc::new(Outputs::new(()));
        for number in 0..MOST {
            assert!(outputs.put(event(number)).await.is_ok());
        }
        let more = outputs.put(event(MOST));
        tokio::pin!(more);
        assert!(more.as_mut().now_or_never().is_none(), "there is no room");
        let mut first = outputs.listen();
        let mut second = outputs.listen();
        assert_eq!(first.next().await, Some(event(0)));
        assert!(more.as_mut().now_or_never().is_none(), "one has not heard");
        assert_eq!(second.next().await, Some(event(0)));
        assert!(more.as_mut().await.is_ok());
        drop(second);
        for number in 1..=MOST {
            assert_eq!(first.next().await, Some(event(number)));
        }
        assert!(first.next().now_or_never().is_none());
        drop(first);
        assert!(outputs.put(event(7)).await.is_ok());
        let mut third = outputs.listen();
        assert_eq!(third.next().await, Some(event(7)));
        outputs.end(Some(event(8)));
        assert_eq!(third.next().await, Some(event(8)));
        assert_eq!(third.next().await, None);
        assert!(outputs.put(event(9)).await.is_err());
    }

    #[tokio::test]
    async fn what_nobody_hears_is_not_waited_for_at_the_end() {
        let outputs = Arc::new(Outputs::new(()));
        for number in 0..MOST {
            assert!(outputs.put(event(number)).await.is_ok());
        }
        let more = outputs.put(event(MOST));
        tokio::pin!(more);
        assert!(more.as_mut().now_or_never().is_none());
        outputs.close();
        assert!(more.await.is_err());
    }

    #[tokio::test]
    async fn what_is_held_is_let_go_when_all_is_heard() {
        let held = Arc::new(());
        let outputs = Arc::new(Outputs::new(Arc::clone(&held)));
        assert!(outputs.put(event(1)).await.is_ok());
        outputs.end(None);
        assert_eq!(Arc::strong_count(&held), 2);
        let mut listener = outputs.listen();
        assert_eq!(listener.next().await, Some(event(1)));
        assert_eq!(Arc::strong_count(&held), 1);
        assert_eq!(listener.next().await, None);
    }
}
