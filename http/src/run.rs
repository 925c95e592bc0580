//! Pipelines that run to their end, and checks.

use std::ops::Range;

use crate::codec::{
    self,
    document::{self, Form, Layout},
};
use crate::codec::{ReadError, Style, Writer, read_inputs, read_request};
use crate::executor;
use crate::response::{Response, Wrong};
use crate::types::{Diagnostic, Input, Loaded, Location, PipelineError};

/// A manifest's text, as a part of a longer one.
pub(crate) struct ManifestText {
    text: String,
    span: Range<usize>,
}

impl ManifestText {
    /// A text that is nothing but a manifest.
    pub(crate) fn whole(text: String) -> Self {
        let span = 0..text.len();
        Self { text, span }
    }

    fn manifest(&self) -> &str {
        self.text.get(self.span.clone()).unwrap_or_default()
    }

    /// Loads the manifest. What it warns of, or finds wrong, has its place in the
    /// whole text.
    pub(crate) fn load(&self) -> Result<Loaded, PipelineError> {
        match executor::load(self.manifest()) {
            Ok(mut loaded) => {
                self.shift(&mut loaded.warnings);
                Ok(loaded)
            }
            Err(mut invalid) => {
                self.shift(&mut invalid.diagnostics);
                Err(document::invalid_manifest(invalid.diagnostics))
            }
        }
    }

    fn shift(&self, diagnostics: &mut [Diagnostic]) {
        if diagnostics.is_empty() {
            return;
        }
        let before = Before::of(&self.text[..self.span.start]);
        for diagnostic in diagnostics {
            let related = diagnostic.related.iter_mut();
            let places = related.map(|related| &mut related.location);
            for place in places.chain([&mut diagnostic.location]) {
                *place = place.map(|location| before.shift(location));
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
    pub(crate) source: ManifestText,
    pub(crate) inputs: Option<Vec<Input>>,
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
            source: ManifestText { text, span },
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
            source: ManifestText::whole(manifest),
            inputs,
        })
    }

    /// Runs it.
    pub(crate) fn run(self, options: Options) -> Response {
        let loaded = match self.source.load() {
            Ok(loaded) => loaded,
            Err(error) => return Response::failed(&error, Form::default()),
        };
        let written = loaded.input_data.map(codec::for_all);
        let ended = match self.inputs.as_ref().or(written.as_ref()) {
            Some(inputs) => executor::execute_with_input(&loaded.manifest, inputs),
            None => executor::execute(&loaded.manifest),
        };
        let form = options.form(&loaded.warnings);
        let result = match ended {
            Ok(result) => result,
            Err(error) => return Response::failed(&error, form),
        };
        let mut writer = Writer::new(Style::Compact);
        let written =
            document::success(&mut writer, &result, form, |writer, item| writer.item(item));
        match written {
            Ok(()) => Response::json(200, writer),
            Err(error) => Response::broken(&error),
        }
    }
}

/// What a request asks of its answer.
#[derive(Clone, Copy, Default)]
pub(crate) struct Options {
    pub(crate) metrics: bool,
    pub(crate) layout: Layout,
}

impl Options {
    pub(crate) fn form(self, warnings: &[Diagnostic]) -> Form<'_> {
        Form {
            warnings,
            layout: self.layout,
            metrics: self.metrics,
        }
    }
}

/// Checks a manifest without running it. That it can't run is no failure of the
/// check.
pub(crate) fn check(body: Vec<u8>) -> Response {
    let source = match Job::from_request(body) {
        Ok(job) => job.source,
        Err(wrong) => return wrong.into(),
    };
    let mut writer = Writer::new(Style::Compact);
    match source.load() {
        Ok(loaded) => document::check(&mut writer, Some(&loaded.graph), &loaded.warnings),
        Err(error) => document::check(&mut writer, None, &error.diagnostics),
    }
    Response::json(200, writer)
}

/// The node types that manifests can name.
pub(crate) fn nodes() -> Response {
    let mut writer = Writer::new(Style::Compact);
    match document::nodes(&mut writer, &executor::list_nodes()) {
        Ok(()) => Response::json(200, writer),
        Err(error) => Response::broken(&error),
    }
}

/// JSON that can't be read.
fn unreadable(error: &ReadError) -> Wrong {
    Wrong::bad(format!("the body: {error}"))
}
