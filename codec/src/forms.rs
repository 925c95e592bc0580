//! Objects that stand for something else: those with one key alone, which
//! begins with `$`.
//!
//! What is read from JSON and what manifests have inside is told apart by the
//! same functions, and what is wrong with it is said in the same words.

use std::collections::HashSet;
use std::ops::Range;

use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use base64::{DecodeError, Engine as _};

use super::arena::MAX_DEPTH;

/// A form inside a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A float that JSON has no number for.
    Float,
    /// Bytes, in base64.
    Bytes,
    /// A tuple.
    Tuple,
    /// A mapping whose keys are not all strings.
    Dict,
    /// A mapping that would read as a form.
    Object,
}

impl Form {
    /// All forms.
    pub const ALL: &[Self] = &[
        Self::Float,
        Self::Bytes,
        Self::Tuple,
        Self::Dict,
        Self::Object,
    ];

    /// Its key.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Float => "$float",
            Self::Bytes => "$bytes",
            Self::Tuple => "$tuple",
            Self::Dict => "$dict",
            Self::Object => "$object",
        }
    }

    /// The form that has this key.
    #[must_use]
    pub fn of(key: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|form| form.key() == key)
    }

    /// What it must hold, in words.
    #[must_use]
    pub const fn holds(self) -> &'static str {
        match self {
            Self::Float => r#""nan", "inf" or "-inf""#,
            Self::Bytes => "a string in base64",
            Self::Tuple => "a list",
            Self::Dict => "a list of [key, value] pairs",
            Self::Object => "an object",
        }
    }
}

/// The keys of forms that stand for whole items, and are no part of a value.
pub const MEDIA: &[&str] = &[
    "$audio", "$video", "$image", "$tensor", "$text", "$binary", "$file", "$control",
];

/// The floats that JSON has no number for, by name.
const FLOATS: &[(&str, f64)] = &[
    ("nan", f64::NAN),
    ("inf", f64::INFINITY),
    ("-inf", f64::NEG_INFINITY),
];

/// The float of a name in `$float`.
#[must_use]
pub fn float_of(name: &str) -> Option<f64> {
    let mut floats = FLOATS.iter();
    floats.find(|(known, _)| *known == name).map(|it| it.1)
}

/// The name in `$float` of a float that is not finite.
#[must_use]
pub fn name_of(float: f64) -> &'static str {
    match float {
        f64::INFINITY => "inf",
        f64::NEG_INFINITY => "-inf",
        _ => "nan",
    }
}

/// Says that no form has this key.
#[must_use]
pub fn unknown(key: &str) -> String {
    format!(
        "the form {key} is unknown (an object with this one key is written \
         {{\"$object\": {{\"{key}\": ...}}}})"
    )
}

/// The standard alphabet, with padding. Bits beyond the last byte don't count,
/// as in Python and in browsers.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// The bytes of a string in base64, with padding and without blanks.
///
/// # Errors
/// Says at which byte it is no base64.
pub fn bytes_of(base64: &str) -> Result<Vec<u8>, DecodeError> {
    BASE64.decode(base64)
}

/// Objects with one key, as far as the text was looked at. One pass finds out
/// about an object and all that are in it, so that forms inside forms cost no
/// more than others.
#[derive(Debug, Default)]
pub(super) struct Forms {
    looked: Range<usize>,
    lone: HashSet<usize>,
}

impl Forms {
    /// Whether the object that begins at `start` has one key alone. What is
    /// wrong with its value is said when that is read.
    pub(super) fn has_one_key(&mut self, text: &[u8], start: usize) -> bool {
        if !self.looked.contains(&start) {
            self.look(text, start);
        }
        self.lone.contains(&start)
    }

    fn look(&mut self, text: &[u8], start: usize) {
        self.lone.clear();
        // Where what is open began, and whether it has no comma so far.
        let mut open: Vec<(usize, bool)> = Vec::new();
        let mut at = start;
        while let Some(byte) = text.get(at) {
            match byte {
                b'"' => at = end_of_string(text, at),
                // Deeper than any value: reading it comes to an end before that.
                b'[' | b'{' if open.len() > 4 * MAX_DEPTH => break,
                b'[' | b'{' => open.push((at, true)),
                b',' => {
                    if let Some((_, alone)) = open.last_mut() {
                        *alone = false;
                    }
                }
                b']' | b'}' => {
                    if let Some((begin, true)) = open.pop()
                        && text[begin] == b'{'
                    {
                        self.lone.insert(begin);
                    }
                    if open.is_empty() {
                        break;
                    }
                }
                _ => {}
            }
            at += 1;
        }
        self.looked = start..at.max(start + 1);
    }
}

/// Where the string that begins at `start` has its last quote.
fn end_of_string(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pass_tells_all() {
        let text = br#" {"$a": [{"$b": {"c": "},[", "d": 1}}, {"$e": 1}, [{"f": 1}]]} {"g": 1}"#;
        let starts = text.iter().enumerate();
        let starts = starts.filter(|&(at, byte)| *byte == b'{' && text[at + 1] == b'"');
        let mut forms = Forms::default();
        let found: Vec<bool> = starts.map(|(at, _)| forms.has_one_key(text, at)).collect();
        assert_eq!(found, [true, true, false, true, true, true]);
        assert!(!forms.has_one_key(br#"{"$a": 1"#, 0));
        assert!(!forms.has_one_key(b"{\"$a\\", 0));
    }
}
