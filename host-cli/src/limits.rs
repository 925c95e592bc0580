//! What bounds a run: time, memory, and someone who wants it to stop.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use thiserror::Error;
use tokio::sync::Notify;
use wasmtime::{ResourceLimiter, Trap, UpdateDeadline};

use crate::instance::State;

/// What bounds an instance. The default bounds nothing.
#[derive(Clone, Default)]
pub struct Limits {
    /// How long an instance may live, from when it is made.
    pub timeout: Option<Duration>,
    /// How much memory it may use, in bytes. The image that Python starts from
    /// counts.
    pub memory: Option<usize>,
    /// Stops it from elsewhere.
    pub interrupt: Option<Interrupt>,
}

impl Limits {
    /// How many bytes a call may copy out of the guest. Lists in its memory can
    /// overlap, so that its size alone does not bound what the host would
    /// need; in the host's own form, an item takes a few times the space.
    pub(crate) fn copied(&self) -> usize {
        const LEAST: usize = 256 << 20;
        const MOST: usize = 8 << 30;
        self.memory
            .map_or(MOST, |memory| memory.saturating_mul(4).clamp(LEAST, MOST))
    }
}

/// A limit was met.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum LimitError {
    /// The time was over.
    #[error("the run took longer than its limit of {} and was stopped", seconds(*.limit))]
    Deadline {
        /// How long the run was allowed to take.
        limit: Duration,
    },
    /// The memory was used up.
    #[error(
        "the run asked for {} of memory, beyond its limit of {}",
        mebibytes(*.wanted), mebibytes(*.limit)
    )]
    Memory {
        /// How many bytes it was allowed to use.
        limit: usize,
        /// How many bytes it would have used.
        wanted: usize,
    },
}

/// A run ended without a result and without an error of the pipeline's own.
/// The instance can't be used any more.
#[derive(Debug, Error)]
pub enum Fault {
    /// A limit was met.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The run was stopped by its [`Interrupt`].
    #[error("the run was interrupted")]
    Interrupted,
    /// Calls nested so deeply that WebAssembly's stack was used up.
    #[error("calls nest too deeply: the sandbox's stack is used up")]
    StackOverflow,
    /// The guest called `exit`.
    #[error("the pipeline ended its own process (exit code {0})")]
    Exit(i32),
    /// The guest failed in a way that it should not have.
    #[error("the component failed: {0}")]
    Trap(String),
    /// The host failed.
    #[error("{0}")]
    Host(String),
}

/// Stops runs from another thread, or from a signal's handler thread.
#[derive(Clone)]
pub struct Interrupt {
    inner: Arc<InterruptInner>,
}

struct InterruptInner {
    engine: wasmtime::Engine,
    raised: AtomicBool,
    notify: Notify,
}

