//! The guest, CPython, wasi-libc, numpy and add-ons become one component.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::artefacts::Artefacts;
use crate::native::Native;
use crate::redirect;
use crate::stamp::{self, Inputs};

/// Links the component.
///
/// # Errors
/// Names the symbols that no library has.
pub(crate) fn link(
    guest: &Path,
    artefacts: &Artefacts,
    natives: &[Native],
    into: &Path,
) -> Result<PathBuf> {
    let component = into.join("linked.wasm");
    let libraries = artefacts.libraries(!natives.is_empty());
    let mut modules = Vec::new();
    for native in natives {
        modules.extend(native.libraries()?);
    }
    let mut inputs = Inputs::new("link", &[include_str!("link.rs")]).file(guest)?;
    for (_, path) in &libraries {
        inputs = inputs.file(path)?;
    }
    for (name, path) in &modules {
        inputs = inputs.text(name).file(path)?;
    }
    stamp::unless_done("link the component", inputs, &component, || {
        let mut linker = wit_component::Linker::default();
        linker.use_built_in_libdl(true);
        let guest = fs::read(guest)?;
        linker.library("libguest.so", &guest, false)?;
        for (name, path) in &libraries {
            let mut library = fs::read(path)?;
            // The guest itself calls libc, and libc is libc.
            if *name != "libc.so" {
                library = redirect::redirect(&library, &guest)?;
            }
            linker
                .library(name, &library, false)
                .with_context(|| (*name).to_owned())?;
        }
        for (name, path) in &modules {
            let module = redirect::redirect(&fs::read(path)?, &guest)?;
            // CPython asks for it by this name, when it is imported.
            linker
                .library(name, &module, true)
                .with_context(|| name.clone())?;
        }
        fs::write(&component, linker.encode()?)?;
        Ok(())
    })?;
    Ok(component)
}
