//! The program `pipeline`: runs media and data pipelines in a sandbox.

#![forbid(unsafe_code)]

mod archive;
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
mod workspace;
mod yaml;

use std::process::ExitCode;

use clap::Parser;

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
    start_logging(&arguments);
    let code = match commands::dispatch(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.end(),
    };
    pipeline_host::stderr::flush();
    code
}

/// Logs go to standard error, if they are asked for. Nothing is set up if not:
/// that alone takes longer than some runs.
fn start_logging(arguments: &cli::Cli) {
    use cli::LogFormat;
    use tracing_subscriber::EnvFilter;
    use tracing_subscriber::fmt::format::FmtSpan;

    let format = arguments.command.log_format();
    let named = std::env::var("PIPELINE_LOG")
        .ok()
        .filter(|filter| !filter.is_empty());
    let filter = match (named, arguments.verbose) {
        (Some(filter), _) => filter,
        // What nodes print and log is a part of it then.
        (None, 0) if format == LogFormat::Json => {
            "warn,pipeline=info,pipeline_cli=info,node=info,trace=info".to_owned()
        }
        (None, 0) => return,
        (None, 1) => {
            "pipeline=info,pipeline_cli=info,pipeline_host=info,node=info,trace=info".to_owned()
        }
        (None, 2) => {
            "pipeline=debug,pipeline_cli=debug,pipeline_host=debug,node=info,trace=info".to_owned()
        }
        (None, _) => "trace".to_owned(),
    };
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::builder().parse_lossy(filter))
        .with_writer(pipeline_host::stderr::Writer::default);
    match format {
        LogFormat::Text => subscriber.with_ansi(report::colours()).init(),
        LogFormat::Json => subscriber
            .json()
            .flatten_event(true)
            .with_span_events(FmtSpan::CLOSE)
            .init(),
    }
}
