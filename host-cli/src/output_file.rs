//! `--output`: what a pipeline gives as one file, or on standard output.

use std::fs;
use std::io::{self, BufWriter, IsTerminal, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use pipeline_host::audio::AudioError;
use pipeline_host::files::{Existing, NewFile};
use pipeline_host::media::{self, FileFormat, MediaError, MediaWriter};
use pipeline_host::types::{Data, NodeOutputs};

use crate::cli::OutputFormat;
use crate::failure::Failure;
use crate::outputs::{in_the_way, unwritable};

/// The file of `--output`.
pub(crate) struct OutputFile {
    /// None on standard output.
    path: Option<PathBuf>,
    existing: Existing,
    /// None where the first output decides.
    format: Option<FileFormat>,
    /// None before the first output.
    writer: Option<MediaWriter<Out>>,
}

enum Out {
    File(BufWriter<NewFile>),
    Stdout(BufWriter<io::Stdout>),
}

impl OutputFile {
    /// Looks whether the file can be written; nothing of it is, yet.
    pub(crate) fn open(
        name: &str,
        format: Option<OutputFormat>,
        existing: Existing,
    ) -> Result<Self, Failure> {
        let path = (name != "-").then(|| PathBuf::from(name));
        let ending = path.as_deref().and_then(Path::extension);
        let named = ending.and_then(|ending| FileFormat::of_ending(&ending.to_string_lossy()));
        let format = format.map(FileFormat::from).or(named);
        if let Some(format) = format.filter(|format| !format.can_be_written()) {
            let text = format!("outputs can't be written as {}", format.ending());
            return Err(Failure::usage(text).help("audio is written as .wav or .flac"));
        }
        match &path {
            None if io::stdout().is_terminal() => {
                let text = "standard output is a terminal, which outputs as a file would confuse";
                return Err(Failure::usage(text).help("send it to a file or through a pipe"));
            }
            None => {}
            Some(path) => match fs::symlink_metadata(path) {
                Ok(_) if existing == Existing::Keep => return Err(in_the_way(path)),
                Ok(found) if !found.is_file() && !found.is_symlink() => {
                    let text = format!("`{}` is no file that could be replaced", path.display());
                    return Err(Failure::usage(text).help("--output - writes to standard output"));
                }
                _ => {
                    // Better said before a run than after it.
                    NewFile::beside(path).map_err(|error| unwritable(path, &error))?;
                }
            },
        }
        Ok(Self {
            path,
            existing,
            format,
            writer: None,
        })
    }

    pub(crate) fn is_stdout(&self) -> bool {
        self.path.is_none()
    }

    /// Writes outputs.
    pub(crate) fn push(&mut self, given: &[NodeOutputs]) -> Result<(), Failure> {
        for item in given.iter().flat_map(|given| &given.items) {
            self.item(item)?;
        }
        match &mut self.writer {
            // Somebody may wait for it.
            Some(writer) if self.path.is_none() => Ok(writer.flush()?),
            _ => Ok(()),
        }
    }

    fn item(&mut self, item: &Data) -> Result<(), Failure> {
        if self.writer.is_none() {
            let usual = || match media::encode(item) {
                Ok(Some((format, _))) => format,
                _ => FileFormat::JsonLines,
            };
            self.begin(self.format.unwrap_or_else(usual))?;
        }
        let Some(writer) = &mut self.writer else {
            return Ok(());
        };
        let pushed = writer.push(item);
        pushed.map_err(|error| self.failed(error))
    }

    /// Ends the file, and gives it its name.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        let Some(writer) = self.writer.take() else {
            return match self.format {
                // No lines are lines too.
                Some(format @ FileFormat::JsonLines) => {
                    self.begin(format)?;
                    self.finish()
                }
                _ => Err(self.failed(MediaError::Nothing)),
            };
        };
        let (out, patches) = writer.finish().map_err(|error| self.failed(error))?;
        let Some((path, Out::File(mut file))) = self.path.as_deref().zip(Some(out)) else {
            return Ok(());
        };
        let patch = || {
            for (at, bytes) in patches {
                file.seek(SeekFrom::Start(at))?;
                file.write_all(&bytes)?;
            }
            file.flush()
        };
        patch().map_err(|error| unwritable(path, &error))?;
        let file = file
            .into_inner()
            .map_err(|error| unwritable(path, error.error()))?;
        file.name(path, self.existing)
            .map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => in_the_way(path),
                _ => unwritable(path, &error),
            })
    }

    fn begin(&mut self, format: FileFormat) -> Result<(), Failure> {
        let out = match &self.path {
            None => Out::Stdout(BufWriter::new(io::stdout())),
            Some(path) => {
                let file = NewFile::beside(path).map_err(|error| unwritable(path, &error))?;
                Out::File(BufWriter::with_capacity(1 << 16, file))
            }
        };
        self.writer = Some(MediaWriter::new(format, out));
        Ok(())
    }

    fn failed(&self, error: MediaError) -> Failure {
        let error = match (error, &self.path) {
            (MediaError::Io(error) | MediaError::Audio(AudioError::Io(error)), path) => {
                return match path {
                    None => error.into(),
                    Some(path) => unwritable(path, &error),
                };
            }
            (error, _) => error,
        };
        let failure = Failure::failed(format!("the outputs can't be written: {error}"));
        match error {
            MediaError::Several(_) | MediaError::Unfit { .. } => failure
                .help("--output-dir writes each output as what it is; without both they are JSON"),
            _ => failure,
        }
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Stdout(stdout) => stdout.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Stdout(stdout) => stdout.flush(),
        }
    }
}

impl From<OutputFormat> for FileFormat {
    fn from(format: OutputFormat) -> Self {
        match format {
            OutputFormat::Wav => Self::Wav,
            OutputFormat::Flac => Self::Flac,
            OutputFormat::Png => Self::Png,
            OutputFormat::Jpeg => Self::Jpeg,
            OutputFormat::Webp => Self::Webp,
            OutputFormat::Npy => Self::Npy,
            OutputFormat::Txt => Self::Text,
            OutputFormat::Bin => Self::Binary,
            OutputFormat::Json => Self::Json,
            OutputFormat::Jsonl => Self::JsonLines,
        }
    }
}
