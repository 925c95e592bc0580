//! What a case needs around it: its manifest, its directories, its items.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use pipeline_host::audio::{Bounds, Source};
use pipeline_host::codec;
use pipeline_host::media::{self, FileFormat};
use pipeline_host::types::Input;
use pipeline_host::{Component, Directories, Engine, Sandbox};

use super::cases::{Case, ENDING, Item, Manifest, Nodes};
use crate::inputs;
use crate::workspace::reason;

/// Makes sandboxes, one for each set of directories.
pub(super) struct Sandboxes {
    engine: Engine,
    component: Component,
    directories: Directories,
    made: Mutex<HashMap<Vec<PathBuf>, Sandbox>>,
}

impl Sandboxes {
    pub(super) fn new(engine: Engine, component: Component, directories: Directories) -> Self {
        Self {
            engine,
            component,
            directories,
            made: Mutex::default(),
        }
    }

    /// A sandbox that sees these directories too.
    pub(super) fn with(&self, nodes: &[PathBuf]) -> Result<Sandbox, String> {
        let mut made = self.made.lock().map_err(|_| "a case ended in a panic")?;
        if let Some(sandbox) = made.get(nodes) {
            return Ok(sandbox.clone());
        }
        let mut directories = self.directories.clone();
        for directory in nodes {
            directories
                .add_nodes(directory)
                .map_err(|error| error.in_full())?;
        }
        let sandbox = Sandbox::new(&self.engine, &self.component, directories)
            .map_err(|error| error.in_full())?;
        made.insert(nodes.to_owned(), sandbox.clone());
        Ok(sandbox)
    }
}

/// The directories with a case's nodes. Those that are written into the case live
/// as long as the second part.
pub(super) fn nodes(
    case: &Case,
    beside: &Path,
) -> Result<(Vec<PathBuf>, Option<tempfile::TempDir>), String> {
    match &case.nodes {
        Nodes::Directories(names) => {
            let inside = |name: &String| within(beside, name);
            Ok((names.iter().map(inside).collect::<Result<_, _>>()?, None))
        }
        Nodes::Files(files) => {
            let directory = tempfile::tempdir().map_err(|error| reason(&error))?;
            for (name, source) in files {
                let is_plain = Path::new(name)
                    .components()
                    .all(|part| matches!(part, std::path::Component::Normal(_)));
                if !is_plain || name.is_empty() {
                    return Err(format!("`{name}` is no name of a file below the nodes"));
                }
                let path = directory.path().join(name);
                let written = path
                    .parent()
                    .map_or(Ok(()), std::fs::create_dir_all)
                    .and_then(|()| std::fs::write(&path, source));
                written
                    .map_err(|error| format!("`{name}` can't be written: {}", reason(&error)))?;
            }
            Ok((vec![directory.path().to_owned()], Some(directory)))
        }
    }
}

/// A path below the directory of a file of cases: such a file may be anybody's, and
/// grants nothing beyond.
pub(super) fn within(beside: &Path, name: &str) -> Result<PathBuf, String> {
    let path = beside.join(name);
    let found = path
        .canonicalize()
        .map_err(|error| format!("`{}` can't be read: {}", path.display(), reason(&error)))?;
    let base = beside.canonicalize().map_err(|error| reason(&error))?;
    match found.starts_with(&base) {
        true => Ok(path),
        false => Err(format!(
            "`{name}` is outside the directory of the case; --nodes grants other directories"
        )),
    }
}

/// The text of a case's manifest.
pub(super) fn manifest(case: &Case, file: &Path, beside: &Path) -> Result<String, String> {
    let path = match &case.manifest {
        Some(Manifest::Text(text)) => return Ok(text.clone()),
        Some(Manifest::File(name)) => beside.join(name),
        None => {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let stem = name.strip_suffix(ENDING).ok_or_else(|| {
                format!("the case names no manifest, and `{name}` does not end in {ENDING}")
            })?;
            let endings = ["yaml", "yml", "json"];
            let candidates = endings.map(|end| beside.join(format!("{stem}.{end}")));
            let found = candidates.into_iter().find(|path| path.is_file());
            found
                .ok_or_else(|| format!("there is no {stem}.yaml, .yml or .json beside the case"))?
        }
    };
    std::fs::read_to_string(&path)
        .map_err(|error| format!("`{}` can't be read: {}", path.display(), reason(&error)))
}

/// The items of a case.
pub(super) fn items(items: &[Item], beside: &Path) -> Result<Vec<Input>, String> {
    let read = |(at, item): (usize, &Item)| {
        let read = match item {
            Item::Json(json) => {
                codec::read_input(json.as_bytes()).map_err(|error| error.to_string())
            }
            Item::File(name) => return file(name, beside).map_err(|why| said(at, &why)),
        };
        read.map(|item| vec![item]).map_err(|why| said(at, &why))
    };
    let read: Result<Vec<_>, _> = items.iter().enumerate().map(read).collect();
    Ok(read?.into_iter().flatten().collect())
}

fn said(at: usize, why: &str) -> String {
    format!("inputs[{at}]: {why}")
}

/// The items in a file.
fn file(name: &str, beside: &Path) -> Result<Vec<Input>, String> {
    let path = within(beside, name)?;
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    let format = FileFormat::of_ending(&ending).unwrap_or(FileFormat::Binary);
    let file = std::fs::File::open(&path).map_err(|error| reason(&error))?;
    let read = media::read(Source::File(file), format, Bounds::default());
    let read = read.map_err(|error| error.to_string())?;
    if let Some(warning) = read.warning {
        inputs::warn(name, warning);
    }
    Ok(read.items)
}
