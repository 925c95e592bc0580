//! Results as JSON, and media as files.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use pipeline_host::codec::document::{self, Form, Layout};
use pipeline_host::codec::{self, ArenaError, Style, Writer};
use pipeline_host::files::{self, Existing};
use pipeline_host::terminal::visible;
use pipeline_host::types::{Data, Diagnostic, NodeOutputs, PipelineError, RunResult};
use pipeline_host::{Limits, media, pictures};

use crate::cli::{self, Format};
use crate::failure::Failure;
use crate::output_file::OutputFile;
use crate::report;
use crate::taps::Taps;
use crate::workspace::reason;

/// What the names of files begin with; the output's number follows.
const PREFIX: &str = "out-";

/// Writes outputs: as JSON, and their media to a directory where there is one.
pub(crate) struct Outputs {
    style: Style,
    layout: Layout,
    directory: Option<PathBuf>,
    existing: Existing,
    /// Whether audio is drawn as well.
    pictures: bool,
    /// What stands in for standard output.
    file: Option<OutputFile>,
    /// What is seen of nodes on the way.
    pub(crate) taps: Taps,
    /// How many outputs came before.
    count: usize,
    /// How many files a document may need, and how many this one has.
    limits: Limits,
    files: u64,
}

impl Outputs {
    pub(crate) fn new(arguments: &cli::Run, limits: Limits) -> Result<Self, Failure> {
        let existing = match arguments.overwrite {
            true => Existing::Replace,
            false => Existing::Keep,
        };
        Self::to(arguments, limits, existing)
    }

    /// The same, replacing files whatever the command line says.
    pub(crate) fn replacing(arguments: &cli::Run, limits: Limits) -> Result<Self, Failure> {
        Self::to(arguments, limits, Existing::Replace)
    }

    fn to(arguments: &cli::Run, limits: Limits, existing: Existing) -> Result<Self, Failure> {
        let directory = arguments.output_dir.as_deref();
        let layout = match arguments.by_node {
            true => Layout::ByNode,
            false => Layout::Flat,
        };
        let format = arguments
            .format
            .unwrap_or_else(|| match std::io::stdout().is_terminal() {
                true => Format::Pretty,
                false => Format::Json,
            });
        if let Some(directory) = directory {
            fs::create_dir_all(directory).map_err(|error| unwritable(directory, &error))?;
            // Better said before a run than after it.
            if existing == Existing::Keep
                && let Some(name) = earlier(directory).map_err(|e| unwritable(directory, &e))?
            {
                return Err(in_the_way(&directory.join(name)));
            }
        }
        let file = arguments.output.as_deref();
        let file = file.map(|name| OutputFile::open(name, arguments.output_format, existing));
        Ok(Self {
            file: file.transpose()?,
            taps: Taps::open(&arguments.looking.tap, existing)?,
            style: style(format),
            layout,
            directory: directory.map(Path::to_owned),
            existing,
            pictures: arguments.pictures,
            count: 0,
            limits,
            files: 0,
        })
    }

    /// Prints the result of a run.
    pub(crate) fn success(
        &mut self,
        run: &RunResult,
        warnings: &[Diagnostic],
        metrics: bool,
    ) -> Result<(), Failure> {
        if self.file.is_some() {
            self.lines(&run.outputs)?;
            return self.finish();
        }
        let mut writer = Writer::new(self.style);
        let form = Form {
            warnings,
            layout: self.layout,
            metrics,
        };
        document::success(&mut writer, run, form, |writer, item| {
            self.item(writer, item)
        })?;
        print(writer)?;
        self.finish()
    }

    /// Prints an error, what was warned of, and the outputs that came before it.
    pub(crate) fn error(
        &mut self,
        error: &PipelineError,
        kind: &str,
        warnings: &[Diagnostic],
    ) -> Result<(), Failure> {
        // What stands on standard output then is a medium.
        if self.file.as_ref().is_some_and(OutputFile::is_stdout) {
            return Ok(());
        }
        let mut writer = Writer::new(self.style);
        let form = Form {
            warnings,
            layout: self.layout,
            metrics: false,
        };
        document::failure(&mut writer, error, kind, form, |writer, item| {
            self.item(writer, item)
        })?;
        print(writer)
    }

    /// Ends the files: that which stands in for standard output, and those of taps.
    pub(crate) fn finish(&mut self) -> Result<(), Failure> {
        self.taps.finish()?;
        match self.file.take() {
            Some(file) => file.finish(),
            None => Ok(()),
        }
    }

    /// Whether outputs go elsewhere than to standard output as JSON.
    pub(crate) fn has_file(&self) -> bool {
        self.file.is_some()
    }

    /// Writes outputs to the file that stands in for standard output, or gives them
    /// as lines.
    pub(crate) fn lines(&mut self, given: &[NodeOutputs]) -> Result<String, Failure> {
        let mut text = String::new();
        if let Some(file) = &mut self.file {
            file.push(given)?;
            return Ok(text);
        }
        self.files = 0;
        for NodeOutputs { node_id, items } in given {
            for item in items {
                if let (Data::Integers(numbers), Layout::Flat) = (item, self.layout) {
                    self.count += numbers.len();
                    for number in numbers {
                        // Writing into a string doesn't fail.
                        let _ = writeln!(text, "{number}");
                    }
                    continue;
                }
                let alone = codec::weight(item) == 1 && !is_bulk(item);
                if alone {
                    self.line(node_id, item, &mut text)?;
                    continue;
                }
                for item in codec::one_by_one(vec![item.clone().into()]) {
                    self.line(node_id, &item.item, &mut text)?;
                }
            }
        }
        Ok(text)
    }

