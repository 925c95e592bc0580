//! A model of the executor that a reader can check at a glance: every node in
//! topological order takes its whole input, which is what its connections bring,
//! one after the other.

use pipeline_component::manifest::{Manifest, NodeSpec};
use pipeline_component::node::{Emitter, Node, NodeError, Outputs};
use pipeline_component::registry::Registry;
use pipeline_component::value::Value;

use super::{factory, manifest, registry};

/// What a node does with its items.
#[derive(Debug, Clone, Copy)]
pub enum Behaviour {
    Mark,
    DropEverySecond,
    Triple,
    Pair,
    Count,
}

pub use Behaviour::{Count, DropEverySecond, Mark, Pair, Triple};

pub const ALL: [(&str, Behaviour); 5] = [
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
pub fn model(manifest: &Manifest, behaviours: &[Behaviour], inputs: &[String]) -> Vec<String> {
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

pub fn registry_of_behaviours() -> Registry {
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
        registry.register(factory(name, false, make));
    }
    registry
}

/// One node: its behaviour by position in [`ALL`], and whether its items are
/// outputs in any case.
pub type NodePlan = (usize, bool);

/// A pipeline of nodes `n0`, `n1`, ..., and what they do. Edges from a rank to
/// one that is not higher are left out, so that there is no cycle.
pub fn pipeline(
    nodes: &[NodePlan],
    edges: impl IntoIterator<Item = (usize, usize)>,
    ranks: &[usize],
) -> (Manifest, Vec<Behaviour>) {
    let specs = nodes.iter().enumerate();
    let specs = specs.map(|(n, &(behaviour, is_output_node))| NodeSpec {
        params: Value::Map(vec![("id".to_owned(), format!("n{n}").into())]),
        is_output_node,
        ..NodeSpec::new(format!("n{n}"), ALL[behaviour].0)
    });
    let connections: Vec<String> = edges
        .into_iter()
        .filter(|&(from, to)| ranks[from] < ranks[to])
        .map(|(from, to)| format!("n{from}>n{to}"))
        .collect();
    let connections: Vec<&str> = connections.iter().map(String::as_str).collect();
    let manifest = manifest(specs.collect(), &connections);
    (manifest, nodes.iter().map(|&(b, _)| ALL[b].1).collect())
}

/// Texts as they are, and how anything else is written.
pub fn texts(values: Vec<Value>) -> Vec<String> {
    let text = |value| match value {
        Value::Text(text) => text,
        other => format!("{other:?}"),
    };
    values.into_iter().map(text).collect()
}
