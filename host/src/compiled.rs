//! Files of compiled code.
//!
//! Such a file holds the machine code as wasmtime makes it, then the first
//! content of memories, and at its end an index: of which WebAssembly it was
//! made, where the content lies, and a checksum of it all.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::os::fd::AsRawFd as _;
use std::sync::Arc;

use blake3::{Hash, Hasher};
use wasmtime::{Engine, component};

use crate::memory::Images;
#[cfg(target_os = "linux")]
use crate::memory::{Image, checks, content, content::Content, exchange};

/// Ends every file; the digit is the version of this form.
const MAGIC: &[u8; 8] = b"PIPELNC3";
/// The checksum of all before it, the length of the index, and [`MAGIC`].
const TRAILER: u64 = 32 + 8 + 8;
/// Content begins at multiples of this, so that every system can map it.
const ALIGNMENT: usize = 64 << 10;
/// A component has a few memories, if more than one; this bounds the index.
const MOST_MEMORIES: usize = 1000;

/// A component that is compiled, and ready to be linked.
#[derive(Clone)]
pub struct Component {
    code: component::Component,
    images: Images,
    source: Hash,
}

impl Component {
    /// Wasmtime's own form of it. The content of memories may not be part of it:
    /// only a [`crate::Sandbox`] makes whole instances.
    #[must_use]
    pub fn wasmtime(&self) -> &component::Component {
        &self.code
    }

    pub(crate) fn images(&self) -> &Images {
        &self.images
    }

    /// The BLAKE3 hash of the WebAssembly that it was compiled from.
    #[must_use]
    pub fn source(&self) -> [u8; 32] {
        *self.source.as_bytes()
    }
}

/// The name of some WebAssembly, by its content.
pub(crate) fn source(wasm: &[u8]) -> Hash {
    blake3::hash(wasm)
}

/// Compiles a component into a file's content.
pub(crate) fn compile(engine: &Engine, wasm: &[u8]) -> wasmtime::Result<Vec<u8>> {
    #[cfg(target_os = "linux")]
    let (rest, contents) = content::split(wasm);
    #[cfg(target_os = "linux")]
    let rest = &checks::with_checks(&rest)?;
    #[cfg(not(target_os = "linux"))]
    let rest = wasm;

    let file = engine.precompile_component(rest)?;
    let index = source(wasm).as_bytes().to_vec();
    #[cfg(target_os = "linux")]
    let (file, index) = contents
        .iter()
        .fold((file, index), |(mut file, mut index), it| {
            put(&mut file, &mut index, it, it.kind);
            (file, index)
        });
    Ok(seal(file, &index))
}

/// Adds the content of a memory, which code knows as one of `kind`.
#[cfg(target_os = "linux")]
fn put(file: &mut Vec<u8>, index: &mut Vec<u8>, content: &Content, kind: content::Kind) {
    file.resize(file.len().next_multiple_of(ALIGNMENT), 0);
    let maximum = kind.maximum.unwrap_or(u64::MAX);
    let (position, length) = (file.len() as u64, content.bytes.len() as u64);
    for number in [
        kind.minimum,
        maximum,
        content.kind.minimum,
        content.offset,
        position,
        length,
    ] {
        index.extend(number.to_le_bytes());
    }
    file.extend(&content.bytes);
}

/// Adds the index and the end.
fn seal(mut file: Vec<u8>, index: &[u8]) -> Vec<u8> {
    file.extend(index);
    let checksum = blake3::hash(&file);
    file.extend(checksum.as_bytes());
    file.extend((index.len() as u64).to_le_bytes());
    file.extend(MAGIC);
    file
}

/// The compiled code of another component, with the memories of this one: where
/// they differ in nothing else, and `code` was compiled from the other one and is
/// whole.
#[cfg(target_os = "linux")]
pub(crate) fn graft(code: &mut File, other: &[u8], wasm: &[u8]) -> Option<Vec<u8>> {
    let index = Index::read(code).ok()?;
    if !index.is_of(&source(other)) || !index.is_whole(code).ok()? {
        return None;
    }
    if exchange::skeleton(other).ok()? != exchange::skeleton(wasm).ok()? {
        return None;
    }
    let contents = content::split(wasm).1;
    // Content is taken out in the order of the modules, in both.
    if contents.len() != index.contents.len() {
        return None;
    }
    let end = index.contents.first()?.within.start;
    let mut file = Vec::new();
    code.seek(SeekFrom::Start(0)).ok()?;
    code.take(end).read_to_end(&mut file).ok()?;
    let mut new = source(wasm).as_bytes().to_vec();
    for (content, extent) in contents.iter().zip(&index.contents) {
        let kind = content::Kind {
            minimum: extent.minimum,
            maximum: extent.maximum,
        };
        put(&mut file, &mut new, content, kind);
    }
    Some(seal(file, &new))
}

/// The end of a file of compiled code.
pub(crate) struct Index {
    source: Hash,
    checksum: Hash,
    /// How much of the file the checksum is of.
    checked: u64,
    contents: Vec<Extent>,
}

/// Where the content of a memory lies.
struct Extent {
    minimum: u64,
    maximum: Option<u64>,
    /// Pages that it has at first.
    pages: u64,
    offset: u64,
    within: Range<u64>,
}

