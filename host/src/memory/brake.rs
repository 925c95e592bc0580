//! Stops busy guests: the host's side of [`super::checks`].

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::mm::{MprotectFlags, mprotect};
use wasmtime::LinearMemory;

use super::content::PAGE;
use super::mapping::Mapping;

/// Stops an instance that is busy.
#[derive(Default)]
pub(crate) struct Brake(Mutex<State>);

#[derive(Default)]
struct State {
    pulled: bool,
    /// Where the instance's brakes lie: one for each module with code.
    pages: Vec<Page>,
}

/// Where a brake lies.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Page(*mut u8);

// SAFETY: an address; who uses it has to know that it is still a brake's.
unsafe impl Send for Page {}

impl Page {
    fn allow(self, access: MprotectFlags) -> io::Result<()> {
        // SAFETY: all of a mapping that a `BrakeMemory` owns, in which there is
        // nothing: it is never written. A guest that reads it while it may not
        // is ended by a trap, as by any other read out of its bounds.
        unsafe { mprotect(self.0.cast(), PAGE as usize, access)? };
        Ok(())
    }
}

impl Brake {
    /// One that can stop nothing yet: instantiating brings what it acts on.
    pub(crate) fn new(_: &wasmtime::Engine) -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends what the instance does in a trap, now or as soon as it does anything.
    pub(crate) fn pull(&self) {
        let mut state = self.lock();
        state.pulled = true;
        for page in &state.pages {
            if let Err(error) = page.allow(MprotectFlags::empty()) {
                // The run goes on to its end: nothing else is lost.
                tracing::error!(%error, "a busy guest can't be stopped");
            }
        }
    }

    /// Lets the instance be busy again.
    pub(crate) fn release(&self) {
        let mut state = self.lock();
        if std::mem::take(&mut state.pulled) {
            for page in &state.pages {
                if let Err(error) = page.allow(MprotectFlags::READ) {
                    tracing::error!(%error, "a guest stays stopped");
                }
            }
        }
    }

    fn attach(&self, page: Page) -> io::Result<()> {
        let mut state = self.lock();
        if state.pulled {
            page.allow(MprotectFlags::empty())?;
        }
        state.pages.push(page);
        Ok(())
    }

    /// From here on the page is not touched any more.
    fn detach(&self, page: Page) -> io::Result<()> {
        let mut state = self.lock();
        state.pages.retain(|other| *other != page);
        match state.pulled {
            true => page.allow(MprotectFlags::READ),
            false => Ok(()),
        }
    }
}

/// Brakes that no instance has.
#[derive(Default)]
pub(super) struct Idle(Mutex<Vec<Mapping>>);

impl Idle {
    fn lock(&self) -> MutexGuard<'_, Vec<Mapping>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The memory that checks read.
pub(super) struct BrakeMemory {
    /// Only `drop` takes it.
    mapping: Option<Mapping>,
    brake: Option<Arc<Brake>>,
    idle: Arc<Idle>,
    kept: usize,
}

impl BrakeMemory {
    /// Makes one that `brake` can pull, and takes it from `idle` if it can; when
    /// it is dropped it goes back there, unless there are as many as are `kept`.
    pub(super) fn new(
        capacity: usize,
        guard: usize,
        brake: Option<Arc<Brake>>,
        idle: &Arc<Idle>,
        kept: usize,
    ) -> io::Result<Self> {
        let found = idle.lock().pop();
        let mapping = match found {
            Some(mapping) => mapping,
            None => {
                let mapping = Mapping::reserve(capacity.max(PAGE as usize), guard)?;
                Page(mapping.base).allow(MprotectFlags::READ)?;
                mapping
            }
        };
        if let Some(brake) = &brake {
            brake.attach(Page(mapping.base))?;
        }
        Ok(Self {
            mapping: Some(mapping),
            brake,
            idle: Arc::clone(idle),
            kept,
        })
    }
}

// SAFETY: `as_ptr` and `byte_capacity` are those of a mapping that stays where
// it is for as long as this lives. It can be read, or, where it was made
// unreadable, wasmtime's handler of that signal makes a trap of it, since the
// address is one of this memory's. Nothing else than such reads in a guest's
// code uses it (see `super::checks`).
unsafe impl LinearMemory for BrakeMemory {
    fn byte_size(&self) -> usize {
        PAGE as usize
    }

    fn byte_capacity(&self) -> usize {
        self.mapping.as_ref().map_or(0, |mapping| mapping.capacity)
    }

    fn grow_to(&mut self, _: usize) -> wasmtime::Result<()> {
        wasmtime::bail!("a brake does not grow")
    }

    fn as_ptr(&self) -> *mut u8 {
        self.mapping
            .as_ref()
            .map_or(std::ptr::null_mut(), |mapping| mapping.base)
    }
}

impl Drop for BrakeMemory {
    fn drop(&mut self) {
        let Some(mapping) = self.mapping.take() else {
            return;
        };
        let detached = match &self.brake {
            Some(brake) => brake.detach(Page(mapping.base)),
            None => Ok(()),
        };
        let mut idle = self.idle.lock();
        if detached.is_ok() && idle.len() < self.kept {
            idle.push(mapping);
        }
    }
}
