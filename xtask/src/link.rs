//! The guest, CPython and wasi-libc become one component.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::artefacts::Artefacts;
use crate::redirect;
use crate::stamp::{self, Inputs};

/// Links the component.
///
/// # Errors
/// Names the symbols that no library has.
pub(crate) fn link(guest: &Path, artefacts: &Artefacts, into: &Path) -> Result<PathBuf> {
    let component = into.join("linked.wasm");
    let mut inputs = Inputs::new("link", 2).file(guest)?;
    for (_, path) in artefacts.libraries() {
        inputs = inputs.file(&path)?;
    }
    stamp::unless_done("link the component", inputs, &component, || {
        let mut linker = wit_component::Linker::default();
        linker.use_built_in_libdl(true);
        let guest = fs::read(guest)?;
        linker.library("libguest.so", &guest, false)?;
        for (name, path) in artefacts.libraries() {
            let mut library = fs::read(&path)?;
            // The guest itself calls libc, and libc is libc.
            if name != "libc.so" {
                library = redirect::redirect(&library, &guest)?;
            }
            linker
                .library(name, &library, false)
                .with_context(|| name.to_owned())?;
        }
        fs::write(&component, linker.encode()?)?;
        Ok(())
    })?;
    Ok(component)
}
