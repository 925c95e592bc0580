//! What bounds a run, and how a run ends that met a limit.

use std::time::Duration;

use thiserror::Error as ThisError;
use wasmtime::Trap;
use wasmtime::component::ResourceTableError;

use crate::bounds::{Interrupt, Meter};
use crate::error::Error;

/// What bounds a run. `None` lifts a limit.
///
/// The defaults are generous: they stop what runs away, not honest work.
///
/// In a session, whose items come one by one and may never end, memory and open
/// files are bounded over all of its calls, and the rest for each call.
#[derive(Clone)]
pub struct Limits {
    /// How long a run may take, from when its instance is made.
    pub timeout: Option<Duration>,
    /// How much memory it may use, in bytes. The image that Python starts from
    /// counts.
    pub memory: Option<usize>,
    /// How large what one call gives may be, in bytes as the host holds it: an
    /// item takes some hundred bytes beside what it holds. Over HTTP, how large
    /// the body of an answer may be.
    pub output: Option<usize>,
    /// How much a run may print, in bytes. What is beyond that is left out.
    pub log: Option<usize>,
    /// How many files and directories it may have open, those aside that it was
    /// granted. Python sees an `OSError` beyond that.
    pub open_files: Option<usize>,
    /// How many items may go in, and how many outputs may come out.
    pub items: Option<u64>,
    /// How many files its outputs may be written to.
    pub files: Option<u64>,
    /// Stops it from elsewhere.
    pub interrupt: Option<Interrupt>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Some(Duration::from_secs(300)),
            // Half of what 32 bits can address.
            memory: Some(2 << 30),
            output: Some(1 << 30),
            log: Some(64 << 20),
            // A quarter of what a process may often have.
            open_files: Some(256),
            items: Some(10_000_000),
            files: Some(10_000),
            interrupt: None,
        }
    }
}

impl Limits {
    /// Bounds nothing.
    #[must_use]
    pub fn none() -> Self {
        Self {
            timeout: None,
            memory: None,
            output: None,
            log: None,
            open_files: None,
            items: None,
            files: None,
            interrupt: None,
        }
    }

    /// Whether there may be so many items.
    ///
    /// # Errors
    /// Where they are too many.
    pub fn allow_items(&self, count: u64) -> Result<(), LimitError> {
        match self.items {
            Some(limit) if count > limit => Err(LimitError::Items { limit }),
            _ => Ok(()),
        }
    }

    /// Whether so many files may be written.
    ///
    /// # Errors
    /// Where they are too many.
    pub fn allow_files(&self, count: u64) -> Result<(), LimitError> {
        match self.files {
            Some(limit) if count > limit => Err(LimitError::Files { limit }),
            _ => Ok(()),
        }
    }
}

/// A limit was met.
#[derive(Clone, Debug, ThisError, PartialEq, Eq)]
#[non_exhaustive]
pub enum LimitError {
    /// The time was over.
    #[error("the run took longer than its limit of {} and was stopped", seconds(*.limit))]
    Deadline {
        /// How long the run was allowed to take.
        limit: Duration,
    },
    /// The memory was used up.
    #[error(
        "the run asked for {} of memory, beyond its limit of {}",
        mebibytes(*.wanted), mebibytes(*.limit)
    )]
    Memory {
        /// How many bytes it was allowed to use.
        limit: usize,
        /// How many bytes it would have used.
        wanted: usize,
    },
    /// Outputs are too large.
    #[error("the run gave outputs beyond its limit of {}", mebibytes(*.limit))]
    Output {
        /// How many bytes the outputs could have.
        limit: usize,
    },
    /// It printed too much.
    #[error(
        "the run printed more than its limit of {}, and the rest was left out",
        mebibytes(*.limit)
    )]
    Log {
        /// How many bytes it could print.
        limit: usize,
    },
    /// It had too many files open.
    #[error("the run had {limit} files open, which is its limit, and was refused more")]
    OpenFiles {
        /// How many it could have open.
        limit: usize,
    },
    /// Too many items.
    #[error("there are more items than the limit of {limit}")]
    Items {
        /// How many there could be.
        limit: u64,
    },
    /// Too many files.
    #[error("the outputs need more files than the limit of {limit}")]
    Files {
        /// How many there could be.
        limit: u64,
    },
}

impl LimitError {
    /// The limit's name, which is the same wherever it can be set: `timeout`,
    /// `max-memory`, `max-output`, `max-log`, `max-open-files`, `max-items`,
    /// `max-files`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Deadline { .. } => "timeout",
            Self::Memory { .. } => "max-memory",
            Self::Output { .. } => "max-output",
            Self::Log { .. } => "max-log",
            Self::OpenFiles { .. } => "max-open-files",
            Self::Items { .. } => "max-items",
            Self::Files { .. } => "max-files",
        }
    }

    /// The kind of error that it is in documents.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Deadline { .. } => "deadline",
            Self::Memory { .. } => "memory-limit",
            Self::Output { .. } => "output-limit",
            Self::Log { .. } => "log-limit",
            Self::OpenFiles { .. } => "open-files-limit",
            Self::Items { .. } => "items-limit",
            Self::Files { .. } => "files-limit",
        }
    }
}

/// Says what ended a call that gave no result.
pub(crate) fn fault(error: wasmtime::Error, meter: &Meter, limits: &Limits) -> Error {
    if error.downcast_ref::<wasmtime_wasi::I32Exit>().is_some() {
        return Error::Exit;
    }
    let error = match error.downcast::<Error>() {
        Ok(error) => return error,
        Err(error) => error,
    };
    if let Some(limit) = limits.output
        && is_too_much_copied(&error)
    {
        return LimitError::Output { limit }.into();
    }
    // A guest without memory aborts, which is a trap like any other.
    if let Some(refusal) = meter.refusal() {
        return refusal.into();
    }
    if let Some(ResourceTableError::Full) = error.downcast_ref() {
        return Error::Trap("it holds too many of the host's resources".into());
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => Error::StackOverflow,
        Some(trap) => Error::Trap((*trap).into()),
        None => Error::Host(format!("{error:#}").into()),
    }
}

/// Whether a call was to copy more out of the guest than it may. Wasmtime has
/// no public type for this error.
fn is_too_much_copied(error: &wasmtime::Error) -> bool {
    error
        .chain()
        .any(|cause| cause.to_string().contains("fuel allocated for hostcalls"))
}

fn seconds(limit: Duration) -> String {
    let seconds = limit.as_secs_f64();
    let unit = if seconds == 1.0 { "second" } else { "seconds" };
    format!("{seconds} {unit}")
}

/// A size, for people.
pub(crate) fn mebibytes(bytes: usize) -> String {
    let tenths = (bytes as u128 * 10).div_ceil(1 << 20);
    match tenths % 10 {
        0 => format!("{} MiB", tenths / 10),
        rest => format!("{}.{rest} MiB", tenths / 10),
    }
}
