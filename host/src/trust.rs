//! Files whose content this program relies on.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use thiserror::Error;

use crate::files::directory_of;

/// A file can't be relied on.
#[derive(Debug, Error)]
pub(crate) enum Untrusted {
    #[error("it is not there")]
    Missing,
    #[error("it is a link")]
    Link,
    #[error("it is no file")]
    NoFile,
    #[error("{0} belongs to another user")]
    Foreign(&'static str),
    #[error("others may write to {0} (chmod go-w)")]
    Writable(&'static str),
    #[error("{0}")]
    Unreadable(io::Error),
}

/// Opens a file that nobody else could have written or put there. All of it is
/// judged by what is open, so that it can't be exchanged in between.
///
/// # Errors
/// Where others could have, or it is no plain file.
pub(crate) fn open(path: &Path) -> Result<File, Untrusted> {
    use rustix::fs::{FileType, Mode, OFlags};

    let missing = |error: rustix::io::Errno| match error {
        rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR => Untrusted::Missing,
        rustix::io::Errno::LOOP => Untrusted::Link,
        other => Untrusted::Unreadable(other.into()),
    };
    let name = path.file_name().ok_or(Untrusted::NoFile)?;
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let directory = rustix::fs::open(directory_of(path), flags | OFlags::DIRECTORY, Mode::empty());
    let directory = directory.map_err(missing)?;
    let state = |file| rustix::fs::fstat(file).map_err(|error| Untrusted::Unreadable(error.into()));
    // What comes by a pipe or a device must not be waited for.
    let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = rustix::fs::openat(&directory, name, flags, Mode::empty()).map_err(missing)?;
    let (of_file, of_directory) = (state(&file)?, state(&directory)?);
    if FileType::from_raw_mode(of_file.st_mode) != FileType::RegularFile {
        return Err(Untrusted::NoFile);
    }
    let own = rustix::process::geteuid().as_raw();
    for (state, what) in [(of_file, "it"), (of_directory, "its directory")] {
        if state.st_uid != own && state.st_uid != 0 {
            return Err(Untrusted::Foreign(what));
        }
        if state.st_mode & 0o022 != 0 {
            return Err(Untrusted::Writable(what));
        }
    }
    Ok(file.into())
}

/// Which file this is, and when it was last changed.
///
/// # Errors
/// Where the system doesn't say.
pub(crate) fn identity(file: &File) -> Result<String, String> {
    let metadata = file.metadata().map_err(|error| error.to_string())?;
    Ok(format!(
        "{}:{} {} {}.{} {}.{}",
        metadata.dev(),
        metadata.ino(),
        metadata.size(),
        metadata.mtime(),
        metadata.mtime_nsec(),
        metadata.ctime(),
        metadata.ctime_nsec(),
    ))
}
