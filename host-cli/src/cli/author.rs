//! The arguments of what authors of pipelines use: `new`, `test`, `echo`, `graph`
//! and `repl`.

use std::num::NonZero;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Installation, LimitArguments};

pub(super) const NEW: &str = "\
What is there then:
  pipeline.yaml         the manifest, with a line that tells editors its schema
  nodes/shout.py        a node of your own
  pipeline.cases.json   cases: what goes in, and what must come out
  tests/                a test of the node alone, for pytest
  schema.json           what manifests may hold, your own nodes included
  .gitignore

Examples:
  pipeline new shout
  pipeline test shout
  pipeline run shout/pipeline.yaml --nodes shout/nodes --input '\"hello\"'";

pub(super) const TEST: &str = "\
Cases stand beside a manifest: those of pipeline.yaml in pipeline.cases.json. A
file holds one case, or a list of them:

  {
    \"name\": \"shouts\",
    \"nodes\": [\"nodes\"],
    \"inputs\": [\"hello\"],
    \"expect\": {\"outputs\": [\"HELLO!\"]}
  }

  name      unique in its file
  about     what it shows, in a sentence
  manifest  the path of a manifest, or the manifest itself; left out, the one
            that the file stands beside
  nodes     directories with nodes, below the file's own; or an object of files,
            name to source
  inputs    the items; left out, those of the manifest, or none
  expect    {\"outputs\": [...], \"execution_order\": [...]}, or {\"error\": {...}}
            with kind, message_contains, node_id, item and outputs

  An item {\"$from\": \"speech.wav\"} is in a file beside, as for --input @FILE; one
  that is expected is compared with what --output-dir would write.

  Values are compared to the last bit: 1 is not 1.0.

--update writes what came out as what is expected. Read it before you keep it.

Examples:
  pipeline test
  pipeline test shout --filter whisper
  pipeline test pipeline.cases.json --update
  pipeline test --jobs 4 --junit report.xml

Exit codes:
  0 all passed, 1 a case failed, 2 there is none, or a file is wrong";

pub(super) const ECHO: &str = "\
Whatever form a manifest has (one line, YAML, the SDK's own keys and names), there
is one that says the same with the keys of docs/manifest.md. Node types keep the
names that they have here.

Examples:
  pipeline echo 'AudioMixDownNode ! AudioResampleNode sample_rate=16000'
  pipeline echo template.yaml --format json > manifest.json";

pub(super) const GRAPH: &str = "\
Examples:
  pipeline graph manifest.yaml
  pipeline graph manifest.yaml --format mermaid >> README.md
  pipeline graph manifest.yaml --format svg > pipeline.svg
  pipeline graph manifest.yaml --format dot | dot -Tpng > pipeline.png";

pub(super) const REPL: &str = "\
Python, line by line, in a sandbox that lives as long as the session: `_` is the
last result, `items` are those of --input, `run` runs a manifest and `run_node` a
node. With a manifest each line is an item, as JSON, and what the pipeline gives
for it is printed.

Examples:
  pipeline repl
  pipeline repl --nodes nodes --input @speech.wav
  pipeline repl manifest.yaml";

/// Make a project.
#[derive(Debug, Args)]
pub(crate) struct New {
    /// The project's directory; its name is the pipeline's.
    #[arg(value_name = "NAME")]
    pub(crate) directory: PathBuf,
    #[command(flatten)]
    pub(crate) limits: LimitArguments,
    #[command(flatten)]
    pub(crate) installation: Installation,
}

/// Run cases.
#[derive(Debug, Args)]
pub(crate) struct Test {
    /// Files of cases, or directories, in which all that end in .cases.json are.
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) paths: Vec<PathBuf>,
    /// Run only cases whose names have this text in them.
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Option<String>,
    /// Write what came out into the files, as what is expected.
    #[arg(long)]
    pub(crate) update: bool,
    /// How many cases run at the same time [default: one for each processor].
    #[arg(short, long, value_name = "N")]
    pub(crate) jobs: Option<NonZero<usize>>,
    /// Write a report as JUnit does, for servers that run tests.
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) limits: LimitArguments,
    #[command(flatten)]
    pub(crate) installation: Installation,
}

/// Print a manifest in its one form.
#[derive(Debug, Args)]
pub(crate) struct Echo {
    /// The manifest: a file, a pipeline on one line, or `-` for standard input.
    #[arg(value_name = "MANIFEST")]
    pub(crate) manifest: String,
    /// As what.
    #[arg(long, value_enum, default_value_t = Notation::Yaml)]
    pub(crate) format: Notation,
    #[command(flatten)]
    pub(crate) limits: LimitArguments,
    #[command(flatten)]
    pub(crate) installation: Installation,
}

/// How a manifest is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Notation {
    /// YAML.
    Yaml,
    /// JSON.
    Json,
}

/// Draw a pipeline.
#[derive(Debug, Args)]
pub(crate) struct Graph {
    /// The manifest: a file, a pipeline on one line, or `-` for standard input.
    #[arg(value_name = "MANIFEST")]
    pub(crate) manifest: String,
    /// As what.
    #[arg(long, value_enum, default_value_t = Drawing::Ascii)]
    pub(crate) format: Drawing,
    #[command(flatten)]
    pub(crate) limits: LimitArguments,
    #[command(flatten)]
    pub(crate) installation: Installation,
}

/// How a pipeline is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Drawing {
    /// Boxes and lines of characters, for a terminal.
    Ascii,
    /// Mermaid, which Markdown shows on many sites.
    Mermaid,
    /// Graphviz's language.
    Dot,
    /// A picture.
    Svg,
}

/// Try things out.
#[derive(Debug, Args)]
pub(crate) struct Repl {
    /// A manifest whose pipeline is fed; Python without one.
    #[arg(value_name = "MANIFEST")]
    pub(crate) manifest: Option<String>,
    /// An item to begin with: JSON, or `@file`. Can be repeated.
    #[arg(short, long, value_name = "JSON|@FILE", allow_hyphen_values = true)]
    pub(crate) input: Vec<String>,
    #[command(flatten)]
    pub(crate) limits: LimitArguments,
    #[command(flatten)]
    pub(crate) installation: Installation,
}
