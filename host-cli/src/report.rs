//! Messages for people, on standard error.

use std::fmt;
use std::io::IsTerminal;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, Severity,
    SourceCode,
};
use pipeline_host::types::{self, ErrorKind, PipelineError};
use pipeline_host::{Fault, Instance};
use thiserror::Error;

/// Whether messages are coloured: on a terminal, unless the user says no.
pub(crate) fn colours() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !refused && std::io::stderr().is_terminal()
}

/// Prints a message with its source, where it has one.
pub(crate) fn print(message: &dyn Diagnostic) {
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
    tell(text.trim_matches('\n'));
}

/// Prints a line.
pub(crate) fn tell(text: &str) {
    pipeline_host::stderr::tell(text);
}

fn width() -> usize {
    let columns = std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok());
    columns.unwrap_or(100).clamp(40, 400)
}

/// A manifest's text, and what it is called.
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) text: String,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// What the component says of a manifest, with its place in the text.
#[derive(Debug)]
struct Located {
    diagnostic: types::Diagnostic,
    source: NamedSource<String>,
    labels: Vec<LabeledSpan>,
}

impl fmt::Display for Located {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.diagnostic.message)?;
        // Without a place in the text the path is all there is.
        if self.labels.is_empty() && !self.diagnostic.path.is_empty() {
            write!(f, " (at {})", self.diagnostic.path)?;
        }
        Ok(())
    }
}

impl std::error::Error for Located {}

impl Diagnostic for Located {
    fn code(&self) -> Option<Box<dyn fmt::Display + '_>> {
        Some(Box::new(&self.diagnostic.code))
    }

    fn severity(&self) -> Option<Severity> {
        Some(match self.diagnostic.severity {
            types::Severity::Error => Severity::Error,
            types::Severity::Warning => Severity::Warning,
        })
    }

    fn help(&self) -> Option<Box<dyn fmt::Display + '_>> {
        self.diagnostic
            .help
            .as_ref()
            .map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        (!self.labels.is_empty()).then_some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

/// Prints what the component says of a manifest.
pub(crate) fn diagnostics(source: &Source, diagnostics: &[types::Diagnostic]) {
    for diagnostic in diagnostics {
        let span = |location: types::Location| {
            let start = (location.offset as usize).min(source.text.len());
            let length = (location.length as usize).min(source.text.len() - start);
            (start, length)
        };
        let mut labels = Vec::new();
        if let Some(location) = diagnostic.location {
            labels.push(LabeledSpan::new_primary_with_span(None, span(location)));
        }
        for related in &diagnostic.related {
            if let Some(location) = related.location {
                let label = Some(related.message.clone());
                labels.push(LabeledSpan::new_with_span(label, span(location)));
            }
        }
        print(&Located {
            diagnostic: diagnostic.clone(),
            source: NamedSource::new(&source.name, source.text.clone()),
            labels,
        });
    }
}

/// Finds the places in the text that only paths are known of.
pub(crate) async fn locate(
    instance: &mut Instance,
    source: &Source,
    diagnostics: &mut [types::Diagnostic],
) -> Result<(), Fault> {
    for diagnostic in diagnostics {
        if diagnostic.location.is_none() {
            diagnostic.location = instance.locate(&source.text, &diagnostic.path).await?;
        }
        for related in &mut diagnostic.related {
            if related.location.is_none() {
                related.location = instance.locate(&source.text, &related.path).await?;
            }
        }
    }
    Ok(())
}

#[derive(Debug, Diagnostic, Error)]
#[error("{text}")]
struct Plain {
    text: String,
    #[help]
    help: Option<&'static str>,
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
        ErrorKind::NeedsInput => {
            Some("--input and --input-file give items: see pipeline run --help")
        }
        ErrorKind::Internal => Some("this is a fault of the component: please report it"),
        _ => None,
    };
    print(&Plain { text, help });
}
