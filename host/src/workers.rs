//! Threads that run pipelines at the same time.

use std::future::Future;
use std::io;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::task::{Context, Poll};
use std::thread::{self, JoinHandle};

use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::error::Error;
use crate::instance::{Instance, Sandbox};
use crate::limits::Limits;
use crate::types::{Input, Manifest, PipelineError, RunResult};

type Job = Box<dyn FnOnce(&Sandbox, &Runtime) + Send>;

/// Threads that do work in fresh instances of a sandbox, one at a time on each.
///
/// The sandbox's engine must have room for an instance per thread, see
/// [`crate::Allocation::Pooled`]. A run that sleeps occupies its thread. As many
/// jobs as there are threads can wait; more wait in [`Workers::start`], so that
/// whoever makes work is held back by those who do it.
///
/// Dropping it lets work that was started end first.
pub struct Workers {
    queue: Option<mpsc::SyncSender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts threads.
    ///
    /// # Errors
    /// Where the system refuses a thread.
    pub fn new(sandbox: &Sandbox, threads: NonZero<usize>) -> io::Result<Self> {
        let (queue, jobs) = mpsc::sync_channel::<Job>(threads.get());
        let jobs = Arc::new(Mutex::new(jobs));
        let mut workers = Self {
            queue: Some(queue),
            threads: Vec::with_capacity(threads.get()),
        };
        for number in 0..threads.get() {
            let sandbox = sandbox.clone();
            let jobs = Arc::clone(&jobs);
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()?;
            let thread = thread::Builder::new()
                .name(format!("pipeline-{number}"))
                .spawn(move || work(&sandbox, &runtime, &jobs))?;
            workers.threads.push(thread);
        }
        Ok(workers)
    }

    /// Starts work in a fresh instance on one of the threads, as soon as one is
    /// free; waits while too much work waits already. The time of the limits
    /// runs from when the instance is made.
    pub fn start<T, W>(&self, limits: Limits, work: W) -> Started<T>
    where
        T: Send + 'static,
        W: AsyncFnOnce(&mut Instance) -> Result<T, Error> + Send + 'static,
    {
        let (give, result) = oneshot::channel();
        let job: Job = Box::new(move |sandbox, runtime| {
            let done = runtime.block_on(async {
                let mut instance = sandbox.instantiate(&limits).await?;
                work(&mut instance).await
            });
            // Nobody may want to know any more.
            let _ = give.send(done);
        });
        if let Some(queue) = &self.queue {
            // Where all threads are gone the job is dropped, and with it the
            // sender that its result would have come from.
            let _ = queue.send(job);
        }
        Started { result }
    }

    /// Starts a run of a pipeline, as [`Instance::execute`] does it, in a fresh
    /// instance.
    pub fn execute(
        &self,
        limits: Limits,
        manifest: Arc<Manifest>,
        inputs: Option<Vec<Input>>,
    ) -> Started<Result<RunResult, PipelineError>> {
        self.start(limits, async move |instance: &mut Instance| {
            instance.execute(&manifest, inputs.as_deref()).await
        })
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        drop(self.queue.take());
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Work that was started: a future of its result. Dropping it doesn't stop the
/// work; an [`crate::Interrupt`] does.
pub struct Started<T> {
    result: oneshot::Receiver<Result<T, Error>>,
}

impl<T> Started<T> {
    /// Waits on this thread, which must not be one that drives futures.
    ///
    /// # Errors
    /// As the work itself.
    pub fn wait(self) -> Result<T, Error> {
        self.result.blocking_recv().unwrap_or_else(|_| Err(lost()))
    }
}

impl<T> Future for Started<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.result)
            .poll(context)
            .map(|result| result.unwrap_or_else(|_| Err(lost())))
    }
}

fn lost() -> Error {
    Error::Host("the thread of the run panicked".into())
}

fn work(sandbox: &Sandbox, runtime: &Runtime, jobs: &Mutex<mpsc::Receiver<Job>>) {
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        // A panic loses its own work only: whoever waits for it sees that.
        let _ = catch_unwind(AssertUnwindSafe(|| job(sandbox, runtime)));
    }
}
