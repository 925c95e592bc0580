//! `pipeline run --stream`.

use std::io::{BufRead, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use pipeline_host::types::{Input, NodeOutputs, Part, PipelineError};
use pipeline_host::{Error, LimitError, Session, codec};
use tokio::sync::mpsc;

use super::run::tell;
use crate::failure::{Failure, INTERRUPTED, USAGE};
use crate::interrupt::Finish;
use crate::outputs::Outputs;
use crate::report::{self, ManifestText};
use crate::{cli, inputs, interrupt, workspace};

/// How many lines are read ahead.
const AHEAD: usize = 64;
/// How many outputs are asked for at a time.
const AT_ONCE: u32 = 4096;

/// Feeds a pipeline from standard input and prints outputs as they come.
pub(crate) fn stream(arguments: &cli::Run) -> Result<(), Failure> {
    let items = inputs::gather(arguments)?;
    let (source, installation) = workspace::source(&arguments.manifest, &arguments.installation)?;
    let outputs = Outputs::new(arguments, arguments.limits.limits())?;
    let (engine, sandbox) = workspace::open(&installation)?;
    let finish = interrupt::finish(&engine);
    let mut limits = arguments.limits.limits();
    limits.interrupt = Some(finish.at_once.clone());
    workspace::block_on(async {
        let mut instance = sandbox.instantiate(&limits).await.map_err(gone)?;
        let loaded = instance.load(&source.text).await.map_err(gone)?;
        let loaded = loaded.map_err(|invalid| {
            report::diagnostics(&source, &invalid.diagnostics);
            Failure::Told(USAGE)
        })?;
        report::diagnostics(&source, &loaded.warnings);
        // Items that are given replace those that stand with the manifest: what
        // standard input gives too, where it gives any.
        let written = loaded
            .input_data
            .map(|items| codec::one_by_one(codec::for_all(items)));
        let opened = instance.open(&loaded.manifest).await.map_err(gone)?;
        let mut stream = Stream {
            session: opened.map_err(|error| told(&source, &error, &[]))?,
            source: &source,
            finish: &finish,
            outputs,
            progress: Progress::new(),
        };
        let fed = match arguments.no_input {
            true => stream.produce(written).await,
            false => stream.feed(items, written).await,
        };
        stream.end(fed).await
    })
}

struct Stream<'a> {
    session: Session<'a>,
    source: &'a ManifestText,
    finish: &'a Finish,
    outputs: Outputs,
    progress: Progress,
}

