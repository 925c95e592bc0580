//! The arguments of `pipeline run`.

use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::limits::duration;
use super::{Format, Installation, LimitArguments, Trust};

pub(super) const LONG_HELP: &str = "\
Input:
  Every source of the pipeline gets all items, in order. An item is given by
  --input as JSON, or as a file: .wav .flac .mp3 .ogg .aac .m4a is audio, .png
  .jpg .jpeg .webp is an image, .npy is a tensor, .txt is a string, .json is
  whatever it says, and anything else is binary data; .jsonl, .ndjson and .csv
  are many items. What --input @- reads from standard input is told by its
  content: a medium, or else JSON. --input-file takes many items: where its name
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

  With --output the outputs become one file, or go to standard output as one:
  audio piece after piece as .wav or .flac, items a line each as .jsonl, and one
  output as .png .jpg .webp .npy .txt .bin .json.

  With --chunk audio of any length flows through with the memory of a piece. Its
  nodes see pieces where they would see the whole, which is the same to those
  that keep what they need from one to the next, as AudioResampleNode does.

  JSON that can't say something says it by an object with one key:
    {\"$float\": \"nan\"}  {\"$bytes\": \"<base64>\"}  {\"$tuple\": [...]}
    {\"$dict\": [[key, value], ...]}  {\"$object\": {...}}  {\"$audio\": {...}} ...

Exit codes:
  0 all went well, 1 the pipeline failed or met a limit, 2 the command line, the
  manifest or an input is wrong, 130 interrupted by Ctrl-C

One line:
  A pipeline need not be in a file: `Type param=value ! Type` is one. Values are
  JSON, or words. `id=Type` names a node; where a chain of nodes ends with `;`,
  another begins, and `id.` in it is a node of that name:
    'mic=PassThrough ! AudioMixDownNode; mic. ! EnergyVAD'

Examples:
  pipeline run manifest.json --input 5 --input 7
  pipeline run 'AudioMixDownNode ! AudioResampleNode sample_rate=16000' in.wav -o out.wav
  pipeline run manifest.yaml --nodes nodes --input @in.wav --watch
  pipeline run manifest.yaml --input @in.wav --profile profile.html
  pipeline run manifest.json --input @speech.wav --output-dir out
  pipeline run manifest.json --input @speech.mp3 --output louder.flac
  pipeline run manifest.json --input @hours.wav --chunk 1 --output out.wav
  arecord -f S16_LE | pipeline run m.json --input @- --chunk 0.02 -o - | aplay
  pipeline run - --input-file items.ndjson < manifest.yaml
  pipeline run manifest.json --nodes ./my_nodes --timeout 10 --max-memory 256
  tail -f events.ndjson | pipeline run manifest.json --stream";

/// Run a pipeline.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The manifest: a file, JSON or YAML; a package, .rmpkg; what `pipeline bake`
    /// made; a pipeline on one line; or `-` for standard input.
    pub(crate) manifest: String,
    /// Files that are an item each, as by --input @FILE.
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// An item: JSON, or `@file`, or `@-` for standard input; with `NODE=` before
    /// it, for that source alone. Can be repeated.
    #[arg(
        short,
        long,
        value_name = "[NODE=]JSON|@FILE",
        allow_hyphen_values = true
    )]
    pub(crate) input: Vec<String>,
    /// A file of items: a JSON array, NDJSON or CSV; `-` for standard input.
    #[arg(long, value_name = "FILE|-")]
    pub(crate) input_file: Option<String>,
    /// How --input-file holds its items [default: ndjson where the name ends in
    /// .ndjson or .jsonl, csv where it ends in .csv, else json].
    #[arg(long, value_enum, value_name = "FORMAT", requires = "input_file")]
    pub(crate) input_format: Option<Items>,
    /// Take items from standard input, one JSON value a line, and write
    /// outputs as they come, one a line.
    #[arg(long, conflicts_with_all = ["input_file", "format"])]
    pub(crate) stream: bool,
    /// With --stream: read nothing; the sources produce the items.
    #[arg(long, requires = "stream", conflicts_with = "input")]
    pub(crate) no_input: bool,
    /// Feed audio in pieces of so many seconds, each an item, and write outputs
    /// as they come, as --stream does: then its length costs no memory.
    #[arg(long, value_name = "SECONDS", value_parser = duration, conflicts_with_all = ["input_file", "metrics", "format"])]
    pub(crate) chunk: Option<Duration>,
    /// Layout of the JSON [default: pretty on a terminal, else json].
    #[arg(long, value_enum)]
    pub(crate) format: Option<Format>,
    /// Write the outputs to this file, and nothing to standard output; `-` writes
    /// them there instead of JSON.
    #[arg(short, long, value_name = "FILE|-", conflicts_with_all = ["output_dir", "by_node", "format"])]
    pub(crate) output: Option<String>,
    /// What --output writes [default: what the name's ending says, or else what
    /// suits the first output].
    #[arg(long, value_enum, value_name = "FORMAT", requires = "output")]
    pub(crate) output_format: Option<OutputFormat>,
    /// Write media to files in this directory, and their names into the JSON.
    #[arg(long, value_name = "DIR")]
    pub(crate) output_dir: Option<PathBuf>,
    /// With --output-dir: draw audio as well, its waveform above its spectrogram:
    /// out-0.png beside out-0.wav.
    #[arg(long, requires = "output_dir")]
    pub(crate) pictures: bool,
    /// Replace files that are there, of the names that are written.
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Split the items over this many instances, which run at the same time:
    /// for nodes that need not see all items. The order stays.
    #[arg(
        short,
        long,
        value_name = "N",
        default_value = "1",
        conflicts_with_all = ["stream", "chunk"]
    )]
    pub(crate) jobs: NonZero<usize>,
    /// Say which node gave each output: a list for each node instead of one for
    /// all; with --stream an object `{"node": ..., "output": ...}` a line.
    #[arg(long)]
    pub(crate) by_node: bool,
    /// Add what each node did and how long it took: to the JSON, or as a table on
    /// a terminal and with --stream.
    #[arg(long)]
    pub(crate) metrics: bool,
    /// How logs are written, and with them what nodes print and log; as JSON, each
    /// on a line, with a span for the run and what each node did.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,
    #[command(flatten)]
    pub(crate) looking: Looking,
    #[command(flatten)]
    pub(crate) trust: Trust,
    #[command(flatten)]
    pub(crate) limits: LimitArguments,
    #[command(flatten)]
    pub(crate) installation: Installation,
}

