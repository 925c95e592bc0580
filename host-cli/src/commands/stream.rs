//! `pipeline run --stream`, and `--chunk`.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use pipeline_host::audio::Bounds;
use pipeline_host::types::{Connection, Data, Input, Manifest, NodeOutputs, Part, PipelineError};
use pipeline_host::{Error, LimitError, Session, codec};
use tokio::sync::mpsc;

use super::part;
use super::run::{self, tell};
use crate::chunks::{self, Piece};
use crate::failure::{Failure, INTERRUPTED, USAGE};
use crate::inputs::Given;
use crate::interrupt::Finish;
use crate::outputs::{Outputs, write_out};
use crate::printer::{Lines, Printer};
use crate::progress::Progress;
use crate::report::{self, ManifestText};
use crate::{cli, inputs, interrupt, metrics, workspace};

/// How many times lines are read ahead, each time as many as are there.
const AHEAD: usize = 4;
/// How many numbers are pushed at a time where they are quick.
const MOST: usize = 1 << 14;
/// How long a push may take that counts as quick.
const QUICK: Duration = Duration::from_millis(2);
/// How many outputs are asked for at a time.
const AT_ONCE: u32 = 4096;

/// Feeds a pipeline from standard input or with audio in pieces, and prints outputs
/// as they come.
pub(crate) fn stream(arguments: &cli::Run) -> Result<(), Failure> {
    let given = inputs::unread(arguments)?;
    let source = workspace::source(&arguments.manifest, &arguments.trust.signed_by)?;
    let mut outputs = Outputs::new(arguments, arguments.limits.limits())?;
    let (opened, console) = run::open(arguments, &source, interrupt::finish, |finish| {
        finish.at_once.clone()
    })?;
    let (finish, sandbox, source) = (&opened.handler, &opened.sandbox, &source.text);
    let mut limits = arguments.limits.limits();
    limits.interrupt = Some(finish.at_once.clone());
    workspace::block_on(async {
        let mut instance = sandbox.instantiate(&limits).await.map_err(gone)?;
        let loaded = instance.load(&source.text).await.map_err(gone)?;
        let loaded = loaded.map_err(|invalid| {
            report::diagnostics(source, &invalid.diagnostics);
            Failure::Told(USAGE)
        })?;
        report::diagnostics(source, &loaded.warnings);
        // Items that are given replace those that stand with the manifest: what
        // standard input gives too, where it gives any.
        let written = loaded
            .input_data
            .map(|items| codec::one_by_one(codec::for_all(items)));
        let part = part::of(&arguments.looking, &loaded.manifest, None)?;
        let mut manifest = part.unwrap_or(loaded.manifest);
        outputs.taps.mark(&mut manifest)?;
        let opened = instance.open(&manifest).await.map_err(gone)?;
        let progress = Progress::of_a_stream();
        console.heed(progress.bar());
        let mut stream = Stream {
            session: opened.map_err(|error| told(source, &error, &[]))?,
            source,
            finish,
            outputs,
            printer: Printer::start()?,
            batch: Batch::new(&manifest, limits.items),
            progress,
            metrics: arguments.metrics,
        };
        let fed = match arguments.no_input {
            true => stream.produce(written).await,
            false => stream.feed(arguments, given, written).await,
        };
        stream.end(fed).await
    })
}

