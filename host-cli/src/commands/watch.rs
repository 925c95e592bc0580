//! `pipeline run --watch`: runs again whenever a file changes that the run read.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use notify::{EventKind, RecursiveMode, Watcher as _};
use pipeline_host::{Error, Interrupt};

use crate::failure::Failure;
use crate::outputs::Outputs;
use crate::{cli, inputs, interrupt, report, workspace};

use super::run;

/// How long to wait for more changes after one: editors write a file in several
/// steps.
const QUIET: Duration = Duration::from_millis(15);
/// How often it is looked whether Ctrl-C was pressed.
const TICK: Duration = Duration::from_millis(100);

/// Runs a pipeline, and again at each change, until Ctrl-C.
pub(super) fn watch(arguments: &cli::Run) -> Result<(), Failure> {
    let reads_stdin = arguments.manifest == "-"
        || arguments.input_file.as_deref() == Some("-")
        || arguments.input.iter().any(|input| input.ends_with("@-"));
    if reads_stdin {
        let text = "--watch reads its files again, and standard input can be read once";
        return Err(Failure::usage(text).help("give the manifest and the items as files"));
    }
    let source = workspace::source(&arguments.manifest, &arguments.trust.signed_by)?;
    let (opened, console) = run::open(arguments, &source, interrupt::stop, Interrupt::clone)?;
    let interrupt = &opened.handler;
    let files = Files::of(arguments);
    let (sender, changes) = mpsc::channel();
    let cannot = |error: notify::Error| Failure::failed(format!("files can't be watched: {error}"));
    let mut watcher = notify::recommended_watcher(move |event| {
        // Nobody listens when the program ends.
        let _ = sender.send(event);
    })
    .map_err(cannot)?;
    for (directory, mode) in files.directories() {
        watcher.watch(&directory, mode).map_err(cannot)?;
    }
    let mut replaces = arguments.overwrite;
    loop {
        let started = Instant::now();
        let mut limits = arguments.limits.limits();
        limits.interrupt = Some(interrupt.clone());
        let once = || {
            let items = inputs::gather(arguments)?;
            let source = workspace::source(&arguments.manifest, &arguments.trust.signed_by)?.text;
            let outputs = match replaces {
                true => Outputs::replacing(arguments, limits.clone())?,
                false => Outputs::new(arguments, limits.clone())?,
            };
            run::once(
                arguments,
                &opened.sandbox,
                &console,
                &source,
                &limits,
                items,
                outputs,
            )
        };
        let ended = once();
        if interrupt.is_raised() {
            return Err(workspace::faulted(&Error::Interrupted));
        }
        match ended {
            Err(Failure::Closed) => return Ok(()),
            Err(failure) => {
                failure.tell();
            }
            // What is there now is of this run.
            Ok(()) => replaces = true,
        }
        let took = started.elapsed().as_secs_f64() * 1e3;
        report::tell(&format!(
            "ran in {took:.0} ms; waiting for a change (Ctrl-C ends)"
        ));
        let changed = loop {
            match changes.recv_timeout(TICK) {
                Ok(Ok(event)) if files.concerns(&event) => break event.paths,
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) if interrupt.is_raised() => {
                    return Err(workspace::faulted(&Error::Interrupted));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Failure::failed("files can't be watched any more"));
                }
            }
        };
        while changes.recv_timeout(QUIET).is_ok() {}
        let names: Vec<_> = changed.iter().filter_map(|path| path.file_name()).collect();
        if let Some(name) = names.first() {
            report::tell(&format!("{} changed", name.to_string_lossy()));
        }
    }
}

/// The files that a run reads.
struct Files {
    /// Whole, as the watcher gives them.
    files: Vec<PathBuf>,
    directories: Vec<PathBuf>,
}

impl Files {
    fn of(arguments: &cli::Run) -> Self {
        let mut files = vec![PathBuf::from(&arguments.manifest)];
        files.extend(arguments.files.iter().cloned());
        files.extend(arguments.input_file.iter().map(PathBuf::from));
        files.extend(arguments.input.iter().filter_map(|text| {
            let (_, rest) = text.split_once('@')?;
            Some(PathBuf::from(rest))
        }));
        let whole = |path: &PathBuf| {
            // A file may be written anew under its name: its directory stays.
            let parent = match path.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => parent,
                _ => Path::new("."),
            };
            Some(parent.canonicalize().ok()?.join(path.file_name()?))
        };
        let nodes = arguments.installation.nodes.iter();
        Self {
            files: files
                .iter()
                .filter(|it| it.exists())
                .filter_map(whole)
                .collect(),
            directories: nodes.filter_map(|path| path.canonicalize().ok()).collect(),
        }
    }

    fn directories(&self) -> Vec<(PathBuf, RecursiveMode)> {
        let mut parents: Vec<_> = self.files.iter().filter_map(|it| it.parent()).collect();
        parents.sort_unstable();
        parents.dedup();
        let parents = parents
            .into_iter()
            .map(|it| (it.to_owned(), RecursiveMode::NonRecursive));
        let nodes = self.directories.iter();
        parents
            .chain(nodes.map(|it| (it.clone(), RecursiveMode::Recursive)))
            .collect()
    }

    /// Whether something changed that a run reads.
    fn concerns(&self, event: &notify::Event) -> bool {
        let is_change = matches!(
            event.kind,
            EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_)
        );
        let is_source = |path: &Path| {
            let inside = self.directories.iter().any(|it| path.starts_with(it));
            let is_bytecode = path.components().any(|it| it.as_os_str() == "__pycache__");
            inside && !is_bytecode
        };
        is_change
            && event
                .paths
                .iter()
                .any(|path| self.files.contains(path) || is_source(path))
    }
}
