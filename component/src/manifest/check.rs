//! Whether a manifest can run. Nothing of it is run.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::diagnostic::{Diagnostic, Severity, bounded, did_you_mean, enumerate};
use super::{Manifest, NodeSpec, Placement, form, path};
use crate::graph::{Graph, GraphInfo};
use crate::registry::{Language, LookupError, NodeInfo, Registry};
use crate::value::{MAX_DEPTH, Value};

/// Most nodes of a pipeline.
pub const MAX_NODES: usize = 10_000;
/// Most connections of a pipeline.
pub const MAX_CONNECTIONS: usize = 100_000;
/// Most ids in the message about a cycle.
const MOST_IN_CYCLE: usize = 20;

/// Most unknown ids for which the nearest one is looked for.
const MOST_HELP: usize = 20;

/// A manifest that has been checked and can run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Shape of the graph.
    pub graph: GraphInfo,
    /// Doubtful things.
    pub warnings: Vec<Diagnostic>,
}

/// Checks whether a manifest can run: identifiers, connections, node types and
/// their parameters, and what the nodes ask of their surroundings.
///
/// # Errors
/// Everything that is wrong, and what is doubtful besides.
pub fn check(manifest: &Manifest, registry: &Registry) -> Result<Checked, Vec<Diagnostic>> {
    let (graph, warnings) = check_graph(manifest, registry)?;
    Ok(Checked {
        graph: graph.info(manifest),
        warnings,
    })
}

/// Like [`check`], with the graph as the executor needs it.
pub(crate) fn check_graph(
    manifest: &Manifest,
    registry: &Registry,
) -> Result<(Graph, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut found = Vec::new();
    found.extend(form::version(&manifest.version, "version"));
    found.extend(sizes(manifest));
    if !found.is_empty() {
        // Not a manifest that the rest could say anything sensible of.
        return Err(found);
    }
    let first = ids(manifest, &mut found);
    connections(manifest, &first, &mut found);
    let graph = Graph::new(manifest);
    if let Err(cycle) = &graph {
        found.extend(cycle_error(manifest, cycle));
    }
    let mut types = Types::new();
    for (position, node) in manifest.nodes.iter().enumerate() {
        let at = path::index("nodes", position);
        surroundings(node, &at, &mut found);
        let takes_items = graph
            .as_ref()
            .is_ok_and(|graph| graph.incoming[position] > 0);
        node_type(node, &at, takes_items, registry, &mut types, &mut found);
    }
    match graph {
        Ok(graph) if found.iter().all(|d| d.severity == Severity::Warning) => {
            Ok((graph, bounded(found)))
        }
        _ => Err(bounded(found)),
    }
}

fn sizes(manifest: &Manifest) -> Option<Diagnostic> {
    if manifest.nodes.is_empty() {
        return Some(
            Diagnostic::error("no-nodes", "nodes", "the pipeline has no nodes")
                .help("give it at least one node: {\"id\": ..., \"node_type\": ...}"),
        );
    }
    let (nodes, connections) = (manifest.nodes.len(), manifest.connections.len());
    if nodes > MAX_NODES {
        let message = format!("the pipeline has {nodes} nodes; at most {MAX_NODES} are allowed");
        return Some(Diagnostic::error("too-many-nodes", "nodes", message));
    }
    (connections > MAX_CONNECTIONS).then(|| {
        let message = format!(
            "the pipeline has {connections} connections; at most {MAX_CONNECTIONS} are allowed"
        );
        Diagnostic::error("too-many-connections", "connections", message)
    })
}

/// Checks the ids and gives the position of the first node of each.
fn ids<'a>(manifest: &'a Manifest, found: &mut Vec<Diagnostic>) -> HashMap<&'a str, usize> {
    let mut first = HashMap::with_capacity(manifest.nodes.len());
    for (position, node) in manifest.nodes.iter().enumerate() {
        let at = path::key(&path::index("nodes", position), "id");
        found.extend(form::id(&node.id, &at));
        match first.entry(node.id.as_str()) {
            Entry::Vacant(entry) => {
                entry.insert(position);
            }
            Entry::Occupied(entry) => {
                let earlier = path::key(&path::index("nodes", *entry.get()), "id");
                let message = format!("two nodes have the id {}", form::quoted(&node.id));
                found.push(
                    Diagnostic::error("duplicate-id", at, message)
                        .help("every node needs an id of its own")
                        .related(earlier, "first used here"),
                );
            }
        }
    }
    first
}

