//! A size-class allocator for small blocks, CPython's and Rust's.
//!
//! The interpreter is built without pymalloc, so that every object would go
//! through libc's general allocator. This one serves requests of up to
//! [`MAX_SMALL`] bytes from pages that hold blocks of one size; larger ones go
//! to libc. Blocks are reused last in, first out, and a page's blocks lie
//! together: a run of a restored snapshot touches, and so copies, few pages of
//! memory.
//!
//! Nothing here is safe for threads: the component has one.

use std::ffi::{c_int, c_void};
use std::ptr::{self, NonNull};

/// Largest request in bytes that is served from a page.
pub const MAX_SMALL: usize = 512;
const GRAIN: usize = 16;
const CLASSES: usize = MAX_SMALL / GRAIN;
/// Pages are aligned to their size, so that a block's address gives its page.
/// They are as large as those that the host copies on write.
const PAGE: usize = 4 << 10;
/// Pages come from the system in arenas, aligned to their size.
const ARENA: usize = 1 << 20;
/// Pages that a sealed heap has at least, so that a small run needs no arena.
const FRESH_PAGES: usize = 128;
/// Arenas in the 4 GiB that a 32-bit address reaches.
const ARENAS: usize = 4096;

unsafe extern "C" {
    fn malloc(size: usize) -> *mut c_void;
    fn realloc(pointer: *mut c_void, size: usize) -> *mut c_void;
    fn free(pointer: *mut c_void);
    fn malloc_usable_size(pointer: *mut c_void) -> usize;
    fn posix_memalign(pointer: *mut *mut c_void, alignment: usize, size: usize) -> c_int;
}

/// The allocator's state. It must not move once it has been used.
pub struct Heap {
    /// Pages with room, by class.
    partial: [*mut Page; CLASSES],
    /// Pages without blocks in use, of no class.
    empty: *mut Page,
    /// What is left of the newest arena.
    fresh: *mut u8,
    fresh_pages: usize,
    /// The size from which on requests go to libc.
    largest: usize,
    arenas: Owned,
}

/// Which arenas belong to the heap.
struct Owned {
    /// One flag an arena where addresses have 32 bits.
    #[cfg(target_pointer_width = "32")]
    flags: [bool; ARENAS],
    /// The arenas' addresses elsewhere: tests only.
    #[cfg(not(target_pointer_width = "32"))]
    bases: Vec<usize>,
}

/// Header of a page; its blocks follow.
#[repr(C, align(16))]
struct Page {
    next: *mut Page,
    previous: *mut Page,
    /// Freed blocks, linked through their first word.
    free: *mut Block,
    /// Offset of the first block that was never used.
    unused: usize,
    /// Blocks in use.
    used: usize,
    /// Size of a block in bytes.
    size: usize,
}

struct Block {
    next: *mut Block,
}

