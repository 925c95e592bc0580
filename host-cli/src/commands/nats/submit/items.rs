//! The items that are sent.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use pipeline_host::codec::{self, Style, Writer};
use pipeline_host::types::Input;
use tokio::sync::mpsc;

use crate::cli;
use crate::commands::nats::arguments::Submit;
use crate::commands::nats::headers::JSON;
use crate::commands::nats::payload;
use crate::failure::Failure;
use crate::{inputs, workspace};

/// How many lines are read ahead.
const AHEAD: usize = 64;

/// An item as a message.
pub(super) struct Item {
    pub(super) content_type: &'static str,
    pub(super) payload: Vec<u8>,
}

/// Items that are known, and then those of a file that is read line by line.
pub(super) struct Items {
    known: std::vec::IntoIter<Item>,
    lines: Option<mpsc::Receiver<Result<Item, Failure>>>,
}

impl Items {
    /// Reads what the command line names; lines are read as they are sent.
    pub(super) fn gather(arguments: &Submit) -> Result<Self, Failure> {
        let mut known = Vec::new();
        for text in &arguments.input {
            known.push(given(text)?);
        }
        let mut lines = None;
        if let Some(name) = &arguments.input_file {
            let format = arguments.input_format;
            match format.unwrap_or_else(|| cli::Items::of(name)) {
                cli::Items::Ndjson => lines = Some(read_lines(name)?),
                other => {
                    let items = codec::one_by_one(inputs::many(name, Some(other))?);
                    for item in &items {
                        known.push(written(item)?);
                    }
                }
            }
        }
        Ok(Self {
            known: known.into_iter(),
            lines,
        })
    }

    /// How many there are, where that is known.
    pub(super) fn total(&self) -> Option<u64> {
        self.lines.is_none().then_some(self.known.len() as u64)
    }

    /// The next one.
    pub(super) async fn next(&mut self) -> Option<Result<Item, Failure>> {
        if let Some(item) = self.known.next() {
            return Some(Ok(item));
        }
        self.lines.as_mut()?.recv().await
    }
}

/// An item of `--input`: files go as they are, under their type.
fn given(text: &str) -> Result<Item, Failure> {
    let Some(path) = text.strip_prefix('@') else {
        // What is no item is better said here.
        codec::read_input(text.as_bytes()).map_err(|error| inputs::no_item(text, &error))?;
        return Ok(Item {
            content_type: JSON,
            payload: text.as_bytes().to_vec(),
        });
    };
    let ending = Path::new(path).extension().unwrap_or_default();
    let ending = ending.to_string_lossy();
    let payload = std::fs::read(path).map_err(|error| {
        let reason = workspace::reason(&error);
        Failure::usage(format!("the input `{path}` can't be used: {reason}"))
    })?;
    Ok(Item {
        content_type: payload::media_type(&ending),
        payload,
    })
}

/// An item that was read, as JSON.
fn written(input: &Input) -> Result<Item, Failure> {
    let mut writer = Writer::new(Style::Compact);
    let written = match &input.node_id {
        None => writer.item(&input.item),
        Some(node) => writer.try_object(|writer| {
            writer.key("$input").try_object(|writer| {
                writer.key("node").string(node);
                writer.key("item").item(&input.item)
            })
        }),
    };
    // They were read by the same rules.
    written.map_err(Failure::failed)?;
    Ok(Item {
        content_type: JSON,
        payload: writer.finish().into_bytes(),
    })
}

/// Lines of a file, read by a thread of its own, which ends with the program.
fn read_lines(name: &str) -> Result<mpsc::Receiver<Result<Item, Failure>>, Failure> {
    let unreadable = |error: &std::io::Error| {
        let reason = workspace::reason(error);
        Failure::usage(format!("the items in `{name}` can't be read: {reason}"))
    };
    let (shown, file) = match name {
        "-" => ("<stdin>".to_owned(), None),
        _ => (
            name.to_owned(),
            Some(File::open(name).map_err(|error| unreadable(&error))?),
        ),
    };
    let (sender, receiver) = mpsc::channel(AHEAD);
    let read = move || {
        let mut lines: Box<dyn BufRead> = match file {
            Some(file) => Box::new(BufReader::new(file)),
            None => Box::new(std::io::stdin().lock()),
        };
        for number in 1.. {
            let mut line = Vec::new();
            let item = match lines.read_until(b'\n', &mut line) {
                Ok(0) => return,
                Ok(_) if line.trim_ascii().is_empty() => continue,
                Ok(_) => item(line.trim_ascii_end(), &shown, number),
                Err(error) => Err(Failure::failed(format!(
                    "the items in `{shown}` can't be read: {}",
                    workspace::reason(&error)
                ))),
            };
            let last = item.is_err();
            if sender.blocking_send(item).is_err() || last {
                return;
            }
        }
    };
    std::thread::Builder::new()
        .name("input".into())
        .spawn(read)
        .map_err(|error| Failure::failed(format!("no thread to read with: {error}")))?;
    Ok(receiver)
}

fn item(line: &[u8], shown: &str, number: usize) -> Result<Item, Failure> {
    codec::read_input(line).map_err(|error| {
        let text = format!("{shown}:{number}:{}: {}", error.column, error.message);
        Failure::usage(match error.path.as_str() {
            "" => text,
            path => format!("{text} (at {path})"),
        })
    })?;
    Ok(Item {
        content_type: JSON,
        payload: line.to_vec(),
    })
}
