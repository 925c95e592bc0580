//! How long nodes take.
//!
//! One reading of the clock for a node's call is enough: the executor's own
//! time is charged to the node after it. In a sandbox a reading is a call to
//! the host, and costs more than a node that adds two numbers. Where items are
//! done that quickly, only some are measured, and the time of the others is
//! shared out in proportion to them: the sum is always what has passed.

use std::time::{Duration, Instant};

/// How many items are all measured.
const FIRST: u32 = 64;
/// Of how many items one is measured then.
const STRIDE: u32 = 32;
/// Mean time of an item, up to which readings would weigh.
const QUICK: Duration = Duration::from_micros(20);

pub(super) struct Clock {
    /// The last reading.
    pub(super) last: Instant,
    begun: Instant,
    items: u32,
    /// Whether calls are measured now.
    attends: bool,
    /// Items to come that are not measured.
    skips: u32,
}

impl Clock {
    pub(super) fn start() -> Self {
        let now = Instant::now();
        Self {
            last: now,
            begun: now,
            items: 0,
            attends: true,
            skips: 0,
        }
    }

    /// Leaves out the time since the last reading, which was spent elsewhere.
    pub(super) fn go_on(&mut self) {
        if self.attends {
            self.last = Instant::now();
        }
    }

    /// The time of a call that ended just now, if it is measured.
    pub(super) fn call_ended(&mut self) -> Option<Duration> {
        self.attends.then(|| self.read())
    }

    /// An item begins. Gives time to share out: that of the items before it
    /// that were not measured.
    pub(super) fn item_begins(&mut self) -> Duration {
        if self.items < FIRST {
            self.items += 1;
            if self.items == FIRST && self.last - self.begun < QUICK * FIRST {
                self.skips = STRIDE;
            }
            return Duration::ZERO;
        }
        match self.skips {
            0 if !self.attends => {
                self.skips = STRIDE;
                self.attend()
            }
            0 => Duration::ZERO,
            _ => {
                self.skips -= 1;
                self.attends = false;
                Duration::ZERO
            }
        }
    }

    /// Measures from now on. Gives time to share out.
    pub(super) fn attend(&mut self) -> Duration {
        match std::mem::replace(&mut self.attends, true) {
            true => Duration::ZERO,
            false => self.read(),
        }
    }

    fn read(&mut self) -> Duration {
        let now = Instant::now();
        let time = now - self.last;
        self.last = now;
        time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs items; gives the time that was measured and that to share out.
    fn run(items: u32, work: impl Fn()) -> (Duration, Duration, u32) {
        let mut clock = Clock::start();
        let (mut measured, mut shared, mut calls) = (Duration::ZERO, Duration::ZERO, 0);
        for _ in 0..items {
            shared += clock.item_begins();
            work();
            if let Some(time) = clock.call_ended() {
                measured += time;
                calls += 1;
            }
        }
        shared += clock.attend();
        (measured, shared, calls)
    }

    #[test]
    fn quick_items_are_sampled_and_nothing_is_lost() {
        // Where the processor is taken away during the first items they look
        // slow, and all are measured: then once more.
        let (measured, shared, calls, all) = std::iter::repeat_with(|| {
            let start = Instant::now();
            let (measured, shared, calls) = run(10_000, || {
                std::hint::black_box(1 + 1);
            });
            (measured, shared, calls, start.elapsed())
        })
        .take(10_000)
        .find(|(_, _, calls, _)| *calls < 1000)
        .expect("quick items are sampled at some time");
        assert!(calls > 200, "{calls}");
        assert!(measured + shared <= all);
        assert!(!shared.is_zero());
    }

    #[test]
    fn slow_items_are_all_measured() {
        let (_, shared, calls) = run(100, || std::thread::sleep(QUICK));
        assert_eq!(calls, 100);
        assert!(shared.is_zero());
    }
}
