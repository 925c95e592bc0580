//! What can be wrong with a call, as C names it.

/// Why a call for a file fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// EACCES
    Denied,
    /// EBADF
    BadDescriptor,
    /// EEXIST
    Exists,
    /// EINVAL
    Invalid,
    /// EISDIR
    IsDirectory,
    /// ELOOP
    Loop,
    /// EMFILE
    TooManyOpen,
    /// ENAMETOOLONG
    NameTooLong,
    /// ENOENT
    NotFound,
    /// ENOSPC
    Full,
    /// ENOTDIR
    NotDirectory,
    /// ENOTEMPTY
    NotEmpty,
    /// EPERM
    NotPermitted,
    /// EXDEV
    OtherDevice,
}

#[cfg(target_family = "wasm")]
impl Error {
    /// Its number in C.
    pub(crate) fn number(self) -> std::ffi::c_int {
        match self {
            Self::Denied => libc::EACCES,
            Self::BadDescriptor => libc::EBADF,
            Self::Exists => libc::EEXIST,
            Self::Invalid => libc::EINVAL,
            Self::IsDirectory => libc::EISDIR,
            Self::Loop => libc::ELOOP,
            Self::TooManyOpen => libc::EMFILE,
            Self::NameTooLong => libc::ENAMETOOLONG,
            Self::NotFound => libc::ENOENT,
            Self::Full => libc::ENOSPC,
            Self::NotDirectory => libc::ENOTDIR,
            Self::NotEmpty => libc::ENOTEMPTY,
            Self::NotPermitted => libc::EPERM,
            Self::OtherDevice => libc::EXDEV,
        }
    }
}
