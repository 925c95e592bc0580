//! YAML text to a tree: one document, the scalars of YAML 1.2's core schema,
//! anchors and aliases, and merge keys, which manifests in the wild use.

use std::collections::{HashMap, HashSet};

use num_bigint::BigInt;
use pipeline_codec::forms;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, StrInput, Tag};

use super::diagnostic::Diagnostic;
use super::tree::{Kind, MAX_NESTING, SourceText, Span, Tree};
use crate::value::{self, Limit, MAX_DIGITS, from_digits};

/// Most that aliases may add to a document.
const MAX_EXPANSION: Size = Size {
    values: 100_000,
    bytes: 8 << 20,
};

/// Reads YAML.
///
/// # Errors
/// Where the text stops being YAML, or is more than a manifest may use of it.
pub(crate) fn read(source: &SourceText<'_>) -> Result<Tree, Box<Diagnostic>> {
    let text = source.text();
    let base = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let mut reader = Reader {
        offsets: Offsets::new(&text[base..], base),
        stack: Vec::new(),
        anchors: HashMap::new(),
        expanded: Size::default(),
        root: None,
    };
    reader.read(&text[base..]).map_err(|problem| {
        Box::new(Diagnostic {
            location: Some(source.location(problem.span)),
            ..Diagnostic::error(problem.code, "", problem.message)
        })
    })
}

struct Problem {
    code: &'static str,
    message: String,
    span: Span,
}

fn problem(code: &'static str, message: impl Into<String>, span: Span) -> Problem {
    Problem {
        code,
        message: message.into(),
        span,
    }
}

/// Where characters begin in the text: the parser counts characters.
struct Offsets {
    base: usize,
    /// Empty where each character is one byte.
    bytes: Vec<usize>,
    length: usize,
}

impl Offsets {
    fn new(text: &str, base: usize) -> Self {
        let bytes = match text.is_ascii() {
            true => Vec::new(),
            false => text.char_indices().map(|(at, _)| at).collect(),
        };
        Self {
            base,
            bytes,
            length: text.len(),
        }
    }

    fn of(&self, marker: Marker) -> usize {
        let index = marker.index();
        let inside = match self.bytes.is_empty() {
            true => index.min(self.length),
            false => self.bytes.get(index).copied().unwrap_or(self.length),
        };
        self.base + inside
    }
}

/// A list or mapping that is not at its end yet.
struct Frame {
    start: usize,
    anchor: usize,
    parts: Parts,
}

enum Parts {
    List(Vec<Tree>),
    /// The entries, and a key that waits for its value.
    Map(Vec<(Tree, Tree)>, Option<Tree>),
}

/// What an anchor stands for.
struct Anchored {
    tree: Tree,
    size: Size,
    depth: usize,
}

/// How large a part of a document is.
#[derive(Clone, Copy, Default)]
struct Size {
    /// Values in it, itself included.
    values: usize,
    /// Bytes of its strings.
    bytes: usize,
}

impl Size {
    fn add(&mut self, other: Self) {
        self.values += other.values;
        self.bytes += other.bytes;
    }
}

struct Reader {
    offsets: Offsets,
    stack: Vec<Frame>,
    anchors: HashMap<usize, Anchored>,
    expanded: Size,
    root: Option<Tree>,
}