impl Interrupt {
    pub(crate) fn new(engine: wasmtime::Engine) -> Self {
        let inner = InterruptInner {
            engine,
            raised: AtomicBool::new(false),
            notify: Notify::new(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Stops every run that was given this handle, sleeping or busy.
    pub fn raise(&self) {
        self.inner.raised.store(true, Ordering::SeqCst);
        self.inner.engine.increment_epoch();
        self.inner.notify.notify_waiters();
    }

    /// Whether it was raised.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        self.inner.raised.load(Ordering::SeqCst)
    }

    /// Waits until it is raised.
    pub async fn raised(&self) {
        let notified = self.inner.notify.notified();
        tokio::pin!(notified);
        notified.as_mut().enable();
        if !self.is_raised() {
            notified.await;
        }
    }
}

/// What an instance is held to, in the form that is looked at as it runs.
#[derive(Clone)]
pub(crate) struct Bounds {
    pub(crate) deadline: Option<(Instant, Duration)>,
    pub(crate) interrupt: Option<Interrupt>,
}

impl Bounds {
    pub(crate) fn new(limits: &Limits) -> Self {
        let deadline = limits.timeout.and_then(|limit| {
            // A time too far off to be expressed is no limit.
            Instant::now()
                .checked_add(limit)
                .map(|deadline| (deadline, limit))
        });
        Self {
            deadline,
            interrupt: limits.interrupt.clone(),
        }
    }

    /// Whether the run must end now.
    pub(crate) fn exceeded(&self) -> Result<(), Fault> {
        if self.interrupt.as_ref().is_some_and(Interrupt::is_raised) {
            return Err(Fault::Interrupted);
        }
        match self.deadline {
            Some((deadline, limit)) if Instant::now() >= deadline => {
                Err(LimitError::Deadline { limit }.into())
            }
            _ => Ok(()),
        }
    }

    /// Runs a call into the guest. A busy guest is ended by its epoch; one that
    /// waits for a clock is ended here, where its future is dropped.
    pub(crate) async fn hold<T>(
        &self,
        call: impl Future<Output = wasmtime::Result<T>>,
    ) -> Result<wasmtime::Result<T>, Fault> {
        self.exceeded()?;
        let interrupted = async {
            match &self.interrupt {
                Some(interrupt) => interrupt.raised().await,
                None => std::future::pending().await,
            }
        };
        let limit = match self.deadline {
            None if self.interrupt.is_none() => return Ok(call.await),
            None => {
                return tokio::select! {
                    biased;
                    done = call => Ok(done),
                    () = interrupted => Err(Fault::Interrupted),
                };
            }
            Some(deadline) => deadline,
        };
        tokio::select! {
            biased;
            done = call => Ok(done),
            () = interrupted => Err(Fault::Interrupted),
            () = tokio::time::sleep_until(limit.0.into()) => {
                Err(LimitError::Deadline { limit: limit.1 }.into())
            }
        }
    }
}

/// Called when a busy guest sees that the epoch moved.
pub(crate) fn on_epoch(state: &State) -> wasmtime::Result<UpdateDeadline> {
    match state.bounds.exceeded() {
        Ok(()) => Ok(UpdateDeadline::Continue(1)),
        Err(fault) => Err(wasmtime::Error::new(fault)),
    }
}

/// Counts the memory of an instance, and refuses what is beyond its limit.
#[derive(Default)]
pub(crate) struct Meter {
    limit: Option<usize>,
    used: usize,
    refused: Option<usize>,
}

impl Meter {
    pub(crate) fn new(limit: Option<usize>) -> Self {
        Self {
            limit,
            used: 0,
            refused: None,
        }
    }

    /// The limit, where something was refused because of it.
    pub(crate) fn refusal(&self) -> Option<LimitError> {
        match (self.limit, self.refused) {
            (Some(limit), Some(wanted)) => Some(LimitError::Memory { limit, wanted }),
            _ => None,
        }
    }

    fn grow(&mut self, by: usize) -> bool {
        let wanted = self.used.saturating_add(by);
        if self.limit.is_some_and(|limit| wanted > limit) {
            self.refused = Some(self.refused.map_or(wanted, |before| before.max(wanted)));
            return false;
        }
        self.used = wanted;
        true
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        Ok(self.grow(desired.saturating_sub(current)))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let elements = desired.saturating_sub(current);
        Ok(self.grow(elements.saturating_mul(size_of::<usize>())))
    }
}

/// Says what ended a call that gave no result.
pub(crate) fn fault(error: wasmtime::Error, meter: &Meter) -> Fault {
    if let Some(exit) = error.downcast_ref::<wasmtime_wasi::I32Exit>() {
        return Fault::Exit(exit.0);
    }
    let error = match error.downcast::<Fault>() {
        Ok(fault) => return fault,
        Err(error) => error,
    };
    // A guest without memory aborts, which is a trap like any other.
    if let Some(refusal) = meter.refusal() {
        return refusal.into();
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => Fault::StackOverflow,
        Some(trap) => Fault::Trap(trap.to_string()),
        None => Fault::Host(format!("{error:#}")),
    }
}

fn seconds(limit: Duration) -> String {
    let seconds = limit.as_secs_f64();
    let unit = if seconds == 1.0 { "second" } else { "seconds" };
    format!("{seconds} {unit}")
}

fn mebibytes(bytes: usize) -> String {
    let tenths = (bytes as u128 * 10).div_ceil(1 << 20);
    match tenths % 10 {
        0 => format!("{} MiB", tenths / 10),
        rest => format!("{}.{rest} MiB", tenths / 10),
    }
}
