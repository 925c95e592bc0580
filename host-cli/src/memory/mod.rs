//! Linear memories: mapped copy-on-write, and reset between the instances that
//! use them one after the other.
//!
//! Everything else of an instance is made anew by wasmtime, so that memory is
//! the only thing that could tell a run about the one before it. Wasmtime's own
//! pool can't be used for that: it resets what the kernel reports as written
//! *and* present, and so misses pages that were swapped out
//! (`docs/snapshot.md`).
//!
//! This is for Linux. Elsewhere wasmtime maps memories by itself, for each
//! instance anew.

pub(crate) mod content;
mod image;
mod pagemap;
#[cfg(test)]
mod tests;

use std::io;
use std::ptr;
use std::sync::Arc;

use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags};
use rustix::mm::{madvise, mmap, mmap_anonymous, mprotect, munmap};
use wasmtime::{LinearMemory, MemoryCreator, MemoryType};

use self::content::Kind;
pub(crate) use self::image::{Image, Images};
use self::pagemap::Pagemap;

/// Beyond so many bytes that were written, pages that are as they should be are
/// given back to the system: an earlier run needed them, this one did not.
const MANY: usize = 1 << 20;
/// So many pages are looked at together.
const BLOCK: usize = 16;
/// How many bytes a reset copies. What was written beyond that is given back to
/// the system, and costs the next run page faults instead.
const MOST_COPIED: usize = 4 << 20;

/// Makes the memories of instances.
pub(crate) struct Memories {
    /// How many memories of an image are kept for the next instances.
    kept: usize,
}

impl Memories {
    pub(crate) fn new(kept: usize) -> Arc<Self> {
        Arc::new(Self { kept })
    }
}

// SAFETY: a `Memory` is a mapping of its own, which nobody else has while it
// lives; `Mapping` reserves all that wasmtime asks for, and what lies beyond the
// memory's size in it can't be accessed. A memory is zero but for the content of
// its image, which the component was compiled without.
unsafe impl MemoryCreator for Memories {
    fn new_memory(
        &self,
        ty: MemoryType,
        minimum: usize,
        _: Option<usize>,
        reserved: Option<usize>,
        guard: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        let kind = Kind {
            minimum: ty.minimum(),
            maximum: ty.maximum(),
        };
        let image = Images::provided(kind);
        let make = || {
            if let Some(mapping) = image.as_ref().and_then(|image| image.idle()) {
                return Ok(mapping);
            }
            let capacity = reserved.unwrap_or(minimum).max(minimum);
            let mut mapping = Mapping::reserve(capacity, guard)?;
            mapping.grow_to(minimum)?;
            if let Some(image) = &image {
                mapping.lay(image)?;
            }
            Ok(mapping)
        };
        let mapping = make().map_err(|error: io::Error| error.to_string())?;
        Ok(Box::new(Memory {
            size: minimum,
            minimum,
            mapping: Some(mapping),
            image,
            kept: self.kept,
        }))
    }
}

/// The memory of an instance.
struct Memory {
    size: usize,
    minimum: usize,
    /// Only `drop` takes it.
    mapping: Option<Mapping>,
    image: Option<Arc<Image>>,
    kept: usize,
}

// SAFETY: `as_ptr` and `byte_capacity` are those of a mapping that stays where
// it is for as long as this lives; `byte_size` never goes beyond what can be
// accessed.
unsafe impl LinearMemory for Memory {
    fn byte_size(&self) -> usize {
        self.size
    }

    fn byte_capacity(&self) -> usize {
        self.mapping.as_ref().map_or(0, |mapping| mapping.capacity)
    }

    fn grow_to(&mut self, new_size: usize) -> wasmtime::Result<()> {
        if let Some(mapping) = &mut self.mapping {
            mapping.grow_to(new_size)?;
            self.size = new_size;
        }
        Ok(())
    }

    fn as_ptr(&self) -> *mut u8 {
        self.mapping
            .as_ref()
            .map_or(ptr::null_mut(), |mapping| mapping.base)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if let (Some(mut mapping), Some(image)) = (self.mapping.take(), &self.image)
            && self.kept > 0
            && mapping.reset(image, self.minimum).is_ok()
        {
            image.keep(mapping, self.kept);
        }
    }
}

/// Reserved addresses, of which the first ones can be accessed.
struct Mapping {
    /// What is reserved, guards included.
    reserved: *mut u8,
    length: usize,
    /// Where the memory begins.
    base: *mut u8,
    /// How large the memory may become.
    capacity: usize,
    /// How much of it can be accessed.
    accessible: usize,
}

