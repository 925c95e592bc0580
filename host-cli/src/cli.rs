//! The command line.

use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Arg, ArgAction, Args, Parser, Subcommand, ValueEnum};
use pipeline_host::Limits;

#[cfg(feature = "nats")]
use crate::commands::nats::arguments::{self as nats, Deploy, Submit, Work};
use crate::commands::serve::{Origin, parse_host};

const EXAMPLES: &str = "\
Examples:
  pipeline run examples/multiply_add.json
  pipeline run manifest.json --input 5 --input 7 --input '{\"text\": \"hi\"}'
  pipeline run manifest.json --input @speech.wav --output-dir out
  tail -f events.ndjson | pipeline run manifest.json --stream
  pipeline check manifest.yaml
  pipeline nodes
  pipeline serve --pipelines examples

Exit codes:
  0    all went well
  1    the pipeline failed, or met a limit
  2    the command line, the manifest or an input is wrong
  130  interrupted by Ctrl-C";

const RUN: &str = "\
Input:
  Every source of the pipeline gets all items, in order. An item is given by
  --input as JSON, or as a file: .wav is audio, .png .jpg .jpeg .webp is an
  image, .npy is a tensor, .txt is a string, .json is whatever it says, and
  anything else is binary data. --input-file takes many items: where its name
  ends in .ndjson or .jsonl, each line is one; any other file, and standard
  input, holds one JSON array, whose elements they are, or JSON values one after
  the other. So the one line [1,2] is two items on standard input, and with
  --input-format ndjson it is one, as it is with --stream. Without items the
  manifest's own input_data is used, where the manifest has the form
  {\"manifest\": ..., \"input_data\": [...]}; without that, sources must produce
  their own items.

Output:
  Results go to standard output as JSON, and nothing else does:
    {\"status\": \"success\", \"outputs\": [...], \"graph_info\": {...}}
  When the pipeline fails or the manifest is wrong:
    {\"status\": \"error\", \"error\": {\"kind\": ..., ...}, \"outputs\": [...]}
  with what the sinks had given before; it is left out on a terminal, where
  the message is enough, unless --format is given. What nodes print, messages
  and logs go to standard error. A terminal is shown control characters as
  \\u001b; pipes and files get them as they are.

  With --output-dir media become files: out-0.wav is the first output, and so
  on. They appear whole or not at all, and none that is there is replaced
  without --overwrite.

  JSON that can't say something says it by an object with one key:
    {\"$float\": \"nan\"}  {\"$bytes\": \"<base64>\"}  {\"$tuple\": [...]}
    {\"$dict\": [[key, value], ...]}  {\"$object\": {...}}  {\"$audio\": {...}} ...

Exit codes:
  0 all went well, 1 the pipeline failed or met a limit, 2 the command line, the
  manifest or an input is wrong, 130 interrupted by Ctrl-C

Examples:
  pipeline run manifest.json --input 5 --input 7
  pipeline run manifest.json --input @speech.wav --output-dir out
  pipeline run - --input-file items.ndjson < manifest.yaml
  pipeline run manifest.json --nodes ./my_nodes --timeout 10 --max-memory 256
  tail -f events.ndjson | pipeline run manifest.json --stream";

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

const SERVE: &str = "\
Requests:
  POST /v1/execute           {\"manifest\": {...}, \"inputs\": [...]}
  POST /v1/pipelines/{name}  [...], for a manifest in the --pipelines directory
  POST /v1/check             {\"manifest\": {...}}
  GET  /v1/nodes, /v1/pipelines, /openapi.json, /healthz, /readyz, /metrics

  With content-type: application/x-ndjson items come and outputs go line by
  line. Each request has a fresh sandbox. What doesn't fit waits, and beyond
  that is refused with 429 and Retry-After.

  A body needs a content type. Pages of other web servers are refused with 403
  unless --allow-origin names theirs, and requests that call a server on this
  machine by another name than localhost with 421 unless --allow-host does.

  SIGTERM and Ctrl-C end the server when all it has accepted is answered, or
  after --drain seconds; a second one ends it at once.

Examples:
  pipeline serve --pipelines examples
  pipeline serve --addr 0.0.0.0:80 --timeout 5 --max-memory 256
  curl localhost:8080/v1/pipelines/multiply_add --json '[5, 7]'";

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
    #[command(after_long_help = RUN, after_help = "More, with examples: pipeline run --help")]
    Run(Run),
    /// Check a manifest without running it.
    #[command(mut_args(of_a_question))]
    Check(Check),
    /// List the node types that manifests can name.
    #[command(mut_args(of_a_question))]
    Nodes(Nodes),
    /// Print a JSON Schema, or the reference of manifests.
    #[command(mut_args(of_a_question))]
    Schema(Schema),
    /// Compile modules with nodes, so that runs start sooner.
    #[command(after_help = COMPILE, mut_arg("max_files", |argument| argument.hide(true)))]
    Compile(Compile),
    /// Answer HTTP requests that run pipelines.
    #[command(after_long_help = SERVE, after_help = "More, with examples: pipeline serve --help")]
    #[command(mut_args(of_a_request))]
    Serve(Serve),
    /// Run a pipeline on the messages of a NATS JetStream stream.
    #[cfg(feature = "nats")]
    #[command(after_long_help = nats::WORK, after_help = "More, with examples: pipeline work --help")]
    #[command(mut_args(of_a_request))]
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

/// Questions are answered soon, and without items.
fn of_a_question(argument: Arg) -> Arg {
    match argument.get_id().as_str() {
        "timeout" => argument.default_value("30"),
        "max_items" | "max_files" => argument.hide(true),
        _ => argument,
    }
}

/// What bounds a request is tighter: there are many, from other people.
fn of_a_request(argument: Arg) -> Arg {
    let default = match argument.get_id().as_str() {
        "timeout" => "30",
        "max_memory" => "512",
        "max_output" => "256",
        "max_log" => "1",
        "max_open_files" => "64",
        // Answers are bounded as a whole, and go to no files.
        "max_items" | "max_files" => return argument.hide(true),
        _ => return argument,
    };
    argument.default_value(default)
}

/// Run a pipeline.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The manifest, JSON or YAML; `-` reads it from standard input.
    pub(crate) manifest: String,
    /// An item: JSON, or `@file`; with `NODE=` before it, for that source
    /// alone. Can be repeated.
    #[arg(
        short,
        long,
        value_name = "[NODE=]JSON|@FILE",
        allow_hyphen_values = true
    )]
    pub(crate) input: Vec<String>,
    /// A file of items: a JSON array or NDJSON; `-` for standard input.
    #[arg(long, value_name = "FILE|-")]
    pub(crate) input_file: Option<String>,
    /// How --input-file holds its items [default: ndjson where the name ends in
    /// .ndjson or .jsonl, else json].
    #[arg(long, value_enum, value_name = "FORMAT", requires = "input_file")]
    pub(crate) input_format: Option<Items>,
    /// Take items from standard input, one JSON value a line, and write
    /// outputs as they come, one a line.
    #[arg(long, conflicts_with_all = ["input_file", "metrics", "format"])]
    pub(crate) stream: bool,
    /// With --stream: read nothing; the sources produce the items.
    #[arg(long, requires = "stream", conflicts_with = "input")]
    pub(crate) no_input: bool,
    /// Layout of the JSON [default: pretty on a terminal, else json].
    #[arg(long, value_enum)]
    pub(crate) format: Option<Format>,
    /// Write media to files in this directory, and their names into the JSON.
    #[arg(long, value_name = "DIR")]
    pub(crate) output_dir: Option<PathBuf>,
    /// Replace files of the same names in --output-dir.
    #[arg(long, requires = "output_dir")]
    pub(crate) overwrite: bool,
    /// Split the items over this many instances, which run at the same time:
    /// for nodes that need not see all items. The order stays.
    #[arg(
        short,
        long,
        value_name = "N",
        default_value = "1",
        conflicts_with = "stream"
    )]
    pub(crate) jobs: NonZero<usize>,
    /// Say which node gave each output: a list for each node instead of one for
    /// all; with --stream an object `{"node": ..., "output": ...}` a line.
    #[arg(long)]
    pub(crate) by_node: bool,
    /// Add what each node did and how long it took.
    #[arg(long)]
    pub(crate) metrics: bool,
    #[command(flatten)]
    pub(crate) limits: LimitArguments,
    #[command(flatten)]
    pub(crate) installation: Installation,
}

/// Check a manifest.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The manifest, JSON or YAML; `-` reads it from standard input.
    pub(crate) manifest: String,
    /// How to say that all is well, or what is not.
    #[arg(long, value_enum, default_value_t = Format::Pretty)]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) limits: LimitArguments,
    #[command(flatten)]
    pub(crate) installation: Installation,
}

/// List node types.
#[derive(Debug, Args)]
pub(crate) struct Nodes {
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

/// Answer HTTP requests.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where to listen; port 0 takes any that is free.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub(crate) addr: SocketAddr,
    /// A directory with manifests (.json, .yaml, .yml) that requests can name.
    #[arg(long, value_name = "DIR")]
    pub(crate) pipelines: Option<PathBuf>,
    /// How many requests run at the same time [default: 2 for each processor].
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) max_concurrent: Option<u32>,
    /// How many more may wait for their turn [default: 32 for each that runs].
    #[arg(long, value_name = "COUNT")]
    pub(crate) max_queue: Option<u32>,
    /// The longest body of a request, in MiB.
    #[arg(
        long,
        value_name = "MIB",
        value_parser = clap::value_parser!(u32).range(1..=256),
        default_value_t = 32
    )]
    pub(crate) max_body: u32,
    /// How many connections are held at the same time; more wait.
    #[arg(
        long,
        value_name = "COUNT",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000),
        default_value_t = 512
    )]
    pub(crate) max_connections: u32,
    /// Close a connection on which nothing moves for so long: between requests,
    /// in a body, or because its answer isn't read.
    #[arg(long, value_name = "SECONDS", value_parser = duration, default_value = "30")]
    pub(crate) idle_timeout: Duration,
    /// When a signal ends the server, cut what isn't answered after this long.
    #[arg(long, value_name = "SECONDS", value_parser = duration, default_value = "30")]
    pub(crate) drain: Duration,
    /// Another name by which clients may call the server. Can be repeated.
    #[arg(long, value_name = "NAME", value_parser = parse_host)]
    pub(crate) allow_host: Vec<String>,
    /// The origin of web pages that may send requests, like
    /// http://localhost:3000. Can be repeated.
    #[arg(long, value_name = "ORIGIN", value_parser = Origin::parse)]
    pub(crate) allow_origin: Vec<Origin>,
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

