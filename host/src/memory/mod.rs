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

mod brake;
pub(crate) mod checks;
pub(crate) mod content;
pub(crate) mod exchange;
mod image;
mod mapping;
mod pagemap;
mod sections;
mod stacks;
#[cfg(test)]
mod tests;

use std::io;
use std::ptr;
use std::sync::Arc;

use wasmtime::{LinearMemory, MemoryCreator, MemoryType};

pub(crate) use self::brake::Brake;
use self::brake::{BrakeMemory, Idle};
use self::content::Kind;
pub(crate) use self::image::{Image, Images};
use self::mapping::Mapping;
pub(crate) use self::stacks::Stacks;

/// Makes the memories of instances.
pub(crate) struct Memories {
    /// How many memories of an image are kept for the next instances.
    kept: usize,
    brakes: Arc<Idle>,
}

impl Memories {
    pub(crate) fn new(kept: usize) -> Arc<Self> {
        Arc::new(Self {
            kept,
            brakes: Arc::default(),
        })
    }
}

// SAFETY: a `Memory` is a mapping of its own, which nobody else has while it
// lives; `Mapping` reserves all that wasmtime asks for, and what lies beyond the
// memory's size in it can't be accessed. A memory is zero but for the content of
// its image, which the component was compiled without. A brake, which no
// component has but by `checks`, is what `BrakeMemory` says.
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
        if kind == checks::BRAKE {
            let capacity = reserved.unwrap_or(minimum);
            let (brake, idle) = (image::brake(), &self.brakes);
            let memory = BrakeMemory::new(capacity, guard, brake, idle, self.kept);
            return match memory {
                Ok(memory) => Ok(Box::new(memory)),
                Err(error) => Err(error.to_string()),
            };
        }
        let image = image::provided(kind);
        // What code shared with another component says is that one's.
        let minimum = image.as_ref().map_or(minimum, |image| image.size);
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
        if let (Some(mapping), Some(image)) = (&self.mapping, &self.image)
            && image.is_watched()
        {
            // SAFETY: the first `size` bytes of the mapping can be accessed, and
            // nobody else has them: the instance is gone.
            image.saw(unsafe { std::slice::from_raw_parts(mapping.base, self.size) });
        }
        if let (Some(mut mapping), Some(image)) = (self.mapping.take(), &self.image)
            && self.kept > 0
            && mapping.reset(image, self.minimum).is_ok()
        {
            image.keep(mapping, self.kept);
        }
    }
}
