//! Making a package: the same inputs give the same bytes.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use thiserror::Error;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::metadata::PackageInfo;
use super::{NODES, PACKAGES};
use crate::packages::lock::{Lock, Locked};
use crate::packages::requirement::normal;
use crate::packages::wheel::{is_compiled, place, record};
use crate::workspace::reason;

/// A package can't be made.
#[derive(Debug, Error)]
pub(crate) enum PackError {
    #[error("`{}` can't be read: {why}", path.display())]
    Unreadable { path: PathBuf, why: String },
    #[error("`{}` is a link to a directory, or out of the directory that is packed", .0.display())]
    Link(PathBuf),
    #[error("`{}` has a name that is not UTF-8", .0.display())]
    Name(PathBuf),
    #[error("`{}` {why}", path.display())]
    Packages { path: PathBuf, why: String },
    #[error("the archive can't be written: {0}")]
    Zip(#[from] zip::result::ZipError),
}

/// Files of a package, by name.
#[derive(Default)]
pub(crate) struct Contents(BTreeMap<String, Vec<u8>>);

impl Contents {
    /// Adds a file.
    pub(crate) fn add(&mut self, name: &str, content: impl Into<Vec<u8>>) {
        self.0.insert(name.to_owned(), content.into());
    }

    /// Adds a directory with nodes; gives the name that it has in the package.
    ///
    /// # Errors
    /// Where it can't be read, or a link leads out of it.
    pub(crate) fn add_nodes(&mut self, directory: &Path) -> Result<String, PackError> {
        let canonical = canonical(directory)?;
        let base = canonical
            .file_name()
            .map_or_else(|| NODES.into(), |name| name.to_string_lossy().into_owned());
        let taken = |name: &str| {
            let inside = format!("{NODES}/{name}/");
            self.0.keys().any(|key| key.starts_with(&inside))
        };
        let mut name = base.clone();
        let mut number = 2;
        while taken(&name) {
            name = format!("{base}-{number}");
            number += 1;
        }
        for (file, content) in files(&canonical)? {
            self.add(&format!("{NODES}/{name}/{file}"), content);
        }
        Ok(name)
    }

    /// Adds a directory that `pipeline add` made, if it is as it was made; gives
    /// the packages in it.
    ///
    /// # Errors
    /// Where something in it is not what a package's `RECORD` says.
    pub(crate) fn add_packages(
        &mut self,
        directory: &Path,
        lock: &Lock,
    ) -> Result<Vec<PackageInfo>, PackError> {
        let wrong = |why: String| PackError::Packages {
            path: directory.to_owned(),
            why: format!("{why}; `pipeline sync` makes it anew"),
        };
        let files: HashMap<String, Vec<u8>> = files(&canonical(directory)?)?.into_iter().collect();
        let mut known: HashMap<String, Vec<Vec<u8>>> = HashMap::new();
        let mut records = HashSet::new();
        let mut infos = Vec::new();
        for locked in &lock.packages {
            let Locked { name, version, .. } = locked;
            let info = files.keys().find_map(|file| {
                let info = file.strip_suffix("/RECORD")?;
                let (its, its_version) = info.strip_suffix(".dist-info")?.split_once('-')?;
                let own = normal(its) == *name && normal(its_version) == normal(version);
                (own && !info.contains('/')).then_some(info)
            });
            let info =
                info.ok_or_else(|| wrong(format!("lacks `{name}` {version}, which is locked")))?;
            let text = |file: &str| {
                let content = files
                    .get(&format!("{info}/{file}"))
                    .map_or(&[][..], Vec::as_slice);
                String::from_utf8_lossy(content).into_owned()
            };
            let listed = record(&text("RECORD"))
                .map_err(|error| wrong(format!("has `{name}`, of which {error}")))?;
            for (file, hash) in listed {
                let (Some(file), Some(hash)) = (place(&file), hash) else {
                    continue;
                };
                if !is_left_out(file) && !is_compiled(file) && !files.contains_key(file) {
                    return Err(wrong(format!("lacks `{file}` of `{name}`")));
                }
                known.entry(file.to_owned()).or_default().push(hash);
            }
            records.insert(format!("{info}/RECORD"));
            infos.push(PackageInfo {
                name: name.clone(),
                version: version.clone(),
                license: license(&text("METADATA")),
            });
        }
        for (file, content) in files {
            let unsigned = [".jws", ".p7s"].iter().any(|end| {
                file.strip_suffix(end)
                    .is_some_and(|file| records.contains(file))
            });
            if !records.contains(&file) && !unsigned {
                let hash = Sha256::digest(&content);
                let hashes = known
                    .get(&file)
                    .ok_or_else(|| wrong(format!("has `{file}`, which is of no package")))?;
                if !hashes.iter().any(|known| known[..] == hash[..]) {
                    return Err(wrong(format!("has `{file}` with changes")));
                }
            }
            self.add(&format!("{PACKAGES}/{file}"), content);
        }
        Ok(infos)
    }