/// How a file holds items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Items {
    /// One array, or values one after the other.
    Json,
    /// One in each line.
    Ndjson,
}

/// How output is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// On one line.
    Json,
    /// For people.
    Pretty,
}

/// What bounds a run. The defaults are those of the library.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits, each of which `none` lifts")]
pub(crate) struct LimitArguments {
    /// Stop the run after this many seconds; with --stream, after so many on
    /// one item.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "300")]
    pub(crate) timeout: Limit<Duration>,
    /// Let the run use no more memory than this, Python's own included.
    #[arg(long, value_name = "MIB", value_parser = memory, default_value = "2048")]
    pub(crate) max_memory: Limit<usize>,
    /// Let outputs take no more of the host's memory than this; with --stream,
    /// those of one item. To serve: the longest answer.
    #[arg(long, value_name = "MIB", value_parser = mebibytes, default_value = "1024")]
    pub(crate) max_output: Limit<usize>,
    /// Leave out what nodes print beyond this; with --stream, for one item.
    #[arg(long, value_name = "MIB", value_parser = mebibytes, default_value = "64")]
    pub(crate) max_log: Limit<usize>,
    /// Let the run have no more files open at the same time.
    #[arg(long, value_name = "COUNT", value_parser = count::<usize>, default_value = "256")]
    pub(crate) max_open_files: Limit<usize>,
    /// Take no more items in, and give no more outputs; with --stream, for one
    /// item.
    #[arg(long, value_name = "COUNT", value_parser = count::<u64>, default_value = "10000000")]
    pub(crate) max_items: Limit<u64>,
    /// Write no more files to --output-dir; with --stream, for one item.
    #[arg(long, value_name = "COUNT", value_parser = count::<u64>, default_value = "10000")]
    pub(crate) max_files: Limit<u64>,
}

