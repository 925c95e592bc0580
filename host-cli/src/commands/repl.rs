//! `pipeline repl`: a session at a prompt, in a sandbox that lives as long.

use std::io::{BufRead as _, IsTerminal as _};

use pipeline_host::audio::Bounds;
use pipeline_host::codec;
use pipeline_host::types::{Data, Input, Part, Value, ValueNode};
use pipeline_host::{Error, Session};
use rustyline::error::ReadlineError;

use crate::cli;
use crate::console::Console;
use crate::failure::{Failure, USAGE};
use crate::report;
use crate::{inputs, interrupt, outputs, workspace};

/// The node that runs Python, as the package has it.
const PYTHON: &str = "python=remotemedia.runtime.repl:Repl";
/// How many outputs are asked for at a time.
const AT_ONCE: u32 = 4096;

/// Reads lines, and answers each.
pub(crate) fn repl(arguments: &cli::Repl) -> Result<(), Failure> {
    let bounds = Bounds {
        bytes: arguments.limits.max_memory.0,
        deadline: None,
    };
    let items = inputs::each(&arguments.input, bounds)?;
    let source = match &arguments.manifest {
        Some(manifest) => workspace::manifest(manifest)?,
        None => workspace::manifest(PYTHON)?,
    };
    let (engine, sandbox) = workspace::open(&arguments.installation)?;
    // At a prompt of Python's there is one node, and it needs no name.
    let sandbox = match arguments.manifest {
        Some(_) => {
            sandbox.tell_to(Console::new(cli::LogFormat::Text).telling(&cli::Looking::default()))
        }
        None => sandbox,
    };
    let mut limits = arguments.limits.limits();
    limits.interrupt = Some(interrupt::stop(&engine));
    workspace::block_on(async {
        let mut instance = sandbox.instantiate(&limits).await.map_err(gone)?;
        let loaded = instance.load(&source.text).await.map_err(gone)?;
        let loaded = loaded.map_err(|invalid| {
            report::diagnostics(&source, &invalid.diagnostics);
            Failure::Told(USAGE)
        })?;
        report::diagnostics(&source, &loaded.warnings);
        let opened = instance.open(&loaded.manifest).await.map_err(gone)?;
        let session = opened.map_err(|error| {
            report::pipeline_error(&error);
            Failure::Told(crate::failure::FAILED)
        })?;
        let mut repl = Repl {
            session,
            is_python: arguments.manifest.is_none(),
        };
        let mut lines = Lines::new()?;
        if lines.is_terminal() {
            report::tell(match repl.is_python {
                true => "Python in a sandbox: `_` is the last result, Ctrl-D ends",
                false => "each line is an item, as JSON; Ctrl-D ends",
            });
        }
        for item in &items {
            repl.give(item).await?;
        }
        let mut more = false;
        while let Some(line) = lines.next(more)? {
            more = repl.line(&line).await?;
        }
        // What is under way is for nobody.
        let _ = repl.session.close().await;
        Ok(())
    })
}

struct Repl<'a> {
    session: Session<'a>,
    is_python: bool,
}

