//! What nodes see of the world beside their items: the time, and chance. A host
//! that keeps what nodes give needs to know it, since that is not the same the
//! next time.
//!
//! CPython reads both by functions of libc. As for files, the build lets libpython
//! import the functions here instead, which note it and go on to libc.

use std::cell::Cell;

/// What was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// A clock was read.
    pub clock: bool,
    /// Chance was asked for.
    pub chance: bool,
}

impl Observed {
    /// What was seen by either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            clock: self.clock || other.clock,
            chance: self.chance || other.chance,
        }
    }
}

thread_local! {
    static SEEN: Cell<Observed> = const { Cell::new(Observed { clock: false, chance: false }) };
}

/// Notes that a clock is read.
pub fn clock() {
    SEEN.set(Observed {
        clock: true,
        ..SEEN.get()
    });
}

/// Notes that chance is asked for.
pub fn chance() {
    SEEN.set(Observed {
        chance: true,
        ..SEEN.get()
    });
}

/// What was seen since the last call of this.
pub fn take() -> Observed {
    SEEN.take()
}

/// Has this be all that was seen.
pub fn put(seen: Observed) {
    SEEN.set(seen);
}

#[cfg(target_family = "wasm")]
mod calls {
    use std::ffi::{c_int, c_void};

    use libc::{clockid_t, size_t, timespec};

    #[unsafe(no_mangle)]
    unsafe extern "C" fn files_clock_gettime(clock: clockid_t, into: *mut timespec) -> c_int {
        super::clock();
        // SAFETY: as in C.
        unsafe { libc::clock_gettime(clock, into) }
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn files_getentropy(into: *mut c_void, size: size_t) -> c_int {
        super::chance();
        // SAFETY: as in C.
        unsafe { libc::getentropy(into, size) }
    }
}
