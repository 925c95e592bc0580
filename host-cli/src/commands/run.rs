//! `pipeline run`.

use std::io::IsTerminal;

use pipeline_host::codec;
use pipeline_host::codec::document::{invalid_manifest, plain_error};
use pipeline_host::codec::names::Named as _;
use pipeline_host::types::{Diagnostic, ErrorKind, Input, PipelineError};
use pipeline_host::{Error, Instance, Interrupt, LimitError, Limits, Sandbox};

use crate::failure::{FAILED, Failure, USAGE};
use crate::outputs::Outputs;
use crate::report::{self, ManifestText};
use crate::{cli, inputs, interrupt, workspace};

use super::jobs;

/// Runs a pipeline to its end and prints what it gives.
pub(crate) fn run(arguments: &cli::Run) -> Result<(), Failure> {
    let items = inputs::gather(arguments)?;
    let source = workspace::source(&arguments.manifest, &arguments.trust.signed_by)?;
    let outputs = Outputs::new(arguments, arguments.limits.limits())?;
    let opened = workspace::open_for(
        &source,
        &arguments.installation,
        interrupt::stop,
        Interrupt::clone,
    )?;
    let mut limits = arguments.limits.limits();
    limits.interrupt = Some(opened.handler.clone());
    let run = Run {
        arguments,
        sandbox: &opened.sandbox,
        source: &source.text,
        outputs,
        warnings: Vec::new(),
    };
    let ended = workspace::block_on(run.execute(&limits, items));
    opened.leave();
    ended
}

struct Run<'a> {
    arguments: &'a cli::Run,
    sandbox: &'a Sandbox,
    source: &'a ManifestText,
    outputs: Outputs,
    /// What is doubtful in the manifest.
    warnings: Vec<Diagnostic>,
}

impl Run<'_> {
    async fn execute(mut self, limits: &Limits, items: Option<Vec<Input>>) -> Result<(), Failure> {
        let mut instance = match self.sandbox.instantiate(limits).await {
            Ok(instance) => instance,
            Err(fault) => return Err(self.faulted(&fault)),
        };
        tracing::debug!("instantiated");
        let ended = self.within(&mut instance, limits, items).await;
        // The program ends now, and its memory with it: taking the instance
        // down piece by piece first would only take time.
        std::mem::forget(instance);
        match ended {
            Ok(Ok(())) => Ok(()),
            Ok(Err(failure)) => Err(failure),
            Err(fault) => Err(self.faulted(&fault)),
        }
    }

    async fn within(
        &mut self,
        instance: &mut Instance,
        limits: &Limits,
        items: Option<Vec<Input>>,
    ) -> Result<Result<(), Failure>, Error> {
        let loaded = match instance.load(&self.source.text).await? {
            Ok(loaded) => loaded,
            Err(invalid) => return Ok(Err(self.invalid(invalid.diagnostics))),
        };
        report::diagnostics(self.source, &loaded.warnings);
        self.warnings = loaded.warnings;
        let items = items.or(loaded.input_data.map(codec::for_all));
        tracing::info!(items = items.as_ref().map(Vec::len), "running");
        let jobs = self.arguments.jobs;
        let (ended, refusals) = match items {
            Some(items) if jobs.get() > 1 => {
                jobs::execute(self.sandbox, limits, loaded.manifest, items, jobs).await?
            }
            items => {
                let ended = instance.execute(&loaded.manifest, items.as_deref());
                (ended.await?, instance.refusals())
            }
        };
        let error = match ended {
            Ok(run) => {
                // That it printed too much was said where it stopped.
                for refusal in refusals.iter().filter(|refusal| !is_of_log(refusal)) {
                    report::tell(&format!("note: {refusal}; the pipeline went on without it"));
                }
                let metrics = self.arguments.metrics;
                return Ok(self.outputs.success(&run, &self.warnings, metrics));
            }
            Err(error) => error,
        };
        Ok(Err(self.failed(&error, &refusals)))
    }

    /// The manifest can't run.
    fn invalid(&mut self, diagnostics: Vec<Diagnostic>) -> Failure {
        self.failed(&invalid_manifest(diagnostics), &[])
    }

    /// The pipeline failed, or can't run.
    fn failed(&mut self, error: &PipelineError, refusals: &[LimitError]) -> Failure {
        let code = tell(self.source, error, refusals);
        let limit = refusals.iter().find(|refusal| !is_of_log(refusal));
        let kind = limit.map_or(error.kind.name(), LimitError::kind);
        self.document(error, kind)
            .err()
            .unwrap_or(Failure::Told(code))
    }

    /// The run ended without a result.
    fn faulted(&mut self, fault: &Error) -> Failure {
        let error = plain_error(ErrorKind::Internal, fault.in_full(), Vec::new());
        let written = self.document(&error, fault_kind(fault));
        written.err().unwrap_or_else(|| workspace::faulted(fault))
    }

    /// Prints the error for programs, unless a person reads it.
    fn document(&mut self, error: &PipelineError, kind: &str) -> Result<(), Failure> {
        if self.arguments.format.is_none() && std::io::stdout().is_terminal() {
            return Ok(());
        }
        match self.outputs.error(error, kind, &self.warnings) {
            Err(Failure::Closed) => Ok(()),
            other => other,
        }
    }
}

/// Tells what failed, and says how the program ends.
pub(crate) fn tell(source: &ManifestText, error: &PipelineError, refusals: &[LimitError]) -> u8 {
    if error.diagnostics.is_empty() {
        report::pipeline_error(error);
    } else {
        report::diagnostics(source, &error.diagnostics);
    }
    for refusal in refusals {
        let name = refusal.name();
        report::tell(&format!("note: {refusal}; --{name} sets the limit"));
    }
    match error.kind {
        ErrorKind::InvalidManifest | ErrorKind::NeedsInput | ErrorKind::InvalidInput => USAGE,
        _ => FAILED,
    }
}

/// Nothing fails because it can't print any more.
fn is_of_log(refusal: &LimitError) -> bool {
    matches!(refusal, LimitError::Log { .. })
}

/// The name of what ended a run without a result.
pub(super) fn fault_kind(fault: &Error) -> &'static str {
    match fault {
        Error::Limit(limit) => limit.kind(),
        Error::Interrupted => "interrupted",
        Error::StackOverflow => "stack-overflow",
        Error::Exit => "exit",
        _ => "internal",
    }
}
