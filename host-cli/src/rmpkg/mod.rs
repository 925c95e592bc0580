//! Packages of pipelines, `.rmpkg`: a ZIP archive with a manifest, the modules
//! with its nodes, the packages of Python that they need, and what is said of it.

pub(crate) mod metadata;
pub(crate) mod pack;
pub(crate) mod signature;
pub(crate) mod unpacked;

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use self::metadata::Metadata;
use crate::archive::{Archive, ArchiveError, Bounds, File};
use crate::packages::lock::Lock;
use crate::packages::wheel::hex;

/// How their names end.
pub(crate) const ENDING: &str = "rmpkg";

/// What is in one.
pub(crate) const MANIFESTS: [&str; 2] = ["manifest.json", "manifest.yaml"];
pub(crate) const METADATA: &str = "metadata.json";
pub(crate) const RUNTIME: &str = "runtime.wasm";
pub(crate) const LOCK: &str = "packages.lock";
pub(crate) const NODES: &str = "nodes";
pub(crate) const PACKAGES: &str = "packages";

/// How much of one is read.
pub(crate) const BOUNDS: Bounds = Bounds {
    length: 100 << 20,
    entries: 20_000,
    unpacked: 512 << 20,
};

/// A package is not used.
#[derive(Debug, Error)]
pub(crate) enum PackageError {
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error("it has no {0}")]
    Missing(&'static str),
    #[error("it has both manifest.json and manifest.yaml")]
    Manifests,
    #[error("its entry `{0}` is none that a package has")]
    Unknown(String),
    #[error("its entry `{0}` is bytecode, which nobody can read; packages have sources")]
    Bytecode(String),
    #[error("its {0} is not text in UTF-8")]
    NotText(&'static str),
    #[error("its metadata.json {0}")]
    Metadata(String),
    #[error("its packages.lock is not a lock file: {0}")]
    Lock(String),
}

/// A package that was read; nothing of it has run.
pub(crate) struct Package {
    pub(crate) archive: Archive,
    /// The name of all of it, by its content.
    pub(crate) digest: String,
    /// Which of its names the manifest has, and its text.
    pub(crate) manifest: (&'static str, String),
    pub(crate) metadata: Metadata,
    /// The directories in it that a run sees, in the order in which they are
    /// searched.
    pub(crate) directories: Vec<String>,
}

/// Whether a file begins as packages do.
pub(crate) fn is_one(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

impl Package {
    /// Reads a package.
    ///
    /// # Errors
    /// Why it is not used.
    pub(crate) fn open(bytes: Arc<[u8]>) -> Result<Self, PackageError> {
        let archive = Archive::open(bytes.clone(), &BOUNDS)?;
        let mut directories: Vec<String> = Vec::new();
        for file in archive.files() {
            if let Some(directory) = judge(file)?
                && directories.last().is_none_or(|last| last != directory)
            {
                directories.push(directory.to_owned());
            }
        }
        let manifest = match MANIFESTS.map(|name| archive.read(name).transpose()) {
            [Some(manifest), None] => (MANIFESTS[0], manifest?),
            [None, Some(manifest)] => (MANIFESTS[1], manifest?),
            [None, None] => return Err(PackageError::Missing(MANIFESTS[0])),
            [Some(_), Some(_)] => return Err(PackageError::Manifests),
        };
        let (name, text) = manifest;
        let text = String::from_utf8(text).map_err(|_| PackageError::NotText(name))?;
        let metadata = archive
            .read(METADATA)?
            .ok_or(PackageError::Missing(METADATA))?;
        let metadata = Metadata::parse(&metadata).map_err(PackageError::Metadata)?;
        if let Some(lock) = archive.read(LOCK)? {
            Lock::parse(&lock).map_err(PackageError::Lock)?;
        }
        // As they were given; what nobody spoke of comes last.
        let place = |directory: &String| {
            let name = directory.rsplit('/').next().unwrap_or_default();
            let listed = metadata.nodes.iter().position(|it| it == name);
            (directory == PACKAGES, listed.unwrap_or(usize::MAX))
        };
        directories.sort_by_key(place);
        Ok(Self {
            archive,
            digest: hex(&Sha256::digest(&bytes)),
            manifest: (name, text),
            metadata,
            directories,
        })
    }
}

/// Whether a file may be in a package; and where it is part of one, the
/// directory that runs see.
fn judge(file: &File) -> Result<Option<&str>, PackageError> {
    let name = &*file.name;
    if name.ends_with(".pyc") || name.split('/').any(|part| part == "__pycache__") {
        return Err(PackageError::Bytecode(name.to_owned()));
    }
    let known = MANIFESTS.contains(&name) || [METADATA, RUNTIME, LOCK].contains(&name);
    if known {
        return Ok(None);
    }
    let unknown = || PackageError::Unknown(name.to_owned());
    let (first, rest) = name.split_once('/').ok_or_else(unknown)?;
    match first {
        PACKAGES => Ok(Some(first)),
        NODES => {
            let (directory, _) = rest.split_once('/').ok_or_else(unknown)?;
            Ok(Some(&name[..first.len() + 1 + directory.len()]))
        }
        _ => Err(unknown()),
    }
}
