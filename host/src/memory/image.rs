//! The content of a memory, ready to be mapped.

use std::cell::RefCell;
use std::fs::File;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

use super::brake::Brake;
use super::content::Kind;
use super::mapping::Mapping;

/// What a memory holds at first: a part of a file that nobody changes.
pub(crate) struct Image {
    pub(super) kind: Kind,
    /// How large the memory is at first, in bytes.
    pub(super) size: usize,
    /// Where it begins in the memory, in bytes.
    pub(super) offset: usize,
    file: Arc<File>,
    position: u64,
    /// The same bytes, mapped to be read.
    bytes: Bytes,
    /// Memories with nothing but this in them, for the next instances.
    idle: Mutex<Vec<Mapping>>,
    last: Mutex<Last>,
}

/// What an instance that is gone left in its memory.
#[derive(Default)]
enum Last {
    /// Nobody wants to know.
    #[default]
    Unwatched,
    Watched,
    Seen(Vec<u8>),
}

impl Image {
    /// The part of a file that begins at `position`, a multiple of 64 KiB.
    ///
    /// # Safety
    /// Nobody may change the file as long as this lives.
    ///
    /// # Errors
    /// Where the part can't be mapped.
    pub(crate) unsafe fn of_file(
        file: Arc<File>,
        position: u64,
        length: usize,
        (kind, size): (Kind, usize),
        offset: usize,
    ) -> io::Result<Self> {
        // SAFETY: by the caller's promise.
        let bytes = unsafe { Bytes::map(&file, position, length)? };
        Ok(Self {
            kind,
            size,
            offset,
            file,
            position,
            bytes,
            idle: Mutex::default(),
            last: Mutex::default(),
        })
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_watched(&self) -> bool {
        matches!(*self.last(), Last::Watched)
    }

    /// An instance is gone, and this is what it had in its memory.
    pub(super) fn saw(&self, memory: &[u8]) {
        *self.last() = Last::Seen(memory.to_vec());
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    pub(super) fn position(&self) -> u64 {
        self.position
    }

    pub(super) fn length(&self) -> usize {
        self.bytes.length
    }

    /// What a memory holds from `start` on: zeros, some of this, zeros again.
    fn at(&self, start: usize, length: usize) -> (usize, &[u8]) {
        let zeros = self.offset.saturating_sub(start).min(length);
        let skipped = (start + zeros).saturating_sub(self.offset);
        let content = self.bytes.get().get(skipped..).unwrap_or_default();
        (zeros, &content[..content.len().min(length - zeros)])
    }

    /// Makes memory from `start` on what it is at first.
    pub(super) fn copy(&self, start: usize, memory: &mut [u8]) {
        let (zeros, content) = self.at(start, memory.len());
        memory[..zeros].fill(0);
        memory[zeros..zeros + content.len()].copy_from_slice(content);
        memory[zeros + content.len()..].fill(0);
    }

    /// Whether memory from `start` on is what it is at first.
    pub(super) fn is_at(&self, start: usize, memory: &[u8]) -> bool {
        let (zeros, content) = self.at(start, memory.len());
        let (before, rest) = memory.split_at(zeros);
        let (within, after) = rest.split_at(content.len());
        within == content
            && [before, after]
                .iter()
                .all(|part| part.iter().all(|byte| *byte == 0))
    }

    /// A memory that holds just this.
    pub(super) fn idle(&self) -> Option<Mapping> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.pop()
    }

    /// Keeps a memory that holds just this, among at most `most`.
    pub(super) fn keep(&self, mapping: Mapping, most: usize) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < most {
            idle.push(mapping);
        }
    }
}

/// The images of a component's memories.
#[derive(Clone, Default)]
pub(crate) struct Images(Arc<[Arc<Image>]>);

thread_local! {
    /// What is for the component that is being instantiated on this thread.
    static PROVIDED: RefCell<Provided> = RefCell::default();
}

/// What is for a component that is being instantiated: wasmtime asks for
/// memories without saying what for.
#[derive(Default)]
struct Provided {
    images: Images,
    brake: Option<Arc<Brake>>,
}

impl Images {
    pub(crate) fn new(images: impl IntoIterator<Item = Image>) -> Self {
        Self(images.into_iter().map(Arc::new).collect())
    }

    /// Lets the next instance that ends leave its memory; the component must have
    /// one that has content.
    pub(crate) fn watch(&self) -> bool {
        let [image] = &*self.0 else { return false };
        *image.last() = Last::Watched;
        true
    }

    /// What the instance had in its memory that has ended since.
    pub(crate) fn seen(&self) -> Option<Vec<u8>> {
        let [image] = &*self.0 else { return None };
        match std::mem::take(&mut *image.last()) {
            Last::Seen(memory) => Some(memory),
            _ => None,
        }
    }

    /// Lets the component be instantiated with these, and with `brake`.
    pub(crate) async fn provide<T>(
        &self,
        brake: &Arc<Brake>,
        instantiate: impl Future<Output = T>,
    ) -> T {
        let mut instantiate = pin!(instantiate);
        poll_fn(|context| {
            let _scope = Scope::enter(Provided {
                images: self.clone(),
                brake: Some(Arc::clone(brake)),
            });
            instantiate.as_mut().poll(context)
        })
        .await
    }
}

/// The image of a memory of the component that is being instantiated.
pub(super) fn provided(kind: Kind) -> Option<Arc<Image>> {
    PROVIDED.with_borrow(|provided| {
        let mut images = provided.images.0.iter();
        images.find(|image| image.kind == kind).cloned()
    })
}

/// The brake of the component that is being instantiated.
pub(super) fn brake() -> Option<Arc<Brake>> {
    PROVIDED.with_borrow(|provided| provided.brake.clone())
}

/// Undoes what was provided, also where a poll panics.
struct Scope(Provided);

impl Scope {
    fn enter(provided: Provided) -> Self {
        Self(PROVIDED.replace(provided))
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        PROVIDED.set(std::mem::take(&mut self.0));
    }
}

/// A part of a file, mapped to be read.
struct Bytes {
    start: *const u8,
    length: usize,
}

// SAFETY: it owns what it points to, and nothing writes to it.
unsafe impl Send for Bytes {}
// SAFETY: as above.
unsafe impl Sync for Bytes {}

impl Bytes {
    /// Maps a part of a file.
    ///
    /// # Safety
    /// Nobody may change the file as long as this lives.
    unsafe fn map(file: &File, position: u64, length: usize) -> io::Result<Self> {
        let end = position.checked_add(length as u64);
        if length == 0 || end.is_none_or(|end| file.metadata().is_ok_and(|it| it.len() < end)) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        // SAFETY: a new mapping, at an address that the kernel chooses.
        let start = unsafe {
            let flags = MapFlags::PRIVATE;
            mmap(
                ptr::null_mut(),
                length,
                ProtFlags::READ,
                flags,
                file,
                position,
            )?
        };
        Ok(Self {
            start: start.cast(),
            length,
        })
    }

    fn get(&self) -> &[u8] {
        // SAFETY: mapped with this length for as long as this lives, and nobody
        // changes the file.
        unsafe { std::slice::from_raw_parts(self.start, self.length) }
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        // SAFETY: this mapping alone ends, and nobody uses it any more.
        let _ = unsafe { munmap(self.start.cast_mut().cast(), self.length) };
    }
}
