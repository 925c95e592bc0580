//! Requests to run or to check a pipeline: a manifest and its input items in
//! one JSON object.

use std::ops::Range;

use jiter::Peek;

use super::error::{Problem, ReadError, Step};
use super::read::{Read, Reader};
use crate::types::Input;

/// A manifest and its input items, read from `{"manifest": ..., "inputs": [...]}`.
#[derive(Debug, PartialEq)]
pub struct Request {
    /// Where in the text the manifest stands. What is in it is the component's
    /// to read.
    pub manifest: Range<usize>,
    /// The items; none where the pipeline's sources produce their own.
    pub inputs: Option<Vec<Input>>,
}

/// Reads a request.
///
/// # Errors
/// Where the text is no JSON, the object has other keys or lacks the manifest,
/// or an item has no meaning.
pub fn read_request(json: &[u8]) -> Result<Request, ReadError> {
    Reader::new(json).whole(Reader::request)
}

/// Reads the items of a request that has no manifest: a JSON array.
///
/// # Errors
/// Where the text is no JSON array, or an item has no meaning.
pub fn read_inputs(json: &[u8]) -> Result<Vec<Input>, ReadError> {
    Reader::new(json).whole(Reader::inputs)
}

impl Reader<'_> {
    fn request(&mut self) -> Read<Request> {
        let peek = self.peek()?;
        let start = self.offset();
        let shape = r#"a request is an object: {"manifest": {...}, "inputs": [...]}"#;
        self.expect(peek, Peek::Object, shape)?;
        let (mut manifest, mut inputs) = (None, None);
        let mut next = self.first_key()?;
        while let Some(key) = next {
            let peek = self.peek()?;
            let at = self.offset();
            let twice = match key.as_str() {
                "manifest" => {
                    self.expect(peek, Peek::Object, "a manifest is an object")
                        .and_then(|()| self.skip())
                        .map_err(|problem| problem.within(Step::Key(key.clone())))?;
                    manifest.replace(at..self.offset()).is_some()
                }
                "inputs" => {
                    let read = match peek {
                        Peek::Null => self.skip().map(|()| None),
                        _ => self.inputs().map(Some),
                    };
                    let read = read.map_err(|problem| problem.within(Step::Key(key.clone())))?;
                    inputs.replace(read).is_some()
                }
                _ => {
                    let message = "this key is unknown: a request has `manifest` and `inputs`";
                    return Err(Problem::new(message, at).within(Step::Key(key)));
                }
            };
            if twice {
                return Err(Problem::new("this key was given before", at).within(Step::Key(key)));
            }
            next = self.key()?;
        }
        let manifest = manifest.ok_or_else(|| Problem::new("`manifest` is missing", start))?;
        Ok(Request {
            manifest,
            inputs: inputs.flatten(),
        })
    }

    fn inputs(&mut self) -> Read<Vec<Input>> {
        let peek = self.peek()?;
        self.expect(peek, Peek::Array, "the input items are a list")?;
        self.children(Self::input)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item_to_json;

    fn wrong(json: &str) -> String {
        read_request(json.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_mark_of_the_bytes_order_is_no_text() {
        let json = "\u{feff}{\"manifest\": {\"a\": 1}, \"inputs\": [1]}";
        let request = read_request(json.as_bytes()).unwrap();
        assert_eq!(&json[request.manifest], "{\"a\": 1}");
        assert_eq!(read_inputs("\u{feff}[1, 2]".as_bytes()).unwrap().len(), 2);
        assert_eq!(
            crate::read_items("\u{feff}[1, 2]".as_bytes())
                .unwrap()
                .len(),
            2
        );
        crate::read_item("\u{feff}5".as_bytes()).unwrap();
        let error = read_inputs("\u{feff}[x]".as_bytes()).unwrap_err();
        assert_eq!((error.offset, error.column), (4, 2));
    }

    #[test]
    fn manifest_and_items_are_found() {
        let json = r#" {"inputs": [1, {"$text": {"text": "a"}}, [2]], "manifest" : {"a": [{}]} } "#;
        let request = read_request(json.as_bytes()).unwrap();
        assert_eq!(&json[request.manifest], r#"{"a": [{}]}"#);
        let items: Vec<_> = request
            .inputs
            .unwrap()
            .iter()
            .map(|input| item_to_json(&input.item))
            .collect();
        assert_eq!(items.len(), 3);
        assert_eq!(items[2].as_deref(), Ok("[2]"));
        for json in [r#"{"manifest":{}}"#, r#"{"manifest":{},"inputs":null}"#] {
            let request = read_request(json.as_bytes()).unwrap();
            assert_eq!((&json[request.manifest], request.inputs), ("{}", None));
        }
    }

    #[test]
    fn mistakes_have_a_place() {
        for (json, says) in [
            ("", "line 1, column 1"),
            ("[]", "a request is an object"),
            (r#"{"inputs": []}"#, "`manifest` is missing"),
            (
                "{\"manifest\": {},\n \"input\": []}",
                "input: this key is unknown",
            ),
            (
                "{\"manifest\": {},\n \"inputs\": 5}",
                "inputs: the input items are a list",
            ),
            (
                "{\"manifest\": {},\n \"inputs\": [1, {\"$bytes\": 5}]}",
                "inputs[1]: bytes are written as a string in base64 (line 2, column 27)",
            ),
            (
                "{\"manifest\": {},\n \"inputs\": [1}",
                "(line 2, column 14)",
            ),
            (r#"{"manifest": 5}"#, "manifest: a manifest is an object"),
            (r#"{"manifest": {"#, "manifest: the text ends in the middle"),
            (
                r#"{"manifest": {}, "manifest": {}}"#,
                "manifest: this key was given before",
            ),
            (r#"{"manifest": {}} x"#, "there is more text"),
            // What is no JSON is not told what JSON it should be.
            ("\u{1f}\u{8b}", "this is not JSON"),
            ("nothing", "this is not JSON"),
            (r#"{"manifest": {}, "inputs": nothing}"#, "this is not JSON"),
        ] {
            let found = wrong(json);
            assert!(found.contains(says), "{json}: {found}");
        }
    }
}