impl Reader {
    fn read(&mut self, text: &str) -> Result<Tree, Problem> {
        let mut parser: Parser<'_, StrInput<'_>> = Parser::new_from_str(text);
        while let Some(event) = parser.next_event() {
            let (event, span) = event.map_err(|error| {
                let at = self.offsets.of(*error.marker());
                let span = Span { start: at, end: at };
                problem(
                    "broken-yaml",
                    format!("broken YAML: {}", error.info()),
                    span,
                )
            })?;
            let span = Span {
                start: self.offsets.of(span.start),
                end: self.offsets.of(span.end),
            };
            self.event(event, span)?;
        }
        self.root.take().ok_or_else(|| {
            let start = self.offsets.base;
            let span = Span { start, end: start };
            problem("empty", "the manifest is empty", span)
        })
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Problem> {
        match event {
            Event::DocumentStart(_) if self.root.is_some() => Err(problem(
                "several-documents",
                "a manifest is one YAML document, and here begins a second one",
                span,
            )),
            Event::Scalar(text, style, anchor, tag) => {
                let kind = scalar(&text, style, tag.as_deref(), span)?;
                self.finished(Tree { span, kind }, anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                container_tag(tag.as_deref(), "seq", span)?;
                self.begin(span, anchor, Parts::List(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                container_tag(tag.as_deref(), "map", span)?;
                self.begin(span, anchor, Parts::Map(Vec::new(), None))
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn begin(&mut self, span: Span, anchor: usize, parts: Parts) -> Result<(), Problem> {
        if self.stack.len() > MAX_NESTING {
            return Err(too_deep(span));
        }
        self.stack.push(Frame {
            start: span.start,
            anchor,
            parts,
        });
        Ok(())
    }

    fn end(&mut self, span: Span) -> Result<(), Problem> {
        let Some(frame) = self.stack.pop() else {
            return Ok(());
        };
        let (kind, last) = match frame.parts {
            Parts::List(items) => {
                let last = items.last().map(|item| item.span.end);
                (Kind::List(items), last)
            }
            Parts::Map(entries, _) => {
                let last = entries.last().map(|(_, value)| value.span.end);
                (Kind::Map(merge(entries, span)?), last)
            }
        };
        // Only a bracket is an end in the text; else the last part ends it.
        let end = match span.end > span.start {
            true => span.end,
            false => last.unwrap_or(frame.start),
        };
        let span = Span {
            start: frame.start,
            end: end.max(frame.start),
        };
        self.finished(Tree { span, kind }, frame.anchor)
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Problem> {
        let Some(anchored) = self.anchors.get(&anchor) else {
            let message = "the alias stands inside of what it refers to";
            return Err(problem("recursive-alias", message, span));
        };
        let (size, depth) = (anchored.size, anchored.depth);
        self.expand(size, "aliases expand to", span)?;
        if self.stack.len() + depth > MAX_NESTING {
            return Err(too_deep(span));
        }
        let tree = self.anchors[&anchor].tree.clone();
        self.finished(tree, 0)
    }

    /// Counts what is copied. That the text is short bounds nothing: ten
    /// aliases of ten aliases are a hundred.
    fn expand(&mut self, size: Size, what: &str, span: Span) -> Result<(), Problem> {
        self.expanded.add(size);
        let more = if self.expanded.values > MAX_EXPANSION.values {
            format!("{} values", MAX_EXPANSION.values)
        } else if self.expanded.bytes > MAX_EXPANSION.bytes {
            format!("{} bytes of strings", MAX_EXPANSION.bytes)
        } else {
            return Ok(());
        };
        let message = format!("{what} more than {more}");
        Err(problem("too-many-aliases", message, span))
    }

    /// Puts a finished part where it belongs.
    fn finished(&mut self, tree: Tree, anchor: usize) -> Result<(), Problem> {
        if anchor != 0 {
            let (size, depth) = measure(&tree);
            self.expand(size, "anchors hold", tree.span)?;
            let anchored = Anchored {
                tree: tree.clone(),
                size,
                depth,
            };
            self.anchors.insert(anchor, anchored);
        }
        match self.stack.last_mut().map(|frame| &mut frame.parts) {
            None => self.root = Some(tree),
            Some(Parts::List(items)) => items.push(tree),
            Some(Parts::Map(entries, key)) => match key.take() {
                None => *key = Some(tree),
                Some(key) => entries.push((key, tree)),
            },
        }
        Ok(())
    }
}

fn too_deep(span: Span) -> Problem {
    let message = format!("nested deeper than {MAX_NESTING} levels");
    problem("too-deep", message, span)
}

/// How large a tree is, and how deep.
fn measure(tree: &Tree) -> (Size, usize) {
    let bytes = match &tree.kind {
        Kind::Text(text) => text.len(),
        Kind::Bytes(bytes) => bytes.len(),
        _ => 0,
    };
    let mut total = (Size { values: 1, bytes }, 0);
    let mut add = |part: &Tree| {
        let (size, depth) = measure(part);
        total.0.add(size);
        total.1 = total.1.max(depth + 1);
    };
    match &tree.kind {
        Kind::List(items) => items.iter().for_each(add),
        Kind::Map(entries) => entries.iter().for_each(|(key, value)| {
            add(key);
            add(value);
        }),
        _ => {}
    }
    total
}

/// Replaces merge keys by the entries that they stand for: those whose keys the
/// mapping does not have itself, of earlier mappings before later ones.
fn merge(entries: Vec<(Tree, Tree)>, span: Span) -> Result<Vec<(Tree, Tree)>, Problem> {
    let is_merge = |key: &Tree| key.text() == Some("<<");
    if !entries.iter().any(|(key, _)| is_merge(key)) {
        return Ok(entries);
    }
    let (merges, own): (Vec<_>, Vec<_>) = entries.into_iter().partition(|(key, _)| is_merge(key));
    let owned = |key: &Tree| {
        let (is_text, name) = key.identity();
        (is_text, name.into_owned())
    };
    let mut keys: HashSet<_> = own.iter().map(|(key, _)| owned(key)).collect();
    let mut merged = own;
    for (_, value) in merges {
        let mappings = match value.kind {
            Kind::List(items) => items,
            _ => vec![value],
        };
        for mapping in mappings {
            let Kind::Map(entries) = mapping.kind else {
                let message = "a merge key `<<` takes a mapping or a list of mappings";
                return Err(problem("wrong-type", message, span));
            };
            for (key, value) in entries {
                if keys.insert(owned(&key)) {
                    merged.push((key, value));
                }
            }
        }
    }
    Ok(merged)
}

/// The name of a tag of YAML's own; `None` where there is no tag.
fn own_tag(tag: Option<&Tag>, span: Span) -> Result<Option<&str>, Problem> {
    match tag {
        None => Ok(None),
        Some(tag) if tag.is_yaml_core_schema() || tag.handle == "tag:yaml.org,2002:" => {
            Ok(Some(&tag.suffix))
        }
        // A lone `!` says: take it as it stands.
        Some(tag) if tag.suffix == "!" || tag.suffix.is_empty() => Ok(Some("!")),
        Some(tag) => Err(unknown_tag(&format!("{}{}", tag.handle, tag.suffix), span)),
    }
}

fn unknown_tag(tag: &str, span: Span) -> Problem {
    let message = format!("the YAML tag `{tag}` has no meaning in a manifest");
    problem("unknown-tag", message, span)
}

fn container_tag(tag: Option<&Tag>, name: &str, span: Span) -> Result<(), Problem> {
    match own_tag(tag, span)? {
        None | Some("!") => Ok(()),
        Some(tag) if tag == name => Ok(()),
        Some(tag) => Err(unknown_tag(&format!("!!{tag}"), span)),
    }
}

/// Resolves a scalar.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Result<Kind, Problem> {
    let as_text = || Kind::Text(text.to_owned());
    let Some(tag) = own_tag(tag, span)? else {
        return match style {
            ScalarStyle::Plain => plain(text).map_err(|message| problem("number", message, span)),
            _ => Ok(as_text()),
        };
    };
    let wrong = || {
        let message = format!("{text:?} does not go with its tag `!!{tag}`");
        problem("wrong-type", message, span)
    };
    let resolved = plain(text).map_err(|message| problem("number", message, span))?;
    match (tag, resolved) {
        ("str" | "!", _) => Ok(as_text()),
        ("binary", _) => {
            // Lines are wrapped, which is no part of the bytes.
            let text: String = text.split_ascii_whitespace().collect();
            forms::bytes_of(&text).map(Kind::Bytes).map_err(|_| wrong())
        }
        ("null", kind @ Kind::Null)
        | ("bool", kind @ Kind::Bool(_))
        | ("int", kind @ (Kind::Int(_) | Kind::BigInt(_)))
        | ("float", kind @ Kind::Float(_)) => Ok(kind),
        ("float", Kind::Int(_) | Kind::BigInt(_)) => {
            text.parse().map(Kind::Float).map_err(|_| wrong())
        }
        ("null" | "bool" | "int" | "float", _) => Err(wrong()),
        _ => Err(unknown_tag(&format!("!!{tag}"), span)),
    }
}

/// Resolves a plain scalar by the core schema.
fn plain(text: &str) -> Result<Kind, String> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Kind::Null),
        "true" | "True" | "TRUE" => return Ok(Kind::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Kind::Bool(false)),
        ".nan" | ".NaN" | ".NAN" => return Ok(Kind::Float(f64::NAN)),
        _ => {}
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        let negative = text.starts_with('-');
        return Ok(Kind::Float(if negative {
            f64::NEG_INFINITY
        } else {
            f64::INFINITY
        }));
    }
    for (prefix, radix) in [("0o", 8), ("0x", 16)] {
        if let Some(digits) = text.strip_prefix(prefix)
            && !digits.is_empty()
            && digits.chars().all(|c| c.is_digit(radix))
        {
            return radix_integer(digits, radix).map_err(|limit| limit.to_string());
        }
    }
    let first = unsigned.bytes().next();
    if !first.is_some_and(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Ok(Kind::Text(text.to_owned()));
    }
    if unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        return decimal_integer(text).map_err(|limit| limit.to_string());
    }
    Ok(match is_float(unsigned).then(|| text.parse()) {
        Some(Ok(value)) => Kind::Float(value),
        _ => Kind::Text(text.to_owned()),
    })
}

/// An integer from decimal digits with an optional sign.
fn decimal_integer(text: &str) -> Result<Kind, Limit> {
    if let Ok(small) = text.parse() {
        return Ok(Kind::Int(small));
    }
    let value = from_digits(text.strip_prefix('+').unwrap_or(text))?;
    Ok(value.map_or_else(|| Kind::Text(text.to_owned()), Kind::integer))
}

/// An integer from digits in another base than ten.
fn radix_integer(digits: &str, radix: u32) -> Result<Kind, Limit> {
    // Not more than in base ten, so that reading them takes no longer.
    if digits.len() > MAX_DIGITS {
        return Err(Limit::Digits);
    }
    let value = BigInt::parse_bytes(digits.as_bytes(), radix).unwrap_or_default();
    value::digits(&value)?;
    Ok(Kind::integer(value))
}

/// Whether text is a float by the core schema, which knows no `_` and no
/// words.
fn is_float(unsigned: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_is_good = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent_is_good
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_follow_the_core_schema() {
        let kind = |text| format!("{:?}", plain(text).unwrap());
        for text in [
            "yes", "on", "1_000", "0b1", "1e", ".", "+", "-", "1.2.3", "12:30", "infinity", "nan",
            "0xg",
        ] {
            assert_eq!(kind(text), format!("Text({text:?})"));
        }
        assert_eq!(kind("0o17"), "Int(15)");
        assert_eq!(kind("0xff"), "Int(255)");
        assert_eq!(kind("-012"), "Int(-12)");
        assert_eq!(kind("+1.5e3"), "Float(1500.0)");
        assert_eq!(kind(".5"), "Float(0.5)");
        assert_eq!(kind("1."), "Float(1.0)");
        assert_eq!(kind("-.inf"), "Float(-inf)");
        assert_eq!(kind("18446744073709551616"), "BigInt(18446744073709551616)");
    }
}