fn connections(manifest: &Manifest, first: &HashMap<&str, usize>, found: &mut Vec<Diagnostic>) {
    let mut seen = HashMap::with_capacity(manifest.connections.len());
    let known: Vec<&str> = {
        let all = manifest.nodes.iter().enumerate();
        all.filter(|(position, node)| first.get(node.id.as_str()) == Some(position))
            .map(|(_, node)| node.id.as_str())
            .collect()
    };
    let mut helped = 0;
    for (position, connection) in manifest.connections.iter().enumerate() {
        let at = path::index("connections", position);
        for (end, id) in [("from", &connection.from), ("to", &connection.to)] {
            if first.contains_key(id.as_str()) {
                continue;
            }
            helped += 1;
            // Looking for the nearest of many ids takes its time.
            let help = (helped <= MOST_HELP)
                .then(|| {
                    did_you_mean(id, known.iter().copied()).or_else(|| {
                        (known.len() <= 12)
                            .then(|| format!("the nodes are {}", enumerate(known.iter().copied())))
                    })
                })
                .flatten();
            let message = format!("no node has the id {}", form::quoted(id));
            found.push(
                Diagnostic::error("unknown-endpoint", path::key(&at, end), message)
                    .maybe_help(help),
            );
        }
        if connection.from == connection.to && first.contains_key(connection.from.as_str()) {
            let message = format!("node `{}` is connected to itself", connection.from);
            found.push(Diagnostic::error("self-loop", at.clone(), message));
        }
        match seen.entry((connection.from.as_str(), connection.to.as_str())) {
            Entry::Vacant(entry) => {
                entry.insert(position);
            }
            Entry::Occupied(entry) => {
                let message = format!(
                    "`{}` is connected to `{}` more than once, so `{}` gets every item that often",
                    connection.from, connection.to, connection.to
                );
                found.push(
                    Diagnostic::warning("duplicate-connection", at, message).related(
                        path::index("connections", *entry.get()),
                        "first connected here",
                    ),
                );
            }
        }
    }
}

/// Names a cycle; a node that is connected to itself is reported as such.
fn cycle_error(manifest: &Manifest, cycle: &[usize]) -> Option<Diagnostic> {
    let (&start, rest) = cycle.split_first()?;
    if rest.is_empty() {
        return None;
    }
    let id = |&node: &usize| manifest.nodes[node].id.as_str();
    let mut names: Vec<&str> = cycle.iter().take(MOST_IN_CYCLE).map(id).collect();
    if cycle.len() > MOST_IN_CYCLE {
        names.push("...");
    }
    names.push(id(&start));
    let between = |from: usize, to: usize| {
        let (from, to) = (id(&from), id(&to));
        let mut all = manifest.connections.iter();
        all.position(|c| c.from == from && c.to == to)
            .map(|position| path::index("connections", position))
            .unwrap_or_default()
    };
    let last = *cycle.last()?;
    let mut error = Diagnostic::error(
        "cycle",
        between(last, start),
        format!("the connections form a cycle: {}", names.join(" -> ")),
    )
    .help("take away one of these connections: items can't go in circles");
    for pair in cycle.windows(2).take(MOST_IN_CYCLE) {
        let message = format!("`{}` leads to `{}`", id(&pair[0]), id(&pair[1]));
        error = error.related(between(pair[0], pair[1]), message);
    }
    Some(error)
}

