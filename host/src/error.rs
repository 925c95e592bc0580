//! What can go wrong in this library.

use std::error::Error as _;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::limits::LimitError;
use crate::types::PipelineError;

/// What an error comes of.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Something went wrong that is not a pipeline's own error.
///
/// An error says what could not be done, and its `source` why;
/// [`in_full`](Self::in_full) says both. The variants from [`Limit`](Self::Limit)
/// to [`Host`](Self::Host) are of calls into an instance, which is of no use
/// after them.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The machine can't run the engine, for example because the address space
    /// for its instances can't be reserved.
    #[error("the WebAssembly engine can't start")]
    Engine {
        /// Why.
        source: Cause,
    },
    /// A component's file can't be read.
    #[error("the component `{}` can't be read", path.display())]
    Component {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What should be a component is something else.
    #[error("`{name}` is not a WebAssembly component: it is {found}")]
    NotAComponent {
        /// What was to be loaded.
        name: String,
        /// What it is instead.
        found: String,
    },
    /// A component is damaged, or uses something unknown.
    #[error("the component `{name}` is not valid")]
    Invalid {
        /// What was to be loaded.
        name: String,
        /// What is wrong with it.
        source: Cause,
    },
    /// A file of compiled code was named, and can't be used.
    #[error("the compiled component `{}` can't be used: {reason}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A component can't be linked: it needs or lacks something.
    #[error("the component is not a pipeline component that this program can run")]
    Link {
        /// What it needs or lacks.
        source: Cause,
    },
    /// A directory isn't there, or is none.
    #[error("the directory {what}, `{}`, can't be read", path.display())]
    Directory {
        /// What it is for.
        what: &'static str,
        /// Where it was looked for.
        path: PathBuf,
        /// Why it can't be used.
        source: io::Error,
    },
    /// A directory holds something else.
    #[error("`{}` is not {what}: it has no {lacks}", path.display())]
    WrongDirectory {
        /// What it should be.
        what: &'static str,
        /// Where it is.
        path: PathBuf,
        /// What should be in it.
        lacks: &'static str,
    },
    /// A file can't be read or written.
    #[error("`{}`", path.display())]
    File {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The component's Python could not compile modules.
    #[error("the component could not compile: {0}")]
    Bytecode(String),
    /// A component can't be made with a pipeline in it.
    #[error("the pipeline can't be baked: {why}")]
    Bake {
        /// Why not.
        why: String,
    },
    /// A file is no image.
    #[cfg(feature = "images")]
    #[error(transparent)]
    Image(#[from] crate::images::ImageError),
    /// A file is no array of NumPy's, or one that can't be a tensor.
    #[cfg(feature = "npy")]
    #[error(transparent)]
    Npy(#[from] crate::npy::NpyError),
    /// A file is no WAV file, or can't be written as one.
    #[cfg(feature = "wav")]
    #[error(transparent)]
    Wav(#[from] crate::wav::WavError),
    /// The pipeline failed, in a stream of its outputs. Elsewhere that is a result
    /// of its own.
    #[error("{}", .0.message)]
    Pipeline(Box<PipelineError>),
    /// A limit was met.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The run was stopped by its [`Interrupt`](crate::Interrupt).
    #[error("the run was interrupted")]
    Interrupted,
    /// Calls nested so deeply that WebAssembly's stack was used up.
    #[error("calls nest too deeply: the sandbox's stack is used up")]
    StackOverflow,
    /// The guest called `exit`. Its code does not come out of the sandbox.
    #[error("the pipeline ended its own process")]
    Exit,
    /// The guest failed in a way that it should not have.
    #[error("the component failed")]
    Trap(#[source] Cause),
    /// The host failed.
    #[error(transparent)]
    Host(Cause),
}

impl Error {
    /// The error and what it comes of, in one line.
    #[must_use]
    pub fn in_full(&self) -> String {
        let mut text = self.to_string();
        let mut source = self.source();
        while let Some(error) = source {
            text.push_str(": ");
            match error.downcast_ref::<io::Error>() {
                Some(error) => text.push_str(&reason(error)),
                None => text.push_str(&error.to_string()),
            }
            source = error.source();
        }
        text
    }
}

/// What the system says, in words, without its error number.
#[must_use]
pub fn reason(error: &io::Error) -> String {
    if let Some(own) = error.get_ref() {
        return own.to_string();
    }
    match error.kind() {
        io::ErrorKind::NotFound => "it is not there".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::IsADirectory => "it is a directory".into(),
        io::ErrorKind::NotADirectory => "part of its path is a file".into(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_it_comes_of() {
        let missing = Error::Component {
            path: "a.wasm".into(),
            source: io::ErrorKind::NotFound.into(),
        };
        assert_eq!(missing.to_string(), "the component `a.wasm` can't be read");
        let full = missing.in_full();
        assert_eq!(
            full,
            "the component `a.wasm` can't be read: it is not there"
        );
        let trap = wasmtime::Error::msg("inner").context("outer");
        let full = Error::Trap(trap.into()).in_full();
        assert_eq!(full, "the component failed: outer: inner");
        assert_eq!(Error::Host("no thread".into()).in_full(), "no thread");
        let limit = LimitError::Items { limit: 5 };
        assert_eq!(Error::from(limit.clone()).in_full(), limit.to_string());
    }

    /// It is in every result, also in those that are no error.
    #[test]
    fn an_error_is_small() {
        assert!(size_of::<Error>() <= 80, "{}", size_of::<Error>());
    }
}
