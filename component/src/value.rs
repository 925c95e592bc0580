//! The values that move between nodes.

pub mod arena;
pub mod items;
mod media;

use std::any::Any;
use std::fmt;

use num_bigint::BigInt;

pub use self::media::*;
pub use pipeline_codec::{MAX_DEPTH, MAX_DIGITS, MAX_NODES};

/// A value breaks one of the limits on what crosses the boundary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Limit {
    /// It has more than [`MAX_DEPTH`] levels.
    #[error("nested deeper than {MAX_DEPTH} levels")]
    Depth,
    /// It has more than [`MAX_NODES`] nodes.
    #[error("the value has more than {MAX_NODES} nodes")]
    Nodes,
    /// An integer has more than [`MAX_DIGITS`] digits.
    #[error(
        "the integer has more than {MAX_DIGITS} digits; give it in another form, for example \
         as a string in hexadecimal"
    )]
    Digits,
}

/// Enters a list, tuple or mapping that stands in `depth` others; gives the
/// depth of what is in it.
///
/// # Errors
/// [`Limit::Depth`], where that is too deep.
pub fn enter(depth: usize) -> Result<usize, Limit> {
    match depth < MAX_DEPTH {
        true => Ok(depth + 1),
        false => Err(Limit::Depth),
    }
}

/// Bits of the largest integer of [`MAX_DIGITS`] digits.
const MAX_BITS: u64 = 14_285;

/// The decimal digits of an integer.
///
/// # Errors
/// [`Limit::Digits`], where they are too many; they are not worked out then.
pub fn digits(value: &BigInt) -> Result<String, Limit> {
    if value.bits() > MAX_BITS {
        return Err(Limit::Digits);
    }
    let digits = value.to_string();
    match digits.trim_start_matches('-').len() > MAX_DIGITS {
        true => Err(Limit::Digits),
        false => Ok(digits),
    }
}

/// Checks that an integer has no more than [`MAX_DIGITS`] digits.
///
/// # Errors
/// [`Limit::Digits`].
pub fn check_digits(value: &BigInt) -> Result<(), Limit> {
    match value.bits() < MAX_BITS {
        true => Ok(()),
        false => digits(value).map(drop),
    }
}

/// The integer that decimal digits with an optional `-` stand for; `None` for
/// any other text.
///
/// # Errors
/// [`Limit::Digits`].
pub fn from_digits(text: &str) -> Result<Option<BigInt>, Limit> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    if digits.len() > MAX_DIGITS {
        return Err(Limit::Digits);
    }
    Ok(text.parse().ok())
}

/// A dynamic value, a medium, or an object that only its own language knows.
#[derive(Debug)]
pub enum Value {
    /// Python's `None`.
    Null,
    /// A truth value.
    Bool(bool),
    /// An integer that fits 64 bits.
    Int(i64),
    /// An integer beyond 64 bits.
    BigInt(Box<BigInt>),
    /// A float.
    Float(f64),
    /// A string.
    Text(String),
    /// Raw bytes.
    Bytes(Vec<u8>),
    /// A list.
    List(Vec<Value>),
    /// A list of integers that all fit 64 bits; equal to the same [`Value::List`].
    Ints(Vec<i64>),
    /// A list of floats; equal to the same [`Value::List`].
    Floats(Vec<f64>),
    /// A tuple.
    Tuple(Vec<Value>),
    /// A mapping whose keys are all strings, in insertion order.
    Map(Vec<(String, Value)>),
    /// A mapping with a key that is no string, in insertion order.
    Entries(Vec<(Value, Value)>),
    /// A medium: only as a whole item, never inside another value.
    Media(Box<Media>),
    /// An object of an embedded language, unconverted.
    Object(Box<dyn Object>),
}

