//! What a tree of files consists of.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{CAPACITY, Error, Packed};

/// What a file costs beside its content.
const OVERHEAD: usize = 256;

/// A file, a directory or whatever else has a name.
pub struct Node {
    /// What it is.
    pub kind: Kind,
    number: u64,
    mode: Cell<u32>,
    /// How many names it has.
    pub(super) links: Cell<u32>,
    accessed: Cell<Duration>,
    modified: Cell<Duration>,
    changed: Cell<Duration>,
    /// What it costs of the tree's capacity, and what all cost together.
    cost: Cell<usize>,
    used: Rc<Cell<usize>>,
}

/// What a node is.
pub enum Kind {
    /// A file and its content.
    File(RefCell<Vec<u8>>),
    /// A file that is in the component itself: nobody can change it.
    Packed(Packed),
    /// A directory.
    Directory {
        /// What is in it.
        entries: RefCell<BTreeMap<Vec<u8>, Rc<Node>>>,
        /// Whether something can be put there.
        writable: bool,
    },
    /// A symbolic link and where it leads.
    Link(Vec<u8>),
    /// `/dev/null`.
    Null,
    /// A directory of the host's: libc knows what is in it.
    Theirs,
}

/// A name in a directory, and what has it.
pub type Entry = (Vec<u8>, Rc<Node>);

/// What is known of a node beside its content.
#[derive(Clone, Copy, Debug)]
pub struct Stat {
    /// A number that no other node has.
    pub number: u64,
    /// Permissions, without the kind.
    pub mode: u32,
    /// How many names it has.
    pub links: u32,
    /// Bytes.
    pub size: usize,
    /// When it was read last, since 1970.
    pub accessed: Duration,
    /// When its content changed last.
    pub modified: Duration,
    /// When anything changed last.
    pub changed: Duration,
}

impl Node {
    pub(super) fn new(
        kind: Kind,
        number: u64,
        mode: u32,
        used: &Rc<Cell<usize>>,
    ) -> Result<Rc<Self>, Error> {
        let cost = OVERHEAD;
        if used.get() + cost > CAPACITY {
            return Err(Error::Full);
        }
        used.set(used.get() + cost);
        let now = now();
        Ok(Rc::new(Self {
            kind,
            number,
            mode: Cell::new(mode),
            links: Cell::new(1),
            accessed: Cell::new(now),
            modified: Cell::new(now),
            changed: Cell::new(now),
            cost: Cell::new(cost),
            used: Rc::clone(used),
        }))
    }

    /// What is known of it.
    pub fn stat(&self) -> Stat {
        Stat {
            number: self.number,
            mode: self.mode.get(),
            links: self.links.get(),
            size: match &self.kind {
                Kind::File(content) => content.borrow().len(),
                Kind::Packed(packed) => packed.size(),
                Kind::Link(target) => target.len(),
                _ => 0,
            },
            accessed: self.accessed.get(),
            modified: self.modified.get(),
            changed: self.changed.get(),
        }
    }

    /// Whether it is a directory, of whomever.
    pub fn is_directory(&self) -> bool {
        matches!(self.kind, Kind::Directory { .. } | Kind::Theirs)
    }

    /// Names and nodes in a directory.
    ///
    /// # Errors
    /// Where it is none.
    pub fn entries(&self) -> Result<Vec<Entry>, Error> {
        let Kind::Directory { entries, .. } = &self.kind else {
            return Err(Error::NotDirectory);
        };
        let entries = entries.borrow();
        Ok(entries
            .iter()
            .map(|(name, node)| (name.clone(), Rc::clone(node)))
            .collect())
    }

    /// Sets permissions.
    pub fn set_mode(&self, mode: u32) {
        self.mode.set(mode & 0o7777);
        self.changed.set(now());
    }

    /// Sets when it was read and changed: what is `None` stays.
    pub fn set_times(&self, accessed: Option<Duration>, modified: Option<Duration>) {
        if let Some(accessed) = accessed {
            self.accessed.set(accessed);
        }
        if let Some(modified) = modified {
            self.modified.set(modified);
        }
        self.changed.set(now());
    }

    /// Reads at a position; gives how many bytes there were.
    ///
    /// # Errors
    /// Where it is no file.
    pub fn read(&self, position: u64, into: &mut [u8]) -> Result<usize, Error> {
        match &self.kind {
            Kind::Null => Ok(0),
            Kind::File(content) => Ok(copy(&content.borrow(), position, into)),
            Kind::Packed(packed) => Ok(copy(&packed.content()?, position, into)),
            _ => Err(Error::IsDirectory),
        }
    }

    /// Writes at a position, or at the end; gives where it ended.
    ///
    /// # Errors
    /// Where it is no file, or there is no room.
    pub fn write(&self, position: Option<u64>, bytes: &[u8]) -> Result<u64, Error> {
        match &self.kind {
            Kind::Null => Ok(position.unwrap_or(0) + bytes.len() as u64),
            Kind::File(content) => {
                let old = content.borrow().len();
                let start = match position {
                    Some(position) => usize::try_from(position).map_err(|_| Error::Full)?,
                    None => old,
                };
                let end = start.checked_add(bytes.len()).ok_or(Error::Full)?;
                if end > old && !bytes.is_empty() {
                    self.resize(end)?;
                }
                if !bytes.is_empty() {
                    content.borrow_mut()[start..end].copy_from_slice(bytes);
                    self.touch();
                }
                Ok(end as u64)
            }
            Kind::Packed(_) => Err(Error::Denied),
            _ => Err(Error::IsDirectory),
        }
    }

    /// Makes a file shorter, or longer by zeros.
    ///
    /// # Errors
    /// Where it is no file, or there is no room.
    pub fn truncate(&self, size: u64) -> Result<(), Error> {
        match &self.kind {
            Kind::Null => Ok(()),
            Kind::File(_) => {
                self.resize(usize::try_from(size).map_err(|_| Error::Full)?)?;
                self.touch();
                Ok(())
            }
            Kind::Packed(_) => Err(Error::Denied),
            Kind::Directory { .. } | Kind::Theirs => Err(Error::IsDirectory),
            Kind::Link(_) => Err(Error::Invalid),
        }
    }

    pub(super) fn touch(&self) {
        let now = now();
        self.modified.set(now);
        self.changed.set(now);
    }

    fn resize(&self, size: usize) -> Result<(), Error> {
        let Kind::File(content) = &self.kind else {
            return Err(Error::Invalid);
        };
        let mut content = content.borrow_mut();
        let old = content.len();
        let others = self.used.get() - old;
        if size > CAPACITY.saturating_sub(others) && size > old {
            return Err(Error::Full);
        }
        if size > old {
            content.try_reserve(size - old).map_err(|_| Error::Full)?;
        }
        content.resize(size, 0);
        if size < old / 2 {
            content.shrink_to_fit();
        }
        self.used.set(others + size);
        self.cost.set(self.cost.get() - old + size);
        Ok(())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.used.set(self.used.get() - self.cost.get());
    }
}

/// Copies what there is from a position on; gives how much that is.
fn copy(content: &[u8], position: u64, into: &mut [u8]) -> usize {
    let rest = usize::try_from(position)
        .ok()
        .and_then(|position| content.get(position..))
        .unwrap_or_default();
    let count = rest.len().min(into.len());
    into[..count].copy_from_slice(&rest[..count]);
    count
}

pub(super) fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}
