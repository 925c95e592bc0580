//! Items from the command line and from files.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use pipeline_host::audio::{AudioReader, Bounds, Source};
use pipeline_host::codec;
use pipeline_host::media::{self, FileFormat, Items, MediaError};
use pipeline_host::types::{Binary, Data, Input};

use crate::cli::{self, Items as ItemFormat};
use crate::failure::Failure;
use crate::report;
use crate::workspace::reason;

/// The items that the command line gives; none where it gives none.
pub(crate) fn gather(arguments: &cli::Run) -> Result<Option<Vec<Input>>, Failure> {
    once_from_stdin(arguments)?;
    let bounds = Bounds {
        bytes: arguments.limits.max_memory.0,
        deadline: None,
    };
    let mut items = Vec::new();
    for given in all(arguments) {
        items.extend(given?.read(bounds)?);
    }
    if let Some(name) = &arguments.input_file {
        items.extend(many(name, arguments.input_format)?);
    }
    let given = !arguments.input.is_empty()
        || !arguments.files.is_empty()
        || arguments.input_file.is_some();
    Ok(given.then_some(items))
}

/// The items of `--input` alone.
pub(crate) fn each(texts: &[String], bounds: Bounds) -> Result<Vec<Input>, Failure> {
    let mut items = Vec::new();
    for text in texts {
        items.extend(input(text)?.read(bounds)?);
    }
    Ok(items)
}

/// What the files that are named by themselves give, then what `--input` gives.
fn all(arguments: &cli::Run) -> impl Iterator<Item = Result<Given, Failure>> {
    let files = arguments.files.iter();
    let files = files.map(|path| InputFile::open(None, &path.to_string_lossy()).map(Given::File));
    files.chain(arguments.input.iter().map(|text| input(text)))
}

/// What an option `--input` gives.
pub(crate) enum Given {
    Items(Vec<Input>),
    /// A file, which is not read yet.
    File(InputFile),
}

impl Given {
    fn read(self, bounds: Bounds) -> Result<Vec<Input>, Failure> {
        match self {
            Self::Items(items) => Ok(items),
            Self::File(file) => file.read(bounds),
        }
    }
}

/// The same as [`gather`] gives, but for files, of which nothing was read.
pub(crate) fn unread(arguments: &cli::Run) -> Result<Vec<Given>, Failure> {
    once_from_stdin(arguments)?;
    all(arguments).collect()
}

/// Standard input can be one thing only.
fn once_from_stdin(arguments: &cli::Run) -> Result<(), Failure> {
    let inputs = arguments.input.iter();
    let inputs = inputs.filter(|input| *input == "@-" || input.ends_with("=@-"));
    let uses = [
        (arguments.manifest == "-").then_some("the manifest"),
        (arguments.input_file.as_deref() == Some("-")).then_some("the items of --input-file"),
        (arguments.stream && !arguments.no_input).then_some("the items of --stream"),
    ];
    let uses = uses.into_iter().flatten();
    let uses: Vec<_> = uses
        .chain(inputs.map(|_| "the item of --input @-"))
        .collect();
    match uses[..] {
        [first, second, ..] => {
            let text = format!("standard input can't be both {first} and {second}");
            Err(Failure::usage(text).help("give one of them as a file"))
        }
        _ => Ok(()),
    }
}

/// What an option `--input` gives.
fn input(text: &str) -> Result<Given, Failure> {
    // No JSON begins with a name and `=`.
    let is_id = |id: &str| {
        !id.is_empty()
            && id
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
    };
    let (node, rest) = match text.split_once('=') {
        Some((node, rest)) if is_id(node) => (Some(node), rest),
        _ => (None, text),
    };
    if let Some(name) = rest.strip_prefix('@') {
        return InputFile::open(node, name).map(Given::File);
    }
    let read = match node {
        None => codec::read_input(rest.as_bytes()),
        Some(node) => codec::read_item(rest.as_bytes()).map(|item| Input {
            node_id: Some(node.to_owned()),
            item,
        }),
    };
    match read {
        Ok(item) => Ok(Given::Items(vec![item])),
        Err(error) => Err(no_item(rest, &error)),
    }
}

/// A file of `--input`, or standard input.
pub(crate) struct InputFile {
    node: Option<String>,
    name: String,
    source: Source,
    /// What its name, or its content, says of it.
    format: Option<FileFormat>,
}

