//! `pipeline unpack`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::rmpkg::Package;
use crate::workspace::reason;
use crate::{cli, report, workspace};

/// Unpacks a package into a directory of its own, all of it or nothing.
pub(crate) fn unpack(arguments: &cli::Unpack) -> Result<(), Failure> {
    let read = workspace::package(&arguments.package, &arguments.trust.signed_by)?;
    let stem = arguments.package.file_stem().unwrap_or_default();
    let output = arguments.output.clone().unwrap_or_else(|| stem.into());
    let shown = output.display();
    let unwritable = |why: String| Failure::usage(format!("`{shown}` can't be written: {why}"));
    if output.symlink_metadata().is_ok() {
        let text = format!("`{shown}` is there already");
        return Err(Failure::usage(text).help("-o names another directory"));
    }
    let parent = match output.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let work = tempfile::Builder::new().prefix(".new-").tempdir_in(parent);
    let work = work.map_err(|error| unwritable(reason(&error)))?;
    let new = work.path().join("package");
    fs::create_dir(&new).map_err(|error| unwritable(reason(&error)))?;
    let Package {
        archive,
        manifest,
        directories,
        ..
    } = &read.package;
    for file in archive.files() {
        let unpacked = archive.unpack(file, &new, &file.name);
        unpacked.map_err(|error| {
            Failure::usage(format!(
                "`{}` can't be unpacked: {error}",
                arguments.package.display()
            ))
        })?;
    }
    // A name that is taken meanwhile is not replaced: at most an empty directory.
    fs::rename(&new, &output).map_err(|error| unwritable(reason(&error)))?;
    let nodes = directories
        .iter()
        .map(|it| format!(" --nodes {}", output.join(it).display()));
    let (manifest, nodes): (PathBuf, String) = (output.join(manifest.0), nodes.collect());
    report::tell(&format!(
        "unpacked; it runs by: pipeline run {}{nodes}",
        manifest.display()
    ));
    Ok(())
}
