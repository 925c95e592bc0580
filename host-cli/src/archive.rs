//! ZIP archives from anybody: packages of pipelines, and wheels.
//!
//! An archive is judged as a whole before anything of it is read: what is left
//! has plain files alone, each under one name that leads nowhere else, in
//! bounds that are known beforehand. What other readers might see differently
//! (two entries of one name, headers that contradict each other, data after the
//! end) is refused instead of being decided.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::fs;
use std::io::{Cursor, Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use thiserror::Error;
use zip::read::{ArchiveOffset, Config, ZipFileEntry};
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

/// What the record at an archive's end begins with.
const END: [u8; 4] = *b"PK\x05\x06";
/// How long that record is without a comment.
const END_LENGTH: usize = 22;
/// The longest name of an entry, in bytes; what file systems take.
const LONGEST_NAME: usize = 1024;
const LONGEST_PART: usize = 255;
/// How many times its compressed size a file may have, from the size on where
/// that costs something: text has some 5, and only repetition has more than 100.
const MOST_RATIO: u64 = 200;
const FREE_OF_RATIO: u64 = 1 << 20;

/// How much of an archive is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Its own length.
    pub(crate) length: u64,
    /// Its entries.
    pub(crate) entries: usize,
    /// All its files, unpacked.
    pub(crate) unpacked: u64,
}

/// An archive is not read.
#[derive(Debug, Error)]
pub(crate) enum ArchiveError {
    #[error("it is {length} bytes long; at most {most} are read")]
    Length { length: u64, most: u64 },
    #[error("it is not a ZIP archive")]
    NoZip,
    #[error("it is a ZIP archive that is cut short, or has something before or after it")]
    Cut,
    #[error("it is a ZIP64 archive, which nothing of its size needs to be")]
    Zip64,
    #[error("it has {count} entries; at most {most} are read")]
    Entries { count: usize, most: usize },
    #[error("its directory is broken: {0}")]
    Directory(ZipError),
    #[error("its entry `{name}` {why}")]
    Name { name: String, why: &'static str },
    #[error("its entry `{0}` is a link")]
    Link(String),
    #[error("its entry `{0}` is a device, a pipe or a socket")]
    Special(String),
    #[error("it has two entries of one name")]
    Twice,
    #[error("its entries `{0}` and `{1}` differ in upper and lower case alone")]
    Case(String, String),
    #[error("its entry `{0}` is a file and a directory")]
    Both(String),
    #[error("its entry `{0}` is encrypted")]
    Encrypted(String),
    #[error("its entry `{0}` is compressed by another method than deflate")]
    Method(String),
    #[error("its entries share bytes")]
    Overlap,
    #[error("its entry `{name}` unpacks to {ratio} times its size")]
    Ratio { name: String, ratio: u64 },
    #[error("it unpacks to {unpacked} bytes; at most {most} are read")]
    Unpacked { unpacked: u64, most: u64 },
    #[error("its entry `{name}` has another size than the {declared} bytes that it says")]
    Size { name: String, declared: u64 },
    #[error("its entry `{name}` is damaged: {source}")]
    Damaged {
        name: String,
        source: std::io::Error,
    },
    #[error(
        "its entry `{name}` can't be written: {}",
        crate::workspace::reason(source)
    )]
    Unwritable {
        name: String,
        source: std::io::Error,
    },
}

/// An archive that was judged.
pub(crate) struct Archive {
    zip: ZipArchive<Cursor<Arc<[u8]>>>,
    files: Vec<File>,
}

/// A file in an archive.
pub(crate) struct File {
    /// Relative, with `/` between its parts.
    pub(crate) name: String,
    pub(crate) size: u64,
    /// Where it stands in the archive's directory.
    index: usize,
}

