//! Files that are in the component itself: those of a pipeline that was baked
//! into it, and of what it imports.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use super::Error;
use super::node::{Kind, Node};
use super::tree::{Tree, child, components, insert};

/// Numbers of nodes begin far above those of a tree.
const FIRST_NUMBER: u64 = 1 << 32;

/// What a file holds, packed: by deflate, or as it is where that takes no more.
pub struct Packed {
    bytes: Box<[u8]>,
    size: usize,
    /// All of it, as long as somebody has it open.
    content: RefCell<Weak<Vec<u8>>>,
}

impl Packed {
    /// A file of `size` bytes; as many bytes are the file itself.
    #[must_use]
    pub fn new(bytes: &[u8], size: usize) -> Self {
        Self {
            bytes: bytes.into(),
            size,
            content: RefCell::default(),
        }
    }

    /// How many bytes it has.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// All of it.
    ///
    /// # Errors
    /// Where what was packed is not of that size.
    pub fn content(&self) -> Result<Rc<Vec<u8>>, Error> {
        if let Some(content) = self.content.borrow().upgrade() {
            return Ok(content);
        }
        let content = if self.bytes.len() == self.size {
            self.bytes.to_vec()
        } else {
            miniz_oxide::inflate::decompress_to_vec_with_limit(&self.bytes, self.size)
                .map_err(|_| Error::Invalid)?
        };
        if content.len() != self.size {
            return Err(Error::Invalid);
        }
        let content = Rc::new(content);
        *self.content.borrow_mut() = Rc::downgrade(&content);
        Ok(content)
    }
}

/// Directories that nobody can change.
#[derive(Default)]
pub struct Library {
    mounts: Vec<(String, Rc<Node>)>,
    /// What nodes count their cost in: not the tree's, since it is no part of
    /// what `/tmp` may hold.
    used: Option<Rc<Cell<usize>>>,
    nodes: u64,
}

impl Library {
    /// Nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            mounts: Vec::new(),
            used: None,
            nodes: 0,
        }
    }

    /// Adds a file to the directory that is to be at `mount`; see
    /// [`Packed::new`] for its content.
    ///
    /// # Errors
    /// Where the path is none of a file inside, or is taken.
    pub fn add(&mut self, mount: &str, path: &str, bytes: &[u8], size: usize) -> Result<(), Error> {
        let outside = |path: &str| path.split('/').any(|part| part == "..");
        if !mount.starts_with('/') || path.starts_with('/') || outside(mount) || outside(path) {
            return Err(Error::Invalid);
        }
        let mut names: Vec<&[u8]> = components(path.as_bytes()).collect();
        let name = names.pop().ok_or(Error::Invalid)?;
        let known = self.mounts.iter().find(|(known, _)| known == mount);
        let mut parent = match known {
            Some((_, node)) => Rc::clone(node),
            None => {
                let node = self.directory()?;
                self.mounts.push((mount.to_owned(), Rc::clone(&node)));
                node
            }
        };
        for part in names {
            parent = match child(&parent, part) {
                Some(there) if there.is_directory() => there,
                Some(_) => return Err(Error::NotDirectory),
                None => {
                    let made = self.directory()?;
                    insert(&parent, part, &made);
                    made
                }
            };
        }
        if child(&parent, name).is_some() {
            return Err(Error::Exists);
        }
        let file = self.node(Kind::Packed(Packed::new(bytes, size)), 0o444)?;
        insert(&parent, name, &file);
        Ok(())
    }

    /// Whether there is a directory at this path.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.mounts().any(|mount| mount == path)
    }

    /// Where the directories are, in the order in which they came.
    pub fn mounts(&self) -> impl Iterator<Item = &str> {
        self.mounts.iter().map(|(mount, _)| mount.as_str())
    }

    /// Lets a tree show them.
    pub fn attach_to(&self, tree: &Tree) {
        for (mount, node) in &self.mounts {
            tree.attach(mount.as_bytes(), node);
        }
    }

    fn directory(&mut self) -> Result<Rc<Node>, Error> {
        let kind = Kind::Directory {
            entries: RefCell::default(),
            writable: false,
        };
        self.node(kind, 0o555)
    }

    fn node(&mut self, kind: Kind, mode: u32) -> Result<Rc<Node>, Error> {
        self.nodes += 1;
        let used = self.used.get_or_insert_default();
        Node::new(kind, FIRST_NUMBER + self.nodes, mode, used)
    }
}
