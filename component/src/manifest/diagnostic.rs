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

/// Keeps as many as anybody reads, errors before warnings, and says how many
/// are left out.
pub(crate) fn bounded(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    if let Some(more) = found
        .len()
        .checked_sub(MAX_DIAGNOSTICS)
        .filter(|&more| more > 0)
    {
        found.sort_by_key(|diagnostic| diagnostic.severity == Severity::Warning);
        found.truncate(MAX_DIAGNOSTICS);
        let message = format!("{more} more problems are not shown");
        found.push(Diagnostic::warning("more", "", message));
    }
    found
}

/// The name of `known` that is nearest to `name`, if one is near enough that a
/// slip of the keyboard or of the memory explains the difference.
#[must_use]
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Long names come from a mistake of another kind, and cost quadratic time.
    if name.len() > 256 {
        return None;
    }
    let lowered = name.to_lowercase();
    let own = lowered.chars().count();
    known
        .into_iter()
        .filter(|candidate| candidate.len() <= 256)
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
            if own.abs_diff(others) <= most {
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
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}