impl Value {
    /// What it is, in words: `a list`, `an integer`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) | Self::BigInt(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Text(_) => "a string",
            Self::Bytes(_) => "bytes",
            Self::List(_) | Self::Ints(_) | Self::Floats(_) => "a list",
            Self::Tuple(_) => "a tuple",
            Self::Map(_) => "an object",
            Self::Entries(_) => "a mapping",
            Self::Media(media) => media.kind(),
            Self::Object(_) => "an object of another language",
        }
    }

    /// An integer of any size.
    #[must_use]
    pub fn integer(value: BigInt) -> Self {
        match i64::try_from(&value) {
            Ok(small) => Self::Int(small),
            Err(_) => Self::BigInt(Box::new(value)),
        }
    }

    /// A list, in its bulk form where it has one.
    #[must_use]
    pub fn list(items: Vec<Self>) -> Self {
        let ints = |item: &Self| matches!(item, Self::Int(_));
        let floats = |item: &Self| matches!(item, Self::Float(_));
        if items.is_empty() {
            Self::List(items)
        } else if items.iter().all(ints) {
            let int = |item| match item {
                Self::Int(value) => Some(value),
                _ => None,
            };
            Self::Ints(items.into_iter().filter_map(int).collect())
        } else if items.iter().all(floats) {
            let float = |item| match item {
                Self::Float(value) => Some(value),
                _ => None,
            };
            Self::Floats(items.into_iter().filter_map(float).collect())
        } else {
            Self::List(items)
        }
    }

    /// A field of a map.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Map(fields) => fields
                .iter()
                .find(|(field, _)| field == name)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// A copy that shares no mutable state with it.
    ///
    /// # Errors
    /// Says why an object can't be copied.
    pub fn duplicate(&self) -> Result<Self, NoForm> {
        match self {
            Self::Object(object) => object.duplicate().map(Self::Object),
            // Objects are whole items, so there is none further inside.
            plain => Ok(plain.clone()),
        }
    }

    /// The value without objects: what can leave the language it came from.
    ///
    /// # Errors
    /// Says at which path inside an object something has no form.
    pub fn into_plain(self) -> Result<Self, NoForm> {
        match self {
            Self::Object(object) => object.to_value(),
            plain => Ok(plain),
        }
    }

    /// Whether it has more than `limit` levels of lists, tuples and mappings in
    /// each other. It looks no deeper than that.
    #[must_use]
    pub fn is_deeper_than(&self, limit: usize) -> bool {
        let is_flat = !matches!(
            self,
            Self::List(_)
                | Self::Ints(_)
                | Self::Floats(_)
                | Self::Tuple(_)
                | Self::Map(_)
                | Self::Entries(_)
        );
        if is_flat {
            return false;
        }
        let Some(rest) = limit.checked_sub(1) else {
            return true;
        };
        match self {
            Self::List(items) | Self::Tuple(items) => items.iter().any(|v| v.is_deeper_than(rest)),
            Self::Map(fields) => fields.iter().any(|(_, v)| v.is_deeper_than(rest)),
            Self::Entries(entries) => entries
                .iter()
                .any(|(k, v)| k.is_deeper_than(rest) || v.is_deeper_than(rest)),
            _ => false,
        }
    }

    /// Whether it can be a mapping's key, as in Python: what can change is none.
    #[must_use]
    pub fn is_key(&self) -> bool {
        match self {
            Self::List(_) | Self::Ints(_) | Self::Floats(_) => false,
            Self::Map(_) | Self::Entries(_) | Self::Media(_) | Self::Object(_) => false,
            Self::Tuple(items) => items.iter().all(Self::is_key),
            _ => true,
        }
    }
}

impl Clone for Value {
    /// Copies a value.
    ///
    /// # Panics
    /// On an object that can't be copied; [`duplicate`](Self::duplicate) says
    /// so instead, and is what the executor uses.
    fn clone(&self) -> Self {
        match self {
            Self::Null => Self::Null,
            Self::Bool(value) => Self::Bool(*value),
            Self::Int(value) => Self::Int(*value),
            Self::BigInt(value) => Self::BigInt(value.clone()),
            Self::Float(value) => Self::Float(*value),
            Self::Text(value) => Self::Text(value.clone()),
            Self::Bytes(value) => Self::Bytes(value.clone()),
            Self::List(items) => Self::List(items.clone()),
            Self::Ints(items) => Self::Ints(items.clone()),
            Self::Floats(items) => Self::Floats(items.clone()),
            Self::Tuple(items) => Self::Tuple(items.clone()),
            Self::Map(fields) => Self::Map(fields.clone()),
            Self::Entries(entries) => Self::Entries(entries.clone()),
            Self::Media(media) => Self::Media(media.clone()),
            Self::Object(object) => Self::Object(
                object
                    .duplicate()
                    .unwrap_or_else(|error| panic!("{error}: {object:?}")),
            ),
        }
    }
}