impl Archive {
    /// Judges an archive.
    ///
    /// # Errors
    /// Why it is not read.
    pub(crate) fn open(bytes: Arc<[u8]>, bounds: &Bounds) -> Result<Self, ArchiveError> {
        let length = bytes.len() as u64;
        if length > bounds.length {
            let most = bounds.length;
            return Err(ArchiveError::Length { length, most });
        }
        let count = count(&bytes)?;
        if count > bounds.entries {
            let most = bounds.entries;
            return Err(ArchiveError::Entries { count, most });
        }
        let config = Config {
            archive_offset: ArchiveOffset::Known(0),
        };
        let zip = ZipArchive::with_config(config, Cursor::new(bytes));
        let mut zip = zip.map_err(ArchiveError::Directory)?;
        if zip.has_duplicate_names() {
            return Err(ArchiveError::Twice);
        }
        if zip.len() != count || zip.offset() != 0 {
            return Err(ArchiveError::Cut);
        }
        let mut files = Vec::with_capacity(count);
        let mut names = Names::default();
        let mut unpacked = 0_u64;
        for index in 0..count {
            let entry = zip.by_index_data(index).map_err(ArchiveError::Directory)?;
            let name = names.add(&entry)?;
            if entry.is_dir() {
                continue;
            }
            let file = judge(name, index, &entry)?;
            unpacked = unpacked.saturating_add(file.size);
            files.push(file);
        }
        if unpacked > bounds.unpacked {
            let most = bounds.unpacked;
            return Err(ArchiveError::Unpacked { unpacked, most });
        }
        if (zip.has_overlapping_entries()).map_err(ArchiveError::Directory)? {
            return Err(ArchiveError::Overlap);
        }
        // Both headers of each entry say the same, and there are no others.
        (zip.validate_header_consistency()).map_err(ArchiveError::Directory)?;
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { zip, files })
    }

    /// Its files, by name.
    pub(crate) fn files(&self) -> &[File] {
        &self.files
    }

    /// A file's content; none where there is no such file.
    ///
    /// # Errors
    /// Where it is not what its headers say.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, ArchiveError> {
        let found = self.files.binary_search_by(|file| (*file.name).cmp(name));
        found
            .ok()
            .map(|at| self.content(&self.files[at]))
            .transpose()
    }

    /// A file's content.
    ///
    /// # Errors
    /// Where it is not what its headers say.
    pub(crate) fn content(&self, file: &File) -> Result<Vec<u8>, ArchiveError> {
        let damaged = |source: std::io::Error| ArchiveError::Damaged {
            name: file.name.clone(),
            source,
        };
        // It shares what it knows of the archive.
        let mut zip = self.zip.clone();
        let opened = zip.by_index(file.index);
        let opened = opened.map_err(|error| damaged(error.into()))?;
        let mut content = Vec::new();
        // Not a byte more than was judged.
        let read = opened.take(file.size + 1).read_to_end(&mut content);
        if content.len() as u64 != file.size && (read.is_ok() || content.len() as u64 > file.size) {
            return Err(ArchiveError::Size {
                name: file.name.clone(),
                declared: file.size,
            });
        }
        read.map_err(damaged)?;
        Ok(content)
    }

    /// Writes a file's content below a directory that nobody else writes to.
    ///
    /// # Errors
    /// Where it can't be read or written.
    pub(crate) fn unpack(&self, file: &File, root: &Path, name: &str) -> Result<(), ArchiveError> {
        write(root, name, &self.content(file)?)
    }
}

/// Writes a file below a directory that nobody else writes to; one that is there
/// already is never written to.
pub(crate) fn write(root: &Path, name: &str, content: &[u8]) -> Result<(), ArchiveError> {
    let path = root.join(name);
    let put = || {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut new = fs::File::create_new(&path)?;
        new.write_all(content)
    };
    put().map_err(|source| ArchiveError::Unwritable {
        name: name.to_owned(),
        source,
    })
}

/// How many entries the record at the end of an archive says that there are. It
/// must be the last thing, and right behind the directory.
fn count(bytes: &[u8]) -> Result<usize, ArchiveError> {
    if !bytes.starts_with(b"PK\x03\x04") {
        // An empty archive has an end and nothing else.
        return Err(match bytes.starts_with(&END) {
            true => ArchiveError::Cut,
            false => ArchiveError::NoZip,
        });
    }
    let at = bytes
        .len()
        .checked_sub(END_LENGTH)
        .ok_or(ArchiveError::Cut)?;
    let end = &bytes[at..];
    if !end.starts_with(&END) {
        return Err(ArchiveError::Cut);
    }
    let short = |at: usize| u16::from_le_bytes([end[at], end[at + 1]]);
    let long = |at| u32::from(short(at)) | u32::from(short(at + 2)) << 16;
    let (count, size, offset) = (short(10), long(12), long(16));
    if count == u16::MAX || size == u32::MAX || offset == u32::MAX {
        return Err(ArchiveError::Zip64);
    }
    if u64::from(size) + u64::from(offset) != at as u64 {
        return Err(ArchiveError::Cut);
    }
    Ok(usize::from(count))
}

/// What an entry may be.
fn judge(name: String, index: usize, entry: &ZipFileEntry<'_>) -> Result<File, ArchiveError> {
    const KIND: u32 = 0o170_000;
    const REGULAR: u32 = 0o100_000;
    const LINK: u32 = 0o120_000;
    match entry.unix_mode().unwrap_or_default() & KIND {
        0 | REGULAR => {}
        LINK => return Err(ArchiveError::Link(name)),
        _ => return Err(ArchiveError::Special(name)),
    }
    if entry.encrypted() {
        return Err(ArchiveError::Encrypted(name));
    }
    let (size, compressed) = (entry.size(), entry.compressed_size());
    match entry.compression() {
        CompressionMethod::Deflated => {}
        CompressionMethod::Stored if size == compressed => {}
        CompressionMethod::Stored => {
            let declared = size;
            return Err(ArchiveError::Size { name, declared });
        }
        _ => return Err(ArchiveError::Method(name)),
    }
    let ratio = size / compressed.max(1);
    if size > FREE_OF_RATIO && ratio > MOST_RATIO {
        return Err(ArchiveError::Ratio { name, ratio });
    }
    Ok(File { name, size, index })
}

