//! A package's directories on the disk, where the sandbox is shown them.
//!
//! They are kept in the user's cache, by the package's content, so that a package
//! is unpacked and its modules are compiled once; nothing has to be cleaned up
//! after a run, however it ends. Where there is no such place they are in a
//! directory that goes away with the program.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use pipeline_host::{Directories, Interrupt, Limits, Sandbox, bytecode};
use rustix::fs::{FlockOperation, Mode, OFlags};
use tempfile::TempDir;

use super::{Package, PackageError};
use crate::archive::ArchiveError;
use crate::failure::Failure;
use crate::workspace::reason;
use crate::{interrupt, report, workspace};

/// How many packages are kept.
const MOST: usize = 16;
/// Notes that the modules of a package are compiled.
const COMPILED: &str = ".compiled";

/// A package's directories.
#[derive(Debug)]
pub(crate) struct Unpacked {
    root: PathBuf,
    /// What the package is called in messages.
    name: String,
    /// In the order in which they are searched.
    directories: Vec<String>,
    /// While it is held nobody clears the directory away.
    held: Option<OwnedFd>,
    _temporary: Option<TempDir>,
}

impl Unpacked {
    /// Unpacks a package, or finds it unpacked.
    ///
    /// # Errors
    /// Where it can't be read or written.
    pub(crate) fn of(package: &Package, name: &str) -> Result<Self, Failure> {
        let unusable = |why: String| Failure::usage(format!("`{name}` can't be used: {why}"));
        let (root, held, temporary) = match kept(package) {
            Ok((root, held)) => (root, Some(held), None),
            Err(NotKept::Package(error)) => return Err(unusable(error.to_string())),
            Err(NotKept::Place(why)) => {
                tracing::info!(why, "packages are not kept");
                let work = tempfile::Builder::new().prefix("pipeline-").tempdir();
                let work = work.map_err(|error| unusable(reason(&error)))?;
                interrupt::clear_away(work.path());
                write(package, work.path()).map_err(|error| unusable(error.to_string()))?;
                (work.path().to_owned(), None, Some(work))
            }
        };
        Ok(Self {
            root,
            name: name.to_owned(),
            directories: package.directories.clone(),
            held,
            _temporary: temporary,
        })
    }

    /// Its directories, and what they are called in messages.
    fn directories(&self) -> impl Iterator<Item = (PathBuf, PathBuf)> {
        let directories = self.directories.iter();
        directories.map(|it| (self.root.join(it), Path::new(&self.name).join(it)))
    }

    /// Lets a sandbox see it.
    ///
    /// # Errors
    /// Where it isn't there any more.
    pub(crate) fn show(&self, directories: &mut Directories) -> Result<(), Failure> {
        for (directory, shown) in self.directories() {
            let added = directories.add_nodes_as(&directory, &shown);
            added.map_err(|error| Failure::failed(error.in_full()))?;
        }
        Ok(())
    }

    /// Whether its modules are compiled; what is not kept never is.
    pub(crate) fn is_compiled(&self) -> bool {
        self.held.is_none() || self.root.join(COMPILED).exists()
    }

    /// Compiles its modules, where they are kept and that was not done yet.
    /// Without it all works too, but later.
    pub(crate) fn compile(&self, sandbox: &Sandbox, interrupt: &Interrupt) {
        if self.is_compiled() {
            return;
        }
        let mut sources = Vec::new();
        for (directory, _) in self.directories() {
            sources.extend(bytecode::sources(&directory).unwrap_or_default());
        }
        let limits = Limits {
            interrupt: Some(interrupt.clone()),
            ..Limits::default()
        };
        if sources.len() > 50 {
            let (name, count) = (&self.name, sources.len());
            report::tell(&format!(
                "compiling {count} modules of {name}: this happens once"
            ));
        }
        let compiled = workspace::block_on(async {
            // What is here was checked by its hash and is changed by nobody.
            let compiled = bytecode::compile(sandbox, &limits, &sources, false).await;
            compiled
                .map(drop)
                .map_err(|error| workspace::faulted(&error))
        });
        if compiled.is_ok() {
            let _ = fs::write(self.root.join(COMPILED), "");
        }
    }
}

