//! Limits in the form that is looked at as a run goes on.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use wasmtime::ResourceLimiter;

use crate::error::Error;
use crate::limits::{LimitError, Limits};
use crate::memory::Brake;

/// Stops runs from another thread, or from a signal's handler thread.
#[derive(Clone)]
pub struct Interrupt {
    inner: Arc<InterruptInner>,
}

struct InterruptInner {
    raised: AtomicBool,
    notify: Notify,
    /// Those of the instances that it stops.
    brakes: Mutex<Vec<Weak<Brake>>>,
}

impl Interrupt {
    pub(crate) fn new() -> Self {
        let inner = InterruptInner {
            raised: AtomicBool::new(false),
            notify: Notify::new(),
            brakes: Mutex::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Stops every run that was given this handle, sleeping or busy.
    pub fn raise(&self) {
        self.inner.raised.store(true, Ordering::SeqCst);
        for brake in self.brakes().iter().filter_map(Weak::upgrade) {
            brake.pull();
        }
        self.inner.notify.notify_waiters();
    }

    /// From here on `brake` is pulled when this is raised. That it was raised
    /// before has to be looked at afterwards.
    pub(crate) fn pulls(&self, brake: &Arc<Brake>) {
        let mut brakes = self.brakes();
        brakes.retain(|brake| brake.strong_count() > 0);
        brakes.push(Arc::downgrade(brake));
    }

    fn brakes(&self) -> MutexGuard<'_, Vec<Weak<Brake>>> {
        let brakes = self.inner.brakes.lock();
        brakes.unwrap_or_else(PoisonError::into_inner)
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

    /// Raises it when the guard is dropped, so that a run stops when nobody waits
    /// for it any more.
    #[must_use]
    pub fn guard(&self) -> InterruptGuard {
        InterruptGuard(Some(self.clone()))
    }
}

/// Raises an [`Interrupt`] when it is dropped; see [`Interrupt::guard`].
pub struct InterruptGuard(Option<Interrupt>);

impl InterruptGuard {
    /// The run may go on.
    pub fn release(mut self) {
        self.0 = None;
    }
}

impl Drop for InterruptGuard {
    fn drop(&mut self) {
        if let Some(interrupt) = self.0.take() {
            interrupt.raise();
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
    pub(crate) fn exceeded(&self) -> Result<(), Error> {
        if self.interrupt.as_ref().is_some_and(Interrupt::is_raised) {
            return Err(Error::Interrupted);
        }
        match self.deadline {
            Some((deadline, limit)) if Instant::now() >= deadline => {
                Err(LimitError::Deadline { limit }.into())
            }
            _ => Ok(()),
        }
    }

    /// Runs a call into the guest. A busy guest is ended by its brake; one that
    /// waits for a clock is ended here, where its future is dropped.
    pub(crate) async fn hold<T>(
        &self,
        call: impl Future<Output = wasmtime::Result<T>>,
    ) -> Result<wasmtime::Result<T>, Error> {
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
                    () = interrupted => Err(Error::Interrupted),
                };
            }
            Some(deadline) => deadline,
        };
        tokio::select! {
            biased;
            done = call => Ok(done),
            () = interrupted => Err(Error::Interrupted),
            () = tokio::time::sleep_until(limit.0.into()) => {
                Err(LimitError::Deadline { limit: limit.1 }.into())
            }
        }
    }
}

/// What addresses of 32 bits reach: the limit of memory where none is set.
const ADDRESSES: u64 = 1 << 32;

/// Counts the memory of an instance, and refuses what is beyond its limit.
pub(crate) struct Meter {
    limit: usize,
    used: usize,
    refused: Option<usize>,
}

impl Meter {
    pub(crate) fn new(limit: Option<usize>) -> Self {
        let most = usize::try_from(ADDRESSES).unwrap_or(usize::MAX);
        Self {
            limit: limit.map_or(most, |limit| limit.min(most)),
            used: 0,
            refused: None,
        }
    }

    /// The limit, where something was refused because of it.
    pub(crate) fn refusal(&self) -> Option<LimitError> {
        let limit = self.limit;
        self.refused
            .map(|wanted| LimitError::Memory { limit, wanted })
    }

    /// Whether something may grow from a number of units to another, of so many
    /// bytes each.
    fn grow(&mut self, current: usize, desired: usize, most: Option<usize>, unit: usize) -> bool {
        let by = desired.saturating_sub(current).saturating_mul(unit);
        let wanted = self.used.saturating_add(by);
        if wanted > self.limit {
            self.refused = Some(self.refused.map_or(wanted, |before| before.max(wanted)));
            return false;
        }
        if most.is_some_and(|most| desired > most) {
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
        Ok(self.grow(current, desired, maximum, 1))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.grow(current, desired, maximum, size_of::<usize>()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_ends_where_addresses_do() {
        let gibibytes = |n: usize| n << 30;
        for (limit, allowed, refused) in [
            (None, gibibytes(4), gibibytes(5)),
            (Some(gibibytes(8)), gibibytes(3), gibibytes(5)),
            (Some(gibibytes(1)), gibibytes(1), gibibytes(2)),
        ] {
            let mut meter = Meter::new(limit);
            assert!(meter.grow(0, allowed, None, 1));
            assert!(meter.refusal().is_none());
            assert!(!meter.grow(allowed, refused, None, 1));
            let said = meter.refusal().map(|refusal| refusal.to_string());
            let limit = limit.unwrap_or(usize::MAX).min(gibibytes(4)) >> 20;
            assert!(said.is_some_and(|said| said.ends_with(&format!("limit of {limit} MiB"))));
        }
    }
}
