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

use pipeline_host::Sandbox;
use pipeline_host::codec::{self, select};
use pipeline_host::types::{GraphInfo, Input, Manifest, NodeMetrics, NodeSpec, RunResult};

use crate::failure::Failure;
use crate::report;
use digest::Digest;
pub(crate) use entries::Entries;
pub(crate) use recorder::Recorder;

/// What is given in the place of a node whose items are known.
const SOURCE: &str = "PassThrough";

/// A run that makes use of what is kept.
pub(crate) struct Plan<'a> {
    entries: Entries,
    whole: &'a Manifest,
    graph: &'a GraphInfo,
    items: Option<&'a [Input]>,
    keys: HashMap<String, Digest>,
    /// None where all of it runs.
    cut: Option<Cut>,
}

/// What is left of a pipeline of which something is known.
struct Cut {
    manifest: Manifest,
    items: Vec<Input>,
    /// Nodes that run.
    running: HashSet<String>,
    /// Nodes whose items are given, and how many there are.
    known: HashMap<String, usize>,
}

impl<'a> Plan<'a> {
    /// Looks for what is known of a pipeline's nodes.
    ///
    /// # Errors
    /// Where what nodes can import can't be read, or an item has no form.
    pub(crate) fn new(
        entries: Entries,
        sandbox: &Sandbox,
        whole: &'a Manifest,
        graph: &'a GraphInfo,
        items: Option<&'a [Input]>,
    ) -> Result<Self, Failure> {
        let surroundings = digest::surroundings(sandbox)?;
        let keys = keys(&surroundings, whole, graph, items)?;
        let cut = cut(&entries, &keys, whole, items);
        Ok(Self {
            entries,
            whole,
            graph,
            items,
            keys,
            cut,
        })
    }

    /// What is to be run, and on what.
    pub(crate) fn part(&self) -> (&Manifest, Option<&[Input]>) {
        match &self.cut {
            Some(cut) => (&cut.manifest, Some(&cut.items)),
            None => (self.whole, self.items),
        }
    }

    /// Lets all of it run, where a run showed that nothing can be left out; says
    /// whether that is something new.
    pub(crate) fn widen(&mut self, recorder: &Recorder) -> bool {
        recorder.follows_time() && self.cut.take().is_some()
    }

    fn runs(&self, id: &str) -> bool {
        self.cut.as_ref().is_none_or(|cut| cut.running.contains(id))
    }

    /// Takes what the nodes give that run.
    pub(crate) fn recorder(&self) -> Recorder {
        let ids = self.whole.nodes.iter().map(|node| &node.id);
        let running = ids.filter(|id| self.runs(id)).cloned().collect();
        Recorder::new(self.entries.clone(), running)
    }

    /// Keeps what can be, says what was done, and gives the result as if all had run.
    pub(crate) fn finish(&self, mut run: RunResult, mut recorder: Recorder) -> RunResult {
        let givers = select::givers(self.whole);
        let (mut ran, mut kept) = (0, 0);
        let mut unkept = HashSet::new();
        let mut told = Vec::new();
        for id in self.graph.execution_order.iter().filter(|id| self.runs(id)) {
            let Some(key) = self.keys.get(id) else {
                continue;
            };
            ran += 1;
            let mut givers = givers.get(&**id).into_iter().flatten();
            let why = match (recorder.why(id), givers.find(|it| unkept.contains(*it))) {
                (Some(why), _) => why,
                (None, Some(giver)) => format!("it follows `{giver}`"),
                (None, None) => match recorder.keep(id, key) {
                    Ok(()) => {
                        kept += 1;
                        continue;
                    }
                    Err(error) => format!("its entry can't be written: {error}"),
                },
            };
            unkept.insert(&**id);
            told.push(format!("cache: `{id}` is not kept: {why}"));
        }
        let of = self.whole.nodes.len();
        report::tell(&match kept {
            0 => format!("cache: {ran} of {of} nodes ran"),
            kept => format!("cache: {ran} of {of} nodes ran, {kept} kept for the next time"),
        });
        told.iter().for_each(|line| report::tell(line));
        if let Some(cut) = &self.cut {
            run.metrics = cut.metrics(self.whole, run.metrics);
            run.graph = self.graph.clone();
        }
        run
    }
}

