//! The files that a baked component has in it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::bytecode;
use crate::directories::Directories;
use crate::error::Error;
use crate::{Limits, Sandbox};

/// Most files of the user's own, and most bytes in them.
const MOST_FILES: usize = 20_000;
const MOST_BYTES: u64 = 96 << 20;

/// How hard is packed.
const LEVEL: u8 = 6;

/// Names of directories whose content is made anew.
const CACHE: &str = "__pycache__";

/// A file of a component, packed.
#[derive(Clone, Debug)]
pub struct File {
    /// The directory that it is in, as the sandbox sees it.
    pub(super) mount: String,
    /// Its path in there.
    pub(super) path: String,
    /// What is in it: by deflate, or as it is where that takes no more.
    pub(super) packed: Vec<u8>,
    pub(super) size: usize,
}

impl File {
    fn new(mount: &str, path: String, content: Vec<u8>) -> Self {
        let size = content.len();
        let packed = miniz_oxide::deflate::compress_to_vec(&content, LEVEL);
        Self {
            mount: mount.to_owned(),
            path,
            packed: match packed.len() < size {
                true => packed,
                false => content,
            },
            size,
        }
    }
}

/// Python's standard library and the package `remotemedia`, their bytecode
/// included.
///
/// # Errors
/// Where a file can't be read.
pub fn library(directories: &Directories) -> Result<Vec<File>, Error> {
    let mut all = Vec::new();
    for (host, guest) in directories.library() {
        let host = host.canonicalize().map_err(|error| file(host, error))?;
        let found = below(&host, &|_| true)?;
        all.extend(read(&host, guest, found)?);
    }
    Ok(all)
}

/// The user's own files, and bytecode of the modules among them. Left out is what
/// begins with a dot, `__pycache__`, and what is behind a link out of its
/// directory.
///
/// # Errors
/// Where a file can't be read, or there are too many.
pub async fn nodes(sandbox: &Sandbox, limits: &Limits) -> Result<Vec<File>, Error> {
    let mut all = Vec::new();
    for (host, guest) in sandbox.directories().nodes() {
        let found = below(host, &|name| name != CACHE && !name.starts_with('.'))?;
        let bytes = found.iter().map(|path| size(path)).sum::<io::Result<u64>>();
        let bytes = bytes.map_err(|error| file(host, error))?;
        if found.len() > MOST_FILES || bytes > MOST_BYTES {
            return Err(Error::Bake {
                why: format!(
                    "`{}` has {} files of {} MiB in all, and at most {MOST_FILES} of {} MiB fit",
                    host.display(),
                    found.len(),
                    bytes >> 20,
                    MOST_BYTES >> 20
                ),
            });
        }
        let is_module = |path: &&PathBuf| path.extension().is_some_and(|it| it == "py");
        let modules: Vec<PathBuf> = found.iter().filter(is_module).cloned().collect();
        // What is no Python is not imported either.
        let (compiled, _) = bytecode::compiled(sandbox, limits, &modules, false).await?;
        all.extend(read(host, guest, found)?);
        for (source, code) in compiled {
            let path = source.with_file_name(CACHE).join(bytecode::name(&source));
            all.push(File::new(guest, inside(host, &path)?, code));
        }
    }
    Ok(all)
}

/// The files below a directory, given by its one true path, sorted, whose names, and those of the directories
/// that they are in, are wanted.
fn below(root: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<PathBuf>, Error> {
    let (mut found, mut pending) = (Vec::new(), vec![root.to_owned()]);
    while let Some(directory) = pending.pop() {
        let entries = fs::read_dir(&directory).map_err(|error| file(&directory, error))?;
        for entry in entries {
            let path = entry.map_err(|error| file(&directory, error))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if !wanted(&name) {
                continue;
            }
            // Links lead where the sandbox sees: within the directory.
            let is_inside = path.canonicalize().is_ok_and(|it| it.starts_with(root));
            if path.is_dir() && !path.is_symlink() {
                pending.push(path);
            } else if path.is_file() && is_inside {
                found.push(path);
            }
        }
        if found.len() + pending.len() > 2 * MOST_FILES {
            break;
        }
    }
    found.sort();
    Ok(found)
}

fn read(root: &Path, mount: &str, paths: Vec<PathBuf>) -> Result<Vec<File>, Error> {
    let read = |path: PathBuf| {
        let content = fs::read(&path).map_err(|error| file(&path, error))?;
        Ok(File::new(mount, inside(root, &path)?, content))
    };
    paths.into_iter().map(read).collect()
}

/// A path in a directory, as the sandbox writes it.
fn inside(root: &Path, path: &Path) -> Result<String, Error> {
    let inside = path.strip_prefix(root).ok().and_then(Path::to_str);
    inside.map(str::to_owned).ok_or_else(|| Error::Bake {
        why: format!("the name of `{}` is no Unicode", path.display()),
    })
}

fn size(path: &Path) -> io::Result<u64> {
    Ok(fs::metadata(path)?.len())
}

fn file(path: &Path, source: io::Error) -> Error {
    Error::File {
        path: path.to_owned(),
        source,
    }
}
