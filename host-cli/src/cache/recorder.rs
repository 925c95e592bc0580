//! What the nodes of a run give, as it comes, and on what it depends.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::io::{self, BufWriter, Write as _};

use pipeline_host::events::{Dependence, Event};
use pipeline_host::files::NewFile;

use super::digest::Digest;
use super::entries::Entries;

/// How many bytes the entries of a run have at most.
const MOST: u64 = 4 << 30;

/// Writes what is told of nodes, and keeps it when the run is over.
pub(crate) struct Recorder {
    entries: Entries,
    /// The nodes that it is about.
    running: HashSet<String>,
    files: HashMap<String, Recording>,
    /// What all nodes depend on, and each.
    all: Option<Dependence>,
    each: HashMap<String, Dependence>,
    bytes: u64,
    /// Why nothing more was written.
    failed: Option<String>,
}

struct Recording {
    file: BufWriter<NewFile>,
    items: u64,
}

impl Recorder {
    pub(super) fn new(entries: Entries, running: HashSet<String>) -> Self {
        Self {
            entries,
            running,
            files: HashMap::new(),
            all: None,
            each: HashMap::new(),
            bytes: 0,
            failed: None,
        }
    }

    /// Takes what is told.
    pub(crate) fn hear(&mut self, event: Event) {
        match event {
            Event::Depends { node: None, on } => self.all = self.all.or(Some(on)),
            Event::Depends {
                node: Some(node),
                on,
            } => {
                self.files.remove(&node);
                self.each.entry(node).or_insert(on);
            }
            Event::Gives { node, json } => {
                if let Err(error) = self.give(&node, &json) {
                    self.failed.get_or_insert(error.to_string());
                    self.files.clear();
                }
            }
            _ => {}
        }
    }

    fn give(&mut self, node: &str, json: &str) -> io::Result<()> {
        let is_kept = self.running.contains(node) && !self.each.contains_key(node);
        if !is_kept || self.failed.is_some() || self.all.is_some() {
            return Ok(());
        }
        self.bytes += json.len() as u64 + 1;
        if self.bytes > MOST {
            return Err(io::Error::other(format!(
                "the nodes of a run gave more than {} GiB",
                MOST >> 30
            )));
        }
        let recording = self.recording(node)?;
        recording.items += 1;
        recording.file.write_all(json.as_bytes())?;
        recording.file.write_all(b"\n")
    }

    fn recording(&mut self, node: &str) -> io::Result<&mut Recording> {
        Ok(match self.files.entry(node.to_owned()) {
            Entry::Occupied(found) => found.into_mut(),
            Entry::Vacant(place) => place.insert(Recording {
                file: BufWriter::new(self.entries.begin()?),
                items: 0,
            }),
        })
    }

    /// Whether a node sets items in relation by when they come.
    pub(super) fn follows_time(&self) -> bool {
        self.all == Some(Dependence::Order)
    }

    /// Why a node can't be kept.
    pub(super) fn why(&self, node: &str) -> Option<String> {
        if let Some(failed) = &self.failed {
            return Some(failed.clone());
        }
        let why = match (self.all, self.each.get(node)) {
            (Some(Dependence::Clock), _) => "a module reads a clock when it is imported",
            (Some(Dependence::Chance), _) => "a module asks for random numbers when it is imported",
            (Some(_), _) => "a node of the pipeline is about when items come",
            (None, Some(Dependence::Clock)) => "it reads a clock",
            (None, Some(Dependence::Chance)) => "it asks for random numbers",
            (None, Some(_)) => {
                "it gives objects that only Python has, or an item of more than 24 MiB"
            }
            (None, None) => return None,
        };
        Some(why.to_owned())
    }

    /// Gives a node's entry its name.
    pub(super) fn keep(&mut self, node: &str, key: &Digest) -> io::Result<()> {
        let (mut file, items) = match self.files.remove(node) {
            Some(recording) => (recording.file, recording.items),
            None => (BufWriter::new(self.entries.begin()?), 0),
        };
        writeln!(file, "{}", Entries::end(node, items))?;
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        self.entries.name(file, key)
    }
}
