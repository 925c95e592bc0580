//! Whether a manifest can run. Nothing of it is run.

use std::cmp::Reverse;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use super::diagnostic::{Diagnostic, Found, did_you_mean, enumerate, named};
use super::path::Path;
use super::{Manifest, NodeSpec, Placement, form};
use crate::graph::{Graph, GraphInfo};
use crate::registry::{LookupError, NodeInfo, Registry};
use crate::value::{Limit, MAX_DEPTH, Value};

/// Most nodes of a pipeline.
pub const MAX_NODES: usize = 10_000;
/// Most connections of a pipeline.
pub const MAX_CONNECTIONS: usize = 100_000;
/// Most ids in the message about a cycle.
const MOST_IN_CYCLE: usize = 20;

/// Most unknown ids for which the nearest one is looked for.
const MOST_HELP: usize = 20;

/// Paths to a node from which on a warning says so.
const MANY_PATHS: u64 = 100_000;

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
    let checked = check_graph(manifest, registry);
    let doubts = around(manifest, registry);
    match checked {
        Ok((graph, mut warnings)) => {
            warnings.extend(doubts);
            Ok(Checked {
                graph: graph.info(manifest),
                warnings,
            })
        }
        Err(mut found) => {
            found.extend(doubts);
            Err(found)
        }
    }
}

/// What is doubtful about the directories that nodes come from, said of the
/// first node that does.
fn around(manifest: &Manifest, registry: &Registry) -> Vec<Diagnostic> {
    let own = |node: &NodeSpec| node.node_type.contains(':');
    let Some(position) = manifest.nodes.iter().position(own) else {
        return Vec::new();
    };
    let at = Path::Root.key("nodes");
    let at = at.index(position);
    let doubts = registry.look_around().into_iter();
    doubts
        .map(|doubt| {
            Diagnostic::warning(doubt.code, at.key("node_type"), doubt.message).help(doubt.help)
        })
        .collect()
}

/// Like [`check`], with the graph as the executor needs it.
pub(crate) fn check_graph(
    manifest: &Manifest,
    registry: &Registry,
) -> Result<(Graph, Vec<Diagnostic>), Vec<Diagnostic>> {
    if let Some(wrong) = sizes(manifest) {
        // Not a manifest that the rest could say anything sensible of.
        return Err(vec![wrong]);
    }
    let mut found = Found::default();
    if let Some(doubt) = form::version(&manifest.version, &Path::Root.key("version")) {
        found.warning(|| doubt);
    }
    let first = ids(manifest, &mut found);
    connections(manifest, &first, &mut found);
    let graph = Graph::new(manifest);
    match &graph {
        Err(cycle) => {
            if let Some(error) = cycle_error(manifest, cycle) {
                found.error(|| error);
            }
        }
        Ok(graph) => paths(manifest, graph, &mut found),
    }
    let mut types = Types::new();
    let mut installed = Installed::default();
    let nodes = Path::Root.key("nodes");
    for (position, node) in manifest.nodes.iter().enumerate() {
        let at = nodes.index(position);
        // Finding out that a type is unknown takes longer than all else.
        if found.is_full() {
            found.unsearched(at);
            break;
        }
        surroundings(node, &at, registry, &mut installed, &mut found);
        let takes_items = graph
            .as_ref()
            .is_ok_and(|graph| graph.incoming[position] > 0);
        node_type(node, &at, takes_items, registry, &mut types, &mut found);
    }
    match graph {
        Ok(graph) if !found.has_errors() => Ok((graph, found.finish(false))),
        _ => Err(found.finish(false)),
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
fn ids<'a>(manifest: &'a Manifest, found: &mut Found) -> HashMap<&'a str, usize> {
    let nodes = Path::Root.key("nodes");
    let mut first = HashMap::with_capacity(manifest.nodes.len());
    for (position, node) in manifest.nodes.iter().enumerate() {
        let at = nodes.index(position);
        let at = at.key("id");
        if let Some(error) = form::id(&node.id, &at) {
            found.error(|| error);
        }
        match first.entry(node.id.as_str()) {
            Entry::Vacant(entry) => {
                entry.insert(position);
            }
            Entry::Occupied(entry) => found.error(|| {
                let message = format!("two nodes have the id {}", form::quoted(&node.id));
                Diagnostic::error("duplicate-id", at, message)
                    .help("every node needs an id of its own")
                    .related(nodes.index(*entry.get()).key("id"), "first used here")
            }),
        }
    }
    first
}

