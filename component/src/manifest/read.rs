//! Manifests from text.

use std::cell::RefCell;

use super::diagnostic::{Diagnostic, Found, Location};
use super::fields::{Reader, is_snake_case_of};
use super::path::{self, Path};
use super::special::Values;
use super::tree::{self, Kind, Source, Span, Tree};
use super::{Manifest, json, yaml};
use crate::value::Value;

/// Most bytes of a manifest's text.
pub const MAX_SOURCE: usize = 256 << 20;

/// A manifest read from text.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// The manifest.
    pub manifest: Manifest,
    /// Items that came with it: `input_data` of the form
    /// `{"manifest": ..., "input_data": [...]}`.
    pub input_data: Option<Vec<Value>>,
    /// Doubtful things, for example unknown keys.
    pub warnings: Vec<Diagnostic>,
}

/// Reads a manifest from JSON or YAML text: the manifest itself, or
/// `{"manifest": ..., "input_data": [...]}`.
///
/// # Errors
/// Everything that is wrong with it, and what is doubtful besides.
pub fn parse(text: &str) -> Result<Parsed, Vec<Diagnostic>> {
    let source = Source::new(text);
    let tree = document(&source).map_err(|error| vec![error.shortened()])?;
    let mut found = Found::default();
    let inner = wrapped(&tree);
    // Paths begin at the manifest.
    match (&tree.kind, inner) {
        (Kind::Map(entries), Some(inner)) => {
            tree::duplicate_keys(entries, &Path::Root, &source, &mut found);
            for (key, value) in entries {
                let name = key.name();
                let at = match std::ptr::eq(value, inner) {
                    true => Path::Root,
                    false => Path::Root.key(&name),
                };
                tree::duplicates(value, &at, &source, &mut found);
            }
        }
        _ => tree::duplicates(&tree, &Path::Root, &source, &mut found),
    }
    let mut reader = Reader::new(&source, &mut found);
    let (manifest, input_data) = reader.document(&tree, inner);
    let wrong = found.has_errors();
    let found = found.finish(true);
    match manifest {
        Some(manifest) if !wrong => Ok(Parsed {
            manifest,
            input_data,
            warnings: found,
        }),
        _ => Err(found),
    }
}

/// A text whose places were asked for.
struct Document {
    source: Source<'static>,
    /// `None` where it can't be read.
    tree: Option<Tree>,
    /// Whether the manifest is wrapped together with items.
    is_wrapped: bool,
}

thread_local! {
    /// The last one: places are asked for one after the other, often hundreds
    /// of them in one text.
    static DOCUMENT: RefCell<Option<Document>> = const { RefCell::new(None) };
}

/// Where in a manifest's text the value at a JSON path stands; where that
/// isn't there, its nearest ancestor. The text is kept for the next call, until
/// [`forget`] is called.
#[must_use]
pub fn locate(text: &str, path: &str) -> Option<Location> {
    DOCUMENT.with_borrow_mut(|kept| {
        if kept.as_ref().is_none_or(|kept| kept.source.text() != text) {
            let source = Source::new(text.to_owned());
            let tree = document(&source).ok();
            let is_wrapped = tree.as_ref().is_some_and(|tree| wrapped(tree).is_some());
            *kept = Some(Document {
                source,
                tree,
                is_wrapped,
            });
        }
        let kept = kept.as_ref()?;
        let found = find(kept.tree.as_ref()?, kept.is_wrapped, path);
        Some(kept.source.location(found.span))
    })
}

/// Drops what [`locate`] keeps.
pub fn forget() {
    DOCUMENT.set(None);
}

/// The part of a document at a JSON path, or its nearest ancestor.
fn find<'t>(tree: &'t Tree, is_wrapped: bool, path: &str) -> &'t Tree {
    let steps = path::steps(path);
    let mut at = tree;
    if is_wrapped && let Some(manifest) = tree.get("manifest") {
        let outside = match steps.first() {
            Some(path::Step::Key(key)) => {
                field(manifest, key).is_none() && field(tree, key).is_some()
            }
            _ => false,
        };
        if !outside {
            at = manifest;
        }
    }
    for step in steps {
        let next = match (&step, &at.kind) {
            (path::Step::Key(key), Kind::Map(_)) => field(at, key),
            (path::Step::Index(index), Kind::List(items)) => items.get(*index),
            _ => None,
        };
        match next {
            Some(next) => at = next,
            None => break,
        }
    }
    at
}

/// Reads a single value from JSON or YAML text.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse_value(text: &str) -> Result<Value, Vec<Diagnostic>> {
    let source = Source::new(text);
    let tree = document(&source).map_err(|error| vec![error.shortened()])?;
    let mut found = Found::default();
    tree::duplicates(&tree, &Path::Root, &source, &mut found);
    let value = Values {
        source: &source,
        found: &mut found,
    }
    .value(&tree, &Path::Root);
    match found.has_errors() {
        false => Ok(value),
        true => Err(found.finish(true)),
    }
}

/// The manifest inside `{"manifest": ..., "input_data": ...}`.
fn wrapped(tree: &Tree) -> Option<&Tree> {
    match (tree.get("manifest"), tree.get("nodes")) {
        (Some(manifest), None) => Some(manifest),
        _ => None,
    }
}

/// A key's value, by the key or another spelling of it.
fn field<'t>(tree: &'t Tree, name: &str) -> Option<&'t Tree> {
    let Kind::Map(entries) = &tree.kind else {
        return None;
    };
    let by = |test: &dyn Fn(&str) -> bool| {
        entries
            .iter()
            .find(|(key, _)| test(&key.name()))
            .map(|(_, value)| value)
    };
    by(&|key| key == name).or_else(|| by(&|key| is_snake_case_of(name, key)))
}

/// Reads text as JSON or YAML, whichever it is.
fn document(source: &Source<'_>) -> Result<Tree, Box<Diagnostic>> {
    let text = source.text();
    if text.len() > MAX_SOURCE {
        let message = format!(
            "the manifest has {} bytes; at most {MAX_SOURCE} are allowed",
            text.len()
        );
        return Err(Box::new(Diagnostic::error("too-large", "", message)));
    }
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let mut chars = start.chars();
    match chars.next() {
        None => Err(Box::new(Diagnostic {
            location: Some(source.location(Span { start: 0, end: 0 })),
            ..Diagnostic::error("empty", "", "the manifest is empty")
                .help("a manifest is a JSON or YAML object with `version` and `nodes`")
        })),
        Some('{' | '[') => json::read(source).or_else(|error| {
            // `{version: v1}` is a mapping in YAML, and never was JSON.
            let second = chars.as_str().trim_start().chars().next();
            match second {
                None | Some('"' | '}' | ']' | '{' | '[') => Err(error),
                Some(_) => yaml::read(source).map_err(|_| error),
            }
        }),
        // A string, a number or a word may be either.
        Some(_) => json::read(source).or_else(|_| yaml::read(source)),
    }
}
