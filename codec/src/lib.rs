//! Items, results and errors of pipelines, and their form in JSON.
//!
//! The host library, the component for HTTP and the pipeline component all take
//! the form from here; `tests/codec` holds hosts in other languages to the same.
//!
//! What no plain JSON can say is an object with one key that begins with `$`:
//!
//! | form | meaning |
//! | --- | --- |
//! | `{"$float": "nan"}` | a float that JSON has no number for: `nan`, `inf`, `-inf` |
//! | `{"$bytes": "aGk="}` | bytes, in base64 |
//! | `{"$tuple": [1, 2]}` | a tuple |
//! | `{"$dict": [[1, "a"]]}` | a mapping whose keys are not all strings |
//! | `{"$object": {"$float": 1}}` | a mapping that would read as one of these |
//! | `{"$audio": {...}}` | a medium; also `$video`, `$image`, `$tensor`, `$text`, `$binary`, `$file`, `$control` |
//!
//! An item that is meant for one source of a pipeline is
//! `{"$input": {"node": "mic", "item": ...}}`, where items are given.
//!
//! Media have the fields of the WIT's records, in `snake_case`, payloads in
//! base64. They are whole items, never parts of a value. Integers have up to
//! [`MAX_DIGITS`] digits, floats are written so that they are read back as the same float.

mod arena;
mod bulk;
pub mod document;
mod error;
pub mod forms;
pub mod manifests;
mod media;
mod media_write;
pub mod names;
mod read;
mod request;
#[cfg(feature = "schema")]
pub mod schema;
pub mod select;
pub mod types;
mod write;

pub use arena::{ArenaError, MAX_DEPTH, MAX_DIGITS, MAX_NODES, validate};
pub use bulk::{count, for_all, in_bulk, one_by_one, split_off, weight};
pub use error::ReadError;
pub use request::{Request, read_inputs, read_request};
pub use write::{Style, Writer};

use crate::types::{Data, Input, Value};

/// Reads a value from its JSON form.
///
/// # Errors
/// Where the text is no JSON, or a form in it means nothing.
pub fn read_value(json: &[u8]) -> Result<Value, ReadError> {
    read::Reader::new(json).whole(read::Reader::value_alone)
}

/// Reads an item from its JSON form.
///
/// # Errors
/// Where the text is no JSON, or a form in it means nothing.
pub fn read_item(json: &[u8]) -> Result<Data, ReadError> {
    read::Reader::new(json).whole(read::Reader::item)
}

/// Reads an item that a pipeline is given, which may be meant for one source.
///
/// # Errors
/// Where the text is no JSON, or a form in it means nothing.
pub fn read_input(json: &[u8]) -> Result<Input, ReadError> {
    read::Reader::new(json).whole(read::Reader::input)
}

/// Reads items that a pipeline is given: the elements of a JSON array where the
/// text is one array, and else the values that stand in it one after the other, as
/// in NDJSON. Many numbers are given in bulk; [`one_by_one`] takes them apart.
///
/// # Errors
/// Where the text is no JSON, or a form in it means nothing.
pub fn read_items(json: &[u8]) -> Result<Vec<Input>, ReadError> {
    read::Reader::new(json).whole(read::Reader::items)
}

/// Reads items that stand in a line each, as in NDJSON; blank lines are passed
/// over. Many numbers are given in bulk, as by [`read_items`].
///
/// # Errors
/// Where a line is no JSON, or a form in it means nothing.
pub fn read_lines(ndjson: &[u8]) -> Result<Vec<Input>, ReadError> {
    let mut items = Vec::new();
    let mut count = 0;
    for (number, line) in ndjson.split(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        count += 1;
        let read = read::Reader::new(line).whole(|reader| reader.next(&mut items));
        read.map_err(|mut error| {
            error.line = number + 1;
            error
        })?;
    }
    Ok(read::few_alone(items, count))
}

/// Writes a value in its JSON form, compactly.
///
/// # Errors
/// Where the value's arena is not a tree.
pub fn value_to_json(value: &Value) -> Result<String, ArenaError> {
    let mut writer = Writer::new(Style::Compact);
    writer.value(value)?;
    Ok(writer.finish())
}

/// Writes an item in its JSON form, compactly.
///
/// # Errors
/// Where an arena in it is not a tree.
pub fn item_to_json(item: &Data) -> Result<String, ArenaError> {
    let mut writer = Writer::new(Style::Compact);
    writer.item(item)?;
    Ok(writer.finish())
}

#[cfg(test)]
mod tests;
