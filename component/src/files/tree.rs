//! The names: a root with `/tmp`, `/dev/null` and where the host's
//! directories are.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use super::node::{Kind, Node};
use super::{CAPACITY, Error};

/// As in Linux: a link to a link, and so on.
const MOST_LINKS: u32 = 40;
const LONGEST_NAME: usize = 255;
const LONGEST_PATH: usize = 4096;

/// All files.
pub struct Tree {
    root: Rc<Node>,
    /// Whether what is nowhere else may be the host's: it gave its root.
    theirs_else: Cell<bool>,
    used: Rc<Cell<usize>>,
    next_number: Cell<u64>,
}

/// Where a path leads.
pub enum Found {
    /// Into a directory of the host's: the path as libc should see it.
    Theirs(Vec<u8>),
    /// To a place of the tree.
    Ours(Slot),
}

/// A place in the tree, which may be empty.
pub struct Slot {
    /// Its path, without links and dots.
    pub path: Vec<u8>,
    /// The directory that it is in.
    pub parent: Rc<Node>,
    /// Its name there; of the root, none.
    pub name: Vec<u8>,
    /// What is there.
    pub node: Option<Rc<Node>>,
}

impl Slot {
    /// What is there.
    ///
    /// # Errors
    /// Where nothing is.
    pub fn node(&self) -> Result<&Rc<Node>, Error> {
        self.node.as_ref().ok_or(Error::NotFound)
    }
}

