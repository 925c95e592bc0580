//! The command line.

mod author;
mod bake;
mod limits;
mod packages;
mod rmpkg;
mod run;
mod serve;
#[cfg(test)]
mod tests;
#[cfg(feature = "webrtc")]
mod webrtc;

use std::path::PathBuf;

use clap::{Arg, ArgAction, Args, Parser, Subcommand, ValueEnum};

pub(crate) use author::{Drawing, Echo, Graph, New, Notation, Repl, Test};
pub(crate) use bake::Bake;
pub(crate) use limits::LimitArguments;
#[cfg(feature = "nats")]
pub(crate) use limits::duration;
pub(crate) use packages::{Add, Index, Remove, Shared, Sync};
pub(crate) use rmpkg::{Inspect, Pack, Trust, Unpack};
pub(crate) use run::{Items, LogFormat, Looking, OutputFormat, Run};
pub(crate) use serve::Serve;

#[cfg(feature = "nats")]
use crate::commands::nats::arguments::{self as nats, Deploy, Submit, Work};

const EXAMPLES: &str = "\
Examples:
  pipeline run examples/multiply_add.json
  pipeline run manifest.json --input 5 --input 7 --input '{\"text\": \"hi\"}'
  pipeline run manifest.json --input @speech.wav --output-dir out
  pipeline run manifest.json --input @speech.mp3 --output louder.wav
  tail -f events.ndjson | pipeline run manifest.json --stream
  pipeline check manifest.yaml
  pipeline nodes
  pipeline serve --pipelines examples
  pipeline bake manifest.json --nodes nodes -o my.wasm

Exit codes:
  0    all went well
  1    the pipeline failed, or met a limit
  2    the command line, the manifest or an input is wrong
  130  interrupted by Ctrl-C";

const COMPILE: &str = "\
Each run imports its nodes' modules in a fresh sandbox, where Python can't keep
their bytecode. This keeps it in __pycache__ beside the sources. A module that
changes later is compiled in each run again, until it is compiled anew.

Example:
  pipeline compile my_nodes";

const COMPLETIONS: &str = "\
Examples:
  pipeline completions bash > ~/.local/share/bash-completion/completions/pipeline
  pipeline completions fish > ~/.config/fish/completions/pipeline.fish";

/// Runs media and data pipelines, of nodes in Python or Rust, in a sandbox.
#[derive(Debug, Parser)]
#[command(name = "pipeline", version, after_help = EXAMPLES)]
#[command(arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Log to standard error; repeat for more. PIPELINE_LOG takes a filter.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a pipeline and print what it gives.
    #[command(after_long_help = run::LONG_HELP, after_help = "More, with examples: pipeline run --help")]
    Run(Run),
    /// Make a project: a manifest, a node of your own, and tests.
    #[command(after_help = author::NEW)]
    #[command(mut_args(of_a_question))]
    New(New),
    /// Run the cases beside manifests, and say what came out otherwise.
    #[command(after_long_help = author::TEST, after_help = "More, with examples: pipeline test --help")]
    #[command(mut_args(of_a_question))]
    Test(Test),
    /// Check a manifest without running it.
    #[command(mut_args(of_a_question))]
    Check(Check),
    /// Print a manifest in its one form, as YAML or JSON.
    #[command(after_help = author::ECHO)]
    #[command(mut_args(of_a_question))]
    Echo(Echo),
    /// Draw a pipeline.
    #[command(after_help = author::GRAPH)]
    #[command(mut_args(of_a_question))]
    Graph(Graph),
    /// Try things out in a sandbox, line by line.
    #[command(after_help = author::REPL)]
    Repl(Repl),
    /// List the node types that manifests can name, or explain one.
    #[command(mut_args(of_a_question))]
    Nodes(Nodes),
    /// Print a JSON Schema, or the reference of manifests.
    #[command(mut_args(of_a_question))]
    Schema(Schema),
    /// Compile modules with nodes, so that runs start sooner.
    #[command(after_help = COMPILE, mut_arg("max_files", |argument| argument.hide(true)))]
    Compile(Compile),
    /// Make a component of a pipeline, which needs no other file to run.
    #[command(after_long_help = bake::LONG_HELP, after_help = "More, with examples: pipeline bake --help")]
    #[command(mut_args(of_a_question))]
    Bake(Bake),
    /// Install packages of Python for nodes.
    #[command(after_long_help = packages::ADD, after_help = "More, with examples: pipeline add --help")]
    Add(Add),
    /// Remove packages that were added.
    #[command(after_help = packages::REMOVE)]
    Remove(Remove),
    /// Install the packages that a lock file names.
    #[command(after_help = packages::SYNC)]
    Sync(Sync),
    /// Make a package (.rmpkg) of a pipeline, with its nodes and packages.
    #[command(after_long_help = rmpkg::PACK, after_help = "More, with examples: pipeline pack --help")]
    #[command(mut_args(of_a_question))]
    Pack(Pack),
    /// Unpack a package into a directory.
    #[command(after_help = rmpkg::UNPACK)]
    Unpack(Unpack),
    /// Say what is in a package.
    #[command(after_help = rmpkg::INSPECT)]
    Inspect(Inspect),
    /// Answer HTTP requests that run pipelines.
    #[command(after_long_help = serve::LONG_HELP, after_help = "More, with examples: pipeline serve --help")]
    #[command(mut_args(serve::of_a_request))]
    Serve(Serve),
    /// Run a pipeline on the messages of a NATS JetStream stream.
    #[cfg(feature = "nats")]
    #[command(after_long_help = nats::WORK, after_help = "More, with examples: pipeline work --help")]
    #[command(mut_args(|argument| nats::of_a_message(serve::of_a_request(argument))))]
    Work(Work),
    /// Send items to workers by NATS JetStream, and print what they give.
    #[cfg(feature = "nats")]
    #[command(after_long_help = nats::SUBMIT, after_help = "More, with examples: pipeline submit --help")]
    Submit(Submit),
    /// Hand a manifest and its nodes to all workers, as a new version.
    #[cfg(feature = "nats")]
    #[command(after_help = nats::DEPLOY)]
    #[command(mut_args(of_a_question))]
    Deploy(Deploy),
    /// Print what a shell needs to complete this command line.
    #[command(after_help = COMPLETIONS)]
    Completions(Completions),
    /// Write the manual's pages, for `man`.
    Man(Man),
}

