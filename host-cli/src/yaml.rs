//! JSON as YAML in blocks. What a string needs quotes for in YAML is written as
//! JSON writes it, which YAML reads as well.

use std::fmt::Write as _;

use jiter::JsonValue;

/// Words that YAML, of one version or another, reads as something else than text.
const WORDS: &[&str] = &[
    "null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf", "infinity",
];

/// The same as JSON text says; the text itself where it is none.
pub(crate) fn from_json(json: &str) -> String {
    match JsonValue::parse(json.as_bytes(), true) {
        Ok(value) => {
            let mut text = String::new();
            block(&value, 0, &mut text);
            text
        }
        Err(_) => format!("{json}\n"),
    }
}

/// Writes a value in lines of its own.
fn block(value: &JsonValue<'_>, level: usize, text: &mut String) {
    let indent = "  ".repeat(level);
    match value {
        JsonValue::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields.iter() {
                text.push_str(&indent);
                scalar_text(key, text);
                text.push(':');
                nested(value, level, text);
            }
        }
        JsonValue::Array(items) if !items.is_empty() => {
            for item in items.iter() {
                text.push_str(&indent);
                text.push('-');
                match item {
                    // The first key stands beside the dash.
                    JsonValue::Object(fields) if !fields.is_empty() => {
                        let mut inner = String::new();
                        block(item, level + 1, &mut inner);
                        text.push(' ');
                        text.push_str(inner.trim_start());
                    }
                    item => nested(item, level, text),
                }
            }
        }
        other => {
            text.push_str(&indent);
            flow(other, text);
            text.push('\n');
        }
    }
}

/// Writes what comes after a colon or a dash.
fn nested(value: &JsonValue<'_>, level: usize, text: &mut String) {
    let is_block = match value {
        JsonValue::Object(fields) => !fields.is_empty(),
        JsonValue::Array(items) => items
            .iter()
            .any(|item| matches!(item, JsonValue::Object(_) | JsonValue::Array(_))),
        _ => false,
    };
    if is_block {
        text.push('\n');
        block(value, level + 1, text);
    } else {
        text.push(' ');
        flow(value, text);
        text.push('\n');
    }
}

/// Writes a value on the line.
fn flow(value: &JsonValue<'_>, text: &mut String) {
    // Writing to a string can't fail.
    let _ = match value {
        JsonValue::Null => write!(text, "null"),
        JsonValue::Bool(value) => write!(text, "{value}"),
        JsonValue::Int(value) => write!(text, "{value}"),
        JsonValue::BigInt(value) => write!(text, "{value}"),
        JsonValue::Float(value) if value.is_nan() => write!(text, ".nan"),
        JsonValue::Float(value) => write!(text, "{value:?}"),
        JsonValue::Str(value) => {
            scalar_text(value, text);
            Ok(())
        }
        JsonValue::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    text.push_str(", ");
                }
                flow(item, text);
            }
            write!(text, "]")
        }
        JsonValue::Object(fields) => {
            text.push('{');
            for (at, (key, value)) in fields.iter().enumerate() {
                if at > 0 {
                    text.push_str(", ");
                }
                scalar_text(key, text);
                text.push_str(": ");
                flow(value, text);
            }
            write!(text, "}}")
        }
    };
}

fn scalar_text(value: &str, text: &mut String) {
    if is_plain(value) {
        text.push_str(value);
    } else {
        text.push_str(&serde_json::Value::from(value).to_string());
    }
}

/// Whether text means itself in YAML without quotes.
fn is_plain(value: &str) -> bool {
    let starts = value.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '/');
    starts
        && value
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-./ +@:".contains(c))
        && !value.contains(": ")
        && !value.ends_with([' ', ':'])
        && !WORDS.contains(&&*value.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks() {
        let json = r#"{"version":"v1","nodes":[{"id":"a","node_type":"m:C","params":{"x":[1,2.0],
            "y":"no","z":{},"w":[[1]],"é":"a: b"}},{"id":"b"}],"connections":[]}"#;
        let expected = "\
version: v1
nodes:
  - id: a
    node_type: m:C
    params:
      x: [1, 2.0]
      \"y\": \"no\"
      z: {}
      w:
        - [1]
      \"é\": \"a: b\"
  - id: b
connections: []
";
        assert_eq!(from_json(json), expected);
    }
}
