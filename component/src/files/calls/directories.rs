//! Listing directories.

use std::ffi::{c_char, c_int};
use std::{mem, ptr};

use libc::{DIR, dirent};

use super::{Error, FILES, Files, HERE, Kind, Slot, on_path};

/// A directory of ours that is being read.
pub(super) struct Listing {
    /// What is left, last first.
    left: Vec<(u64, u8, Vec<u8>)>,
    /// The record that was given last.
    record: Vec<u64>,
}

impl Files {
    fn list(&mut self, place: &Slot) -> Result<*mut DIR, Error> {
        let entries = place.node()?.entries()?;
        let mut left: Vec<_> = entries
            .into_iter()
            .map(|(name, node)| {
                let kind = match node.kind {
                    Kind::File(_) | Kind::Packed(_) => libc::DT_REG,
                    Kind::Directory { .. } | Kind::Theirs => libc::DT_DIR,
                    Kind::Link(_) => libc::DT_LNK,
                    Kind::Null => libc::DT_CHR,
                };
                (node.stat().number + 1, kind, name)
            })
            .collect();
        left.reverse();
        let record = Vec::new();
        let listing = Box::into_raw(Box::new(Listing { left, record }));
        self.listings.push(listing);
        Ok(listing.cast())
    }

    /// One of our listings, where it is one.
    fn listing(&self, stream: *mut DIR) -> Option<*mut Listing> {
        let listing = stream.cast();
        self.listings.contains(&listing).then_some(listing)
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn files_opendir(path: *const c_char) -> *mut DIR {
    // SAFETY: as in C.
    unsafe {
        on_path(
            HERE,
            path,
            true,
            |files, place| files.list(&place),
            |_, path| libc::opendir(path),
        )
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn files_readdir(stream: *mut DIR) -> *mut dirent {
    let Some(listing) = FILES.with_borrow(|files| files.listing(stream)) else {
        // SAFETY: as in C.
        return unsafe { libc::readdir(stream) };
    };
    // SAFETY: a live listing, which nobody else uses; the record has room for
    // the name and its end.
    unsafe {
        let listing = &mut *listing;
        let Some((number, kind, name)) = listing.left.pop() else {
            return ptr::null_mut();
        };
        let start = mem::offset_of!(dirent, d_name);
        listing.record.clear();
        listing
            .record
            .resize((start + name.len() + 1).div_ceil(8), 0);
        let record: *mut dirent = listing.record.as_mut_ptr().cast();
        (*record).d_ino = number;
        (*record).d_type = kind;
        record
            .cast::<u8>()
            .add(start)
            .copy_from_nonoverlapping(name.as_ptr(), name.len());
        record
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn files_closedir(stream: *mut DIR) -> c_int {
    let listing = FILES.with_borrow_mut(|files| {
        let listing = files.listing(stream)?;
        files.listings.retain(|other| *other != listing);
        Some(listing)
    });
    match listing {
        // SAFETY: it came from a box, and nobody else has it any more.
        Some(listing) => drop(unsafe { Box::from_raw(listing) }),
        // SAFETY: as in C.
        None => return unsafe { libc::closedir(stream) },
    }
    0
}
