//! `--cache`: what nodes gave before, so that they need not run again.
//!
//! A node's entry has a name that says all on which its items depend: the component,
//! what its modules can import and open, its type and params, and the same of all that
//! leads to it, the items among that. So an entry is right or not there. What a node
//! reads beside that, a clock or random numbers, the component notes while it runs, and
//! then neither the node nor any that follows it is kept.
//!
//! Nodes whose items are known become sources that give them. A node takes the items
//! of its connections one connection after the other, so nothing depends on when they
//! come. Where a node type is about just that, all of them run.

mod digest;
mod entries;
mod recorder;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use pipeline_host::Sandbox;
use pipeline_host::codec;
use pipeline_host::types::{
    Connection, GraphInfo, Input, Manifest, NodeMetrics, NodeOutputs, NodeSpec, RunResult, Value,
    ValueNode,
};

use crate::failure::Failure;
use crate::report;
use digest::Digest;
pub(crate) use entries::Entries;
use recorder::Recorded;
pub(crate) use recorder::Recorder;

/// What is given in the place of a node whose items are known.
const SOURCE: &str = "PassThrough";

/// A run that makes use of what is kept.
pub(crate) struct Plan {
    entries: Arc<Entries>,
    /// As it is, before anything is left out.
    whole: Manifest,
    graph: GraphInfo,
    keys: HashMap<String, Digest>,
    /// Nodes whose items are outputs.
    outputs: HashSet<String>,
    /// Nodes that run.
    running: HashSet<String>,
    /// Nodes whose items are given, and how many there are.
    known: HashMap<String, usize>,
    /// What is to be run.
    pub(crate) manifest: Manifest,
    pub(crate) items: Option<Vec<Input>>,
}

impl Plan {
    /// Looks for what is known of a pipeline's nodes.
    ///
    /// # Errors
    /// Where what nodes can import can't be read, or an item has no form.
    pub(crate) fn new(
        entries: &Arc<Entries>,
        sandbox: &Sandbox,
        manifest: &Manifest,
        graph: &GraphInfo,
        items: Option<&[Input]>,
    ) -> Result<Self, Failure> {
        let surroundings = digest::surroundings(sandbox)?;
        let keys = keys(&surroundings, manifest, graph, items)?;
        let gives: HashSet<&str> = manifest.connections.iter().map(|it| &*it.from).collect();
        let is_output = |node: &&NodeSpec| node.is_output_node || !gives.contains(&*node.id);
        let outputs = manifest.nodes.iter().filter(is_output);
        let outputs = outputs.map(|node| node.id.clone()).collect();
        let mut plan = Self {
            entries: Arc::clone(entries),
            whole: manifest.clone(),
            graph: graph.clone(),
            keys,
            outputs,
            running: HashSet::new(),
            known: HashMap::new(),
            manifest: manifest.clone(),
            items: items.map(<[_]>::to_vec),
        };
        plan.running = manifest.nodes.iter().map(|node| node.id.clone()).collect();
        plan.cut();
        Ok(plan)
    }

    /// Leaves out what need not run.
    fn cut(&mut self) {
        let mut givers: HashMap<&str, Vec<&str>> = HashMap::new();
        for Connection { from, to, .. } in &self.whole.connections {
            givers.entry(to).or_default().push(from);
        }
        let (mut running, mut known) = (HashSet::new(), HashMap::new());
        let mut pending: Vec<&str> = self.outputs.iter().map(String::as_str).collect();
        while let Some(id) = pending.pop() {
            if running.contains(id) || known.contains_key(id) {
                continue;
            }
            match self.keys.get(id).and_then(|key| self.entries.read(key)) {
                Some(items) => {
                    known.insert(id.to_owned(), items);
                }
                None => {
                    running.insert(id.to_owned());
                    pending.extend(givers.get(id).into_iter().flatten());
                }
            }
        }
        let roots: Vec<&str> = running
            .iter()
            .map(String::as_str)
            .filter(|id| !givers.contains_key(id))
            .collect();
        if known.is_empty() || (self.items.is_none() && !roots.is_empty()) {
            // Sources produce where a pipeline is given nothing at all.
            return;
        }
        let mut items = Vec::new();
        for input in self.items.iter().flatten() {
            let meant = roots.iter().filter(|root| {
                let meant = input.node_id.as_deref();
                meant.is_none_or(|id| id == **root)
            });
            items.extend(meant.map(|root| Input {
                node_id: Some((*root).to_owned()),
                item: input.item.clone(),
            }));
        }
        for (id, given) in known {
            self.known.insert(id.clone(), codec::count(&given));
            items.extend(given.into_iter().map(|input| Input {
                node_id: Some(id.clone()),
                item: input.item,
            }));
        }
        self.items = Some(items);
        let mut nodes = self.whole.nodes.clone();
        nodes.retain(|node| running.contains(&node.id) || self.known.contains_key(&node.id));
        for node in &mut nodes {
            if self.known.contains_key(&node.id) {
                *node = source(&node.id, node.is_output_node);
            }
        }
        self.manifest.nodes = nodes;
        self.manifest
            .connections
            .retain(|it| running.contains(&it.to));
        self.running = running;
    }

