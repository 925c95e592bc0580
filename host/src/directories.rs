//! The directories that the sandbox sees.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::types::{Diagnostic, PipelineError};

/// The directories that the sandbox sees, all of them read-only: Python's
/// standard library, the package `remotemedia`, and the user's own nodes.
#[derive(Clone, Debug, Default)]
pub struct Directories {
    /// Those of the library; a component that was baked has its own.
    library: Option<[PathBuf; 2]>,
    nodes: Vec<Nodes>,
}

#[derive(Clone, Debug)]
struct Nodes {
    /// Where the sandbox sees it.
    guest: String,
    /// As the user wrote it.
    host: PathBuf,
    /// Its one true path.
    canonical: PathBuf,
}

impl Directories {
    /// Python's standard library, and the directory that holds the package
    /// `remotemedia`.
    ///
    /// # Errors
    /// Where one of them isn't there or holds something else.
    pub fn new(stdlib: &Path, python: &Path) -> Result<Self, Error> {
        holds(
            stdlib,
            "os.py",
            "with Python's standard library",
            "Python's standard library",
        )?;
        holds(
            python,
            "remotemedia/__init__.py",
            "with the package `remotemedia`",
            "the directory of the package `remotemedia`",
        )?;
        Ok(Self {
            library: Some([stdlib.to_owned(), python.to_owned()]),
            nodes: Vec::new(),
        })
    }

    /// None: for a component that has all it needs in itself, as
    /// [`bake`](crate::bake) makes them.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds a directory with the user's own nodes: its modules can be imported
    /// and named in manifests, as `module:Class`.
    ///
    /// # Errors
    /// Where it isn't there.
    pub fn add_nodes(&mut self, path: &Path) -> Result<(), Error> {
        self.add_nodes_as(path, path)
    }

    /// The same, with another name for it in messages: that of the archive that
    /// it was in.
    ///
    /// # Errors
    /// Where it isn't there.
    pub fn add_nodes_as(&mut self, path: &Path, shown: &Path) -> Result<(), Error> {
        let missing = |source| Error::Directory {
            what: "with nodes",
            path: path.to_owned(),
            source,
        };
        let canonical = path.canonicalize().map_err(missing)?;
        if !canonical.is_dir() {
            return Err(missing(is_a_file()));
        }
        if self.nodes.iter().any(|nodes| nodes.canonical == canonical) {
            return Ok(());
        }
        let base = canonical.file_name().map_or_else(
            || "nodes".into(),
            |name| name.to_string_lossy().into_owned(),
        );
        let taken = |guest: &str| self.nodes.iter().any(|nodes| nodes.guest == guest);
        let mut guest = format!("/nodes/{base}");
        let mut number = 2;
        while taken(&guest) {
            guest = format!("/nodes/{base}-{number}");
            number += 1;
        }
        self.nodes.push(Nodes {
            guest,
            host: shown.to_owned(),
            canonical,
        });
        Ok(())
    }

    /// Pairs of where a directory is and where the sandbox sees it.
    pub(crate) fn mounts(&self) -> impl Iterator<Item = (&Path, &str)> {
        self.library().chain(self.nodes())
    }

    /// Those of the library.
    pub(crate) fn library(&self) -> impl Iterator<Item = (&Path, &str)> {
        let library = self.library.iter().flatten();
        library.map(PathBuf::as_path).zip(["/stdlib", "/python"])
    }

    /// Those with the user's own nodes: where each is, and where the sandbox sees it.
    pub fn nodes(&self) -> impl Iterator<Item = (&Path, &str)> {
        let nodes = self.nodes.iter();
        nodes.map(|nodes| (nodes.canonical.as_path(), nodes.guest.as_str()))
    }

    /// Where the sandbox sees a file.
    pub(crate) fn guest_path(&self, file: &Path) -> Option<String> {
        let file = file.canonicalize().ok()?;
        self.mounts().find_map(|(host, guest)| {
            let inside = file.strip_prefix(host.canonicalize().ok()?).ok()?;
            let inside = inside.to_string_lossy().replace('\\', "/");
            Some(format!("{guest}/{inside}"))
        })
    }

