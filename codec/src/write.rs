//! Writing values as JSON, by hand, into one buffer.

use std::convert::Infallible;

use base64::Engine as _;

use super::arena::{ArenaError, validate};
use super::forms::{BASE64, Form, name_of};
use crate::types::{Value, ValueNode};

/// How JSON is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// On one line, without blanks.
    #[default]
    Compact,
    /// Indented by two blanks; lists of numbers stay on one line.
    Pretty,
}

/// Writes JSON piece by piece. Commas, line ends and indentation come by
/// themselves; that keys and values alternate is up to the caller.
#[derive(Debug)]
pub struct Writer {
    out: Vec<u8>,
    style: Style,
    level: usize,
    /// Whether something was written at this level.
    started: bool,
    /// Whether a key was written that has no value yet.
    keyed: bool,
}

impl Writer {
    /// Begins an empty text.
    #[must_use]
    pub fn new(style: Style) -> Self {
        Self {
            out: Vec::with_capacity(256),
            style,
            level: 0,
            started: false,
            keyed: false,
        }
    }

    /// The text.
    #[must_use]
    pub fn finish(self) -> String {
        // All that is written is ASCII or comes from strings.
        String::from_utf8(self.out)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }

    /// Writes an object; `body` writes its keys and values.
    pub fn object(&mut self, body: impl FnOnce(&mut Self)) {
        let written = self.container(b'{', b'}', |writer| {
            body(writer);
            Ok::<(), Infallible>(())
        });
        match written {
            Ok(()) => {}
        }
    }

