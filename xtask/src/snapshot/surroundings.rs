//! The surroundings in which the snapshot is taken: the same in every build,
//! so that the same sources give the same bytes. What Python keeps of them, or
//! leaves behind in freed memory, is in the snapshot.

use std::collections::HashMap;

use anyhow::Result;
use wasmtime::component::{Linker, Resource, ResourceTable};
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemView as _};
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorStat, DirectoryEntry, ErrorCode, Host as _, HostDescriptor as _,
    HostDirectoryEntryStream as _, MetadataHashValue, PathFlags,
};
use wasmtime_wasi::p2::{FsResult, ReaddirIterator};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

/// The interface whose answers differ between machines, as the linker knows
/// it.
const FILES: &str = "wasi:filesystem/types@0.2.12";

/// What the component sees while the snapshot is taken.
pub(super) struct Surroundings {
    wasi: WasiCtx,
    table: ResourceTable,
    /// Directories that are being read: what is still to come, last name
    /// first.
    listings: HashMap<u32, Vec<DirectoryEntry>>,
}

impl WasiView for Surroundings {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl Surroundings {
    /// Takes what differs out of a sandbox.
    pub(super) fn new(wasi: &mut WasiCtxBuilder) -> Self {
        pipeline_host::fixed::fix(wasi);
        Self {
            wasi: wasi.build(),
            table: ResourceTable::new(),
            listings: HashMap::new(),
        }
    }

    /// Lists a directory in the order of the names: a file system has its own.
    async fn next(
        &mut self,
        stream: Resource<ReaddirIterator>,
    ) -> FsResult<Option<DirectoryEntry>> {
        let key = stream.rep();
        if !self.listings.contains_key(&key) {
            let mut entries = Vec::new();
            let stream = || Resource::new_borrow(key);
            while let Some(entry) = self.filesystem().read_directory_entry(stream()).await? {
                entries.push(entry);
            }
            entries.sort_by(|a, b| b.name.cmp(&a.name));
            self.listings.insert(key, entries);
        }
        let next = self.listings.get_mut(&key).and_then(Vec::pop);
        if next.is_none() {
            self.listings.remove(&key);
        }
        Ok(next)
    }

    fn result<T>(&mut self, result: FsResult<T>) -> wasmtime::Result<Result<T, ErrorCode>> {
        match result {
            Ok(value) => Ok(Ok(value)),
            Err(error) => self.filesystem().convert_error_code(error).map(Err),
        }
    }
}

/// Links WASI; of files, only names, sizes and contents are what they are.
///
/// # Errors
/// Where the interfaces are not those that this knows.
pub(super) fn link(linker: &mut Linker<Surroundings>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    linker.allow_shadowing(true);
    let mut files = linker.instance(FILES)?;
    files.func_wrap_async(
        "[method]descriptor.stat",
        |mut store, (file,): (Resource<Descriptor>,)| {
            Box::new(async move {
                let host: &mut Surroundings = store.data_mut();
                let stat = host.filesystem().stat(file).await.map(without_times);
                Ok((host.result(stat)?,))
            })
        },
    )?;
    files.func_wrap_async(
        "[method]descriptor.stat-at",
        |mut store, (file, flags, path): (Resource<Descriptor>, PathFlags, String)| {
            Box::new(async move {
                let host: &mut Surroundings = store.data_mut();
                let stat = host.filesystem().stat_at(file, flags, path).await;
                Ok((host.result(stat.map(without_times))?,))
            })
        },
    )?;
    // Made of the file's number on its disk; nothing here asks whether two
    // files are one.
    files.func_wrap(
        "[method]descriptor.metadata-hash",
        |_, (_,): (Resource<Descriptor>,)| Ok((Ok::<_, ErrorCode>(NO_HASH),)),
    )?;
    files.func_wrap(
        "[method]descriptor.metadata-hash-at",
        |_, (_, _, _): (Resource<Descriptor>, PathFlags, String)| {
            Ok((Ok::<_, ErrorCode>(NO_HASH),))
        },
    )?;
    files.func_wrap_async(
        "[method]directory-entry-stream.read-directory-entry",
        |mut store, (stream,): (Resource<ReaddirIterator>,)| {
            Box::new(async move {
                let host: &mut Surroundings = store.data_mut();
                let entry = host.next(stream).await;
                Ok((host.result(entry)?,))
            })
        },
    )
}

const NO_HASH: MetadataHashValue = MetadataHashValue { lower: 1, upper: 1 };

fn without_times(stat: DescriptorStat) -> DescriptorStat {
    DescriptorStat {
        link_count: 1,
        data_access_timestamp: None,
        data_modification_timestamp: None,
        status_change_timestamp: None,
        ..stat
    }
}
