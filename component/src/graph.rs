//! The shape of a pipeline: who gives to whom, and in which order nodes run.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use crate::manifest::Manifest;

/// Shape of a pipeline's graph.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GraphInfo {
    /// How many nodes it has.
    pub node_count: u32,
    /// How many nodes have no connection out.
    pub sink_count: u32,
    /// How many nodes have no connection in.
    pub source_count: u32,
    /// Ids in the order of execution: topological, ties in the manifest's
    /// order.
    pub execution_order: Vec<String>,
}

/// Where a connection leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Position of the taking node in the manifest.
    pub node: usize,
    /// Position of the connection among those into the taking node.
    pub port: usize,
}

/// A graph of nodes by their positions in the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    /// For each node, where its items go, in the order of the connections.
    pub targets: Vec<Vec<Target>>,
    /// For each node, how many connections lead into it.
    pub incoming: Vec<usize>,
    /// The order of execution.
    pub order: Vec<usize>,
}

impl Graph {
    /// Builds the graph of a manifest. Connections with unknown ends are left
    /// out: the check of the manifest reports them.
    ///
    /// # Errors
    /// A cycle: the nodes on it, in the direction of the connections, begun
    /// with the one that comes first in the manifest.
    pub fn new(manifest: &Manifest) -> Result<Self, Vec<usize>> {
        // The first of several nodes with one id counts.
        let mut positions = HashMap::with_capacity(manifest.nodes.len());
        for (position, node) in manifest.nodes.iter().enumerate() {
            positions.entry(node.id.as_str()).or_insert(position);
        }
        let edges = manifest.connections.iter().filter_map(|connection| {
            let from = *positions.get(connection.from.as_str())?;
            let to = *positions.get(connection.to.as_str())?;
            Some((from, to))
        });
        Self::from_edges(manifest.nodes.len(), edges)
    }

    /// Builds the graph of `count` nodes with these edges.
    ///
    /// # Errors
    /// A cycle, as [`new`](Self::new) gives it.
    pub fn from_edges(
        count: usize,
        edges: impl IntoIterator<Item = (usize, usize)>,
    ) -> Result<Self, Vec<usize>> {
        let mut targets = vec![Vec::new(); count];
        let mut incoming = vec![0; count];
        for (from, to) in edges {
            targets[from].push(Target {
                node: to,
                port: incoming[to],
            });
            incoming[to] += 1;
        }
        let order = order(&targets, &incoming)?;
        Ok(Self {
            targets,
            incoming,
            order,
        })
    }

    /// For each node, how many paths lead to it from nodes without a connection
    /// in; `u64::MAX` for more than fit. Connections count, so two between the
    /// same nodes are two paths.
    #[must_use]
    pub fn paths(&self) -> Vec<u64> {
        let mut paths: Vec<u64> = self.incoming.iter().map(|&n| u64::from(n == 0)).collect();
        for &node in &self.order {
            for target in &self.targets[node] {
                paths[target.node] = paths[target.node].saturating_add(paths[node]);
            }
        }
        paths
    }

    /// What the outside sees of it.
    #[must_use]
    pub fn info(&self, manifest: &Manifest) -> GraphInfo {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        GraphInfo {
            node_count: count(self.targets.len()),
            sink_count: count(self.targets.iter().filter(|t| t.is_empty()).count()),
            source_count: count(self.incoming.iter().filter(|&&n| n == 0).count()),
            execution_order: self
                .order
                .iter()
                .map(|&position| manifest.nodes[position].id.clone())
                .collect(),
        }
    }
}

/// Kahn's algorithm; among the nodes that are ready, the one that comes first
/// in the manifest goes first.
fn order(targets: &[Vec<Target>], incoming: &[usize]) -> Result<Vec<usize>, Vec<usize>> {
    let mut missing = incoming.to_vec();
    let mut ready: BinaryHeap<Reverse<usize>> = (0..missing.len())
        .filter(|&node| missing[node] == 0)
        .map(Reverse)
        .collect();
    let mut order = Vec::with_capacity(missing.len());
    while let Some(Reverse(node)) = ready.pop() {
        order.push(node);
        for target in &targets[node] {
            missing[target.node] -= 1;
            if missing[target.node] == 0 {
                ready.push(Reverse(target.node));
            }
        }
    }
    if order.len() == missing.len() {
        Ok(order)
    } else {
        Err(cycle(targets, &missing))
    }
}

/// A cycle among the nodes that Kahn's algorithm leaves, whose `missing` is
/// not 0. Each of them has a predecessor among them, so walking backwards must
/// come to a node twice.
fn cycle(targets: &[Vec<Target>], missing: &[usize]) -> Vec<usize> {
    let mut before = vec![usize::MAX; missing.len()];
    for (node, targets) in targets.iter().enumerate().rev() {
        if missing[node] > 0 {
            for target in targets {
                before[target.node] = node;
            }
        }
    }
    let Some(mut node) = missing.iter().position(|&n| n > 0) else {
        return Vec::new();
    };
    let mut seen = vec![false; missing.len()];
    while !seen[node] {
        seen[node] = true;
        node = before[node];
    }
    let (last, mut found) = (node, vec![node]);
    node = before[node];
    while node != last {
        found.push(node);
        node = before[node];
    }
    found.reverse();
    let first = (0..found.len()).min_by_key(|&i| found[i]).unwrap_or(0);
    found.rotate_left(first);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_in_the_manifests_order() {
        let graph = Graph::from_edges(4, [(3, 0), (3, 1)]).unwrap();
        assert_eq!(graph.order, [2, 3, 0, 1]);
    }

    #[test]
    fn a_cycle_is_named_from_its_first_node_in_the_direction_of_the_connections() {
        // 4 leads into the cycle 1 -> 3 -> 2 -> 1, and 0 hangs off it.
        let edges = [(4, 1), (1, 3), (3, 2), (2, 1), (2, 0)];
        assert_eq!(Graph::from_edges(5, edges).unwrap_err(), [1, 3, 2]);
    }

    #[test]
    fn a_node_may_be_its_own_cycle() {
        assert_eq!(Graph::from_edges(2, [(1, 1)]).unwrap_err(), [1]);
    }

    #[test]
    fn paths_are_counted_and_not_walked() {
        let dense = |n: usize| (0..n).flat_map(move |to| (0..to).map(move |from| (from, to)));
        let graph = Graph::from_edges(6, dense(5)).unwrap();
        assert_eq!(graph.paths(), [1, 1, 2, 4, 8, 1]);
        assert_eq!(
            Graph::from_edges(40, dense(40)).unwrap().paths()[39],
            1 << 38
        );
        assert_eq!(
            Graph::from_edges(80, dense(80)).unwrap().paths()[79],
            u64::MAX
        );
    }

    #[test]
    fn long_chains_do_not_recurse() {
        let n = 100_000;
        let chain = (1..n).map(|to| (to - 1, to));
        assert_eq!(Graph::from_edges(n, chain.clone()).unwrap().order.len(), n);
        let ring = chain.chain([(n - 1, 0)]);
        assert_eq!(Graph::from_edges(n, ring).unwrap_err().len(), n);
    }
}
