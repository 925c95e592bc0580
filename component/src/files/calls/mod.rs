//! What CPython calls in place of libc's functions of the same names: the
//! build lets libpython import `files_open` where it imports `open`.
//!
//! A call for a path in a directory of the host's, or for one of libc's
//! descriptors, goes on to libc.

mod directories;
mod open;
mod paths;

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char, c_int};
use std::ptr;
use std::rc::Rc;

use libc::{ssize_t, stat};

use self::directories::Listing;
use super::{Access, Descriptors, Error, FIRST, Found, Kind, Node, Slot, Tree};

/// What a path begins at where no directory is given.
const HERE: c_int = libc::AT_FDCWD;

thread_local! {
    static FILES: RefCell<Files> = const { RefCell::new(Files::new()) };
}

/// What an instance knows of its files.
struct Files {
    /// The directories that the host gave.
    theirs: Vec<String>,
    /// Made when a call is for none of them.
    tree: Option<Rc<Tree>>,
    descriptors: Descriptors,
    listings: Vec<*mut Listing>,
    /// Where relative paths begin; empty, and so the root, until that changes.
    current: Vec<u8>,
}

impl Files {
    const fn new() -> Self {
        Self {
            theirs: Vec::new(),
            tree: None,
            descriptors: Descriptors::new(),
            listings: Vec::new(),
            current: Vec::new(),
        }
    }

    fn tree(&mut self) -> Rc<Tree> {
        let theirs = &self.theirs;
        let tree = self
            .tree
            .get_or_insert_with(|| Rc::new(Tree::new(theirs.iter().map(String::as_bytes))));
        Rc::clone(tree)
    }

    /// Whether a path lies in a directory of the host's, as far as that can be
    /// told at a glance.
    fn clearly_theirs(&self, path: &[u8]) -> bool {
        let inside = |directory: &String| {
            let rest = path.strip_prefix(directory.as_bytes());
            rest.is_some_and(|rest| rest.first().is_none_or(|byte| *byte == b'/'))
        };
        path.first() == Some(&b'/')
            && self.theirs.iter().any(inside)
            && !path.windows(3).any(|part| part == b"/..")
    }

    /// Where a path leads that begins at a directory.
    fn locate(&mut self, directory: c_int, path: &[u8], follow: bool) -> Result<Where, Error> {
        if self.clearly_theirs(path) {
            return Ok(Where::AsItCame);
        }
        let absolute = path.first() == Some(&b'/');
        let from = if absolute || directory == HERE {
            self.current.clone()
        } else if directory >= FIRST {
            self.descriptors.path(directory)?.to_vec()
        } else {
            return Ok(Where::AsItCame);
        };
        match self.tree().find(&from, path, follow)? {
            Found::Ours(place) => Ok(Where::Ours(place)),
            Found::Theirs(path) => CString::new(path)
                .map(Where::Theirs)
                .map_err(|_| Error::Invalid),
        }
    }
}

/// Where a path leads.
enum Where {
    /// To libc, unchanged.
    AsItCame,
    /// To libc, by this absolute path.
    Theirs(CString),
    /// To a place of ours.
    Ours(Slot),
}

/// Says which directories the host gave. What was there before is gone.
pub(crate) fn mount(theirs: Vec<String>) {
    FILES.replace(Files {
        theirs,
        ..Files::new()
    });
}

/// Forgets everything, so that a snapshot holds nothing of it.
pub(crate) fn reset() {
    FILES.replace(Files::new());
}

/// Sets the permissions of a file: libc has no such call.
///
/// # Errors
/// Where there is no such file, or it is the host's.
pub(crate) fn chmod(path: &[u8], mode: u32) -> Result<(), c_int> {
    FILES.with_borrow_mut(|files| {
        let place = files.locate(HERE, path, true);
        match place.map_err(Error::number)? {
            Where::Ours(place) => {
                let node = place.node().map_err(|error| error.number())?;
                node.set_mode(mode);
                Ok(())
            }
            Where::AsItCame | Where::Theirs(_) => Err(libc::EROFS),
        }
    })
}

/// What a function of C gives where it fails.
trait Failed {
    const FAILED: Self;
}

impl Failed for c_int {
    const FAILED: Self = -1;
}

impl Failed for i64 {
    const FAILED: Self = -1;
}

impl Failed for ssize_t {
    const FAILED: Self = -1;
}

impl<T> Failed for *mut T {
    const FAILED: Self = ptr::null_mut();
}

/// Gives a result as C does.
fn give<T: Failed>(result: Result<T, Error>) -> T {
    result.unwrap_or_else(|error| {
        // SAFETY: libc's variable, and the component has one thread.
        unsafe { *libc::__errno_location() = error.number() };
        T::FAILED
    })
}

/// Answers a call for a path: here, or by libc.
///
/// # Safety
/// `path` must be a C string.
unsafe fn on_path<T: Failed>(
    directory: c_int,
    path: *const c_char,
    follow: bool,
    ours: impl FnOnce(&mut Files, Slot) -> Result<T, Error>,
    theirs: impl FnOnce(c_int, *const c_char) -> T,
) -> T {
    // SAFETY: by the caller's promise.
    let bytes = unsafe { CStr::from_ptr(path) }.to_bytes();
    let place = FILES.with_borrow_mut(|files| match files.locate(directory, bytes, follow)? {
        Where::Ours(place) => ours(files, place).map(Ok),
        place => Ok(Err(place)),
    });
    match place {
        Ok(Ok(result)) => result,
        Ok(Err(Where::Theirs(path))) => theirs(HERE, path.as_ptr()),
        Ok(Err(_)) => theirs(directory, path),
        Err(error) => give(Err(error)),
    }
}

/// Answers a call for a descriptor: here, or by libc.
fn on_descriptor<T: Failed>(
    descriptor: c_int,
    ours: impl FnOnce(&mut Descriptors) -> Result<T, Error>,
    theirs: impl FnOnce() -> T,
) -> T {
    if descriptor < FIRST {
        return theirs();
    }
    give(FILES.with_borrow_mut(|files| ours(&mut files.descriptors)))
}

/// Who owns what is here.
const USER: libc::uid_t = 1000;

/// Fills C's record of a file.
///
/// # Safety
/// `into` must be valid for writes.
unsafe fn fill(node: &Node, into: *mut stat) {
    let known = node.stat();
    let kind = match node.kind {
        Kind::File(_) => libc::S_IFREG,
        Kind::Directory { .. } | Kind::Theirs => libc::S_IFDIR,
        Kind::Link(_) => libc::S_IFLNK,
        Kind::Null => libc::S_IFCHR,
    };
    let time = |since: std::time::Duration| libc::timespec {
        tv_sec: since.as_secs().cast_signed(),
        // Less than a second.
        tv_nsec: since.subsec_nanos().cast_signed(),
    };
    // SAFETY: all zeros is a valid record, and `into` is valid for writes.
    unsafe {
        let mut record: stat = std::mem::zeroed();
        // Not zero, which libc gives for everything: files are told apart by
        // device and number.
        record.st_dev = 1;
        record.st_ino = known.number + 1;
        record.st_nlink = known.links.into();
        record.st_mode = kind | known.mode;
        // As `os.getuid` in the sandbox says.
        record.st_uid = USER;
        record.st_gid = USER;
        record.st_size = known.size as libc::off_t;
        record.st_blksize = 4096;
        record.st_blocks = known.size.div_ceil(512) as libc::blkcnt_t;
        record.st_atim = time(known.accessed);
        record.st_mtim = time(known.modified);
        record.st_ctim = time(known.changed);
        into.write(record);
    }
}
