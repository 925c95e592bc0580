//! Manifests from text.

use super::diagnostic::{Diagnostic, Location, Severity, bounded};
use super::fields::Reader;
use super::special::Values;
use super::tree::{self, Kind, Source, Span, Tree};
use super::{Manifest, json, path, yaml};
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
    let tree = document(text, &source).map_err(|error| vec![*error])?;
    let mut found = Vec::new();
    tree::duplicates(&tree, &source, &mut found);
    if wrapped(&tree).is_some() {
        // Paths begin at the manifest.
        for diagnostic in &mut found {
            unwrap_path(&mut diagnostic.path);
            for related in &mut diagnostic.related {
                unwrap_path(&mut related.path);
            }
        }
    }
    let mut reader = Reader::new(&source, &mut found);
    let (manifest, input_data) = reader.document(&tree, wrapped(&tree));
    found.sort_by_key(|diagnostic| diagnostic.location.map(|location| location.offset));
    let wrong = found.iter().any(|d| d.severity == Severity::Error);
    let found = bounded(found);
    match manifest {
        Some(manifest) if !wrong => Ok(Parsed {
            manifest,
            input_data,
            warnings: found,
        }),
        _ => Err(found),
    }
}

/// Where in a manifest's text the value at a JSON path stands; where that
/// isn't there, its nearest ancestor.
#[must_use]
pub fn locate(text: &str, path: &str) -> Option<Location> {
    let source = Source::new(text);
    let tree = document(text, &source).ok()?;
    let steps = path::steps(path);
    let mut at = &tree;
    if let Some(manifest) = wrapped(&tree) {
        let outside = match steps.first() {
            Some(path::Step::Key(key)) => {
                field(manifest, key).is_none() && field(&tree, key).is_some()
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
    Some(source.location(at.span))
}

/// Reads a single value from JSON or YAML text.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse_value(text: &str) -> Result<Value, Vec<Diagnostic>> {
    let source = Source::new(text);
    let tree = document(text, &source).map_err(|error| vec![*error])?;
    let mut found = Vec::new();
    tree::duplicates(&tree, &source, &mut found);
    let value = Values {
        source: &source,
        found: &mut found,
    }
    .value(&tree, "");
    match found.is_empty() {
        true => Ok(value),
        false => Err(found),
    }
}

/// The manifest inside `{"manifest": ..., "input_data": ...}`.
fn wrapped(tree: &Tree) -> Option<&Tree> {
    match (tree.get("manifest"), tree.get("nodes")) {
        (Some(manifest), None) => Some(manifest),
        _ => None,
    }
}

fn unwrap_path(path: &mut String) {
    if let Some(inside) = path.strip_prefix("manifest")
        && inside.starts_with(['.', '['])
    {
        *path = inside.strip_prefix('.').unwrap_or(inside).to_owned();
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
    by(&|key| key == name).or_else(|| by(&|key| super::fields::snake_case(key) == name))
}

/// Reads text as JSON or YAML, whichever it is.
fn document(text: &str, source: &Source<'_>) -> Result<Tree, Box<Diagnostic>> {
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
        Some('{' | '[') => json::read(text, source).or_else(|error| {
            // `{version: v1}` is a mapping in YAML, and never was JSON.
            let second = chars.as_str().trim_start().chars().next();
            match second {
                None | Some('"' | '}' | ']' | '{' | '[') => Err(error),
                Some(_) => yaml::read(text, source).map_err(|_| error),
            }
        }),
        // A string, a number or a word may be either.
        Some(_) => json::read(text, source).or_else(|_| yaml::read(text, source)),
    }
}
