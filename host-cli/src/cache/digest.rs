//! Of what the names of entries are made.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

use pipeline_host::Sandbox;
use pipeline_host::codec;
use pipeline_host::types::{Input, NodeSpec};
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;
use crate::packages::wheel::hex;

/// Raised where entries mean something else than before.
const FORM: &str = "pipeline cache 1";
/// Larger files are known by their size and the time of their last change.
const LARGEST: u64 = 64 << 20;

/// The name of something, by all that it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Digest([u8; 32]);

impl Digest {
    /// As the name of a file.
    pub(super) fn name(&self) -> String {
        hex(&self.0)
    }
}

/// Puts a name together.
pub(super) struct Hasher(Sha256);

impl Hasher {
    pub(super) fn new(what: &str) -> Self {
        let mut hasher = Self(Sha256::new());
        hasher.text(FORM);
        hasher.text(what);
        hasher
    }

    /// Adds bytes, whose end can be told from what follows.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(super) fn add(&mut self, other: &Digest) {
        self.bytes(&other.0);
    }

    pub(super) fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

/// The component, and all that nodes can import or open.
pub(super) fn surroundings(sandbox: &Sandbox) -> Result<Digest, Failure> {
    let mut of = Hasher::new("surroundings");
    of.text(env!("CARGO_PKG_VERSION"));
    of.bytes(&sandbox.source());
    for (directory, guest) in sandbox.directories().nodes() {
        of.text(guest);
        tree(&mut of, directory).map_err(|error| {
            let text = format!("--cache: `{}` can't be read: {error}", directory.display());
            Failure::usage(text)
        })?;
    }
    Ok(of.finish())
}

/// The files in a directory, and what is in them.
fn tree(of: &mut Hasher, directory: &Path) -> io::Result<()> {
    let mut entries = fs::read_dir(directory)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (name, path) = (entry.file_name(), entry.path());
        // Bytecode follows from what is beside it.
        if name == "__pycache__" {
            continue;
        }
        // A link is what it leads to, as for nodes.
        let Ok(found) = fs::metadata(&path) else {
            continue;
        };
        of.bytes(name.as_encoded_bytes());
        if found.is_dir() && !entry.file_type()?.is_symlink() {
            of.text("directory");
            tree(of, &path)?;
            of.text("end");
        } else if found.is_file() && found.len() <= LARGEST {
            let mut content = Sha256::new();
            io::copy(&mut File::open(&path)?, &mut content)?;
            of.bytes(&content.finalize());
        } else {
            let changed = found.modified()?.duration_since(UNIX_EPOCH);
            let changed = changed.map_or(0, |since| since.as_nanos());
            of.text(&format!("{} {changed}", found.len()));
        }
    }
    Ok(())
}

/// What a node is, apart from whether its items are outputs.
pub(super) fn spec(of: &mut Hasher, spec: &NodeSpec) {
    let spec = NodeSpec {
        is_output_node: false,
        ..spec.clone()
    };
    of.text(&format!("{spec:?}"));
}

/// Each item, and for which node it is meant.
pub(super) fn inputs(items: &[Input]) -> Result<Vec<(Option<&str>, Digest)>, Failure> {
    let one = |input: &Input| -> Result<Digest, Failure> {
        let json = codec::item_to_json(&input.item)
            .map_err(|error| Failure::usage(format!("--cache: a broken item: {error}")))?;
        let mut of = Hasher::new("item");
        of.text(&json);
        Ok(of.finish())
    };
    items
        .iter()
        .map(|input| Ok((input.node_id.as_deref(), one(input)?)))
        .collect()
}
