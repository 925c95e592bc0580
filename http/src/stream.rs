//! Pipelines that are fed and read item by item, as NDJSON.
//!
//! Each output is a line `{"output": ...}`, sent as soon as it is known; the last
//! line says how the run ended. An answer without that line was cut off.

use wasip2::http::types::ResponseOutparam;

use crate::body::Body;
use crate::codec::document::{self, Form};
use crate::codec::names::Named as _;
use crate::codec::{self, ReadError, Style, Writer, read_input};
use crate::executor::Session;
use crate::response::{Lines, Response, Wrong};
use crate::run::{ManifestText, Options};
use crate::types::{Diagnostic, ErrorKind, Input, NodeOutputs, Part, PipelineError, RunResult};

/// How many outputs are asked for at a time.
const AT_ONCE: u32 = 4096;

/// Where items come from.
pub(crate) enum Items {
    /// Lines of the request's body.
    Lines(Body),
    /// A list, or none.
    List(Option<Vec<Input>>),
}

/// The manifest in the first line of a body.
pub(crate) fn manifest(body: &mut Body) -> Result<ManifestText, Wrong> {
    let Some(line) = body.next_line()? else {
        let text = "the body is empty: its first line is the manifest";
        return Err(Wrong::bad(text));
    };
    match String::from_utf8(line) {
        Ok(text) => Ok(ManifestText::whole(text)),
        Err(_) => {
            let text = "line 1: it is not text in UTF-8";
            Err(Wrong::bad(text))
        }
    }
}

/// Runs a pipeline, and sends what it gives as it comes.
pub(crate) fn run(source: &ManifestText, items: Items, options: Options, to: ResponseOutparam) {
    let loaded = match source.load() {
        Ok(loaded) => loaded,
        Err(error) => return Response::failed(&error, Form::default()).send(to, false),
    };
    let session = match Session::open(&loaded.manifest) {
        Ok(session) => session,
        Err(error) => {
            let form = options.form(&loaded.warnings);
            return Response::failed(&error, form).send(to, false);
        }
    };
    let Some(lines) = Lines::begin(to) else {
        return;
    };
    let mut stream = Stream {
        session,
        lines,
        options,
        warnings: loaded.warnings,
    };
    match stream.feed(items, loaded.input_data.map(codec::for_all)) {
        Ok(run) => stream.finished(&run),
        Err(End::Gone) => return,
        Err(End::Failed(error)) => {
            if stream.outputs(&error.outputs).is_ok() {
                stream.failed(&error, error.kind.name());
            }
        }
        Err(End::Wrong(kind, message)) => {
            let error = document::plain_error(ErrorKind::InvalidInput, message, Vec::new());
            stream.failed(&error, kind);
        }
    }
    stream.lines.end();
}

/// Why a stream ends early.
enum End {
    /// Nobody reads it any more.
    Gone,
    /// The pipeline failed.
    Failed(PipelineError),
    /// Something is wrong with the request: the kind, and what it is.
    Wrong(&'static str, String),
}

impl From<PipelineError> for End {
    fn from(error: PipelineError) -> Self {
        Self::Failed(error)
    }
}

struct Stream {
    session: Session,
    lines: Lines,
    options: Options,
    /// What was warned of; the last line says it.
    warnings: Vec<Diagnostic>,
}

impl Stream {
    fn feed(&mut self, items: Items, written: Option<Vec<Input>>) -> Result<RunResult, End> {
        let mut fed = false;
        let items = match items {
            Items::Lines(mut body) => {
                while let Some(line) = body.next_line().map_err(unread)? {
                    fed = true;
                    let item = read_input(&line).map_err(|error| misread(error, body.line))?;
                    self.push(&item)?;
                }
                None
            }
            Items::List(items) => items,
        };
        // As in a run without a stream: items that came with the manifest stand
        // in for those of the request.
        if !fed && let Some(items) = items.or(written) {
            fed = true;
            for item in &items {
                self.push(item)?;
            }
        }
        // Without either the sources produce their own.
        if !fed {
            let part = self.session.pull(AT_ONCE)?;
            self.parts(part)?;
        }
        let part = self.session.end()?;
        self.parts(part)?;
        Ok(self.session.finish()?)
    }

    fn push(&mut self, item: &Input) -> Result<(), End> {
        let part = self.session.push(item)?;
        self.parts(part)
    }

    /// Sends a part, and those that follow.
    fn parts(&mut self, mut part: Part) -> Result<(), End> {
        loop {
            self.outputs(&part.outputs)?;
            if !part.more {
                return Ok(());
            }
            part = self.session.pull(AT_ONCE)?;
        }
    }

    fn outputs(&mut self, outputs: &[NodeOutputs]) -> Result<(), End> {
        for given in outputs {
            for item in &given.items {
                let mut writer = Writer::new(Style::Compact);
                let (node, layout) = (&given.node_id, self.options.layout);
                document::output(&mut writer, node, layout, |writer| writer.item(item)).map_err(
                    |error| {
                        let text = format!("the pipeline component gave a broken value: {error}");
                        End::Wrong("internal", text)
                    },
                )?;
                self.lines.line(writer);
            }
        }
        match self.lines.flush() {
            true => Ok(()),
            false => Err(End::Gone),
        }
    }

    fn finished(&mut self, run: &RunResult) {
        let mut writer = Writer::new(Style::Compact);
        writer.object(|writer| {
            writer.key("status").string("success");
            document::ended(writer, run, self.options.form(&self.warnings));
        });
        self.lines.line(writer);
    }

    fn failed(&mut self, error: &PipelineError, kind: &str) {
        let mut writer = Writer::new(Style::Compact);
        writer.object(|writer| {
            writer.key("status").string("error");
            writer.key("error");
            document::error_object(writer, error, kind);
            document::all_warnings(writer, &self.warnings);
        });
        self.lines.line(writer);
    }
}

fn misread(error: ReadError, line: usize) -> End {
    // Lines are counted in the whole body.
    let error = ReadError { line, ..error };
    End::Wrong("bad-request", format!("the body: {error}"))
}

/// The body ends early.
fn unread(wrong: Wrong) -> End {
    End::Wrong(wrong.kind, wrong.message)
}