/// What a node asks for and the sandbox can't give.
fn surroundings(node: &NodeSpec, at: &str, found: &mut Vec<Diagnostic>) {
    if let Some(host) = &node.host {
        let at = path::key(at, "host");
        match form::host(host, &at) {
            Some(error) => found.push(error),
            None => found.push(
                Diagnostic::error(
                    "remote-host",
                    at,
                    format!(
                        "node `{}` asks to run on the host {}, but a sandboxed pipeline runs all its nodes itself",
                        node.id,
                        form::quoted(host)
                    ),
                )
                .help("take `host` away to run the node here"),
            ),
        }
    }
    if let Some(gpu) = node.capabilities.as_ref().and_then(|c| c.gpu.as_ref()) {
        let at = path::key(&path::key(at, "capabilities"), "gpu");
        if gpu.required {
            let message = format!(
                "node `{}` requires a GPU ({}), and the sandbox has none",
                node.id,
                gpu.gpu_type.name()
            );
            found.push(
                Diagnostic::error("gpu-required", path::key(&at, "required"), message)
                    .help("if the node can do without, say \"required\": false"),
            );
        } else {
            let message = format!(
                "node `{}` would like a GPU; it runs on the CPU here",
                node.id
            );
            found.push(Diagnostic::warning("no-gpu", at, message));
        }
    }
    if let Some(execution) = &node.execution {
        let at = path::key(&path::key(at, "execution"), "placement");
        let name = execution.placement.name();
        match execution.placement {
            Placement::Native | Placement::Remote => found.push(
                Diagnostic::error(
                    "placement-unavailable",
                    at,
                    format!(
                        "node `{}` may only run with placement `{name}`, and this is a sandbox",
                        node.id
                    ),
                )
                .help(format!(
                    "if the sandbox will do, say `anywhere` or `prefer_{name}`"
                )),
            ),
            Placement::PreferNative | Placement::PreferRemote => {
                let message = format!(
                    "node `{}` prefers the placement `{name}`; it runs in the sandbox",
                    node.id
                );
                found.push(Diagnostic::warning("placement-not-preferred", at, message));
            }
            Placement::Anywhere | Placement::Wasi | Placement::PreferWasi => {}
        }
    }
    if !node.python_deps.is_empty() {
        let message = format!(
            "node `{}` names Python packages ({}), and nothing is installed for a run",
            node.id,
            enumerate(node.python_deps.iter().take(8).map(String::as_str))
        );
        found.push(
            Diagnostic::warning("python-deps", path::key(at, "python_deps"), message)
                .help("packages in pure Python work from a directory that the host gives"),
        );
    }
}

/// What is known of the node types so far.
type Types<'a> = HashMap<&'a str, Result<NodeInfo, LookupError>>;

fn node_type<'a>(
    node: &'a NodeSpec,
    at: &str,
    takes_items: bool,
    registry: &Registry,
    types: &mut Types<'a>,
    found: &mut Vec<Diagnostic>,
) {
    let type_at = path::key(at, "node_type");
    if let Some(error) = form::node_type(&node.node_type, &type_at) {
        found.push(error);
        return;
    }
    let params_at = path::key(at, "params");
    if !matches!(node.params, Value::Map(_)) {
        let message = format!(
            "`{params_at}` must be an object, found {}",
            node.params.kind()
        );
        found.push(Diagnostic::error("wrong-type", params_at, message));
        return;
    }
    if node.params.is_deeper_than(MAX_DEPTH) {
        let message = format!("`{params_at}` is nested deeper than {MAX_DEPTH} levels");
        found.push(Diagnostic::error("too-deep", params_at, message));
        return;
    }
    let info = types
        .entry(node.node_type.as_str())
        .or_insert_with_key(|name| registry.describe(name));
    let info = match info {
        Ok(info) => info,
        Err(error) => {
            let error = error.clone();
            let code = match error.unavailable {
                true => "unavailable-node-type",
                false => "unknown-node-type",
            };
            found.push(Diagnostic::error(code, type_at, error.message).maybe_help(error.help));
            return;
        }
    };
    for problem in registry.check_params(&node.node_type, &node.params) {
        let at = match problem.param.as_str() {
            "" => params_at.clone(),
            name => path::key(&params_at, name),
        };
        found.push(
            Diagnostic::error("invalid-params", at, problem.message).maybe_help(problem.help),
        );
    }
    if info.language == Language::Rust && node.is_streaming {
        let message = format!(
            "`{}` is a Rust node and takes items one by one; `is_streaming` changes nothing",
            node.node_type
        );
        found.push(Diagnostic::warning(
            "streaming-ignored",
            path::key(at, "is_streaming"),
            message,
        ));
    }
    if info.source && takes_items {
        let message = format!(
            "node `{}` ({}) produces its own items, but connections lead into it",
            node.id, node.node_type
        );
        found.push(Diagnostic::warning("source-with-input", type_at, message));
    }
}
