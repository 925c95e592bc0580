//! Values and media.

use serde_json::{Map, Value, json};

use super::or_null;
use super::wit::{Kind, Part, Wit};
use crate::forms::{Form, MEDIA};
use crate::names::IMAGE_FORMATS;

/// The schemas of values and of the forms in them.
pub(super) fn values() -> Map<String, Value> {
    let mut defs = Map::new();
    let mut value = vec![
        json!({"type": ["null", "boolean", "number", "string"]}),
        json!({"type": "array", "items": {"$ref": "#/$defs/value"}}),
    ];
    for form in Form::ALL {
        let name = &form.key()[1..];
        defs.insert(name.into(), form_schema(*form));
        value.push(json!({"$ref": format!("#/$defs/{name}")}));
    }
    value.push(json!({"$ref": "#/$defs/mapping"}));
    defs.insert(
        "mapping".into(),
        json!({
            "description": "A mapping. One with a single key that begins with `$` is written as `$object`.",
            "type": "object",
            "not": {"minProperties": 1, "maxProperties": 1, "patternProperties": {"^\\$": true}, "additionalProperties": false},
            "additionalProperties": {"$ref": "#/$defs/value"},
        }),
    );
    let described = json!({
        "description": "A value: plain JSON, and an object with one key that begins with `$` for what JSON can't say. \
                        Nested at most 128 deep; integers have at most 4,300 digits.",
        "anyOf": value,
    });
    defs.insert("value".into(), described);
    defs
}

fn form_schema(form: Form) -> Value {
    let (description, held) = match form {
        Form::Float => (
            "A float that JSON has no number for.",
            json!({"enum": ["nan", "inf", "-inf"]}),
        ),
        Form::Bytes => ("Bytes.", base64()),
        Form::Tuple => (
            "A tuple.",
            json!({"type": "array", "items": {"$ref": "#/$defs/value"}}),
        ),
        Form::Dict => (
            "A mapping whose keys are not all strings: pairs of key and value.",
            json!({
                "type": "array",
                "items": {"type": "array", "minItems": 2, "maxItems": 2, "items": {"$ref": "#/$defs/value"}},
            }),
        ),
        Form::Object => (
            "A mapping that would read as another form.",
            json!({"type": "object", "additionalProperties": {"$ref": "#/$defs/value"}}),
        ),
    };
    lone(form.key(), description, held)
}

/// An object with one key.
fn lone(key: &str, description: &str, held: Value) -> Value {
    json!({
        "description": description,
        "type": "object",
        "required": [key],
        "additionalProperties": false,
        "properties": {key: held},
    })
}

fn base64() -> Value {
    json!({
        "type": "string",
        "contentEncoding": "base64",
        "pattern": "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
    })
}

/// Adds the schemas of items.
pub(super) fn define_media(wit: &Wit, defs: &mut Map<String, Value>) {
    let mut item = vec![json!({"$ref": "#/$defs/value"})];
    for key in MEDIA {
        let name = &key[1..];
        defs.insert(name.into(), lone(key, &wit.docs(name), fields(wit, name)));
        item.push(json!({"$ref": format!("#/$defs/{name}")}));
    }
    defs.insert("item".into(), json!({"anyOf": item}));
    let meant = json!({
        "type": "object",
        "required": ["node", "item"],
        "additionalProperties": false,
        "properties": {"node": {"type": "string"}, "item": {"$ref": "#/$defs/item"}},
    });
    let description = "An item that is meant for one source.";
    defs.insert("input".into(), lone("$input", description, meant));
}

/// What a medium's object holds.
fn fields(wit: &Wit, name: &str) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for Part {
        name: field,
        docs,
        kind,
    } in wit.parts(name)
    {
        let kind = kind.unwrap_or(Kind::Text);
        // What the WIT always has and JSON may leave out.
        let has_default = matches!(
            (name, field.as_str()),
            ("video", "frame_number" | "timestamp_us" | "is_keyframe")
        );
        let schema = match (name, field.as_str()) {
            ("audio", "sample_rate" | "channels") => {
                json!({"type": "integer", "minimum": 1, "maximum": u32::MAX})
            }
            ("image", "format") => json!({"enum": IMAGE_FORMATS}),
            (_, "metadata") => or_null(json!({"type": "object", "$ref": "#/$defs/value"})),
            _ => schema_of(wit, &kind),
        };
        let is_optional = matches!(kind, Kind::Option(_)) || has_default;
        let schema = match has_default {
            true => or_null(schema),
            false => schema,
        };
        properties.insert(field.clone(), described(schema, &docs));
        if !is_optional {
            required.push(field);
        }
    }
    let mut object = json!({
        "type": "object",
        "required": required,
        "additionalProperties": false,
        "properties": properties,
    });
    if name == "image" {
        let names: Vec<String> = wit
            .parts("pixel-format")
            .into_iter()
            .map(|it| it.name)
            .collect();
        object["properties"]["pixel_format"] = described(
            json!({"enum": names}),
            "How uncompressed pixels lie; with the format `raw` alone.",
        );
        object["if"] = json!({"properties": {"format": {"const": "raw"}}});
        object["then"] = json!({"required": ["pixel_format"]});
        object["else"] = json!({"properties": {"pixel_format": false}});
    }
    object
}

/// The schema of a field's content.
fn schema_of(wit: &Wit, kind: &Kind<'_>) -> Value {
    match kind {
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::Whole(most) => json!({"type": "integer", "minimum": 0, "maximum": most}),
        Kind::Float => json!({"type": "number"}),
        Kind::Text => json!({"type": "string"}),
        Kind::Payload => base64(),
        Kind::Option(inner) => or_null(schema_of(wit, inner)),
        Kind::List(inner) => json!({"type": "array", "items": schema_of(wit, inner)}),
        Kind::Named(name) => {
            // The SDK writes underscores, and both are read.
            let cases = wit.parts(name).into_iter().map(|case| case.name);
            let mut names: Vec<String> = cases
                .flat_map(|name| [name.replace('_', "-"), name])
                .collect();
            names.dedup();
            json!({"enum": names})
        }
    }
}

/// A schema with what is said of it.
pub(super) fn described(schema: Value, docs: &str) -> Value {
    let mut all = Map::new();
    if !docs.is_empty() {
        all.insert("description".into(), docs.into());
    }
    if let Value::Object(schema) = schema {
        all.extend(schema);
    }
    Value::Object(all)
}
