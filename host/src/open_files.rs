//! How guests open files.
//!
//! WASI as wasmtime has it opens whatever a path names: a FIFO that nobody
//! writes to would hold the run's thread, beyond the reach of any limit. So this
//! one function of it is replaced.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Weak};

use cap_fs_ext::{
    FollowSymlinks, OpenOptions, OpenOptionsExt as _, OpenOptionsFollowExt as _,
    OpenOptionsMaybeDirExt as _, OpenOptionsSyncExt as _,
};
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi::FsPerms;
use wasmtime_wasi::filesystem::{self, Descriptor, OpenMode};
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorFlags, ErrorCode, OpenFlags, PathFlags,
};

use crate::instance::State;
use crate::limits::LimitError;

/// The interface, in the version that wasmtime's own functions are linked as.
const TYPES: &str = "wasi:filesystem/types@0.2.12";

/// What a guest has open, and how much it may have.
pub(crate) struct OpenFiles {
    limit: Option<usize>,
    /// All that are open, and some that were closed. A file stays open as long
    /// as its descriptor or a stream on it does.
    open: Vec<Weak<File>>,
    refused: bool,
}

impl OpenFiles {
    pub(crate) fn new(limit: Option<usize>) -> Self {
        Self {
            limit,
            open: Vec::new(),
            refused: false,
        }
    }

    /// The limit, where something was refused because of it.
    pub(crate) fn refusal(&self) -> Option<LimitError> {
        let limit = self.limit.filter(|_| self.refused)?;
        Some(LimitError::OpenFiles { limit })
    }

    fn has_room(&mut self) -> bool {
        let Some(limit) = self.limit else { return true };
        if self.open.len() >= limit {
            self.open.retain(|file| file.strong_count() > 0);
        }
        self.refused |= self.open.len() >= limit;
        self.open.len() < limit
    }

    fn add(&mut self, file: &Arc<File>) {
        if self.limit.is_some() {
            self.open.push(Arc::downgrade(file));
        }
    }
}

/// Replaces `open-at` in a linker that has WASI's functions.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    type Arguments = (
        Resource<Descriptor>,
        PathFlags,
        String,
        OpenFlags,
        DescriptorFlags,
    );

    linker.allow_shadowing(true);
    linker.instance(TYPES)?.func_wrap(
        "[method]descriptor.open-at",
        |mut store: StoreContextMut<'_, State>,
         (directory, follow, path, how, flags): Arguments| {
            let opened = open_at(store.data_mut(), &directory, follow, &path, how, flags)?;
            Ok((opened,))
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

fn open_at(
    state: &mut State,
    directory: &Resource<Descriptor>,
    follow: PathFlags,
    path: &str,
    how: OpenFlags,
    flags: DescriptorFlags,
) -> wasmtime::Result<Result<Resource<Descriptor>, ErrorCode>> {
    let Descriptor::Dir(directory) = state.table.get(directory)? else {
        return Ok(Err(ErrorCode::NotDirectory));
    };
    // All that is granted is read-only.
    let changes = OpenFlags::CREATE | OpenFlags::EXCLUSIVE | OpenFlags::TRUNCATE;
    if how.intersects(changes) || flags.contains(DescriptorFlags::WRITE) {
        return Ok(Err(ErrorCode::NotPermitted));
    }
    // There is no code for this. Of those that are, Python makes an `OSError`
    // of this one that nothing else gives in a sandbox that can't write.
    if !state.files.has_room() {
        return Ok(Err(ErrorCode::Quota));
    }
    let follow = if follow.contains(PathFlags::SYMLINK_FOLLOW) {
        FollowSymlinks::Yes
    } else {
        FollowSymlinks::No
    };
    let file = match open(&directory.dir, path.as_ref(), follow) {
        Ok(file) => file,
        Err(error) => return Ok(Err(error.into())),
    };
    let kind = match file.metadata() {
        Ok(metadata) => metadata.file_type(),
        Err(error) => return Ok(Err(error.into())),
    };
    let descriptor = if kind.is_dir() {
        let opened = filesystem::Dir::new(file, FsPerms::ReadOnly, OpenMode::READ, true);
        state.files.add(&opened.dir);
        Descriptor::Dir(opened)
    } else if how.contains(OpenFlags::DIRECTORY) {
        return Ok(Err(ErrorCode::NotDirectory));
    } else if kind.is_file() {
        let opened = filesystem::File::new(file, FsPerms::ReadOnly, OpenMode::READ, true);
        state.files.add(&opened.file);
        Descriptor::File(opened)
    } else {
        return Ok(Err(ErrorCode::NotPermitted));
    };
    Ok(Ok(state.table.push(descriptor)?))
}

/// Opens a path below a directory, for reading. What it is can only be told of
/// what is open: a path can come to name something else at any time. So opening
/// must not wait: not for who writes to a FIFO, nor for a terminal's line.
fn open(directory: &File, path: &Path, follow: FollowSymlinks) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options
        .read(true)
        .follow(follow)
        .nonblock(true)
        .maybe_dir(true);
    let flags = rustix::fs::OFlags::NOCTTY;
    options.custom_flags(flags.bits().cast_signed());
    cap_primitives::fs::open(directory, path, &options)
}
