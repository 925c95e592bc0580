//! Packages among the pipelines that requests can name. Each has a sandbox of its
//! own: what runs of one see, runs of the others don't.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use pipeline_host::http::HttpSandbox;
use pipeline_host::{Component, Engine, Sandbox};

use super::typed::Typed;
use crate::cli::Installation;
use crate::failure::Failure;
use crate::rmpkg::ENDING;
use crate::rmpkg::signature::Key;
use crate::rmpkg::unpacked::Unpacked;
use crate::{installation, report, workspace};

/// A package that requests can name.
pub(super) struct Packaged {
    pub(super) manifest: String,
    pub(super) sandbox: HttpSandbox,
    /// Runs whose items are no JSON.
    pub(super) typed: Option<Arc<Typed>>,
    /// It stays while it is served.
    _unpacked: Unpacked,
}

/// What packages are opened with.
pub(super) struct Opener<'a> {
    pub(super) engine: &'a Engine,
    pub(super) component: &'a Component,
    /// The component of runs whose items are no JSON, where there is one.
    pub(super) typed: Option<&'a Component>,
    pub(super) installation: &'a Installation,
    pub(super) keys: &'a [Key],
}

impl Opener<'_> {
    /// Opens the packages in a directory, and tells of what it leaves out.
    ///
    /// # Errors
    /// Where the directory can't be read, or nothing can run.
    pub(super) fn open(&self, directory: &Path) -> Result<BTreeMap<String, Packaged>, Failure> {
        let unreadable = |error: std::io::Error| {
            let (shown, why) = (directory.display(), workspace::reason(&error));
            Failure::usage(format!(
                "the directory with pipelines, `{shown}`, can't be read: {why}"
            ))
        };
        let root = directory.canonicalize().map_err(unreadable)?;
        let mut packages = BTreeMap::new();
        for entry in std::fs::read_dir(directory).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let is_package = path.extension().is_some_and(|ending| ending == ENDING);
            let Some(name) = path.file_stem().and_then(|stem| stem.to_str()) else {
                continue;
            };
            if !is_package || name.starts_with('.') {
                continue;
            }
            let inside = path
                .canonicalize()
                .is_ok_and(|path| path.starts_with(&root));
            let opened = match inside {
                true => self.one(&path),
                false => Err(Failure::usage("it is a link out of the directory")),
            };
            match opened {
                Ok(package) => {
                    packages.insert(name.to_owned(), package);
                }
                Err(failure) => {
                    let (file, why) = (path.display(), failure.text());
                    report::tell(&format!("`{file}` is left out of the pipelines: {why}"));
                }
            }
        }
        Ok(packages)
    }

    fn one(&self, path: &Path) -> Result<Packaged, Failure> {
        let read = workspace::package(path, self.keys)?;
        let unpacked = Unpacked::of(&read.package, &path.display().to_string())?;
        // It sees its own directories, and none of the server's.
        let installation = Installation {
            nodes: Vec::new(),
            ..self.installation.clone()
        };
        let mut directories = installation::find(&installation, "pipeline-http.wasm")?.directories;
        unpacked.show(&mut directories)?;
        let linked = self.typed.map(|component| {
            Sandbox::new(self.engine, component, directories.clone())
                .map_err(|error| Failure::usage(error.in_full()))
        });
        let typed = linked.transpose()?.map(|sandbox| {
            unpacked.compile(&sandbox, &self.engine.interrupt());
            Arc::new(Typed::new(self.engine.clone(), sandbox))
        });
        let sandbox = HttpSandbox::new(self.engine, self.component, directories)
            .map_err(|error| Failure::usage(error.in_full()))?;
        Ok(Packaged {
            manifest: read.package.manifest.1,
            sandbox,
            typed,
            _unpacked: unpacked,
        })
    }
}
