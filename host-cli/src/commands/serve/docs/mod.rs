//! What the server says of its interface: the OpenAPI document, and a page of it.
//!
//! The document is that of the component for HTTP, with what this program adds to
//! it, and with items and manifests as their schemas have them.

use std::sync::LazyLock;

use http::{HeaderValue, StatusCode, header};
use pipeline_host::codec::schema;
use serde_json::{Map, Value};

use super::responses::{self, ServerResponse};

const COMPONENT: &str = include_str!("../../../../../http/openapi.json");
const ADDED: &str = include_str!("added.json");
const PAGE: &str = include_str!("page.html");

/// The OpenAPI document.
static DOCUMENT: LazyLock<String> = LazyLock::new(|| match document() {
    Ok(document) => document.to_string() + "\n",
    // What stands in the sources is JSON, as a test sees.
    Err(_) => COMPONENT.to_owned(),
});

pub(super) fn openapi() -> ServerResponse {
    responses::text(StatusCode::OK, "application/json", DOCUMENT.clone())
}

/// A page that shows the document, and asks this server alone.
pub(super) fn page() -> ServerResponse {
    let mut answer = responses::text(StatusCode::OK, "text/html; charset=utf-8", PAGE.into());
    let policy = "default-src 'none'; connect-src 'self'; script-src 'unsafe-inline'; style-src \
                  'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    let headers = answer.headers_mut();
    let policy = HeaderValue::from_static(policy);
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    answer
}

fn document() -> serde_json::Result<Value> {
    let mut document: Value = serde_json::from_str(COMPONENT)?;
    merge(&mut document, serde_json::from_str(ADDED)?);
    for (name, schema) in [
        ("Item", schema::items()),
        ("Manifest", schema::manifest(&[])),
    ] {
        define(&mut document["components"]["schemas"], name, schema);
    }
    Ok(document)
}

/// Adds what an object has to another; where both have a value, it is the new one.
fn merge(to: &mut Value, from: Value) {
    match (to, from) {
        (Value::Object(to), Value::Object(from)) => {
            for (key, value) in from {
                merge(to.entry(key).or_insert(Value::Null), value);
            }
        }
        (to, from) => *to = from,
    }
}

/// Puts a schema among others, and its parts beside it under names of their own.
fn define(schemas: &mut Value, name: &str, mut schema: Value) {
    let parts = schema.as_object_mut().and_then(|schema| {
        schema.remove("$schema");
        schema.remove("$id");
        schema.remove("$defs")
    });
    let Value::Object(parts) = parts.unwrap_or(Value::Object(Map::new())) else {
        return;
    };
    for (part, mut schema) in parts {
        refer(&mut schema);
        schemas[part_name(&part)] = schema;
    }
    refer(&mut schema);
    schemas[name] = schema;
}

/// Lets references to parts of a schema name them where they are in the document.
fn refer(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text) if key == "$ref" => {
                        if let Some(part) = text.strip_prefix("#/$defs/") {
                            *text = format!("#/components/schemas/{}", part_name(part));
                        }
                    }
                    value => refer(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(refer),
        _ => {}
    }
}

/// The name of a part, which none of the component's document has.
fn part_name(part: &str) -> String {
    format!("def-{part}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references<'d>(value: &'d Value, found: &mut Vec<&'d str>) {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    match value {
                        Value::String(text) if key == "$ref" => found.push(text),
                        value => references(value, found),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn all_references_of_the_document_lead_somewhere() {
        let document = document().unwrap();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 100);
        for reference in found {
            let pointer = reference
                .strip_prefix('#')
                .expect("a place in the document");
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
        let post = &document["paths"]["/v1/pipelines/{name}"]["post"];
        assert!(post["requestBody"]["content"]["audio/wav"].is_object());
        assert!(post["responses"]["200"]["content"]["application/json"].is_object());
        assert!(document["paths"]["/v1/pipelines/{name}/live"]["get"].is_object());
        assert!(document["components"]["schemas"]["Item"]["anyOf"].is_array());
    }
}
