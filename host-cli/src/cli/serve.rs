//! The arguments of `pipeline serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, Args};

use super::limits::duration;
use super::{Installation, LimitArguments, Trust};
use crate::commands::serve::{Origin, parse_host};

pub(super) const LONG_HELP: &str = "\
Requests:
  POST /v1/execute           {\"manifest\": {...}, \"inputs\": [...]}
  POST /v1/pipelines/{name}  [...], for what is in the --pipelines directory
                             or for MY.wasm, by the name of its file
  GET  /v1/pipelines/{name}/live   a session over a WebSocket
  POST /v1/pipelines/{name}/whip, /whep   with --webrtc: an SDP offer, for a
                             session with a WebRTC peer
  POST /v1/check             {\"manifest\": {...}}
  GET  /v1/nodes, /v1/pipelines, /openapi.json, /healthz, /readyz, /metrics

  A body for a named pipeline can also be a medium (audio/wav, audio/flac,
  image/png, application/x-npy, text/csv ...) or multipart/form-data, and an
  answer what is accepted: audio/wav, image/png, multipart/mixed ... With the
  parameter ?chunk=SECONDS audio is fed in pieces.

  With content-type: application/x-ndjson items come and outputs go line by
  line, and with accept: text/event-stream as events. Each request has a fresh sandbox. What doesn't fit waits, and beyond
  that is refused with 429 and Retry-After.

  A body needs a content type. Pages of other web servers are refused with 403
  unless --allow-origin names theirs, and requests that call a server on this
  machine by another name than localhost with 421 unless --allow-host does.

  SIGTERM and Ctrl-C end the server when all it has accepted is answered, or
  after --drain seconds; a second one ends it at once.

Examples:
  pipeline serve --pipelines examples
  pipeline serve my.wasm
  pipeline serve --addr 0.0.0.0:80 --timeout 5 --max-memory 256
  pipeline serve --grpc 127.0.0.1:50051 --sdk-http 127.0.0.1:8081
  pipeline serve --pipelines examples --webrtc 127.0.0.1:8189
  curl localhost:8080/v1/pipelines/multiply_add --json '[5, 7]'
  curl localhost:8080/v1/pipelines/gain --data-binary @in.wav -o out.wav \\
    -H 'content-type: audio/wav' -H 'accept: audio/wav'";

/// Answer HTTP requests.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// What `pipeline bake` made: the server answers for the pipeline in it.
    #[arg(value_name = "MY.wasm", conflicts_with_all = ["pipelines", "component"])]
    pub(crate) baked: Option<String>,
    /// Where to listen; port 0 takes any that is free.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub(crate) addr: SocketAddr,
    /// A directory with manifests (.json, .yaml, .yml) and packages (.rmpkg) that
    /// requests can name. Packages are looked for when the server starts.
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
    /// Answer the SDK's gRPC clients too, at this address.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) grpc: Option<SocketAddr>,
    /// Let in only gRPC clients that have one of the tokens in this file, one a
    /// line.
    #[arg(long, value_name = "FILE", requires = "grpc")]
    pub(crate) grpc_tokens: Option<PathBuf>,
    /// Let gRPC clients look into sessions whose names they know: hear what each
    /// node gives, give nodes items, decide on outputs.
    #[arg(long, requires = "grpc")]
    pub(crate) grpc_control: bool,
    /// Answer the SDK's HTTP clients too, at this address: /execute, /stream,
    /// /health.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) sdk_http: Option<SocketAddr>,
    /// Let in only HTTP clients of the SDK's that have one of the tokens in this
    /// file, one a line.
    #[arg(long, value_name = "FILE", requires = "sdk_http")]
    pub(crate) sdk_http_tokens: Option<PathBuf>,
    #[cfg(feature = "webrtc")]
    #[command(flatten)]
    pub(crate) webrtc: super::webrtc::WebRtc,
    #[command(flatten)]
    pub(crate) trust: Trust,
    #[command(flatten)]
    pub(crate) limits: LimitArguments,
    #[command(flatten)]
    pub(crate) installation: Installation,
}

/// What bounds a request is tighter: there are many, from other people.
pub(super) fn of_a_request(argument: Arg) -> Arg {
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
