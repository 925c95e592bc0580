//! The lock file: which packages were chosen for which requirements. It says
//! nothing of where they came from, so that another machine can have them from
//! elsewhere; the hash says that they are the same.

use std::path::Path;

use pipeline_host::files::{self, Existing};
use serde::{Deserialize, Serialize};

use super::requirement::{Requirement, normal};
use crate::failure::Failure;
use crate::workspace::reason;

/// The version of the form.
const VERSION: u32 = 1;
/// The longest lock file that is read.
const LONGEST: usize = 4 << 20;

/// What was asked for, and what was chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lock {
    version: u32,
    /// The Python that it was chosen for.
    python: String,
    pub(crate) requirements: Vec<Requirement>,
    pub(crate) packages: Vec<Locked>,
}

/// One package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Locked {
    /// Its name in the normal form.
    pub(crate) name: String,
    pub(crate) version: String,
    /// The wheel's file name.
    pub(crate) file: String,
    pub(crate) sha256: String,
}

impl Lock {
    pub(crate) fn new(requirements: Vec<Requirement>, mut packages: Vec<Locked>) -> Self {
        packages.sort_by(|a, b| a.name.cmp(&b.name));
        Self {
            version: VERSION,
            python: super::pip::PYTHON.into(),
            requirements,
            packages,
        }
    }

    /// Reads a lock file; none where there is no such file.
    ///
    /// # Errors
    /// Where it can't be read, or is none.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, Failure> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                let (shown, why) = (path.display(), reason(&error));
                return Err(Failure::usage(format!("`{shown}` can't be read: {why}")));
            }
        };
        let lock = Self::parse(&bytes).map_err(|problem| {
            let text = format!("`{}` is not a lock file: {problem}", path.display());
            Failure::usage(text).help("`pipeline add` writes it; delete it to choose anew")
        })?;
        Ok(Some(lock))
    }

    /// Reads a lock file's content.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > LONGEST {
            return Err(format!("it has more than {LONGEST} bytes"));
        }
        let lock: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if lock.version != VERSION {
            let version = lock.version;
            return Err(format!("its version is {version}; {VERSION} is known"));
        }
        for package in &lock.packages {
            package.check()?;
        }
        if let Some(pair) = (lock.packages.windows(2)).find(|pair| pair[0].name >= pair[1].name) {
            return Err(format!(
                "`{}` stands there twice, or out of order",
                pair[1].name
            ));
        }
        Ok(lock)
    }

    /// What the file has.
    pub(crate) fn text(&self) -> String {
        // What it is made of has a form in JSON.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// Where it can't be written.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Failure> {
        files::write(path, self.text().as_bytes(), Existing::Replace).map_err(|error| {
            let (shown, why) = (path.display(), reason(&error));
            Failure::failed(format!("`{shown}` can't be written: {why}"))
        })
    }
}

impl Locked {
    /// Whether its wheel is one for all machines.
    pub(crate) fn is_pure(&self) -> bool {
        self.file.ends_with("-none-any.whl")
    }

    /// What is said of it is what it may be: it goes to pip, and into names.
    fn check(&self) -> Result<(), String> {
        let word = |text: &str, also: &str| {
            let fits = |c: char| c.is_ascii_alphanumeric() || also.contains(c);
            text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(fits)
        };
        let what = if !word(&self.name, "-") || normal(&self.name) != self.name {
            "name"
        } else if !word(&self.version, ".+!-_") {
            "version"
        } else if !word(&self.file, ".+!-_") || !self.file.ends_with(".whl") {
            "file"
        } else if self.sha256.len() != 64 || !word(&self.sha256, "") {
            "sha256"
        } else {
            return Ok(());
        };
        Err(format!(
            "the {what} of the package `{}` is not one",
            self.name
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(name: &str, file: &str, sha256: &str) -> String {
        let lock = Lock::new(
            vec!["a>=1".parse().unwrap()],
            vec![Locked {
                name: name.into(),
                version: "1.0".into(),
                file: file.into(),
                sha256: sha256.into(),
            }],
        );
        lock.text()
    }

    #[test]
    fn what_is_written_is_read() {
        let text = lock("a", "a-1.0-py3-none-any.whl", &"0".repeat(64));
        assert_eq!(Lock::parse(text.as_bytes()).unwrap().text(), text);
    }

    #[test]
    fn what_would_lead_elsewhere_is_refused() {
        let hash = "0".repeat(64);
        for (name, file, sha256) in [
            ("a b", "a-1.0-py3-none-any.whl", &*hash),
            ("A", "a-1.0-py3-none-any.whl", &hash),
            ("a", "../a-1.0-py3-none-any.whl", &hash),
            ("a", "a.tar.gz", &hash),
            ("a", "a-1.0-py3-none-any.whl", "0"),
            ("a\n--index-url=x", "a-1.0-py3-none-any.whl", &hash),
        ] {
            let text = lock(name, file, sha256);
            assert!(Lock::parse(text.as_bytes()).is_err(), "{text}");
        }
        let text = lock("a", "a-1.0-py3-none-any.whl", &hash);
        let other = text.replace("\"version\": 1,", "\"version\": 2,");
        assert!(
            Lock::parse(other.as_bytes())
                .unwrap_err()
                .contains("version is 2")
        );
    }
}
