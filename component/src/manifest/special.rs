//! Values from a tree, with the forms for what JSON can't say:
//! `{"$bytes": "aGk="}`, `{"$float": "nan"}`, `{"$tuple": [...]}`,
//! `{"$dict": [[key, value], ...]}`, and `{"$object": {...}}` for an object
//! that would read as one of these.

use super::diagnostic::{Diagnostic, did_you_mean};
use super::path;
use super::tree::{Kind, Source, Span, Tree};
use crate::value::{MAX_DEPTH, Value};

const FORMS: &[&str] = &["$bytes", "$float", "$tuple", "$dict", "$object"];
/// Forms that the host reads for whole items.
const MEDIA: &[&str] = &[
    "$audio", "$video", "$image", "$tensor", "$text", "$binary", "$file", "$control",
];

/// Makes values, and notes what is wrong with them.
pub(crate) struct Values<'a> {
    pub(crate) source: &'a Source<'a>,
    pub(crate) found: &'a mut Vec<Diagnostic>,
}

impl Values<'_> {
    /// The value of a tree; where something is wrong, null stands for it.
    pub(crate) fn value(&mut self, tree: &Tree, at: &str) -> Value {
        self.nested(tree, at, 0)
    }

    fn error(&mut self, code: &'static str, at: &str, span: Span, message: String) -> Value {
        self.found.push(Diagnostic {
            location: Some(self.source.location(span)),
            ..Diagnostic::error(code, at, message)
        });
        Value::Null
    }

    fn nested(&mut self, tree: &Tree, at: &str, depth: usize) -> Value {
        if depth > MAX_DEPTH {
            let message = format!("nested deeper than {MAX_DEPTH} levels");
            return self.error("too-deep", at, tree.span, message);
        }
        match &tree.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Int(value) => Value::Int(*value),
            Kind::BigInt(value) => Value::integer(value.clone()),
            Kind::Float(value) => Value::Float(*value),
            Kind::Text(value) => Value::Text(value.clone()),
            Kind::Bytes(value) => Value::Bytes(value.clone()),
            Kind::List(items) => Value::list(self.items(items, at, depth)),
            Kind::Map(entries) => match entries.as_slice() {
                [(key, inner)] if key.text().is_some_and(|name| name.starts_with('$')) => {
                    self.special(key, inner, at, depth)
                }
                entries => self.map(entries, at, depth),
            },
        }
    }

    fn items(&mut self, items: &[Tree], at: &str, depth: usize) -> Vec<Value> {
        let item = |(index, item): (usize, &Tree)| match &item.kind {
            // Most items of long lists are numbers, and need no path.
            Kind::Int(value) => Value::Int(*value),
            Kind::Float(value) => Value::Float(*value),
            _ => self.nested(item, &path::index(at, index), depth + 1),
        };
        items.iter().enumerate().map(item).collect()
    }

    pub(crate) fn map(&mut self, entries: &[(Tree, Tree)], at: &str, depth: usize) -> Value {
        if entries.iter().all(|(key, _)| key.text().is_some()) {
            let field = |(key, value): &(Tree, Tree)| {
                let name = key.name();
                let value = self.nested(value, &path::key(at, &name), depth + 1);
                (name, value)
            };
            return Value::Map(entries.iter().map(field).collect());
        }
        let entry = |(key, value): &(Tree, Tree)| {
            let at = path::key(at, &key.name());
            let key = self.nested(key, &at, depth + 1);
            (key, self.nested(value, &at, depth + 1))
        };
        Value::Entries(entries.iter().map(entry).collect())
    }

    fn special(&mut self, key: &Tree, inner: &Tree, at: &str, depth: usize) -> Value {
        let name = key.name();
        let inside = path::key(at, &name);
        let wrong = |values: &mut Self, needs: &str| {
            let found = inner.describe();
            let message = format!("`{name}` must hold {needs}, found {found}");
            values.error("wrong-type", &inside, inner.span, message)
        };
        match (name.as_str(), &inner.kind) {
            ("$bytes", Kind::Text(text)) => match base64(text) {
                Ok(bytes) => Value::Bytes(bytes),
                Err(message) => {
                    let message = format!("no valid base64: {message}");
                    self.error("invalid-base64", &inside, inner.span, message)
                }
            },
            ("$bytes", _) => wrong(self, "a string in base64"),
            ("$float", Kind::Text(text)) => match text.as_str() {
                "nan" => Value::Float(f64::NAN),
                "inf" => Value::Float(f64::INFINITY),
                "-inf" => Value::Float(f64::NEG_INFINITY),
                _ => {
                    let message = "`$float` must be \"nan\", \"inf\" or \"-inf\"".to_owned();
                    self.error("invalid-float", &inside, inner.span, message)
                }
            },
            ("$float", _) => wrong(self, "\"nan\", \"inf\" or \"-inf\""),
            ("$tuple", Kind::List(items)) => Value::Tuple(self.items(items, &inside, depth)),
            ("$tuple", _) => wrong(self, "a list"),
            ("$dict", Kind::List(pairs)) => self.dict(pairs, &inside, depth),
            ("$dict", _) => wrong(self, "a list of [key, value] pairs"),
            ("$object", Kind::Map(entries)) => self.map(entries, &inside, depth),
            ("$object", _) => wrong(self, "an object"),
            (medium, _) if MEDIA.contains(&medium) => {
                let message = format!(
                    "`{medium}` stands for a whole item given to the host, and has no form in a manifest"
                );
                self.error("medium-in-manifest", at, key.span, message)
            }
            _ => {
                let message = format!(
                    "the form `{name}` is unknown (an object with this one key is written \
                     {{\"$object\": {{\"{name}\": ...}}}})"
                );
                self.error("unknown-form", at, key.span, message);
                if let Some(last) = self.found.last_mut() {
                    last.help = did_you_mean(&name, FORMS.iter().copied());
                }
                Value::Null
            }
        }
    }

    fn dict(&mut self, pairs: &[Tree], at: &str, depth: usize) -> Value {
        let mut entries = Vec::with_capacity(pairs.len());
        for (index, pair) in pairs.iter().enumerate() {
            let at = path::index(at, index);
            match &pair.kind {
                Kind::List(pair) if pair.len() == 2 => {
                    let key = self.nested(&pair[0], &path::index(&at, 0), depth + 1);
                    let value = self.nested(&pair[1], &path::index(&at, 1), depth + 1);
                    entries.push((key, value));
                }
                _ => {
                    let message = "`$dict` must hold [key, value] pairs".to_owned();
                    self.error("wrong-type", &at, pair.span, message);
                }
            }
        }
        // The form for keys that are all strings is the plain one.
        match entries.iter().all(|(key, _)| matches!(key, Value::Text(_))) {
            true => {
                let field = |(key, value)| match key {
                    Value::Text(name) => Some((name, value)),
                    _ => None,
                };
                Value::Map(entries.into_iter().filter_map(field).collect())
            }
            false => Value::Entries(entries),
        }
    }
}

