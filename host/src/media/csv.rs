//! Comma-separated values: a record is an item, a mapping under the names in the
//! first line.

use std::collections::HashSet;

use csv_core::{ReadRecordResult, Reader};

use super::MediaError;
use crate::codec;
use crate::types::{Data, Input, Value, ValueNode};

/// Reads records.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Input>, MediaError> {
    let mut records = Records {
        reader: Reader::new(),
        rest: bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes),
        // No record is longer than the text that it stands in.
        content: vec![0; bytes.len()],
        ends: vec![0; 64],
        line: 1,
    };
    let Some(names) = records.next()? else {
        return Ok(Vec::new());
    };
    let mut seen = HashSet::new();
    if let Some(twice) = names.iter().find(|name| !seen.insert(*name)) {
        return Err(MediaError::Csv {
            line: 1,
            message: format!("two columns are called `{twice}`"),
        });
    }
    let mut items = Vec::new();
    loop {
        let line = records.line;
        let Some(record) = records.next()? else {
            return Ok(items);
        };
        if record.len() != names.len() {
            let (cells, first) = (record.len(), names.len());
            let message = format!("the number of cells is {cells}, and the first line has {first}");
            return Err(MediaError::Csv { line, message });
        }
        items.push(item(&names, &record));
    }
}

struct Records<'t> {
    reader: Reader,
    rest: &'t [u8],
    content: Vec<u8>,
    ends: Vec<usize>,
    /// The line that the next record begins on.
    line: u64,
}

impl Records<'_> {
    /// The cells of the next record.
    fn next(&mut self) -> Result<Option<Vec<String>>, MediaError> {
        let (mut length, mut count) = (0, 0);
        loop {
            let (result, taken, written, ended) = (self.reader).read_record(
                self.rest,
                &mut self.content[length..],
                &mut self.ends[count..],
            );
            self.rest = &self.rest[taken..];
            length += written;
            count += ended;
            match result {
                // What is left is the end of the text, which has to be asked for.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.content.resize(self.content.len() + 64, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(2 * self.ends.len(), 0),
                ReadRecordResult::End => return Ok(None),
                ReadRecordResult::Record => break,
            }
        }
        let line = self.line;
        self.line = self.reader.line();
        let mut start = 0;
        let cells = self.ends[..count].iter().map(|end| {
            let cell = &self.content[start..*end];
            start = *end;
            String::from_utf8(cell.to_vec()).map_err(|_| MediaError::Csv {
                line,
                message: "it is not UTF-8".into(),
            })
        });
        cells.collect::<Result<_, _>>().map(Some)
    }
}

fn item(names: &[String], record: &[String]) -> Input {
    let mut nodes = vec![ValueNode::Null];
    let mut fields = Vec::with_capacity(names.len());
    for (name, cell) in names.iter().zip(record) {
        // A record has no more cells than a text has marks.
        fields.push((name.clone(), nodes.len() as u32));
        nodes.push(value(cell));
    }
    nodes[0] = ValueNode::Fields(fields);
    Data::Value(Value { nodes, root: 0 }).into()
}

/// A number where the cell is one in JSON, and so `true` and `false`; nothing where
/// it is empty, and else a string.
fn value(cell: &str) -> ValueNode {
    match cell {
        "" => return ValueNode::Null,
        "true" => return ValueNode::Boolean(true),
        "false" => return ValueNode::Boolean(false),
        _ => {}
    }
    let numeric = cell.bytes().all(|byte| b"+-.0123456789eE".contains(&byte));
    if numeric
        && let Ok(value) = codec::read_value(cell.as_bytes())
        && let [node] = &value.nodes[..]
    {
        return node.clone();
    }
    ValueNode::Text(cell.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Result<Vec<String>, String> {
        let items = read(text.as_bytes()).map_err(|error| error.to_string())?;
        let items = items.iter().map(|input| codec::item_to_json(&input.item));
        Ok(items.map(Result::unwrap).collect())
    }

    #[test]
    fn records_are_items() {
        let text = "\u{feff}name,n,\"a, b\"\r\n\"two\nlines\",1.5,007\r\nx,-2e3,\r\n\
                    true,+1,9007199254740993\n";
        assert_eq!(
            json(text).unwrap(),
            [
                r#"{"name":"two\nlines","n":1.5,"a, b":"007"}"#,
                r#"{"name":"x","n":-2000.0,"a, b":null}"#,
                r#"{"name":true,"n":"+1","a, b":9007199254740993}"#,
            ]
        );
        assert!(json("").unwrap().is_empty());
        assert!(json("a,b\n").unwrap().is_empty());
        let error = json("a,b\n1,2\n3\n").unwrap_err();
        assert_eq!(
            error,
            "line 3: the number of cells is 1, and the first line has 2"
        );
        let error = json("a,a\n").unwrap_err();
        assert_eq!(error, "line 1: two columns are called `a`");
        let error = read(b"a\n\xff\n").unwrap_err().to_string();
        assert_eq!(error, "line 2: it is not UTF-8");
    }
}