/// Why a package is not in the cache.
enum NotKept {
    /// There is no place for it.
    Place(String),
    /// It is broken.
    Package(PackageError),
}

/// A package's place in the cache, where it is put if it is not there; held.
fn kept(package: &Package) -> Result<(PathBuf, OwnedFd), NotKept> {
    let place = |error: io::Error| NotKept::Place(reason(&error));
    let cache = pipeline_host::cache_directory().map_err(NotKept::Place)?;
    let cache = cache.join("rmpkg");
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(&cache).map_err(place)?;
    let metadata = fs::symlink_metadata(&cache).map_err(place)?;
    let own = rustix::process::geteuid().as_raw();
    if !metadata.is_dir() || metadata.uid() != own || metadata.mode() & 0o022 != 0 {
        let why = format!("others can write to `{}`", cache.display());
        return Err(NotKept::Place(why));
    }
    let root = cache.join(&package.digest);
    // Somebody may clear it away between the two.
    for _ in 0..3 {
        if let Ok(held) = hold(&root) {
            return Ok((root, held));
        }
        let work = tempfile::Builder::new().prefix(".new-").tempdir_in(&cache);
        let work = work.map_err(place)?;
        interrupt::clear_away(work.path());
        write(package, work.path()).map_err(|error| match error {
            ArchiveError::Unwritable { source, .. } => NotKept::Place(reason(&source)),
            error => NotKept::Package(error.into()),
        })?;
        match fs::rename(work.path(), &root) {
            // It has another name now, under which it stays.
            Ok(()) => drop(work.keep()),
            // Another program was quicker.
            Err(_) if root.exists() => {}
            Err(error) => return Err(place(error)),
        }
        clear(&cache);
    }
    Err(NotKept::Place("it is cleared away all the time".into()))
}

/// Keeps others from clearing a directory away, and notes that it is used.
fn hold(root: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = rustix::fs::open(root, flags, Mode::empty())?;
    rustix::fs::flock(&directory, FlockOperation::NonBlockingLockShared)?;
    // It may have been cleared away before it was locked.
    fs::symlink_metadata(root)?;
    let _ = fs::File::from(directory.try_clone()?).set_modified(SystemTime::now());
    Ok(directory)
}

/// Clears away what was used longest ago, beyond what is kept, and what other
/// programs left incomplete.
fn clear(cache: &Path) {
    let entries = fs::read_dir(cache).into_iter().flatten().flatten();
    let mut entries: Vec<_> = entries
        .filter_map(|entry| {
            let used = entry.metadata().and_then(|metadata| metadata.modified());
            Some((used.ok()?, entry.path()))
        })
        .collect();
    entries.sort();
    let day = std::time::Duration::from_secs(24 * 60 * 60);
    let superfluous = entries.len().saturating_sub(MOST);
    for (at, (used, path)) in entries.iter().enumerate() {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let left = name.starts_with('.') && used.elapsed().is_ok_and(|since| since > day);
        if !left && (at >= superfluous || name.starts_with('.')) {
            continue;
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let Ok(directory) = rustix::fs::open(path, flags, Mode::empty()) else {
            continue;
        };
        // Whoever uses it holds it.
        if rustix::fs::flock(&directory, FlockOperation::NonBlockingLockExclusive).is_ok() {
            let _ = fs::remove_dir_all(path);
        }
    }
}

/// Writes what runs see of a package.
fn write(package: &Package, root: &Path) -> Result<(), ArchiveError> {
    for file in package.archive.files() {
        let seen = package.directories.iter().any(|directory| {
            let rest = file.name.strip_prefix(&**directory);
            rest.is_some_and(|rest| rest.starts_with('/'))
        });
        if seen {
            package.archive.unpack(file, root, &file.name)?;
        }
    }
    Ok(())
}
