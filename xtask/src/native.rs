//! Packages with compiled code that the component holds: numpy and add-ons.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::clang::GUEST;
use crate::{artefacts, stamp};

/// A package as it was built.
pub(crate) struct Native {
    /// Python's files, and an empty file for each module, since CPython looks for one
    /// before it asks the linker.
    pub(crate) package: PathBuf,
    /// The modules, in the same folders.
    pub(crate) modules: PathBuf,
}

impl Native {
    /// The one whose parts lie in a folder.
    pub(crate) fn below(folder: &Path) -> Self {
        Self {
            package: folder.join("package"),
            modules: folder.join("modules"),
        }
    }

    /// Takes everything out of it.
    ///
    /// # Errors
    /// Where a folder can't be made anew.
    pub(crate) fn clear(&self) -> Result<()> {
        artefacts::recreate(&self.package)?;
        artefacts::recreate(&self.modules)
    }

    /// Puts a file of Python's in, under a name.
    ///
    /// # Errors
    /// Where it can't be copied.
    pub(crate) fn add(&self, file: &Path, name: &Path) -> Result<()> {
        fs::copy(file, place(&self.package, name)?)
            .map(drop)
            .with_context(|| format!("can't copy {}", file.display()))
    }

    /// Gives the place of a module's library.
    ///
    /// # Errors
    /// Where its folder can't be made.
    pub(crate) fn add_module(&self, name: &Path) -> Result<PathBuf> {
        fs::write(place(&self.package, name)?, "")?;
        place(&self.modules, name)
    }

    /// The modules: where the guest looks for each, and its library.
    ///
    /// # Errors
    /// Where the folder can't be read.
    pub(crate) fn libraries(&self) -> Result<Vec<(String, PathBuf)>> {
        let files = stamp::files_below(&self.modules)?;
        let named = files.into_iter().map(|file| {
            let name = file.strip_prefix(&self.modules)?;
            Ok((format!("{GUEST}/{}", name.display()), file))
        });
        named.collect()
    }
}

/// The place of a file in a folder, in folders that are made.
fn place(folder: &Path, name: &Path) -> Result<PathBuf> {
    let place = folder.join(name);
    fs::create_dir_all(place.parent().context("a file in a folder")?)?;
    Ok(place)
}
