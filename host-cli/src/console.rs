//! What runs tell while they go on, on standard error: what nodes print and log,
//! each with its node, and the ways of items.

use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indicatif::ProgressBar;
use pipeline_host::events::{Event, Events, Telling};
use pipeline_host::stderr;
use pipeline_host::terminal::visible;

use crate::cache::Recorder;
use crate::cli::{LogFormat, Looking};
use crate::profile::Profile;
use crate::report;

/// Shows what runs tell, and keeps what a profile is made of.
#[derive(Default)]
pub(crate) struct Console {
    format: LogFormat,
    /// The node in the middle of whose line the output is.
    open: Mutex<Option<Option<String>>>,
    profile: Mutex<Profile>,
    /// Who keeps what nodes give.
    recorder: Mutex<Option<Recorder>>,
    /// A line that goes away as soon as a node prints something.
    progress: Mutex<Option<ProgressBar>>,
}

impl Console {
    pub(crate) fn new(format: LogFormat) -> Arc<Self> {
        Arc::new(Self {
            format,
            ..Self::default()
        })
    }

    /// What a sandbox is to tell this console.
    pub(crate) fn telling(self: &Arc<Self>, looking: &Looking) -> Telling {
        let console = Arc::clone(self);
        let to: Events = Arc::new(move |event| console.show(event));
        let mut telling = Telling::new(to);
        telling.traces = looking.trace;
        telling.profiles = looking.profile.is_some();
        telling.observes = looking.cache.is_some();
        telling
    }

    /// Lets somebody keep what nodes give; gives who did so before.
    pub(crate) fn record(&self, recorder: Option<Recorder>) -> Option<Recorder> {
        std::mem::replace(&mut lock(&self.recorder), recorder)
    }

    /// Takes care of a line that says that something goes on.
    pub(crate) fn heed(&self, progress: Option<ProgressBar>) {
        *lock(&self.progress) = progress;
    }

    /// What was told for a profile.
    pub(crate) fn take_profile(&self) -> Profile {
        std::mem::take(&mut lock(&self.profile))
    }

    fn show(&self, event: Event) {
        match event {
            Event::Printed { node, text } => match self.format {
                LogFormat::Text => self.print(node, &text),
                LogFormat::Json => {
                    let text = text.trim_end_matches('\n');
                    tracing::info!(target: "node", node, stream = "print", "{text}");
                }
            },
            Event::Logged {
                node,
                level,
                logger,
                message,
            } => match self.format {
                LogFormat::Text => self.print(node, &format!("{level} {logger}: {message}\n")),
                LogFormat::Json => match level.as_str() {
                    "ERROR" | "CRITICAL" => {
                        tracing::error!(target: "node", node, logger, "{message}");
                    }
                    "WARNING" => tracing::warn!(target: "node", node, logger, "{message}"),
                    _ => tracing::info!(target: "node", node, logger, "{message}"),
                },
            },
            Event::Fed { node, item } => match self.format {
                LogFormat::Text => self.print(None, &format!("trace: input -> {node}: {item}\n")),
                LogFormat::Json => tracing::info!(target: "trace", node, item, "fed"),
            },
            Event::Given {
                node,
                for_item,
                item,
            } => match (self.format, for_item) {
                (LogFormat::Json, _) => {
                    tracing::info!(target: "trace", node, for_item, item, "given");
                }
                (LogFormat::Text, Some(number)) => {
                    self.print(None, &format!("trace: {node}, item {number} -> {item}\n"));
                }
                (LogFormat::Text, None) => self.print(None, &format!("trace: {node} -> {item}\n")),
            },
            event @ (Event::Gives { .. } | Event::Depends { .. }) => {
                if let Some(recorder) = &mut *lock(&self.recorder) {
                    recorder.hear(event);
                }
            }
            other => lock(&self.profile).add(other),
        }
    }

    /// Prints lines, or parts of them, each with its node before it.
    fn print(&self, node: Option<String>, text: &str) {
        if let Some(bar) = lock(&self.progress).take() {
            bar.finish_and_clear();
        }
        let mut open = lock(&self.open);
        let mut shown = String::new();
        let mut begins = match &*open {
            Some(other) if *other == node => false,
            Some(_) => {
                shown.push('\n');
                true
            }
            None => true,
        };
        for line in text.split_inclusive('\n') {
            if begins && let Some(node) = &node {
                shown.push_str(&prefix(node));
            }
            match std::io::stderr().is_terminal() {
                true => shown.push_str(&visible(line)),
                false => shown.push_str(line),
            }
            begins = line.ends_with('\n');
        }
        *open = (!begins).then_some(node);
        stderr::print(shown.as_bytes());
    }
}

fn prefix(node: &str) -> String {
    match report::colours() {
        true => format!("\u{1b}[2m{} |\u{1b}[0m ", visible(node)),
        false => format!("{node} | "),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
