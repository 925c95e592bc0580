//! Whether a step's inputs have changed since it last succeeded: by content,
//! because a clone sets every file's time anew.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use crate::shell;

/// Hashes the inputs of a step.
pub(crate) struct Inputs(Sha256);

impl Inputs {
    /// The inputs of a step, of which the first are its own sources: with others
    /// it may do something else.
    pub(crate) fn new(step: &str, sources: &[&str]) -> Self {
        sources
            .iter()
            .fold(Self(Sha256::new()).text(step), |inputs, source| {
                inputs.text(source)
            })
    }

    /// Adds text.
    pub(crate) fn text(mut self, text: &str) -> Self {
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text);
        self
    }

    /// Adds a file's content.
    ///
    /// # Errors
    /// Where it can't be read.
    pub(crate) fn file(mut self, path: &Path) -> Result<Self> {
        let content = fs::read(path).with_context(|| format!("can't read {}", path.display()))?;
        self.0.update((content.len() as u64).to_le_bytes());
        self.0.update(content);
        Ok(self)
    }

    /// Adds the files below a directory, but for caches.
    ///
    /// # Errors
    /// Where one can't be read.
    pub(crate) fn tree(mut self, path: &Path) -> Result<Self> {
        for file in files_below(path)? {
            let name = file
                .strip_prefix(path)
                .unwrap_or(&file)
                .to_string_lossy()
                .into_owned();
            self = self.text(&name).file(&file)?;
        }
        Ok(self)
    }
}

/// The files below a directory, sorted, without caches.
///
/// # Errors
/// Where a directory can't be read.
pub(crate) fn files_below(path: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut directories = vec![path.to_owned()];
    while let Some(directory) = directories.pop() {
        let entries = fs::read_dir(&directory)
            .with_context(|| format!("can't read {}", directory.display()))?;
        for entry in entries {
            let path = entry?.path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if path.is_dir() {
                if name != "__pycache__" && !name.starts_with('.') {
                    directories.push(path);
                }
            } else if !name.ends_with(".pyc") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Forgets what was done in a folder, so that it is done again.
///
/// # Errors
/// Where a stamp can't be removed.
pub(crate) fn forget_all(folder: &Path) -> Result<()> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "stamp") {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// Does a step, unless its output is there and was made from the same inputs.
///
/// # Errors
/// What `work` gives.
pub(crate) fn unless_done(
    what: &str,
    inputs: Inputs,
    output: &Path,
    work: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let mut name = output.file_name().unwrap_or_default().to_owned();
    name.push(".stamp");
    let stamp = output.with_file_name(name);
    let digest: String = inputs
        .0
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    if output.exists() && fs::read_to_string(&stamp).is_ok_and(|old| old == digest) {
        shell::say(format_args!("  {what}: up to date"));
        return Ok(());
    }
    let _ = fs::remove_file(&stamp);
    shell::step(what, work)?;
    fs::write(&stamp, digest).with_context(|| format!("can't write {}", stamp.display()))
}