impl Repl<'_> {
    /// Answers a line; whether more belongs to it.
    async fn line(&mut self, line: &str) -> Result<bool, Failure> {
        if self.is_python {
            return self.give(&line_of_python(line)).await;
        }
        if line.trim().is_empty() {
            return Ok(false);
        }
        match codec::read_input(line.as_bytes()) {
            Ok(item) => self.give(&item).await,
            Err(error) => {
                let help = r#"a line is an item, as JSON: 5, "text", {"key": 1}"#;
                report::message(&format!("this is no item: {error}"), Some(help));
                Ok(false)
            }
        }
    }

    async fn give(&mut self, item: &Input) -> Result<bool, Failure> {
        let mut part = self.session.push(item).await.map_err(gone)?;
        let mut more = false;
        loop {
            let Part {
                outputs,
                more: goes_on,
            } = part.map_err(|error| {
                report::pipeline_error(&error);
                Failure::Told(crate::failure::FAILED)
            })?;
            for given in outputs.iter().flat_map(|given| &given.items) {
                more = self.show(given)?;
            }
            if !goes_on {
                return Ok(more);
            }
            part = self.session.pull(AT_ONCE).await.map_err(gone)?;
        }
    }

    /// Shows an output; of Python's, what it says, and whether it waits for more.
    fn show(&self, given: &Data) -> Result<bool, Failure> {
        let answer = match given {
            Data::Value(value) if self.is_python => Answer::of(value),
            _ => None,
        };
        let Some(answer) = answer else {
            let json = codec::item_to_json(given);
            let json = json.map_err(|error| {
                Failure::failed(format!("the component gave a broken value: {error}"))
            })?;
            outputs::write_out(&(json + "\n"))?;
            return Ok(false);
        };
        for result in &answer.results {
            outputs::write_out(&format!("{result}\n"))?;
        }
        if let Some(error) = &answer.error {
            report::tell(error);
        }
        Ok(answer.more)
    }
}

/// What the node says to a line.
struct Answer {
    more: bool,
    results: Vec<String>,
    error: Option<String>,
}

impl Answer {
    fn of(value: &Value) -> Option<Self> {
        let at = |index: u32| value.nodes.get(index as usize);
        let ValueNode::Fields(fields) = at(value.root)? else {
            return None;
        };
        let field = |name: &str| {
            let (_, index) = fields.iter().find(|(key, _)| key == name)?;
            at(*index)
        };
        let results = match field("results")? {
            ValueNode::Items(items) => items
                .iter()
                .filter_map(|item| match at(*item) {
                    Some(ValueNode::Text(text)) => Some(text.clone()),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        };
        Some(Self {
            more: matches!(field("more")?, ValueNode::Boolean(true)),
            results,
            error: match field("error")? {
                ValueNode::Text(text) => Some(text.clone()),
                _ => None,
            },
        })
    }
}

fn line_of_python(line: &str) -> Input {
    let nodes = vec![
        ValueNode::Fields(vec![("line".to_owned(), 1)]),
        ValueNode::Text(line.to_owned()),
    ];
    Data::Value(Value { nodes, root: 0 }).into()
}

fn gone(fault: Error) -> Failure {
    workspace::faulted(&fault)
}

/// Where lines come from: a terminal, with a history of the session, or a pipe.
enum Lines {
    Terminal(Box<rustyline::DefaultEditor>),
    Pipe(std::io::Lines<std::io::StdinLock<'static>>),
}

impl Lines {
    fn new() -> Result<Self, Failure> {
        let stdin = std::io::stdin();
        if !stdin.is_terminal() {
            return Ok(Self::Pipe(stdin.lock().lines()));
        }
        let editor = rustyline::DefaultEditor::new()
            .map_err(|error| Failure::failed(format!("the terminal can't be read: {error}")))?;
        Ok(Self::Terminal(Box::new(editor)))
    }

    fn is_terminal(&self) -> bool {
        matches!(self, Self::Terminal(_))
    }

    /// The next line; none at the end.
    fn next(&mut self, more: bool) -> Result<Option<String>, Failure> {
        let unreadable = |error: &dyn std::fmt::Display| {
            Failure::failed(format!("standard input can't be read: {error}"))
        };
        match self {
            Self::Pipe(lines) => match lines.next().transpose() {
                Ok(line) => Ok(line),
                Err(error) => Err(unreadable(&error)),
            },
            Self::Terminal(editor) => loop {
                pipeline_host::stderr::flush();
                match editor.readline(if more { "... " } else { ">>> " }) {
                    Ok(line) => {
                        // A line that can't be kept is only not there to be had again.
                        let _ = editor.add_history_entry(line.as_str());
                        return Ok(Some(line));
                    }
                    Err(ReadlineError::Interrupted) => report::tell("Ctrl-D ends"),
                    Err(ReadlineError::Eof) => return Ok(None),
                    Err(error) => return Err(unreadable(&error)),
                }
            },
        }
    }
}
