//! JSON Schemas (draft 2020-12) of what the JSON form has: manifests, items,
//! results and errors.
//!
//! Records, enums and what is said of them come from the WIT, so that a field
//! added there is in the schemas as well. What JSON does in another way is told
//! here: forms of values, media as objects with one key, and a few names of a
//! manifest.

mod documents;
mod items;
mod manifest;
mod params;
mod reference;
mod wit;

use serde_json::{Map, Value, json};

use crate::types::NodeInfo;

use self::wit::Wit;

pub use self::reference::reference;

/// The dialect of all schemas.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema of a manifest, or of a manifest together with its input: what
/// `load` reads, in JSON or YAML. The parameters are those of these node types.
#[must_use]
pub fn manifest(nodes: &[NodeInfo]) -> Value {
    let wit = Wit::parse();
    let mut defs = items::values();
    manifest::define(&wit, nodes, &mut defs);
    items::define_media(&wit, &mut defs);
    let document = json!({
        "title": "A pipeline's manifest",
        "description": "A manifest, or an object with a manifest and the items that it is to run on.",
        "if": {"required": ["manifest"], "not": {"required": ["nodes"]}},
        "then": {
            "properties": {
                "manifest": {"$ref": "#/$defs/manifest"},
                "input_data": {"type": ["array", "null"], "items": {"$ref": "#/$defs/item"}},
            },
        },
        "else": {"$ref": "#/$defs/manifest"},
    });
    whole(document, defs)
}

/// The schema of an item: a value, or a medium.
#[must_use]
pub fn items() -> Value {
    let mut defs = items::values();
    items::define_media(&Wit::parse(), &mut defs);
    let document = json!({
        "title": "An item",
        "description": "What a pipeline is given and gives: a value or a medium; an input may name the source that \
                        it is meant for.",
        "anyOf": [{"$ref": "#/$defs/input"}, {"$ref": "#/$defs/item"}],
    });
    whole(document, defs)
}

/// The schema of what a run that succeeded comes to.
#[must_use]
pub fn results() -> Value {
    let (wit, mut defs) = (Wit::parse(), items::values());
    items::define_media(&wit, &mut defs);
    let document = documents::success(&wit, &mut defs);
    whole(document, defs)
}

/// The schema of what a run that failed comes to.
#[must_use]
pub fn errors() -> Value {
    let (wit, mut defs) = (Wit::parse(), items::values());
    items::define_media(&wit, &mut defs);
    let document = documents::failure(&wit, &mut defs);
    whole(document, defs)
}

/// A document with the schemas that it refers to.
fn whole(document: Value, defs: Map<String, Value>) -> Value {
    let mut schema = Map::new();
    schema.insert("$schema".into(), DIALECT.into());
    if let Value::Object(document) = document {
        schema.extend(document);
    }
    schema.insert("$defs".into(), Value::Object(defs));
    Value::Object(schema)
}

/// What may be there or be null.
fn or_null(schema: Value) -> Value {
    json!({"anyOf": [schema, {"type": "null"}]})
}