// SAFETY: it owns what it points to.
unsafe impl Send for Mapping {}
// SAFETY: nothing can be done through a shared reference but to read the fields.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Reserves addresses for a memory, and as many as `guard` on both sides
    /// of it.
    fn reserve(capacity: usize, guard: usize) -> io::Result<Self> {
        let page = rustix::param::page_size();
        let overflow = || io::Error::from(io::ErrorKind::OutOfMemory);
        let capacity = capacity
            .checked_next_multiple_of(page)
            .ok_or_else(overflow)?;
        let guard = guard.checked_next_multiple_of(page).ok_or_else(overflow)?;
        let length = guard
            .checked_mul(2)
            .and_then(|guards| guards.checked_add(capacity))
            .ok_or_else(overflow)?;
        // SAFETY: a new mapping, at an address that the kernel chooses.
        let reserved = unsafe {
            let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
            mmap_anonymous(ptr::null_mut(), length.max(page), ProtFlags::empty(), flags)?
        };
        let reserved = reserved.cast::<u8>();
        Ok(Self {
            reserved,
            length: length.max(page),
            // SAFETY: `guard` is within the mapping.
            base: unsafe { reserved.add(guard) },
            capacity,
            accessible: 0,
        })
    }

    /// Makes what lies below `size` accessible.
    fn grow_to(&mut self, size: usize) -> io::Result<()> {
        let end = size.next_multiple_of(rustix::param::page_size());
        if end > self.capacity {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        if end > self.accessible {
            // SAFETY: within this mapping, and beyond what was accessible.
            unsafe {
                mprotect(
                    self.base.add(self.accessible).cast(),
                    end - self.accessible,
                    MprotectFlags::READ | MprotectFlags::WRITE,
                )?;
            }
            self.accessible = end;
        }
        Ok(())
    }

    /// Lays an image over the accessible part of a new mapping.
    fn lay(&mut self, image: &Image) -> io::Result<()> {
        let end = image.offset.checked_add(image.length());
        if end.is_none_or(|end| end > self.accessible) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // SAFETY: it replaces pages of this mapping, which nobody uses yet.
        unsafe {
            mmap(
                self.base.add(image.offset).cast(),
                image.length(),
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::PRIVATE | MapFlags::FIXED,
                image.file(),
                image.position(),
            )?;
        }
        Ok(())
    }

    /// Makes it what it was after `grow_to(minimum)` and `lay`.
    fn reset(&mut self, image: &Image, minimum: usize) -> io::Result<()> {
        let minimum = minimum.next_multiple_of(rustix::param::page_size());
        if self.accessible > minimum {
            let beyond = self.accessible - minimum;
            // SAFETY: within this mapping; the instance that used it is gone.
            unsafe {
                let start = self.base.add(minimum).cast();
                madvise(start, beyond, Advice::LinuxDontNeed)?;
                mprotect(start, beyond, MprotectFlags::empty())?;
            }
            self.accessible = minimum;
        }
        if self.copy_back(image).is_some() {
            return Ok(());
        }
        // SAFETY: as above. Private pages are given up, and what is mapped there
        // shows again: the image, and zeros.
        unsafe { madvise(self.base.cast(), self.accessible, Advice::LinuxDontNeed)? };
        Ok(())
    }

    /// Writes the image over the pages that were written. `None` where they are
    /// not known, or too many.
    fn copy_back(&mut self, image: &Image) -> Option<()> {
        let page = rustix::param::page_size();
        let pages = self.accessible / page;
        let written = Pagemap::get()?
            .written(self.base.addr(), pages, page)
            .ok()?;
        let total = written.iter().map(ExactSizeIterator::len).sum::<usize>() * page;
        if total > MOST_COPIED {
            return None;
        }
        for range in written {
            for start in range.clone().step_by(BLOCK) {
                let end = range.end.min(start + BLOCK);
                let (start, length) = (start * page, (end - start) * page);
                // SAFETY: within the accessible part of this mapping, which
                // nobody else has a reference to.
                let bytes = unsafe { std::slice::from_raw_parts_mut(self.base.add(start), length) };
                if total > MANY && image.is_at(start, bytes) {
                    // SAFETY: as in `reset`.
                    unsafe { madvise(bytes.as_mut_ptr().cast(), length, Advice::LinuxDontNeed) }
                        .ok()?;
                } else {
                    image.copy(start, bytes);
                }
            }
        }
        Some(())
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: this mapping alone ends, and nobody uses it any more. Where it
        // fails, the addresses stay reserved.
        let _ = unsafe { munmap(self.reserved.cast(), self.length) };
    }
}
