//! Pipelines that are fed and read item by item, as NDJSON.
//!
//! Each output is a line `{"output": ...}`; the last line says how the run
//! ended. An answer without that line was cut off.

use wasip2::http::types::ResponseOutparam;

use crate::answer::{Answer, Lines, Wrong};
use crate::body::Body;
use crate::codec::{ReadError, Style, Writer, document, read_item};
use crate::executor::Session;
use crate::run::{Source, values};
use crate::types::{Data, Diagnostic, ErrorKind, PipelineError, RunResult};

/// How many outputs are asked for at a time.
const AT_ONCE: u32 = 64;

/// Where items come from.
pub(crate) enum Items {
    /// Lines of the request's body.
    Lines(Body),
    /// A list, or none.
    List(Option<Vec<Data>>),
}

/// The manifest in the first line of a body.
pub(crate) fn manifest(body: &mut Body) -> Result<Source, Wrong> {
    let Some(line) = body.next_line()? else {
        let text = "the body is empty: its first line is the manifest";
        return Err(Wrong::bad(text));
    };
    match String::from_utf8(line) {
        Ok(text) => Ok(Source::whole(text)),
        Err(_) => {
            let text = "line 1: it is not text in UTF-8";
            Err(Wrong::bad(text))
        }
    }
}

/// Runs a pipeline, and sends what it gives as it comes.
pub(crate) fn run(source: &Source, items: Items, metrics: bool, to: ResponseOutparam) {
    let opened = source.parse().map_err(|error| Answer::failed(&error, &[]));
    let opened = opened.and_then(|parsed| match Session::open(&parsed.manifest) {
        Ok(session) => Ok((session, parsed.input_data, parsed.warnings)),
        Err(mut error) => {
            source.locate(&mut error.diagnostics);
            Err(Answer::failed(&error, &parsed.warnings))
        }
    });
    let (session, written, warnings) = match opened {
        Ok(opened) => opened,
        Err(answer) => return answer.send(to, false),
    };
    let Some(lines) = Lines::begin(to) else {
        return;
    };
    let mut stream = Stream {
        session,
        lines,
        warnings,
    };
    match stream.feed(items, written.map(values)) {
        Ok(run) => stream.finished(&run, metrics),
        Err(End::Gone) => return,
        Err(End::Failed(mut error)) => {
            source.locate(&mut error.diagnostics);
            if stream.outputs(&error.outputs).is_ok() {
                stream.failed(&error, document::kind(error.kind));
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
    /// What the manifest's reader warned of; the last line says it.
    warnings: Vec<Diagnostic>,
}

impl Stream {
    fn feed(&mut self, items: Items, written: Option<Vec<Data>>) -> Result<RunResult, End> {
        let mut fed = false;
        let items = match items {
            Items::Lines(mut body) => {
                while let Some(line) = body.next_line().map_err(unread)? {
                    fed = true;
                    let item = read_item(&line).map_err(|error| misread(error, body.line))?;
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
            while let Some(items) = self.session.pull(AT_ONCE)? {
                self.outputs(&items)?;
            }
        }
        let run = self.session.finish()?;
        self.outputs(&run.outputs)?;
        Ok(run)
    }

    fn push(&mut self, item: &Data) -> Result<(), End> {
        let outputs = self.session.push(item)?;
        self.outputs(&outputs)
    }

    fn outputs(&mut self, items: &[Data]) -> Result<(), End> {
        for item in items {
            let mut writer = Writer::new(Style::Compact);
            writer
                .try_object(|writer| writer.key("output").item(item))
                .map_err(|error| {
                    let text = format!("the pipeline component gave a broken value: {error}");
                    End::Wrong("internal", text)
                })?;
            self.lines.line(writer);
        }
        match self.lines.flush() {
            true => Ok(()),
            false => Err(End::Gone),
        }
    }

    fn finished(&mut self, run: &RunResult, metrics: bool) {
        let mut writer = Writer::new(Style::Compact);
        writer.object(|writer| {
            writer.key("status").string("success");
            document::ended(writer, run, &self.warnings, metrics);
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
