//! How the program ends when something is wrong.

use std::fmt::Display;
use std::process::ExitCode;

use crate::report;

/// The pipeline failed.
pub(crate) const FAILED: u8 = 1;
/// The command line, the manifest or an input is wrong.
pub(crate) const USAGE: u8 = 2;
/// Stopped by Ctrl-C.
pub(crate) const INTERRUPTED: u8 = 130;

/// Why the program ends early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something to be told.
    Message(Message, u8),
    /// All is told.
    Told(u8),
    /// Nobody reads the output any more, which is not a failure.
    Closed,
}

/// What is told of a failure.
#[derive(Debug)]
pub(crate) struct Message {
    text: String,
    help: Option<String>,
}

impl Failure {
    /// Something that the user got wrong.
    pub(crate) fn usage(error: impl Display) -> Self {
        Self::Message(
            Message {
                text: error.to_string(),
                help: None,
            },
            USAGE,
        )
    }

    /// Something that went wrong.
    pub(crate) fn failed(error: impl Display) -> Self {
        Self::Message(
            Message {
                text: error.to_string(),
                help: None,
            },
            FAILED,
        )
    }

    /// Something that ends the program with a code of its own.
    pub(crate) fn code(error: impl Display, code: u8) -> Self {
        Self::Message(
            Message {
                text: error.to_string(),
                help: None,
            },
            code,
        )
    }

    /// Says what to do about it.
    pub(crate) fn help(mut self, advice: impl Into<String>) -> Self {
        if let Self::Message(message, _) = &mut self {
            message.help = Some(advice.into());
        }
        self
    }

    /// What there is to tell.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Message(message, _) => &message.text,
            Self::Told(_) | Self::Closed => "",
        }
    }

    /// Says what may be done about it besides.
    pub(crate) fn help_also(self, advice: &str) -> Self {
        let help = match &self {
            Self::Message(
                Message {
                    help: Some(help), ..
                },
                _,
            ) => format!("{help}; {advice}"),
            _ => advice.to_owned(),
        };
        self.help(help)
    }

    /// Tells what is to be told, and gives the code to end with.
    pub(crate) fn tell(self) -> u8 {
        match self {
            Self::Message(message, code) => {
                report::message(&message.text, message.help.as_deref());
                code
            }
            Self::Told(code) => code,
            Self::Closed => 0,
        }
    }

    /// Tells what is to be told.
    pub(crate) fn end(self) -> ExitCode {
        ExitCode::from(self.tell())
    }
}

/// Writing to standard output failed.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::failed(format!("standard output can't be written: {error}")),
        }
    }
}