    /// Writes an object by a body that can fail.
    ///
    /// # Errors
    /// The body's.
    pub fn try_object<E>(
        &mut self,
        body: impl FnOnce(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        self.container(b'{', b'}', body)
    }

    /// Writes an array; `body` writes its elements.
    pub fn array(&mut self, body: impl FnOnce(&mut Self)) {
        let written = self.container(b'[', b']', |writer| {
            body(writer);
            Ok::<(), Infallible>(())
        });
        match written {
            Ok(()) => {}
        }
    }

    /// Writes an array by a body that can fail.
    ///
    /// # Errors
    /// The body's.
    pub fn try_array<E>(&mut self, body: impl FnOnce(&mut Self) -> Result<(), E>) -> Result<(), E> {
        self.container(b'[', b']', body)
    }

    /// Writes the key of the value that comes next.
    pub fn key(&mut self, key: &str) -> &mut Self {
        self.separate();
        quote(&mut self.out, key);
        self.out.push(b':');
        if self.style == Style::Pretty {
            self.out.push(b' ');
        }
        self.keyed = true;
        self
    }

    /// Writes a string.
    pub fn string(&mut self, text: &str) {
        self.separate();
        quote(&mut self.out, text);
    }

    /// Writes a truth value.
    pub fn boolean(&mut self, value: bool) {
        self.raw(if value { "true" } else { "false" });
    }

    /// Writes a whole number.
    pub fn whole(&mut self, value: impl itoa::Integer) {
        self.separate();
        self.out
            .extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
    }

    /// Writes `null`.
    pub fn null(&mut self) {
        self.raw("null");
    }

    /// Writes a float, in the form of its own where JSON has no number for it.
    pub fn float(&mut self, value: f64) {
        if value.is_finite() {
            self.separate();
            float(&mut self.out, value);
        } else {
            self.object(|writer| writer.key(Form::Float.key()).string(name_of(value)));
        }
    }

    /// Writes bytes as a string in base64.
    pub fn base64(&mut self, bytes: &[u8]) {
        self.separate();
        self.out.push(b'"');
        let start = self.out.len();
        let length = bytes.len().div_ceil(3) * 4;
        self.out.resize(start + length, 0);
        let written = BASE64
            .encode_slice(bytes, &mut self.out[start..])
            .unwrap_or_default();
        self.out.truncate(start + written);
        self.out.push(b'"');
    }

    /// Writes a value in its JSON form.
    ///
    /// # Errors
    /// Where its arena is not a tree. Nothing is written then.
    pub fn value(&mut self, value: &Value) -> Result<(), ArenaError> {
        validate(value)?;
        self.node(value, value.root);
        Ok(())
    }

    /// Writes parameters: a mapping, also where it has one key that begins with
    /// `$`.
    ///
    /// # Errors
    /// As for [`value`](Self::value).
    pub(crate) fn params(&mut self, params: &Value) -> Result<(), ArenaError> {
        validate(params)?;
        match &params.nodes[params.root as usize] {
            ValueNode::Fields(fields) => self.fields(params, fields),
            _ => self.node(params, params.root),
        }
        Ok(())
    }

    /// A node of a value whose arena is known to be a tree.
    fn node(&mut self, value: &Value, index: u32) {
        match &value.nodes[index as usize] {
            ValueNode::Null => self.null(),
            ValueNode::Boolean(truth) => self.boolean(*truth),
            ValueNode::Integer(integer) => self.whole(*integer),
            ValueNode::BigInteger(digits) => self.raw(digits),
            ValueNode::Number(number) => self.float(*number),
            ValueNode::Text(text) => self.string(text),
            ValueNode::Bytes(bytes) => {
                self.object(|writer| writer.key(Form::Bytes.key()).base64(bytes))
            }
            ValueNode::Items(children) => self.children(value, children),
            ValueNode::Tuple(children) => {
                self.object(|writer| writer.key(Form::Tuple.key()).children(value, children));
            }
            ValueNode::Fields(fields) => match fields.as_slice() {
                [(key, _)] if key.starts_with('$') => {
                    self.object(|writer| writer.key(Form::Object.key()).fields(value, fields));
                }
                _ => self.fields(value, fields),
            },
            ValueNode::Entries(entries) => self.object(|writer| {
                writer.key(Form::Dict.key()).array(|writer| {
                    for (key, child) in entries {
                        writer.children(value, &[*key, *child]);
                    }
                });
            }),
            ValueNode::Integers(integers) => self.numbers(integers, |out, integer| {
                out.extend_from_slice(itoa::Buffer::new().format(*integer).as_bytes());
            }),
            ValueNode::Numbers(numbers) => self.numbers(numbers, |out, number| {
                if number.is_finite() {
                    float(out, *number);
                } else {
                    out.extend_from_slice(b"{\"$float\":\"");
                    out.extend_from_slice(name_of(*number).as_bytes());
                    out.extend_from_slice(b"\"}");
                }
            }),
        }
    }

    fn children(&mut self, value: &Value, children: &[u32]) {
        self.array(|writer| {
            for child in children {
                writer.node(value, *child);
            }
        });
    }

    fn fields(&mut self, value: &Value, fields: &[(String, u32)]) {
        self.object(|writer| {
            for (key, child) in fields {
                writer.key(key).node(value, *child);
            }
        });
    }

    fn numbers<T>(&mut self, numbers: &[T], write: impl Fn(&mut Vec<u8>, &T)) {
        self.separate();
        self.out.push(b'[');
        for (index, number) in numbers.iter().enumerate() {
            if index > 0 {
                let comma: &[u8] = if self.style == Style::Pretty {
                    b", "
                } else {
                    b","
                };
                self.out.extend_from_slice(comma);
            }
            write(&mut self.out, number);
        }
        self.out.push(b']');
    }

    pub(super) fn raw(&mut self, text: &str) {
        self.separate();
        self.out.extend_from_slice(text.as_bytes());
    }

    fn container<E>(
        &mut self,
        open: u8,
        close: u8,
        body: impl FnOnce(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        self.separate();
        self.out.push(open);
        self.level += 1;
        self.started = false;
        let result = body(self);
        self.level -= 1;
        if self.started {
            self.line();
        }
        self.started = true;
        self.keyed = false;
        self.out.push(close);
        result
    }

    /// What stands between this piece and the one before.
    fn separate(&mut self) {
        if self.keyed {
            self.keyed = false;
            return;
        }
        if self.started {
            self.out.push(b',');
        }
        if self.level > 0 {
            self.line();
        }
        self.started = true;
    }

    fn line(&mut self) {
        if self.style == Style::Pretty {
            self.out.push(b'\n');
            self.out.resize(self.out.len() + 2 * self.level, b' ');
        }
    }
}

/// Writes a finite float as Python's `repr` does: the fewest digits that give
/// the same float, with an exponent from 1e16 up and below 1e-4.
fn float(out: &mut Vec<u8>, value: f64) {
    let magnitude = value.abs();
    let mut buffer = ryu::Buffer::new();
    if magnitude == 0.0 || (1e-4..1e16).contains(&magnitude) {
        out.extend_from_slice(buffer.format_finite(value).as_bytes());
        return;
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ("-", exponent),
        None => ("+", exponent),
    };
    out.extend_from_slice(digits.as_bytes());
    out.push(b'e');
    out.extend_from_slice(sign.as_bytes());
    if exponent.len() < 2 {
        out.push(b'0');
    }
    out.extend_from_slice(exponent.as_bytes());
}

fn quote(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut start = 0;
    for (index, &byte) in bytes.iter().enumerate() {
        let escape: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0x08 => b"\\b",
            0x0c => b"\\f",
            0..0x20 => &[
                b'\\',
                b'u',
                b'0',
                b'0',
                HEX[usize::from(byte >> 4)],
                HEX[usize::from(byte & 15)],
            ],
            _ => continue,
        };
        out.extend_from_slice(&bytes[start..index]);
        out.extend_from_slice(escape);
        start = index + 1;
    }
    out.extend_from_slice(&bytes[start..]);
    out.push(b'"');
}
