//! The program `pipeline`: runs media and data pipelines in a sandbox.

#![forbid(unsafe_code)]

mod archive;
mod chunks;
mod cli;
mod commands;
mod compiling;
mod excerpt;
mod failure;
mod inputs;
mod installation;
mod interrupt;
mod missing;
mod output_file;
mod outputs;
mod packages;
mod printer;
mod report;
mod rmpkg;
mod signals;
mod workspace;

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
    start_logging(arguments.verbose);
    let code = match commands::dispatch(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.end(),
    };
    pipeline_host::stderr::flush();
    code
}

/// Logs go to standard error, if they are asked for. Nothing is set up if not:
/// that alone takes longer than some runs.
fn start_logging(verbose: u8) {
    use tracing_subscriber::EnvFilter;

    let named = std::env::var("PIPELINE_LOG")
        .ok()
        .filter(|filter| !filter.is_empty());
    let filter = match (named, verbose) {
        (Some(filter), _) => filter,
        (None, 0) => return,
        (None, 1) => "pipeline=info,pipeline_host=info".to_owned(),
        (None, 2) => "pipeline=debug,pipeline_host=debug".to_owned(),
        (None, _) => "trace".to_owned(),
    };
    let filter = EnvFilter::builder().parse_lossy(filter);
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(pipeline_host::stderr::Writer::default)
        .with_ansi(report::colours())
        .init();
}
