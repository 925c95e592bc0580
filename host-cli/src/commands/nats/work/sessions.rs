//! Sessions of keys: the messages of a key go to one instance, in order.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pipeline_host::types::{Input, Part};
use pipeline_host::{Limits, Session, codec};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::delivery::Delivery;
use super::pipeline::Pipeline;
use super::runs::{Failed, Output, Ran, inputs, written};
use super::worker::{Place, Worker};

/// How many outputs are asked for at a time.
const AT_ONCE: u32 = 4096;

/// The sessions of a worker, by their keys.
pub(super) struct Sessions {
    /// The header that holds the key.
    pub(super) header: String,
    idle: Duration,
    open: Mutex<HashMap<String, mpsc::UnboundedSender<Place>>>,
    places: Arc<Semaphore>,
    /// Told where a session waits for a place: one that is idle leaves its own, the
    /// one that was idle longest first.
    wanted: Notify,
    ended: Notify,
}

impl Sessions {
    pub(super) fn new(header: String, most: usize, idle: Duration) -> Self {
        Self {
            header,
            idle,
            open: Mutex::default(),
            places: Arc::new(Semaphore::new(most)),
            wanted: Notify::new(),
            ended: Notify::new(),
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.open().len()
    }

    /// Waits until there are none.
    pub(super) async fn all_ended(&self) {
        loop {
            let ended = self.ended.notified();
            if self.open().is_empty() {
                return;
            }
            ended.await;
        }
    }

    /// Gives a message to the session of its key.
    pub(super) fn give(&self, worker: &Arc<Worker>, key: &str, place: Place) {
        let mut open = self.open();
        let place = match open.get(key) {
            Some(session) => match session.send(place) {
                Ok(()) => return,
                // It panicked.
                Err(place) => place.0,
            },
            None => place,
        };
        let (sender, messages) = mpsc::unbounded_channel();
        // The receiver is here.
        let _ = sender.send(place);
        open.insert(key.to_owned(), sender);
        tokio::spawn(keep(Arc::clone(worker), key.to_owned(), messages));
    }

    /// Waits for a place.
    async fn place(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Some(place);
        }
        self.wanted.notify_one();
        Arc::clone(&self.places).acquire_owned().await.ok()
    }

    /// Forgets a session for which no message waits; gives back whether it is
    /// forgotten.
    fn forget(&self, key: &str, messages: &mpsc::UnboundedReceiver<Place>) -> bool {
        let mut open = self.open();
        if !messages.is_empty() {
            return false;
        }
        open.remove(key);
        drop(open);
        self.ended.notify_waiters();
        true
    }

    fn open(&self) -> MutexGuard<'_, HashMap<String, mpsc::UnboundedSender<Place>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps the session of a key while messages for it come.
async fn keep(worker: Arc<Worker>, key: String, mut messages: mpsc::UnboundedReceiver<Place>) {
    let Some(sessions) = &worker.sessions else {
        return;
    };
    let _place = sessions.place().await;
    let mut open: Option<Open> = None;
    loop {
        let next = tokio::select! {
            biased;
            next = messages.recv() => next,
            () = worker.stopped() => None,
            () = sessions.wanted.notified() => None,
            () = tokio::time::sleep(sessions.idle) => None,
        };
        let Some(place) = next else {
            if let Some(open) = open.take() {
                open.end(&worker).await;
            }
            match sessions.forget(&key, &messages) {
                true => return,
                false => continue,
            }
        };
        let pipeline = worker.pipeline();
        if let Some(old) = open.take_if(|open| !Arc::ptr_eq(&open.pipeline, &pipeline)) {
            old.end(&worker).await;
        }
        let delivery = Arc::clone(&place.delivery);
        let Some(running) = worker.begin().await else {
            delivery.give_back(None).await;
            continue;
        };
        let session = match open.take() {
            Some(open) => open,
            None => Open::new(pipeline, worker.limits.clone(), Arc::clone(&delivery)),
        };
        let (ran, session) = session.push(delivery).await;
        open = session;
        drop(running);
        worker.settle(&place.delivery, ran).await;
    }
}

/// A session that is open in a thread of its own.
struct Open {
    turns: mpsc::UnboundedSender<Turn>,
    pipeline: Arc<Pipeline>,
    /// How much memory its items may take.
    memory: Option<usize>,
    /// The message that came last.
    last: Arc<Delivery>,
}

/// What a session is to do, and who waits for what comes of it.
enum Turn {
    Push(Vec<Input>, oneshot::Sender<Result<Vec<Output>, Failed>>),
    Finish(oneshot::Sender<Result<Vec<Output>, Failed>>),
}

impl Open {
    fn new(pipeline: Arc<Pipeline>, limits: Limits, last: Arc<Delivery>) -> Self {
        let (turns, receiver) = mpsc::unbounded_channel();
        let kept = Arc::clone(&pipeline);
        let memory = limits.memory;
        let started = std::thread::Builder::new()
            .name("session".into())
            .spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_time()
                    .build();
                match runtime {
                    Ok(runtime) => runtime.block_on(live(&kept, &limits, receiver)),
                    Err(error) => tracing::error!(%error, "no clock for a session"),
                }
            });
        // Where there is no thread its turns find nobody, and fail.
        if let Err(error) = started {
            tracing::error!(%error, "no thread for a session");
        }
        Self {
            turns,
            pipeline,
            memory,
            last,
        }
    }

    /// Gives it a message; the session ends where that fails.
    async fn push(mut self, delivery: Arc<Delivery>) -> (Ran, Option<Self>) {
        let start = Instant::now();
        let version = self.pipeline.version.clone();
        let result = match inputs(&delivery, self.memory) {
            Ok(inputs) => self.turn(|answer| Turn::Push(inputs, answer)).await,
            Err(failed) => Err(failed),
        };
        self.last = delivery;
        // What is no item did not reach it.
        let goes_on = match &result {
            Ok(_) => true,
            Err(Failed::Error { again, .. }) => again.is_none(),
            Err(Failed::Cut) => false,
        };
        let ran = Ran {
            result,
            version,
            took: start.elapsed(),
        };
        (ran, goes_on.then_some(self))
    }

    /// Ends it, and publishes what it still gives.
    async fn end(self, worker: &Worker) {
        let result = self.turn(Turn::Finish).await;
        worker
            .settle_end(&self.last, &self.pipeline.version, result)
            .await;
    }

    async fn turn(
        &self,
        turn: impl FnOnce(oneshot::Sender<Result<Vec<Output>, Failed>>) -> Turn,
    ) -> Result<Vec<Output>, Failed> {
        let (answer, answered) = oneshot::channel();
        // Where its thread is gone, so is the answer.
        let _ = self.turns.send(turn(answer));
        answered.await.unwrap_or_else(|_| {
            let lost = pipeline_host::Error::Host("the thread of the session is gone".into());
            Err(Failed::fault(&lost))
        })
    }
}

