//! Reserved addresses.

use std::io;
use std::ptr;

use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags};
use rustix::mm::{madvise, mmap, mmap_anonymous, mprotect, munmap};

use super::image::Image;
use super::pagemap::Pagemap;

/// Beyond so many bytes that were written, pages that are as they should be are
/// given back to the system: an earlier run needed them, this one did not.
const MANY: usize = 512 << 10;
/// So many pages are looked at together.
const BLOCK: usize = 16;
/// How many bytes a reset copies. What was written beyond that is given back to
/// the system, and costs the next run page faults instead.
const MOST_COPIED: usize = 4 << 20;

/// Reserved addresses, of which the first ones can be accessed.
pub(super) struct Mapping {
    /// What is reserved, guards included.
    pub(super) reserved: *mut u8,
    length: usize,
    /// Where the memory begins.
    pub(super) base: *mut u8,
    /// How large the memory may become.
    pub(super) capacity: usize,
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
    pub(super) fn reserve(capacity: usize, guard: usize) -> io::Result<Self> {
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
    pub(super) fn grow_to(&mut self, size: usize) -> io::Result<()> {
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
    pub(super) fn lay(&mut self, image: &Image) -> io::Result<()> {
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
    pub(super) fn reset(&mut self, image: &Image, minimum: usize) -> io::Result<()> {
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

    /// Gives back to the system what lies below `offset`; it is zero from now on.
    pub(super) fn forget_below(&mut self, offset: usize) -> io::Result<()> {
        let offset =
            offset.min(self.accessible) / rustix::param::page_size() * rustix::param::page_size();
        // SAFETY: within this mapping, of which nobody else uses anything.
        unsafe { madvise(self.base.cast(), offset, Advice::LinuxDontNeed)? };
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
