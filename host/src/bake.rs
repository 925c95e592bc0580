//! Components with a pipeline in them.
//!
//! The component runs in a sandbox without directories: all files are handed to
//! it, and stay in its memory. It imports the pipeline's modules from there, and
//! what it has in its memory then is what instances of the new component begin
//! with. Nothing is compiled: the code stays the same, and so does that which was
//! compiled of it.

mod files;

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use pipeline_codec::{Style, Writer};

use crate::error::Error;
use crate::instance::Surroundings;
use crate::memory::exchange;
use crate::types::{Data, Input, PipelineError, Value, ValueNode};
use crate::{Component, Directories, Engine, Limits, Sandbox};

pub use self::files::{File, library, nodes};

/// The section in front of a component that holds the manifest of its pipeline.
const SECTION: &str = "pipeline-manifest";

/// A page of WebAssembly, in bytes.
const PAGE: usize = 64 << 10;

/// The largest memory that instances may begin with, in bytes: more could not be
/// shared between them.
const LARGEST: usize = 128 << 20;

/// How much of a component is looked at for its manifest, in bytes.
const LONGEST_MANIFEST: u64 = 16 << 20;

/// What is baked, and how.
#[derive(Clone, Debug, Default)]
pub struct Bake {
    /// The text of the manifest.
    pub manifest: String,
    /// Whether the component runs other manifests, too.
    pub allow_other_manifests: bool,
    /// Whether nodes in Python are made and initialised once, now, instead of in
    /// each instance.
    pub initialize: bool,
}

impl Bake {
    /// Makes a component with the pipeline and these files in it. `component` is
    /// `wasm`, compiled.
    ///
    /// # Errors
    /// Where a limit is met, or the component can't be given another memory. The
    /// inner one says why the pipeline can't run.
    pub async fn bake(
        &self,
        engine: &Engine,
        (wasm, component): (&[u8], &Component),
        files: Vec<File>,
        limits: &Limits,
    ) -> Result<Result<Vec<u8>, PipelineError>, Error> {
        let unfit = |why: String| Error::Bake { why };
        if !component.images().watch() {
            return Err(unfit(match cfg!(target_os = "linux") {
                true => "the component has not one memory whose content is known".into(),
                false => "that needs Linux; what was baked runs here too".into(),
            }));
        }
        let sandbox = Sandbox::new(engine, component, Directories::none())?
            .surrounded_by(Surroundings::Fixed);
        if let Err(error) = self.fill(&sandbox, files, limits).await? {
            return Ok(Err(error));
        }
        // The instance is gone, and has left its memory.
        let memory = component.images().seen();
        let memory = memory.ok_or_else(|| unfit("its memory was not left".into()))?;
        if memory.len() > LARGEST || !memory.len().is_multiple_of(PAGE) {
            let (size, most) = (memory.len() >> 20, LARGEST >> 20);
            return Err(unfit(format!(
                "its instances would begin with {size} MiB of memory, and may with {most}"
            )));
        }
        exchange::with_memory(wasm, &memory, (SECTION, self.manifest.as_bytes()))
            .map(Ok)
            .map_err(|error| unfit(error.to_string()))
    }

    /// Lets an instance take everything in.
    async fn fill(
        &self,
        sandbox: &Sandbox,
        files: Vec<File>,
        limits: &Limits,
    ) -> Result<Result<(), PipelineError>, Error> {
        let mut instance = sandbox.instantiate(limits).await?;
        let loaded = instance.load(&self.request()).await?;
        let loaded = loaded.map_err(|invalid| {
            let first = invalid.diagnostics.into_iter().next();
            let why = first.map_or_else(String::new, |first| first.message);
            Error::Bake { why }
        })?;
        let mut session = match instance.open(&loaded.manifest).await? {
            Ok(session) => session,
            Err(error) => return Ok(Err(error)),
        };
        for file in files {
            if let Err(error) = session.push(&file.into_input()).await? {
                return Ok(Err(error));
            }
        }
        // What failed leaves nothing to be cleaned up that matters.
        Ok(session.finish().await?.map(drop))
    }

    /// The manifest of the pipeline that takes everything in.
    fn request(&self) -> String {
        let mut writer = Writer::new(Style::Compact);
        writer.object(|writer| {
            writer.key("version").string("v1");
            writer.key("nodes").array(|writer| {
                writer.object(|writer| {
                    writer.key("id").string("bake");
                    writer
                        .key("node_type")
                        .string("remotemedia.runtime.baking:Bake");
                    writer.key("params").object(|writer| {
                        writer.key("manifest").string(&self.manifest);
                        writer.key("others").boolean(self.allow_other_manifests);
                        writer.key("initialize").boolean(self.initialize);
                    });
                });
            });
        });
        writer.finish()
    }
}

/// The manifest of the pipeline in a component, if there is one.
#[must_use]
pub fn manifest(wasm: &[u8]) -> Option<&str> {
    std::str::from_utf8(exchange::mark(wasm, SECTION)?).ok()
}

/// What a file is that may be a manifest, or a component with one in it.
#[derive(Debug, PartialEq, Eq)]
pub enum Peeked {
    /// WebAssembly, and the manifest in it if there is one.
    WebAssembly(Option<String>),
    /// Anything else.
    Other,
}

/// Looks at the beginning of a file.
///
/// # Errors
/// Where it can't be read.
pub fn peek(path: &Path) -> io::Result<Peeked> {
    let mut file = fs::File::open(path)?;
    let mut head = Vec::new();
    (&mut file).take(4).read_to_end(&mut head)?;
    if head != b"\0asm" {
        return Ok(Peeked::Other);
    }
    // The rest of the header, and the section's id and length.
    (&mut file).take(4 + 1 + 5).read_to_end(&mut head)?;
    if let Some(end) = exchange::end_of_mark(&head).filter(|end| *end <= LONGEST_MANIFEST) {
        file.take(end.saturating_sub(head.len() as u64))
            .read_to_end(&mut head)?;
        return Ok(Peeked::WebAssembly(manifest(&head).map(str::to_owned)));
    }
    Ok(Peeked::WebAssembly(None))
}

/// The component that answers requests, with another pipeline component behind it.
///
/// # Errors
/// Where it has not the component in it that is to be replaced.
pub fn put_behind(http: &[u8], installed: &[u8], baked: &[u8]) -> Result<Vec<u8>, Error> {
    let changed = exchange::with_component(http, installed, baked);
    changed.ok().flatten().ok_or_else(|| Error::Bake {
        why: "the component that answers requests is not of the same build as the other one".into(),
    })
}

impl File {
    /// What the pipeline that takes everything in expects.
    fn into_input(self) -> Input {
        let size = ValueNode::Integer(self.size as i64);
        let nodes = vec![
            ValueNode::Text(self.mount),
            ValueNode::Text(self.path),
            ValueNode::Bytes(self.packed),
            size,
            ValueNode::Fields(
                ["mount", "path", "packed", "size"]
                    .into_iter()
                    .zip(0..)
                    .map(|(name, index)| (name.to_owned(), index))
                    .collect(),
            ),
        ];
        Data::Value(Value { nodes, root: 4 }).into()
    }
}
