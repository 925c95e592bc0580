//! Generated pipelines, run by the executor and by a model that a reader can
//! check at a glance: every node in topological order takes its whole input,
//! which is what its connections bring, one after the other.

#![allow(missing_docs)]

mod common;

use common::{manifest, registry};
use pipeline_component::executor::{Run, execute};
use pipeline_component::manifest::{Manifest, NodeSpec};
use pipeline_component::node::{Emitter, Node, NodeError, Outputs};
use pipeline_component::registry::{Factory, Language, NodeInfo, Registry};
use pipeline_component::value::Value;
use proptest::prelude::*;

/// What a node does with its items.
#[derive(Debug, Clone, Copy)]
enum Behaviour {
    Mark,
    DropEverySecond,
    Triple,
    Pair,
    Count,
}

use Behaviour::{Count, DropEverySecond, Mark, Pair, Triple};

const ALL: [(&str, Behaviour); 5] = [
    ("Mark", Mark),
    ("DropEverySecond", DropEverySecond),
    ("Triple", Triple),
    ("Pair", Pair),
    ("Count", Count),
];

/// The model of one node: all items in, all items out, flushed ones last.
fn whole(behaviour: Behaviour, id: &str, items: &[String]) -> Vec<String> {
    match behaviour {
        Mark => items.iter().map(|item| format!("{item}{id}")).collect(),
        DropEverySecond => items.iter().step_by(2).cloned().collect(),
        Triple => items
            .iter()
            .flat_map(|item| (0..3).map(move |n| format!("{item}{n}")))
            .collect(),
        Pair => items
            .chunks(2)
            .map(|pair| format!("({})", pair.join("+")))
            .collect(),
        Count => {
            let mut all = items.to_vec();
            all.push(items.len().to_string());
            all
        }
    }
}

/// The model of a pipeline.
fn model(manifest: &Manifest, behaviours: &[Behaviour], inputs: &[String]) -> Vec<String> {
    let count = manifest.nodes.len();
    let position = |id: &str| {
        manifest
            .nodes
            .iter()
            .position(|node| node.id == id)
            .unwrap()
    };
    let mut given: Vec<Option<Vec<String>>> = vec![None; count];
    while given.contains(&None) {
        for node in 0..count {
            let id = &manifest.nodes[node].id;
            let mut incoming = manifest
                .connections
                .iter()
                .filter(|c| c.to == *id)
                .peekable();
            let items = match incoming.peek() {
                None => Some(inputs.to_vec()),
                Some(_) => incoming
                    .map(|connection| given[position(&connection.from)].clone())
                    .collect::<Option<Vec<_>>>()
                    .map(|items| items.concat()),
            };
            if let (None, Some(items)) = (&given[node], items) {
                given[node] = Some(whole(behaviours[node], id, &items));
            }
        }
    }
    let is_sink = |node: &usize| {
        let node = &manifest.nodes[*node];
        node.is_output_node || manifest.connections.iter().all(|c| c.from != node.id)
    };
    (0..count)
        .filter(is_sink)
        .filter_map(|node| given[node].take())
        .flatten()
        .collect()
}

/// The same behaviours, item by item.
struct Stepwise {
    behaviour: Behaviour,
    id: String,
    seen: usize,
    kept: Option<String>,
}

struct Items(std::vec::IntoIter<Value>);

impl Emitter for Items {
    fn next(&mut self) -> Result<Option<Value>, NodeError> {
        Ok(self.0.next())
    }
}

impl Node for Stepwise {
    fn process(&mut self, item: Value) -> Result<Outputs, NodeError> {
        let Value::Text(item) = item else {
            return Err(NodeError::failed("texts only"));
        };
        self.seen += 1;
        Ok(match self.behaviour {
            Mark => Outputs::One(format!("{item}{}", self.id).into()),
            DropEverySecond if self.seen % 2 == 1 => Outputs::One(item.into()),
            DropEverySecond => Outputs::None,
            Triple => {
                let items: Vec<Value> = (0..3).map(|n| format!("{item}{n}").into()).collect();
                Outputs::Many(Box::new(Items(items.into_iter())))
            }
            Pair => match self.kept.take() {
                Some(kept) => Outputs::One(format!("({kept}+{item})").into()),
                None => {
                    self.kept = Some(item);
                    Outputs::None
                }
            },
            Count => Outputs::One(item.into()),
        })
    }

