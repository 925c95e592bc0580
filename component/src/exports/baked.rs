//! A pipeline that is baked into the component: its modules are imported, and
//! hosts get its manifest by loading the empty text.

use std::cell::RefCell;

use super::WARM_UP_RUNS;
use crate::executor::{PipelineError, prepare};
use crate::files;
use crate::manifest::{Diagnostic, InvalidManifest, Manifest, load, parse};
use crate::python::baking::Request;
use crate::python::snapshot;
use crate::registry::Registry;

const OTHER: &str = "this component has a pipeline of its own, and runs no other";
const HELP: &str = "load the empty text to get its manifest; `pipeline bake --allow-other-manifests` \
                    makes a component that runs others too";

/// What was baked.
struct Baked {
    text: String,
    /// As it was read, before names in it were looked up.
    read: Manifest,
    manifest: Manifest,
    others: bool,
}

thread_local! {
    static BAKED: RefCell<Option<Baked>> = const { RefCell::new(None) };
}

/// Bakes a pipeline: what is in memory after that is what the new component's
/// instances begin with. Nothing may be under way.
///
/// # Errors
/// Why the pipeline can't run.
pub(super) fn bake(request: Request, registry: &Registry) -> Result<(), PipelineError> {
    snapshot::begin();
    // After that has mounted them anew.
    files::hear();
    let read = || {
        load(&request.manifest, registry)
            .map_err(|invalid| PipelineError::invalid_manifest(invalid.diagnostics))
    };
    let loaded = read()?;
    if request.initialize {
        prepare(&loaded.manifest, registry)?;
        snapshot::nothing_is_under_way()?;
    }
    // Who loads it executes what this executes.
    for _ in 0..WARM_UP_RUNS {
        read()?;
    }
    let parsed = parse(&request.manifest).map_err(PipelineError::invalid_manifest)?;
    BAKED.set(Some(Baked {
        text: request.manifest,
        read: parsed.manifest,
        manifest: loaded.manifest,
        others: request.others,
    }));
    snapshot::end();
    Ok(())
}

/// The text that is meant by one that is loaded.
///
/// # Errors
/// Where it is a manifest that the component does not run.
pub(super) fn text(given: String) -> Result<String, Box<InvalidManifest>> {
    BAKED.with_borrow(|baked| match baked {
        None => Ok(given),
        Some(baked) if given.trim().is_empty() => Ok(baked.text.clone()),
        Some(baked) if baked.others => Ok(given),
        Some(baked) => match parse(&given) {
            Ok(parsed) if !same(&parsed.manifest, &baked.read) => Err(vec![other()].into()),
            // What is wrong with a text is said by who loads it.
            _ => Ok(given),
        },
    })
}

/// Makes sure that a manifest may be run.
///
/// # Errors
/// Where it is another than the component's own.
pub(super) fn allow(manifest: &Manifest) -> Result<(), PipelineError> {
    BAKED.with_borrow(|baked| match baked {
        Some(baked) if !baked.others && !same(manifest, &baked.manifest) => {
            Err(PipelineError::invalid_manifest(vec![other()]))
        }
        _ => Ok(()),
    })
}

fn other() -> Diagnostic {
    Diagnostic::error("other-manifest", String::new(), OTHER).help(HELP)
}

/// Whether two manifests are the same. A NaN in one is not equal to itself.
fn same(one: &Manifest, other: &Manifest) -> bool {
    one == other || format!("{one:?}") == format!("{other:?}")
}