/// A session from its first turn to its last.
async fn live(pipeline: &Pipeline, limits: &Limits, mut turns: mpsc::UnboundedReceiver<Turn>) {
    let refuse = |turn: Option<Turn>, failed: Failed| {
        if let Some(Turn::Push(_, answer) | Turn::Finish(answer)) = turn {
            let _ = answer.send(Err(failed));
        }
    };
    let mut instance = match pipeline.sandbox.instantiate(limits).await {
        Ok(instance) => instance,
        Err(fault) => return refuse(turns.recv().await, Failed::fault(&fault)),
    };
    let mut session = match instance.open(&pipeline.manifest).await {
        Ok(Ok(session)) => session,
        Ok(Err(error)) => return refuse(turns.recv().await, Failed::of(error, &[])),
        Err(fault) => return refuse(turns.recv().await, Failed::fault(&fault)),
    };
    while let Some(turn) = turns.recv().await {
        match turn {
            Turn::Push(inputs, answer) => {
                let mut outputs = Vec::new();
                let pushed = push(&mut session, inputs, &mut outputs).await;
                let failed = pushed.is_err();
                // Nobody may want to know any more.
                let _ = answer.send(pushed.map(|()| outputs));
                if failed {
                    break;
                }
            }
            Turn::Finish(answer) => {
                let _ = answer.send(finish(session).await);
                return;
            }
        }
    }
    // Its nodes are cleaned up, if it can still be called.
    let _ = session.close().await;
}

async fn push(
    session: &mut Session<'_>,
    inputs: Vec<Input>,
    outputs: &mut Vec<Output>,
) -> Result<(), Failed> {
    for input in codec::one_by_one(inputs) {
        let part = session.push(&input).await;
        drain(session, part, outputs).await?;
    }
    number(outputs);
    Ok(())
}

async fn finish(mut session: Session<'_>) -> Result<Vec<Output>, Failed> {
    let mut outputs = Vec::new();
    let part = session.end().await;
    drain(&mut session, part, &mut outputs).await?;
    let refusals = session.refusals();
    let run = session
        .finish()
        .await
        .map_err(|fault| Failed::fault(&fault))?;
    let run = run.map_err(|error| Failed::of(error, &refusals))?;
    outputs.extend(written(&run.outputs).map_err(|fault| Failed::fault(&fault))?);
    number(&mut outputs);
    Ok(outputs)
}

/// Takes a part, and those that follow it.
async fn drain(
    session: &mut Session<'_>,
    mut part: Result<Result<Part, pipeline_host::types::PipelineError>, pipeline_host::Error>,
    outputs: &mut Vec<Output>,
) -> Result<(), Failed> {
    loop {
        let given = part.map_err(|fault| Failed::fault(&fault))?;
        let given = given.map_err(|error| Failed::of(error, &session.refusals()))?;
        outputs.extend(written(&given.outputs).map_err(|fault| Failed::fault(&fault))?);
        if !given.more {
            return Ok(());
        }
        part = session.pull(AT_ONCE).await;
    }
}

/// Counts the outputs of each node, which came in parts.
fn number(outputs: &mut [Output]) {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for output in outputs {
        let count = counts.entry(output.node.clone()).or_default();
        output.number = *count;
        *count += 1;
    }
}
