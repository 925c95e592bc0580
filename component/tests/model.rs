//! Generated pipelines, run by the executor and by a model.

#![allow(missing_docs)]

mod common;

use common::model::{ALL, Behaviour, Mark, Triple, model, pipeline, registry_of_behaviours, texts};
use pipeline_component::Value;
use pipeline_component::executor::{Run, execute, items};
use pipeline_component::manifest::Manifest;
use proptest::prelude::*;

/// A pipeline without cycles whose nodes and connections stand in any order.
fn pipelines() -> impl Strategy<Value = (Manifest, Vec<Behaviour>)> {
    (1_usize..8)
        .prop_flat_map(|count| {
            let nodes = prop::collection::vec((0..ALL.len(), prop::bool::weighted(0.15)), count);
            let edges = prop::collection::vec((0..count, 0..count), 0..12);
            let ranks = Just((0..count).collect::<Vec<_>>()).prop_shuffle();
            (nodes, edges, ranks)
        })
        .prop_map(|(nodes, edges, ranks)| pipeline(&nodes, edges, &ranks))
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
        prop_assert_eq!(texts(result.into_items()), expected);
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
        let mut part = run.push(Value::from(input.as_str()).into()).unwrap();
        let mut given = texts(items(part.outputs));
        while part.more {
            part = run.pull(1).unwrap();
            given.extend(texts(items(part.outputs)));
        }
        given.extend(texts(run.finish().unwrap().into_items()));
        expected.sort();
        given.sort();
        prop_assert_eq!(given, expected);
    }
}
