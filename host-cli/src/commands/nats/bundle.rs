//! A manifest and its nodes as one archive, and the version that follows from it.

use std::fs::{self, File};
use std::io::{self, Read as _, Write};
use std::path::{Component, Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::report::{self, ManifestText};

/// How many bytes an archive may have.
pub(super) const LONGEST: u64 = 64 << 20;
/// How many files may be in it.
const MOST: usize = 10_000;

const MANIFEST: &str = "manifest";
const NODES: &str = "nodes";

/// What was in an archive.
pub(super) struct Unpacked {
    pub(super) manifest: ManifestText,
    pub(super) nodes: Vec<PathBuf>,
}

/// The version of a manifest and its nodes: the beginning of a digest of all of
/// it.
pub(super) fn version(manifest: &ManifestText, nodes: &[PathBuf]) -> io::Result<String> {
    let mut digest = Digesting(Sha256::new());
    pack(manifest, nodes, &mut digest)?;
    Ok(short(digest.0))
}

/// The version that an archive holds.
pub(super) fn version_of(archive: &[u8]) -> String {
    short(Sha256::new_with_prefix(archive))
}

fn short(digest: Sha256) -> String {
    let digest = digest.finalize();
    digest[..6]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Digests what is written.
struct Digesting(Sha256);

impl Write for Digesting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes an archive: the same bytes for the same files. What no node is made of
/// is left out: bytecode, and what begins with a dot.
pub(super) fn pack(
    manifest: &ManifestText,
    nodes: &[PathBuf],
    into: &mut impl Write,
) -> io::Result<()> {
    let mut archive = tar::Builder::new(into);
    let name = Path::new(&manifest.name).file_name();
    let name = name.unwrap_or_else(|| MANIFEST.as_ref());
    let name = Path::new(MANIFEST).join(name);
    let text = manifest.text.as_bytes();
    archive.append_data(&mut header(text.len() as u64), name, text)?;
    for (number, directory) in nodes.iter().enumerate() {
        for file in files(directory)? {
            let within = file.strip_prefix(directory).map_err(io::Error::other)?;
            let name = Path::new(NODES).join(number.to_string()).join(within);
            let length = fs::metadata(&file)?.len();
            let bytes = File::open(&file)?.take(length);
            archive.append_data(&mut header(length), name, bytes)?;
        }
    }
    archive.finish()
}

fn header(length: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_size(length);
    header.set_mode(0o644);
    header
}

/// The files below a directory, sorted.
fn files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory)? {
            let entry = entry?;
            let (name, kind) = (entry.file_name(), entry.file_type()?);
            let name = name.to_string_lossy();
            if name.starts_with('.') || name == "__pycache__" {
                continue;
            }
            if kind.is_dir() {
                directories.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            } else {
                let path = entry.path();
                report::tell(&format!(
                    "`{}` is no file of its own, and not part of the version",
                    path.display()
                ));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Unpacks an archive into an empty directory. Whoever can write to the bucket
/// made it: nothing but files below the directory comes of it.
///
/// # Errors
/// Says what is wrong with it.
pub(super) fn unpack(archive: &[u8], into: &Path) -> Result<Unpacked, String> {
    let broken = |error: io::Error| format!("it is no archive of a pipeline: {error}");
    let mut manifest = None;
    let mut nodes = 0;
    for (count, entry) in tar::Archive::new(archive)
        .entries()
        .map_err(broken)?
        .enumerate()
    {
        let mut entry = entry.map_err(broken)?;
        if count >= MOST {
            return Err(format!("it has more than {MOST} files"));
        }
        let path = entry.path().map_err(broken)?.into_owned();
        let shown = path.display().to_string();
        if !entry.header().entry_type().is_file() {
            return Err(format!("`{shown}` in it is no file"));
        }
        let mut parts = Vec::new();
        for part in path.components() {
            match part {
                Component::Normal(part) => parts.push(part),
                _ => return Err(format!("`{shown}` in it leads out of it")),
            }
        }
        let mut bytes = Vec::new();
        match parts.as_slice() {
            [kind, name] if *kind == MANIFEST && manifest.is_none() => {
                entry.read_to_end(&mut bytes).map_err(broken)?;
                let text = String::from_utf8(bytes).map_err(|_| "its manifest is no text")?;
                manifest = Some(ManifestText {
                    name: name.to_string_lossy().into_owned(),
                    text,
                });
            }
            [kind, number, _, ..] if *kind == NODES => {
                let number: Option<usize> = number.to_str().and_then(|n| n.parse().ok());
                let number = number.filter(|number| *number < MOST);
                let number = number.ok_or_else(|| format!("`{shown}` in it has no place"))?;
                nodes = nodes.max(number + 1);
                let path = into.join(path);
                entry.read_to_end(&mut bytes).map_err(broken)?;
                let write = || {
                    fs::create_dir_all(path.parent().unwrap_or(into))?;
                    fs::write(&path, bytes)
                };
                write().map_err(|error| format!("`{shown}`: {error}"))?;
            }
            _ => return Err(format!("`{shown}` in it has no place")),
        }
    }
    let nodes = (0..nodes).map(|number| into.join(NODES).join(number.to_string()));
    let nodes: Vec<_> = nodes.collect();
    for directory in &nodes {
        // One that holds nothing is not in the archive.
        fs::create_dir_all(directory).map_err(|error| error.to_string())?;
    }
    Ok(Unpacked {
        manifest: manifest.ok_or("it has no manifest")?,
        nodes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> ManifestText {
        ManifestText {
            name: "some/m.yaml".into(),
            text: "version: v1".into(),
        }
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        let from = tempfile::tempdir().unwrap();
        let nodes = from.path().join("nodes");
        let long = "long".repeat(40);
        fs::create_dir_all(nodes.join("sub").join(&long)).unwrap();
        fs::create_dir_all(nodes.join("__pycache__")).unwrap();
        fs::write(nodes.join("a.py"), "A").unwrap();
        fs::write(nodes.join(".hidden"), "no").unwrap();
        fs::write(nodes.join("__pycache__/a.pyc"), "no").unwrap();
        fs::write(nodes.join("sub").join(&long).join("b.bin"), [0, 255]).unwrap();
        let all = [nodes];
        let mut archive = Vec::new();
        pack(&manifest(), &all, &mut archive).unwrap();
        let version = version(&manifest(), &all).unwrap();
        assert_eq!(version, version_of(&archive));
        assert_eq!(version.len(), 12);
        let into = tempfile::tempdir().unwrap();
        let unpacked = unpack(&archive, into.path()).unwrap();
        assert_eq!(unpacked.manifest.name, "m.yaml");
        assert_eq!(unpacked.manifest.text, "version: v1");
        let [nodes] = &unpacked.nodes[..] else {
            panic!("{:?}", unpacked.nodes)
        };
        assert_eq!(fs::read(nodes.join("a.py")).unwrap(), b"A");
        assert_eq!(fs::read_dir(nodes).unwrap().count(), 2);
        let long = nodes.join("sub").join(long).join("b.bin");
        assert_eq!(fs::read(long).unwrap(), [0, 255]);
    }

    #[test]
    fn archives_of_strangers_stay_within_their_directory() {
        let archive = |name: &[u8], kind: tar::EntryType| {
            let mut header = tar::Header::new_gnu();
            header.as_old_mut().name[..name.len()].copy_from_slice(name);
            header.set_entry_type(kind);
            header.set_size(1);
            header.set_cksum();
            let mut builder = tar::Builder::new(Vec::new());
            builder.append(&header, &b"x"[..]).unwrap();
            builder.into_inner().unwrap()
        };
        for (name, kind) in [
            (&b"../x"[..], tar::EntryType::Regular),
            (b"nodes/0/../../../x", tar::EntryType::Regular),
            (b"/etc/x", tar::EntryType::Regular),
            (b"nodes/0/x", tar::EntryType::Symlink),
            (b"nodes/0/x", tar::EntryType::Fifo),
            (b"nodes/x/x", tar::EntryType::Regular),
            (b"nodes/99999999/x", tar::EntryType::Regular),
            (b"other", tar::EntryType::Regular),
            (b"nodes/0/only", tar::EntryType::Regular),
        ] {
            let root = tempfile::tempdir().unwrap();
            let into = root.path().join("into");
            fs::create_dir(&into).unwrap();
            assert!(unpack(&archive(name, kind), &into).is_err());
            assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
        }
        assert!(unpack(b"no archive", Path::new("/nowhere")).is_err());
    }
}