impl Command {
    /// How logs are written.
    pub(crate) fn log_format(&self) -> LogFormat {
        match self {
            Self::Run(run) => run.log_format,
            _ => LogFormat::Text,
        }
    }
}

/// Questions are answered soon, and without items.
fn of_a_question(argument: Arg) -> Arg {
    match argument.get_id().as_str() {
        "timeout" => argument.default_value("30"),
        "max_items" | "max_files" => argument.hide(true),
        _ => argument,
    }
}

/// Check a manifest.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The manifest: a file, JSON or YAML; a package, .rmpkg; what `pipeline bake`
    /// made; a pipeline on one line; or `-` for standard input.
    pub(crate) manifest: String,
    /// How to say that all is well, or what is not.
    #[arg(long, value_enum, default_value_t = Format::Pretty)]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) trust: Trust,
    #[command(flatten)]
    pub(crate) limits: LimitArguments,
    #[command(flatten)]
    pub(crate) installation: Installation,
}

/// List node types, or explain one.
#[derive(Debug, Args)]
pub(crate) struct Nodes {
    /// Explain this node type, with an example.
    #[arg(value_name = "NODE_TYPE")]
    pub(crate) node_type: Option<String>,
    /// JSON, or a table.
    #[arg(long, value_enum, default_value_t = Format::Pretty)]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) limits: LimitArguments,
    #[command(flatten)]
    pub(crate) installation: Installation,
}

/// Print a JSON Schema.
#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// What it is of.
    #[arg(value_enum, default_value_t = Described::Manifest)]
    pub(crate) what: Described,
    #[command(flatten)]
    pub(crate) limits: LimitArguments,
    #[command(flatten)]
    pub(crate) installation: Installation,
}

/// What there are schemas of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Described {
    /// Manifests, with the parameters of each node type.
    Manifest,
    /// Items: what pipelines are given and give.
    Items,
    /// What a run that succeeded prints.
    Results,
    /// What a run that failed prints.
    Errors,
    /// No schema: all keys of manifests and all node types, as Markdown.
    Reference,
}

/// Compile modules with nodes.
#[derive(Debug, Args)]
pub(crate) struct Compile {
    /// A directory with nodes; everything below it is compiled.
    #[arg(required = true, value_name = "DIR")]
    pub(crate) directories: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) limits: LimitArguments,
    #[command(flatten)]
    pub(crate) installation: Installation,
}

/// Print completions.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// For which shell.
    pub(crate) shell: clap_complete::Shell,
}

/// Write the manual.
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// The directory; it is made where it is not there.
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,
}

/// How output is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// On one line.
    Json,
    /// For people.
    Pretty,
}

/// Where things are.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Installed")]
pub(crate) struct Installation {
    /// A directory with nodes of your own, named `module:Class` in manifests, or
    /// with packages that `pipeline add` installed. The sandbox can read it. Can
    /// be repeated.
    #[arg(long, value_name = "DIR")]
    pub(crate) nodes: Vec<PathBuf>,
    /// The component [default: pipeline.wasm, or pipeline-http.wasm to serve,
    /// beside this program].
    #[arg(long, value_name = "FILE")]
    pub(crate) component: Option<PathBuf>,
    /// Python's standard library [default: stdlib beside this program].
    #[arg(long, value_name = "DIR")]
    pub(crate) stdlib: Option<PathBuf>,
    /// The directory of the package remotemedia [default: python beside this
    /// program].
    #[arg(long, value_name = "DIR")]
    pub(crate) python: Option<PathBuf>,
    /// A component that has its library in itself.
    #[arg(skip)]
    pub(crate) baked: Option<PathBuf>,
}