impl Tree {
    /// A tree with an empty `/tmp`. Paths below the given ones are the host's.
    pub fn new<'a>(theirs: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let used = Rc::new(Cell::new(0));
        let made = |number, writable| {
            let node = directory(number, &used, writable);
            node.unwrap_or_else(|_| unreachable!("the tree is empty"))
        };
        let (root, dev, tmp) = (made(0, false), made(1, false), made(2, true));
        let tree = Self {
            root,
            theirs_else: Cell::new(false),
            used,
            next_number: Cell::new(3),
        };
        insert(&tree.root, b"dev", &dev);
        tree.put(&dev, b"null", Kind::Null, 0o666);
        tmp.set_mode(0o1777);
        insert(&tree.root, b"tmp", &tmp);
        tree.grant(theirs);
        tree
    }

    /// Lets paths below the given ones be the host's.
    pub fn grant<'a>(&self, theirs: impl IntoIterator<Item = &'a [u8]>) {
        for path in theirs {
            if components(path).next().is_none() {
                self.theirs_else.set(true);
            } else if let Some((parent, name)) = self.way_to(path) {
                self.put(&parent, name, Kind::Theirs, 0o555);
            }
        }
    }

    /// Puts a directory at a path, unless that is the host's.
    pub fn attach(&self, path: &[u8], node: &Rc<Node>) {
        if let Some((parent, name)) = self.way_to(path) {
            insert(&parent, name, node);
        }
    }

    /// The directory that a path leads to, made where it isn't there, and the
    /// name in it; none for the root, and for what lies in a directory of the
    /// host's.
    fn way_to<'p>(&self, path: &'p [u8]) -> Option<(Rc<Node>, &'p [u8])> {
        let mut parts: Vec<&[u8]> = components(path).collect();
        let last = parts.pop()?;
        let mut parent = Rc::clone(&self.root);
        for part in parts {
            parent = match child(&parent, part) {
                Some(there) => there,
                None => {
                    let made = directory(self.number(), &self.used, false).ok()?;
                    insert(&parent, part, &made);
                    made
                }
            };
            if matches!(parent.kind, Kind::Theirs) {
                return None;
            }
        }
        Some((parent, last))
    }

    /// Bytes that are used of the capacity.
    pub fn used(&self) -> usize {
        self.used.get()
    }

    /// Bytes that are left of the capacity.
    pub fn free(&self) -> usize {
        CAPACITY.saturating_sub(self.used.get())
    }

    /// Follows a path from a directory. A link at its end is followed where
    /// that is asked for, or the path ends with a slash.
    ///
    /// # Errors
    /// Where a directory on the way is missing or is none.
    pub fn find(&self, from: &[u8], path: &[u8], follow: bool) -> Result<Found, Error> {
        if path.is_empty() {
            return Err(Error::NotFound);
        }
        if path.len() >= LONGEST_PATH {
            return Err(Error::NameTooLong);
        }
        let must_be_directory = path.ends_with(b"/") || path.ends_with(b"/.");
        let follow = follow || must_be_directory;
        let mut rest: VecDeque<Vec<u8>> = VecDeque::new();
        if !path.starts_with(b"/") {
            rest.extend(components(from).map(<[u8]>::to_vec));
        }
        rest.extend(components(path).map(<[u8]>::to_vec));
        // The names on the way, with the nodes; `None` is below a directory of
        // the host's.
        let mut way: Vec<(Vec<u8>, Option<Rc<Node>>)> = Vec::new();
        let mut links = 0;
        while let Some(name) = rest.pop_front() {
            if name == b".." {
                way.pop();
                continue;
            }
            if name.len() > LONGEST_NAME {
                return Err(Error::NameTooLong);
            }
            let here = match way.last() {
                None => &self.root,
                Some((_, Some(node))) if !matches!(node.kind, Kind::Theirs) => node,
                Some(_) => {
                    way.push((name, None));
                    continue;
                }
            };
            let Kind::Directory { writable, .. } = here.kind else {
                return Err(Error::NotDirectory);
            };
            match child(here, &name) {
                Some(node) => {
                    if let Kind::Link(target) = &node.kind
                        && (follow || !rest.is_empty())
                    {
                        links += 1;
                        if links > MOST_LINKS {
                            return Err(Error::Loop);
                        }
                        if target.starts_with(b"/") {
                            way.clear();
                        }
                        for part in components(target).collect::<Vec<_>>().into_iter().rev() {
                            rest.push_front(part.to_vec());
                        }
                        continue;
                    }
                    way.push((name, Some(node)));
                }
                None if self.theirs_else.get() && !writable => way.push((name, None)),
                None if rest.is_empty() => {
                    let mut path = joined(&way);
                    if path.len() > 1 {
                        path.push(b'/');
                    }
                    path.extend_from_slice(&name);
                    return Ok(Found::Ours(Slot {
                        path,
                        parent: Rc::clone(here),
                        name,
                        node: None,
                    }));
                }
                None => return Err(Error::NotFound),
            }
        }
        let path = joined(&way);
        let Some((name, node)) = way.pop() else {
            return Ok(if self.theirs_else.get() {
                Found::Theirs(path)
            } else {
                Found::Ours(Slot {
                    path,
                    parent: Rc::clone(&self.root),
                    name: Vec::new(),
                    node: Some(Rc::clone(&self.root)),
                })
            });
        };
        match node {
            Some(node) if !matches!(node.kind, Kind::Theirs) => {
                if must_be_directory && !node.is_directory() {
                    return Err(Error::NotDirectory);
                }
                let parent = match way.pop() {
                    Some((_, Some(parent))) => parent,
                    _ => Rc::clone(&self.root),
                };
                Ok(Found::Ours(Slot {
                    path,
                    parent,
                    name,
                    node: Some(node),
                }))
            }
            _ => Ok(Found::Theirs(path)),
        }
    }

    /// Puts something new at an empty place.
    ///
    /// # Errors
    /// Where it isn't empty, or nothing can be put there.
    pub fn create(&self, place: &Slot, kind: Kind, mode: u32) -> Result<Rc<Node>, Error> {
        if place.node.is_some() {
            return Err(Error::Exists);
        }
        writable(&place.parent)?;
        let node = Node::new(kind, self.number(), mode, &self.used)?;
        insert(&place.parent, &place.name, &node);
        place.parent.touch();
        Ok(node)
    }

    /// Makes a directory.
    ///
    /// # Errors
    /// As `create`.
    pub fn make_directory(&self, place: &Slot, mode: u32) -> Result<(), Error> {
        let kind = Kind::Directory {
            entries: RefCell::default(),
            writable: true,
        };
        self.create(place, kind, mode).map(drop)
    }

    /// Takes a name away: of a directory, where that is asked for.
    ///
    /// # Errors
    /// Where there is nothing, something of the other kind, or a directory
    /// that isn't empty.
    pub fn remove(&self, place: &Slot, a_directory: bool) -> Result<(), Error> {
        let node = place.node()?;
        match (&node.kind, a_directory) {
            (Kind::Directory { .. }, false) => return Err(Error::IsDirectory),
            (Kind::Directory { entries, .. }, true) => {
                writable(&place.parent)?;
                if !entries.borrow().is_empty() {
                    return Err(Error::NotEmpty);
                }
            }
            (_, true) => return Err(Error::NotDirectory),
            (_, false) => writable(&place.parent)?,
        }
        take(&place.parent, &place.name);
        Ok(())
    }

    /// Gives a node another name; what has it already is replaced.
    ///
    /// # Errors
    /// Where a file would replace a directory or the reverse, or a directory
    /// would lie in itself.
    pub fn rename(&self, from: &Slot, to: &Slot) -> Result<(), Error> {
        let node = from.node()?;
        writable(&from.parent)?;
        writable(&to.parent)?;
        if let Some(there) = &to.node {
            if Rc::ptr_eq(node, there) {
                return Ok(());
            }
            match (&node.kind, &there.kind) {
                (Kind::Directory { .. }, Kind::Directory { entries, .. })
                    if !entries.borrow().is_empty() =>
                {
                    return Err(Error::NotEmpty);
                }
                (Kind::Directory { .. }, Kind::Directory { .. }) => {}
                (Kind::Directory { .. }, _) => return Err(Error::NotDirectory),
                (_, Kind::Directory { .. }) => return Err(Error::IsDirectory),
                _ => {}
            }
        }
        let below = to.path.strip_prefix(from.path.as_slice());
        if below.is_some_and(|rest| rest.starts_with(b"/")) {
            return Err(Error::Invalid);
        }
        let node = Rc::clone(node);
        take(&from.parent, &from.name);
        if to.node.is_some() {
            take(&to.parent, &to.name);
        }
        insert(&to.parent, &to.name, &node);
        node.links.set(node.links.get() + 1);
        to.parent.touch();
        Ok(())
    }

    /// Gives a file a further name.
    ///
    /// # Errors
    /// Where it is a directory, or the name is taken.
    pub fn link(&self, node: &Rc<Node>, to: &Slot) -> Result<(), Error> {
        if node.is_directory() || matches!(node.kind, Kind::Packed(_)) {
            return Err(Error::NotPermitted);
        }
        if to.node.is_some() {
            return Err(Error::Exists);
        }
        writable(&to.parent)?;
        insert(&to.parent, &to.name, node);
        node.links.set(node.links.get() + 1);
        to.parent.touch();
        Ok(())
    }

    /// Puts something at a place that need not be writable: while there is room.
    fn put(&self, parent: &Rc<Node>, name: &[u8], kind: Kind, mode: u32) {
        if let Ok(node) = Node::new(kind, self.number(), mode, &self.used) {
            insert(parent, name, &node);
        }
    }

    fn number(&self) -> u64 {
        self.next_number.replace(self.next_number.get() + 1)
    }
}

