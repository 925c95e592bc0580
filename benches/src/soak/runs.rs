//! Runs over a pool of workers, of which a tenth fail in every way.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use pipeline_host::types::{ErrorKind, Manifest, PipelineError, RunResult};
use pipeline_host::{
    Allocation, Directories, Engine, EngineOptions, Error, Interrupt, LimitError, Limits, Sandbox,
    Started, Workers, codec,
};
use serde::Serialize;

use crate::Built;
use crate::watch::{Sample, Watch, note};

/// What came of the runs.
#[derive(Serialize)]
pub(crate) struct Record {
    runs: u64,
    seconds: f64,
    slots: usize,
    /// How often each kind of run ended in which way.
    ends: BTreeMap<String, u64>,
    samples: Vec<Sample>,
}

/// Long enough that only what hangs meets it.
const PATIENCE: Duration = Duration::from_secs(600);
/// What a run that is to meet its deadline may take, or one that is interrupted
/// until then.
const SHORT: Duration = Duration::from_millis(10);
const MEMORY: usize = 256 << 20;
/// The limit that a run that uses up its memory meets.
const LITTLE_MEMORY: usize = 96 << 20;

/// Ways to fail; `interrupted` is a busy run that somebody stops.
const FAILURES: [&str; 10] = [
    "exception",
    "busy",
    "sleeps",
    "memory",
    "exits",
    "recursion",
    "trap",
    "interrupted",
    "prints",
    "files",
];

/// Makes the runs.
pub(crate) fn soak(built: &Built, runs: u64, wrong: &mut Vec<String>) -> Result<Record> {
    let threads = thread::available_parallelism()?;
    let allocation = Allocation::Pooled {
        instances: u32::try_from(threads.get())?,
    };
    let engine = Engine::new(&EngineOptions { allocation })?;
    let component = engine.load_installed(&built.dist.join("pipeline.wasm"), &mut |_| {})?;
    let mut directories = Directories::new(&built.dist.join("stdlib"), &built.dist.join("python"))?;
    directories.add_nodes(&built.nodes)?;
    let sandbox = Sandbox::new(&engine, &component, directories)?;
    let pipelines = Pipelines::parse(&sandbox)?;
    let workers = Workers::new(&sandbox, threads)?;
    let stopper = Stopper::start();

    println!("{runs} runs on {threads} threads, of which a tenth fail");
    let start = Instant::now();
    let mut watch = Watch::new(None);
    let mut ends = BTreeMap::new();
    let mut waiting: VecDeque<(Case, Started<Outcome>)> = VecDeque::new();
    let window = threads.get() * 8;
    let step = (runs / 100).max(1);
    for number in 0..runs + window as u64 {
        if number < runs {
            let case = Case::of(number);
            let run = start_run(&case, &workers, &pipelines, &engine, &stopper);
            waiting.push_back((case, run));
        }
        if waiting.len() > window || number >= runs {
            let Some((case, run)) = waiting.pop_front() else {
                break;
            };
            let end = case.judge(run.wait(), wrong);
            *ends.entry(format!("{}: {end}", case.name())).or_default() += 1;
        }
        if number % step == 0 {
            let seen = watch.look(number)?;
            if number % (step * 10) == 0 {
                println!("  {number} runs, {} MiB", seen.memory >> 10);
            }
        }
    }
    drop(workers);
    all_slots_serve(&sandbox, &pipelines, threads.get(), wrong);
    watch.flat("runs", wrong);
    Ok(Record {
        runs,
        seconds: start.elapsed().as_secs_f64(),
        slots: threads.get(),
        ends,
        samples: watch.samples,
    })
}

type Outcome = Result<RunResult, PipelineError>;

/// A run, and what is to come of it.
enum Case {
    /// A Rust node: twice the number, plus ten.
    Numbers(i64),
    /// A Python node that looks for traces of others.
    Honest(i64),
    /// A node that comes with the package.
    Text(i64),
    Fails(&'static str),
}

impl Case {
    fn of(number: u64) -> Self {
        let item = i64::try_from(number % 100_000).unwrap_or_default();
        match number % 10 {
            3 => Self::Fails(FAILURES[(number / 10) as usize % FAILURES.len()]),
            0 | 5 => Self::Numbers(item),
            1 | 6 => Self::Text(item),
            _ => Self::Honest(item),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Numbers(_) => "Rust nodes",
            Self::Honest(_) => "a Python node",
            Self::Text(_) => "TextProcessorNode",
            Self::Fails(how) => how,
        }
    }

