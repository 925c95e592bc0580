//! The command lines of `work`, `submit` and `deploy`.

use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, Args, ValueEnum};

use crate::cli::{Installation, Items, LimitArguments, duration};

pub(crate) const WORK: &str = "\
Messages:
  The payload of each message is an item, run in a fresh sandbox; its Content-Type
  says what it is: application/json (as without one), text/plain, audio/wav, audio/flac,
  image/png, application/x-npy ...; application/x-ndjson and text/csv are batches,
  an item in each line; anything else is binary data.

  Each output is a message with the item as JSON, and headers that say where it
  comes from: Pipeline-Version, Pipeline-Node, Pipeline-Position and
  Pipeline-Outputs (which of how many), Pipeline-Input (the message's sequence in
  its stream). Its Nats-Msg-Id follows from the input and the position, so that
  JetStream keeps one of each however often the input is delivered. A message is
  acknowledged when all its outputs are stored.

  A run that fails, or a message that was delivered too often without an end,
  becomes one message on the error subject: the error as `pipeline run` prints
  it, with the input.

  SIGTERM and Ctrl-C end the worker when what runs is done, or after --drain
  seconds; what did not begin goes back to the others. A second one ends it at
  once; what it had is delivered to others after the consumer's ack wait.

Examples:
  pipeline work shout.json --nodes nodes --stream texts --consumer shout --create
  pipeline work --deployed shout --stream texts --consumer shout
  pipeline work m.json --nats tls://nats.example:4222 --creds worker.creds \\
      --stream calls --consumer asr --output-subject calls.text --concurrency 4

More: docs/scale.md";

pub(crate) const SUBMIT: &str = "\
Each item becomes a message, and its outputs are printed as JSON, one a line, in
the order of the items, or with --unordered as they come. What failed is told on
standard error; the others go on. Workers and streams are those of `pipeline work`,
which have the same --stream, --output-subject and --error-subject.

Exit codes:
  0 all went well, 1 an item failed, 2 the command line or an item is wrong,
  130 interrupted by Ctrl-C: what was sent is still worked on

Examples:
  pipeline submit --stream texts --input '\"hello\"' --input '\"world\"'
  pipeline submit --stream texts --input-file texts.ndjson > shouted.ndjson
  pipeline submit --stream calls --input @call.wav
  tail -f events.ndjson | pipeline submit --stream events --input-file - --input-format ndjson";

pub(crate) const DEPLOY: &str = "\
Workers that were started with --deployed NAME take the new version within
seconds, and name it with each output; what runs then ends with the version that
it began with. A version is named after its content: the same files have the same
one. To go back, deploy the older files.

Example:
  pipeline deploy shout.json --nodes nodes --name shout";

/// What limits say where each bounds the run of a message.
pub(crate) fn of_a_message(argument: Arg) -> Arg {
    let help = match argument.get_id().as_str() {
        "timeout" => "Stop a run after this many seconds",
        "max_memory" => "Let a run use no more memory than this, Python's own included",
        "max_output" => "Let the outputs of a message take no more of the worker's memory",
        "max_log" => "Leave out what a run prints beyond this",
        "max_open_files" => "Let a run have no more files open at the same time",
        _ => return argument,
    };
    argument.help(help)
}

/// Which server, and who we are there.
#[derive(Debug, Args)]
#[command(next_help_heading = "NATS")]
pub(crate) struct Connection {
    /// The server: nats:// or tls://, with user and password or a token where it
    /// needs them; several of a cluster with commas between them.
    #[arg(long, value_name = "URL", default_value = "nats://127.0.0.1:4222")]
    pub(crate) nats: String,
    /// A file of credentials, as `nsc` writes it.
    #[arg(long, value_name = "FILE")]
    pub(crate) creds: Option<PathBuf>,
    /// Trust this authority's certificate, PEM.
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_ca: Option<PathBuf>,
    /// Our own certificate, PEM.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The key of our certificate, PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
}

/// Where messages are.
#[derive(Debug, Args)]
pub(crate) struct Subjects {
    /// The stream that holds the messages.
    #[arg(long, value_name = "STREAM", value_parser = name)]
    pub(crate) stream: String,
    /// Where outputs go [default: STREAM-outputs].
    #[arg(long, value_name = "SUBJECT", value_parser = subject)]
    pub(crate) output_subject: Option<String>,
    /// Where errors go [default: STREAM-errors].
    #[arg(long, value_name = "SUBJECT", value_parser = subject)]
    pub(crate) error_subject: Option<String>,
}