fn connections(manifest: &Manifest, first: &HashMap<&str, usize>, found: &mut Found) {
    let all = Path::Root.key("connections");
    let mut seen = HashMap::with_capacity(manifest.connections.len());
    let known: Vec<&str> = {
        let all = manifest.nodes.iter().enumerate();
        all.filter(|(position, node)| first.get(node.id.as_str()) == Some(position))
            .map(|(_, node)| node.id.as_str())
            .collect()
    };
    let mut helped = 0;
    for (position, connection) in manifest.connections.iter().enumerate() {
        let at = all.index(position);
        for (end, id) in [("from", &connection.from), ("to", &connection.to)] {
            if first.contains_key(id.as_str()) {
                continue;
            }
            found.error(|| {
                helped += 1;
                let names = || known.iter().copied();
                // Looking for the nearest of many ids takes its time.
                let near = match helped <= MOST_HELP {
                    true => did_you_mean(id, names()),
                    false => None,
                };
                let few = known.len() <= 12;
                let listed = || few.then(|| format!("the nodes are {}", enumerate(names())));
                let message = format!("no node has the id {}", form::quoted(id));
                Diagnostic::error("unknown-endpoint", at.key(end), message)
                    .maybe_help(near.or_else(listed))
            });
        }
        if connection.from == connection.to && first.contains_key(connection.from.as_str()) {
            found.error(|| {
                let message = format!("node {} is connected to itself", named(&connection.from));
                Diagnostic::error("self-loop", at, message)
            });
        }
        match seen.entry((connection.from.as_str(), connection.to.as_str())) {
            Entry::Vacant(entry) => {
                entry.insert(position);
            }
            Entry::Occupied(entry) => found.warning(|| {
                let (from, to) = (named(&connection.from), named(&connection.to));
                let message = format!(
                    "{from} is connected to {to} more than once, so {to} gets every item that often"
                );
                Diagnostic::warning("duplicate-connection", at, message)
                    .related(all.index(*entry.get()), "first connected here")
            }),
        }
    }
}

/// Warns where items multiply: one that goes on along every path reaches a node
/// as often as paths lead to it, and their number can double with each node.
fn paths(manifest: &Manifest, graph: &Graph, found: &mut Found) {
    let paths = graph.paths();
    let most = paths
        .iter()
        .enumerate()
        .max_by_key(|&(node, &n)| (n, Reverse(node)));
    let Some((position, &number)) = most.filter(|&(_, &number)| number > MANY_PATHS) else {
        return;
    };
    found.warning(|| {
        let id = named(&manifest.nodes[position].id);
        let number = match number {
            u64::MAX => "more than 10^19".to_owned(),
            number => number.to_string(),
        };
        let message = format!("{number} paths lead to node {id}: an item may reach it that often");
        Diagnostic::warning(
            "many-paths",
            Path::Root.key("nodes").index(position),
            message,
        )
        .help("every connection passes on every item; take away those that are not needed")
    });
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
            .map(|position| Path::Root.key("connections").index(position).to_string())
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
        let message = format!("{} leads to {}", named(id(&pair[0])), named(id(&pair[1])));
        error = error.related(between(pair[0], pair[1]), message);
    }
    Some(error)
}

/// What a node asks for and can't be given: in a sandbox, and natively, where
/// what the machine has is between it and the node.
fn surroundings(
    node: &NodeSpec,
    at: &Path<'_>,
    registry: &Registry,
    installed: &mut Installed,
    found: &mut Found,
) {
    let is_sandbox = registry.is_sandbox();
    let id = named(&node.id);
    if let Some(host) = &node.host {
        let at = at.key("host");
        found.error(|| {
            form::host(host, &at).unwrap_or_else(|| {
                let host = form::quoted(host);
                let here = match is_sandbox {
                    true => "a sandboxed pipeline",
                    false => "a pipeline",
                };
                let message = format!(
                    "node {id} asks to run on the host {host}, but {here} runs all its nodes itself"
                );
                Diagnostic::error("remote-host", at, message)
                    .help("take `host` away to run the node here")
            })
        });
    }
    if !is_sandbox {
        // Here a node has its machine, with what is installed there.
        if node.execution.as_ref().map(|it| it.placement) == Some(Placement::Remote) {
            found.error(|| {
                let message = format!(
                    "node {id} may only run with placement `remote`, and a pipeline runs all its nodes here"
                );
                let at = at.key("execution");
                Diagnostic::error("placement-unavailable", at.key("placement"), message)
                    .help("if this one will do, say `anywhere` or `prefer_remote`")
            });
        }
        return;
    }
    if let Some(gpu) = node.capabilities.as_ref().and_then(|c| c.gpu.as_ref()) {
        let at = at.key("capabilities");
        let at = at.key("gpu");
        if gpu.required {
            found.error(|| {
                let kind = gpu.gpu_type.name();
                let message =
                    format!("node {id} requires a GPU ({kind}), and the sandbox has none");
                Diagnostic::error("gpu-required", at.key("required"), message)
                    .help("if the node can do without, say \"required\": false")
            });
        } else {
            found.warning(|| {
                let message = format!("node {id} would like a GPU; it runs on the CPU here");
                Diagnostic::warning("no-gpu", at, message)
            });
        }
    }
    if let Some(execution) = &node.execution {
        let at = at.key("execution");
        let at = at.key("placement");
        let name = execution.placement.name();
        match execution.placement {
            Placement::Native | Placement::Remote => found.error(|| {
                let message = format!(
                    "node {id} may only run with placement `{name}`, and this is a sandbox"
                );
                Diagnostic::error("placement-unavailable", at, message).help(format!(
                    "if the sandbox will do, say `anywhere` or `prefer_{name}`"
                ))
            }),
            Placement::PreferNative | Placement::PreferRemote => found.warning(|| {
                let message =
                    format!("node {id} prefers the placement `{name}`; it runs in the sandbox");
                Diagnostic::warning("placement-not-preferred", at, message)
            }),
            Placement::Anywhere | Placement::Wasi | Placement::PreferWasi => {}
        }
    }
    let needed = node.python_deps.iter().map(String::as_str);
    let mut missing = needed
        .filter(|requirement| {
            package(requirement).is_some_and(|name| !installed.has(&name, registry))
        })
        .take(8)
        .peekable();
    if missing.peek().is_some() {
        let packages = enumerate(missing);
        found.warning(|| {
            let message =
                format!("node {id} needs Python packages that are not installed here ({packages})");
            Diagnostic::warning("python-deps", at.key("python_deps"), message).help(
                "`pipeline add --manifest FILE` installs those in pure Python into a directory \
                 that `--nodes` gives to a run",
            )
        });
    }
}