    /// Puts the user's own paths back in place of the sandbox's, in a traceback
    /// or another message.
    #[must_use]
    pub fn with_host_paths(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for nodes in &self.nodes {
            let host = nodes.host.to_string_lossy();
            let host = match host.trim_end_matches('/') {
                "" => "/",
                host => host,
            };
            let mut from = 0;
            while let Some(at) = text[from..].find(&nodes.guest) {
                let at = from + at;
                let end = at + nodes.guest.len();
                // `/nodes/a` is not the beginning of `/nodes/ab`.
                let goes_on = |c: char| c.is_alphanumeric() || "_-.".contains(c);
                from = if text[end..].starts_with(goes_on) {
                    end
                } else {
                    text.replace_range(at..end, host);
                    at + host.len()
                };
            }
        }
        text
    }

    /// The same in a pipeline's error.
    pub(crate) fn put_host_paths_in_error(&self, error: &mut PipelineError) {
        error.message = self.with_host_paths(&error.message);
        if let Some(traceback) = &mut error.traceback {
            *traceback = self.with_host_paths(traceback);
        }
        self.put_host_paths(&mut error.diagnostics);
    }

    /// The same in diagnostics.
    pub(crate) fn put_host_paths(&self, diagnostics: &mut [Diagnostic]) {
        for diagnostic in diagnostics {
            diagnostic.message = self.with_host_paths(&diagnostic.message);
            if let Some(help) = &mut diagnostic.help {
                *help = self.with_host_paths(help);
            }
        }
    }
}

fn holds(
    path: &Path,
    file: &'static str,
    purpose: &'static str,
    what: &'static str,
) -> Result<(), Error> {
    if path.join(file).exists() {
        return Ok(());
    }
    match path.metadata() {
        Err(error) => Err(Error::Directory {
            what: purpose,
            path: path.to_owned(),
            source: error,
        }),
        Ok(metadata) if !metadata.is_dir() => Err(Error::Directory {
            what: purpose,
            path: path.to_owned(),
            source: is_a_file(),
        }),
        Ok(_) => Err(Error::WrongDirectory {
            what,
            path: path.to_owned(),
            lacks: file,
        }),
    }
}

fn is_a_file() -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::NotADirectory, "it is a file")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directories() -> (tempfile::TempDir, Directories) {
        let root = tempfile::tempdir().unwrap();
        for file in [
            "stdlib/os.py",
            "python/remotemedia/__init__.py",
            "a/nodes/x.py",
            "b/nodes/x.py",
        ] {
            let path = root.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let found =
            Directories::new(&root.path().join("stdlib"), &root.path().join("python")).unwrap();
        (root, found)
    }

    #[test]
    fn names_are_unique_and_directories_are_added_once() {
        let (root, mut directories) = directories();
        let (a, b) = (root.path().join("a/nodes"), root.path().join("b/nodes/"));
        for path in [&a, &b, &root.path().join("a/../a/nodes")] {
            directories.add_nodes(path).unwrap();
        }
        let guests: Vec<&str> = directories.mounts().map(|(_, guest)| guest).collect();
        assert_eq!(
            guests,
            ["/stdlib", "/python", "/nodes/nodes", "/nodes/nodes-2"]
        );
        let text = directories.with_host_paths("File \"/nodes/nodes-2/x.py\", line 1");
        assert_eq!(
            text,
            format!("File \"{}/b/nodes/x.py\", line 1", root.path().display())
        );
        let text =
            directories.with_host_paths("in `/nodes/nodes`, `/nodes/nodes.py`, /nodes/nodes");
        let host = root.path().join("a/nodes");
        let host = host.display();
        assert_eq!(text, format!("in `{host}`, `/nodes/nodes.py`, {host}"));
    }

    #[test]
    fn what_is_missing_is_said() {
        let (root, _) = directories();
        let at = |name: &str| root.path().join(name);
        let error = |stdlib: &str, python: &str| {
            Directories::new(&at(stdlib), &at(python))
                .unwrap_err()
                .in_full()
        };
        assert!(error("nowhere", "python").ends_with("can't be read: it is not there"));
        assert!(
            error("python", "python")
                .ends_with("is not Python's standard library: it has no os.py")
        );
        assert!(error("stdlib", "stdlib/os.py").contains("can't be read"));
    }
}