impl Stream<'_> {
    /// Finishes the session, or closes it where it was fed in vain.
    async fn end(mut self, fed: Result<(), Failure>) -> Result<(), Failure> {
        let ended = match fed {
            Ok(()) => self.flush().await,
            failed => failed,
        };
        self.progress.end();
        if let Err(failure) = ended {
            // Its nodes are cleaned up, if it can still be called.
            let _ = self.session.close().await;
            return Err(failure);
        }
        let refusals = self.session.refusals();
        let finished = self.session.finish().await.map_err(gone)?;
        let run = finished.map_err(|error| told(self.source, &error, &refusals))?;
        self.outputs.lines(&run.outputs)?;
        if self.finish.gently.is_raised() {
            return Err(Failure::code(
                "interrupted; what had come in was finished",
                INTERRUPTED,
            ));
        }
        Ok(())
    }

    /// Pushes what was given, then what comes in line by line, until it ends or
    /// Ctrl-C is pressed; what was written in the manifest where nothing comes.
    async fn feed(
        &mut self,
        given: Option<Vec<Input>>,
        written: Option<Vec<Input>>,
    ) -> Result<(), Failure> {
        let mut fed = given.is_some();
        for item in given.unwrap_or_default() {
            self.push(&item).await?;
        }
        let mut lines = read_lines()?;
        let mut number = 0_usize;
        loop {
            let line = tokio::select! {
                biased;
                () = self.finish.gently.raised() => return Ok(()),
                line = lines.recv() => line,
            };
            let line = match line {
                None => break,
                Some(Ok(line)) => line,
                Some(Err(reason)) => {
                    return Err(Failure::failed(format!(
                        "standard input can't be read: {reason}"
                    )));
                }
            };
            number += 1;
            if line.trim_ascii().is_empty() {
                continue;
            }
            let item = codec::read_input(line.trim_ascii_end()).map_err(|error| {
                Failure::usage(format!(
                    "<stdin>:{number}:{}: {}",
                    error.column, error.message
                ))
            })?;
            fed = true;
            self.push(&item).await?;
        }
        if !fed {
            for item in written.unwrap_or_default() {
                self.push(&item).await?;
            }
        }
        Ok(())
    }

    /// Without input: what was written in the manifest, or what sources produce,
    /// until they end or Ctrl-C is pressed.
    async fn produce(&mut self, written: Option<Vec<Input>>) -> Result<(), Failure> {
        if let Some(items) = written {
            for item in items {
                self.push(&item).await?;
            }
            return Ok(());
        }
        let part = self.session.pull(AT_ONCE).await.map_err(gone)?;
        self.print_all(part).await
    }

    async fn push(&mut self, item: &Input) -> Result<(), Failure> {
        self.progress.items_in += 1;
        let part = self.session.push(item).await.map_err(gone)?;
        self.print_all(part).await
    }

    /// Ends the input, and prints what is still given.
    async fn flush(&mut self) -> Result<(), Failure> {
        let part = self.session.end().await.map_err(gone)?;
        self.print_all(part).await
    }

    /// Prints a part and those that follow, as they come.
    async fn print_all(&mut self, first: Result<Part, PipelineError>) -> Result<(), Failure> {
        let mut next = first;
        loop {
            let part = match next {
                Ok(part) => part,
                Err(error) => return Err(self.failed(error)),
            };
            self.print(&part.outputs)?;
            if !part.more || self.finish.gently.is_raised() {
                return Ok(());
            }
            next = self.session.pull(AT_ONCE).await.map_err(gone)?;
        }
    }

    fn print(&mut self, outputs: &[NodeOutputs]) -> Result<(), Failure> {
        let count = outputs.iter().map(|given| given.items.len()).sum();
        self.progress.show(count);
        match count {
            0 => Ok(()),
            _ => self.outputs.lines(outputs),
        }
    }

    fn failed(&mut self, error: PipelineError) -> Failure {
        self.progress.end();
        if let Err(failure) = self.print(&error.outputs) {
            return failure;
        }
        told(self.source, &error, &self.session.refusals())
    }
}

fn told(source: &ManifestText, error: &PipelineError, refusals: &[LimitError]) -> Failure {
    Failure::Told(tell(source, error, refusals))
}

fn gone(fault: Error) -> Failure {
    workspace::faulted(&fault)
}

/// Lines of standard input. A thread of its own reads them, since reading can't
/// be stopped from elsewhere; it ends with the program.
fn read_lines() -> Result<mpsc::Receiver<Result<Vec<u8>, String>>, Failure> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let read = move || {
        let mut input = std::io::stdin().lock();
        loop {
            let mut line = Vec::new();
            let sent = match input.read_until(b'\n', &mut line) {
                Ok(0) => return,
                Ok(_) => sender.blocking_send(Ok(line)),
                Err(error) => {
                    // Whoever waits for it is told; there is nothing after it.
                    let _ = sender.blocking_send(Err(workspace::reason(&error)));
                    return;
                }
            };
            if sent.is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new()
        .name("input".into())
        .spawn(read)
        .map_err(|error| Failure::failed(format!("no thread to read with: {error}")))?;
    Ok(receiver)
}

/// A line on the terminal that says how far the stream is. It would disturb
/// outputs that go to the same terminal.
struct Progress {
    bar: Option<ProgressBar>,
    items_in: u64,
    items_out: u64,
    start: Instant,
    shown: Instant,
}

impl Progress {
    fn new() -> Self {
        let bar =
            (std::io::stderr().is_terminal() && !std::io::stdout().is_terminal()).then(|| {
                let bar = ProgressBar::new_spinner();
                if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
                    bar.set_style(style);
                }
                bar.enable_steady_tick(Duration::from_millis(200));
                bar
            });
        let now = Instant::now();
        Self {
            bar,
            items_in: 0,
            items_out: 0,
            start: now,
            shown: now,
        }
    }

    fn show(&mut self, more: usize) {
        self.items_out += more as u64;
        let Some(bar) = &self.bar else { return };
        if self.shown.elapsed() < Duration::from_millis(100) {
            return;
        }
        self.shown = Instant::now();
        let rate = self.items_in as f64 / self.start.elapsed().as_secs_f64();
        let (given, taken) = (self.items_in, self.items_out);
        bar.set_message(format!("{given} items in, {taken} out, {rate:.0} a second"));
    }

    fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
