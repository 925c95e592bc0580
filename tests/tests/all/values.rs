//! Values make the trip host, component, Python, component, host unchanged.

use std::collections::BTreeMap;

use pipeline_host::types::{Data, Value, ValueNode};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};

use crate::common::{block_on, limits, sandbox, written};

/// A value as a tree, to generate and to shrink.
#[derive(Debug, Clone)]
enum Tree {
    Leaf(ValueNode),
    Items(Vec<Tree>),
    Tuple(Vec<Tree>),
    Fields(BTreeMap<String, Tree>),
    Entries(BTreeMap<i64, Tree>),
}

impl Tree {
    fn arena(self) -> Value {
        let mut nodes = Vec::new();
        let root = self.push(&mut nodes);
        Value { nodes, root }
    }

    fn push(self, nodes: &mut Vec<ValueNode>) -> u32 {
        let node = match self {
            Self::Leaf(leaf) => leaf,
            Self::Items(items) => {
                ValueNode::Items(items.into_iter().map(|item| item.push(nodes)).collect())
            }
            Self::Tuple(items) => {
                ValueNode::Tuple(items.into_iter().map(|item| item.push(nodes)).collect())
            }
            Self::Fields(fields) => ValueNode::Fields(
                fields
                    .into_iter()
                    .map(|(key, value)| (key, value.push(nodes)))
                    .collect(),
            ),
            Self::Entries(entries) => ValueNode::Entries(
                entries
                    .into_iter()
                    .map(|(key, value)| {
                        (
                            Self::Leaf(ValueNode::Integer(key)).push(nodes),
                            value.push(nodes),
                        )
                    })
                    .collect(),
            ),
        };
        nodes.push(node);
        u32::try_from(nodes.len() - 1).expect("a small value")
    }
}

fn leaf() -> impl Strategy<Value = ValueNode> {
    let float = prop_oneof![
        any::<f64>(),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        Just(-0.0)
    ];
    prop_oneof![
        Just(ValueNode::Null),
        any::<bool>().prop_map(ValueNode::Boolean),
        any::<i64>().prop_map(ValueNode::Integer),
        "-?[1-9][0-9]{19,400}".prop_map(ValueNode::BigInteger),
        float.clone().prop_map(ValueNode::Number),
        any::<String>().prop_map(ValueNode::Text),
        prop::collection::vec(any::<u8>(), 0..64).prop_map(ValueNode::Bytes),
        prop::collection::vec(any::<i64>(), 0..20).prop_map(ValueNode::Integers),
        prop::collection::vec(float, 0..20).prop_map(ValueNode::Numbers),
    ]
}

fn tree() -> impl Strategy<Value = Tree> {
    leaf()
        .prop_map(Tree::Leaf)
        .prop_recursive(6, 64, 6, |inner| {
            let list = prop::collection::vec(inner.clone(), 0..6);
            prop_oneof![
                list.clone().prop_map(Tree::Items),
                list.prop_map(Tree::Tuple),
                prop::collection::btree_map(any::<String>(), inner.clone(), 0..6)
                    .prop_map(Tree::Fields),
                prop::collection::btree_map(any::<i64>(), inner, 1..6).prop_map(Tree::Entries),
            ]
        })
}

/// Pushes generated values through a session of one node.
fn round_trip(node_type: &str) {
    let directory = tempfile::tempdir().expect("a directory");
    // A copy, so that the object that comes back is not the one that went in.
    let source = "import copy\n\nclass Copy:\n    def process(self, item):\n        return [copy.deepcopy(item)]\n";
    std::fs::write(directory.path().join("copying.py"), source).expect("a file");
    let sandbox = sandbox(Some(directory.path()));
    let manifest =
        format!(r#"{{"version": "v1", "nodes": [{{"id": "n", "node_type": "{node_type}"}}]}}"#);
    block_on(async {
        let mut instance = sandbox.instantiate(&limits()).await.expect("an instance");
        let loaded = instance
            .load(&manifest)
            .await
            .expect("no fault")
            .expect("a manifest");
        let mut session = instance
            .open(&loaded.manifest)
            .await
            .expect("no fault")
            .expect("a session");
        let mut runner = TestRunner::new(Config {
            cases: 300,
            ..Config::default()
        });
        for _ in 0..runner.config().cases {
            let value = tree()
                .new_tree(&mut runner)
                .expect("a value")
                .current()
                .arena();
            let before = Data::Value(value.clone());
            let part = session
                .push(&before.clone().into())
                .await
                .expect("no fault")
                .unwrap_or_else(|error| panic!("{}: {}", written(&before), error.message));
            let expected = match node_type {
                "PassThrough" => written(&before),
                _ => format!("[{}]", written(&before)),
            };
            assert!(!part.more);
            let given = part.outputs.iter().flat_map(|given| &given.items);
            let found: Vec<_> = given.map(written).collect();
            assert_eq!(found, [expected]);
        }
    });
}

#[test]
fn through_rust() {
    round_trip("PassThrough");
}

#[test]
fn through_python() {
    round_trip("copying:Copy");
}
