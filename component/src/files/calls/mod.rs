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
use super::{Access, Descriptors, Error, FIRST, Found, Kind, Library, Node, Slot, Tree};

/// What a path begins at where no directory is given.
const HERE: c_int = libc::AT_FDCWD;

thread_local! {
    static FILES: RefCell<Files> = const { RefCell::new(Files::new()) };
}

/// What an instance knows of its files.
struct Files {
    /// The directories that the host gave.
    theirs: Vec<String>,
    /// What is in the component itself.
    library: Library,
    /// Whether all that is here stays when the instance begins: it is part of
    /// what was baked.
    kept: bool,
    /// What is printed, where that is to go nowhere else.
    heard: Option<Vec<u8>>,
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
            library: Library::new(),
            kept: false,
            heard: None,
            tree: None,
            descriptors: Descriptors::new(),
            listings: Vec::new(),
            current: Vec::new(),
        }
    }

    fn tree(&mut self) -> Rc<Tree> {
        let (theirs, library) = (&self.theirs, &self.library);
        let tree = self.tree.get_or_insert_with(|| {
            let tree = Tree::new(theirs.iter().map(String::as_bytes));
            library.attach_to(&tree);
            Rc::new(tree)
        });
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

/// Says which directories the host gave. What was there before is gone, but for
/// what is in the component itself, which is there in place of what the host
/// gives.
pub(crate) fn mount(mut theirs: Vec<String>) {
    FILES.with_borrow_mut(|files| {
        theirs.retain(|path| !files.library.has(path));
        if files.kept {
            if let Some(tree) = &files.tree {
                tree.grant(theirs.iter().map(String::as_bytes));
            }
            files.theirs = theirs;
        } else {
            let library = std::mem::take(&mut files.library);
            *files = Files {
                theirs,
                library,
                ..Files::new()
            };
        }
    });
}

/// Adds a file to those that are in the component itself.
///
/// # Errors
/// Where it has no place there.
pub(crate) fn add(mount: &str, path: &str, bytes: &[u8], size: usize) -> Result<(), Error> {
    FILES.with_borrow_mut(|files| {
        files.tree = None;
        files.library.add(mount, path, bytes, size)
    })
}

/// Where the directories are that are in the component itself.
pub(crate) fn mounts() -> Vec<String> {
    FILES.with_borrow(|files| files.library.mounts().map(str::to_owned).collect())
}

/// The content of a file that is in the component itself.
pub(crate) fn content(path: &str) -> Option<Rc<Vec<u8>>> {
    FILES.with_borrow_mut(|files| {
        let Ok(Where::Ours(place)) = files.locate(HERE, path.as_bytes(), true) else {
            return None;
        };
        match &place.node?.kind {
            Kind::Packed(packed) => packed.content().ok(),
            _ => None,
        }
    })
}

/// Lets every instance begin with all that is here now.
pub(crate) fn keep() {
    FILES.with_borrow_mut(|files| {
        files.kept = true;
        files.heard = None;
    });
}

/// Whether instances begin with files that were kept.
pub(crate) fn is_kept() -> bool {
    FILES.with_borrow(|files| files.kept)
}

/// Keeps what is printed from now on, instead of giving it to the host. libc
/// keeps the host's streams in memory, and no other instance has them.
pub(crate) fn hear() {
    FILES.with_borrow_mut(|files| files.heard = Some(Vec::new()));
}

/// Whether what a descriptor is given is kept here.
fn heard(descriptor: c_int, bytes: &[u8]) -> bool {
    /// What is beyond this is dropped.
    const MOST: usize = 1 << 20;
    FILES.with_borrow_mut(|files| match &mut files.heard {
        Some(heard) if matches!(descriptor, 1 | 2) => {
            let room = MOST.saturating_sub(heard.len()).min(bytes.len());
            heard.extend(&bytes[..room]);
            true
        }
        _ => false,
    })
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
        Kind::File(_) | Kind::Packed(_) => libc::S_IFREG,
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