impl Subjects {
    pub(crate) fn outputs(&self) -> String {
        let default = || format!("{}-outputs", self.stream);
        self.output_subject.clone().unwrap_or_else(default)
    }

    pub(crate) fn errors(&self) -> String {
        let default = || format!("{}-errors", self.stream);
        self.error_subject.clone().unwrap_or_else(default)
    }
}

/// Run a pipeline on the messages of a stream.
#[derive(Debug, Args)]
pub(crate) struct Work {
    /// The manifest, JSON or YAML; `-` reads it from standard input.
    #[arg(required_unless_present = "deployed", conflicts_with = "deployed")]
    pub(crate) manifest: Option<String>,
    /// Run what `pipeline deploy` has put under this name, and each new version
    /// of it.
    #[arg(long, value_name = "NAME", value_parser = name, conflicts_with = "nodes")]
    pub(crate) deployed: Option<String>,
    /// The bucket of the object store that --deployed is in.
    #[arg(long, value_name = "BUCKET", value_parser = name, default_value = "pipelines")]
    pub(crate) bucket: String,
    #[command(flatten)]
    pub(crate) subjects: Subjects,
    /// The durable consumer that all workers of a pipeline share; it is made
    /// where it is not there.
    #[arg(long, value_name = "CONSUMER", value_parser = name)]
    pub(crate) consumer: String,
    /// Make the streams too, where they are not there: a work queue for STREAM,
    /// and one of a day's outputs and errors.
    #[arg(long)]
    pub(crate) create: bool,
    /// How many messages are run at the same time [default: one for each
    /// processor].
    #[arg(short = 'j', long, value_name = "COUNT")]
    pub(crate) concurrency: Option<NonZero<u16>>,
    /// Keep a session for each value of this header: its messages go to the same
    /// instance, one after the other.
    #[arg(long, value_name = "HEADER", value_parser = header)]
    pub(crate) session_key: Option<String>,
    /// End a session that gets no message for so long.
    #[arg(long, value_name = "SECONDS", value_parser = duration, default_value = "60", requires = "session_key")]
    pub(crate) session_idle: Duration,
    /// How many sessions are kept; one more ends the one that was idle longest.
    #[arg(
        long,
        value_name = "COUNT",
        default_value = "64",
        requires = "session_key"
    )]
    pub(crate) max_sessions: NonZero<u16>,
    /// How often a message is delivered before it is given up as an error.
    #[arg(long, value_name = "COUNT", default_value = "5")]
    pub(crate) max_deliver: NonZero<u16>,
    /// Which failures are tried again, up to --max-deliver.
    #[arg(long, value_enum, value_name = "WHICH", default_value_t = Retry::Faults)]
    pub(crate) retry: Retry,
    /// How long a message that is tried again waits; each time twice as long.
    #[arg(long, value_name = "SECONDS", value_parser = duration, default_value = "1")]
    pub(crate) retry_delay: Duration,
    /// Where the consumer is made: after how long without a sign of life from its
    /// worker a message is delivered to another.
    #[arg(long, value_name = "SECONDS", value_parser = duration, default_value = "30")]
    pub(crate) ack_wait: Duration,
    /// Work although JetStream forgets message ids too soon to keep one of each
    /// output.
    #[arg(long)]
    pub(crate) allow_duplicates: bool,
    /// When a signal ends the worker, cut what isn't done after this long.
    #[arg(long, value_name = "SECONDS", value_parser = duration, default_value = "30")]
    pub(crate) drain: Duration,
    /// Answer GET /metrics, /healthz and /readyz here.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) metrics_addr: Option<SocketAddr>,
    #[command(flatten)]
    pub(crate) connection: Connection,
    #[command(flatten)]
    pub(crate) limits: LimitArguments,
    #[command(flatten)]
    pub(crate) installation: Installation,
}

/// Which failures are tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Retry {
    /// Those that may be the machine's: the time limit, and faults of the host.
    Faults,
    /// Those of the pipeline too, where another run may go better.
    All,
}

