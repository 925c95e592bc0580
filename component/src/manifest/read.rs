//! Manifests from text.

use std::collections::HashMap;

use super::diagnostic::{Diagnostic, Found, Location, enumerate, named};
use super::fields::{Reader, names};
use super::path::{self, Path};
use super::special::Values;
use super::tree::{self, Kind, SourceText, Span, Tree};
use super::{Manifest, PythonFile, check, json, oneliner, yaml};
use crate::graph::GraphInfo;
use crate::registry::Registry;
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
    /// Files of Python that `python_nodes` names.
    pub python_nodes: Vec<PythonFile>,
    /// Doubtful things, for example unknown keys.
    pub warnings: Vec<Diagnostic>,
}

/// A manifest that was read from text and can run.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The manifest.
    pub manifest: Manifest,
    /// Items that came with it.
    pub input_data: Option<Vec<Value>>,
    /// Where each node stands in the text, in the manifest's order.
    pub node_locations: Vec<Location>,
    /// Shape of its graph.
    pub graph: GraphInfo,
    /// Doubtful things.
    pub warnings: Vec<Diagnostic>,
}

/// A text that is no manifest, or a manifest that can't run.
#[derive(Debug, Clone, PartialEq)]
pub struct InvalidManifest {
    /// What is wrong with it, and what is doubtful besides.
    pub diagnostics: Vec<Diagnostic>,
    /// The manifest, where it could be read.
    pub manifest: Option<Manifest>,
    /// Where each of its nodes stands in the text.
    pub node_locations: Vec<Location>,
}

impl From<Vec<Diagnostic>> for Box<InvalidManifest> {
    fn from(diagnostics: Vec<Diagnostic>) -> Self {
        Self::new(InvalidManifest {
            diagnostics,
            manifest: None,
            node_locations: Vec::new(),
        })
    }
}

/// Reads a manifest from text: JSON, YAML, a pipeline on one line, or
/// `{"manifest": ..., "input_data": [...]}`. It looks at form alone: keys, types,
/// identifiers.
///
/// # Errors
/// Everything that is wrong with it, and what is doubtful besides.
pub fn parse(text: &str) -> Result<Parsed, Vec<Diagnostic>> {
    Document::read(text)?.parse()
}

/// Reads a manifest from text and checks it. What is wrong or doubtful has its
/// place in the text: that of what its path names, or of what would hold it.
///
/// # Errors
/// Everything that is wrong with it, and what is doubtful besides.
pub fn load(text: &str, registry: &Registry) -> Result<Loaded, Box<InvalidManifest>> {
    let document = Document::read(text)?;
    let Parsed {
        mut manifest,
        input_data,
        python_nodes,
        mut warnings,
    } = document.parse().map_err(|found| document.located(found))?;
    let node_locations = document.node_locations(manifest.nodes.len());
    let unfound = find_classes(&mut manifest, &python_nodes, registry);
    let checked = match unfound.is_empty() {
        true => check(&manifest, registry),
        false => Err(unfound),
    };
    match checked {
        Ok(checked) => {
            warnings.extend(checked.warnings);
            Ok(Loaded {
                manifest,
                input_data,
                node_locations,
                graph: checked.graph,
                warnings: document.located(warnings),
            })
        }
        Err(found) => {
            warnings.extend(found);
            Err(Box::new(InvalidManifest {
                diagnostics: document.located(warnings),
                manifest: Some(manifest),
                node_locations,
            }))
        }
    }
}

/// Most files that `python_nodes` may name: each is imported.
const MAX_FILES: usize = 100;

/// Puts classes of the files that `python_nodes` names in the place of the node
/// types that mean them.
fn find_classes(
    manifest: &mut Manifest,
    files: &[PythonFile],
    registry: &Registry,
) -> Vec<Diagnostic> {
    let all = Path::Root.key("python_nodes");
    if files.len() > MAX_FILES {
        let message = format!("{} files are named; at most {MAX_FILES} are", files.len());
        return vec![Diagnostic::error("too-many-files", all, message)];
    }
    let mut classes: HashMap<String, String> = HashMap::new();
    let mut wrong = Vec::new();
    for (position, file) in files.iter().enumerate() {
        match registry
            .classes_of_file(&file.path)
            .and_then(|found| meant(file, found))
        {
            Ok(found) => classes.extend(found),
            Err(message) => wrong.push(
                Diagnostic::error("python-nodes", all.index(position), message)
                    .help("the directory of the file has to be given, as by `--nodes DIR`"),
            ),
        }
    }
    for node in &mut manifest.nodes {
        if let Some(class) = classes.get(&node.node_type) {
            node.node_type.clone_from(class);
        }
    }
    wrong
}

/// The node types that a file is to give, each with the class that it means,
/// of the classes that it has.
fn meant(file: &PythonFile, found: Vec<(String, String)>) -> Result<Vec<(String, String)>, String> {
    let path = named(&file.path);
    if found.is_empty() {
        return Err(format!(
            "{path} has no node class, or is in no directory that was given"
        ));
    }
    let Some(node_type) = &file.node_type else {
        return Ok(found
            .into_iter()
            .map(|(class, name)| (name, class))
            .collect());
    };
    let mut classes: Vec<String> = found
        .into_iter()
        .filter(|(_, name)| file.class.as_ref().is_none_or(|class| class == name))
        .map(|(class, _)| class)
        .collect();
    classes.dedup();
    match classes.as_slice() {
        [class] => Ok(vec![(node_type.clone(), class.clone())]),
        [] => Err(format!(
            "{path} has no class {}",
            named(file.class.as_deref().unwrap_or_default())
        )),
        several => Err(format!(
            "{path} has several node classes: say which by `node_class`, of {}",
            enumerate(several.iter().map(String::as_str))
        )),
    }
}

