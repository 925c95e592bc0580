//! Open files.

use std::rc::Rc;

use super::{Error, Kind, Node};

/// The first descriptor: far above those that libc gives.
pub const FIRST: i32 = 1 << 20;
const MOST: usize = 1024;

/// What may be done with an open file.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct Access {
    pub read: bool,
    pub write: bool,
    pub append: bool,
}

/// An open file or directory.
pub(super) struct Open {
    pub(super) node: Rc<Node>,
    /// The path it was opened by: names are looked up below it.
    path: Vec<u8>,
    pub(super) access: Access,
    position: u64,
    /// What is in it, of a packed file: unpacked until it is closed.
    unpacked: Option<Rc<Vec<u8>>>,
}

/// All open files.
#[derive(Default)]
pub struct Descriptors {
    slots: Vec<Option<Open>>,
}

impl Descriptors {
    /// None.
    pub const fn new() -> Self {
        Self { slots: Vec::new() }
    }

    /// Gives a node a descriptor.
    ///
    /// # Errors
    /// Where too many are open.
    pub fn open(&mut self, node: Rc<Node>, path: Vec<u8>, access: Access) -> Result<i32, Error> {
        let free = self.slots.iter().position(Option::is_none);
        let slot = free.unwrap_or(self.slots.len());
        if slot == MOST {
            return Err(Error::TooManyOpen);
        }
        if slot == self.slots.len() {
            self.slots.push(None);
        }
        self.slots[slot] = Some(Open {
            node,
            path,
            access,
            position: 0,
            unpacked: None,
        });
        let slot = i32::try_from(slot).map_err(|_| Error::TooManyOpen)?;
        Ok(FIRST + slot)
    }

    /// Takes a descriptor away.
    ///
    /// # Errors
    /// Where it is none.
    pub fn close(&mut self, descriptor: i32) -> Result<(), Error> {
        let slot = self.slot(descriptor)?;
        slot.take().map(drop).ok_or(Error::BadDescriptor)
    }

    /// Reads from where the last read or write ended, or at a position.
    ///
    /// # Errors
    /// Where it isn't open for that.
    pub fn read(
        &mut self,
        descriptor: i32,
        at: Option<u64>,
        into: &mut [u8],
    ) -> Result<usize, Error> {
        let open = self.get(descriptor)?;
        if !open.access.read {
            return Err(Error::BadDescriptor);
        }
        if let (Kind::Packed(packed), None) = (&open.node.kind, &open.unpacked) {
            open.unpacked = Some(packed.content()?);
        }
        let count = open.node.read(at.unwrap_or(open.position), into)?;
        if at.is_none() {
            open.position += count as u64;
        }
        Ok(count)
    }

    /// Writes where the last read or write ended, or at a position.
    ///
    /// # Errors
    /// Where it isn't open for that, or there is no room.
    pub fn write(
        &mut self,
        descriptor: i32,
        at: Option<u64>,
        bytes: &[u8],
    ) -> Result<usize, Error> {
        let open = self.get(descriptor)?;
        if !open.access.write {
            return Err(Error::BadDescriptor);
        }
        let position = match at {
            Some(at) => Some(at),
            None if open.access.append => None,
            None => Some(open.position),
        };
        let end = open.node.write(position, bytes)?;
        if at.is_none() {
            open.position = end;
        }
        Ok(bytes.len())
    }

    /// Moves to a position: from the start, from the present one or from the
    /// end, for 0, 1 and 2 as in C.
    ///
    /// # Errors
    /// Where there is no such position.
    pub fn seek(&mut self, descriptor: i32, offset: i64, whence: u8) -> Result<u64, Error> {
        let open = self.get(descriptor)?;
        let base = match whence {
            0 => 0,
            1 => open.position,
            2 => open.node.stat().size as u64,
            _ => return Err(Error::Invalid),
        };
        open.position = base.checked_add_signed(offset).ok_or(Error::Invalid)?;
        Ok(open.position)
    }

    /// Sets whether what is written goes to the end.
    ///
    /// # Errors
    /// Where it is no descriptor.
    pub fn set_append(&mut self, descriptor: i32, append: bool) -> Result<(), Error> {
        self.get(descriptor)?.access.append = append;
        Ok(())
    }

    /// The node behind a descriptor.
    ///
    /// # Errors
    /// Where it is no descriptor.
    pub fn node(&mut self, descriptor: i32) -> Result<&Rc<Node>, Error> {
        self.get(descriptor).map(|open| &open.node)
    }

    /// The path by which a descriptor was opened.
    ///
    /// # Errors
    /// Where it is no descriptor.
    pub fn path(&mut self, descriptor: i32) -> Result<&[u8], Error> {
        self.get(descriptor).map(|open| open.path.as_slice())
    }

    pub(super) fn get(&mut self, descriptor: i32) -> Result<&mut Open, Error> {
        self.slot(descriptor)?.as_mut().ok_or(Error::BadDescriptor)
    }

    fn slot(&mut self, descriptor: i32) -> Result<&mut Option<Open>, Error> {
        usize::try_from(descriptor - FIRST)
            .ok()
            .and_then(|slot| self.slots.get_mut(slot))
            .ok_or(Error::BadDescriptor)
    }
}
