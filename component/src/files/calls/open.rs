//! Opening files, and what is done with those that are open.

use std::ffi::{c_char, c_int, c_short, c_void};
use std::rc::Rc;
use std::slice;
use std::time::Duration;

use libc::{off_t, size_t, ssize_t, stat, timespec};

use super::{Access, Error, Files, Kind, Node, Slot, fill, on_descriptor, on_path};
use crate::files::node::now;

impl Files {
    fn open(&mut self, place: &Slot, flags: c_int, mode: u32) -> Result<c_int, Error> {
        let asks = |flag| flags & flag == flag;
        let access = Access {
            read: asks(libc::O_RDONLY),
            write: asks(libc::O_WRONLY),
            append: asks(libc::O_APPEND),
        };
        let node = match &place.node {
            Some(_) if asks(libc::O_CREAT | libc::O_EXCL) => return Err(Error::Exists),
            Some(node) => {
                match &node.kind {
                    Kind::Directory { .. } if access.write || asks(libc::O_CREAT) => {
                        return Err(Error::IsDirectory);
                    }
                    Kind::Directory { .. } => {}
                    Kind::Link(_) => return Err(Error::Loop),
                    Kind::Packed(_) if access.write => return Err(Error::Denied),
                    _ if asks(libc::O_DIRECTORY) => return Err(Error::NotDirectory),
                    Kind::File(_) if access.write && asks(libc::O_TRUNC) => node.truncate(0)?,
                    _ => {}
                }
                Rc::clone(node)
            }
            None if asks(libc::O_CREAT) => {
                let file = Kind::File(Vec::new().into());
                self.tree().create(place, file, mode & 0o777 & !UMASK)?
            }
            None => return Err(Error::NotFound),
        };
        self.descriptors.open(node, place.path.clone(), access)
    }
}

/// What nobody but the owner may do with a new file.
pub(super) const UMASK: u32 = 0o022;