    /// The archive: files in order, with nothing that differs from one time to
    /// the next.
    ///
    /// # Errors
    /// Where it becomes too large for its form.
    pub(crate) fn archive(&self) -> Result<Vec<u8>, PackError> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(9))
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644);
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in &self.0 {
            zip.start_file(name.as_str(), options)?;
            zip.write_all(content)
                .map_err(zip::result::ZipError::from)?;
        }
        Ok(zip.finish()?.into_inner())
    }
}

fn canonical(directory: &Path) -> Result<PathBuf, PackError> {
    directory
        .canonicalize()
        .map_err(|error| unreadable(directory, &error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> PackError {
    PackError::Unreadable {
        path: path.to_owned(),
        why: reason(error),
    }
}

/// What is in no package: hidden files, which may be anything, and bytecode.
fn is_left_out(name: &str) -> bool {
    let hidden = |part: &str| part.starts_with('.') || part == "__pycache__";
    name.split('/').any(hidden) || name.ends_with(".pyc")
}

/// The files below a directory, whose one true path this is.
fn files(root: &Path) -> Result<Vec<(String, Vec<u8>)>, PackError> {
    let mut found = Vec::new();
    let mut pending = vec![(root.to_owned(), String::new())];
    while let Some((directory, inside)) = pending.pop() {
        let entries = fs::read_dir(&directory).map_err(|error| unreadable(&directory, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(&directory, &error))?;
            let path = entry.path();
            let name = entry.file_name();
            let name = name.to_str().ok_or_else(|| PackError::Name(path.clone()))?;
            if is_left_out(name) {
                continue;
            }
            let name = format!("{inside}{name}");
            let kind = entry
                .file_type()
                .map_err(|error| unreadable(&path, &error))?;
            let target = match kind.is_symlink() {
                true => {
                    let target = path
                        .canonicalize()
                        .map_err(|error| unreadable(&path, &error))?;
                    if !target.starts_with(root) || !target.is_file() {
                        return Err(PackError::Link(path));
                    }
                    target
                }
                false => path.clone(),
            };
            if kind.is_dir() {
                pending.push((path, format!("{name}/")));
            } else if target.is_file() {
                let content = fs::read(&target).map_err(|error| unreadable(&path, &error))?;
                found.push((name, content));
            }
        }
    }
    Ok(found)
}

/// What a package's metadata say of its licence.
fn license(metadata: &str) -> Option<String> {
    /// Some put the whole text there.
    const LONGEST: usize = 100;
    let head = metadata.lines().take_while(|line| !line.is_empty());
    let fields: Vec<(&str, &str)> = head.filter_map(|line| line.split_once(": ")).collect();
    let field = |name: &str| {
        let found = fields
            .iter()
            .find(|(it, value)| *it == name && value.len() <= LONGEST);
        found.map(|(_, value)| (*value).to_owned())
    };
    let classifier = || {
        let found = fields.iter().find_map(|(name, value)| {
            let class = value
                .strip_prefix("License :: ")
                .filter(|_| *name == "Classifier");
            class?.rsplit(" :: ").next()
        });
        found.map(str::to_owned)
    };
    let known = |text: &String| !text.is_empty() && text != "UNKNOWN";
    field("License-Expression")
        .or_else(|| field("License").filter(known))
        .or_else(classifier)
}
