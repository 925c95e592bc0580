//! Which pages of a private mapping were written.

use std::ffi::c_void;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::sync::LazyLock;

use rustix::ioctl::{Ioctl, IoctlOutput, Opcode, ioctl, opcode};

/// The kernel's account of this process's pages: see "Examining Process Page
/// Tables" in the Linux kernel's administration guide.
pub(super) struct Pagemap {
    file: File,
    /// Whose pages they are: a child of `fork` has the file, but other pages.
    process: u32,
    way: Way,
}

/// How the account is asked.
#[derive(Clone, Copy)]
enum Way {
    /// For the pages that are as they are looked for, since Linux 6.7. It costs
    /// what there is to find.
    Scan,
    /// For all pages. It costs what there is to look at.
    Read,
}

static THIS_PROCESS: LazyLock<Option<Pagemap>> = LazyLock::new(|| {
    [Way::Scan, Way::Read]
        .into_iter()
        .find_map(Pagemap::trusted)
});

impl Pagemap {
    /// The account, where the system gives a right one.
    pub(super) fn get() -> Option<&'static Self> {
        let pagemap = THIS_PROCESS.as_ref()?;
        (pagemap.process == std::process::id()).then_some(pagemap)
    }

    /// The account asked in one way, if the system has that and tells the truth.
    fn trusted(way: Way) -> Option<Self> {
        let pagemap = Self {
            file: File::open("/proc/self/pagemap").ok()?,
            process: std::process::id(),
            way,
        };
        tells_written_pages(&pagemap)
            .unwrap_or(false)
            .then_some(pagemap)
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
    ) -> io::Result<Vec<Range<usize>>> {
        match self.way {
            Way::Scan => self.scan(start, pages, page),
            Way::Read => self.read(start, pages, page),
        }
    }

    fn scan(&self, start: usize, pages: usize, page: usize) -> io::Result<Vec<Range<usize>>> {
        /// What the kernel says of a page.
        const FILE: u64 = 1 << 2;
        const PRESENT: u64 = 1 << 3;
        const SWAPPED: u64 = 1 << 4;
        /// So many ranges are taken at a time; more than a small run leaves.
        const RANGES: usize = 128;

        let end = (start + pages * page) as u64;
        let mut found = [Found::default(); RANGES];
        let mut ranges: Vec<Range<usize>> = Vec::new();
        let mut from = start as u64;
        while from < end {
            let mut scan = Scan {
                size: size_of::<Scan>() as u64,
                start: from,
                end,
                found: found.as_mut_ptr().expose_provenance() as u64,
                found_length: RANGES as u64,
                // What is inverted and wanted is what must not be so.
                inverted: FILE,
                all_of: FILE,
                any_of: PRESENT | SWAPPED,
                told: PRESENT | SWAPPED,
                ..Scan::default()
            };
            // SAFETY: the operation of this number takes a `Scan`, and writes
            // no more than `found_length` entries where `found` points to, which
            // is an array of as many that nobody else uses meanwhile.
            let count = unsafe { ioctl(&self.file, &mut scan)? };
            for found in found.get(..count).unwrap_or_default() {
                let number = |address: u64| (address as usize - start) / page;
                let (first, end) = (number(found.start), number(found.end));
                match ranges.last_mut() {
                    Some(last) if last.end == first => last.end = end,
                    _ => ranges.push(first..end),
                }
            }
            if scan.walk_end <= from {
                return Err(io::ErrorKind::InvalidData.into());
            }
            from = scan.walk_end;
        }
        Ok(ranges)
    }

    fn read(&self, start: usize, pages: usize, page: usize) -> io::Result<Vec<Range<usize>>> {
        const ENTRY: usize = size_of::<u64>();
        /// Bits of an entry, of which there is one a page.
        const PRESENT: u64 = 1 << 63;
        const SWAPPED: u64 = 1 << 62;
        /// The page is one of a file, or of memory that is shared like one.
        const FILE: u64 = 1 << 61;

        let mut entries = vec![0; pages * ENTRY];
        self.file
            .read_exact_at(&mut entries, (start / page * ENTRY) as u64)?;
        let mut ranges: Vec<Range<usize>> = Vec::new();
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

/// What the kernel is asked: its `struct pm_scan_arg`.
#[repr(C)]
#[derive(Default)]
struct Scan {
    size: u64,
    flags: u64,
    start: u64,
    end: u64,
    /// How far it came.
    walk_end: u64,
    found: u64,
    found_length: u64,
    most_pages: u64,
    inverted: u64,
    all_of: u64,
    any_of: u64,
    told: u64,
}

/// What it answers with: its `struct page_region`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Found {
    start: u64,
    end: u64,
    categories: u64,
}

// SAFETY: what the pointer leads to is a `Scan` of the caller's, which the kernel
// reads and writes for the call; the result is a number of entries.
unsafe impl Ioctl for &mut Scan {
    type Output = usize;

    const IS_MUTATING: bool = true;

    fn opcode(&self) -> Opcode {
        opcode::read_write::<Scan>(b'f', 16)
    }

    fn as_ptr(&mut self) -> *mut c_void {
        std::ptr::from_mut(*self).cast()
    }

    unsafe fn output_from_ptr(output: IoctlOutput, _: *mut c_void) -> rustix::io::Result<usize> {
        usize::try_from(output).map_err(|_| rustix::io::Errno::OVERFLOW)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_tell_the_same() {
        use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};

        const PAGES: usize = 4096;
        let page = rustix::param::page_size();
        let ways = [Way::Scan, Way::Read].map(Pagemap::trusted);
        // SAFETY: a new mapping that only this test knows; writes are within it.
        unsafe {
            let flags = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE);
            let start =
                mmap_anonymous(std::ptr::null_mut(), PAGES * page, flags.0, flags.1).unwrap();
            // More ranges than are taken at a time, some of them longer.
            let mut expected: Vec<Range<usize>> = Vec::new();
            for written in (0..PAGES).filter(|number| number % 7 < 2 || number % 1000 < 40) {
                start.cast::<u8>().add(written * page).write_volatile(1);
                match expected.last_mut() {
                    Some(last) if last.end == written => last.end += 1,
                    _ => expected.push(written..written + 1),
                }
            }
            for way in ways.iter().flatten() {
                assert_eq!(way.written(start.addr(), PAGES, page).unwrap(), expected);
            }
            munmap(start, PAGES * page).unwrap();
        }
        assert!(ways[1].is_some());
    }
}
