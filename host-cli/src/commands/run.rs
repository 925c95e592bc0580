//! `pipeline run`.

use std::io::IsTerminal;
use std::sync::Arc;
#[cfg(feature = "otel")]
use std::time::SystemTime;

use pipeline_host::codec;
use pipeline_host::codec::document::{invalid_manifest, plain_error};
use pipeline_host::codec::names::Named as _;
use pipeline_host::types::{
    Diagnostic, ErrorKind, GraphInfo, Input, Loaded, Manifest, PipelineError, RunResult,
};
use pipeline_host::{Engine, Error, Instance, Interrupt, LimitError, Limits, Sandbox};

use crate::cache::{Entries, Plan};
use crate::console::Console;
use crate::failure::{FAILED, Failure, USAGE};
use crate::outputs::Outputs;
use crate::profile::{self, Profiled};
use crate::progress::Progress;
use crate::report::{self, ManifestText};
use crate::workspace::{Opened, Source};
use crate::{cli, inputs, interrupt, metrics, outputs, workspace};

use super::{jobs, part, watch};

/// Runs a pipeline to its end and prints what it gives.
pub(crate) fn run(arguments: &cli::Run) -> Result<(), Failure> {
    if arguments.looking.watch {
        return watch::watch(arguments);
    }
    let items = inputs::gather(arguments)?;
    let source = workspace::source(&arguments.manifest, &arguments.trust.signed_by)?;
    let outputs = Outputs::new(arguments, arguments.limits.limits())?;
    let (opened, console) = open(arguments, &source, interrupt::stop, Interrupt::clone)?;
    let mut limits = arguments.limits.limits();
    limits.interrupt = Some(opened.handler.clone());
    let (sandbox, source) = (&opened.sandbox, &source.text);
    let ended = once(
        arguments, sandbox, &console, source, &limits, items, outputs,
    );
    opened.leave();
    ended
}

/// Loads the component into a sandbox whose runs tell what they print; for `handle`
/// and `stop` see [`workspace::open_for`].
pub(super) fn open<T>(
    arguments: &cli::Run,
    source: &Source,
    handle: impl FnOnce(&Engine) -> T,
    stop: impl FnOnce(&T) -> Interrupt,
) -> Result<(Opened<T>, Arc<Console>), Failure> {
    let mut opened = workspace::open_for(source, &arguments.installation, handle, stop)?;
    let console = Console::new(arguments.log_format);
    let telling = console.telling(&arguments.looking);
    opened.sandbox = opened.sandbox.clone().tell_to(telling);
    Ok((opened, console))
}

/// Runs a pipeline once.
pub(super) fn once(
    arguments: &cli::Run,
    sandbox: &Sandbox,
    console: &Arc<Console>,
    source: &ManifestText,
    limits: &Limits,
    items: Option<Vec<Input>>,
    outputs: Outputs,
) -> Result<(), Failure> {
    let run = Run {
        arguments,
        sandbox,
        console,
        source,
        outputs,
        warnings: Vec::new(),
        #[cfg(feature = "otel")]
        begun: SystemTime::now(),
    };
    let span = tracing::info_span!("run", manifest = source.name);
    let _in_it = span.enter();
    workspace::block_on(run.execute(limits, items))
}

struct Run<'a> {
    arguments: &'a cli::Run,
    sandbox: &'a Sandbox,
    console: &'a Console,
    source: &'a ManifestText,
    outputs: Outputs,
    /// What is doubtful in the manifest.
    warnings: Vec<Diagnostic>,
    #[cfg(feature = "otel")]
    begun: SystemTime,
}