/// A limit as the command line gives it; none where it is lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit<T>(pub(crate) Option<T>);

impl LimitArguments {
    /// The limits in the library's form.
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            timeout: self.timeout.0,
            memory: self.max_memory.0,
            output: self.max_output.0,
            log: self.max_log.0,
            open_files: self.max_open_files.0,
            items: self.max_items.0,
            files: self.max_files.0,
            interrupt: None,
        }
    }
}

/// Where things are.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Installed")]
pub(crate) struct Installation {
    /// A directory with nodes of your own, named `module:Class` in manifests.
    /// The sandbox can read it. Can be repeated.
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
}

/// Reads a limit: `none`, or what `read` makes of it.
fn limit<T>(text: &str, read: impl FnOnce() -> Result<T, String>) -> Result<Limit<T>, String> {
    match text {
        "none" => Ok(Limit(None)),
        _ => read().map(|limit| Limit(Some(limit))),
    }
}

fn seconds(text: &str) -> Result<Limit<Duration>, String> {
    limit(text, || {
        duration(text).map_err(|problem| match text.parse::<f64>() {
            Ok(_) => problem,
            Err(_) => format!("{problem}, or `none`"),
        })
    })
}

pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| "must be a number of seconds".to_owned())?;
    if seconds > 0.0 {
        Duration::try_from_secs_f64(seconds).map_err(|_| "is too long".to_owned())
    } else {
        Err("must be more than 0".to_owned())
    }
}

