//! Admission of requests: some run, some wait, others are refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Longest time that a client is asked to wait.
const LONGEST: u64 = 60;

/// Gives permits.
pub(super) struct Admission {
    running: Arc<Semaphore>,
    /// Those of `running` that wait for their clients as they run: some are left to
    /// the others, wherever there are more than one.
    flowing: Arc<Semaphore>,
    concurrent: u32,
    waiting: AtomicU32,
    most_waiting: u32,
    /// How long a permit is held, in microseconds: a mean in which what is long
    /// past counts little.
    mean: Arc<AtomicU64>,
}

/// A permit to run; the next one is given when it is dropped.
pub(super) struct Permit {
    _permits: (OwnedSemaphorePermit, Option<OwnedSemaphorePermit>),
    start: Instant,
    mean: Arc<AtomicU64>,
}

/// A place among those who wait, until it is dropped.
struct Waiting<'a>(&'a AtomicU32);

impl Admission {
    pub(super) fn new(concurrent: u32, waiting: u32) -> Self {
        let flowing = concurrent - (concurrent / 4).max(1).min(concurrent - 1);
        Self {
            running: Arc::new(Semaphore::new(concurrent as usize)),
            flowing: Arc::new(Semaphore::new(flowing as usize)),
            concurrent,
            waiting: AtomicU32::new(0),
            most_waiting: waiting,
            mean: Arc::default(),
        }
    }

    /// Waits for a permit; where too many wait already, says in how many seconds
    /// there is a chance. A request `flows` whose run waits for its client.
    pub(super) async fn next(&self, flows: bool) -> Result<Permit, u64> {
        let flowing = flows.then(|| Arc::clone(&self.flowing));
        let running = Arc::clone(&self.running);
        let at_once = match flowing
            .clone()
            .map(Semaphore::try_acquire_owned)
            .transpose()
        {
            Ok(flowing) => running
                .try_acquire_owned()
                .map(|running| (running, flowing)),
            Err(error) => Err(error),
        };
        if let Ok(permits) = at_once {
            return Ok(self.permit(permits));
        }
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&self.waiting);
        if before >= self.most_waiting {
            return Err(self.retry_after(before));
        }
        // They are never closed.
        let closed = |_| LONGEST;
        let flowing = match flowing {
            Some(flowing) => Some(flowing.acquire_owned().await.map_err(closed)?),
            None => None,
        };
        let running = Arc::clone(&self.running)
            .acquire_owned()
            .await
            .map_err(closed)?;
        Ok(self.permit((running, flowing)))
    }

    /// How many run.
    pub(super) fn running(&self) -> u32 {
        let free = u32::try_from(self.running.available_permits()).unwrap_or(u32::MAX);
        self.concurrent.saturating_sub(free)
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> u32 {
        self.waiting.load(Ordering::Relaxed)
    }

    fn permit(&self, permits: (OwnedSemaphorePermit, Option<OwnedSemaphorePermit>)) -> Permit {
        Permit {
            _permits: permits,
            start: Instant::now(),
            mean: Arc::clone(&self.mean),
        }
    }

    fn retry_after(&self, waiting: u32) -> u64 {
        let mean = Duration::from_micros(self.mean.load(Ordering::Relaxed));
        let rounds = f64::from(waiting) / f64::from(self.concurrent);
        ((mean.as_secs_f64() * rounds).ceil() as u64).clamp(1, LONGEST)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let took = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        // Two at once may forget each other, which an estimate can bear.
        let mean = self.mean.load(Ordering::Relaxed);
        self.mean
            .store(mean - mean / 8 + took / 8, Ordering::Relaxed);
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn some_run_some_wait_others_are_refused() {
        let admission = Arc::new(Admission::new(1, 1));
        let first = admission.next(false).await.unwrap();
        let other = Arc::clone(&admission);
        let second = tokio::spawn(async move { other.next(false).await.map(drop) });
        while admission.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(admission.next(false).await.err(), Some(1));
        assert_eq!((admission.running(), admission.waiting()), (1, 1));
        drop(first);
        second.await.unwrap().unwrap();
        assert_eq!((admission.running(), admission.waiting()), (0, 0));
    }

    #[tokio::test]
    async fn who_gives_up_makes_room() {
        let admission = Admission::new(1, 1);
        let _first = admission.next(false).await.unwrap();
        let given_up = tokio::time::timeout(Duration::from_millis(10), admission.next(false)).await;
        assert!(given_up.is_err());
        assert_eq!(admission.waiting(), 0);
    }

    #[tokio::test]
    async fn those_that_flow_leave_turns_to_others() {
        for (concurrent, flowing) in [(1, 1), (2, 1), (4, 3), (8, 6)] {
            let admission = Admission::new(concurrent, 0);
            let mut held = Vec::new();
            for _ in 0..flowing {
                held.push(admission.next(true).await.unwrap());
            }
            assert!(admission.next(true).await.is_err(), "{concurrent}");
            for _ in flowing..concurrent {
                held.push(admission.next(false).await.unwrap());
            }
            assert!(admission.next(false).await.is_err(), "{concurrent}");
        }
    }

    #[test]
    fn the_wait_is_estimated() {
        let admission = Admission::new(2, 100);
        admission.mean.store(500_000, Ordering::Relaxed);
        assert_eq!(admission.retry_after(0), 1);
        assert_eq!(admission.retry_after(20), 5);
        assert_eq!(admission.retry_after(10_000), LONGEST);
    }
}