/// How to look into a pipeline.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Looking into a pipeline")]
pub(crate) struct Looking {
    /// Run what leads to this node, and give its items.
    #[arg(long, value_name = "NODE", conflicts_with = "only")]
    pub(crate) until: Option<String>,
    /// Run this node alone, on the items.
    #[arg(long, value_name = "NODE")]
    pub(crate) only: Option<String>,
    /// Say what would be run, and run nothing of it.
    #[arg(long, conflicts_with_all = ["stream", "watch"])]
    pub(crate) dry_run: bool,
    /// Tell each item's way from node to node, on standard error.
    #[arg(long)]
    pub(crate) trace: bool,
    /// Tell what this node gives, on standard error, or in a file: .jsonl, .wav,
    /// .flac and so on. With --stream and --chunk it is told while it runs. Can be
    /// repeated.
    #[arg(long, value_name = "NODE[=FILE]")]
    pub(crate) tap: Vec<String>,
    /// Write a page that shows what each node did and where the time went.
    /// Python is slower meanwhile.
    #[arg(long, value_name = "FILE.html", conflicts_with_all = ["stream", "jobs"])]
    pub(crate) profile: Option<PathBuf>,
    /// Keep what nodes give in this directory, and run only those that something
    /// changed for: their code, their params, what leads to them, the items. What
    /// depends on a clock or on random numbers runs each time, and what kept nodes
    /// would print is not printed again.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["stream", "chunk", "jobs", "profile"])]
    pub(crate) cache: Option<PathBuf>,
    /// Run again when the manifest, a node or an input changes, until Ctrl-C.
    #[arg(long, conflicts_with_all = ["stream", "profile"])]
    pub(crate) watch: bool,
}

/// How a file holds items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Items {
    /// One array, or values one after the other.
    Json,
    /// One in each line.
    Ndjson,
    /// One in each record, an object under the names in the first.
    Csv,
}

/// What --output can write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// Audio, of 32-bit floats.
    Wav,
    /// Audio, of 24 bits.
    Flac,
    /// An image.
    Png,
    /// An image that is one already.
    Jpeg,
    /// An image that is one already.
    Webp,
    /// A tensor.
    Npy,
    /// A string.
    Txt,
    /// Bytes.
    Bin,
    /// One item.
    Json,
    /// Items, one a line.
    Jsonl,
}

/// How logs are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For programs, a JSON object a line.
    Json,
}