    /// The item in JSON.
    fn item(&self) -> String {
        match self {
            Self::Numbers(item) | Self::Honest(item) => item.to_string(),
            Self::Text(item) => {
                format!(r#"{{"text": "soak {item}", "operations": ["uppercase", "word_count"]}}"#)
            }
            Self::Fails(_) => "0".to_owned(),
        }
    }

    /// The output in JSON, of a run that is to succeed.
    fn output(&self) -> Option<String> {
        match self {
            Self::Numbers(item) => Some((item * 2 + 10).to_string()),
            Self::Honest(item) => Some(honest(*item)),
            Self::Text(item) => Some(format!(r#""uppercase":"SOAK {item}","word_count":2"#)),
            Self::Fails(_) => None,
        }
    }

    /// Says how a run ended, and notes it where it should have ended otherwise.
    fn judge(&self, end: Result<Outcome, Error>, wrong: &mut Vec<String>) -> String {
        let (right, said) = match (self, &end) {
            (Self::Fails(how), end) => (fails_rightly(how, end), told(end)),
            (_, Ok(Ok(run))) => {
                let given: Vec<_> = run.outputs.iter().flat_map(|given| &given.items).collect();
                let found = match given.as_slice() {
                    [one] => codec::item_to_json(one).unwrap_or_default(),
                    many => format!("{} outputs", many.len()),
                };
                let expected = self.output().unwrap_or_default();
                match found == expected || (self.is_text() && found.contains(&expected)) {
                    true => (true, "right".to_owned()),
                    false => (false, found),
                }
            }
            (_, end) => (false, told(end)),
        };
        if !right {
            note(wrong, format!("{} on {}: {said}", self.name(), self.item()));
        }
        said
    }

    fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }
}

/// What the honest node is to give for an item.
pub(crate) fn honest(item: i64) -> String {
    format!(r#"{{"number":{},"traces":[]}}"#, item * 7919 % 10007)
}

/// Whether a run that is to fail did so in its own way. What limits allow of
/// printing and of open files may change; that it hurts nobody else may not.
fn fails_rightly(how: &str, end: &Result<Outcome, Error>) -> bool {
    let failed = |kind: ErrorKind, text: &str| match end {
        Ok(Err(error)) => error.kind == kind && error.message.contains(text),
        _ => false,
    };
    match how {
        "exception" => failed(ErrorKind::NodeFailed, "as it was told to"),
        "recursion" => failed(ErrorKind::NodeFailed, "RecursionError"),
        "memory" => {
            failed(ErrorKind::NodeFailed, "MemoryError")
                || matches!(end, Err(Error::Limit(LimitError::Memory { .. })))
        }
        "busy" | "sleeps" => matches!(end, Err(Error::Limit(LimitError::Deadline { .. }))),
        "interrupted" => matches!(end, Err(Error::Interrupted)),
        // WASI tells failure from success, and no more.
        "exits" => matches!(end, Err(Error::Exit)),
        "trap" => matches!(end, Err(Error::Trap(_) | Error::Exit)),
        _ => !matches!(end, Err(Error::Host(_) | Error::Trap(_))),
    }
}

/// How a run ended, in a few words that don't differ from run to run.
fn told(end: &Result<Outcome, Error>) -> String {
    match end {
        Ok(Ok(_)) => "succeeded".to_owned(),
        Ok(Err(error)) => {
            let line = error.message.lines().next().unwrap_or_default();
            format!("{:?}, {line}", error.kind)
        }
        Err(Error::Limit(LimitError::Memory { .. })) => "memory limit".to_owned(),
        Err(fault) => fault.in_full(),
    }
}

/// Manifests, parsed once.
struct Pipelines(BTreeMap<&'static str, Arc<Manifest>>);

impl Pipelines {
    fn parse(sandbox: &Sandbox) -> Result<Self> {
        let numbers = r#"[{"id": "m", "node_type": "MultiplyNode", "params": {"multiplier": 2}},
            {"id": "a", "node_type": "AddNode", "params": {"addend": 10}}],
            "connections": [{"from": "m", "to": "a"}]"#;
        let one = |node: &str| format!(r#"[{{"id": "n", {node}}}]"#);
        let mut sources = vec![
            ("Rust nodes", numbers.to_owned()),
            ("a Python node", one(r#""node_type": "soak_nodes:Honest""#)),
            (
                "TextProcessorNode",
                one(r#""node_type": "TextProcessorNode""#),
            ),
        ];
        for how in FAILURES {
            let method = if how == "interrupted" { "busy" } else { how };
            sources.push((
                how,
                one(&format!(
                    r#""node_type": "soak_nodes:Fails", "params": {{"how": "{method}"}}"#
                )),
            ));
        }
        let mut parsed = BTreeMap::new();
        for (name, nodes) in sources {
            let source = format!(r#"{{"version": "v1", "nodes": {nodes}}}"#);
            let manifest = block_on(async {
                let mut instance = sandbox.instantiate(&Limits::default()).await?;
                instance.load(&source).await
            })?
            .map_err(|invalid| anyhow!("{}", invalid.diagnostics[0].message))?;
            parsed.insert(name, Arc::new(manifest.manifest));
        }
        Ok(Self(parsed))
    }

    fn get(&self, case: &Case) -> Arc<Manifest> {
        Arc::clone(&self.0[case.name()])
    }
}

fn start_run(
    case: &Case,
    workers: &Workers,
    pipelines: &Pipelines,
    engine: &Engine,
    stopper: &Stopper,
) -> Started<Outcome> {
    let mut limits = Limits {
        timeout: Some(PATIENCE),
        memory: Some(MEMORY),
        ..Limits::default()
    };
    match case {
        Case::Fails("busy" | "sleeps") => limits.timeout = Some(SHORT),
        Case::Fails("memory") => limits.memory = Some(LITTLE_MEMORY),
        Case::Fails("interrupted") => {
            let interrupt = engine.interrupt();
            limits.interrupt = Some(interrupt.clone());
            stopper.stop_soon(interrupt);
        }
        _ => {}
    }
    let item = codec::read_input(case.item().as_bytes()).expect("an item");
    workers.execute(limits, pipelines.get(case), Some(vec![item]))
}

/// Interrupts runs a while after they were started, from a thread of its own.
struct Stopper(mpsc::Sender<(Instant, Interrupt)>);

impl Stopper {
    fn start() -> Self {
        let (send, receive) = mpsc::channel::<(Instant, Interrupt)>();
        thread::spawn(move || {
            for (when, interrupt) in receive {
                thread::sleep(when.saturating_duration_since(Instant::now()));
                interrupt.raise();
            }
        });
        Self(send)
    }

    fn stop_soon(&self, interrupt: Interrupt) {
        // The thread ends with this.
        let _ = self.0.send((Instant::now() + SHORT, interrupt));
    }
}

/// Every slot of the pool can be used at the same time: none was lost.
fn all_slots_serve(
    sandbox: &Sandbox,
    pipelines: &Pipelines,
    slots: usize,
    wrong: &mut Vec<String>,
) {
    let case = Case::Honest(7);
    let manifest = pipelines.get(&case);
    let mut live = Vec::new();
    for slot in 0..slots {
        let end = block_on(async {
            let mut instance = sandbox.instantiate(&Limits::default()).await?;
            let item = codec::read_input(case.item().as_bytes()).expect("an item");
            let end = instance.execute(&manifest, Some(&[item])).await?;
            Ok((instance, end))
        });
        match end {
            Ok((instance, end)) => {
                case.judge(Ok(end), wrong);
                live.push(instance);
            }
            Err(fault) => note(wrong, format!("slot {slot} of the pool: {fault:?}")),
        }
    }
}

fn block_on<T>(future: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|error| Error::Host(error.into()))?
        .block_on(future)
}
