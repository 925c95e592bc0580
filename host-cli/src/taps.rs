//! `--tap`: what a node gives, seen on its way.

use std::io::IsTerminal;

use pipeline_host::codec::{self, Style, Writer};
use pipeline_host::files::Existing;
use pipeline_host::types::{Data, Manifest, NodeOutputs};

use crate::failure::Failure;
use crate::output_file::OutputFile;
use crate::report;

/// How many characters of an item a terminal is shown.
const MOST_CHARS: usize = 200;

/// The nodes whose items are to be seen.
#[derive(Default)]
pub(crate) struct Taps(Vec<Tap>);

struct Tap {
    node: String,
    /// Whether its items are outputs of the pipeline, too.
    is_output: bool,
    /// None on standard error.
    file: Option<OutputFile>,
    given: usize,
}

impl Taps {
    /// Looks whether the files can be written; each argument is `NODE` or `NODE=FILE`.
    pub(crate) fn open(arguments: &[String], existing: Existing) -> Result<Self, Failure> {
        let open = |argument: &String| {
            let (node, file) = match argument.split_once('=') {
                None => (argument.as_str(), None),
                Some((node, "-" | "")) => {
                    let text = format!("--tap {argument}: there is no file");
                    let help = format!("--tap {node} tells the items on standard error");
                    return Err(Failure::usage(text).help(help));
                }
                Some((node, file)) => (node, Some(OutputFile::open(file, None, existing)?)),
            };
            Ok(Tap {
                node: node.to_owned(),
                is_output: false,
                file,
                given: 0,
            })
        };
        arguments
            .iter()
            .map(open)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Has the nodes give their items as outputs of the pipeline.
    pub(crate) fn mark(&mut self, manifest: &mut Manifest) -> Result<(), Failure> {
        for tap in &mut self.0 {
            let is_sink = !manifest.connections.iter().any(|it| it.from == tap.node);
            let Some(node) = manifest.nodes.iter_mut().find(|it| it.id == tap.node) else {
                let ids = manifest.nodes.iter().map(|node| node.id.as_str());
                let ids = ids.collect::<Vec<_>>().join(", ");
                let text = format!("--tap: no node has the id `{}`", tap.node);
                return Err(Failure::usage(text).help(format!("the nodes are {ids}")));
            };
            tap.is_output = is_sink || node.is_output_node;
        }
        // Only now: two of them may be for one node.
        for tap in &self.0 {
            let nodes = manifest.nodes.iter_mut();
            nodes
                .filter(|node| node.id == tap.node)
                .for_each(|node| node.is_output_node = true);
        }
        Ok(())
    }

    /// Shows what is to be seen of some outputs, and gives those of the pipeline.
    pub(crate) fn see(&mut self, mut given: Vec<NodeOutputs>) -> Result<Vec<NodeOutputs>, Failure> {
        for tap in &mut self.0 {
            for outputs in &given {
                if outputs.node_id == tap.node {
                    tap.show(outputs)?;
                }
            }
        }
        given.retain(|outputs| {
            let mut taps = self.0.iter();
            taps.all(|tap| tap.is_output || tap.node != outputs.node_id)
        });
        Ok(given)
    }

    /// Ends the files. One for which there was nothing is not made.
    pub(crate) fn finish(&mut self) -> Result<(), Failure> {
        for Tap {
            node, file, given, ..
        } in self.0.drain(..)
        {
            match file {
                Some(file) if given > 0 => file.finish()?,
                _ if given == 0 => report::tell(&format!("{node} gave nothing")),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Tap {
    fn show(&mut self, outputs: &NodeOutputs) -> Result<(), Failure> {
        self.given += outputs.items.len();
        if let Some(file) = &mut self.file {
            return file.push(std::slice::from_ref(outputs));
        }
        for item in codec::one_by_one(outputs.items.iter().cloned().map(Into::into).collect()) {
            self.tell(&item.item)?;
        }
        Ok(())
    }

    fn tell(&self, item: &Data) -> Result<(), Failure> {
        let mut writer = Writer::new(Style::Compact);
        writer.item(item).map_err(|error| {
            let node = &self.node;
            Failure::failed(format!("node `{node}` gave a broken value: {error}"))
        })?;
        let mut line = format!("{}: {}", self.node, writer.finish());
        if !std::io::stderr().is_terminal() {
            pipeline_host::stderr::tell(&line);
            return Ok(());
        }
        if let Some((end, _)) = line.char_indices().nth(MOST_CHARS) {
            line.truncate(end);
            line.push('…');
        }
        report::tell(&line);
        Ok(())
    }
}