impl Heap {
    /// A heap that owns nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            partial: [ptr::null_mut(); CLASSES],
            empty: ptr::null_mut(),
            fresh: ptr::null_mut(),
            fresh_pages: 0,
            largest: MAX_SMALL,
            arenas: Owned::new(),
        }
    }

    /// Allocates `size` bytes, aligned to 16; null where there is no memory.
    #[inline]
    pub fn malloc(&mut self, size: usize) -> *mut u8 {
        if size > self.largest {
            // SAFETY: malloc has no preconditions.
            return unsafe { malloc(size) }.cast();
        }
        let class = class_of(size);
        let page = self.partial[class];
        if page.is_null() {
            return self.malloc_in_new_page(class);
        }
        // SAFETY: pages in `partial` are live and have room.
        unsafe { self.take_block(class, page) }
    }

    #[cold]
    fn malloc_in_new_page(&mut self, class: usize) -> *mut u8 {
        let Some(page) = self.new_page() else {
            return ptr::null_mut();
        };
        let page = page.as_ptr();
        // SAFETY: `new_page` gives a page that nobody else uses.
        unsafe {
            page.write(Page {
                next: ptr::null_mut(),
                previous: ptr::null_mut(),
                free: ptr::null_mut(),
                unused: size_of::<Page>(),
                used: 0,
                size: (class + 1) * GRAIN,
            });
            self.link(class, page);
            self.take_block(class, page)
        }
    }

    /// Takes a block of a page that has room.
    ///
    /// # Safety
    /// `page` must be live, of this class, in `partial`, and have room.
    #[inline]
    unsafe fn take_block(&mut self, class: usize, page: *mut Page) -> *mut u8 {
        // SAFETY: by the caller's promise; a block in the free list is unused
        // and holds a link, and `unused` stays inside the page.
        unsafe {
            let block = (*page).free;
            let block = if block.is_null() {
                let block = page.cast::<u8>().add((*page).unused);
                (*page).unused += (*page).size;
                block
            } else {
                (*page).free = (*block).next;
                block.cast()
            };
            (*page).used += 1;
            if (*page).is_full() {
                self.unlink(class, page);
            }
            block
        }
    }

    /// Gives a block back.
    ///
    /// # Safety
    /// `block` must be null or come from this heap and be in use.
    #[inline]
    pub unsafe fn free(&mut self, block: *mut u8) {
        if !self.arenas.own(block) {
            // SAFETY: not from a page, so from malloc, or null.
            return unsafe { free(block.cast()) };
        }
        let page = page_of(block);
        // SAFETY: the block lies in a live page, in which it is in use.
        unsafe {
            let class = class_of((*page).size);
            let was_full = (*page).is_full();
            let block = block.cast::<Block>();
            (*block).next = (*page).free;
            (*page).free = block;
            (*page).used -= 1;
            if was_full {
                self.link(class, page);
            } else if (*page).used == 0 && !((*page).next.is_null() && (*page).previous.is_null()) {
                // The class has other pages with room: another class may want
                // this one.
                self.unlink(class, page);
                (*page).next = self.empty;
                self.empty = page;
            }
        }
    }

    /// Changes the size of a block, which may move; null where there is no
    /// memory, and the block is as it was.
    ///
    /// # Safety
    /// `block` must be null or come from this heap and be in use.
    pub unsafe fn realloc(&mut self, block: *mut u8, size: usize) -> *mut u8 {
        if block.is_null() {
            return self.malloc(size);
        }
        // SAFETY: the block is in use; copies stay within both blocks.
        unsafe {
            let old = if self.arenas.own(block) {
                let old = (*page_of(block)).size;
                if size <= old && size > old / 2 {
                    return block;
                }
                old
            } else if size > self.largest {
                return realloc(block.cast(), size).cast();
            } else {
                malloc_usable_size(block.cast())
            };
            let new = self.malloc(size);
            if !new.is_null() {
                ptr::copy_nonoverlapping(block, new, old.min(size));
                self.free(block);
            }
            new
        }
    }

    /// Leaves all pages as they are: what is allocated from now on lies in
    /// fresh ones, close together. Free room in older pages is given up until
    /// something in a full one of them is freed.
    pub fn seal(&mut self) {
        for class in 0..CLASSES {
            while !self.partial[class].is_null() {
                // SAFETY: pages in `partial` are live and of this class.
                unsafe { self.unlink(class, self.partial[class]) };
            }
        }
        self.empty = ptr::null_mut();
        if self.fresh_pages < FRESH_PAGES {
            self.fresh_pages = 0;
        }
        if let Some(page) = self.new_page() {
            // The arena is there now; the page is the first one to be used.
            self.fresh = page.as_ptr().cast();
            self.fresh_pages += 1;
        }
        // Where the end of memory is, only WebAssembly's libc tells.
        #[cfg(target_family = "wasm")]
        use_up_libc();
    }

    /// Whether all requests go to libc, which puts blocks of any size side by
    /// side. They can be freed at any time, like others.
    pub fn pack(&mut self, pack: bool) {
        // Zero bytes still need a block that is told apart from others.
        self.largest = if pack { 0 } else { MAX_SMALL };
    }

    /// Puts a page first in its class.
    ///
    /// # Safety
    /// `page` must be live, of this class and in no list.
    unsafe fn link(&mut self, class: usize, page: *mut Page) {
        // SAFETY: pages in the list are live.
        unsafe {
            let head = self.partial[class];
            (*page).previous = ptr::null_mut();
            (*page).next = head;
            if !head.is_null() {
                (*head).previous = page;
            }
            self.partial[class] = page;
        }
    }

    /// Takes a page out of its class.
    ///
    /// # Safety
    /// `page` must be live and in this class's list.
    unsafe fn unlink(&mut self, class: usize, page: *mut Page) {
        // SAFETY: pages in the list are live, and so are their neighbours.
        unsafe {
            let Page { next, previous, .. } = *page;
            if previous.is_null() {
                self.partial[class] = next;
            } else {
                (*previous).next = next;
            }
            if !next.is_null() {
                (*next).previous = previous;
            }
            (*page).next = ptr::null_mut();
            (*page).previous = ptr::null_mut();
        }
    }

    /// A page that nobody uses.
    fn new_page(&mut self) -> Option<NonNull<Page>> {
        if let Some(page) = NonNull::new(self.empty) {
            // SAFETY: pages in `empty` are live.
            self.empty = unsafe { page.as_ref() }.next;
            return Some(page);
        }
        if self.fresh_pages == 0 {
            let mut arena = ptr::null_mut();
            // SAFETY: `arena` is valid for writes. It is not asked of Rust,
            // whose allocator this may be.
            if unsafe { posix_memalign(&raw mut arena, ARENA, ARENA) } != 0 {
                return None;
            }
            self.arenas.add(arena.cast());
            self.fresh = arena.cast();
            self.fresh_pages = ARENA / PAGE;
        }
        let page = self.fresh.cast();
        self.fresh_pages -= 1;
        // SAFETY: stays within the arena, or one past its end.
        self.fresh = unsafe { self.fresh.add(PAGE) };
        NonNull::new(page)
    }
}