struct Stream<'a> {
    session: Session<'a>,
    source: &'a ManifestText,
    finish: &'a Finish,
    outputs: Outputs,
    printer: Printer,
    batch: Batch,
    progress: Progress,
    /// Whether what each node did is told at the end.
    metrics: bool,
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
            // What was known before is told first.
            return Err(self.printer.finish().err().unwrap_or(failure));
        }
        let refusals = self.session.refusals();
        let finished = self.session.finish().await.map_err(gone);
        let run = finished.and_then(|ended| {
            self.printer.finish()?;
            ended.map_err(|error| told(self.source, &error, &refusals))
        })?;
        let last = self.outputs.taps.see(run.outputs)?;
        let last = self.outputs.lines(&last)?;
        write_out(&last)?;
        self.outputs.finish()?;
        if self.metrics {
            report::tell(&metrics::table(&run.metrics));
        }
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
        arguments: &cli::Run,
        given: Vec<Given>,
        written: Option<Vec<Input>>,
    ) -> Result<(), Failure> {
        let mut fed = !given.is_empty();
        for given in given {
            self.give(arguments, given).await?;
        }
        if arguments.stream {
            fed |= self.lines().await?;
        }
        if !fed {
            for item in written.unwrap_or_default() {
                self.push(&item).await?;
            }
        }
        Ok(())
    }

    /// Pushes what an option gives: audio in pieces, where that is asked for.
    async fn give(&mut self, arguments: &cli::Run, given: Given) -> Result<(), Failure> {
        let file = match given {
            Given::Items(items) => return self.push_all(items).await,
            Given::File(file) => file,
        };
        let bounds = Bounds {
            bytes: arguments.limits.max_memory.0,
            deadline: None,
        };
        let Some(length) = arguments.chunk else {
            return self.push_all(file.read(bounds)?).await;
        };
        let audio = match file.audio()? {
            Ok(audio) => audio,
            Err(file) => return self.push_all(file.read(bounds)?).await,
        };
        let mut pieces = chunks::pieces(audio.reader, length)?;
        loop {
            let piece = tokio::select! {
                biased;
                () = self.finish.gently.raised() => return Ok(()),
                piece = pieces.recv() => piece,
            };
            match piece {
                None => return Ok(()),
                Some(Ok(Piece::Warning(warning))) => inputs::warn(&audio.name, warning),
                Some(Ok(Piece::Audio(piece))) => {
                    let item = Input {
                        node_id: audio.node.clone(),
                        item: Data::Audio(piece),
                    };
                    self.push(&item).await?;
                }
                Some(Err(error)) => {
                    return Err(inputs::unusable(&audio.name, error.to_string()));
                }
            }
        }
    }

    /// Pushes items: numbers that stand in bulk many at a time, where that makes no
    /// difference.
    async fn push_all(&mut self, items: Vec<Input>) -> Result<(), Failure> {
        let mut rest = items;
        if !self.batch.allowed {
            rest = codec::one_by_one(rest);
        }
        for item in rest {
            let mut now = vec![item];
            while !now.is_empty() {
                let later = codec::split_off(&mut now, self.batch.size);
                let start = Instant::now();
                for item in &now {
                    self.push(item).await?;
                }
                self.batch.took(start.elapsed());
                if self.finish.gently.is_raised() {
                    return Ok(());
                }
                now = later;
            }
        }
        Ok(())
    }

    /// Pushes what comes in line by line; whether anything came.
    async fn lines(&mut self) -> Result<bool, Failure> {
        let mut fed = false;
        let mut blocks = read_lines()?;
        let mut number = 0_usize;
        loop {
            let block = tokio::select! {
                biased;
                () = self.finish.gently.raised() => return Ok(true),
                failure = self.printer.failed() => return Err(failure),
                block = blocks.recv() => block,
            };
            let block = match block {
                None => return Ok(fed),
                Some(Ok(block)) => block,
                Some(Err(reason)) => {
                    return Err(Failure::failed(format!(
                        "standard input can't be read: {reason}"
                    )));
                }
            };
            let (items, wrong) = match codec::read_lines(&block) {
                Ok(items) => (items, None),
                Err(error) => {
                    // Those before it are fine.
                    let before = block.split_inclusive(|byte| *byte == b'\n');
                    let before: Vec<u8> = before.take(error.line - 1).flatten().copied().collect();
                    (codec::read_lines(&before).unwrap_or_default(), Some(error))
                }
            };
            fed |= !items.is_empty();
            self.push_all(items).await?;
            if let Some(error) = wrong {
                let line = number + error.line;
                return Err(Failure::usage(format!(
                    "<stdin>:{line}:{}: {}",
                    error.column, error.message
                )));
            }
            number += block.iter().filter(|byte| **byte == b'\n').count();
        }
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
        self.progress.items(codec::weight(&item.item) as u64);
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
            self.print(part.outputs)?;
            if !part.more || self.finish.gently.is_raised() {
                return Ok(());
            }
            next = self.session.pull(AT_ONCE).await.map_err(gone)?;
        }
    }

    fn print(&mut self, outputs: Vec<NodeOutputs>) -> Result<(), Failure> {
        let outputs = self.outputs.taps.see(outputs)?;
        let items = outputs.iter().flat_map(|given| &given.items);
        let count = items.map(codec::weight).sum();
        self.progress.show(count);
        if count == 0 {
            return Ok(());
        }
        let lines = self.outputs.lines(&outputs)?;
        match self.outputs.has_file() {
            true => Ok(()),
            false => self.printer.print(&lines),
        }
    }

    fn failed(&mut self, mut error: PipelineError) -> Failure {
        self.progress.end();
        let before = std::mem::take(&mut error.outputs);
        let printed = self.print(before);
        if let Err(failure) = printed.and_then(|()| self.outputs.taps.finish()) {
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

/// Lines of standard input, as many together as are there. A thread of its own reads
/// them, since reading can't be stopped from elsewhere; it ends with the program.
fn read_lines() -> Result<mpsc::Receiver<Result<Vec<u8>, String>>, Failure> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let read = move || {
        let mut input = std::io::stdin().lock();
        let mut lines = Lines::new();
        loop {
            let (sent, last) = match lines.next(&mut input) {
                Ok(None) => return,
                Ok(Some(block)) => (sender.blocking_send(Ok(block)), false),
                // Whoever waits for it is told; there is nothing after it.
                Err(error) => (sender.blocking_send(Err(workspace::reason(&error))), true),
            };
            if sent.is_err() || last {
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

/// How many numbers are pushed at a time.
struct Batch {
    allowed: bool,
    size: usize,
    most: usize,
}

impl Batch {
    /// One item after the other, or many at once, gives the same outputs in the same
    /// order where nothing in the pipeline meets or parts. The limit of items is one
    /// for each push.
    fn new(manifest: &Manifest, limit: Option<u64>) -> Self {
        let (nodes, connections) = (&manifest.nodes, &manifest.connections);
        let ends = |end: fn(&Connection) -> &str| {
            let ends: HashSet<&str> = connections.iter().map(end).collect();
            ends.len() == connections.len()
        };
        let is_chain = connections.len() + 1 == nodes.len()
            && ends(|connection| &connection.from)
            && ends(|connection| &connection.to);
        let limit = limit.and_then(|limit| usize::try_from(limit).ok());
        Self {
            allowed: is_chain && !nodes.iter().any(|node| node.is_output_node),
            size: 1,
            most: limit.map_or(MOST, |limit| limit.clamp(1, MOST)),
        }
    }

    /// More at a time where that is quick: limits of time and memory are those of a
    /// push, and Ctrl-C waits for its end.
    fn took(&mut self, time: Duration) {
        self.size = match time < QUICK {
            true => (self.size * 2).min(self.most),
            false => (self.size / 2).max(1),
        };
    }
}
