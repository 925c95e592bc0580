//! Wheels: archives with a package of Python, whose `RECORD` lists each file with
//! its hash. Nothing of one runs when it is unpacked.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::lock::Locked;
use super::requirement::normal;
use crate::archive::{self, Archive, ArchiveError, Bounds, File};

/// How much of a wheel is read.
const BOUNDS: Bounds = Bounds {
    length: 256 << 20,
    entries: 50_000,
    unpacked: 1 << 30,
};

/// Packages whose wheels all have compiled code, and that work without it: what it
/// does they also have in Python, and import that where the other is not there.
pub(crate) const WITHOUT_COMPILED: &[&str] = &["markupsafe", "msgpack", "pyyaml"];

/// A wheel can't be used.
#[derive(Debug, Error)]
pub(crate) enum WheelError {
    #[error("its name is not a wheel's")]
    Name,
    #[error("it has compiled code, for {0}")]
    Native(String),
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error("it has no `.dist-info` of its own")]
    NoInfo,
    #[error("its RECORD {0}")]
    Record(String),
    #[error("it is of the form {0}, and 1 is known")]
    Form(String),
}

/// A wheel that was read.
pub(crate) struct Wheel {
    pub(crate) locked: Locked,
    bytes: Arc<[u8]>,
}

impl Wheel {
    /// Reads a wheel, whose name says what it is.
    ///
    /// # Errors
    /// Where its name says something else.
    pub(crate) fn new(file: &str, bytes: Vec<u8>) -> Result<Self, WheelError> {
        let stem = file.strip_suffix(".whl").ok_or(WheelError::Name)?;
        let parts: Vec<&str> = stem.split('-').collect();
        let (name, version, abi, platform) = match parts[..] {
            [name, version, _, abi, platform] | [name, version, _, _, abi, platform] => {
                (name, version, abi, platform)
            }
            _ => return Err(WheelError::Name),
        };
        let is_pure = abi == "none" && platform == "any";
        if !is_pure && !WITHOUT_COMPILED.contains(&&*normal(name)) {
            return Err(WheelError::Native(format!("{abi}-{platform}")));
        }
        let sha256 = hex(&Sha256::digest(&bytes));
        let locked = Locked {
            name: normal(name),
            version: version.to_owned(),
            file: file.to_owned(),
            sha256,
        };
        let bytes = bytes.into();
        Ok(Self { locked, bytes })
    }

    /// Unpacks it, each file as its `RECORD` has it, below a directory that
    /// nobody else writes to. Gives the files that were there already, with
    /// another content.
    ///
    /// # Errors
    /// Where anything of it is not as it says.
    pub(crate) fn unpack(&self, into: &Path) -> Result<Vec<String>, WheelError> {
        let archive = Archive::open(self.bytes.clone(), &BOUNDS)?;
        let info = self.info(&archive)?;
        let text = |name: &str| -> Result<String, WheelError> {
            let content = archive.read(&format!("{info}/{name}"))?;
            Ok(String::from_utf8_lossy(&content.unwrap_or_default()).into_owned())
        };
        let form = text("WHEEL")?;
        let form = form
            .lines()
            .find_map(|line| line.strip_prefix("Wheel-Version:"));
        let form = form.unwrap_or_default().trim();
        if form.split('.').next() != Some("1") {
            return Err(WheelError::Form(format!("`{form}`")));
        }
        let record = record(&text("RECORD")?)?;
        let mut taken = Vec::new();
        for file in archive.files() {
            let content = archive.content(file)?;
            check(file, &content, &info, &record)?;
            let Some(name) = place(&file.name).filter(|name| !is_compiled(name)) else {
                continue;
            };
            match fs::read(into.join(name)) {
                Ok(before) if before == content => {}
                Ok(_) => taken.push(name.to_owned()),
                Err(_) => archive::write(into, name, &content)?,
            }
        }
        Ok(taken)
    }

    /// What is said of the package, in the form of its `METADATA`.
    ///
    /// # Errors
    /// Where it is not to be found.
    pub(crate) fn metadata(&self) -> Result<String, WheelError> {
        let archive = Archive::open(self.bytes.clone(), &BOUNDS)?;
        let info = self.info(&archive)?;
        let metadata = archive.read(&format!("{info}/METADATA"))?;
        let metadata = metadata.ok_or(WheelError::NoInfo)?;
        Ok(String::from_utf8_lossy(&metadata).into_owned())
    }

    /// The directory with what is said of the package.
    fn info(&self, archive: &Archive) -> Result<String, WheelError> {
        let mut infos = archive.files().iter().filter_map(|file| {
            let directory = file.name.strip_suffix("/WHEEL")?;
            let (name, version) = directory.strip_suffix(".dist-info")?.split_once('-')?;
            let own =
                normal(name) == self.locked.name && normal(version) == normal(&self.locked.version);
            (own && !directory.contains('/')).then(|| directory.to_owned())
        });
        infos.next().ok_or(WheelError::NoInfo)
    }
}

/// Whether a file is compiled code, which a package here does without.
pub(crate) fn is_compiled(name: &str) -> bool {
    [".so", ".pyd", ".dylib"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// Where a file goes; scripts, headers and data for a machine go nowhere.
pub(crate) fn place(name: &str) -> Option<&str> {
    let Some((first, rest)) = name.split_once('/') else {
        return Some(name);
    };
    if !first.ends_with(".data") {
        return Some(name);
    }
    let (kind, inside) = rest.split_once('/')?;
    matches!(kind, "purelib" | "platlib").then_some(inside)
}

/// Files by name, with their hashes where they have some.
pub(crate) fn record(text: &str) -> Result<HashMap<String, Option<Vec<u8>>>, WheelError> {
    let mut files = HashMap::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let wrong = || WheelError::Record(format!("has the line `{line}`"));
        // Only a name can have commas, and is in quotes then.
        let mut fields = line.rsplitn(3, ',');
        let (_size, hash, name) = (fields.next(), fields.next(), fields.next());
        let (hash, name) = (hash.ok_or_else(wrong)?, name.ok_or_else(wrong)?);
        let name = match name
            .strip_prefix('"')
            .and_then(|name| name.strip_suffix('"'))
        {
            Some(name) => name.replace("\"\"", "\""),
            None => name.to_owned(),
        };
        let hash = match hash.split_once('=') {
            None if hash.is_empty() => None,
            Some(("sha256", hash)) => {
                let hash = BASE64_URL_SAFE_NO_PAD.decode(hash.trim_end_matches('='));
                Some(hash.map_err(|_| wrong())?)
            }
            _ => return Err(wrong()),
        };
        files.insert(name, hash);
    }
    Ok(files)
}

/// Whether a file is the one that the `RECORD` means.
fn check(
    file: &File,
    content: &[u8],
    info: &str,
    record: &HashMap<String, Option<Vec<u8>>>,
) -> Result<(), WheelError> {
    let name = &*file.name;
    let inside = name.strip_prefix(info).unwrap_or_default();
    // It can't have its own hash, nor that of what signs it.
    if matches!(inside, "/RECORD" | "/RECORD.jws" | "/RECORD.p7s") {
        return Ok(());
    }
    match record.get(name) {
        Some(Some(hash)) if Sha256::digest(content)[..] == hash[..] => Ok(()),
        Some(Some(_)) => Err(WheelError::Record(format!("has another hash of `{name}`"))),
        Some(None) => Err(WheelError::Record(format!("has no hash of `{name}`"))),
        None => Err(WheelError::Record(format!("does not have `{name}`"))),
    }
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