impl Default for Heap {
    fn default() -> Self {
        Self::new()
    }
}

impl Page {
    fn is_full(&self) -> bool {
        self.free.is_null() && self.unused + self.size > PAGE
    }
}

/// Takes what libc has free in the midst of its memory, for good, so that it
/// serves larger requests from the end from now on.
#[cfg(target_family = "wasm")]
fn use_up_libc() {
    const LARGEST: usize = 2 << 20;
    // Halves, and at the end every size that libc tells apart: it adds a word
    // and rounds up to eight bytes.
    let coarse = (13..=20).rev().map(|power| 1 << power);
    let fine = (1..=1024).rev().map(|eights| eights * 8 + 4);
    // SAFETY: malloc and free have no preconditions but that what is freed is
    // in use, and blocks are written within their size.
    unsafe {
        let end = malloc(LARGEST);
        free(end);
        for size in coarse.chain(fine) {
            loop {
                let block = malloc(size);
                if block.is_null() || block >= end {
                    free(block);
                    break;
                }
                // Nobody needs what is left in it, and zeros pack well.
                block.write_bytes(0, size);
            }
        }
    }
}

fn class_of(size: usize) -> usize {
    size.max(1).div_ceil(GRAIN) - 1
}

fn page_of(block: *mut u8) -> *mut Page {
    block.map_addr(|address| address & !(PAGE - 1)).cast()
}

#[cfg(target_pointer_width = "32")]
impl Owned {
    const fn new() -> Self {
        Self {
            flags: [false; ARENAS],
        }
    }

    fn add(&mut self, arena: *mut u8) {
        self.flags[arena.addr() / ARENA] = true;
    }

    #[inline]
    fn own(&self, block: *mut u8) -> bool {
        self.flags[block.addr() / ARENA]
    }
}

#[cfg(not(target_pointer_width = "32"))]
impl Owned {
    const fn new() -> Self {
        Self { bases: Vec::new() }
    }

    fn add(&mut self, arena: *mut u8) {
        assert!(
            self.bases.len() < ARENAS,
            "a 32-bit address space has no more"
        );
        self.bases.push(arena.addr());
    }

    fn own(&self, block: *mut u8) -> bool {
        self.bases.contains(&(block.addr() & !(ARENA - 1)))
    }
}

/// The heap of the component, which CPython and Rust share.
#[cfg(target_family = "wasm")]
pub(crate) mod shared {
    use std::alloc::{GlobalAlloc, Layout};
    use std::cell::UnsafeCell;
    use std::ffi::c_void;
    use std::ptr;

    use super::{GRAIN, Heap, free, malloc, posix_memalign, realloc};

    pub(crate) struct Shared(UnsafeCell<Heap>);

    // SAFETY: the component has one thread.
    unsafe impl Sync for Shared {}

    #[global_allocator]
    static HEAP: Shared = Shared(UnsafeCell::new(Heap::new()));

    /// The heap. No two borrows of it overlap: it calls nothing that allocates
    /// from it.
    pub(crate) fn heap() -> *mut Heap {
        HEAP.0.get()
    }