impl Cut {
    /// What each node of the whole pipeline did: those that did not run took no items
    /// and no time.
    fn metrics(&self, whole: &Manifest, metrics: Vec<NodeMetrics>) -> Vec<NodeMetrics> {
        // In the order of the nodes, of which some are left out.
        let mut ran = metrics
            .into_iter()
            .filter(|it| self.running.contains(&it.node_id))
            .peekable();
        let of = |node: &NodeSpec| {
            ran.next_if(|it| it.node_id == node.id)
                .unwrap_or_else(|| NodeMetrics {
                    node_id: node.id.clone(),
                    items_in: 0,
                    items_out: self.known.get(&node.id).map_or(0, |&items| items as u64),
                    nanoseconds: 0,
                })
        };
        whole.nodes.iter().map(of).collect()
    }
}

/// Leaves out what need not run; none where all of it has to.
fn cut(
    entries: &Entries,
    keys: &HashMap<String, Digest>,
    whole: &Manifest,
    items: Option<&[Input]>,
) -> Option<Cut> {
    let givers = select::givers(whole);
    let gives: HashSet<&str> = whole.connections.iter().map(|it| &*it.from).collect();
    let is_output = |node: &&NodeSpec| node.is_output_node || !gives.contains(&*node.id);
    let outputs = whole.nodes.iter().filter(is_output);
    let mut pending: Vec<&str> = outputs.map(|node| &*node.id).collect();
    let (mut running, mut known) = (HashSet::new(), HashMap::new());
    while let Some(id) = pending.pop() {
        if running.contains(id) || known.contains_key(id) {
            continue;
        }
        match keys.get(id).and_then(|key| entries.read(key)) {
            Some(items) => {
                known.insert(id, items);
            }
            None => {
                running.insert(id.to_owned());
                pending.extend(givers.get(id).into_iter().flatten());
            }
        }
    }
    let roots = || running.iter().filter(|id| !givers.contains_key(&***id));
    if known.is_empty() || (items.is_none() && roots().next().is_some()) {
        // Sources produce where a pipeline is given nothing at all.
        return None;
    }
    let fed = |id: &str, input: &Input| Input {
        node_id: Some(id.to_owned()),
        item: input.item.clone(),
    };
    let mut given = Vec::new();
    for input in items.into_iter().flatten() {
        let meant = input.node_id.as_ref();
        let roots = roots().filter(|root| meant.is_none_or(|id| id == *root));
        given.extend(roots.map(|root| fed(root, input)));
    }
    let mut manifest = whole.clone();
    manifest
        .nodes
        .retain(|node| running.contains(&node.id) || known.contains_key(&*node.id));
    for node in &mut manifest.nodes {
        if known.contains_key(&*node.id) {
            *node = NodeSpec {
                is_output_node: node.is_output_node,
                ..NodeSpec::new(&*node.id, SOURCE)
            };
        }
    }
    manifest.connections.retain(|it| running.contains(&it.to));
    let known = known.into_iter().map(|(id, items)| {
        let count = codec::count(&items);
        given.extend(items.into_iter().map(|input| Input {
            node_id: Some(id.to_owned()),
            item: input.item,
        }));
        (id.to_owned(), count)
    });
    Some(Cut {
        known: known.collect(),
        items: given,
        manifest,
        running,
    })
}

/// The name of each node's entry.
fn keys(
    surroundings: &Digest,
    manifest: &Manifest,
    graph: &GraphInfo,
    items: Option<&[Input]>,
) -> Result<HashMap<String, Digest>, Failure> {
    let givers = select::givers(manifest);
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
