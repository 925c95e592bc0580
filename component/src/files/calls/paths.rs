//! What is done with files by their paths.

use std::ffi::{CStr, CString, c_char, c_int};

use libc::{mode_t, off_t, size_t, ssize_t, stat, timespec};

use super::open::{UMASK, set_times};
use super::{Error, FILES, HERE, Kind, Slot, Where, fill, give, on_path};
use crate::files::tree::writable;

/// # Safety
/// As C's function of the name.
#[unsafe(no_mangle)]
unsafe extern "C" fn files_fstatat(
    directory: c_int,
    path: *const c_char,
    into: *mut stat,
    flags: c_int,
) -> c_int {
    let follow = flags & libc::AT_SYMLINK_NOFOLLOW == 0;
    // SAFETY: as in C.
    unsafe {
        on_path(
            directory,
            path,
            follow,
            |_, place| {
                fill(place.node()?, into);
                Ok(0)
            },
            |directory, path| libc::fstatat(directory, path, into, flags),
        )
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn files_stat(path: *const c_char, into: *mut stat) -> c_int {
    // SAFETY: as in C.
    unsafe { files_fstatat(HERE, path, into, 0) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn files_lstat(path: *const c_char, into: *mut stat) -> c_int {
    // SAFETY: as in C.
    unsafe { files_fstatat(HERE, path, into, libc::AT_SYMLINK_NOFOLLOW) }
}

fn access(place: &Slot, mode: c_int) -> Result<c_int, Error> {
    let node = place.node()?;
    if mode & libc::W_OK != 0 {
        match node.kind {
            Kind::Directory { .. } => writable(node)?,
            Kind::Packed(_) => return Err(Error::Denied),
            _ => {}
        }
    }
    if mode & libc::X_OK != 0 && !node.is_directory() && node.stat().mode & 0o111 == 0 {
        return Err(Error::Denied);
    }
    Ok(0)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn files_faccessat(
    directory: c_int,
    path: *const c_char,
    mode: c_int,
    flags: c_int,
) -> c_int {
    let follow = flags & libc::AT_SYMLINK_NOFOLLOW == 0;
    // SAFETY: as in C.
    unsafe {
        on_path(
            directory,
            path,
            follow,
            |_, place| access(&place, mode),
            |directory, path| libc::faccessat(directory, path, mode, flags),
        )
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn files_access(path: *const c_char, mode: c_int) -> c_int {
    // SAFETY: as in C.
    unsafe { files_faccessat(HERE, path, mode, 0) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn files_mkdirat(directory: c_int, path: *const c_char, mode: mode_t) -> c_int {
    // SAFETY: as in C.
    unsafe {
        on_path(
            directory,
            path,
            false,
            |files, place| {
                let tree = files.tree();
                tree.make_directory(&place, mode & 0o7777 & !UMASK)?;
                Ok(0)
            },
            |directory, path| libc::mkdirat(directory, path, mode),
        )
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn files_mkdir(path: *const c_char, mode: mode_t) -> c_int {
    // SAFETY: as in C.
    unsafe { files_mkdirat(HERE, path, mode) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn files_unlinkat(directory: c_int, path: *const c_char, flags: c_int) -> c_int {
    let a_directory = flags & libc::AT_REMOVEDIR != 0;
    // SAFETY: as in C.
    unsafe {
        on_path(
            directory,
            path,
            false,
            |files, place| files.tree().remove(&place, a_directory).map(|()| 0),
            |directory, path| libc::unlinkat(directory, path, flags),
        )
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn files_unlink(path: *const c_char) -> c_int {
    // SAFETY: as in C.
    unsafe { files_unlinkat(HERE, path, 0) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn files_rmdir(path: *const c_char) -> c_int {
    // SAFETY: as in C.
    unsafe { files_unlinkat(HERE, path, libc::AT_REMOVEDIR) }
}

/// Answers a call for two paths, which have to be ours or the host's both.
///
/// # Safety
/// Both must be C strings.
unsafe fn on_two(
    (from_directory, from): (c_int, *const c_char),
    (to_directory, to): (c_int, *const c_char),
    ours: impl FnOnce(&super::Tree, &Slot, &Slot) -> Result<(), Error>,
    theirs: impl FnOnce(c_int, *const c_char, c_int, *const c_char) -> c_int,
) -> c_int {
    // SAFETY: by the caller's promise.
    let bytes = unsafe {
        (
            CStr::from_ptr(from).to_bytes(),
            CStr::from_ptr(to).to_bytes(),
        )
    };
    let places = FILES.with_borrow_mut(|files| {
        let places = (
            files.locate(from_directory, bytes.0, false)?,
            files.locate(to_directory, bytes.1, false)?,
        );
        match places {
            (Where::Ours(from), Where::Ours(to)) => {
                ours(&files.tree(), &from, &to)?;
                Ok(None)
            }
            (Where::Ours(_), _) | (_, Where::Ours(_)) => Err(Error::OtherDevice),
            places => Ok(Some(places)),
        }
    });
    let path = |place: &Where, directory, path| match place {
        Where::Theirs(path) => (HERE, path.as_ptr()),
        _ => (directory, path),
    };
    match places {
        Ok(None) => 0,
        Ok(Some(places)) => {
            let from = path(&places.0, from_directory, from);
            let to = path(&places.1, to_directory, to);
            theirs(from.0, from.1, to.0, to.1)
        }
        Err(error) => give(Err(error)),
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn files_renameat(
    from_directory: c_int,
    from: *const c_char,
    to_directory: c_int,
    to: *const c_char,
) -> c_int {
    // SAFETY: as in C.
    unsafe {
        on_two(
            (from_directory, from),
            (to_directory, to),
            super::Tree::rename,
            |a, from, b, to| libc::renameat(a, from, b, to),
        )
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn files_rename(from: *const c_char, to: *const c_char) -> c_int {
    // SAFETY: as in C.
    unsafe { files_renameat(HERE, from, HERE, to) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn files_link(from: *const c_char, to: *const c_char) -> c_int {
    // SAFETY: as in C.
    unsafe {
        on_two(
            (HERE, from),
            (HERE, to),
            |tree, from, to| tree.link(from.node()?, to),
            |a, from, b, to| libc::linkat(a, from, b, to, 0),
        )
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn files_symlinkat(
    target: *const c_char,
    directory: c_int,
    path: *const c_char,
) -> c_int {
    // SAFETY: as in C.
    unsafe {
        let bytes = CStr::from_ptr(target).to_bytes();
        on_path(
            directory,
            path,
            false,
            |files, place| {
                if bytes.is_empty() {
                    return Err(Error::NotFound);
                }
                let tree = files.tree();
                tree.create(&place, Kind::Link(bytes.to_vec()), 0o777)?;
                Ok(0)
            },
            |directory, path| libc::symlinkat(target, directory, path),
        )
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn files_symlink(target: *const c_char, path: *const c_char) -> c_int {
    // SAFETY: as in C.
    unsafe { files_symlinkat(target, HERE, path) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn files_readlinkat(
    directory: c_int,
    path: *const c_char,
    into: *mut c_char,
    size: size_t,
) -> ssize_t {
    // SAFETY: as in C.
    unsafe {
        on_path(
            directory,
            path,
            false,
            |_, place| {
                let Kind::Link(target) = &place.node()?.kind else {
                    return Err(Error::Invalid);
                };
                let count = target.len().min(size);
                into.cast::<u8>()
                    .copy_from_nonoverlapping(target.as_ptr(), count);
                Ok(count.cast_signed())
            },
            |directory, path| libc::readlinkat(directory, path, into, size),
        )
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn files_readlink(
    path: *const c_char,
    into: *mut c_char,
    size: size_t,
) -> ssize_t {
    // SAFETY: as in C.
    unsafe { files_readlinkat(HERE, path, into, size) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn files_truncate(path: *const c_char, size: off_t) -> c_int {
    // SAFETY: as in C.
    unsafe {
        on_path(
            HERE,
            path,
            true,
            |_, place| {
                let size = u64::try_from(size).map_err(|_| Error::Invalid)?;
                place.node()?.truncate(size).map(|()| 0)
            },
            |_, path| libc::truncate(path, size),
        )
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn files_utimensat(
    directory: c_int,
    path: *const c_char,
    times: *const timespec,
    flags: c_int,
) -> c_int {
    let follow = flags & libc::AT_SYMLINK_NOFOLLOW == 0;
    // SAFETY: as in C.
    unsafe {
        on_path(
            directory,
            path,
            follow,
            |_, place| {
                set_times(place.node()?, times);
                Ok(0)
            },
            |directory, path| libc::utimensat(directory, path, times, flags),
        )
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn files_chdir(path: *const c_char) -> c_int {
    // SAFETY: as in C.
    let bytes = unsafe { CStr::from_ptr(path) }.to_bytes();
    let theirs = FILES.with_borrow_mut(|files| {
        let path = match files.locate(HERE, bytes, true)? {
            Where::Ours(place) => {
                if !place.node()?.is_directory() {
                    return Err(Error::NotDirectory);
                }
                files.current = place.path;
                return Ok(None);
            }
            Where::Theirs(path) => path,
            Where::AsItCame => CString::new(bytes).map_err(|_| Error::Invalid)?,
        };
        Ok(Some(path))
    });
    let path = match theirs {
        Ok(None) => return 0,
        Ok(Some(path)) => path,
        Err(error) => return give(Err(error)),
    };
    // SAFETY: all zeros is a valid record, and the path is a C string.
    let kind = unsafe {
        let mut known: stat = std::mem::zeroed();
        if libc::stat(path.as_ptr(), &raw mut known) != 0 {
            return -1;
        }
        known.st_mode & libc::S_IFMT
    };
    if kind != libc::S_IFDIR {
        return give(Err(Error::NotDirectory));
    }
    FILES.with_borrow_mut(|files| files.current = path.into_bytes());
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn files_getcwd(into: *mut c_char, size: size_t) -> *mut c_char {
    let path = FILES.with_borrow(|files| match files.current.as_slice() {
        b"" => b"/".to_vec(),
        path => path.to_vec(),
    });
    let length = path.len() + 1;
    // SAFETY: as in C `into` is null or has room for `size` bytes; a new block
    // is as large as asked for.
    unsafe {
        let (into, size) = if into.is_null() {
            let size = size.max(length);
            (libc::malloc(size).cast(), size)
        } else {
            (into, size)
        };
        if into.is_null() || size < length {
            *libc::__errno_location() = libc::ERANGE;
            return std::ptr::null_mut();
        }
        into.cast::<u8>()
            .copy_from_nonoverlapping(path.as_ptr(), path.len());
        into.add(path.len()).write(0);
        into
    }
}
