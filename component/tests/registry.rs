//! Node types of two languages in one registry.

#![allow(missing_docs)]

mod common;

use common::{manifest, node};
use pipeline_component::Value;
use pipeline_component::executor::{ErrorKind, execute};
use pipeline_component::manifest::{NodeSpec, check};
use pipeline_component::node::{Node, NodeError, Outputs};
use pipeline_component::registry::{
    Language, LookupError, NodeInfo, ParamProblem, Provider, Registry,
};

/// Knows `Shout`, `NeedsGpu`, which can't be used, and a Python `AddNode`.
struct Python;

struct Shout;

impl Node for Shout {
    fn process(&mut self, _: Value) -> Result<Outputs, NodeError> {
        Ok(Outputs::One("SHOUT".into()))
    }
}

fn info(name: &str, unavailable: Option<&str>) -> NodeInfo {
    NodeInfo {
        node_type: name.to_owned(),
        language: Language::Python,
        summary: String::new(),
        params: Vec::new(),
        streaming: false,
        source: false,
        unavailable: unavailable.map(str::to_owned),
    }
}

impl Provider for Python {
    fn infos(&self) -> Vec<NodeInfo> {
        vec![
            info("Shout", None),
            info("NeedsGpu", Some("needs torch")),
            info("AddNode", None),
        ]
    }

    fn describe(&self, node_type: &str) -> Result<NodeInfo, LookupError> {
        let mut infos = self.infos().into_iter();
        infos
            .find(|info| info.node_type == node_type)
            .ok_or_else(|| LookupError {
                message: format!("unknown node type `{node_type}`"),
                help: None,
                unavailable: false,
            })
    }

    fn check_params(&self, _: &str, params: &Value) -> Vec<ParamProblem> {
        let problem = |param: &str| ParamProblem {
            param: param.to_owned(),
            message: "no".to_owned(),
            help: Some("leave it".to_owned()),
        };
        match params {
            Value::Map(fields) if fields.is_empty() => Vec::new(),
            Value::Map(fields) => fields.iter().map(|(name, _)| problem(name)).collect(),
            _ => vec![problem("")],
        }
    }

    fn create(&self, spec: &NodeSpec) -> Result<Box<dyn Node>, NodeError> {
        match spec.id.as_str() {
            "bad" => Err(NodeError::Setup {
                message: "no luck".to_owned(),
                traceback: Some("Traceback".to_owned().into()),
            }),
            _ => Ok(Box::new(Shout)),
        }
    }
}

fn registry() -> Registry {
    Registry::new(Box::new(Python))
}

#[test]
fn the_list_is_sorted_and_rust_wins() {
    let list = registry().list();
    assert!(
        list.windows(2)
            .all(|pair| pair[0].node_type < pair[1].node_type)
    );
    let language = |name: &str| {
        list.iter()
            .find(|info| info.node_type == name)
            .unwrap()
            .language
    };
    assert_eq!(language("AddNode"), Language::Rust);
    assert_eq!(language("Shout"), Language::Python);
    assert!(list.iter().any(|info| info.unavailable.is_some()));
}

#[test]
fn what_the_provider_says_is_in_the_diagnostics() {
    let pipeline = manifest(
        vec![
            node("a", "Shuot", []),
            node("b", "NeedsGpu", []),
            node("c", "Shout", [("x", 1.into())]),
        ],
        &[],
    );
    let found: Vec<_> = check(&pipeline, &registry())
        .unwrap_err()
        .into_iter()
        .map(|d| (d.code, d.path, d.message, d.help.unwrap_or_default()))
        .collect();
    let expected = [
        (
            "unknown-node-type",
            "nodes[0].node_type",
            "unknown node type `Shuot`",
            "did you mean `Shout`?",
        ),
        (
            "unavailable-node-type",
            "nodes[1].node_type",
            "node type `NeedsGpu` can't be used here: needs torch",
            "",
        ),
        ("invalid-params", "nodes[2].params.x", "no", "leave it"),
    ];
    let expected = expected.map(|(code, path, message, help)| {
        (code, path.to_owned(), message.to_owned(), help.to_owned())
    });
    assert_eq!(found, expected);
}

#[test]
fn nodes_of_both_languages_run_together() {
    let pipeline = manifest(
        vec![node("a", "AddNode", []), node("b", "Shout", [])],
        &["a>b"],
    );
    let result = execute(&pipeline, &registry(), Some(vec![1.into()])).unwrap();
    assert_eq!(result.into_items(), ["SHOUT".into()]);
    let pipeline = manifest(vec![node("bad", "Shout", [])], &[]);
    let error = execute(&pipeline, &registry(), Some(vec![])).unwrap_err();
    assert_eq!(error.kind, ErrorKind::NodeSetupFailed);
    assert_eq!(error.traceback, Some("Traceback".to_owned().into()));
    assert_eq!(error.to_string(), "node `bad` (Shout): no luck");
}
