//! Messages for people, on standard error.

use std::fmt;
use std::io::IsTerminal;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, Severity, SourceCode,
};
use pipeline_host::terminal::visible;
use pipeline_host::types::{self, ErrorKind, PipelineError};
use thiserror::Error;

use crate::excerpt::{Excerpt, Lines, Mark};
use crate::missing;

/// How many bytes of a text are printed: messages and tracebacks can quote what
/// was given to a pipeline.
const LONGEST: usize = 64 << 10;
/// How many of them, where a manifest can have many such messages.
const LONGEST_OF_MANY: usize = 2 << 10;
/// How many things that are wrong with a manifest are printed.
const MOST: usize = 100;
/// What a pipeline is called that stands on the command line, and how it is
/// written.
pub(crate) const COMMAND_LINE: &str = "<command line>";
const ONE_LINE: &str = "a pipeline on one line is `Type param=value ! Type`";
/// Where node types are to be found.
const LISTS_NODES: &str =
    "`pipeline nodes` lists the node types, and with --nodes DIR those of your own";
/// How many places one of them has besides its own.
const MOST_RELATED: usize = 10;

/// Whether messages are coloured: on a terminal, unless the user says no.
pub(crate) fn colours() -> bool {
    !refuses_colours() && std::io::stderr().is_terminal()
}

/// Whether the user wants no colours.
pub(crate) fn refuses_colours() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// Prints a message, and what to do about it.
pub(crate) fn message(text: &str, help: Option<&str>) {
    print(&Shown {
        text: shown(text, LONGEST),
        code: None,
        severity: None,
        help: help.map(|help| shown(help, LONGEST)),
        excerpt: None,
    });
}

/// Prints a line.
pub(crate) fn tell(text: &str) {
    write(&shown(text, LONGEST));
}

fn print(message: &Shown) {
    let theme = if colours() {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let mut text = String::new();
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(width())
        // Where programs read it, a line is a line.
        .with_wrap_lines(std::io::stderr().is_terminal());
    if handler.render_report(&mut text, message).is_err() {
        text = message.to_string();
    }
    write(text.trim_matches('\n'));
}

fn write(text: &str) {
    pipeline_host::stderr::tell(text);
}

/// Other people's text as it is printed: not more of it than somebody would read,
/// and nothing that a terminal would obey.
fn shown(text: &str, longest: usize) -> String {
    harmless(&shortened(text, longest))
}

fn harmless(text: &str) -> String {
    match std::io::stderr().is_terminal() {
        true => visible(text).into_owned(),
        false => text.to_owned(),
    }
}

/// The beginning and the end of a text that is too long.
fn shortened(text: &str, longest: usize) -> String {
    if text.len() <= longest {
        return text.to_owned();
    }
    let head = &text[..text.floor_char_boundary(longest / 2)];
    let tail = &text[text.ceil_char_boundary(text.len() - longest / 2)..];
    let rest = text.len() - head.len() - tail.len();
    format!("{head} … {rest} bytes … {tail}")
}

fn width() -> usize {
    let columns = std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok());
    columns.unwrap_or(100).clamp(40, 400)
}

/// A manifest's text, and what it is called.
pub(crate) struct ManifestText {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// A message as it is printed, with a piece of the text that it is about.
#[derive(Debug, Error)]
#[error("{text}")]
struct Shown {
    text: String,
    code: Option<String>,
    severity: Option<Severity>,
    help: Option<String>,
    excerpt: Option<Excerpt>,
}

impl Diagnostic for Shown {
    fn code(&self) -> Option<Box<dyn fmt::Display + '_>> {
        self.code.as_ref().map(|code| Box::new(code) as _)
    }

    fn severity(&self) -> Option<Severity> {
        self.severity
    }

    fn help(&self) -> Option<Box<dyn fmt::Display + '_>> {
        self.help.as_ref().map(|help| Box::new(help) as _)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.excerpt.as_ref().map(|excerpt| excerpt as _)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.excerpt
            .as_ref()
            .map(|excerpt| Box::new(excerpt.labels()) as _)
    }
}

/// Prints what the component says of a manifest.
pub(crate) fn diagnostics(source: &ManifestText, diagnostics: &[types::Diagnostic]) {
    if diagnostics.is_empty() {
        return;
    }
    let lines = Lines::of(&source.text);
    for diagnostic in diagnostics.iter().take(MOST) {
        print(&located(&source.name, &lines, diagnostic));
    }
    if let Some(rest) = diagnostics.len().checked_sub(MOST + 1) {
        let rest = rest + 1;
        message(
            &format!("{rest} more are not shown"),
            Some("--format json gives all of them"),
        );
    }
}

/// What the component says of a manifest, with its places in the text.
fn located(name: &str, lines: &Lines<'_>, diagnostic: &types::Diagnostic) -> Shown {
    let show = |text: &str| shown(text, LONGEST_OF_MANY);
    let mark = |location: types::Location, label| {
        let start = location.offset as usize;
        Mark {
            span: start..start + location.length as usize,
            column: location.column as usize,
            label,
        }
    };
    let mut marks = Vec::new();
    if let Some(location) = diagnostic.location {
        marks.push(mark(location, None));
    }
    for related in diagnostic.related.iter().take(MOST_RELATED) {
        if let Some(location) = related.location {
            let label = shortened(&related.message, LONGEST_OF_MANY);
            marks.push(mark(location, Some(label)));
        }
    }
    let mut text = show(&diagnostic.message);
    // Without a place in the text the path is all there is.
    if marks.is_empty() && !diagnostic.path.is_empty() {
        text.push_str(&format!(" (at {})", show(&diagnostic.path)));
    }
    Shown {
        text,
        code: Some(show(&diagnostic.code)),
        severity: Some(match diagnostic.severity {
            types::Severity::Error => Severity::Error,
            types::Severity::Warning => Severity::Warning,
        }),
        help: match (diagnostic.code.as_str(), &diagnostic.help) {
            ("unknown-node-type", None) => Some(LISTS_NODES.to_owned()),
            ("unknown-node-type", Some(help)) => Some(format!("{}; {LISTS_NODES}", show(help))),
            (_, Some(help)) => Some(show(help)),
            (_, None) if name == COMMAND_LINE => Some(ONE_LINE.to_owned()),
            (_, None) => missing::advice(&diagnostic.message),
        },
        excerpt: (!marks.is_empty()).then(|| lines.excerpt(name, &marks, harmless)),
    }
}

/// Prints what went wrong in a pipeline; what is wrong with its manifest is
/// printed by [`diagnostics`].
pub(crate) fn pipeline_error(error: &PipelineError) {
    if let Some(traceback) = &error.traceback {
        tell(traceback.trim_end());
    }
    let mut text = String::new();
    // Some messages name the node themselves.
    if let Some(node) = &error.node_id
        && !error.message.starts_with("node `")
    {
        text.push_str(&format!("node `{node}`"));
        if let Some(node_type) = &error.node_type {
            text.push_str(&format!(" ({node_type})"));
        }
        if let Some(item) = error.item {
            text.push_str(&format!(", item {item}"));
        }
        text.push_str(": ");
    }
    text.push_str(&error.message);
    let help = match error.kind {
        ErrorKind::NeedsInput => Some(
            "items are given as files, by --input and by --input-file: see pipeline run --help"
                .into(),
        ),
        ErrorKind::Internal => Some("this is a fault of the component: please report it".into()),
        _ => missing::advice(&error.message),
    };
    message(&text, help.as_deref());
}
