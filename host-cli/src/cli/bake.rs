//! The arguments of `pipeline bake`.

use std::path::PathBuf;

use clap::Args;

use super::{Installation, LimitArguments};

pub(super) const LONG_HELP: &str = "\
What is in it:
  The manifest; all files below the --nodes directories, but for __pycache__ and
  names that begin with a dot; Python's library; and the state of Python after
  the nodes' modules were imported. So a run imports nothing, and needs no other
  file. The same files give the same bytes.

  Modules are imported once, now, in a sandbox with the limits below. What they
  make of the time, of files or of their surroundings while they are imported is
  the same in all runs. Random numbers are not: generators that modules make
  without a seed get a new one in each run, and so does what `random`, `uuid` and
  `numpy.random` keep.

Initialised nodes:
  With --initialize, nodes in Python are made and initialised now, too: a model
  that `initialize` loads is there in each run at once. That is right where it
  depends on nothing but the node's parameters and the baked files, and wrong
  where it asks for the time, draws a random number that nobody else may know, or
  opens what is there only in a run. A node that leaves a task running is
  refused. Nodes in Rust are initialised in each run.

How it runs:
  pipeline run my.wasm --input 5; pipeline check, and pipeline serve my.wasm; and
  as `pipeline.wasm` in any other host, which gets the manifest by loading the
  empty text. Code is compiled where it runs: at once by the program that made the
  component, once in half a minute by another version.

Examples:
  pipeline bake manifest.json -o my.wasm
  pipeline bake manifest.json --nodes nodes --nodes packages -o my.wasm
  pipeline run my.wasm --input '\"hello\"'
  pipeline serve my.wasm";

/// Make a component of a pipeline.
#[derive(Debug, Args)]
pub(crate) struct Bake {
    /// The manifest, JSON or YAML; `-` reads it from standard input.
    pub(crate) manifest: String,
    /// The component to write; it appears whole or not at all, in the place of
    /// what is there.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Let the component run other manifests, too, of nodes that are in it.
    #[arg(long)]
    pub(crate) allow_other_manifests: bool,
    /// Make and initialise the nodes now, instead of in each run; see below
    /// for when that is wrong.
    #[arg(long)]
    pub(crate) initialize: bool,
    #[command(flatten)]
    pub(crate) limits: LimitArguments,
    #[command(flatten)]
    pub(crate) installation: Installation,
}