/// Opens a file.
///
/// # Safety
/// `path` must be a C string, and `more` where C puts further arguments.
unsafe fn open_at(
    directory: c_int,
    path: *const c_char,
    flags: c_int,
    more: *const c_int,
) -> c_int {
    let creates = flags & libc::O_CREAT != 0;
    // SAFETY: with this flag there is one further argument.
    let mode = if creates { unsafe { *more } } else { 0 };
    let follow = flags & libc::O_NOFOLLOW == 0 && !(creates && flags & libc::O_EXCL != 0);
    // SAFETY: by the caller's promise.
    unsafe {
        on_path(
            directory,
            path,
            follow,
            |files, place| files.open(&place, flags, mode.cast_unsigned()),
            |directory, path| libc::openat(directory, path, flags, mode),
        )
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn files_open(path: *const c_char, flags: c_int, more: *const c_int) -> c_int {
    // SAFETY: as in C.
    unsafe { open_at(super::HERE, path, flags, more) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn files_openat(
    directory: c_int,
    path: *const c_char,
    flags: c_int,
    more: *const c_int,
) -> c_int {
    // SAFETY: as in C.
    unsafe { open_at(directory, path, flags, more) }
}

#[unsafe(no_mangle)]
extern "C" fn files_close(descriptor: c_int) -> c_int {
    on_descriptor(
        descriptor,
        |all| all.close(descriptor).map(|()| 0),
        // SAFETY: libc knows what it gave.
        || unsafe { libc::close(descriptor) },
    )
}

/// Reads, from a position or from where the last call ended.
///
/// # Safety
/// `into` must be valid for writes of `size` bytes.
unsafe fn read(
    descriptor: c_int,
    at: Option<off_t>,
    into: *mut c_void,
    size: size_t,
    theirs: impl FnOnce() -> ssize_t,
) -> ssize_t {
    let ours = |all: &mut super::Descriptors| {
        let at = position(at)?;
        if size == 0 {
            return Ok(0);
        }
        // SAFETY: by the caller's promise; bytes of any value are valid.
        let into = unsafe { slice::from_raw_parts_mut(into.cast(), size) };
        all.read(descriptor, at, into).map(usize::cast_signed)
    };
    on_descriptor(descriptor, ours, theirs)
}

/// Writes, at a position or where the last call ended.
///
/// # Safety
/// `from` must be valid for reads of `size` bytes.
unsafe fn write(
    descriptor: c_int,
    at: Option<off_t>,
    from: *const c_void,
    size: size_t,
    theirs: impl FnOnce() -> ssize_t,
) -> ssize_t {
    let ours = |all: &mut super::Descriptors| {
        let at = position(at)?;
        let bytes = match size {
            0 => &[],
            // SAFETY: by the caller's promise.
            _ => unsafe { slice::from_raw_parts(from.cast(), size) },
        };
        all.write(descriptor, at, bytes).map(usize::cast_signed)
    };
    on_descriptor(descriptor, ours, theirs)
}

fn position(at: Option<off_t>) -> Result<Option<u64>, Error> {
    at.map(|at| u64::try_from(at).map_err(|_| Error::Invalid))
        .transpose()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn files_read(descriptor: c_int, into: *mut c_void, size: size_t) -> ssize_t {
    // SAFETY: as in C.
    unsafe {
        read(descriptor, None, into, size, || {
            libc::read(descriptor, into, size)
        })
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn files_pread(
    descriptor: c_int,
    into: *mut c_void,
    size: size_t,
    at: off_t,
) -> ssize_t {
    // SAFETY: as in C.
    unsafe {
        read(descriptor, Some(at), into, size, || {
            libc::pread(descriptor, into, size, at)
        })
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn files_write(descriptor: c_int, from: *const c_void, size: size_t) -> ssize_t {
    // SAFETY: as in C, `from` is valid for reads of `size` bytes; and as in C.
    unsafe {
        write(descriptor, None, from, size, || {
            if size > 0 && super::heard(descriptor, slice::from_raw_parts(from.cast(), size)) {
                return size.cast_signed();
            }
            libc::write(descriptor, from, size)
        })
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn files_pwrite(
    descriptor: c_int,
    from: *const c_void,
    size: size_t,
    at: off_t,
) -> ssize_t {
    // SAFETY: as in C.
    unsafe {
        write(descriptor, Some(at), from, size, || {
            libc::pwrite(descriptor, from, size, at)
        })
    }
}

#[unsafe(no_mangle)]
extern "C" fn files_lseek(descriptor: c_int, offset: off_t, whence: c_int) -> off_t {
    let by = match whence {
        libc::SEEK_SET => 0,
        libc::SEEK_CUR => 1,
        libc::SEEK_END => 2,
        _ => u8::MAX,
    };
    on_descriptor(
        descriptor,
        |all| all.seek(descriptor, offset, by).map(u64::cast_signed),
        // SAFETY: no pointers.
        || unsafe { libc::lseek(descriptor, offset, whence) },
    )
}

/// What libc's header makes of asking `lseek` for the present position.
#[unsafe(no_mangle)]
extern "C" fn files___wasilibc_tell(descriptor: c_int) -> off_t {
    files_lseek(descriptor, 0, libc::SEEK_CUR)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn files_fstat(descriptor: c_int, into: *mut stat) -> c_int {
    // SAFETY: as in C, `into` is valid for writes.
    unsafe {
        on_descriptor(
            descriptor,
            |all| {
                fill(all.node(descriptor)?, into);
                Ok(0)
            },
            || libc::fstat(descriptor, into),
        )
    }
}

#[unsafe(no_mangle)]
extern "C" fn files_isatty(descriptor: c_int) -> c_int {
    if descriptor < super::FIRST {
        // SAFETY: no pointers.
        return unsafe { libc::isatty(descriptor) };
    }
    // SAFETY: libc's variable, and the component has one thread.
    unsafe { *libc::__errno_location() = libc::ENOTTY };
    0
}

#[unsafe(no_mangle)]
extern "C" fn files_ftruncate(descriptor: c_int, size: off_t) -> c_int {
    on_descriptor(
        descriptor,
        |all| {
            let open = all.get(descriptor)?;
            let size = u64::try_from(size).map_err(|_| Error::Invalid)?;
            if !open.access.write {
                return Err(Error::Invalid);
            }
            open.node.truncate(size).map(|()| 0)
        },
        // SAFETY: no pointers.
        || unsafe { libc::ftruncate(descriptor, size) },
    )
}

/// Does nothing with one of ours: memory is all there is.
fn settled(descriptor: c_int, theirs: impl FnOnce() -> c_int) -> c_int {
    on_descriptor(descriptor, |all| all.get(descriptor).map(|_| 0), theirs)
}

#[unsafe(no_mangle)]
extern "C" fn files_fsync(descriptor: c_int) -> c_int {
    // SAFETY: no pointers.
    settled(descriptor, || unsafe { libc::fsync(descriptor) })
}

#[unsafe(no_mangle)]
extern "C" fn files_fdatasync(descriptor: c_int) -> c_int {
    // SAFETY: no pointers.
    settled(descriptor, || unsafe { libc::fdatasync(descriptor) })
}

#[unsafe(no_mangle)]
extern "C" fn files_posix_fadvise(
    descriptor: c_int,
    offset: off_t,
    size: off_t,
    advice: c_int,
) -> c_int {
    settled(descriptor, || {
        // SAFETY: no pointers.
        unsafe { libc::posix_fadvise(descriptor, offset, size, advice) }
    })
}

/// Locks of ranges of files, as the headers number them that SQLite was
/// compiled with: asking for one, setting one, and waiting for it.
const LOCK: c_int = 12;
const LOCKS: std::ops::RangeInclusive<c_int> = LOCK..=14;
/// What the first field of a lock says where there is none.
const UNLOCKED: c_short = 2;

#[unsafe(no_mangle)]
unsafe extern "C" fn files_fcntl(descriptor: c_int, command: c_int, more: *const c_int) -> c_int {
    // SAFETY: these have one further argument.
    let argument = || unsafe { *more };
    if LOCKS.contains(&command) {
        // A process has no locks against itself, and nobody else has files of
        // ours or can be kept from the host's. SQLite asks before it reads;
        // its connections know of each other.
        if command == LOCK {
            // SAFETY: the further argument is a lock then.
            unsafe { more.cast::<*mut c_short>().read().write(UNLOCKED) };
        }
        return 0;
    }
    on_descriptor(
        descriptor,
        |all| {
            let access = all.get(descriptor)?.access;
            match command {
                libc::F_GETFD | libc::F_SETFD => Ok(0),
                libc::F_GETFL => Ok([
                    (access.read, libc::O_RDONLY),
                    (access.write, libc::O_WRONLY),
                    (access.append, libc::O_APPEND),
                ]
                .iter()
                .filter_map(|(is, flag)| is.then_some(flag))
                .sum()),
                libc::F_SETFL => {
                    let append = argument() & libc::O_APPEND != 0;
                    all.set_append(descriptor, append).map(|()| 0)
                }
                _ => Err(Error::Invalid),
            }
        },
        // SAFETY: as in C.
        || unsafe {
            match command {
                libc::F_GETFD | libc::F_GETFL => libc::fcntl(descriptor, command),
                _ => libc::fcntl(descriptor, command, argument()),
            }
        },
    )
}

/// Sets a node's times as C asks for it: null is now, and there are marks for
/// now and for what stays.
///
/// # Safety
/// `times` must be null or point to two records.
pub(super) unsafe fn set_times(node: &Node, times: *const timespec) {
    let time = |index| {
        if times.is_null() {
            return Some(now());
        }
        // SAFETY: by the caller's promise.
        let time = unsafe { &*times.add(index) };
        match time.tv_nsec {
            libc::UTIME_NOW => Some(now()),
            libc::UTIME_OMIT => None,
            nanoseconds => Some(Duration::new(
                u64::try_from(time.tv_sec).unwrap_or(0),
                u32::try_from(nanoseconds).unwrap_or(0),
            )),
        }
    };
    node.set_times(time(0), time(1));
}

#[unsafe(no_mangle)]
unsafe extern "C" fn files_futimens(descriptor: c_int, times: *const timespec) -> c_int {
    on_descriptor(
        descriptor,
        |all| {
            // SAFETY: as in C.
            unsafe { set_times(all.node(descriptor)?, times) };
            Ok(0)
        },
        // SAFETY: as in C.
        || unsafe { libc::futimens(descriptor, times) },
    )
}

/// libc's text for an error; of the one that is ours alone it says what the
/// limit is.
#[unsafe(no_mangle)]
extern "C" fn files_strerror(number: c_int) -> *mut c_char {
    const MEBIBYTES: usize = super::super::CAPACITY >> 20;
    const { assert!(MEBIBYTES == 64, "the text says so") };
    if number == libc::ENOSPC {
        let text = c"No space left on device: /tmp is in memory and holds at most 64 MiB";
        return text.as_ptr().cast_mut();
    }
    // SAFETY: no pointers.
    unsafe { libc::strerror(number) }
}