fn memory(text: &str) -> Result<Limit<usize>, String> {
    match mebibytes(text)? {
        Limit(Some(bytes)) if bytes as u64 > 4 << 30 => {
            Err("must be at most 4096, which is all that a component can address".into())
        }
        limit => Ok(limit),
    }
}

fn mebibytes(text: &str) -> Result<Limit<usize>, String> {
    limit(text, || {
        let mebibytes: Option<usize> = text.parse().ok().filter(|mebibytes| *mebibytes > 0);
        let mebibytes = mebibytes.ok_or("must be a whole number of MiB above 0, or `none`")?;
        let bytes = mebibytes.checked_mul(1 << 20);
        bytes.ok_or_else(|| "is too large".into())
    })
}

fn count<T: FromStr + PartialOrd + Default>(text: &str) -> Result<Limit<T>, String> {
    limit(text, || {
        let count = text.parse().ok().filter(|count| *count > T::default());
        count.ok_or_else(|| "must be a whole number above 0, or `none`".into())
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn run(arguments: &[&str]) -> Result<Run, String> {
        let all = ["pipeline", "run"].iter().chain(arguments);
        match Cli::try_parse_from(all).map(|cli| cli.command) {
            Ok(Command::Run(run)) => Ok(run),
            Ok(other) => Err(format!("{other:?}")),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_can_be_read_with_its_defaults() {
        for arguments in [
            &["run", "m.json"][..],
            &["check", "m.json"],
            &["nodes"],
            &["compile", "nodes"],
            &["serve"],
            &[
                "serve",
                "--drain",
                "0.5",
                "--idle-timeout",
                "2",
                "--timeout",
                "none",
            ],
        ] {
            let read = Cli::try_parse_from(["pipeline"].iter().chain(arguments));
            assert!(read.is_ok(), "{arguments:?}: {:?}", read.err());
        }
    }

    #[test]
    fn inputs_can_be_negative_and_repeated() {
        let run = run(&["m.json", "--input", "-5", "-i", "[1]", "--timeout", "0.25"]).unwrap();
        assert_eq!(run.input, ["-5", "[1]"]);
        assert_eq!(run.limits.timeout, Limit(Some(Duration::from_millis(250))));
    }

    /// In one form, so that they can be compared.
    fn all(limits: &Limits) -> [Option<u128>; 7] {
        [
            limits.timeout.map(|limit| limit.as_millis()),
            limits.memory.map(|limit| limit as u128),
            limits.output.map(|limit| limit as u128),
            limits.log.map(|limit| limit as u128),
            limits.open_files.map(|limit| limit as u128),
            limits.items.map(u128::from),
            limits.files.map(u128::from),
        ]
    }

    const NAMES: [&str; 7] = [
        "--timeout",
        "--max-memory",
        "--max-output",
        "--max-log",
        "--max-open-files",
        "--max-items",
        "--max-files",
    ];

    #[test]
    fn defaults_are_those_of_the_library() {
        let limits = run(&["m.json"]).unwrap().limits.limits();
        assert_eq!(all(&limits), all(&Limits::default()));
    }

    #[test]
    fn each_limit_can_be_lifted() {
        let mut arguments = vec!["m.json"];
        arguments.extend(NAMES.iter().flat_map(|name| [name, "none"]));
        let limits = run(&arguments).unwrap().limits.limits();
        assert_eq!(all(&limits), all(&Limits::none()));
    }

    #[test]
    fn all_commands_have_all_limits_with_defaults() {
        let run_nothing = ["completions", "man", "submit"];
        let commands = Cli::command();
        let commands = commands.get_subcommands();
        for command in commands.filter(|command| !run_nothing.contains(&command.get_name())) {
            for name in NAMES {
                let found = command.get_arguments().find(|argument| {
                    argument.get_long() == name.strip_prefix("--")
                        && !argument.get_default_values().is_empty()
                });
                assert!(found.is_some(), "{}: {name}", command.get_name());
            }
        }
    }

    #[test]
    fn mistakes_are_refused() {
        for arguments in [
            &["m.json", "--timeout", "0"][..],
            &["m.json", "--timeout", "nan"],
            &["m.json", "--timeout", "1e300"],
            &["m.json", "--max-memory", "0"],
            &["m.json", "--stream", "--input-file", "x"],
            &["m.json", "--no-input"],
            &["m.json", "--jobs", "0"],
            &["m.json", "--jobs", "2", "--stream"],
            &["m.json", "--format", "xml"],
            &["m.json", "--overwrite"],
            &[],
        ] {
            assert!(run(arguments).is_err(), "{arguments:?}");
        }
    }
}
