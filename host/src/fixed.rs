//! Surroundings that are the same whenever memory is to be kept: what a guest
//! keeps of them, or leaves behind in freed memory, is in it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use wasmtime_wasi::{Deterministic, HostMonotonicClock, HostWallClock, WasiCtxBuilder};

/// When that is, in seconds since 1970.
const NOW: u64 = 1_700_000_000;

/// Takes time and chance out of a sandbox.
pub fn fix(wasi: &mut WasiCtxBuilder) {
    let bytes = || Deterministic::new((0..=255).collect());
    wasi.secure_random(bytes())
        .insecure_random(bytes())
        .insecure_random_seed(0)
        .wall_clock(Clock::default())
        .monotonic_clock(Clock::default());
}

/// A clock that moves on by a microsecond whenever it is read.
#[derive(Default)]
struct Clock(AtomicU64);

impl Clock {
    fn microseconds(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

impl HostWallClock for Clock {
    fn resolution(&self) -> Duration {
        Duration::from_micros(1)
    }

    fn now(&self) -> Duration {
        Duration::from_secs(NOW) + Duration::from_micros(self.microseconds())
    }
}

impl HostMonotonicClock for Clock {
    fn resolution(&self) -> u64 {
        1_000
    }

    fn now(&self) -> u64 {
        self.microseconds() * 1_000
    }
}
