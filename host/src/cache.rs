//! Compiled code in the user's cache directory.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::PathBuf;
use std::time::SystemTime;

use wasmtime::Engine;

use crate::error::reason;
use crate::files;

/// How many files of compiled code are kept: more than anybody has in use, and
/// not so many that they fill a disk.
const MOST_FILES: usize = 8;
/// How many notes are kept; each is an empty file.
const MOST_NOTES: usize = 64;
/// What notes' names begin with.
const NOTE: &str = "checked-";

/// Where this user's programs keep what they can make again: in
/// `XDG_CACHE_HOME`, or `.cache` in the home directory. It need not be there.
///
/// # Errors
/// Says why there is no such place.
pub fn directory() -> Result<PathBuf, String> {
    let set = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let base = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
    let base = base.ok_or("there is no home directory")?;
    Ok(base.join("remotemedia-pipeline"))
}

/// A directory with compiled code, by what it was compiled from.
#[derive(Clone)]
pub(crate) struct Cache {
    directory: PathBuf,
}

impl Cache {
    /// The user's own.
    ///
    /// # Errors
    /// Says why there is none.
    pub(crate) fn of_user() -> Result<Self, String> {
        directory().map(Self::at)
    }

    pub(crate) fn at(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// Where code that was compiled from `source` is, if it is kept.
    pub(crate) fn file(&self, engine: &Engine, source: &blake3::Hash) -> PathBuf {
        let mut settings = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut settings);
        env!("CARGO_PKG_VERSION").hash(&mut settings);
        let name = format!("{}-{:016x}.cwasm", source.to_hex(), settings.finish());
        self.directory.join(name)
    }

    /// Writes a file, all of it or nothing, and drops the oldest where there are
    /// many.
    ///
    /// # Errors
    /// Says why it can't be kept.
    pub(crate) fn keep(
        &self,
        engine: &Engine,
        source: &blake3::Hash,
        compiled: &[u8],
    ) -> Result<PathBuf, String> {
        let path = self.file(engine, source);
        self.create()
            .and_then(|()| files::write_private(&path, compiled))
            .map_err(|error| format!("{}: {}", self.directory.display(), reason(&error)))?;
        let mut others = self.entries(|name| name.ends_with(".cwasm"));
        others.retain(|(_, other)| *other != path);
        others.sort_unstable();
        let superfluous = (others.len() + 1).saturating_sub(MOST_FILES);
        for (_, other) in others.iter().take(superfluous) {
            // Whoever maps it keeps it.
            let _ = fs::remove_file(other);
        }
        Ok(path)
    }

    /// Whether these files were checked as they are now.
    pub(crate) fn was_checked(&self, files: &[String]) -> bool {
        let note = fs::symlink_metadata(self.note(files));
        note.is_ok_and(|note| note.is_file()) && self.is_own()
    }

    /// Notes that these files were checked. Where that can't be noted they are
    /// checked the next time, too.
    pub(crate) fn note_checked(&self, files: &[String]) {
        let notes = self.entries(|name| name.starts_with(NOTE));
        if notes.len() >= MOST_NOTES {
            for (_, note) in notes {
                let _ = fs::remove_file(note);
            }
        }
        if self.create().is_ok() && self.is_own() {
            let _ = fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(self.note(files));
        }
    }

    fn note(&self, files: &[String]) -> PathBuf {
        let name = blake3::hash(files.join("\n").as_bytes()).to_hex();
        self.directory.join(format!("{NOTE}{name}"))
    }

    /// Whether nobody else can put notes here.
    fn is_own(&self) -> bool {
        let Ok(metadata) = fs::symlink_metadata(&self.directory) else {
            return false;
        };
        let own = rustix::process::geteuid().as_raw();
        metadata.is_dir() && metadata.uid() == own && metadata.mode() & 0o022 == 0
    }

    fn create(&self) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(&self.directory)
    }

    /// Files whose names fit, with when they were written.
    fn entries(&self, fits: impl Fn(&str) -> bool) -> Vec<(Option<SystemTime>, PathBuf)> {
        let entries = fs::read_dir(&self.directory).into_iter().flatten();
        entries
            .flatten()
            .filter(|entry| entry.file_name().to_str().is_some_and(&fits))
            .map(|entry| {
                let written = entry.metadata().and_then(|metadata| metadata.modified());
                (written.ok(), entry.path())
            })
            .collect()
    }
}
