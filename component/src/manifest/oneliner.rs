//! Pipelines on one line to a tree: the manifest that they stand for.
//!
//! ```text
//! line    := chain (";" chain)*
//! chain   := element ("!" element)*
//! element := [id "="] node-type (param "=" value)*  |  id "."
//! ```
//!
//! Words stand apart by white space. A value is JSON, or else the word as a
//! string. A node without an id has the name of its class, and a number where
//! others have it already; `id.` is a node that another chain has.

use std::collections::HashSet;

use super::diagnostic::{Diagnostic, named};
use super::form::VERSION;
use super::json;
use super::tree::{Kind, SourceText, Span, Tree};

const CONNECTS: &str = "!";
const ENDS: &str = ";";

/// Whether text is meant as a pipeline on one line: it begins with a node type,
/// and goes on as one. A mapping in YAML begins with a key and a colon.
pub(crate) fn is_one(text: &str) -> bool {
    let mut words = Words::new(text);
    let Some(first) = words.next() else {
        return false;
    };
    let (_, node_type) = split(first.text).unwrap_or(("", first.text));
    let is_type = node_type.starts_with(|c: char| c.is_alphanumeric() || c == '_')
        && !node_type.ends_with(':')
        && node_type
            .chars()
            .all(|c| c.is_alphanumeric() || "_-.:".contains(c));
    is_type
        && match words.next().map(|word| word.text) {
            None => true,
            Some(":") => false,
            Some(second) => {
                [CONNECTS, ENDS].contains(&second)
                    || split(second).is_some()
                    || words.any(|word| word.text == CONNECTS)
            }
        }
}

/// Reads a pipeline on one line.
///
/// # Errors
/// Where it stops being one.
pub(crate) fn read(source: &SourceText<'_>) -> Result<Tree, Box<Diagnostic>> {
    let mut reader = Reader {
        source,
        words: Words::new(source.text()).collect(),
        at: 0,
        nodes: Vec::new(),
        connections: Vec::new(),
        taken: HashSet::new(),
        given: HashSet::new(),
        number: 0,
    };
    reader.given = reader.given_ids();
    loop {
        reader.chain()?;
        if reader.is_at_end() {
            return Ok(reader.finish());
        }
    }
}

/// A word and its place.
#[derive(Clone, Copy)]
struct Word<'t> {
    text: &'t str,
    start: usize,
}

impl Word<'_> {
    fn span(&self) -> Span {
        Span {
            start: self.start,
            end: self.start + self.text.len(),
        }
    }
}

/// The words of a text. White space inside JSON parts none.
struct Words<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Words<'t> {
    fn new(text: &'t str) -> Self {
        let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
        Self { text, at }
    }
}

impl<'t> Iterator for Words<'t> {
    type Item = Word<'t>;

    fn next(&mut self) -> Option<Word<'t>> {
        let rest = &self.text[self.at..];
        let start = self.at + (rest.len() - rest.trim_start().len());
        let word = &self.text[start..];
        let first = word.chars().next()?;
        let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
        let mut end = word.len();
        for (at, c) in word.char_indices() {
            if in_string {
                in_string = escaped || c != '"';
                escaped = !escaped && c == '\\';
                continue;
            }
            match c {
                '"' => in_string = true,
                '[' | '{' => depth += 1,
                ']' | '}' => depth = depth.saturating_sub(1),
                c if depth == 0 && (c.is_whitespace() || c == ';') => {
                    end = at;
                    break;
                }
                _ => {}
            }
        }
        if first == ';' {
            end = 1;
        }
        self.at = start + end;
        Some(Word {
            text: &word[..end],
            start,
        })
    }
}

struct Reader<'a> {
    source: &'a SourceText<'a>,
    words: Vec<Word<'a>>,
    at: usize,
    nodes: Vec<Tree>,
    connections: Vec<Tree>,
    /// Ids that nodes have.
    taken: HashSet<String>,
    /// Ids that are written, which no other node is to get.
    given: HashSet<String>,
    /// The least number that an id may get: none is tried twice.
    number: usize,
}

