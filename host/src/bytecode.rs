//! Bytecode beside the sources of Python modules.
//!
//! A fresh instance imports its nodes' modules anew, and compiling them is most
//! of what that takes. The sandbox can't write, so the host keeps what the
//! component's own Python compiled where Python looks for it: in `__pycache__`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::types::{Data, Input, Value, ValueNode};
use crate::{Error, Limits, Sandbox};

/// What the component's Python puts before `.pyc`.
const TAG: &str = "cpython-314";

/// A source file that is no Python, or that the sandbox doesn't see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it, and in which line.
    pub reason: String,
}

/// The Python files below a directory, sorted; none in directories whose name
/// begins with a dot or is `__pycache__`, none behind a link to a directory, and
/// nothing that only has such a name, like a pipe.
///
/// # Errors
/// Where a directory can't be read.
pub fn sources(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        let entries = fs::read_dir(&directory).map_err(|error| file(&directory, error))?;
        for entry in entries {
            let entry = entry.map_err(|error| file(&directory, error))?;
            let kind = entry.file_type().map_err(|error| file(&directory, error))?;
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_string_lossy();
            if kind.is_dir() {
                if name != "__pycache__" && !name.starts_with('.') {
                    directories.push(path);
                }
            } else if name.ends_with(".py") && path.is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Compiles source files in directories that a sandbox sees, and writes the
/// bytecode of each beside it. Where it is `checked`, Python compares it with
/// its source, by content, at each import. Gives the files for which nothing is
/// written.
///
/// # Errors
/// Where the compiler fails, or a file can't be written.
pub async fn compile(
    sandbox: &Sandbox,
    limits: &Limits,
    sources: &[PathBuf],
    checked: bool,
) -> Result<Vec<Refused>, Error> {
    let (compiled, refused) = compiled(sandbox, limits, sources, checked).await?;
    for (source, code) in compiled {
        write(&source, &code)?;
    }
    Ok(refused)
}

/// The name of a module's bytecode, in `__pycache__` beside its source.
pub(crate) fn name(source: &Path) -> String {
    let stem = source.file_stem().unwrap_or_default().to_string_lossy();
    format!("{stem}.{TAG}.pyc")
}

/// The bytecode of source files, and the files that have none.
///
/// # Errors
/// Where the compiler fails.
pub(crate) async fn compiled(
    sandbox: &Sandbox,
    limits: &Limits,
    sources: &[PathBuf],
    checked: bool,
) -> Result<(Vec<(PathBuf, Vec<u8>)>, Vec<Refused>), Error> {
    let (mut seen, mut items, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for source in sources {
        match sandbox.directories().guest_path(source) {
            Some(path) => {
                seen.push(source);
                items.push(text(path));
            }
            None => refused.push(Refused {
                path: source.clone(),
                reason: "it is a link out of what the sandbox sees".into(),
            }),
        }
    }
    let manifest = format!(
        r#"{{"version": "v1", "nodes": [{{"id": "compile",
            "node_type": "remotemedia.runtime.bytecode:Compile", "params": {{"checked": {checked}}}}}]}}"#
    );
    let mut instance = sandbox.instantiate(limits).await?;
    let loaded = instance.load(&manifest).await?.map_err(|invalid| {
        let first = invalid.diagnostics.into_iter().next();
        Error::Bytecode(first.map_or_else(String::new, |first| first.message))
    })?;
    let run = instance.execute(&loaded.manifest, Some(&items)).await?;
    let run = run.map_err(|error| Error::Bytecode(error.message))?;
    let given = run.into_items();
    if given.len() != seen.len() {
        let (files, outputs) = (seen.len(), given.len());
        let message = format!("{files} files gave {outputs} outputs");
        return Err(Error::Bytecode(message));
    }
    let mut compiled = Vec::new();
    for (source, output) in seen.into_iter().zip(given) {
        match single(output) {
            Some(ValueNode::Bytes(code)) => compiled.push((source.clone(), code)),
            Some(ValueNode::Text(reason)) => refused.push(Refused {
                path: source.clone(),
                reason,
            }),
            _ => return Err(Error::Bytecode("bytecode that is not bytes".into())),
        }
    }
    Ok((compiled, refused))
}

fn text(text: String) -> Input {
    let nodes = vec![ValueNode::Text(text)];
    Data::Value(Value { nodes, root: 0 }).into()
}

/// The node of a value that has only one.
fn single(item: Data) -> Option<ValueNode> {
    match item {
        Data::Value(Value { mut nodes, .. }) if nodes.len() == 1 => nodes.pop(),
        _ => None,
    }
}

/// Writes a module's bytecode, all of it or nothing.
fn write(source: &Path, code: &[u8]) -> Result<(), Error> {
    let name = name(source);
    let directory = source.with_file_name("__pycache__");
    write_in(&directory, &name, code).map_err(|error| file(&directory.join(&name), error))
}

/// Writes a file in a directory, which is made where it is not there and may be
/// no link. Both are held open, so that nobody can put a link in its place
/// meanwhile.
fn write_in(directory: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write as _;

    use rustix::fs::{AtFlags, CWD, Mode, OFlags, mkdirat, openat, renameat, unlinkat};
    use rustix::io::Errno;

    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let open = |at: &std::os::fd::OwnedFd, name: &std::ffi::OsStr| {
        openat(at, name, flags, Mode::empty()).map_err(|error| match error {
            Errno::LOOP | Errno::NOTDIR => io::Error::new(
                io::ErrorKind::NotADirectory,
                "its directory is a link, which is not followed, or a file",
            ),
            error => error.into(),
        })
    };
    let (Some(parent), Some(own)) = (directory.parent(), directory.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let parent = if parent.as_os_str().is_empty() {
        Path::new(".")
    } else {
        parent
    };
    let parent = openat(CWD, parent, flags - OFlags::NOFOLLOW, Mode::empty())?;
    match mkdirat(&parent, own, Mode::from_raw_mode(0o777)) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(error) => return Err(error.into()),
    }
    let directory = open(&parent, own)?;
    let new = format!(".new-{}-{name}", std::process::id());
    // What a process with this number left behind when it was killed.
    let _ = unlinkat(&directory, &new, AtFlags::empty());
    let created = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    // As readable as any other file: who runs it need not be who made it.
    let file = openat(&directory, &new, created, Mode::from_raw_mode(0o644))?;
    let written = std::fs::File::from(file)
        .write_all(bytes)
        .and_then(|()| Ok(renameat(&directory, &new, &directory, name)?));
    if written.is_err() {
        let _ = unlinkat(&directory, &new, AtFlags::empty());
    }
    written
}

fn file(path: &Path, source: io::Error) -> Error {
    Error::File {
        path: path.to_owned(),
        source,
    }
}
