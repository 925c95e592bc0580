//! Any text as a value in YAML or JSON: what is read is within the limits, and
//! no larger than the text and its aliases account for.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pipeline_component::manifest::parse_value;
use pipeline_component::value::{MAX_DEPTH, Value};

fn size(value: &Value) -> usize {
    1 + match value {
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::Ints(items) => items.len(),
        Value::Floats(items) => items.len(),
        Value::List(items) | Value::Tuple(items) => items.iter().map(size).sum(),
        Value::Map(fields) => fields.iter().map(|(name, it)| name.len() + size(it)).sum(),
        Value::Entries(entries) => entries.iter().map(|(k, v)| size(k) + size(v)).sum(),
        _ => 0,
    }
}

fuzz_target!(|text: &str| {
    // Begun with a comment it is YAML, whatever else it is.
    for text in [text.to_owned(), format!("#\n{text}")] {
        match parse_value(&text) {
            Err(found) => assert!(!found.is_empty() && found.len() <= 101),
            Ok(value) => {
                assert!(!value.is_deeper_than(MAX_DEPTH));
                assert!(size(&value) <= 2 * text.len() + 2 + 100_000 + (8 << 20));
            }
        }
    }
});
