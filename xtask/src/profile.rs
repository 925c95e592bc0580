//! Which functions CPython calls through its tables, counted in a training run.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::dist::{self, Content, Parts, copy_tree};
use crate::{flatten, shell, snapshot};

/// What the training run does.
const TRAINING: &str = "xtask/profile/training.py";

/// What it found.
const PROFILE: &str = "xtask/profile/calls.txt";

/// The module of the package that starts the training when it is imported.
const STARTS: &str = "remotemedia/runtime/with_numpy.py";

/// Counts where calls go, and writes the profile that the build reads; gives its
/// path.
///
/// # Errors
/// Where a part can't be built, or the training fails: what it printed is on stderr.
pub(crate) fn record() -> Result<PathBuf> {
    let work = dist::work()?;
    let _alone = dist::alone(&work)?;
    let parts = Parts::build(&Content::default(), &work, &work)?;
    let place = tempfile::tempdir()?;
    let python = place.path().join("python");
    copy_tree(&parts.package, &python)?;
    fs::copy(crate::root().join(TRAINING), python.join("training.py"))?;
    let starts = python.join(STARTS);
    let text = fs::read_to_string(&starts)? + "\nimport training\n";
    fs::write(&starts, text).with_context(|| format!("can't write {}", starts.display()))?;
    let linked = fs::read(&parts.linked)?;
    let profile = shell::step("train", || {
        flatten::profile(&linked, |counting| {
            snapshot::run(counting, &parts.artefacts.stdlib, &python)
        })
    })?;
    let path = crate::root().join(PROFILE);
    fs::write(&path, profile).with_context(|| format!("can't write {}", path.display()))?;
    Ok(path)
}
