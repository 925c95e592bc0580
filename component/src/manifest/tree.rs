//! A document as read from text, each part with its place.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use num_bigint::BigInt;

use super::diagnostic::{Diagnostic, Found, Location, Related, named};
use super::path::Path;
use crate::value::MAX_DEPTH;

/// Deepest nesting of a document. One level of a value takes up to three: the
/// form of a mapping, its list of pairs, and a pair. The rest is the manifest
/// around the value.
pub(crate) const MAX_NESTING: usize = 3 * MAX_DEPTH + 16;

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

impl Kind {
    /// An integer of any size.
    pub(crate) fn integer(value: BigInt) -> Self {
        match i64::try_from(&value) {
            Ok(small) => Self::Int(small),
            Err(_) => Self::BigInt(value),
        }
    }
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

    /// Says that it stands elsewhere, with all that is in it.
    pub(crate) fn move_to(&mut self, span: Span) {
        self.span = span;
        match &mut self.kind {
            Kind::List(items) => items.iter_mut().for_each(|item| item.move_to(span)),
            Kind::Map(entries) => {
                for (key, value) in entries {
                    key.move_to(span);
                    value.move_to(span);
                }
            }
            _ => {}
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
    pub(crate) fn name(&self) -> Cow<'_, str> {
        Cow::Owned(match &self.kind {
            Kind::Text(text) => return Cow::Borrowed(text),
            Kind::Null => return Cow::Borrowed("null"),
            Kind::Bytes(_) => return Cow::Borrowed("bytes"),
            Kind::List(_) => return Cow::Borrowed("[...]"),
            Kind::Map(_) => return Cow::Borrowed("{...}"),
            Kind::Bool(value) => value.to_string(),
            Kind::Int(value) => value.to_string(),
            Kind::BigInt(value) => value.to_string(),
            Kind::Float(value) => format!("{value:?}"),
        })
    }

    /// What tells a key from others: `1` and `"1"` are different ones.
    pub(crate) fn identity(&self) -> (bool, Cow<'_, str>) {
        (self.text().is_some(), self.name())
    }
}

/// Bytes of a block of the text. A place costs what its block has.
const BLOCK: usize = 1024;

/// What comes before a block of the text.
#[derive(Clone, Copy, Default)]
struct Block {
    /// Line ends.
    lines: usize,
    /// Where the line begins in which the block does, in bytes.
    begin: usize,
    /// Characters in that line before the block.
    chars: usize,
}

/// Text in which places are found.
pub(crate) struct SourceText<'s> {
    text: Cow<'s, str>,
    /// Made when the first place is asked for.
    blocks: OnceCell<Vec<Block>>,
}

impl<'s> SourceText<'s> {
    pub(crate) fn new(text: impl Into<Cow<'s, str>>) -> Self {
        Self {
            text: text.into(),
            blocks: OnceCell::new(),
        }
    }

    /// The text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The place of a span. Of one with several lines, the first is meant.
    pub(crate) fn location(&self, span: Span) -> Location {
        let start = self.text.floor_char_boundary(span.start);
        let blocks = self.blocks.get_or_init(|| self.blocks());
        let block = start / BLOCK;
        let before = advance(
            blocks[block],
            block * BLOCK,
            &self.text.as_bytes()[block * BLOCK..start],
        );
        let rest = &self.text[start..self.text.floor_char_boundary(span.end).max(start)];
        let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
        // A mark at the very start is no character that anyone sees.
        let line = &self.text[before.begin..start];
        let marks = (line.len() - line.trim_start_matches('\u{feff}').len()) / 3;
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Location {
            line: number(before.lines + 1),
            column: number(before.chars - marks + 1),
            offset: number(start),
            length: number(length),
        }
    }

    fn blocks(&self) -> Vec<Block> {
        let mut before = Block::default();
        let mut blocks = vec![before];
        for (number, bytes) in self.text.as_bytes().chunks(BLOCK).enumerate() {
            before = advance(before, number * BLOCK, bytes);
            blocks.push(before);
        }
        blocks
    }
}

/// What comes before the end of `bytes`, which begin at `at`.
fn advance(before: Block, at: usize, bytes: &[u8]) -> Block {
    let chars = |bytes: &[u8]| bytes.iter().filter(|byte| !is_continuation(**byte)).count();
    match bytes.iter().rposition(|&byte| byte == b'\n') {
        None => Block {
            chars: before.chars + chars(bytes),
            ..before
        },
        Some(last) => Block {
            lines: before.lines + bytes.iter().filter(|&&byte| byte == b'\n').count(),
            begin: at + last + 1,
            chars: chars(&bytes[last + 1..]),
        },
    }
}

/// Whether a byte of UTF-8 is in the middle of a character.
fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

/// Reports every key that a mapping has twice, here and further inside.
pub(crate) fn duplicates(tree: &Tree, at: &Path<'_>, source: &SourceText<'_>, found: &mut Found) {
    match &tree.kind {
        Kind::List(items) => {
            for (index, item) in items.iter().enumerate() {
                duplicates(item, &at.index(index), source, found);
            }
        }
        Kind::Map(entries) => {
            duplicate_keys(entries, at, source, found);
            for (key, value) in entries {
                duplicates(value, &at.key(&key.name()), source, found);
            }
        }
        _ => {}
    }
}

/// Reports every key that one mapping has twice.
pub(crate) fn duplicate_keys(
    entries: &[(Tree, Tree)],
    at: &Path<'_>,
    source: &SourceText<'_>,
    found: &mut Found,
) {
    let mut first = HashMap::with_capacity(entries.len());
    for (key, _) in entries {
        let entry = match first.entry(key.identity()) {
            Entry::Occupied(entry) => entry,
            Entry::Vacant(entry) => {
                entry.insert(key.span);
                continue;
            }
        };
        found.error(|| {
            let name = key.name();
            let inside = at.key(&name);
            let message = format!("the key {} is given twice", named(&name));
            Diagnostic {
                location: Some(source.location(key.span)),
                related: vec![Related {
                    message: "first given here".to_owned(),
                    path: inside.to_string(),
                    location: Some(source.location(*entry.get())),
                }],
                ..Diagnostic::error("duplicate-key", inside, message)
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Places are those that counting from the start gives.
        #[test]
        fn places_are_counted(
            parts in prop::collection::vec(("[aé\u{1f600}\r]{0,700}", "\n?"), 0..8),
            at in any::<prop::sample::Index>(),
            length in 0_usize..2000,
        ) {
            let text: String = parts.into_iter().flat_map(|(line, end)| [line, end]).collect();
            let start = text.floor_char_boundary(at.index(text.len() + 1));
            let end = (start + length).min(text.len());
            let found = SourceText::new(text.as_str()).location(Span { start, end });
            let before = &text[..start];
            let line = before.rsplit('\n').next().unwrap_or_default();
            prop_assert_eq!(found.line as usize, before.matches('\n').count() + 1);
            prop_assert_eq!(found.column as usize, line.chars().count() + 1);
            prop_assert_eq!(found.offset as usize, start);
            let meant = &text[start..start + found.length as usize];
            prop_assert!(!meant.contains(['\n', '\r']));
        }
    }
}
