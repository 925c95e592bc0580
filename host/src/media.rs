//! Files as items, and items as files: of every kind that a pipeline can be given
//! or give, by the ending of a name, a media type, or the content.

mod csv;
mod write;

use std::borrow::Cow;

use thiserror::Error;

pub use self::write::{MediaWriter, encode, encode_as};
use crate::audio::{AudioError, AudioReader, Bounds, Source};
use crate::codec::{self, ReadError};
use crate::images::{self, ImageError};
use crate::npy::{self, NpyError};
use crate::types::{Binary, Data, Input, Value, ValueNode};
use crate::wav::WavError;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// Audio as it is.
    Wav,
    /// Audio without loss.
    Flac,
    /// MPEG audio.
    Mp3,
    /// Vorbis in Ogg.
    Ogg,
    /// AAC as a stream of ADTS.
    Aac,
    /// AAC in MP4.
    Mp4,
    /// An image.
    Png,
    /// An image.
    Jpeg,
    /// An image.
    Webp,
    /// An array of NumPy's.
    Npy,
    /// A string.
    Text,
    /// One item as JSON.
    Json,
    /// Items as JSON, one a line.
    JsonLines,
    /// Items, one a record, under the names in the first.
    Csv,
    /// Bytes.
    Binary,
}

/// Names of formats: the endings of files, then media types, of each the usual one
/// first.
const NAMES: [(FileFormat, &[&str], &[&str]); 15] = {
    use FileFormat as F;
    [
        (
            F::Wav,
            &["wav"],
            &["audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"],
        ),
        (F::Flac, &["flac"], &["audio/flac", "audio/x-flac"]),
        (F::Mp3, &["mp3"], &["audio/mpeg", "audio/mp3"]),
        (
            F::Ogg,
            &["ogg", "oga"],
            &["audio/ogg", "audio/vorbis", "application/ogg"],
        ),
        (
            F::Aac,
            &["aac"],
            &["audio/aac", "audio/aacp", "audio/x-aac"],
        ),
        (F::Mp4, &["m4a", "mp4"], &["audio/mp4", "audio/x-m4a"]),
        (F::Png, &["png"], &["image/png"]),
        (F::Jpeg, &["jpg", "jpeg"], &["image/jpeg"]),
        (F::Webp, &["webp"], &["image/webp"]),
        (F::Npy, &["npy"], &["application/x-npy", "application/npy"]),
        (F::Text, &["txt"], &["text/plain"]),
        (F::Json, &["json"], &["application/json"]),
        (
            F::JsonLines,
            &["jsonl", "ndjson"],
            &[
                "application/x-ndjson",
                "application/ndjson",
                "application/jsonl",
            ],
        ),
        (F::Csv, &["csv"], &["text/csv"]),
        (F::Binary, &["bin"], &["application/octet-stream"]),
    ]
};

impl FileFormat {
    /// What a name's ending says of a file.
    #[must_use]
    pub fn of_ending(ending: &str) -> Option<Self> {
        let ending = ending.to_ascii_lowercase();
        let mut names = NAMES.iter();
        let found = names.find(|(_, endings, _)| endings.contains(&ending.as_str()));
        found.map(|(format, ..)| *format)
    }