/// The package that a requirement asks for, in its normal form. None where it
/// asks under a condition, which only an installer can judge.
fn package(requirement: &str) -> Option<String> {
    if requirement.contains(';') {
        return None;
    }
    let end = requirement.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
    let name = &requirement[..end.unwrap_or(requirement.len())];
    let parts = name.split(['-', '_', '.']).filter(|part| !part.is_empty());
    Some(parts.collect::<Vec<_>>().join("-").to_ascii_lowercase())
}

/// The packages that a run finds, looked for once.
#[derive(Default)]
struct Installed(Option<HashSet<String>>);

impl Installed {
    fn has(&mut self, name: &str, registry: &Registry) -> bool {
        let names = (self.0).get_or_insert_with(|| registry.packages().into_iter().collect());
        // It comes with the component.
        name == "numpy" || names.contains(name)
    }
}

/// What is known of the node types so far.
type Types<'a> = HashMap<&'a str, Result<NodeInfo, LookupError>>;

fn node_type<'a>(
    node: &'a NodeSpec,
    at: &Path<'_>,
    takes_items: bool,
    registry: &Registry,
    types: &mut Types<'a>,
    found: &mut Found,
) {
    let type_at = at.key("node_type");
    if let Some(error) = form::node_type(&node.node_type, &type_at) {
        found.error(|| error);
        return;
    }
    let params_at = at.key("params");
    if !matches!(node.params, Value::Map(_)) {
        found.error(|| {
            let kind = node.params.kind();
            let message = format!("`{params_at}` must be an object, found {kind}");
            Diagnostic::error("wrong-type", params_at, message)
        });
        return;
    }
    if node.params.is_deeper_than(MAX_DEPTH) {
        found.error(|| {
            let message = format!("`{params_at}` is {}", Limit::Depth);
            Diagnostic::error("too-deep", params_at, message)
        });
        return;
    }
    let info = types
        .entry(node.node_type.as_str())
        .or_insert_with_key(|name| registry.describe(name));
    let info = match info {
        Ok(info) => info,
        Err(error) => {
            found.error(|| {
                let code = match error.unavailable {
                    true => "unavailable-node-type",
                    false => "unknown-node-type",
                };
                Diagnostic::error(code, type_at, error.message.clone())
                    .maybe_help(error.help.clone())
            });
            return;
        }
    };
    let said = registry.check_params(&node.node_type, &node.params);
    for problem in &said.problems {
        found.error(|| {
            let at = match problem.param.as_str() {
                "" => params_at,
                name => params_at.key(name),
            };
            Diagnostic::error("invalid-params", at, problem.message.clone())
                .maybe_help(problem.help.clone())
        });
    }
    for problem in &said.ignored {
        found.warning(|| {
            let message = format!("`{}` of {} is ignored", problem.param, node.node_type);
            Diagnostic::warning("ignored-param", params_at.key(&problem.param), message)
                .help(problem.message.clone())
        });
    }
    if info.source && takes_items {
        found.warning(|| {
            let (id, node_type) = (named(&node.id), &node.node_type);
            let message = format!(
                "node {id} ({node_type}) produces its own items, but connections lead into it"
            );
            Diagnostic::warning("source-with-input", type_at, message)
        });
    }
}
