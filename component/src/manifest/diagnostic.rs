//! Something wrong or doubtful in a manifest.

use std::fmt;

/// Whether a diagnostic stops a pipeline from running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// It does.
    Error,
    /// It does not.
    Warning,
}

/// A position in a manifest's source text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Location {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Bytes before it.
    pub offset: u32,
    /// Length in bytes of what is meant; 0 for a point.
    pub length: u32,
}

/// Something wrong or doubtful in a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether it stops the pipeline from running.
    pub severity: Severity,
    /// A stable name for the kind of problem.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Where, as a JSON path from the manifest's root, for example
    /// `nodes[1].params.factor`; empty for the root.
    pub path: String,
    /// Where in the source text; only known while text is read.
    pub location: Option<Location>,
    /// Other places that matter.
    pub related: Vec<Related>,
}

/// Another place that matters to a diagnostic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// What is there, for example `first used here`.
    pub message: String,
    /// Where, as a JSON path.
    pub path: String,
    /// Where in the source text; only known while text is read.
    pub location: Option<Location>,
}

impl Diagnostic {
    /// An error.
    #[must_use]
    pub fn error(code: &'static str, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            help: None,
            path: path.into(),
            location: None,
            related: Vec::new(),
        }
    }

    /// A warning.
    #[must_use]
    pub fn warning(
        code: &'static str,
        path: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, path, message)
        }
    }

    /// Says what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says what to do about it, if that is known.
    #[must_use]
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }

    /// The same, with the beginning of what is too long for anybody to read.
    pub(crate) fn shortened(mut self) -> Self {
        shorten(&mut self.message, MOST_OF_MESSAGE);
        if let Some(help) = &mut self.help {
            shorten(help, MOST_OF_HELP);
        }
        self
    }

    /// Names another place that matters.
    #[must_use]
    pub fn related(mut self, path: impl Into<String>, message: impl Into<String>) -> Self {
        self.related.push(Related {
            message: message.into(),
            path: path.into(),
            location: None,
        });
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.severity {
            Severity::Error => f.write_str("error")?,
            Severity::Warning => f.write_str("warning")?,
        }
        write!(f, "[{}]: {}", self.code, self.message)?;
        if let Some(help) = &self.help {
            write!(f, " ({help})")?;
        }
        Ok(())
    }
}

/// Most diagnostics that one manifest gets.
const MAX_DIAGNOSTICS: usize = 100;
/// Most characters of a message; of what is longer, the beginning is kept. Help
/// may be a traceback, and may be longer.
const MOST_OF_MESSAGE: usize = 1000;
const MOST_OF_HELP: usize = 10_000;

/// What is found wrong or doubtful: as many as anybody reads, and a count of the
/// rest, so that a manifest of nothing but problems costs no more than another.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// At most [`MAX_DIAGNOSTICS`] of each severity.
    kept: Vec<Diagnostic>,
    errors: usize,
    warnings: usize,
    /// Where the search for more was given up.
    unsearched: Option<String>,
}

impl Found {
    /// Adds one. `make` is only called where it is kept.
    pub(crate) fn add(&mut self, severity: Severity, make: impl FnOnce() -> Diagnostic) {
        let count = match severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        *count += 1;
        if *count <= MAX_DIAGNOSTICS {
            self.kept.push(make().shortened());
        }
    }

    /// Adds an error; `make` is only called where it is kept.
    pub(crate) fn error(&mut self, make: impl FnOnce() -> Diagnostic) {
        self.add(Severity::Error, make);
    }

    /// Adds a warning; `make` is only called where it is kept.
    pub(crate) fn warning(&mut self, make: impl FnOnce() -> Diagnostic) {
        self.add(Severity::Warning, make);
    }

    /// Whether there are errors.
    pub(crate) fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// Whether no further error would be kept: where looking for them costs
    /// something, it need not go on.
    pub(crate) fn is_full(&self) -> bool {
        self.errors >= MAX_DIAGNOSTICS
    }

    /// Notes that nothing was looked for from a place on.
    pub(crate) fn unsearched(&mut self, from: impl Into<String>) {
        self.unsearched.get_or_insert(from.into());
    }

    /// All that is kept, in the order in which it was found, or in that of the
    /// text; where something is left out, errors first, and how many are not
    /// shown at the end.
    pub(crate) fn finish(self, by_place: bool) -> Vec<Diagnostic> {
        let mut kept = self.kept;
        if by_place {
            kept.sort_by_key(|diagnostic| diagnostic.location.map(|location| location.offset));
        }
        let more = (self.errors + self.warnings).saturating_sub(MAX_DIAGNOSTICS);
        if more > 0 {
            kept.sort_by_key(|diagnostic| diagnostic.severity == Severity::Warning);
            kept.truncate(MAX_DIAGNOSTICS);
        }
        let more = (more > 0).then(|| format!("{more} more problems are not shown"));
        let rest = (self.unsearched)
            .map(|from| format!("`{from}` and what follows it were not checked after so many"));
        let notes: Vec<String> = more.into_iter().chain(rest).collect();
        if !notes.is_empty() {
            kept.push(Diagnostic::warning("more", "", notes.join("; ")));
        }
        kept
    }
}

fn shorten(text: &mut String, most: usize) {
    if let Some((end, _)) = text.char_indices().nth(most) {
        text.truncate(end);
        text.push_str("...");
    }
}

/// A name for a message, in backticks, shortened where it is long.
pub(crate) fn named(name: &str) -> String {
    const MOST: usize = 60;
    match name.char_indices().nth(MOST) {
        Some((end, _)) => format!("`{}...`", &name[..end]),
        None => format!("`{name}`"),
    }
}

/// Longest names that are compared to find what was meant, in bytes: long ones
/// come from mistakes of another kind.
const MOST_TO_COMPARE: usize = 64;
/// Most pairs of letters that one search compares.
const MOST_PAIRS: usize = 2_000_000;

/// The name of `known` that is nearest to `name`, if one is near enough that a
/// slip of the keyboard or of the memory explains the difference.
#[must_use]
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > MOST_TO_COMPARE {
        return None;
    }
    let lowered = name.to_lowercase();
    let own = lowered.chars().count();
    let mut pairs = 0;
    known
        .into_iter()
        .filter(|candidate| candidate.len() <= MOST_TO_COMPARE)
        .filter_map(|candidate| {
            let other = candidate.to_lowercase();
            let others = other.chars().count();
            let length = own.max(others);
            let most = (length / 3).max(1);
            // A contained name is likely, but a name that differs by a letter
            // is likelier still.
            let contained =
                own >= 4 && other.contains(&lowered) || others >= 4 && lowered.contains(&other);
            // So many letters more make so many differences at least.
            if own.abs_diff(others) <= most && pairs < MOST_PAIRS {
                pairs += own * others;
                let distance = strsim::osa_distance(&lowered, &other);
                if distance <= most && distance < length {
                    return Some((distance, candidate));
                }
            }
            contained.then_some((100 + own.abs_diff(others), candidate))
        })
        .min_by_key(|&(rank, _)| rank)
        .map(|(_, candidate)| candidate)
}

/// `did you mean ...?`, if something is near.
pub(crate) fn did_you_mean<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(name, known).map(|near| format!("did you mean `{near}`?"))
}

/// Names in a row: "`a`, `b` and `c`".
pub(crate) fn enumerate<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(named).collect();
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}