impl Index {
    /// Reads the end of a file.
    ///
    /// # Errors
    /// Says why it is no file of compiled code.
    pub(crate) fn read(file: &mut File) -> Result<Self, String> {
        let no = || "it is not compiled code of this program's, or cut short".to_owned();
        let mut read = || -> io::Result<Option<Self>> {
            let length = file.metadata()?.len();
            let Some(checked) = length.checked_sub(TRAILER) else {
                return Ok(None);
            };
            let mut trailer = [0; TRAILER as usize];
            file.seek(SeekFrom::Start(checked))?;
            file.read_exact(&mut trailer)?;
            let (checksum, rest) = trailer.split_at(32);
            let ([index_length, magic], []) = rest.as_chunks() else {
                return Ok(None);
            };
            let index_length = u64::from_le_bytes(*index_length);
            let most = 32 + MOST_MEMORIES as u64 * Extent::LENGTH as u64;
            if magic != MAGIC || index_length > most.min(checked) {
                return Ok(None);
            }
            let mut index = Vec::new();
            file.seek(SeekFrom::Start(checked - index_length))?;
            file.take(index_length).read_to_end(&mut index)?;
            Ok(Self::parse(&index, checksum, checked))
        };
        read().map_err(|error| error.to_string())?.ok_or_else(no)
    }

    fn parse(index: &[u8], checksum: &[u8], checked: u64) -> Option<Self> {
        let (source, extents) = index.split_at_checked(32)?;
        let (extents, []) = extents.as_chunks::<{ Extent::LENGTH }>() else {
            return None;
        };
        let contents = extents
            .iter()
            .map(|extent| Extent::parse(extent, checked))
            .collect::<Option<_>>()?;
        Some(Self {
            source: Hash::from_slice(source).ok()?,
            checksum: Hash::from_slice(checksum).ok()?,
            checked,
            contents,
        })
    }

    /// Whether it was made of this WebAssembly.
    pub(crate) fn is_of(&self, source: &Hash) -> bool {
        self.source == *source
    }

    /// Whether the file is what was written.
    pub(crate) fn is_whole(&self, file: &mut File) -> io::Result<bool> {
        let mut hasher = Hasher::new();
        file.seek(SeekFrom::Start(0))?;
        hasher.update_reader(file.take(self.checked))?;
        Ok(hasher.finalize() == self.checksum)
    }

    /// Maps the file.
    ///
    /// # Safety
    /// The file's content must come from [`compile`], and nobody may change it
    /// as long as the component lives.
    ///
    /// # Errors
    /// Where it was compiled for something else, or can't be mapped.
    pub(crate) unsafe fn map(&self, engine: &Engine, file: File) -> wasmtime::Result<Component> {
        // SAFETY: by the caller's promise.
        let code = unsafe { map_code(engine, &file)? };
        #[cfg(target_os = "linux")]
        let images = {
            let file = Arc::new(file);
            let image = |extent: &Extent| {
                let kind = content::Kind {
                    minimum: extent.minimum,
                    maximum: extent.maximum,
                };
                let length = usize::try_from(extent.within.end - extent.within.start);
                let (length, offset) = (length?, usize::try_from(extent.offset)?);
                let size = extent.pages.checked_mul(content::PAGE);
                let size = usize::try_from(size.unwrap_or(u64::MAX))?;
                let file = Arc::clone(&file);
                // SAFETY: by the caller's promise.
                let image = unsafe {
                    Image::of_file(file, extent.within.start, length, (kind, size), offset)
                };
                Ok(image?)
            };
            let images = self.contents.iter().map(image);
            Images::new(images.collect::<wasmtime::Result<Vec<_>>>()?)
        };
        #[cfg(not(target_os = "linux"))]
        let images = Images;
        Ok(Component {
            code,
            images,
            source: self.source,
        })
    }
}

impl Extent {
    const LENGTH: usize = 6 * 8;

    fn parse(bytes: &[u8; Self::LENGTH], end: u64) -> Option<Self> {
        let numbers = bytes.as_chunks::<8>().0;
        let [minimum, maximum, pages, offset, position, length] =
            std::array::from_fn(|at| u64::from_le_bytes(numbers[at]));
        let aligned = position.is_multiple_of(ALIGNMENT as u64) && length > 0;
        let within = position..position.checked_add(length)?;
        (aligned && within.end <= end).then_some(Self {
            minimum,
            maximum: Some(maximum).filter(|maximum| *maximum != u64::MAX),
            pages,
            offset,
            within,
        })
    }
}

/// Loads code that was compiled just now, where it can't be kept in a file.
///
/// # Errors
/// Where it can't be mapped.
pub(crate) fn adopt(engine: &Engine, compiled: &[u8]) -> wasmtime::Result<Component> {
    use std::io::Write as _;

    // A temporary directory's files may not be executed everywhere.
    #[cfg(target_os = "linux")]
    let mut file = {
        use rustix::fs::{MemfdFlags, memfd_create};
        File::from(memfd_create("pipeline-code", MemfdFlags::CLOEXEC)?)
    };
    #[cfg(not(target_os = "linux"))]
    let mut file = tempfile::tempfile()?;
    file.write_all(compiled)?;
    let index = Index::read(&mut file).map_err(wasmtime::Error::msg)?;
    // SAFETY: `compile` made it, and nobody else knows the file.
    unsafe { index.map(engine, file) }
}

/// Maps the code in a file that is open, whatever its path has come to mean.
///
/// # Safety
/// As [`Index::map`].
unsafe fn map_code(engine: &Engine, file: &File) -> wasmtime::Result<component::Component> {
    // Wasmtime takes a path; this one leads to the same open file.
    let path = format!("/dev/fd/{}", file.as_raw_fd());
    if std::fs::metadata(&path).is_ok() {
        // SAFETY: by the caller's promise.
        return unsafe { component::Component::deserialize_file(engine, path) };
    }
    let (mut file, mut bytes) = (file.try_clone()?, Vec::new());
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut bytes)?;
    // SAFETY: by the caller's promise.
    unsafe { component::Component::deserialize(engine, bytes) }
}