    fn line(&mut self, node: &str, item: &Data, text: &mut String) -> Result<(), Failure> {
        let mut writer = Writer::new(Style::Compact);
        match self.layout {
            Layout::Flat => self.item(&mut writer, item)?,
            layout => {
                document::output(&mut writer, node, layout, |writer| self.item(writer, item))?
            }
        }
        text.push_str(&writer.finish());
        text.push('\n');
        Ok(())
    }

    fn item(&mut self, writer: &mut Writer, item: &Data) -> Result<(), Failure> {
        let number = self.count;
        self.count += codec::weight(item);
        let broken = |error: ArenaError| {
            Failure::failed(format!(
                "the component gave a broken value as output {number}: {error}"
            ))
        };
        let file = match &self.directory {
            None => None,
            Some(_) => media::encode(item).map_err(|reason| {
                Failure::failed(format!(
                    "output {number} can't be written to a file: {reason}"
                ))
            })?,
        };
        let (Some(directory), Some((format, bytes))) = (self.directory.clone(), file) else {
            return writer.item(item).map_err(broken);
        };
        let name = format!("{PREFIX}{number}.{}", format.ending());
        self.write_file(&directory.join(&name), &bytes)?;
        if let (true, Data::Audio(audio)) = (self.pictures, item) {
            let picture = pictures::of_audio(audio).map_err(|error| {
                Failure::failed(format!("output {number} can't be drawn: {error}"))
            })?;
            let path = directory.join(format!("{PREFIX}{number}.png"));
            self.write_file(&path, &picture)?;
        }
        writer.item_in_file(item, &name).map_err(broken)
    }

    /// Writes a file of --output-dir, where there may be another.
    fn write_file(&mut self, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
        self.files += 1;
        self.limits.allow_files(self.files).map_err(|limit| {
            let name = limit.name();
            Failure::failed(limit).help(format!("--{name} sets the limit"))
        })?;
        write_file(path, bytes, self.existing == Existing::Replace)
    }
}

/// Whether an item stands for many.
fn is_bulk(item: &Data) -> bool {
    matches!(item, Data::Integers(_) | Data::Numbers(_))
}

/// The style of a format.
pub(crate) fn style(format: Format) -> Style {
    match format {
        Format::Json => Style::Compact,
        Format::Pretty => Style::Pretty,
    }
}

/// Prints a document and ends its line.
pub(crate) fn print(writer: Writer) -> Result<(), Failure> {
    let mut text = writer.finish();
    text.push('\n');
    write_out(&text)
}

/// Writes to standard output, at once. A terminal is only shown what would steer
/// it; JSON says the same then.
pub(crate) fn write_out(text: &str) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    match output.is_terminal() {
        true => output.write_all(visible(text).as_bytes())?,
        false => output.write_all(text.as_bytes())?,
    }
    output.flush()?;
    Ok(())
}

/// Writes text of the program's own, whose parts are [`painted`], to standard
/// output.
pub(crate) fn write_painted(text: &str) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    output.write_all(text.as_bytes())?;
    output.flush()?;
    Ok(())
}

/// Text as standard output is to show it: in a colour, by its number among those of
/// terminals, where that is one that shows colours.
pub(crate) fn painted(text: &str, colour: &str) -> String {
    if !std::io::stdout().is_terminal() {
        return text.to_owned();
    }
    let text = visible(text);
    match colour.is_empty() || report::refuses_colours() {
        true => text.into_owned(),
        false => format!("\u{1b}[{colour}m{text}\u{1b}[0m"),
    }
}

/// Writes a file that the command line names.
pub(crate) fn write_file(path: &Path, bytes: &[u8], overwrite: bool) -> Result<(), Failure> {
    let existing = match overwrite {
        true => Existing::Replace,
        false => Existing::Keep,
    };
    files::write(path, bytes, existing).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => in_the_way(path),
        _ => unwritable(path, &error),
    })
}

/// A file of an earlier run's, in a directory that has one.
fn earlier(directory: &Path) -> io::Result<Option<String>> {
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name();
        let number = name
            .to_str()
            .and_then(|name| name.strip_prefix(PREFIX)?.split_once('.'));
        if let (Some(name), Some((number, _))) = (name.to_str(), number)
            && number.parse::<u64>().is_ok()
        {
            return Ok(Some(name.to_owned()));
        }
    }
    Ok(None)
}

pub(crate) fn in_the_way(path: &Path) -> Failure {
    Failure::usage(format!("`{}` is there already", path.display()))
        .help("--overwrite replaces files; or write to another place")
}

pub(crate) fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!(
        "`{}` can't be written: {}",
        path.display(),
        reason(error)
    ))
}
