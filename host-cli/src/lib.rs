//! The program `pipeline`: runs media and data pipelines in a sandbox.

#![forbid(unsafe_code)]

mod archive;
mod cache;
mod chunks;
mod cli;
mod commands;
mod compiling;
mod console;
mod drawing;
mod excerpt;
mod failure;
mod inputs;
mod installation;
mod interrupt;
mod metrics;
mod missing;
mod output_file;
mod outputs;
mod packages;
mod printer;
mod profile;
mod progress;
mod report;
mod rmpkg;
mod signals;
mod taps;
#[cfg(feature = "otel")]
mod telemetry;
mod workspace;
mod yaml;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::cli::LogFormat;
use crate::failure::Failure;

/// The program: what its `main` does.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match cli::Cli::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help goes to the standard output and is no mistake.
            let code = if error.use_stderr() {
                failure::USAGE
            } else {
                0
            };
            // There is nobody left to tell if that fails.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let ended = start_logging(&arguments).and_then(|sent| {
        let ended = commands::dispatch(arguments.command);
        sent.end();
        ended
    });
    let code = match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.end(),
    };
    pipeline_host::stderr::flush();
    code
}

/// Logs go to standard error, and spans to a collector, if they are asked for.
/// Nothing is set up if not: that alone takes longer than some runs.
fn start_logging(arguments: &cli::Cli) -> Result<Sent, Failure> {
    let sent = Sent::start()?;
    let logs = log_filter(arguments).map(|filter| {
        let logs = tracing_subscriber::fmt::layer()
            .with_writer(pipeline_host::stderr::Writer::default as fn() -> _);
        let filter = EnvFilter::builder().parse_lossy(filter);
        match arguments.command.log_format() {
            LogFormat::Text => logs
                .with_ansi(report::colours())
                .with_filter(filter)
                .boxed(),
            LogFormat::Json => logs
                .json()
                .flatten_event(true)
                .with_span_events(FmtSpan::CLOSE)
                .with_filter(filter)
                .boxed(),
        }
    });
    let layers: Vec<_> = logs.into_iter().chain(sent.layer()).collect();
    if !layers.is_empty() {
        tracing_subscriber::registry().with(layers).init();
    }
    Ok(sent)
}

/// Which logs are asked for, if any.
fn log_filter(arguments: &cli::Cli) -> Option<String> {
    let format = arguments.command.log_format();
    let named = std::env::var("PIPELINE_LOG")
        .ok()
        .filter(|filter| !filter.is_empty());
    let filter = match (named, arguments.verbose) {
        (Some(filter), _) => return Some(filter),
        // What nodes print and log is a part of it then.
        (None, 0) if format == LogFormat::Json => {
            "warn,pipeline=info,pipeline_cli=info,node=info,trace=info"
        }
        (None, 0) => return None,
        (None, 1) => "pipeline=info,pipeline_cli=info,pipeline_host=info,node=info,trace=info",
        (None, 2) => "pipeline=debug,pipeline_cli=debug,pipeline_host=debug,node=info,trace=info",
        (None, _) => "trace",
    };
    Some(filter.to_owned())
}

/// What sends spans, where they are asked for.
struct Sent {
    #[cfg(feature = "otel")]
    telemetry: Option<telemetry::Telemetry>,
}

impl Sent {
    fn start() -> Result<Self, Failure> {
        Ok(Self {
            #[cfg(feature = "otel")]
            telemetry: telemetry::Telemetry::of_environment()?,
        })
    }

    fn layer(&self) -> Option<Box<dyn Layer<Registry> + Send + Sync>> {
        #[cfg(feature = "otel")]
        let layer = self.telemetry.as_ref().map(|it| it.layer().boxed());
        #[cfg(not(feature = "otel"))]
        let layer = None;
        layer
    }

    fn end(self) {
        #[cfg(feature = "otel")]
        if let Some(telemetry) = self.telemetry {
            telemetry.end();
        }
    }
}