    /// What a media type names, whatever its parameters.
    #[must_use]
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        let essence = essence.to_ascii_lowercase();
        let mut names = NAMES.iter();
        let found = names.find(|(.., types)| types.contains(&essence.as_str()));
        found.map(|(format, ..)| *format)
    }

    /// What the first bytes of a file say of it; sixteen are enough.
    #[must_use]
    pub fn of_content(first: &[u8]) -> Option<Self> {
        Some(match first {
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                ..,
            ] => Self::Webp,
            [b'R', b'I', b'F', b'F' | b'X', ..] | [b'R', b'F', b'6', b'4', ..] => Self::Wav,
            [b'B', b'W', b'6', b'4', ..] => Self::Wav,
            [b'f', b'L', b'a', b'C', ..] => Self::Flac,
            [b'O', b'g', b'g', b'S', ..] => Self::Ogg,
            [b'I', b'D', b'3', ..] => Self::Mp3,
            [0xFF, 0xFA | 0xFB | 0xF2 | 0xF3 | 0xE2 | 0xE3, ..] => Self::Mp3,
            [0xFF, 0xF0 | 0xF1 | 0xF8 | 0xF9, ..] => Self::Aac,
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => Self::Mp4,
            [0x89, b'P', b'N', b'G', ..] => Self::Png,
            [0xFF, 0xD8, 0xFF, ..] => Self::Jpeg,
            [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => Self::Npy,
            _ => return None,
        })
    }

    /// The usual ending of names.
    #[must_use]
    pub fn ending(self) -> &'static str {
        self.names().0[0]
    }

    /// The usual media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        self.names().1[0]
    }

    fn names(self) -> (&'static [&'static str], &'static [&'static str]) {
        let mut names = NAMES.iter();
        let found = names.find(|(format, ..)| *format == self);
        // Every format has its names, as a test sees.
        found.map_or((&["bin"], &["application/octet-stream"]), |names| {
            (names.1, names.2)
        })
    }

    /// Whether it is audio.
    #[must_use]
    pub fn is_audio(self) -> bool {
        use FileFormat as F;
        matches!(self, F::Wav | F::Flac | F::Mp3 | F::Ogg | F::Aac | F::Mp4)
    }

    /// Whether outputs can be written so.
    #[must_use]
    pub fn can_be_written(self) -> bool {
        use FileFormat as F;
        !matches!(self, F::Mp3 | F::Ogg | F::Aac | F::Mp4 | F::Csv)
    }
}

/// Why a file is no items, or items are no file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MediaError {
    /// About audio.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// About an image.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// About an array.
    #[error(transparent)]
    Npy(#[from] NpyError),
    /// About JSON.
    #[error("{0}")]
    Json(ReadError),
    /// About CSV.
    #[error("line {line}: {message}")]
    Csv {
        /// The line.
        line: u64,
        /// What is wrong there.
        message: String,
    },
    /// It is not text.
    #[error("byte {0} is not UTF-8")]
    NotUtf8(usize),
    /// It would take too much memory.
    #[error("it holds so many values that they may take more than {} MiB", .0 >> 20)]
    TooMany(usize),
    /// Bytes can't be read or written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// An output can't be written in a format.
    #[error("the pipeline gave {what}, which {} can't hold", .format.ending())]
    Unfit {
        /// The format.
        format: FileFormat,
        /// What the output is.
        what: Cow<'static, str>,
    },
    /// There are more outputs than a file can hold.
    #[error("the pipeline gave more than one output, and {} holds one", .0.ending())]
    Several(FileFormat),
    /// There is no output.
    #[error("the pipeline gave no output")]
    Nothing,
}

impl From<WavError> for MediaError {
    fn from(error: WavError) -> Self {
        AudioError::from(error).into()
    }
}

/// What was in a file.
#[derive(Debug)]
pub struct Items {
    /// The items. Numbers may stand in bulk.
    pub items: Vec<Input>,
    /// What is wrong with the file, where it could be read all the same.
    pub warning: Option<&'static str>,
}

