//! Any graph: its order is one, a cycle is one; and pipelines give what the
//! model of the executor gives.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use pipeline_component::executor::execute;
use pipeline_component::graph::Graph;
use pipeline_fuzz::common::model::{ALL, model, pipeline, registry_of_behaviours, texts};

#[derive(Debug, Arbitrary)]
struct Plan {
    /// What each node does, its rank, and whether its items are outputs.
    nodes: Vec<(u8, u8, bool)>,
    edges: Vec<(u8, u8)>,
    inputs: Vec<u8>,
}

fn order(count: usize, edges: &[(usize, usize)]) {
    match Graph::from_edges(count, edges.iter().copied()) {
        Ok(graph) => {
            let mut position = vec![None; count];
            for (at, &node) in graph.order.iter().enumerate() {
                assert_eq!(position[node].replace(at), None);
            }
            assert!(
                edges
                    .iter()
                    .all(|&(from, to)| position[from] < position[to])
            );
            assert_eq!(graph.order.len(), count);
            // As many paths as there are to the nodes before.
            let paths = graph.paths();
            for node in 0..count {
                let before = edges.iter().filter(|(_, to)| *to == node);
                let before = before.map(|&(from, _)| paths[from]);
                let all = before.reduce(u64::saturating_add).unwrap_or(1);
                assert_eq!(paths[node], all);
            }
        }
        Err(cycle) => {
            let next = cycle.iter().cycle().skip(1);
            assert!(!cycle.is_empty());
            assert!(
                cycle
                    .iter()
                    .zip(next)
                    .all(|(&from, &to)| edges.contains(&(from, to)))
            );
            assert_eq!(cycle.iter().min(), cycle.first());
        }
    }
}

fuzz_target!(|plan: Plan| {
    let count = plan.nodes.len();
    if count == 0 || count > 64 {
        return;
    }
    let edges = plan.edges.iter();
    let edges = edges.map(|&(from, to)| (usize::from(from) % count, usize::from(to) % count));
    let edges: Vec<(usize, usize)> = edges.collect();
    order(count, &edges);
    // Items multiply with the paths.
    if count > 8 || edges.len() > 12 || plan.inputs.len() > 4 {
        return;
    }
    let nodes: Vec<(usize, bool)> = plan
        .nodes
        .iter()
        .map(|&(behaviour, _, output)| (usize::from(behaviour) % ALL.len(), output))
        .collect();
    let ranks: Vec<usize> = plan.nodes.iter().map(|&(_, rank, _)| rank.into()).collect();
    let inputs: Vec<String> = plan.inputs.iter().map(u8::to_string).collect();
    let (manifest, behaviours) = pipeline(&nodes, edges, &ranks);
    let expected = model(&manifest, &behaviours, &inputs);
    let items = inputs.iter().map(|text| text.as_str().into()).collect();
    let result = execute(&manifest, &registry_of_behaviours(), Some(items));
    let result = result.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(texts(result.into_items()), expected);
});
