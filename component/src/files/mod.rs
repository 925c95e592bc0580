//! Files that an instance has to itself: `/tmp`, in memory, and `/dev/null`.
//!
//! The hosts grant directories to read and none to write. Python's libraries
//! need more: `tempfile`, SQLite's sorting, `os.devnull`, a root that can be
//! listed. So CPython's calls of libc for files come here first (`calls`; the
//! build renames what libpython imports). What lies in a directory of the
//! host's goes on to libc as it came. A component into which a pipeline was baked
//! has the files of its library in memory too.

mod descriptors;
mod error;
mod library;
mod node;
mod tree;

#[cfg(target_family = "wasm")]
mod calls;

pub use descriptors::{Access, Descriptors, FIRST};
pub use error::Error;
pub use library::{Library, Packed};
pub use node::{Entry, Kind, Node, Stat};
pub use tree::{Found, Slot, Tree};

#[cfg(target_family = "wasm")]
pub(crate) use calls::{add, chmod, hear, is_kept, keep, mount, mounts, reset};

/// The directories that nodes may read: in the sandbox those that the host
/// grants, elsewhere the current one.
pub(crate) fn granted() -> Vec<String> {
    #[cfg(target_family = "wasm")]
    let directories = crate::python::interpreter::granted();
    #[cfg(not(target_family = "wasm"))]
    let directories = vec![".".to_owned()];
    directories
}

/// The content of a file that is in the component itself.
pub(crate) fn packed(path: &std::path::Path) -> Option<std::rc::Rc<Vec<u8>>> {
    #[cfg(target_family = "wasm")]
    let content = calls::content(path.to_str()?);
    #[cfg(not(target_family = "wasm"))]
    let content = {
        let _ = path;
        None
    };
    content
}

/// Bytes that `/tmp` holds at most: content, and something for each file.
pub const CAPACITY: usize = 64 << 20;