impl PartialEq for Value {
    /// Equal in type and content; a list and its bulk form are the same. As
    /// with floats, NaN equals nothing. Objects are compared by their own
    /// language alone, so here none equals another.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::BigInt(a), Self::BigInt(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Tuple(a), Self::Tuple(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => a == b,
            (Self::Entries(a), Self::Entries(b)) => a == b,
            (Self::Media(a), Self::Media(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Ints(a), Self::Ints(b)) => a == b,
            (Self::Floats(a), Self::Floats(b)) => a == b,
            (Self::List(list), Self::Ints(ints)) | (Self::Ints(ints), Self::List(list)) => {
                let is = |(value, int): (&Self, &i64)| matches!(value, Self::Int(v) if v == int);
                list.len() == ints.len() && list.iter().zip(ints).all(is)
            }
            (Self::List(list), Self::Floats(floats)) | (Self::Floats(floats), Self::List(list)) => {
                let is =
                    |(value, float): (&Self, &f64)| matches!(value, Self::Float(v) if v == float);
                list.len() == floats.len() && list.iter().zip(floats).all(is)
            }
            // An empty list has no element that tells the bulk forms apart.
            (Self::Ints(a), Self::Floats(b)) | (Self::Floats(b), Self::Ints(a)) => {
                a.is_empty() && b.is_empty()
            }
            _ => false,
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

/// An object of an embedded language that passes from one of its nodes to
/// the next without being converted.
pub trait Object: fmt::Debug {
    /// Converts it to a plain value or medium.
    ///
    /// # Errors
    /// Says at which path inside the object something has no form.
    fn to_value(&self) -> Result<Value, NoForm>;

    /// Whether what [`to_value`](Self::to_value) gives becomes an equal object of the
    /// same types again.
    fn is_plain(&self) -> bool;

    /// A copy that shares no mutable state with it.
    ///
    /// # Errors
    /// Says why it can't be copied.
    fn duplicate(&self) -> Result<Box<dyn Object>, NoForm>;

    /// For the language's own nodes, to get the object back.
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

/// An object, or a part of one, has no form outside its language.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}{sep}{message}", sep = if path.is_empty() { "" } else { ": " })]
pub struct NoForm {
    /// Where inside the object, for example `results.x[2]`; empty for the whole.
    pub path: String,
    /// Why, and what to do.
    pub message: String,
}

impl NoForm {
    /// The whole of an object has no form.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            path: String::new(),
            message: message.into(),
        }
    }
}

impl From<Limit> for NoForm {
    fn from(limit: Limit) -> Self {
        Self::new(limit.to_string())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_list_and_its_bulk_form_are_equal() {
        let list = |items: &[i64]| Value::List(items.iter().copied().map(Value::Int).collect());
        assert_eq!(list(&[1, 2]), Value::Ints(vec![1, 2]));
        assert_eq!(Value::Ints(vec![1, 2]), list(&[1, 2]));
        assert_ne!(list(&[1, 2]), Value::Ints(vec![1, 3]));
        assert_ne!(list(&[1]), Value::Ints(vec![1, 2]));
        assert_eq!(Value::List(Vec::new()), Value::Floats(Vec::new()));
        assert_eq!(Value::Ints(Vec::new()), Value::Floats(Vec::new()));
        assert_ne!(Value::Ints(vec![1]), Value::Floats(vec![1.0]));
        assert_ne!(list(&[1]), Value::Floats(vec![1.0]));
        assert_ne!(list(&[1]), Value::Tuple(vec![Value::Int(1)]));
    }

    #[test]
    fn integers_have_so_many_digits() {
        let largest: BigInt = BigInt::from(10).pow(MAX_DIGITS as u32) - 1;
        assert_eq!(largest.bits(), MAX_BITS);
        for fits in [largest.clone(), -largest.clone(), BigInt::ZERO] {
            assert_eq!(check_digits(&fits), Ok(()));
            assert_eq!(from_digits(&digits(&fits).unwrap()), Ok(Some(fits)));
        }
        for longer in [&largest + 1, -&largest - 1, &largest << 100_000_000] {
            assert_eq!(check_digits(&longer), Err(Limit::Digits));
            assert_eq!(digits(&longer), Err(Limit::Digits));
        }
        assert_eq!(from_digits(&"0".repeat(MAX_DIGITS + 1)), Err(Limit::Digits));
        for no_integer in ["", "-", "+1", "1_0", "0x1", "--1", " 1"] {
            assert_eq!(from_digits(no_integer), Ok(None), "{no_integer}");
        }
    }

    #[test]
    fn depth_is_counted_in_levels_of_nesting() {
        let mut value = Value::Null;
        assert!(!value.is_deeper_than(0));
        for depth in 1..=5 {
            value = Value::List(vec![value]);
            assert!(value.is_deeper_than(depth - 1));
            assert!(!value.is_deeper_than(depth));
        }
        assert!(Value::Ints(vec![1]).is_deeper_than(0));
    }

    proptest! {
        #[test]
        fn the_bulk_form_of_integers_equals_the_list(ints in prop::collection::vec(any::<i64>(), 0..20)) {
            let list = Value::List(ints.iter().copied().map(Value::Int).collect());
            prop_assert_eq!(&list, &Value::Ints(ints));
            prop_assert_eq!(&Value::list(match list.clone() { Value::List(l) => l, _ => vec![] }), &list);
        }

        #[test]
        fn the_bulk_form_of_floats_equals_the_list(
            floats in prop::collection::vec(prop::num::f64::NORMAL | prop::num::f64::ZERO, 0..20)
        ) {
            let list = Value::List(floats.iter().copied().map(Value::Float).collect());
            prop_assert_eq!(&list, &Value::Floats(floats));
        }

        #[test]
        fn integers_take_the_small_form_where_they_fit(high in any::<i64>(), low in any::<u32>()) {
            let big = BigInt::from(high) * BigInt::from(low);
            match Value::integer(big.clone()) {
                Value::Int(value) => prop_assert_eq!(BigInt::from(value), big),
                Value::BigInt(value) => {
                    prop_assert!(i64::try_from(&*value).is_err());
                    prop_assert_eq!(*value, big);
                }
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }
}