/// Names that were seen, and the directories that they are in.
#[derive(Default)]
struct Names(HashMap<String, (String, Kind)>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Directory,
    /// One that only names in it have spoken of.
    Implied,
}

impl Names {
    /// An entry's name, without the `/` at the end of a directory's.
    fn add(&mut self, entry: &ZipFileEntry<'_>) -> Result<String, ArchiveError> {
        let raw = entry.name_raw();
        let name = plain(raw).map_err(|why| ArchiveError::Name {
            name: String::from_utf8_lossy(&raw[..raw.len().min(LONGEST_NAME)]).into_owned(),
            why,
        })?;
        for (at, _) in name.match_indices('/') {
            self.note(&name[..at], Kind::Implied)?;
        }
        self.note(
            name,
            match raw.ends_with(b"/") {
                true => Kind::Directory,
                false => Kind::File,
            },
        )?;
        Ok(name.to_owned())
    }

    fn note(&mut self, name: &str, kind: Kind) -> Result<(), ArchiveError> {
        match self.0.entry(name.to_lowercase()) {
            Slot::Vacant(slot) => {
                slot.insert((name.to_owned(), kind));
            }
            Slot::Occupied(mut slot) => {
                let (before, kind_before) = slot.get_mut();
                if before != name {
                    return Err(ArchiveError::Case(before.clone(), name.to_owned()));
                }
                match (*kind_before, kind) {
                    (Kind::File, Kind::File) | (Kind::Directory, Kind::Directory) => {
                        return Err(ArchiveError::Twice);
                    }
                    (Kind::File, _) | (_, Kind::File) => {
                        return Err(ArchiveError::Both(name.to_owned()));
                    }
                    (Kind::Implied, _) => *kind_before = kind,
                    (Kind::Directory, Kind::Implied) => {}
                }
            }
        }
        Ok(())
    }
}

/// A name that leads to one place, below where it is unpacked; or why it is none.
fn plain(raw: &[u8]) -> Result<&str, &'static str> {
    let name = std::str::from_utf8(raw).map_err(|_| "has a name that is not UTF-8")?;
    let name = name.strip_suffix('/').unwrap_or(name);
    if name.len() > LONGEST_NAME {
        return Err("has a name that is too long");
    }
    if name.starts_with('/') || name.get(1..2) == Some(":") {
        return Err("has an absolute name");
    }
    if name.contains('\\') {
        return Err("has a backslash in its name");
    }
    if name.contains(char::is_control) {
        return Err("has a control character in its name");
    }
    for part in name.split('/') {
        match part {
            ".." => return Err("leads out of the archive"),
            "" | "." => return Err("has a name with an empty part"),
            _ if part.len() > LONGEST_PART => return Err("has a name that is too long"),
            _ => {}
        }
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use zip::write::SimpleFileOptions;

    use super::*;

    const BOUNDS: Bounds = Bounds {
        length: 1 << 20,
        entries: 100,
        unpacked: 1 << 20,
    };

    fn archive(names: &[&str]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for name in names {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(name.repeat(20).as_bytes()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    /// Reads all of it, where it is an archive at all.
    fn read(bytes: Vec<u8>) -> Result<Vec<(String, Vec<u8>)>, ArchiveError> {
        let archive = Archive::open(bytes.into(), &BOUNDS)?;
        let files = archive.files().iter();
        let read = files.map(|file| Ok((file.name.clone(), archive.content(file)?)));
        read.collect()
    }

    #[test]
    fn what_was_written_is_read() {
        let read = read(archive(&["a/b.py", "a.py"])).unwrap();
        let names: Vec<&str> = read.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a.py", "a/b.py"]);
        assert_eq!(read[0].1, b"a.py".repeat(20));
    }

    proptest! {
        /// Whatever is changed in an archive: it is read or refused, and no name
        /// leads out of it.
        #[test]
        fn changed_archives(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
            let mut bytes = archive(&["nodes/n/a.py", "nodes/n/b.py", "manifest.json"]);
            for (at, value) in changes {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
            for (name, content) in read(bytes).unwrap_or_default() {
                let plain = Path::new(&name).components().all(|part| matches!(part, std::path::Component::Normal(_)));
                prop_assert!(plain, "{name}");
                prop_assert!(content.len() as u64 <= BOUNDS.unpacked);
            }
        }

        #[test]
        fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(bytes.clone());
            let _ = read([b"PK\x03\x04", &bytes[..]].concat());
        }
    }
}
