//! Parameters of node types.

use serde_json::{Map, Value, json};

use super::items::described;
use crate::types::{NodeInfo, ParamInfo};
use crate::value_to_json;

/// The schema of a node type's parameters. Others than these may be given:
/// Python nodes may take any, parameters go by other spellings too, and what
/// nobody takes or what is missing is said when a manifest is checked.
pub(super) fn of(node: &NodeInfo) -> Value {
    let properties: Map<String, Value> = node
        .params
        .iter()
        .map(|param| (param.name.clone(), schema(param)))
        .collect();
    let schema = json!({"type": "object", "properties": properties});
    described(schema, &node.summary)
}

fn schema(param: &ParamInfo) -> Value {
    let mut schema = described(type_of(&param.param_type), &param.summary);
    let default = param
        .default
        .as_ref()
        .and_then(|default| value_to_json(default).ok());
    if let Some(default) = default.and_then(|json| serde_json::from_str::<Value>(&json).ok()) {
        schema["default"] = default;
    }
    schema
}

/// The schema of a type in readable form. What it does not know may be anything.
fn type_of(readable: &str) -> Value {
    let alternatives: Vec<&str> = alternatives(readable);
    if alternatives.len() > 1 {
        // Words that are no types are the strings that may be given.
        if alternatives
            .iter()
            .all(|word| plain(word).is_none() && is_word(word))
        {
            return json!({"enum": alternatives});
        }
        let schemas: Vec<Value> = alternatives.iter().map(|one| type_of(one)).collect();
        return match schemas.contains(&json!({})) {
            true => json!({}),
            false => json!({"anyOf": schemas}),
        };
    }
    plain(readable).unwrap_or_else(|| json!({}))
}

fn plain(name: &str) -> Option<Value> {
    if let Some(inner) = name
        .strip_prefix("list[")
        .and_then(|rest| rest.strip_suffix(']'))
    {
        return Some(json!({"type": "array", "items": type_of(inner)}));
    }
    Some(match name {
        "number" | "float" => json!({"anyOf": [{"type": "number"}, {"$ref": "#/$defs/float"}]}),
        "int" => json!({"type": "integer"}),
        "bool" => json!({"type": "boolean"}),
        "str" => json!({"type": "string"}),
        "None" => json!({"type": "null"}),
        "Any" => json!({}),
        _ => return None,
    })
}

fn is_word(word: &str) -> bool {
    !word.is_empty()
        && word
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// The parts between bars that stand in no brackets.
fn alternatives(readable: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_i32, 0);
    for (at, character) in readable.char_indices() {
        match character {
            '[' => depth += 1,
            ']' => depth -= 1,
            '|' if depth == 0 => {
                parts.push(readable[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(readable[start..].trim());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readable_types_are_understood() {
        let float = json!({"anyOf": [{"type": "number"}, {"$ref": "#/$defs/float"}]});
        for (readable, schema) in [
            ("int", json!({"type": "integer"})),
            ("float", float),
            (
                "low | medium | high",
                json!({"enum": ["low", "medium", "high"]}),
            ),
            (
                "int | None",
                json!({"anyOf": [{"type": "integer"}, {"type": "null"}]}),
            ),
            (
                "list[str | None]",
                json!({"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "null"}]}}),
            ),
            (
                "list[Any] | None",
                json!({"anyOf": [{"type": "array", "items": {}}, {"type": "null"}]}),
            ),
            ("Callable[[str], str | None] | str", json!({})),
            ("Any", json!({})),
            ("numpy.ndarray", json!({})),
        ] {
            assert_eq!(type_of(readable), schema, "{readable}");
        }
    }
}