/// Reads a file, within bounds: of the memory that its items take, and of time.
///
/// # Errors
/// Where it is something else, or beyond its bounds.
pub fn read(source: Source, format: FileFormat, bounds: Bounds) -> Result<Items, MediaError> {
    if format.is_audio() {
        // Its index often stands at its end.
        let source = match format {
            FileFormat::Mp4 => source.seekable(bounds.bytes)?,
            _ => source,
        };
        let mut reader = AudioReader::open(source, Some(format.ending()))?;
        let audio = reader.read_all(bounds)?;
        return Ok(Items {
            items: vec![Data::Audio(audio).into()],
            warning: reader.warning(),
        });
    }
    let bytes = source.into_bytes(bounds.bytes)?;
    let one = |item: Data| vec![Input::from(item)];
    let items = match format {
        FileFormat::Png | FileFormat::Jpeg | FileFormat::Webp => {
            one(Data::Image(images::read(bytes)?))
        }
        FileFormat::Npy => one(Data::Tensor(npy::read(&bytes)?)),
        FileFormat::Text => match String::from_utf8(bytes) {
            Ok(text) => one(text_item(text)),
            Err(error) => return Err(MediaError::NotUtf8(error.utf8_error().valid_up_to())),
        },
        FileFormat::Json => {
            allow(&bytes, bounds)?;
            one(codec::read_item(&bytes).map_err(MediaError::Json)?)
        }
        FileFormat::JsonLines => {
            allow(&bytes, bounds)?;
            codec::read_lines(&bytes).map_err(MediaError::Json)?
        }
        FileFormat::Csv => {
            allow(&bytes, bounds)?;
            csv::read(&bytes)?
        }
        _ => one(Data::Binary(Binary {
            bytes,
            mime_type: None,
        })),
    };
    Ok(Items {
        items,
        warning: None,
    })
}

/// Whether the values that a text may hold fit within bounds: there are at most as
/// many as there are marks between them.
///
/// # Errors
/// Where they don't.
pub fn allow(text: &[u8], bounds: Bounds) -> Result<(), MediaError> {
    let Some(limit) = bounds.bytes else {
        return Ok(());
    };
    let marks = text.iter().filter(|byte| b",:[{\n".contains(byte)).count();
    // An item, with the list of its nodes.
    let each = size_of::<Input>() + size_of::<ValueNode>();
    match marks.saturating_mul(each) > limit {
        true => Err(MediaError::TooMany(limit)),
        false => Ok(()),
    }
}

fn text_item(text: String) -> Data {
    Data::Value(Value {
        nodes: vec![ValueNode::Text(text)],
        root: 0,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn formats_have_names_of_their_own() {
        let mut seen = BTreeSet::new();
        for (format, endings, types) in NAMES {
            assert_eq!(format.names(), (endings, types));
            for ending in endings {
                assert!(seen.insert(*ending));
                let upper = ending.to_uppercase();
                assert_eq!(FileFormat::of_ending(&upper), Some(format));
            }
            for name in types {
                assert!(seen.insert(*name));
                let with = format!("{} ; charset=x", name.to_uppercase());
                assert_eq!(FileFormat::of_media_type(&with), Some(format));
            }
        }
        assert_eq!(FileFormat::of_ending(""), None);
        assert_eq!(FileFormat::of_media_type("*/*"), None);
    }

    #[test]
    fn content_says_what_it_is() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/media/audio");
        for (name, format) in [
            ("sine.flac", FileFormat::Flac),
            ("sine.mp3", FileFormat::Mp3),
            ("sine.ogg", FileFormat::Ogg),
            ("sine.aac", FileFormat::Aac),
            ("sine.m4a", FileFormat::Mp4),
        ] {
            let bytes = std::fs::read(folder.join(name)).unwrap();
            assert_eq!(FileFormat::of_content(&bytes[..16]), Some(format), "{name}");
        }
        assert_eq!(FileFormat::of_content(b""), None);
        assert_eq!(FileFormat::of_content(b"[1, 2]"), None);
    }

    #[test]
    fn a_text_that_would_grow_is_not_read() {
        let bounds = Bounds {
            bytes: Some(1 << 20),
            deadline: None,
        };
        for format in [FileFormat::Json, FileFormat::JsonLines, FileFormat::Csv] {
            let source = Source::Bytes(b"[[],[]]\n".repeat(10_000));
            let error = read(source, format, bounds).unwrap_err();
            assert!(matches!(error, MediaError::TooMany(_)), "{error}");
        }
    }
}
