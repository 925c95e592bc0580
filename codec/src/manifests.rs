//! The manifests in a directory, by name.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// How the names of their files end, in the order in which they are looked for.
const ENDINGS: &[&str] = &["json", "yaml", "yml"];

/// A directory with manifests. It is looked at each time anew, so that files can
/// come and go.
#[derive(Clone, Debug)]
pub struct Manifests {
    directory: PathBuf,
}

/// What a directory has.
#[derive(Debug, Default)]
pub struct Listing {
    /// The names of the manifests, sorted.
    pub names: Vec<String>,
    /// Files that look like manifests and can't be named, and why.
    pub left_out: Vec<(String, &'static str)>,
}

impl Manifests {
    /// The manifests in a directory.
    #[must_use]
    pub fn new(directory: &Path) -> Self {
        let directory = directory.to_owned();
        Self { directory }
    }

    /// All that are there. Hidden files are none.
    ///
    /// # Errors
    /// Where the directory can't be read.
    pub fn list(&self) -> io::Result<Listing> {
        let mut found = Listing::default();
        for entry in fs::read_dir(&self.directory)? {
            let file = entry?.file_name();
            let shown = file.to_string_lossy();
            let Some((_, ending)) = shown.rsplit_once('.') else {
                continue;
            };
            if shown.starts_with('.') || !ENDINGS.contains(&&*ending.to_ascii_lowercase()) {
                continue;
            }
            match self.name(&file) {
                Ok(name) => found.names.push(name),
                Err(reason) => found.left_out.push((shown.into_owned(), reason)),
            }
        }
        found.names.sort();
        found.names.dedup();
        found.left_out.sort();
        Ok(found)
    }

    /// The text of a manifest; none where no file has that name.
    ///
    /// # Errors
    /// Where its file can't be read.
    pub fn read(&self, name: &str) -> io::Result<Option<String>> {
        if !is_name(name) {
            return Ok(None);
        }
        for ending in ENDINGS {
            let path = self.directory.join(format!("{name}.{ending}"));
            match self.is_usable(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
                Ok(false) => {}
                Ok(true) => return fs::read_to_string(path).map(Some),
            }
        }
        Ok(None)
    }

    /// The name of the manifest in a file, or why it has none.
    fn name(&self, file: &std::ffi::OsStr) -> Result<String, &'static str> {
        let text = file.to_str().ok_or("its name is not text in UTF-8")?;
        let (name, ending) = text.rsplit_once('.').unwrap_or((text, ""));
        if !ENDINGS.contains(&ending) {
            return Err("its name ends in capital letters");
        }
        if !is_name(name) {
            return Err("its name has a backslash or a control character, or is only an ending");
        }
        match self.is_usable(&self.directory.join(file)) {
            Ok(true) => Ok(name.to_owned()),
            Ok(false) => Err("it is no file in this directory, or a link out of it"),
            Err(_) => Err("it can't be read"),
        }
    }

    /// Whether a path is that of a file in the directory: nothing that reading
    /// could wait for, and no link out of it.
    fn is_usable(&self, path: &Path) -> io::Result<bool> {
        if !fs::metadata(path)?.is_file() {
            return Ok(false);
        }
        // A sandbox sees nothing else anyway.
        #[cfg(not(target_family = "wasm"))]
        if !path
            .canonicalize()?
            .starts_with(self.directory.canonicalize()?)
        {
            return Ok(false);
        }
        Ok(true)
    }
}

/// Whether a name can be a manifest's: it can't lead out of the directory, and is
/// not that of a hidden file.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && !name.contains(['/', '\\'])
        && !name.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn names_and_what_is_left_out() {
        use std::os::unix::ffi::OsStrExt;
        use std::os::unix::fs::symlink;

        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("pipelines");
        fs::create_dir(&directory).unwrap();
        fs::write(root.path().join("secret.json"), "secret").unwrap();
        for name in [
            "a.json",
            "b.yaml",
            "c.yml",
            "a.yml",
            "two words.json",
            "größe.json",
            "d.e.json",
            "100%.json",
            "UP.JSON",
            "tab\tbed.json",
            "back\\slash.yml",
            ".hidden.json",
            "notes.txt",
        ] {
            fs::write(directory.join(name), name).unwrap();
        }
        fs::write(
            directory.join(std::ffi::OsStr::from_bytes(b"\xff.json")),
            "",
        )
        .unwrap();
        fs::create_dir(directory.join("dir.json")).unwrap();
        symlink("a.json", directory.join("link.json")).unwrap();
        symlink("../secret.json", directory.join("out.json")).unwrap();
        symlink("nowhere", directory.join("gone.json")).unwrap();

        let manifests = Manifests::new(&directory);
        let listing = manifests.list().unwrap();
        let names = ["100%", "a", "b", "c", "d.e", "größe", "link", "two words"];
        assert_eq!(listing.names, names);
        let left_out: Vec<_> = listing.left_out.iter().map(|(file, _)| &**file).collect();
        let expected = [
            "UP.JSON",
            "back\\slash.yml",
            "dir.json",
            "gone.json",
            "out.json",
            "tab\tbed.json",
            "\u{fffd}.json",
        ];
        assert_eq!(left_out, expected);
        for name in names {
            assert!(manifests.read(name).unwrap().is_some(), "{name}");
        }
        assert_eq!(manifests.read("a").unwrap().as_deref(), Some("a.json"));
        for name in [
            "",
            ".",
            "..",
            ".hidden",
            "../secret",
            "x/../a",
            "out",
            "dir",
            "nothing",
        ] {
            assert_eq!(manifests.read(name).unwrap(), None, "{name}");
        }
    }
}
