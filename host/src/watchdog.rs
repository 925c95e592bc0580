//! Stops busy guests when their time is over.
//!
//! There is no ticking clock behind it: one thread sleeps until the nearest
//! deadline and pulls the brake of the instance whose it is. The thread starts
//! with the first deadline, so runs without one don't pay for it.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use crate::memory::Brake;

pub(crate) struct Watchdog {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Deadlines to come, each with a number that makes it unique.
    deadlines: BTreeMap<(Instant, u64), Arc<Brake>>,
    next: u64,
    /// Whether the thread runs.
    running: bool,
    /// When it wakes by itself; `None` where only a call wakes it.
    wakes: Option<Instant>,
    closed: bool,
}

/// A deadline that is being watched, until it is dropped.
pub(crate) struct Watch {
    shared: Arc<Shared>,
    key: (Instant, u64),
    brake: Arc<Brake>,
}

impl Watchdog {
    pub(crate) fn new() -> Self {
        Self {
            shared: Arc::default(),
        }
    }

    /// Pulls the brake once `deadline` has passed. The thread is only woken where
    /// it would sleep beyond that.
    pub(crate) fn watch(&self, deadline: Instant, brake: &Arc<Brake>) -> std::io::Result<Watch> {
        let mut state = self.shared.lock();
        let key = (deadline, state.next);
        state.next += 1;
        let sleeps_longer = state.wakes.is_none_or(|wakes| deadline < wakes);
        state.deadlines.insert(key, Arc::clone(brake));
        if !state.running {
            let shared = Arc::clone(&self.shared);
            thread::Builder::new()
                .name("deadlines".into())
                .spawn(move || shared.run())?;
            state.running = true;
        } else if sleeps_longer {
            self.shared.changed.notify_one();
        }
        drop(state);
        Ok(Watch {
            shared: Arc::clone(&self.shared),
            key,
            brake: Arc::clone(brake),
        })
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_one();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // The thread may wake once for nothing; waking it now costs more. It pulls
        // brakes under this lock: from here on it does not pull this one.
        if self.shared.lock().deadlines.remove(&self.key).is_none() {
            self.brake.release();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut state = self.lock();
        while !state.closed {
            let now = Instant::now();
            let next = state.deadlines.first_entry();
            state = match next.map(|entry| (entry.key().0, entry)) {
                Some((deadline, entry)) if deadline <= now => {
                    entry.remove().pull();
                    state
                }
                Some((deadline, _)) => {
                    state.wakes = Some(deadline);
                    self.changed
                        .wait_timeout(state, deadline - now)
                        .map_or_else(|poisoned| poisoned.into_inner().0, |(state, _)| state)
                }
                None => {
                    state.wakes = None;
                    self.changed
                        .wait(state)
                        .unwrap_or_else(PoisonError::into_inner)
                }
            };
        }
    }
}
