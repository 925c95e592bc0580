//! Where the component and its directories are.

use std::path::{Path, PathBuf};

use pipeline_host::Directories;

use crate::cli::Installation;
use crate::failure::Failure;

const HINT: &str = "they are laid beside the program by its build and in its packages; PIPELINE_DIST \
                    names another directory that holds them all";

/// Where things are, with defaults filled in.
pub(crate) struct Installed {
    pub(crate) component: PathBuf,
    /// Whether it came with this program.
    pub(crate) installed: bool,
    pub(crate) directories: Directories,
}

/// Finds the component, by its default name, and its directories.
pub(crate) fn find(installation: &Installation, component: &str) -> Result<Installed, Failure> {
    let base = base();
    let default = |given: &Option<PathBuf>, name: &str| match given {
        Some(path) => path.clone(),
        None => base.join(name),
    };
    let component = default(&installation.component, component);
    let compiled = component.with_extension("cwasm");
    let component = match &installation.component {
        // Compiled code alone will do.
        None if !component.exists() && compiled.exists() => compiled,
        None if !component.exists() => {
            let text = format!("the component `{}` is not there", component.display());
            let help = format!("name it by --component; {HINT}");
            return Err(Failure::usage(text).help(help));
        }
        _ => component,
    };
    let (stdlib, python) = (
        default(&installation.stdlib, "stdlib"),
        default(&installation.python, "python"),
    );
    let mut directories = Directories::new(&stdlib, &python).map_err(|error| {
        let help = format!("name them by --stdlib and --python; {HINT}");
        Failure::usage(error.in_full()).help(help)
    })?;
    for nodes in &installation.nodes {
        directories
            .add_nodes(nodes)
            .map_err(|error| Failure::usage(error.in_full()))?;
    }
    Ok(Installed {
        component,
        installed: installation.component.is_none(),
        directories,
    })
}

/// The directory of the package `remotemedia`, and of what else comes along.
pub(crate) fn python(installation: &Installation) -> PathBuf {
    let default = || base().join("python");
    installation.python.clone().unwrap_or_else(default)
}

fn base() -> PathBuf {
    if let Some(base) = std::env::var_os("PIPELINE_DIST").filter(|base| !base.is_empty()) {
        return PathBuf::from(base);
    }
    let program = std::env::current_exe().and_then(|program| program.canonicalize());
    let directory = program
        .ok()
        .and_then(|program| program.parent().map(Path::to_owned));
    directory.unwrap_or_default()
}
