//! Which pages of a private mapping were written.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::LazyLock;

/// Bits of an entry in `/proc/self/pagemap`, of which there is one a page: see
/// "Examining Process Page Tables" in the Linux kernel's administration guide.
const PRESENT: u64 = 1 << 63;
const SWAPPED: u64 = 1 << 62;
/// The page is one of a file, or of memory that is shared like one.
const FILE: u64 = 1 << 61;

/// The kernel's account of this process's pages.
pub(super) struct Pagemap {
    file: File,
    /// Whose pages they are: a child of `fork` has the file, but other pages.
    process: u32,
}

static THIS_PROCESS: LazyLock<Option<Pagemap>> = LazyLock::new(|| {
    let pagemap = Pagemap {
        file: File::open("/proc/self/pagemap").ok()?,
        process: std::process::id(),
    };
    tells_written_pages(&pagemap)
        .unwrap_or(false)
        .then_some(pagemap)
});

impl Pagemap {
    /// The account, where the system gives a right one.
    pub(super) fn get() -> Option<&'static Self> {
        let pagemap = THIS_PROCESS.as_ref()?;
        (pagemap.process == std::process::id()).then_some(pagemap)
    }

    /// Finds the pages of a private mapping that may hold something else than
    /// what was mapped, as ranges of their numbers, from below.
    ///
    /// A page that was written is one of this process's own: neither a file's
    /// nor shared. That it is not in memory does not matter: one that was
    /// swapped out, or is being moved by the kernel, counts as swapped.
    pub(super) fn written(
        &self,
        start: usize,
        pages: usize,
        page: usize,
    ) -> io::Result<Vec<std::ops::Range<usize>>> {
        const ENTRY: usize = size_of::<u64>();
        let mut entries = vec![0; pages * ENTRY];
        self.file
            .read_exact_at(&mut entries, (start / page * ENTRY) as u64)?;
        let mut ranges: Vec<std::ops::Range<usize>> = Vec::new();
        for (number, entry) in entries.as_chunks::<ENTRY>().0.iter().enumerate() {
            let entry = u64::from_ne_bytes(*entry);
            if entry & (PRESENT | SWAPPED) == 0 || entry & FILE != 0 {
                continue;
            }
            match ranges.last_mut() {
                Some(last) if last.end == number => last.end += 1,
                _ => ranges.push(number..number + 1),
            }
        }
        Ok(ranges)
    }
}

/// Tries it on pages whose state is known. Not every system that has the file
/// tells the truth in it.
fn tells_written_pages(pagemap: &Pagemap) -> io::Result<bool> {
    use rustix::fs::{MemfdFlags, memfd_create};
    use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

    const PAGES: usize = 4;
    let page = rustix::param::page_size();
    let file = File::from(memfd_create("pipeline-probe", MemfdFlags::CLOEXEC)?);
    file.write_all_at(&vec![7; PAGES * page], 0)?;
    // SAFETY: a new mapping, which only this function knows and which it ends;
    // reads and writes are volatile and within it.
    let found = unsafe {
        let flags = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE);
        let start = mmap(
            std::ptr::null_mut(),
            PAGES * page,
            flags.0,
            flags.1,
            &file,
            0,
        )?;
        let bytes = start.cast::<u8>();
        // The first is left alone, the second read, the third written, the
        // fourth read and written.
        bytes.add(page).read_volatile();
        bytes.add(2 * page).write_volatile(1);
        bytes
            .add(3 * page)
            .write_volatile(bytes.add(3 * page).read_volatile());
        let found = pagemap.written(start.addr(), PAGES, page);
        munmap(start, PAGES * page)?;
        found?
    };
    let expected = 2..4;
    Ok(found == std::slice::from_ref(&expected))
}
