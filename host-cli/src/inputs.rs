//! Items from the command line and from files.

use std::io::Read;
use std::path::Path;

use pipeline_host::types::{Audio, Binary, Data, Input, Value, ValueNode};
use pipeline_host::{codec, images, npy, wav};

use crate::cli::{self, Items};
use crate::failure::Failure;
use crate::report;
use crate::workspace::reason;

/// The items that the command line gives; none where it gives none.
pub(crate) fn gather(arguments: &cli::Run) -> Result<Option<Vec<Input>>, Failure> {
    if arguments.manifest == "-"
        && (arguments.stream || from_stdin(arguments))
        && !arguments.no_input
    {
        let text = "standard input can't be both the manifest and the items";
        return Err(Failure::usage(text).help("give the manifest as a file"));
    }
    let mut items = Vec::new();
    for text in &arguments.input {
        items.push(input(text)?);
    }
    if let Some(name) = &arguments.input_file {
        items.extend(many(name, arguments.input_format)?);
    }
    let given = !arguments.input.is_empty() || arguments.input_file.is_some();
    Ok(given.then_some(items))
}

fn from_stdin(arguments: &cli::Run) -> bool {
    arguments.input_file.as_deref() == Some("-")
}

/// An item of `--input`.
pub(crate) fn input(text: &str) -> Result<Input, Failure> {
    // No JSON begins with a name and `=`.
    let is_id = |id: &str| {
        !id.is_empty()
            && id
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
    };
    match text.split_once('=') {
        Some((node, rest)) if is_id(node) => Ok(Input {
            node_id: Some(node.to_owned()),
            item: item(rest)?,
        }),
        _ if text.starts_with('@') => item(text).map(Input::from),
        _ => codec::read_input(text.as_bytes()).map_err(|error| no_item(text, &error)),
    }
}

/// An item, as JSON or in a file.
fn item(input: &str) -> Result<Data, Failure> {
    if let Some(path) = input.strip_prefix('@') {
        let path = Path::new(path);
        let read = std::fs::read(path).map_err(|error| reason(&error));
        return read
            .and_then(|bytes| from_file(path, bytes))
            .map_err(|reason| {
                Failure::usage(format!(
                    "the input `{}` can't be used: {reason}",
                    path.display()
                ))
            });
    }
    codec::read_item(input.as_bytes()).map_err(|error| no_item(input, &error))
}

fn no_item(input: &str, error: &codec::ReadError) -> Failure {
    let failure = Failure::usage(format!(
        "the input `{}` is not an item: {error}",
        shortened(input)
    ));
    // The shell takes quotes away, and people leave them out.
    match Path::new(input).exists() {
        true => failure.help(format!("a file is given as @{input}")),
        false => failure.help(r#"a string needs quotes of JSON: --input '"text"'"#),
    }
}

impl Items {
    /// What a name says of a file; standard input has none.
    pub(crate) fn of(name: &str) -> Self {
        match [".ndjson", ".jsonl"].iter().any(|end| name.ends_with(end)) {
            true => Self::Ndjson,
            false => Self::Json,
        }
    }
}

/// The items of `--input-file`.
pub(crate) fn many(name: &str, format: Option<Items>) -> Result<Vec<Input>, Failure> {
    let bytes = match name {
        "-" => {
            let mut bytes = Vec::new();
            std::io::stdin()
                .lock()
                .read_to_end(&mut bytes)
                .map(|_| bytes)
        }
        _ => std::fs::read(name),
    };
    let shown = if name == "-" { "<stdin>" } else { name };
    let bytes = bytes.map_err(|error| {
        Failure::usage(format!(
            "the items in `{shown}` can't be read: {}",
            reason(&error)
        ))
    })?;
    let items = match format.unwrap_or_else(|| Items::of(name)) {
        Items::Ndjson => codec::read_lines(&bytes),
        Items::Json => codec::read_items(&bytes),
    };
    items.map_err(|error| {
        let text = format!("{shown}:{}:{}: {}", error.line, error.column, error.message);
        Failure::usage(match error.path.as_str() {
            "" => text,
            path => format!("{text} (at {path})"),
        })
    })
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// An item from a file, by the ending of its name.
fn from_file(path: &Path, bytes: Vec<u8>) -> Result<Data, String> {
    of_ending(&ending(path), &path.display().to_string(), bytes)
}

/// The ending of a file's name, in small letters.
pub(crate) fn ending(path: &Path) -> String {
    let ending = path.extension().unwrap_or_default();
    ending.to_string_lossy().to_ascii_lowercase()
}

/// An item of the bytes of a file, called `name`, with this ending.
pub(crate) fn of_ending(ending: &str, name: &str, bytes: Vec<u8>) -> Result<Data, String> {
    match ending {
        "wav" => audio(name, &bytes).map(Data::Audio),
        "png" | "jpg" | "jpeg" | "webp" => images::read(bytes)
            .map(Data::Image)
            .map_err(|error| error.to_string()),
        "npy" => npy::read(&bytes)
            .map(Data::Tensor)
            .map_err(|error| error.to_string()),
        "txt" => match String::from_utf8(bytes) {
            Ok(text) => Ok(Data::Value(Value {
                nodes: vec![ValueNode::Text(text)],
                root: 0,
            })),
            Err(error) => Err(format!(
                "byte {} is not UTF-8",
                error.utf8_error().valid_up_to()
            )),
        },
        "json" => codec::read_item(&bytes).map_err(|error| error.to_string()),
        _ => Ok(Data::Binary(Binary {
            bytes,
            mime_type: None,
        })),
    }
}

fn audio(name: &str, bytes: &[u8]) -> Result<Audio, String> {
    let wav = wav::decode(bytes).map_err(|error| error.to_string())?;
    if let Some(warning) = wav.warning {
        report::tell(&format!("warning: `{name}`: {warning}"));
    }
    Ok(wav.audio)
}