impl<'a> Reader<'a> {
    fn is_at_end(&self) -> bool {
        self.at == self.words.len()
    }

    fn peek(&self) -> Option<Word<'a>> {
        self.words.get(self.at).copied()
    }

    fn take(&mut self, text: &str) -> bool {
        let found = self.peek().is_some_and(|word| word.text == text);
        self.at += usize::from(found);
        found
    }

    /// The ids that stand before a node type: at the beginning of an element.
    fn given_ids(&self) -> HashSet<String> {
        let begins = |at: usize| at == 0 || [CONNECTS, ENDS].contains(&self.words[at - 1].text);
        let words = self.words.iter().enumerate();
        words
            .filter(|(at, _)| begins(*at))
            .filter_map(|(_, word)| split(word.text))
            .map(|(id, _)| id.to_owned())
            .collect()
    }

    fn chain(&mut self) -> Result<(), Box<Diagnostic>> {
        let mut before: Option<(String, Span)> = None;
        loop {
            let element = self.element()?;
            if let Some(before) = before.replace(element.clone()) {
                self.connect(before, element);
            }
            if self.take(CONNECTS) {
                continue;
            }
            if self.take(ENDS) || self.is_at_end() {
                return Ok(());
            }
            let word = self.words[self.at];
            return Err(self.problem(
                word.span(),
                format!("{} can't stand here", named(word.text)),
                "nodes stand apart by ` ! `, and parameters are `name=value`",
            ));
        }
    }

    /// A node, or the reference to one: its id, and its place.
    fn element(&mut self) -> Result<(String, Span), Box<Diagnostic>> {
        let word = match self.peek() {
            Some(word) if ![CONNECTS, ENDS].contains(&word.text) => word,
            other => {
                let end = self.source.text().len();
                let span = other.map_or(Span { start: end, end }, |word| word.span());
                return Err(self.problem(
                    span,
                    "a node type is missing here".to_owned(),
                    "a pipeline on one line is `Type param=value ! Type`",
                ));
            }
        };
        self.at += 1;
        if let Some(id) = word.text.strip_suffix('.') {
            return Ok((id.to_owned(), word.span()));
        }
        let (id, node_type) = match split(word.text) {
            Some((id, node_type)) => (id.to_owned(), node_type),
            None => (self.free_id(word.text), word.text),
        };
        self.taken.insert(id.clone());
        let type_start = word.start + word.text.len() - node_type.len();
        let type_span = Span {
            start: type_start,
            end: type_start + node_type.len(),
        };
        let mut span = word.span();
        let mut params = Vec::new();
        while let Some(word) = self.peek()
            && let Some((name, value)) = split(word.text)
        {
            self.at += 1;
            span.end = word.span().end;
            let key = Span {
                start: word.start,
                end: word.start + name.len(),
            };
            let value = self.value(value, key.end + 1)?;
            params.push((text(name, key), value));
        }
        let mut fields = vec![
            field("id", text(&id, word.span())),
            field("node_type", text(node_type, type_span)),
        ];
        if !params.is_empty() {
            fields.push(field(
                "params",
                Tree {
                    span,
                    kind: Kind::Map(params),
                },
            ));
        }
        let kind = Kind::Map(fields);
        self.nodes.push(Tree { span, kind });
        Ok((id, word.span()))
    }

    /// A value: JSON, or a word.
    fn value(&self, word: &str, start: usize) -> Result<Tree, Box<Diagnostic>> {
        let span = Span {
            start,
            end: start + word.len(),
        };
        let mut tree = match json::read(&SourceText::new(word)) {
            Ok(tree) => tree,
            Err(error) if word.starts_with(['"', '[', '{']) => {
                return Err(Box::new(Diagnostic {
                    location: Some(self.source.location(span)),
                    ..*error
                }));
            }
            Err(_) => text(word, span),
        };
        tree.move_to(span);
        Ok(tree)
    }

    /// An id for a node that has none: the name of its class.
    fn free_id(&mut self, node_type: &str) -> String {
        let name = node_type.rsplit([':', '.']).next().unwrap_or(node_type);
        let allowed = |c: char| match c.is_ascii_alphanumeric() || c == '_' || c == '-' {
            true => c,
            false => '_',
        };
        let name: String = name.chars().map(allowed).collect();
        let is_free = |id: &String| !self.taken.contains(id) && !self.given.contains(id);
        if is_free(&name) {
            return name;
        }
        let mut number = self.number.max(self.nodes.len() + 1);
        let mut id = format!("{name}-{number}");
        while !is_free(&id) {
            number += 1;
            id = format!("{name}-{number}");
        }
        self.number = number + 1;
        id
    }

    fn connect(&mut self, from: (String, Span), to: (String, Span)) {
        let span = Span {
            start: from.1.start,
            end: to.1.end,
        };
        let kind = Kind::Map(vec![
            field("from", text(&from.0, from.1)),
            field("to", text(&to.0, to.1)),
        ]);
        self.connections.push(Tree { span, kind });
    }

    fn problem(&self, span: Span, message: String, help: &str) -> Box<Diagnostic> {
        Box::new(Diagnostic {
            location: Some(self.source.location(span)),
            ..Diagnostic::error("broken-one-liner", "", message).help(help)
        })
    }

    fn finish(self) -> Tree {
        let span = Span {
            start: 0,
            end: self.source.text().len(),
        };
        let list = |items| Tree {
            span,
            kind: Kind::List(items),
        };
        let kind = Kind::Map(vec![
            field("version", text(VERSION, span)),
            field("nodes", list(self.nodes)),
            field("connections", list(self.connections)),
        ]);
        Tree { span, kind }
    }
}