    /// Memory for what the host hands over. It comes from libc, which gives
    /// some of it back by itself: that of its own calls to the host.
    ///
    /// # Safety
    /// `old` must be null or a live block of this function or of libc.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn cabi_realloc(
        old: *mut c_void,
        old_size: usize,
        alignment: usize,
        size: usize,
    ) -> *mut c_void {
        if size == 0 {
            return ptr::without_provenance_mut(alignment);
        }
        // SAFETY: by the caller's promise. Nothing that crosses the boundary
        // is aligned to more than what libc aligns to.
        let block = unsafe {
            match old_size {
                0 => malloc(size),
                _ => realloc(old, size),
            }
        };
        if block.is_null() {
            std::process::abort();
        }
        block
    }

    // SAFETY: blocks are as large as asked for, aligned to `GRAIN` or, by
    // libc, to more, and stay where they are until they are given back.
    unsafe impl GlobalAlloc for Shared {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            // SAFETY: see `heap`; `block` is valid for writes.
            unsafe {
                if layout.align() <= GRAIN {
                    return (*self.0.get()).malloc(layout.size());
                }
                let mut block: *mut c_void = ptr::null_mut();
                match posix_memalign(&raw mut block, layout.align(), layout.size()) {
                    0 => block.cast(),
                    _ => ptr::null_mut(),
                }
            }
        }

        unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
            // SAFETY: see `heap`; Rust gives back what it got.
            unsafe {
                if layout.align() <= GRAIN {
                    (*self.0.get()).free(block);
                } else {
                    free(block.cast());
                }
            }
        }

        unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
            // SAFETY: see `heap`; Rust gives back what it got, and the copy
            // stays within both blocks.
            unsafe {
                if layout.align() <= GRAIN {
                    return (*self.0.get()).realloc(block, size);
                }
                let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
                if !new.is_null() {
                    ptr::copy_nonoverlapping(block, new, layout.size().min(size));
                    self.dealloc(block, layout);
                }
                new
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        Malloc(usize),
        Realloc(usize, usize),
        Free(usize),
        Seal,
        Pack(bool),
    }

    fn step() -> impl Strategy<Value = Step> {
        // Miri doesn't have all of libc, where larger blocks come from.
        let most = if cfg!(miri) { MAX_SMALL } else { 4 * MAX_SMALL };
        let size = prop_oneof![4 => 0..=MAX_SMALL, 1 => MAX_SMALL..=most];
        prop_oneof![
            30 => size.clone().prop_map(Step::Malloc),
            10 => (any::<usize>(), size).prop_map(|(which, size)| Step::Realloc(which, size)),
            20 => any::<usize>().prop_map(Step::Free),
            1 => Just(Step::Seal),
            1 => any::<bool>().prop_map(|pack| Step::Pack(pack && !cfg!(miri))),
        ]
    }

    proptest! {
        /// Every live block keeps the bytes that were written to it, whatever
        /// happens to the others.
        #[test]
        fn blocks_keep_their_bytes(steps in prop::collection::vec(step(), 1..if cfg!(miri) { 100 } else { 2000 })) {
            let mut heap = Heap::new();
            let mut live: Vec<(*mut u8, usize, u8)> = Vec::new();
            for (position, step) in steps.into_iter().enumerate() {
                let mark = position as u8;
                match step {
                    Step::Malloc(size) => {
                        let block = heap.malloc(size);
                        prop_assert!(!block.is_null());
                        prop_assert_eq!(block.addr() % 16, 0);
                        // SAFETY: the block has `size` bytes.
                        unsafe { block.write_bytes(mark, size) };
                        live.push((block, size, mark));
                    }
                    Step::Realloc(which, size) if !live.is_empty() => {
                        let which = which % live.len();
                        let (block, old, before) = live[which];
                        // SAFETY: the block is live; the new one has `size` bytes.
                        unsafe {
                            let new = heap.realloc(block, size);
                            for offset in 0..old.min(size) {
                                prop_assert_eq!(*new.add(offset), before);
                            }
                            new.write_bytes(mark, size);
                            live[which] = (new, size, mark);
                        }
                    }
                    Step::Free(which) if !live.is_empty() => {
                        let (block, size, mark) = live.swap_remove(which % live.len());
                        // SAFETY: the block is live, and is not used again.
                        unsafe {
                            for offset in 0..size {
                                prop_assert_eq!(*block.add(offset), mark);
                            }
                            heap.free(block);
                        }
                    }
                    Step::Seal => heap.seal(),
                    Step::Pack(pack) => heap.pack(pack),
                    Step::Realloc(..) | Step::Free(_) => {}
                }
            }
            for (block, size, mark) in live {
                // SAFETY: the block is live, and is not used again.
                unsafe {
                    for offset in 0..size {
                        prop_assert_eq!(*block.add(offset), mark);
                    }
                    heap.free(block);
                }
            }
        }
    }

    #[test]
    fn an_emptied_page_serves_another_class() {
        let mut heap = Heap::new();
        let small: Vec<_> = (0..4 * PAGE / 16).map(|_| heap.malloc(16)).collect();
        let arenas = heap.fresh_pages;
        for block in small {
            // SAFETY: each block is live and freed once.
            unsafe { heap.free(block) };
        }
        let large: Vec<_> = (0..2 * PAGE / 512).map(|_| heap.malloc(512)).collect();
        assert_eq!(heap.fresh_pages, arenas, "pages are reused");
        for block in large {
            // SAFETY: each block is live and freed once.
            unsafe { heap.free(block) };
        }
    }

    #[test]
    fn a_sealed_heap_leaves_its_pages_alone() {
        let mut heap = Heap::new();
        let full = (PAGE - size_of::<Page>()) / 64;
        let old: Vec<_> = (0..full + 1).map(|_| heap.malloc(64)).collect();
        let emptied = heap.malloc(128);
        // SAFETY: the block is live and freed once.
        unsafe { heap.free(emptied) };
        heap.seal();
        let new: Vec<_> = (0..full).map(|_| heap.malloc(64)).collect();
        let other = heap.malloc(128);
        let pages = |blocks: &[*mut u8]| -> Vec<_> {
            let pages = blocks.iter().map(|block| page_of(*block).addr());
            pages.collect()
        };
        let before = pages(&[&old[..], &[emptied]].concat());
        let after = pages(&[&new[..], &[other]].concat());
        assert!(after.iter().all(|page| !before.contains(page)));
        // Side by side, in as few pages as they need.
        let (first, last) = (after.iter().min().unwrap(), after.iter().max().unwrap());
        assert!(last - first <= 2 * PAGE, "{first} to {last}");
        // Room in a page that was not full is given up; one that was full has
        // room for others once something in it is freed.
        // SAFETY: the blocks are live and freed once.
        unsafe { heap.free(old[full]) };
        assert!(!before.contains(&page_of(heap.malloc(64)).addr()));
        // SAFETY: as above.
        unsafe { heap.free(old[0]) };
        assert_eq!(heap.malloc(64), old[0]);
    }

    #[test]
    fn sealing_keeps_an_arena_that_has_enough_room_and_leaves_one_that_has_not() {
        let mut heap = Heap::new();
        heap.malloc(16);
        let first = heap.fresh.addr();
        heap.seal();
        assert_eq!(
            heap.fresh.addr(),
            first,
            "the page after the first is fresh"
        );
        while heap.fresh_pages >= FRESH_PAGES {
            heap.malloc(MAX_SMALL);
        }
        heap.seal();
        assert_eq!(heap.fresh_pages, ARENA / PAGE);
        assert!(heap.fresh.addr().is_multiple_of(ARENA));
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri does not have all of libc")]
    fn packed_blocks_are_libcs_and_outlive_packing() {
        let mut heap = Heap::new();
        let small = heap.malloc(32);
        heap.pack(true);
        let packed: Vec<_> = [1, 16, 32, MAX_SMALL]
            .map(|size| heap.malloc(size))
            .to_vec();
        assert!(packed.iter().all(|block| !heap.arenas.own(*block)));
        // SAFETY: the blocks are live, and each is freed once.
        unsafe {
            small.write_bytes(7, 32);
            // It moves to libc, with what is in it.
            let small = heap.realloc(small, 48);
            assert!(!heap.arenas.own(small));
            heap.pack(false);
            packed[2].write_bytes(9, 32);
            let back = heap.realloc(packed[2], 40);
            assert!(heap.arenas.own(back));
            assert_eq!((*small.add(31), *back.add(31)), (7, 9));
            for block in [packed[0], packed[1], packed[3], small, back] {
                heap.free(block);
            }
        }
    }

    #[test]
    fn a_block_stays_where_it_fits_and_moves_where_it_does_not() {
        let mut heap = Heap::new();
        let block = heap.malloc(64);
        // SAFETY: what `realloc` gives is live, and what it was given is not.
        unsafe {
            block.write_bytes(5, 64);
            assert_eq!(
                heap.realloc(block, 33),
                block,
                "more than half of it is used"
            );
            let smaller = heap.realloc(block, 32);
            assert_ne!(smaller, block);
            let larger = heap.realloc(smaller, 65);
            assert_ne!(larger, smaller);
            assert!((0..32).all(|at| *larger.add(at) == 5));
            assert!(!heap.realloc(ptr::null_mut(), 1).is_null());
        }
    }
}