/// Send items, and print what they give.
#[derive(Debug, Args)]
pub(crate) struct Submit {
    /// An item: JSON, or `@file`. Can be repeated.
    #[arg(short, long, value_name = "JSON|@FILE", allow_hyphen_values = true)]
    pub(crate) input: Vec<String>,
    /// A file of items: a JSON array or NDJSON; `-` for standard input.
    #[arg(long, value_name = "FILE|-", required_unless_present = "input")]
    pub(crate) input_file: Option<String>,
    /// How --input-file holds its items [default: ndjson where the name ends in
    /// .ndjson or .jsonl, else json].
    #[arg(long, value_enum, value_name = "FORMAT", requires = "input_file")]
    pub(crate) input_format: Option<Items>,
    #[command(flatten)]
    pub(crate) subjects: Subjects,
    /// Where the items are sent [default: STREAM].
    #[arg(long, value_name = "SUBJECT", value_parser = subject)]
    pub(crate) subject: Option<String>,
    /// A header of each message, for --session-key. Can be repeated.
    #[arg(long, value_name = "NAME:VALUE", value_parser = header_line)]
    pub(crate) header: Vec<(String, String)>,
    /// Print outputs as they come.
    #[arg(long)]
    pub(crate) unordered: bool,
    /// Say which item and node gave each output: an object
    /// `{"item": ..., "node": ..., "output": ...}` a line.
    #[arg(long)]
    pub(crate) by_node: bool,
    /// How many items may be under way.
    #[arg(long, value_name = "COUNT", default_value = "1000")]
    pub(crate) ahead: NonZero<u32>,
    /// Give up where nothing comes for so long [default: wait].
    #[arg(long, value_name = "SECONDS", value_parser = duration)]
    pub(crate) patience: Option<Duration>,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// Hand a pipeline to workers.
#[derive(Debug, Args)]
pub(crate) struct Deploy {
    /// The manifest, JSON or YAML; `-` reads it from standard input.
    pub(crate) manifest: String,
    /// The name by which workers know it.
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub(crate) name: String,
    /// The bucket of the object store; it is made where it is not there.
    #[arg(long, value_name = "BUCKET", value_parser = name, default_value = "pipelines")]
    pub(crate) bucket: String,
    #[command(flatten)]
    pub(crate) connection: Connection,
    #[command(flatten)]
    pub(crate) limits: LimitArguments,
    #[command(flatten)]
    pub(crate) installation: Installation,
}

/// The name of a stream, a consumer, a bucket or a pipeline.
fn name(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match !text.is_empty() && text.len() <= 128 && text.chars().all(plain) {
        true => Ok(text.to_owned()),
        false => Err("must be letters, digits, `-` and `_`".into()),
    }
}

/// A subject to publish to.
fn subject(text: &str) -> Result<String, String> {
    let token = |token: &str| {
        !token.is_empty()
            && token
                .chars()
                .all(|c| c.is_ascii_graphic() && !matches!(c, '*' | '>'))
    };
    match text.split('.').all(token) && !text.starts_with('$') {
        true => Ok(text.to_owned()),
        false => {
            Err("must be words with dots between them, without `*`, `>` and blanks".to_owned())
        }
    }
}

/// The name of a header.
fn header(text: &str) -> Result<String, String> {
    match !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() && c != ':') {
        true => Ok(text.to_owned()),
        false => Err("must be the name of a header, without a colon".into()),
    }
}

/// A header with its value.
fn header_line(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once(':').ok_or("must be NAME:VALUE")?;
    let value = value.trim();
    if value.chars().any(char::is_control) {
        return Err("the value must be one line of text".into());
    }
    Ok((header(key.trim())?, value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_and_names_are_checked() {
        for good in ["a", "a.b-c", "Calls.text_1"] {
            assert!(subject(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "a..b", "a.*", "a.>", "a b", "$JS.API", "a."] {
            assert!(subject(bad).is_err(), "{bad:?}");
        }
        assert!(name("a-b_1").is_ok());
        for bad in ["", "a.b", "a b", "ä", "a/b"] {
            assert!(name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn headers_are_one_line() {
        assert_eq!(
            header_line("Call: 7"),
            Ok(("Call".to_owned(), "7".to_owned()))
        );
        for bad in ["Call", ": 7", "A B: 7", "Call: a\nb"] {
            assert!(header_line(bad).is_err(), "{bad:?}");
        }
    }
}
