//! Stacks for calls into instances.

use std::ops::Range;
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};

use wasmtime::{StackCreator, StackMemory};

use super::mapping::Mapping;

/// What is out of reach below a stack.
const GUARD: usize = 64 << 10;
/// How much of a stack stays in memory for the next call: more than most use.
const RESIDENT: usize = 256 << 10;

/// Makes stacks, and keeps some for the next instances: mapping one anew costs
/// a run more than most of them need of it. No guest sees what is left on them.
pub(crate) struct Stacks {
    idle: Arc<Mutex<Vec<Mapping>>>,
    /// How many are kept.
    kept: usize,
}

impl Stacks {
    pub(crate) fn new(kept: usize) -> Arc<Self> {
        Arc::new(Self {
            idle: Arc::default(),
            kept,
        })
    }
}

// SAFETY: a `Stack` is a mapping of its own, which nobody else has while it
// lives, with pages below it that can't be accessed.
unsafe impl StackCreator for Stacks {
    fn new_stack(&self, size: usize, zeroed: bool) -> wasmtime::Result<Box<dyn StackMemory>> {
        let idle = || {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            let at = idle.iter().rposition(|stack| stack.capacity == size)?;
            Some(idle.swap_remove(at))
        };
        let kept = if zeroed { None } else { idle() };
        let mapping = match kept {
            Some(mapping) => mapping,
            None => {
                let mut mapping = Mapping::reserve(size, GUARD)?;
                mapping.grow_to(size)?;
                mapping
            }
        };
        Ok(Box::new(Stack {
            mapping: Some(mapping),
            idle: Arc::clone(&self.idle),
            kept: self.kept,
        }))
    }
}

/// A stack.
struct Stack {
    /// Only `drop` takes it.
    mapping: Option<Mapping>,
    idle: Arc<Mutex<Vec<Mapping>>>,
    kept: usize,
}

// SAFETY: the ranges are those of a mapping that stays where it is for as long
// as this lives; its beginning and end are multiples of the page size.
unsafe impl StackMemory for Stack {
    fn top(&self) -> *mut u8 {
        let top = |mapping: &Mapping| mapping.base.wrapping_add(mapping.capacity);
        self.mapping.as_ref().map_or(ptr::null_mut(), top)
    }

    fn range(&self) -> Range<usize> {
        let range = |mapping: &Mapping| {
            let start = mapping.base.expose_provenance();
            start..start + mapping.capacity
        };
        self.mapping.as_ref().map_or(0..0, range)
    }

    fn guard_range(&self) -> Range<*mut u8> {
        let null = ptr::null_mut()..ptr::null_mut();
        let guard = |mapping: &Mapping| mapping.reserved..mapping.base;
        self.mapping.as_ref().map_or(null, guard)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        let Some(mut mapping) = self.mapping.take() else {
            return;
        };
        let below = mapping.capacity.saturating_sub(RESIDENT);
        if self.kept == 0 || mapping.forget_below(below).is_err() {
            return;
        }
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < self.kept {
            idle.push(mapping);
        }
    }
}