impl InputFile {
    fn open(node: Option<&str>, name: &str) -> Result<Self, Failure> {
        let path = Path::new(name);
        let opened = match name {
            "-" => {
                let mut source = Source::Stream(Box::new(std::io::stdin()));
                let first = source.peek(16);
                first.map(|first| (source, FileFormat::of_content(&first)))
            }
            _ => File::open(path).map(|file| {
                let ending = path.extension().unwrap_or_default().to_string_lossy();
                let format = FileFormat::of_ending(&ending).unwrap_or(FileFormat::Binary);
                (Source::File(file), Some(format))
            }),
        };
        let shown = if name == "-" { "<stdin>" } else { name };
        let (source, format) = opened.map_err(|error| unusable(shown, reason(&error)))?;
        Ok(Self {
            node: node.map(str::to_owned),
            name: shown.to_owned(),
            source,
            format,
        })
    }

    /// Its items.
    pub(crate) fn read(self, bounds: Bounds) -> Result<Vec<Input>, Failure> {
        let Some(format) = self.format else {
            return self.unnamed();
        };
        let said = |error: MediaError| match error {
            MediaError::Io(error) => reason(&error),
            error => error.to_string(),
        };
        let read = media::read(self.source, format, bounds);
        let Items { mut items, warning } =
            read.map_err(|error| unusable(&self.name, said(error)))?;
        if let Some(warning) = warning {
            warn(&self.name, warning);
        }
        if let Some(node) = self.node {
            for item in &mut items {
                item.node_id = Some(node.clone());
            }
        }
        Ok(items)
    }

    /// What says nothing of itself: JSON where it is text, and else bytes.
    fn unnamed(self) -> Result<Vec<Input>, Failure> {
        let bytes = self.source.into_bytes(None);
        let bytes = bytes.map_err(|error| unusable(&self.name, reason(&error)))?;
        let item = match str::from_utf8(&bytes) {
            Ok(_) => codec::read_item(&bytes).map_err(|error| {
                let text = format!(
                    "{}:{}:{}: {}",
                    self.name, error.line, error.column, error.message
                );
                Failure::usage(text).help(
                    "text on standard input is one item as JSON; --input-file - takes many, \
                     --stream one a line",
                )
            })?,
            Err(_) => Data::Binary(Binary {
                bytes,
                mime_type: None,
            }),
        };
        Ok(vec![Input {
            node_id: self.node,
            item,
        }])
    }

    /// Begins to read it piece by piece, where it is audio, and else gives it back.
    pub(crate) fn audio(self) -> Result<Result<InputAudio, Self>, Failure> {
        match self.format.filter(|format| format.is_audio()) {
            None => Ok(Err(self)),
            Some(format) => {
                let reader = AudioReader::open(self.source, Some(format.ending()));
                let reader = reader.map_err(|error| unusable(&self.name, error.to_string()))?;
                Ok(Ok(InputAudio {
                    node: self.node,
                    name: self.name,
                    reader,
                }))
            }
        }
    }
}

/// Audio of `--input`, of which a part was read.
pub(crate) struct InputAudio {
    pub(crate) node: Option<String>,
    pub(crate) name: String,
    pub(crate) reader: AudioReader,
}

/// Says what is wrong with a file that could be read all the same.
pub(crate) fn warn(name: &str, warning: &str) {
    report::tell(&format!("warning: `{name}`: {warning}"));
}

/// A file is no input.
pub(crate) fn unusable(name: &str, reason: String) -> Failure {
    Failure::usage(format!("the input `{name}` can't be used: {reason}"))
}

pub(crate) fn no_item(input: &str, error: &codec::ReadError) -> Failure {
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

impl ItemFormat {
    /// What a name says of a file; standard input has none.
    pub(crate) fn of(name: &str) -> Self {
        let ending = Path::new(name).extension().unwrap_or_default();
        match FileFormat::of_ending(&ending.to_string_lossy()) {
            Some(FileFormat::JsonLines) => Self::Ndjson,
            Some(FileFormat::Csv) => Self::Csv,
            _ => Self::Json,
        }
    }
}

/// The items of `--input-file`.
pub(crate) fn many(name: &str, format: Option<ItemFormat>) -> Result<Vec<Input>, Failure> {
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
    let items = match format.unwrap_or_else(|| ItemFormat::of(name)) {
        ItemFormat::Ndjson => codec::read_lines(&bytes),
        ItemFormat::Json => codec::read_items(&bytes),
        ItemFormat::Csv => {
            let read = media::read(Source::Bytes(bytes), FileFormat::Csv, Bounds::default());
            let items = read.map(|read| read.items);
            return items.map_err(|error| Failure::usage(format!("{shown}: {error}")));
        }
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
