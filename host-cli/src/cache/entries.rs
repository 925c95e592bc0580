//! The files of a cache: one for each node of each pipeline, its items a line each.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use pipeline_host::codec;
use pipeline_host::files::{Existing, NewFile};
use pipeline_host::types::Input;
use serde::{Deserialize, Serialize};

use super::digest::Digest;
use crate::failure::Failure;
use crate::report;

/// A directory of entries.
#[derive(Clone, Debug)]
pub(crate) struct Entries {
    directory: PathBuf,
}

/// The last line of an entry.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    /// Which node gave the items, for whoever looks into the file.
    node: String,
    /// How many there are.
    items: u64,
}

impl Entries {
    /// Makes the directory where it isn't there.
    ///
    /// # Errors
    /// Where that can't be done.
    pub(crate) fn open(directory: &Path) -> Result<Self, Failure> {
        fs::create_dir_all(directory).map_err(|error| {
            let text = format!("--cache: `{}` can't be made: {error}", directory.display());
            Failure::usage(text)
        })?;
        Ok(Self {
            directory: directory.to_owned(),
        })
    }

    fn path(&self, key: &Digest) -> PathBuf {
        self.directory.join(format!("{}.jsonl", key.name()))
    }

    /// The items of an entry. One that is not whole is none.
    pub(super) fn read(&self, key: &Digest) -> Option<Vec<Input>> {
        let path = self.path(key);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                report::tell(&format!("cache: {} can't be read: {error}", path.display()));
                return None;
            }
        };
        let items = whole(&text);
        if items.is_none() {
            report::tell(&format!("cache: {} is damaged", path.display()));
        }
        items
    }

    /// A file for the items of a node, that has no name yet.
    pub(super) fn begin(&self) -> io::Result<NewFile> {
        NewFile::beside(&self.directory.join("new"))
    }

    /// The last line of a file, which says that it is whole.
    pub(super) fn end(node: &str, items: u64) -> String {
        let end = End {
            node: node.to_owned(),
            items,
        };
        // Text and a number always have a form.
        serde_json::to_string(&end).unwrap_or_default()
    }

    /// Gives a file that is whole its name.
    pub(super) fn name(&self, file: NewFile, key: &Digest) -> io::Result<()> {
        file.name(&self.path(key), Existing::Replace)
    }
}

fn whole(text: &str) -> Option<Vec<Input>> {
    let text = text.strip_suffix('\n')?;
    let (lines, end) = text.rsplit_once('\n').unwrap_or(("", text));
    let end: End = serde_json::from_str(end).ok()?;
    let items = codec::read_lines(lines.as_bytes()).ok()?;
    (codec::count(&items) as u64 == end.items).then_some(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_off_or_changed_is_no_entry() {
        let end = Entries::end("n", 2);
        let good = format!("[1,2]\n{{\"$bytes\":\"AAE=\"}}\n{end}\n");
        assert_eq!(whole(&good).map(|it| it.len()), Some(2));
        assert_eq!(whole(&format!("{}\n", Entries::end("n", 0))), Some(vec![]));
        for length in 0..good.len() {
            assert_eq!(whole(&good[..length]), None, "{length}");
        }
        assert_eq!(whole(&good.replace("[1,2]", "[1,")), None);
        assert_eq!(whole(&good.replace("[1,2]\n", "")), None);
        assert_eq!(whole("1\n2\n"), None);
    }
}
