//! What runs come to.

use serde_json::{Map, Value, json};

use super::items::described;
use super::or_null;
use super::wit::{Kind, Wit};

/// A run that succeeded.
pub(super) fn success(wit: &Wit, defs: &mut Map<String, Value>) -> Value {
    for record in [
        "graph-info",
        "diagnostic",
        "related",
        "location",
        "node-metrics",
    ] {
        define(wit, record, defs);
    }
    json!({
        "title": "The result of a run",
        "type": "object",
        "required": ["status", "outputs", "graph_info"],
        "properties": {
            "status": {"const": "success"},
            "outputs": outputs(),
            "graph_info": {"$ref": "#/$defs/graph_info"},
            "warnings": {"type": "array", "items": {"$ref": "#/$defs/diagnostic"}},
            "metrics": {
                "description": "Where it is asked for.",
                "type": "array",
                "items": {"$ref": "#/$defs/node_metrics"},
            },
        },
    })
}

/// A run that failed.
pub(super) fn failure(wit: &Wit, defs: &mut Map<String, Value>) -> Value {
    for record in ["diagnostic", "related", "location", "pipeline-error"] {
        define(wit, record, defs);
    }
    // What sinks gave stands beside the error, and its kind may be the host's.
    if let Some(Value::Object(error)) = defs.get_mut("pipeline_error") {
        let kinds: Vec<String> = kinds(wit);
        if let Some(Value::Object(properties)) = error.get_mut("properties") {
            properties.remove("outputs");
            properties.insert(
                "kind".into(),
                json!({
                    "description": format!(
                        "What failed: {}, or what the host ended the run for, such as `deadline` and `memory-limit`.",
                        kinds.join(", ")
                    ),
                    "type": "string",
                }),
            );
        }
        if let Some(Value::Array(required)) = error.get_mut("required") {
            required.retain(|name| name != "outputs");
        }
    }
    json!({
        "title": "The error of a run",
        "type": "object",
        "required": ["status", "error"],
        "properties": {
            "status": {"const": "error"},
            "error": {"$ref": "#/$defs/pipeline_error"},
            "warnings": {"type": "array", "items": {"$ref": "#/$defs/diagnostic"}},
            "outputs": outputs(),
        },
    })
}

fn kinds(wit: &Wit) -> Vec<String> {
    let cases = wit.parts("error-kind").into_iter();
    cases
        .map(|case| format!("`{}`", case.name.replace('_', "-")))
        .collect()
}

fn outputs() -> Value {
    let items = json!({"type": "array", "items": {"$ref": "#/$defs/item"}});
    json!({
        "description": "The items that the sinks gave, sink by sink; by the ids of the sinks where that is asked for.",
        "anyOf": [items, {"type": "object", "additionalProperties": items}],
    })
}

/// Adds the schema of a record, all of whose fields are written.
fn define(wit: &Wit, record: &str, defs: &mut Map<String, Value>) {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for part in wit.parts(record) {
        let kind = part.kind.unwrap_or(Kind::Text);
        let schema = described(written(wit, &kind), &part.docs);
        required.push(part.name.clone());
        properties.insert(part.name, schema);
    }
    let schema = json!({
        "type": "object",
        "required": required,
        "properties": properties,
    });
    defs.insert(
        record.replace('-', "_"),
        described(schema, &wit.docs(record)),
    );
}

fn written(wit: &Wit, kind: &Kind<'_>) -> Value {
    match kind {
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::Whole(most) => json!({"type": "integer", "minimum": 0, "maximum": most}),
        Kind::Float => json!({"type": "number"}),
        Kind::Text | Kind::Payload => json!({"type": "string"}),
        Kind::Option(inner) => or_null(written(wit, inner)),
        Kind::List(inner) => json!({"type": "array", "items": written(wit, inner)}),
        Kind::Named(name) if wit.is_enum(name) => {
            let cases = wit.parts(name).into_iter();
            let names: Vec<String> = cases.map(|case| case.name.replace('_', "-")).collect();
            json!({"enum": names})
        }
        Kind::Named(name) => json!({"$ref": format!("#/$defs/{}", name.replace('-', "_"))}),
    }
}
