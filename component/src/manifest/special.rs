//! Values from a tree, with the forms for what JSON can't say:
//! `{"$bytes": "aGk="}`, `{"$float": "nan"}`, `{"$tuple": [...]}`,
//! `{"$dict": [[key, value], ...]}`, and `{"$object": {...}}` for an object
//! that would read as one of these.

use super::diagnostic::{Diagnostic, Found, did_you_mean, named};
use super::path::Path;
use super::tree::{Kind, Source, Span, Tree};
use crate::value::{Media, Value, enter};

const FORMS: &[&str] = &["$bytes", "$float", "$tuple", "$dict", "$object"];
/// Forms of whole items.
const MEDIA: &[&str] = &[
    "$audio", "$video", "$image", "$tensor", "$text", "$binary", "$file", "$control",
];

/// Makes values, and notes what is wrong with them.
pub(crate) struct Values<'a> {
    pub(crate) source: &'a Source<'a>,
    pub(crate) found: &'a mut Found,
}

impl Values<'_> {
    /// The item of a tree: a value, or a medium in its form.
    pub(crate) fn item(&mut self, tree: &Tree, at: &Path<'_>) -> Value {
        let Kind::Map(entries) = &tree.kind else {
            return self.value(tree, at);
        };
        let [(key, inner)] = entries.as_slice() else {
            return self.value(tree, at);
        };
        match key.text() {
            Some(name) if MEDIA.contains(&name) => self.medium(name, inner, &at.key(name)),
            _ => self.value(tree, at),
        }
    }

    fn medium(&mut self, name: &str, tree: &Tree, at: &Path<'_>) -> Value {
        let Kind::Map(entries) = &tree.kind else {
            return self.error("wrong-type", at, tree.span, || {
                format!("`{name}` must hold an object, found {}", tree.describe())
            });
        };
        let payload = Media::payload_of(name);
        let mut fields = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let field = key.name();
            let inside = at.key(&field);
            let value = match &value.kind {
                Kind::Text(text) if payload == Some(&*field) => match base64(text) {
                    Ok(bytes) => Value::Bytes(bytes),
                    Err(message) => self.error("invalid-base64", &inside, value.span, || {
                        format!("no valid base64: {message}")
                    }),
                },
                _ => self.nested(value, &inside, 0),
            };
            fields.push((field.into_owned(), value));
        }
        match Media::of_fields(name, fields) {
            Ok(media) => Value::Media(Box::new(media)),
            Err(error) => {
                let field = entries.iter().find(|(key, _)| key.name() == error.path);
                let span = field.map_or(tree.span, |(_, value)| value.span);
                self.error("invalid-medium", at, span, || format!("{name}: {error}"))
            }
        }
    }

    /// The value of a tree; where something is wrong, null stands for it.
    pub(crate) fn value(&mut self, tree: &Tree, at: &Path<'_>) -> Value {
        self.nested(tree, at, 0)
    }

    fn error(
        &mut self,
        code: &'static str,
        at: &Path<'_>,
        span: Span,
        message: impl FnOnce() -> String,
    ) -> Value {
        self.found.error(|| Diagnostic {
            location: Some(self.source.location(span)),
            ..Diagnostic::error(code, at, message())
        });
        Value::Null
    }

    /// Notes a key that can't be one.
    pub(crate) fn key_error(&mut self, key: &Tree, at: &Path<'_>) {
        let found = key.describe();
        self.found.error(|| Diagnostic {
            location: Some(self.source.location(key.span)),
            ..Diagnostic::error(
                "wrong-type",
                at,
                format!("a key must be a string, found {found}"),
            )
            .help("put it in quotes")
        });
    }

    /// The depth of what is inside a list or mapping that stands in `depth`
    /// others; `None` where that is too deep.
    fn enter(&mut self, span: Span, at: &Path<'_>, depth: usize) -> Option<usize> {
        match enter(depth) {
            Ok(depth) => Some(depth),
            Err(limit) => {
                self.error("too-deep", at, span, || limit.to_string());
                None
            }
        }
    }

    fn nested(&mut self, tree: &Tree, at: &Path<'_>, depth: usize) -> Value {
        match &tree.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Int(value) => Value::Int(*value),
            Kind::BigInt(value) => Value::integer(value.clone()),
            Kind::Float(value) => Value::Float(*value),
            Kind::Text(value) => Value::Text(value.clone()),
            Kind::Bytes(value) => Value::Bytes(value.clone()),
            Kind::List(items) => Value::list(self.items(items, tree.span, at, depth)),
            Kind::Map(entries) => match entries.as_slice() {
                [(key, inner)] if key.text().is_some_and(|name| name.starts_with('$')) => {
                    self.special(key, inner, at, depth)
                }
                entries => self.map(entries, tree.span, at, depth),
            },
        }
    }

    fn items(&mut self, items: &[Tree], span: Span, at: &Path<'_>, depth: usize) -> Vec<Value> {
        let Some(depth) = self.enter(span, at, depth) else {
            return Vec::new();
        };
        let items = items.iter().enumerate();
        items
            .map(|(index, item)| self.nested(item, &at.index(index), depth))
            .collect()
    }

    pub(crate) fn map(
        &mut self,
        entries: &[(Tree, Tree)],
        span: Span,
        at: &Path<'_>,
        depth: usize,
    ) -> Value {
        let Some(depth) = self.enter(span, at, depth) else {
            return Value::Null;
        };
        if entries.iter().all(|(key, _)| key.text().is_some()) {
            let field = |(key, value): &(Tree, Tree)| {
                let name = key.name();
                let value = self.nested(value, &at.key(&name), depth);
                (name.into_owned(), value)
            };
            return Value::Map(entries.iter().map(field).collect());
        }
        let entry = |(tree, value): &(Tree, Tree)| {
            let name = tree.name();
            let inside = at.key(&name);
            let key = self.nested(tree, &inside, depth);
            // `{{ x }}`, unquoted, is a mapping as the key of another.
            if !key.is_key() {
                self.key_error(tree, at);
            }
            (key, self.nested(value, &inside, depth))
        };
        Value::Entries(entries.iter().map(entry).collect())
    }

    fn special(&mut self, key: &Tree, inner: &Tree, at: &Path<'_>, depth: usize) -> Value {
        let name = key.name();
        let inside = at.key(&name);
        let wrong = |values: &mut Self, needs: &str| {
            values.error("wrong-type", &inside, inner.span, || {
                format!("`{name}` must hold {needs}, found {}", inner.describe())
            })
        };
        match (&*name, &inner.kind) {
            ("$bytes", Kind::Text(text)) => match base64(text) {
                Ok(bytes) => Value::Bytes(bytes),
                Err(message) => self.error("invalid-base64", &inside, inner.span, || {
                    format!("no valid base64: {message}")
                }),
            },
            ("$bytes", _) => wrong(self, "a string in base64"),
            ("$float", Kind::Text(text)) => match text.as_str() {
                "nan" => Value::Float(f64::NAN),
                "inf" => Value::Float(f64::INFINITY),
                "-inf" => Value::Float(f64::NEG_INFINITY),
                _ => self.error("invalid-float", &inside, inner.span, || {
                    "`$float` must be \"nan\", \"inf\" or \"-inf\"".to_owned()
                }),
            },
            ("$float", _) => wrong(self, "\"nan\", \"inf\" or \"-inf\""),
            ("$tuple", Kind::List(items)) => {
                Value::Tuple(self.items(items, inner.span, &inside, depth))
            }
            ("$tuple", _) => wrong(self, "a list"),
            ("$dict", Kind::List(pairs)) => self.dict(pairs, inner.span, &inside, depth),
            ("$dict", _) => wrong(self, "a list of [key, value] pairs"),
            ("$object", Kind::Map(entries)) => self.map(entries, inner.span, &inside, depth),
            ("$object", _) => wrong(self, "an object"),
            (medium, _) if MEDIA.contains(&medium) => {
                self.error("medium-in-manifest", at, key.span, || {
                    format!("`{medium}` stands for a whole item, and can't be a part of a value")
                })
            }
            _ => {
                let name = named(&name);
                let plain = name.trim_matches('`');
                self.found.error(|| {
                    let message = format!(
                        "the form {name} is unknown (an object with this one key is written \
                         {{\"$object\": {{\"{plain}\": ...}}}})"
                    );
                    Diagnostic {
                        location: Some(self.source.location(key.span)),
                        ..Diagnostic::error("unknown-form", at, message)
                    }
                    .maybe_help(did_you_mean(plain, FORMS.iter().copied()))
                });
                Value::Null
            }
        }
    }

    fn dict(&mut self, pairs: &[Tree], span: Span, at: &Path<'_>, depth: usize) -> Value {
        let Some(depth) = self.enter(span, at, depth) else {
            return Value::Null;
        };
        let mut entries = Vec::with_capacity(pairs.len());
        for (index, pair) in pairs.iter().enumerate() {
            let at = at.index(index);
            match &pair.kind {
                Kind::List(pair) if pair.len() == 2 => {
                    let key = self.nested(&pair[0], &at.index(0), depth);
                    if !key.is_key() {
                        self.error("wrong-type", &at.index(0), pair[0].span, || {
                            format!("{} can't be the key of a mapping", key.kind())
                        });
                    }
                    let value = self.nested(&pair[1], &at.index(1), depth);
                    entries.push((key, value));
                }
                _ => {
                    self.error("wrong-type", &at, pair.span, || {
                        "`$dict` must hold [key, value] pairs".to_owned()
                    });
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
