//! JSON text to a tree.

use jiter::{Jiter, JiterError, JiterErrorType, JsonErrorType, NumberAny, NumberInt, Peek};

use super::diagnostic::Diagnostic;
use super::tree::{Kind, MAX_NESTING, SourceText, Span, Tree};
use crate::value::Limit;

/// Reads JSON. `NaN`, `Infinity` and `-Infinity` are taken too, as Python
/// writes them.
///
/// # Errors
/// Where the text stops being JSON.
pub(crate) fn read(source: &SourceText<'_>) -> Result<Tree, Box<Diagnostic>> {
    let text = source.text();
    let base = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let mut reader = Reader {
        text,
        base,
        json: Jiter::new(&text.as_bytes()[base..]).with_allow_inf_nan(),
    };
    let result = reader.document();
    result.map_err(|problem| {
        Box::new(Diagnostic {
            location: Some(source.location(problem.span)),
            help: problem.help,
            ..Diagnostic::error(problem.code, "", problem.message)
        })
    })
}

struct Problem {
    code: &'static str,
    message: String,
    help: Option<String>,
    span: Span,
}

struct Reader<'j> {
    text: &'j str,
    /// Where in `text` the part begins that `json` reads.
    base: usize,
    json: Jiter<'j>,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<Tree, Problem> {
        let peek = self.json.peek();
        let peek = peek.map_err(|error| self.problem(&error))?;
        let tree = self.value(peek, 0)?;
        match self.json.finish() {
            Ok(()) => Ok(tree),
            Err(error) => Err(self.problem(&error)),
        }
    }

    fn here(&self) -> usize {
        self.base + self.json.current_index()
    }

    fn value(&mut self, peek: Peek, depth: usize) -> Result<Tree, Problem> {
        let start = self.here();
        if depth > MAX_NESTING {
            return Err(Problem {
                code: "too-deep",
                message: format!("nested deeper than {MAX_NESTING} levels"),
                help: None,
                span: Span {
                    start,
                    end: start + 1,
                },
            });
        }
        let kind = match peek {
            Peek::Null => self.json.known_null().map(|()| Kind::Null),
            Peek::True | Peek::False => self.json.known_bool(peek).map(Kind::Bool),
            Peek::String => self
                .json
                .known_str()
                .map(|text| Kind::Text(text.to_owned())),
            Peek::Array => return self.list(start, depth),
            Peek::Object => return self.map(start, depth),
            _ => match self.json.known_number(peek) {
                Ok(NumberAny::Int(NumberInt::Int(value))) => Ok(Kind::Int(value)),
                Ok(NumberAny::Int(NumberInt::BigInt(value))) => Ok(Kind::BigInt(value)),
                Ok(NumberAny::Float(value)) => Ok(Kind::Float(value)),
                Err(error) => Err(error),
            },
        };
        let kind = kind.map_err(|error| self.problem(&error))?;
        let span = Span {
            start,
            end: self.here(),
        };
        Ok(Tree { span, kind })
    }

    fn list(&mut self, start: usize, depth: usize) -> Result<Tree, Problem> {
        let mut items = Vec::new();
        let mut next = self.json.known_array();
        loop {
            match next {
                Err(error) => return Err(self.problem(&error)),
                Ok(None) => break,
                Ok(Some(peek)) => items.push(self.value(peek, depth + 1)?),
            }
            next = self.json.array_step();
        }
        let span = Span {
            start,
            end: self.here(),
        };
        Ok(Tree {
            span,
            kind: Kind::List(items),
        })
    }

    fn map(&mut self, start: usize, depth: usize) -> Result<Tree, Problem> {
        let mut entries = Vec::new();
        let mut before = start + 1;
        let mut next = self.json.known_object().map(|key| key.map(str::to_owned));
        loop {
            let key = match next {
                Err(error) => return Err(self.problem(&error)),
                Ok(None) => break,
                Ok(Some(key)) => Tree {
                    span: self.key_span(before),
                    kind: Kind::Text(key),
                },
            };
            let peek = self.json.peek();
            let peek = peek.map_err(|error| self.problem(&error))?;
            entries.push((key, self.value(peek, depth + 1)?));
            before = self.here();
            next = self.json.next_key().map(|key| key.map(str::to_owned));
        }
        let span = Span {
            start,
            end: self.here(),
        };
        Ok(Tree {
            span,
            kind: Kind::Map(entries),
        })
    }

    /// The place of the key just read, which comes first after `before`.
    fn key_span(&self, before: usize) -> Span {
        let bytes = self.text.as_bytes();
        let quote = |from: usize| {
            let mut at = from;
            while at < bytes.len() && bytes[at] != b'"' {
                at += if bytes[at] == b'\\' { 2 } else { 1 };
            }
            at.min(bytes.len())
        };
        let start = quote(before);
        Span {
            start,
            end: (quote(start + 1) + 1).min(bytes.len()),
        }
    }

    fn problem(&self, error: &JiterError) -> Problem {
        let at = (self.base + error.index).min(self.text.len());
        let at = self.text.floor_char_boundary(at);
        let found = self.text[at..].chars().next();
        let found_text = match found {
            None => "the end of the text".to_owned(),
            Some(c) if c.is_control() => format!("`{}`", c.escape_default()),
            Some(c) => format!("`{c}`"),
        };
        let expected = |what: &str| format!("expected {what}, found {found_text}");
        use JsonErrorType as E;
        let JiterErrorType::JsonError(kind) = &error.error_type else {
            return self.broken(error.error_type.to_string(), None, at);
        };
        let mut help = match found {
            Some('\'') => Some("strings stand in double quotes"),
            Some('/' | '#') => Some("JSON has no comments; a manifest in YAML may have some"),
            _ => None,
        };
        let message = match kind {
            E::EofWhileParsingList => "the text ends inside a list: expected `,` or `]`".to_owned(),
            E::EofWhileParsingObject => {
                "the text ends inside an object: expected `,` or `}`".to_owned()
            }
            E::EofWhileParsingString => "the text ends inside a string: expected `\"`".to_owned(),
            E::EofWhileParsingValue => {
                "the text ends where more is expected: a value or a key".to_owned()
            }
            E::ExpectedColon => expected("`:` after the key"),
            E::ExpectedListCommaOrEnd | E::ExpectedObjectCommaOrEnd => {
                if found.is_some_and(|c| c.is_alphanumeric() || matches!(c, '"' | '{' | '[' | '-'))
                {
                    help = Some("is a comma missing before it?");
                }
                expected(match kind {
                    E::ExpectedListCommaOrEnd => "`,` or `]`",
                    _ => "`,` or `}`",
                })
            }
            E::ExpectedSomeIdent | E::ExpectedSomeValue => {
                if matches!(found, Some('T' | 'F' | 'N' | 'U' | 'u')) {
                    help = Some("JSON writes `true`, `false` and `null`");
                }
                if matches!(found, Some(']' | '}' | ',')) {
                    help = Some("a comma too many?");
                }
                expected("a value")
            }
            E::KeyMustBeAString => expected("a key in double quotes"),
            E::TrailingComma => {
                help = Some("take the comma away");
                expected("another element after the comma")
            }
            E::TrailingCharacters => expected("the end of the text"),
            E::NumberOutOfRange => Limit::Digits.to_string(),
            E::LoneLeadingSurrogateInHexEscape | E::UnexpectedEndOfHexEscape => {
                "half of a surrogate pair is no text".to_owned()
            }
            E::ControlCharacterWhileParsingString => {
                help = Some("write it as an escape, for example `\\n`");
                "a control character or a line's end inside a string".to_owned()
            }
            other => other.to_string(),
        };
        self.broken(message, help, at)
    }

    fn broken(&self, message: String, help: Option<&str>, at: usize) -> Problem {
        let length = self.text[at..].chars().next().map_or(0, char::len_utf8);
        Problem {
            code: "broken-json",
            message: format!("broken JSON: {message}"),
            help: help.map(str::to_owned),
            span: Span {
                start: at,
                end: at + length,
            },
        }
    }
}