    /// The same without what is known: all of it runs.
    pub(crate) fn without(mut self, items: Option<Vec<Input>>) -> Self {
        self.manifest = self.whole.clone();
        self.running = self
            .whole
            .nodes
            .iter()
            .map(|node| node.id.clone())
            .collect();
        self.known.clear();
        self.items = items;
        self
    }

    /// Whether something of the pipeline need not run.
    pub(crate) fn is_cut(&self) -> bool {
        !self.known.is_empty()
    }

    /// Takes what the nodes give that run.
    pub(crate) fn recorder(&self) -> Recorder {
        Recorder::new(Arc::clone(&self.entries), self.running.clone())
    }

    /// Keeps what can be, says what was done, and gives the result as if all had run.
    pub(crate) fn finish(&self, mut run: RunResult, mut recorded: Recorded) -> RunResult {
        let mut kept = 0;
        let mut impure: HashMap<&str, String> = HashMap::new();
        for id in &self.graph.execution_order {
            let Some((id, key)) = self.keys.get_key_value(id) else {
                continue;
            };
            if !self.running.contains(id) {
                continue;
            }
            let mut givers = self.whole.connections.iter().filter(|it| it.to == *id);
            let after = givers.find(|it| impure.contains_key(&*it.from));
            let why = match (recorded.why(id), after) {
                (Some(why), _) => why,
                (None, Some(giver)) => format!("it follows `{}`", giver.from),
                (None, None) => match recorded.keep(id, key) {
                    Ok(()) => {
                        kept += 1;
                        continue;
                    }
                    Err(error) => format!("its entry can't be written: {error}"),
                },
            };
            impure.insert(id, why);
        }
        let mut told = format!(
            "cache: {} of {} nodes ran",
            self.running.len(),
            self.whole.nodes.len()
        );
        if kept > 0 {
            told.push_str(&format!(", {kept} kept for the next time"));
        }
        report::tell(&told);
        for id in &self.graph.execution_order {
            if let Some(why) = impure.get(&**id) {
                report::tell(&format!("cache: `{id}` is not kept: {why}"));
            }
        }
        run.outputs = self.of_the_whole(run.outputs);
        run.metrics = self.metrics(&run.metrics);
        run.graph = self.graph.clone();
        run
    }

    /// Outputs in the order of the whole pipeline.
    fn of_the_whole(&self, mut outputs: Vec<NodeOutputs>) -> Vec<NodeOutputs> {
        let position = |id: &str| self.whole.nodes.iter().position(|node| node.id == id);
        outputs.sort_by_key(|given| position(&given.node_id));
        outputs
    }

    /// Nodes that did not run took no items and no time.
    fn metrics(&self, ran: &[NodeMetrics]) -> Vec<NodeMetrics> {
        let of = |node: &NodeSpec| {
            let ran = ran.iter().find(|it| it.node_id == node.id);
            match ran.filter(|_| self.running.contains(&node.id)) {
                Some(ran) => ran.clone(),
                None => NodeMetrics {
                    node_id: node.id.clone(),
                    items_in: 0,
                    items_out: self.known.get(&node.id).map_or(0, |&items| items as u64),
                    nanoseconds: 0,
                },
            }
        };
        self.whole.nodes.iter().map(of).collect()
    }
}

/// Opens the directory of entries.
pub(crate) fn open(directory: &Path) -> Result<Arc<Entries>, Failure> {
    Entries::open(directory).map(Arc::new)
}

/// The name of each node's entry.
fn keys(
    surroundings: &Digest,
    manifest: &Manifest,
    graph: &GraphInfo,
    items: Option<&[Input]>,
) -> Result<HashMap<String, Digest>, Failure> {
    let mut givers: HashMap<&str, Vec<&str>> = HashMap::new();
    for connection in &manifest.connections {
        givers
            .entry(&connection.to)
            .or_default()
            .push(&connection.from);
    }
    let specs: HashMap<&str, &NodeSpec> = manifest
        .nodes
        .iter()
        .map(|node| (&*node.id, node))
        .collect();
    let items = items.map(digest::inputs).transpose()?;
    let mut keys: HashMap<String, Digest> = HashMap::new();
    for id in &graph.execution_order {
        let Some(spec) = specs.get(&**id) else {
            continue;
        };
        let mut of = digest::Hasher::new("node");
        of.add(surroundings);
        digest::spec(&mut of, spec);
        match (givers.get(&**id), &items) {
            (Some(givers), _) => {
                for giver in givers {
                    match keys.get(*giver) {
                        Some(key) => of.add(key),
                        None => of.text(giver),
                    }
                }
            }
            (None, None) => of.text("no items"),
            (None, Some(items)) => {
                of.text("items");
                let meant = items
                    .iter()
                    .filter(|(meant, _)| meant.is_none_or(|it| it == id));
                meant.for_each(|(_, item)| of.add(item));
            }
        }
        keys.insert(id.clone(), of.finish());
    }
    Ok(keys)
}

/// A node that gives what it is given.
fn source(id: &str, is_output_node: bool) -> NodeSpec {
    NodeSpec {
        id: id.to_owned(),
        node_type: SOURCE.to_owned(),
        params: Value {
            nodes: vec![ValueNode::Fields(Vec::new())],
            root: 0,
        },
        is_streaming: false,
        is_output_node,
        capabilities: None,
        host: None,
        runtime_hint: None,
        execution: None,
        fast_path: None,
        python_deps: Vec::new(),
        media_capabilities: None,
    }
}
