//! Manifests.

use serde_json::{Map, Value, json};

use super::items::described;
use super::params;
use super::wit::{Kind, Part, Wit};
use crate::types::NodeInfo;

/// The records of a manifest, in the order of the reference.
pub(super) const RECORDS: &[&str] = &[
    "manifest",
    "metadata",
    "python-env",
    "node-spec",
    "capabilities",
    "gpu-requirement",
    "cpu-requirement",
    "execution",
    "media-capabilities",
    "port-media",
    "connection",
];

/// The fields that must be there.
pub(super) fn is_required(record: &str, field: &str) -> bool {
    matches!(
        (record, field),
        ("manifest", "version" | "nodes")
            | ("node-spec", "id" | "node_type")
            | ("connection", "from" | "to")
            | ("port-media", "type")
    )
}

/// The fields of a record as manifests have them.
pub(super) fn fields<'w>(wit: &'w Wit, record: &str) -> Vec<Part<'w>> {
    let mut parts = wit.parts(record);
    for part in &mut parts {
        part.name = match (record, part.name.as_str()) {
            ("gpu-requirement", "gpu_type") | ("port-media", "kind") => "type".into(),
            (_, name) => name.into(),
        };
    }
    match record {
        // The key in `inputs` and `outputs` is the port.
        "port-media" => parts.retain(|part| part.name != "port"),
        // Keys that manifests of the SDK have beside those of the record.
        "manifest" => parts.extend(
            [
                (
                    "runtime",
                    "What the SDK notes of its own runtime; not used here.",
                ),
                (
                    "python_nodes",
                    "Files whose classes are node types: paths, or objects with one.",
                ),
                ("name", "The same as `name` in `metadata`."),
                ("description", "The same as `description` in `metadata`."),
                ("author", "The same as `author` in `metadata`."),
            ]
            .map(|(name, docs)| Part {
                name: name.into(),
                docs: docs.into(),
                kind: None,
            }),
        ),
        "connection" => parts.extend(["from_port", "to_port"].map(|name| Part {
            name: name.into(),
            docs: "The SDK's: `default`, since a node has one way in and one way out.".into(),
            kind: None,
        })),
        _ => {}
    }
    parts
}

/// Adds the schemas of a manifest's records, and of parameters.
pub(super) fn define(wit: &Wit, nodes: &[NodeInfo], defs: &mut Map<String, Value>) {
    for record in RECORDS {
        let rules = match *record {
            "node-spec" => nodes.iter().map(by_type).collect(),
            _ => Vec::new(),
        };
        let schema = object(wit, record, rules);
        defs.insert(name_of(record), described(schema, &wit.docs(record)));
    }
    for node in nodes {
        defs.insert(params_of(node), params::of(node));
    }
}

fn name_of(record: &str) -> String {
    record.replace('-', "_")
}

fn params_of(node: &NodeInfo) -> String {
    format!("params.{}", node.node_type)
}

/// The parameters of a node that has this type.
fn by_type(node: &NodeInfo) -> Value {
    let is =
        |name: &str| json!({"required": [name], "properties": {name: {"const": node.node_type}}});
    let params = json!({"anyOf": [
        {"$ref": format!("#/$defs/{}", params_of(node))},
        {"type": "null"},
    ]});
    let needs = node.params.iter().any(|param| param.required);
    let mut then = json!({"properties": {"params": params}});
    if needs {
        then["required"] = json!(["params"]);
    }
    json!({"if": {"anyOf": [is("node_type"), is("nodeType")]}, "then": then})
}

/// A record as an object. Fields may be null, which is as if they were not there,
/// and may be in camel case; what nobody reads is warned of.
fn object(wit: &Wit, record: &str, rules: Vec<Value>) -> Value {
    let (mut properties, mut all) = (Map::new(), Vec::new());
    for part in fields(wit, record) {
        let needed = is_required(record, &part.name);
        let schema = content(wit, record, &part);
        let schema = match needed {
            true => schema,
            false => super::or_null(schema),
        };
        let camel = camel_case(&part.name);
        if camel == part.name {
            if needed {
                all.push(json!({"required": [part.name]}));
            }
        } else {
            let also = format!("Another spelling of `{}`.", part.name);
            properties.insert(camel.clone(), described(schema.clone(), &also));
            if needed {
                let one = [
                    json!({"required": [part.name]}),
                    json!({"required": [camel]}),
                ];
                all.push(json!({"oneOf": one}));
            }
        }
        properties.insert(part.name.clone(), described(schema, &part.docs));
    }
    let mut object = json!({"type": "object", "properties": properties});
    all.extend(rules);
    if !all.is_empty() {
        object["allOf"] = all.into();
    }
    object
}

fn content(wit: &Wit, record: &str, part: &Part<'_>) -> Value {
    match (record, part.name.as_str()) {
        ("manifest", "version") => json!({"type": "string", "examples": ["v1", "1.0", "1.0.0"]}),
        ("manifest", "name" | "description" | "author") => json!({"type": ["string", "null"]}),
        ("manifest", "python_nodes") => json!({
            "type": ["array", "null"],
            "items": {
                "anyOf": [
                    {"type": "string"},
                    {
                        "type": "object",
                        "properties": {"path": {"type": "string"}, "node_type": {"type": ["string", "null"]}},
                        "required": ["path"],
                    },
                ],
            },
        }),
        ("manifest", "nodes") => {
            json!({"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/node_spec"}})
        }
        ("manifest", "runtime") => json!({}),
        ("connection", "from_port" | "to_port") => json!({"type": ["string", "null"]}),
        (_, "placement") => json!({"type": "string"}),
        ("node-spec", "params") => {
            json!({"type": "object", "additionalProperties": {"$ref": "#/$defs/value"}})
        }
        ("node-spec", "id") => {
            json!({"type": "string", "pattern": "^[A-Za-z0-9_-]+$", "maxLength": 256})
        }
        ("node-spec", "node_type") => json!({"type": "string", "pattern": "^\\S+$"}),
        ("media-capabilities", _) => {
            json!({"type": "object", "additionalProperties": {"$ref": "#/$defs/port_media"}})
        }
        _ => part
            .kind
            .as_ref()
            .map_or(json!({}), |kind| schema_of(wit, kind)),
    }
}

fn schema_of(wit: &Wit, kind: &Kind<'_>) -> Value {
    match kind {
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::Whole(most) => json!({"type": "integer", "minimum": 0, "maximum": most}),
        Kind::Float => json!({"type": "number", "minimum": 0}),
        Kind::Text | Kind::Payload => json!({"type": "string"}),
        Kind::Option(inner) => schema_of(wit, inner),
        Kind::List(inner) => json!({"type": "array", "items": schema_of(wit, inner)}),
        Kind::Named(name) if wit.is_enum(name) => {
            let names: Vec<String> = wit.parts(name).into_iter().map(|case| case.name).collect();
            json!({"enum": names})
        }
        Kind::Named(name) => json!({"$ref": format!("#/$defs/{}", name_of(name))}),
    }
}

/// `node_type` as `nodeType`.
pub(super) fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    camel
}
