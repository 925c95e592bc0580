//! Where and why JSON could not be read.

use std::borrow::Cow;
use std::fmt;

/// JSON that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// What is wrong.
    pub message: String,
    /// The place in the value, for example `[1].text`; empty for all of it.
    pub path: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Bytes before the place.
    pub offset: usize,
}

impl std::error::Error for ReadError {}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        write!(
            f,
            "{} (line {}, column {})",
            self.message, self.line, self.column
        )
    }
}

/// The same, on its way out: the path grows from its end.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) message: String,
    pub(super) offset: usize,
    path: Vec<Step>,
}

#[derive(Debug)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

impl Problem {
    pub(super) fn new(message: impl Into<String>, offset: usize) -> Self {
        Self {
            message: message.into(),
            offset,
            path: Vec::new(),
        }
    }

    #[cold]
    pub(super) fn within(mut self, step: Step) -> Self {
        self.path.push(step);
        self
    }

    pub(super) fn locate(self, source: &[u8]) -> ReadError {
        let offset = self.offset.min(source.len());
        let before = &source[..offset];
        let line_start = before
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        let shown = String::from_utf8_lossy(&before[line_start..]);
        // A mark at the start is no character that anyone sees.
        let column = shown.trim_start_matches('\u{feff}').chars().count() + 1;
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let mut path = String::new();
        for step in self.path.iter().rev() {
            match step {
                Step::Index(index) => path.push_str(&format!("[{index}]")),
                Step::Key(key) if key.len() <= MOST && is_identifier(key) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(key);
                }
                Step::Key(key) => {
                    path.push_str(&format!("['{}']", shortened(key).escape_default()));
                }
            }
        }
        ReadError {
            message: self.message,
            path,
            line,
            column,
            offset,
        }
    }
}

/// Most characters of a name in a message.
const MOST: usize = 60;

/// A name for a message, cut where it is long.
pub(super) fn shortened(name: &str) -> Cow<'_, str> {
    match name.char_indices().nth(MOST) {
        Some((end, _)) => Cow::Owned(format!("{}...", &name[..end])),
        None => Cow::Borrowed(name),
    }
}

fn is_identifier(key: &str) -> bool {
    let mut chars = key.chars();
    chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || c == '_')
}
