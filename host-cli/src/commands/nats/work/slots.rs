//! How many messages a worker asks for.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

/// How much work may wait here: so little that another worker would hardly begin
/// it sooner.
const AHEAD: Duration = Duration::from_millis(50);
/// How many messages may wait for each that runs.
const MOST: u64 = 32;

/// Places for messages: those that run, and some that wait. The shorter runs are,
/// the more may wait, so that a worker with long ones leaves messages to others
/// and one with short ones seldom has to ask.
pub(super) struct Slots {
    running: usize,
    taken: AtomicUsize,
    /// How long a run takes, in microseconds: a mean in which what is long past
    /// counts little.
    mean: AtomicU64,
    left: Notify,
}

impl Slots {
    pub(super) fn new(running: usize) -> Self {
        Self {
            running,
            taken: AtomicUsize::new(0),
            // Until it is known, they may be long.
            mean: AtomicU64::new(1_000_000),
            left: Notify::new(),
        }
    }

    /// How many there are.
    fn all(&self) -> usize {
        let mean = self.mean.load(Ordering::Relaxed).max(1);
        let ahead = u64::try_from(AHEAD.as_micros()).unwrap_or(u64::MAX) / mean;
        let ahead = usize::try_from(ahead.clamp(1, MOST)).unwrap_or(1);
        self.running * (1 + ahead)
    }

    /// How many are taken.
    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::SeqCst)
    }

    /// Waits until it is worth asking for messages, and says for how many.
    pub(super) async fn free(&self) -> usize {
        loop {
            let left = self.left.notified();
            let all = self.all();
            let free = all.saturating_sub(self.taken());
            if free * 2 >= all {
                return free;
            }
            left.await;
        }
    }

    /// Waits until none is taken.
    pub(super) async fn empty(&self) {
        loop {
            let left = self.left.notified();
            if self.taken() == 0 {
                return;
            }
            left.await;
        }
    }

    pub(super) fn take(&self) {
        self.taken.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn leave(&self) {
        self.taken.fetch_sub(1, Ordering::SeqCst);
        self.left.notify_waiters();
    }

    /// Something has run for so long.
    pub(super) fn ran(&self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        // Two at once may forget each other, which an estimate can bear.
        let mean = self.mean.load(Ordering::Relaxed);
        self.mean
            .store(mean - mean / 8 + took / 8, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn short_runs_have_more_that_wait() {
        let slots = Slots::new(2);
        assert_eq!(slots.free().await, 4, "one that waits for each that runs");
        for _ in 0..200 {
            slots.ran(Duration::from_micros(100));
        }
        assert_eq!(slots.free().await, 2 * 33);
        for _ in 0..200 {
            slots.ran(Duration::from_secs(10));
        }
        assert_eq!(slots.free().await, 4);
        for _ in 0..3 {
            slots.take();
        }
        let asked = tokio::time::timeout(Duration::from_millis(10), slots.free());
        assert!(asked.await.is_err(), "one place is not worth asking for");
        slots.leave();
        assert_eq!(slots.free().await, 2);
    }
}