/// Decodes base64 with or without padding; white space, as line-wrapped text
/// has it, does not count.
pub(crate) fn base64(text: &str) -> Result<Vec<u8>, String> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let stripped: Vec<u8> = text
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let padding = stripped.iter().rev().take_while(|&&b| b == b'=').count();
    let body = &stripped[..stripped.len() - padding];
    if padding > 0 && (padding > 2 || !stripped.len().is_multiple_of(4)) {
        return Err("the padding is wrong".to_owned());
    }
    let mut bytes = Vec::with_capacity(body.len() / 4 * 3 + 2);
    for chunk in body.chunks(4) {
        let mut bits = 0_u32;
        for &byte in chunk {
            let Some(digit) = digit(byte) else {
                return Err(format!("unexpected {:?}", char::from(byte)));
            };
            bits = bits << 6 | u32::from(digit);
        }
        let [_, a, b, c] = match chunk.len() {
            4 => bits,
            3 => bits << 6,
            2 => bits << 12,
            _ => return Err("it is cut off".to_owned()),
        }
        .to_be_bytes();
        let given = &[a, b, c];
        let (kept, rest) = given.split_at(chunk.len() - 1);
        if rest.iter().any(|&byte| byte != 0) {
            return Err("the last digit has bits too many".to_owned());
        }
        bytes.extend_from_slice(kept);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_decodes() {
        let good: [(&str, &[u8]); 7] = [
            ("", b""),
            ("aA==", b"h"),
            ("aA", b"h"),
            ("aGk=", b"hi"),
            ("aGkh", b"hi!"),
            ("aG kh\naGk=", b"hi!hi"),
            ("+/8=", &[0xfb, 0xff]),
        ];
        for (text, bytes) in good {
            assert_eq!(base64(text).as_deref(), Ok(bytes), "{text}");
        }
        for bad in ["a", "a===", "aGk==", "aG=k", "aGl", "é", "=", "-_8="] {
            assert!(base64(bad).is_err(), "{bad}");
        }
    }
}
