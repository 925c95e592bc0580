//! `pipeline run --stream`.

use std::io::{BufRead, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use pipeline_host::types::{Data, PipelineError};
use pipeline_host::{Fault, Instance, Sandbox, Session, codec};
use tokio::sync::mpsc;

use super::run::{existing, tell, with_host_paths};
use crate::failure::{Failure, INTERRUPTED, USAGE};
use crate::interrupt::Finish;
use crate::outputs::Outputs;
use crate::report::{self, Source};
use crate::{cli, inputs, interrupt, workspace};

/// How many lines are read ahead.
const AHEAD: usize = 64;
/// How many outputs are asked for at a time.
const AT_ONCE: u32 = 64;

/// Feeds a pipeline from standard input and prints outputs as they come.
pub(crate) fn stream(arguments: &cli::Run) -> Result<(), Failure> {
    let items = inputs::gather(arguments)?;
    let source = workspace::manifest(&arguments.manifest)?;
    let outputs = Outputs::new(
        None,
        arguments.output_dir.as_deref(),
        existing(arguments),
        arguments.limits.limits(),
    )?;
    let (engine, sandbox) = workspace::open(&arguments.place)?;
    let finish = interrupt::finish(&engine);
    let mut limits = arguments.limits.limits();
    limits.interrupt = Some(finish.at_once.clone());
    workspace::block_on(async {
        let mut instance = match sandbox.instantiate(&limits).await {
            Ok(instance) => instance,
            Err(fault) => return Err(workspace::faulted(&fault)),
        };
        let stream = Stream {
            instance: &mut instance,
            sandbox: &sandbox,
            source: &source,
            finish: &finish,
            outputs,
            progress: Progress::new(),
        };
        stream.run(items, arguments.no_input).await
    })
}

struct Stream<'a> {
    instance: &'a mut Instance,
    sandbox: &'a Sandbox,
    source: &'a Source,
    finish: &'a Finish,
    outputs: Outputs,
    progress: Progress,
}

impl Stream<'_> {
    async fn run(mut self, items: Option<Vec<Data>>, no_input: bool) -> Result<(), Failure> {
        let ended = self.all(items, no_input).await;
        self.progress.end();
        ended
    }

    async fn all(&mut self, items: Option<Vec<Data>>, no_input: bool) -> Result<(), Failure> {
        let parsed = match workspace::parse(self.instance, self.source)
            .await
            .map_err(gone)?
        {
            Ok(parsed) => parsed,
            Err(diagnostics) => {
                report::diagnostics(self.source, &diagnostics);
                return Err(Failure::Told(USAGE));
            }
        };
        let session = match self.instance.open(&parsed.manifest).await.map_err(gone)? {
            Ok(session) => session,
            Err(error) => return Err(self.failed(error).await),
        };
        let written = parsed
            .input_data
            .map(|all| all.into_iter().map(Data::Value).collect());
        let first: Vec<Data> = items.or(written).unwrap_or_default();
        for item in &first {
            self.push(&session, item).await?;
        }
        if no_input {
            self.pull(&session).await?
        } else {
            self.feed(&session).await?
        }

        match session.finish(self.instance).await.map_err(gone)? {
            Ok(run) => self.print(&run.outputs)?,
            Err(error) => return Err(self.failed(error).await),
        }
        if self.finish.gently.is_raised() {
            return Err(Failure::code(
                "interrupted; what had come in was finished",
                INTERRUPTED,
            ));
        }
        Ok(())
    }

    /// Pushes what comes in, line by line, until it ends or Ctrl-C is pressed.
    async fn feed(&mut self, session: &Session) -> Result<(), Failure> {
        let mut lines = read_lines()?;
        let mut number = 0_usize;
        loop {
            let line = tokio::select! {
                biased;
                () = self.finish.gently.raised() => return Ok(()),
                line = lines.recv() => line,
            };
            let line = match line {
                None => return Ok(()),
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
            let item = codec::read_item(line.trim_ascii_end()).map_err(|error| {
                Failure::usage(format!(
                    "<stdin>:{number}:{}: {}",
                    error.column, error.message
                ))
            })?;
            self.push(session, &item).await?;
        }
    }

    /// Lets sources produce, until they end or Ctrl-C is pressed.
    async fn pull(&mut self, session: &Session) -> Result<(), Failure> {
        while !self.finish.gently.is_raised() {
            match session.pull(self.instance, AT_ONCE).await.map_err(gone)? {
                Ok(Some(items)) => self.print(&items)?,
                Ok(None) => break,
                Err(error) => return Err(self.failed(error).await),
            }
        }
        Ok(())
    }

    async fn push(&mut self, session: &Session, item: &Data) -> Result<(), Failure> {
        self.progress.items_in += 1;
        match session.push(self.instance, item).await.map_err(gone)? {
            Ok(items) => self.print(&items),
            Err(error) => Err(self.failed(error).await),
        }
    }

    fn print(&mut self, items: &[Data]) -> Result<(), Failure> {
        self.progress.show(items.len());
        if items.is_empty() {
            Ok(())
        } else {
            self.outputs.lines(items)
        }
    }

    async fn failed(&mut self, mut error: PipelineError) -> Failure {
        self.progress.end();
        if let Err(fault) = report::locate(self.instance, self.source, &mut error.diagnostics).await
        {
            return gone(fault);
        }
        if let Err(failure) = self.print(&error.outputs) {
            return failure;
        }
        let error = with_host_paths(error, self.sandbox.directories());
        Failure::Told(tell(self.source, &error, &self.instance.refusals()))
    }
}

fn gone(fault: Fault) -> Failure {
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