    fn finish(&mut self) -> Result<Outputs, NodeError> {
        Ok(match self.behaviour {
            Count => Outputs::One(self.seen.to_string().into()),
            _ => match self.kept.take() {
                Some(kept) => Outputs::One(format!("({kept})").into()),
                None => Outputs::None,
            },
        })
    }
}

fn registry_of_behaviours() -> Registry {
    fn make(behaviour: Behaviour, params: &Value) -> Box<dyn Node> {
        let id = match params.get("id") {
            Some(Value::Text(id)) => id.clone(),
            _ => String::new(),
        };
        Box::new(Stepwise {
            behaviour,
            id,
            seen: 0,
            kept: None,
        })
    }
    let mut registry = registry();
    let makes: [pipeline_component::registry::Make; 5] = [
        |params| Ok(make(Mark, params)),
        |params| Ok(make(DropEverySecond, params)),
        |params| Ok(make(Triple, params)),
        |params| Ok(make(Pair, params)),
        |params| Ok(make(Count, params)),
    ];
    for ((name, _), make) in ALL.into_iter().zip(makes) {
        registry.register(Factory {
            info: NodeInfo {
                node_type: name.to_owned(),
                language: Language::Rust,
                summary: String::new(),
                params: Vec::new(),
                streaming: false,
                source: false,
                unavailable: None,
            },
            make,
        });
    }
    registry
}

/// A pipeline without cycles whose nodes and connections stand in any order.
fn pipelines() -> impl Strategy<Value = (Manifest, Vec<Behaviour>)> {
    (1_usize..8)
        .prop_flat_map(|count| {
            let behaviours =
                prop::collection::vec((0..ALL.len(), prop::bool::weighted(0.15)), count);
            let edges = prop::collection::vec((0..count, 0..count), 0..12);
            let ranks = Just((0..count).collect::<Vec<_>>()).prop_shuffle();
            (behaviours, edges, ranks)
        })
        .prop_map(|(behaviours, edges, ranks)| {
            let nodes = behaviours
                .iter()
                .enumerate()
                .map(|(n, &(behaviour, output))| NodeSpec {
                    params: Value::Map(vec![("id".to_owned(), format!("n{n}").into())]),
                    is_output_node: output,
                    ..NodeSpec::new(format!("n{n}"), ALL[behaviour].0)
                });
            let connections: Vec<String> = edges
                .into_iter()
                // From the lower rank to the higher, so that there is no cycle.
                .filter(|&(from, to)| ranks[from] < ranks[to])
                .map(|(from, to)| format!("n{from}>n{to}"))
                .collect();
            let connections: Vec<&str> = connections.iter().map(String::as_str).collect();
            let manifest = manifest(nodes.collect(), &connections);
            (
                manifest,
                behaviours.iter().map(|&(b, _)| ALL[b].1).collect(),
            )
        })
}

fn texts(values: Vec<Value>) -> Vec<String> {
    let text = |value| match value {
        Value::Text(text) => text,
        other => format!("{other:?}"),
    };
    values.into_iter().map(text).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_executor_gives_what_the_model_gives(
        (manifest, behaviours) in pipelines(),
        inputs in prop::collection::vec("[a-z]", 0..4),
    ) {
        let expected = model(&manifest, &behaviours, &inputs);
        let items = inputs.iter().map(|text| text.as_str().into()).collect();
        let result = execute(&manifest, &registry_of_behaviours(), Some(items)).unwrap();
        prop_assert_eq!(texts(result.outputs), expected);
    }

    /// One push and the end of the input are two batches, and nothing is lost
    /// or invented between them.
    #[test]
    fn a_session_gives_the_same_items(
        (mut manifest, mut behaviours) in pipelines(),
        input in "[a-z]",
    ) {
        // Which item is dropped or paired depends on the order at merges,
        // and that is by batches.
        for (behaviour, node) in behaviours.iter_mut().zip(&mut manifest.nodes) {
            if !matches!(behaviour, Mark | Triple) {
                *behaviour = Mark;
                node.node_type = "Mark".to_owned();
            }
        }
        let mut expected = model(&manifest, &behaviours, std::slice::from_ref(&input));
        let mut run = Run::open(&manifest, &registry_of_behaviours()).unwrap();
        let mut given = texts(run.push(input.as_str().into()).unwrap());
        given.extend(texts(run.finish().unwrap().outputs));
        expected.sort();
        given.sort();
        prop_assert_eq!(given, expected);
    }
}