/// Whether something can be put into a directory.
///
/// # Errors
/// Where it can't.
pub(super) fn writable(directory: &Node) -> Result<(), Error> {
    match directory.kind {
        Kind::Directory { writable: true, .. } => Ok(()),
        Kind::Directory { .. } => Err(Error::Denied),
        _ => Err(Error::NotDirectory),
    }
}

pub(super) fn components(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|byte| *byte == b'/')
        .filter(|part| !part.is_empty() && *part != b".")
}

fn joined(way: &[(Vec<u8>, Option<Rc<Node>>)]) -> Vec<u8> {
    if way.is_empty() {
        return b"/".to_vec();
    }
    let mut path = Vec::new();
    for (name, _) in way {
        path.push(b'/');
        path.extend_from_slice(name);
    }
    path
}

fn directory(number: u64, used: &Rc<Cell<usize>>, writable: bool) -> Result<Rc<Node>, Error> {
    let kind = Kind::Directory {
        entries: RefCell::new(BTreeMap::new()),
        writable,
    };
    Node::new(kind, number, 0o555, used)
}

pub(super) fn child(directory: &Node, name: &[u8]) -> Option<Rc<Node>> {
    let Kind::Directory { entries, .. } = &directory.kind else {
        return None;
    };
    entries.borrow().get(name).map(Rc::clone)
}

pub(super) fn insert(directory: &Node, name: &[u8], node: &Rc<Node>) {
    if let Kind::Directory { entries, .. } = &directory.kind {
        entries.borrow_mut().insert(name.to_vec(), Rc::clone(node));
    }
}

fn take(directory: &Node, name: &[u8]) {
    if let Kind::Directory { entries, .. } = &directory.kind
        && let Some(node) = entries.borrow_mut().remove(name)
    {
        node.links.set(node.links.get() - 1);
        node.set_times(None, None);
    }
    directory.touch();
}
