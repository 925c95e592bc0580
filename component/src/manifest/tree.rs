//! A document as read from text, each part with its place.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use num_bigint::BigInt;

use super::diagnostic::{Diagnostic, Location, Related};
use super::path;
use crate::value::MAX_DEPTH;

/// Deepest nesting of a document: of a value, and of the manifest around it.
pub(crate) const MAX_NESTING: usize = MAX_DEPTH + 16;
/// Most decimal digits of an integer: beyond that, reading it takes seconds.
const MAX_DIGITS: usize = 100_000;

/// Bytes of the source, from and up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// A part of a document.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    pub(crate) span: Span,
    pub(crate) kind: Kind,
}

/// What a part of a document is.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    Int(i64),
    BigInt(BigInt),
    Float(f64),
    Text(String),
    /// Only YAML has a form for bytes.
    Bytes(Vec<u8>),
    List(Vec<Tree>),
    /// In JSON all keys are strings.
    Map(Vec<(Tree, Tree)>),
}

impl Tree {
    /// What it is, in words.
    pub(crate) fn describe(&self) -> &'static str {
        match self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "a boolean",
            Kind::Int(_) | Kind::BigInt(_) => "an integer",
            Kind::Float(_) => "a float",
            Kind::Text(_) => "a string",
            Kind::Bytes(_) => "bytes",
            Kind::List(_) => "a list",
            Kind::Map(_) => "an object",
        }
    }

    /// The text, if it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a key.
    pub(crate) fn get(&self, name: &str) -> Option<&Tree> {
        match &self.kind {
            Kind::Map(entries) => entries
                .iter()
                .find(|(key, _)| key.text() == Some(name))
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// How a key is called in a path.
    pub(crate) fn name(&self) -> String {
        match &self.kind {
            Kind::Null => "null".to_owned(),
            Kind::Bool(value) => value.to_string(),
            Kind::Int(value) => value.to_string(),
            Kind::BigInt(value) => value.to_string(),
            Kind::Float(value) => format!("{value:?}"),
            Kind::Text(text) => text.clone(),
            Kind::Bytes(_) => "bytes".to_owned(),
            Kind::List(_) => "[...]".to_owned(),
            Kind::Map(_) => "{...}".to_owned(),
        }
    }
}

/// An integer from decimal digits with an optional sign.
pub(crate) fn integer(digits: &str) -> Option<Kind> {
    if let Ok(value) = digits.parse() {
        return Some(Kind::Int(value));
    }
    if digits.len() > MAX_DIGITS {
        return None;
    }
    digits.parse().ok().map(Kind::BigInt)
}

/// Text in which places are found.
pub(crate) struct Source<'s> {
    text: &'s str,
    /// Bytes before each line.
    lines: Vec<usize>,
}

impl<'s> Source<'s> {
    pub(crate) fn new(text: &'s str) -> Self {
        let ends = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
        let lines = std::iter::once(0)
            .chain(ends.map(|(at, _)| at + 1))
            .collect();
        Self { text, lines }
    }

    /// The place of a span. Of one with several lines, the first is meant.
    pub(crate) fn location(&self, span: Span) -> Location {
        let start = self.text.floor_char_boundary(span.start);
        let line = self.lines.partition_point(|&begin| begin <= start) - 1;
        let begin = self.lines[line];
        let rest = &self.text[start..self.text.floor_char_boundary(span.end).max(start)];
        let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
        // A mark at the very start is no character that anyone sees.
        let before = self.text[begin..start].trim_start_matches('\u{feff}');
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Location {
            line: number(line + 1),
            column: number(before.chars().count() + 1),
            offset: number(start),
            length: number(length),
        }
    }
}

/// Reports every key that a mapping has twice.
pub(crate) fn duplicates(tree: &Tree, source: &Source<'_>, found: &mut Vec<Diagnostic>) {
    visit(tree, "", source, found);
}

fn visit(tree: &Tree, at: &str, source: &Source<'_>, found: &mut Vec<Diagnostic>) {
    // Paths are only spelt out for what has parts itself.
    let has_parts = |tree: &Tree| matches!(tree.kind, Kind::List(_) | Kind::Map(_));
    match &tree.kind {
        Kind::List(items) => {
            for (index, item) in items.iter().enumerate().filter(|(_, item)| has_parts(item)) {
                visit(item, &path::index(at, index), source, found);
            }
        }
        Kind::Map(entries) => {
            let mut first = HashMap::with_capacity(entries.len());
            for (key, value) in entries {
                let name = key.name();
                let inside = || path::key(at, &name);
                // `1` and `"1"` are different keys.
                match first.entry((key.text().is_some(), name.clone())) {
                    Entry::Vacant(entry) => {
                        entry.insert(key.span);
                    }
                    Entry::Occupied(entry) => found.push(Diagnostic {
                        location: Some(source.location(key.span)),
                        related: vec![Related {
                            message: "first given here".to_owned(),
                            path: inside(),
                            location: Some(source.location(*entry.get())),
                        }],
                        ..Diagnostic::error(
                            "duplicate-key",
                            inside(),
                            format!("the key `{name}` is given twice"),
                        )
                    }),
                }
                if has_parts(value) {
                    visit(value, &inside(), source, found);
                }
            }
        }
        _ => {}
    }
}