/// A text with what it holds.
struct Document<'t> {
    source: SourceText<'t>,
    tree: Tree,
}

impl<'t> Document<'t> {
    fn read(text: &'t str) -> Result<Self, Vec<Diagnostic>> {
        let source = SourceText::new(text);
        match manifest_document(&source).and_then(|tree| unfolded(tree, &source)) {
            Ok(tree) => Ok(Self { source, tree }),
            Err(error) => Err(vec![error.shortened()]),
        }
    }

    fn parse(&self) -> Result<Parsed, Vec<Diagnostic>> {
        let Self { source, tree } = self;
        let mut found = Found::default();
        let inner = wrapped(tree);
        // Paths begin at the manifest.
        match (&tree.kind, inner) {
            (Kind::Map(entries), Some(inner)) => {
                tree::duplicate_keys(entries, &Path::Root, source, &mut found);
                for (key, value) in entries {
                    let name = key.name();
                    let at = match std::ptr::eq(value, inner) {
                        true => Path::Root,
                        false => Path::Root.key(&name),
                    };
                    tree::duplicates(value, &at, source, &mut found);
                }
            }
            _ => tree::duplicates(tree, &Path::Root, source, &mut found),
        }
        let mut reader = Reader::new(source, &mut found);
        let (manifest, input_data) = reader.document(tree, inner);
        let python_nodes = std::mem::take(&mut reader.python_nodes);
        let wrong = found.has_errors();
        let found = found.finish(true);
        match manifest {
            Some(manifest) if !wrong => Ok(Parsed {
                manifest,
                input_data,
                python_nodes,
                warnings: found,
            }),
            _ => Err(found),
        }
    }

    /// The part at a JSON path, or its nearest ancestor.
    fn locate(&self, path: &str) -> Location {
        let part = find(&self.tree, wrapped(&self.tree).is_some(), path);
        self.source.location(part.span)
    }

    /// Where the first nodes of the manifest stand.
    fn node_locations(&self, count: usize) -> Vec<Location> {
        let nodes = find(&self.tree, wrapped(&self.tree).is_some(), "nodes");
        let Kind::List(nodes) = &nodes.kind else {
            return Vec::new();
        };
        let nodes = nodes.iter().take(count);
        nodes.map(|node| self.source.location(node.span)).collect()
    }

    /// Adds the places in the text that only paths are known of.
    fn located(&self, mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let locate = |path: &str, place: &mut Option<Location>| {
            place.get_or_insert_with(|| self.locate(path));
        };
        for diagnostic in &mut found {
            locate(&diagnostic.path, &mut diagnostic.location);
            for related in &mut diagnostic.related {
                locate(&related.path, &mut related.location);
            }
        }
        found
    }
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
    let source = SourceText::new(text);
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

/// A document whose manifest is written in it as text, as the SDK's servers keep
/// their templates, with what that text holds in its place. All of it stands
/// where the text does.
fn unfolded(mut tree: Tree, source: &SourceText<'_>) -> Result<Tree, Box<Diagnostic>> {
    if wrapped(&tree).is_none() {
        return Ok(tree);
    }
    let Kind::Map(entries) = &mut tree.kind else {
        return Ok(tree);
    };
    let manifest = entries
        .iter_mut()
        .find(|(key, _)| key.text() == Some("manifest"));
    if let Some((_, value)) = manifest
        && let Some(text) = value.text()
    {
        let span = value.span;
        let mut inner = manifest_document(&SourceText::new(text)).map_err(|error| {
            let message = match error.location {
                Some(at) => format!(
                    "in line {}, column {} of this text: {}",
                    at.line, at.column, error.message
                ),
                None => error.message.clone(),
            };
            Box::new(Diagnostic {
                location: Some(source.location(span)),
                path: "manifest".to_owned(),
                message,
                ..*error
            })
        })?;
        inner.move_to(span);
        *value = inner;
    }
    Ok(tree)
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
    by(&|key| key == name).or_else(|| by(&|key| names(name, key)))
}

/// Reads the text of a manifest: a document, or a pipeline on one line.
fn manifest_document(source: &SourceText<'_>) -> Result<Tree, Box<Diagnostic>> {
    let text = source.text();
    match text.len() <= MAX_SOURCE && oneliner::is_one(text) && json::read(source).is_err() {
        true => oneliner::read(source),
        false => document(source),
    }
}

/// Reads text as JSON or YAML, whichever it is.
fn document(source: &SourceText<'_>) -> Result<Tree, Box<Diagnostic>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_by_path() {
        let text = "{\"manifest\": {\"version\": \"v1\", \"nodes\": [\n  {\"id\": \"é\", \"nodeType\": \"T\", \
            \"params\": {\"a b\": [1, 22]}}]},\n \"input_data\": [7]}";
        let document = Document::read(text).unwrap();
        let found = |path: &str| {
            let at = document.locate(path);
            let start = at.offset as usize;
            (at.line, at.column, &text[start..start + at.length as usize])
        };
        assert_eq!(found("version"), (1, 26, "\"v1\""));
        assert_eq!(found("nodes[0].id"), (2, 10, "\"é\""));
        assert_eq!(found("nodes[0].node_type"), (2, 27, "\"T\""));
        assert_eq!(found("nodes[0].params[\"a b\"][1]"), (2, 54, "22"));
        assert_eq!(found("input_data[0]"), (3, 17, "7"));
        assert_eq!(document.node_locations(1), [document.locate("nodes[0]")]);
        // What is not there is where it would be.
        assert_eq!(found("nodes[0].host").0, 2);
        assert_eq!(found("nodes[0].params.x"), (2, 42, "{\"a b\": [1, 22]}"));
    }
}