/// A word of the form `name=value`.
fn split(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let is_name = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    is_name.then_some((name, value))
}

fn text(text: &str, span: Span) -> Tree {
    Tree {
        span,
        kind: Kind::Text(text.to_owned()),
    }
}

/// A field that stands where its value does.
fn field(name: &str, value: Tree) -> (Tree, Tree) {
    (text(name, value.span), value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::parse;
    use crate::value::Value;

    #[test]
    fn what_is_a_pipeline_on_one_line() {
        for yes in [
            "PassThrough",
            " AudioMixDownNode ! AudioResampleNode sample_rate=16000",
            "own:Shout",
            "a=own:Shout x=1",
            "A foo ! B",
            "A; B",
            "A !",
        ] {
            assert!(is_one(yes), "{yes}");
        }
        for no in [
            "",
            "version: v1",
            "version : v1\nnodes: []",
            "this is no manifest",
            "- a ! b",
            "# A ! B",
            "---\nversion: v1",
            "\"version\": v1",
            "{A: ! B}",
        ] {
            assert!(!is_one(no), "{no}");
        }
    }

    #[test]
    fn nodes_params_and_connections() {
        let line = "mic=Echo ! own:Join x=1 y=\"a b; !\" z=[1, {\"a\": \"]\"}] w=word ! Echo; \
                    mic. ! Echo ! Join.";
        let manifest = parse(line).unwrap().manifest;
        let ids: Vec<_> = manifest.nodes.iter().map(|node| node.id.as_str()).collect();
        assert_eq!(ids, ["mic", "Join", "Echo", "Echo-4"]);
        assert_eq!(manifest.nodes[1].node_type, "own:Join");
        let Value::Map(params) = &manifest.nodes[1].params else {
            panic!("params are a mapping");
        };
        let names: Vec<_> = params.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), 4);
        assert_eq!(params[1].1, Value::from("a b; !".to_owned()));
        assert_eq!(params[3].1, Value::from("word".to_owned()));
        let connections: Vec<_> = manifest
            .connections
            .iter()
            .map(|it| (it.from.as_str(), it.to.as_str()))
            .collect();
        let expected = [
            ("mic", "Join"),
            ("Join", "Echo"),
            ("mic", "Echo-4"),
            ("Echo-4", "Join"),
        ];
        assert_eq!(connections, expected);
    }
}
