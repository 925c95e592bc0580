//! Pipelines that run to their end, and checks.

use std::ops::Range;

use crate::answer::{Answer, Wrong};
use crate::codec::{ReadError, Style, Writer, document, read_inputs, read_request};
use crate::executor;
use crate::types::{Data, Diagnostic, ErrorKind, Location, Parsed, PipelineError};

/// A manifest's text, as a part of a longer one.
pub(crate) struct Source {
    text: String,
    span: Range<usize>,
}

impl Source {
    /// A text that is nothing but a manifest.
    pub(crate) fn whole(text: String) -> Self {
        let span = 0..text.len();
        Self { text, span }
    }

    fn manifest(&self) -> &str {
        self.text.get(self.span.clone()).unwrap_or_default()
    }

    /// Reads the manifest. What it warns of, or finds wrong, has its places.
    pub(crate) fn parse(&self) -> Result<Parsed, PipelineError> {
        match executor::parse(self.manifest()) {
            Ok(mut parsed) => {
                self.locate(&mut parsed.warnings);
                Ok(parsed)
            }
            Err(found) => {
                let message = "the manifest is not valid".to_owned();
                let mut error = document::plain_error(ErrorKind::InvalidManifest, message, found);
                self.locate(&mut error.diagnostics);
                Err(error)
            }
        }
    }

    /// Says where in the whole text the places in the manifest are.
    pub(crate) fn locate(&self, diagnostics: &mut [Diagnostic]) {
        if diagnostics.is_empty() {
            return;
        }
        let before = Before::of(&self.text[..self.span.start]);
        let place = |location: &mut Option<Location>, path: &str| {
            let found = location.or_else(|| executor::locate(self.manifest(), path));
            *location = found.map(|location| before.shift(location));
        };
        for diagnostic in diagnostics {
            place(&mut diagnostic.location, &diagnostic.path);
            for related in &mut diagnostic.related {
                place(&mut related.location, &related.path);
            }
        }
    }
}

/// How much text stands before a manifest.
struct Before {
    bytes: u32,
    lines: u32,
    /// Characters on the line that the manifest begins on.
    columns: u32,
}

impl Before {
    fn of(text: &str) -> Self {
        let line_start = text.rfind('\n').map_or(0, |at| at + 1);
        // A mark of the bytes' order takes no column.
        let line = text[line_start..].trim_start_matches('\u{feff}');
        Self {
            bytes: text.len() as u32,
            lines: text.bytes().filter(|byte| *byte == b'\n').count() as u32,
            columns: line.chars().count() as u32,
        }
    }

    fn shift(&self, location: Location) -> Location {
        Location {
            line: location.line + self.lines,
            column: match location.line {
                1 => location.column + self.columns,
                _ => location.column,
            },
            offset: location.offset + self.bytes,
            length: location.length,
        }
    }
}

/// What a request asks to run.
pub(crate) struct Job {
    pub(crate) source: Source,
    pub(crate) inputs: Option<Vec<Data>>,
}

impl Job {
    /// A manifest and its items in one JSON object.
    pub(crate) fn from_request(body: Vec<u8>) -> Result<Self, Wrong> {
        let request = read_request(&body).map_err(|error| unreadable(&error))?;
        let text = String::from_utf8(body).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let text = format!("the body is not text: byte {at} is not UTF-8");
            Wrong::bad(text)
        })?;
        let span = request.manifest;
        Ok(Self {
            source: Source { text, span },
            inputs: request.inputs,
        })
    }

    /// Items alone; an empty body is none.
    pub(crate) fn with_items(manifest: String, body: &[u8]) -> Result<Self, Wrong> {
        let inputs = match body.trim_ascii().is_empty() {
            true => None,
            false => Some(read_inputs(body).map_err(|error| unreadable(&error))?),
        };
        Ok(Self {
            source: Source::whole(manifest),
            inputs,
        })
    }

    /// Runs it.
    pub(crate) fn run(self, metrics: bool) -> Answer {
        let parsed = match self.source.parse() {
            Ok(parsed) => parsed,
            Err(error) => return Answer::failed(&error, &[]),
        };
        let written = parsed.input_data.map(values);
        let ended = match self.inputs.as_ref().or(written.as_ref()) {
            Some(inputs) => executor::execute_with_input(&parsed.manifest, inputs),
            None => executor::execute(&parsed.manifest),
        };
        let warnings = &parsed.warnings;
        let result = match ended {
            Ok(result) => result,
            Err(mut error) => {
                self.source.locate(&mut error.diagnostics);
                return Answer::failed(&error, warnings);
            }
        };
        let mut writer = Writer::new(Style::Compact);
        let written = document::success(&mut writer, &result, warnings, metrics, |writer, item| {
            writer.item(item)
        });
        match written {
            Ok(()) => Answer::json(200, writer),
            Err(error) => Answer::broken(&error),
        }
    }
}

/// Items that came with a manifest.
pub(crate) fn values(written: Vec<crate::types::Value>) -> Vec<Data> {
    written.into_iter().map(Data::Value).collect()
}

/// Checks a manifest without running it. That it can't run is no failure of the
/// check.
pub(crate) fn check(body: Vec<u8>) -> Answer {
    let source = match Job::from_request(body) {
        Ok(job) => job.source,
        Err(wrong) => return wrong.into(),
    };
    let (checked, found) = match source.parse() {
        Err(error) => (None, error.diagnostics),
        Ok(parsed) => {
            let mut found = parsed.warnings;
            let checked = match executor::check(&parsed.manifest) {
                Ok(checked) => {
                    found.extend(checked.warnings.iter().cloned());
                    Some(checked)
                }
                Err(errors) => {
                    found.extend(errors);
                    None
                }
            };
            source.locate(&mut found);
            (checked, found)
        }
    };
    let mut writer = Writer::new(Style::Compact);
    document::check(&mut writer, checked.as_ref(), &found);
    Answer::json(200, writer)
}

/// The node types that manifests can name.
pub(crate) fn nodes() -> Answer {
    let mut writer = Writer::new(Style::Compact);
    match document::nodes(&mut writer, &executor::list_nodes()) {
        Ok(()) => Answer::json(200, writer),
        Err(error) => Answer::broken(&error),
    }
}

/// JSON that can't be read.
fn unreadable(error: &ReadError) -> Wrong {
    Wrong::bad(format!("the body: {error}"))
}