impl Run<'_> {
    async fn execute(mut self, limits: &Limits, items: Option<Vec<Input>>) -> Result<(), Failure> {
        let mut instance = match self.sandbox.instantiate(limits).await {
            Ok(instance) => instance,
            Err(fault) => return Err(self.faulted(&fault)),
        };
        tracing::debug!("instantiated");
        let ended = self.within(&mut instance, limits, items).await;
        match self.arguments.looking.watch {
            // The program ends now, and its memory with it: taking the instance
            // down piece by piece first would only take time.
            false => std::mem::forget(instance),
            true => drop(instance),
        }
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
        let Loaded {
            manifest,
            input_data,
            graph,
            warnings,
            ..
        } = loaded;
        report::diagnostics(self.source, &warnings);
        self.warnings = warnings;
        let items = items.or(input_data.map(codec::for_all));
        let (mut manifest, graph) =
            match part::of(&self.arguments.looking, &manifest, items.as_deref()) {
                Ok(None) => (manifest, graph),
                Ok(Some(part)) => match instance.check(&part).await? {
                    Ok(checked) => (part, checked.graph),
                    Err(diagnostics) => return Ok(Err(self.invalid(diagnostics))),
                },
                Err(failure) => return Ok(Err(failure)),
            };
        if self.arguments.looking.dry_run {
            let items = items.as_deref().map(codec::count);
            return Ok(outputs::write_out(&planned(&manifest, &graph, items)));
        }
        if let Err(failure) = self.outputs.taps.mark(&mut manifest) {
            return Ok(Err(failure));
        }
        tracing::info!(items = items.as_ref().map(Vec::len), "running");
        let progress = Progress::of_a_run(limits.timeout);
        self.console.heed(progress.bar());
        let jobs = self.arguments.jobs;
        let ended = match &items {
            Some(_) if jobs.get() > 1 => {
                let items = items.unwrap_or_default();
                jobs::execute(self.sandbox, limits, manifest.clone(), items, jobs).await
            }
            items => {
                let ended = match &self.arguments.looking.cache {
                    None => instance.execute(&manifest, items.as_deref()).await,
                    Some(directory) => {
                        let plan = Entries::open(directory).and_then(|entries| {
                            let items = items.as_deref();
                            Plan::new(entries, self.sandbox, &manifest, &graph, items)
                        });
                        match plan {
                            Ok(plan) => self.planned(instance, plan).await,
                            Err(failure) => return Ok(Err(failure)),
                        }
                    }
                };
                ended.map(|ended| (ended, instance.refusals()))
            }
        };
        progress.end();
        let (ended, refusals) = ended?;
        if let Err(failure) = self.profile(&manifest, &graph, &ended) {
            return Ok(Err(failure));
        }
        let error = match ended {
            Ok(mut run) => {
                run.outputs = match self.outputs.taps.see(run.outputs) {
                    Ok(outputs) => outputs,
                    Err(failure) => return Ok(Err(failure)),
                };
                // That it printed too much was said where it stopped.
                for refusal in refusals.iter().filter(|refusal| !is_of_log(refusal)) {
                    report::tell(&format!("note: {refusal}; the pipeline went on without it"));
                }
                return Ok(self.succeeded(&run));
            }
            Err(error) => error,
        };
        Ok(Err(self.ended_early(error, &refusals)))
    }

    /// Runs what is not known of a pipeline.
    async fn planned(
        &self,
        instance: &mut Instance,
        mut plan: Plan<'_>,
    ) -> Result<Result<RunResult, PipelineError>, Error> {
        loop {
            self.console.record(Some(plan.recorder()));
            let (manifest, items) = plan.part();
            let ended = instance.execute(manifest, items).await;
            let recorder = self.console.record(None);
            let (run, recorder) = match (ended?, recorder) {
                (Ok(run), Some(recorder)) => (run, recorder),
                (ended, _) => return Ok(ended),
            };
            if !plan.widen(&recorder) {
                return Ok(Ok(plan.finish(run, recorder)));
            }
        }
    }

    fn succeeded(&mut self, run: &RunResult) -> Result<(), Failure> {
        for node in &run.metrics {
            tracing::info!(
                node = node.node_id,
                items_in = node.items_in,
                items_out = node.items_out,
                nanoseconds = node.nanoseconds,
                "ran"
            );
        }
        #[cfg(feature = "otel")]
        crate::telemetry::nodes(&tracing::Span::current(), self.begun, &run.metrics);
        let metrics = self.arguments.metrics;
        let as_table = self.is_for_people() || self.outputs.has_file();
        self.outputs
            .success(run, &self.warnings, metrics && !as_table)?;
        if metrics && as_table {
            report::tell(&metrics::table(&run.metrics));
        }
        Ok(())
    }

    /// Writes the page that --profile asks for.
    fn profile(
        &self,
        manifest: &Manifest,
        graph: &GraphInfo,
        ended: &Result<RunResult, PipelineError>,
    ) -> Result<(), Failure> {
        let Some(path) = &self.arguments.looking.profile else {
            return Ok(());
        };
        let name = manifest.metadata.name.as_deref();
        let page = profile::page(&Profiled {
            manifest,
            graph,
            metrics: ended.as_ref().map_or(&[], |run| &run.metrics),
            error: ended.as_ref().err(),
            profile: self.console.take_profile(),
            name: name.unwrap_or(&self.source.name),
        });
        outputs::write_file(path, page.as_bytes(), true)?;
        report::tell(&format!("{} has the profile", path.display()));
        Ok(())
    }

    /// The manifest can't run.
    fn invalid(&mut self, diagnostics: Vec<Diagnostic>) -> Failure {
        self.failed(&invalid_manifest(diagnostics), &[])
    }

    /// The pipeline failed. What came before is seen all the same.
    fn ended_early(&mut self, mut error: PipelineError, refusals: &[LimitError]) -> Failure {
        let taps = &mut self.outputs.taps;
        let seen = taps.see(std::mem::take(&mut error.outputs));
        match seen.and_then(|outputs| taps.finish().map(|()| outputs)) {
            Err(failure) => failure,
            Ok(outputs) => {
                error.outputs = outputs;
                self.failed(&error, refusals)
            }
        }
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
        if self.is_for_people() {
            return Ok(());
        }
        match self.outputs.error(error, kind, &self.warnings) {
            Err(Failure::Closed) => Ok(()),
            other => other,
        }
    }

    fn is_for_people(&self) -> bool {
        self.arguments.format.is_none() && std::io::stdout().is_terminal()
    }
}

/// What a run would do.
fn planned(manifest: &Manifest, graph: &GraphInfo, items: Option<usize>) -> String {
    let mut text = match items {
        None => "without items, as the sources produce them\n".to_owned(),
        Some(1) => "on 1 item\n".to_owned(),
        Some(items) => format!("on {items} items\n"),
    };
    for id in &graph.execution_order {
        let spec = manifest.nodes.iter().find(|spec| spec.id == *id);
        let node_type = spec.map_or("", |spec| spec.node_type.as_str());
        let targets = manifest.connections.iter().filter(|it| it.from == *id);
        let mut targets: Vec<&str> = targets.map(|it| it.to.as_str()).collect();
        if targets.is_empty() || spec.is_some_and(|spec| spec.is_output_node) {
            targets.push("the outputs");
        }
        text.push_str(&format!("{id} ({node_type}) -> {}\n", targets.join(", ")));
    }
    text
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
