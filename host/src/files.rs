//! Files that appear whole or not at all.

use std::io::{self, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

/// What becomes of a file that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and writing fails with [`io::ErrorKind::AlreadyExists`].
    Keep,
    /// It is replaced.
    Replace,
}

/// Writes a file under another name beside it, and gives it its own when all is
/// written: who reads it finds what was there before, or all of it. Whatever has
/// the name is neither written to nor waited for, be it a link or a pipe.
///
/// # Errors
/// Where it can't be written; nothing of it is left then.
pub fn write(path: &Path, bytes: &[u8], existing: Existing) -> io::Result<()> {
    let mut new = NewFile::beside(path)?;
    new.write_all(bytes)?;
    new.name(path, existing)
}

/// A file that is being written, and has no name of its own before all of it is
/// there. Nothing of it is left where it is dropped before that.
#[derive(Debug)]
pub struct NewFile(NamedTempFile);

impl NewFile {
    /// Makes it in the directory of `path`.
    ///
    /// # Errors
    /// Where no file can be made there.
    pub fn beside(path: &Path) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        // As readable as any other file, under the user's mask.
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        beside(path, &mut builder).map(Self)
    }

    /// Gives it its name; see [`write()`].
    ///
    /// # Errors
    /// Where that can't be, or something has the name that is kept.
    pub fn name(self, path: &Path, existing: Existing) -> io::Result<()> {
        let named = match existing {
            Existing::Keep => self.0.persist_noclobber(path),
            Existing::Replace => self.0.persist(path),
        };
        named.map(drop).map_err(|error| error.error)
    }
}

impl io::Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl io::Seek for NewFile {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

/// Writes a file as [`write`] does, for this user alone and replacing what was
/// there; it is on the disk before it has its name.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut new = beside(path, &mut tempfile::Builder::new())?;
    new.write_all(bytes)?;
    new.as_file().sync_data()?;
    new.persist(path).map(drop).map_err(|error| error.error)
}

fn beside(path: &Path, builder: &mut tempfile::Builder<'_, '_>) -> io::Result<NamedTempFile> {
    builder.prefix(".new-").tempfile_in(directory_of(path))
}

/// The directory that a path's last name is in.
pub(crate) fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_is_there_stays_or_is_replaced() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a");
        write(&path, b"first", Existing::Keep).unwrap();
        let error = write(&path, b"second", Existing::Keep).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"first");
        write(&path, b"second", Existing::Replace).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        fs::create_dir(root.path().join("b")).unwrap();
        write(&root.path().join("b"), b"", Existing::Replace).unwrap_err();
        let left = fs::read_dir(root.path()).unwrap().count();
        assert_eq!(left, 2, "nothing is left of what failed");
    }
}
