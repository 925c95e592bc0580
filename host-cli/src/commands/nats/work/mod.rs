//! `pipeline work`.

mod delivery;
mod health;
mod metrics;
mod pipeline;
mod publish;
mod releases;
mod runs;
mod sessions;
mod slots;
mod streams;
mod worker;

use std::num::NonZero;
use std::sync::Arc;

use pipeline_host::{Allocation, EngineOptions};
use tokio::runtime::Runtime;

use self::metrics::Metrics;
use self::pipeline::Maker;
use self::worker::Worker;
use super::arguments::Work;
use super::connection::connect;
use crate::failure::Failure;
use crate::report;
use crate::signals::Signals;

/// Runs a pipeline on messages until a signal ends it.
pub(in crate::commands) fn work(arguments: &Work) -> Result<(), Failure> {
    crate::commands::serve::raise_open_files();
    let concurrency = arguments.concurrency.map_or_else(
        || std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN),
        NonZero::from,
    );
    let sessions = match arguments.session_key {
        Some(_) => arguments.max_sessions.get().into(),
        None => 0,
    };
    // What a version began runs on while the next one begins.
    let instances = u32::try_from(2 * concurrency.get()).unwrap_or(u32::MAX) + sessions + 1;
    let options = EngineOptions {
        allocation: Allocation::Pooled { instances },
    };
    let maker = Maker::new(arguments, &options, concurrency)?;
    let runtime = runtime()?;
    let ended = runtime.block_on(async {
        let signals = Signals::new()
            .map_err(|error| Failure::failed(format!("signals can't be handled: {error}")))?;
        let metrics = Arc::new(Metrics::new().map_err(Failure::failed)?);
        let health = match arguments.metrics_addr {
            Some(address) => Some(health::listen(address).await?),
            None => None,
        };
        let connected = connect(&arguments.connection, "pipeline work").await?;
        let streams = streams::prepare(&connected.jetstream, arguments).await?;
        let interrupt = maker.interrupt();
        let (first, releases) = releases::first(&connected.jetstream, arguments, maker).await?;
        report::tell(&format!(
            "working on stream `{}` as consumer `{}`: pipeline version {}",
            arguments.subjects.stream, arguments.consumer, first.version
        ));
        let worker = Worker::new(arguments, connected, streams, first, metrics, interrupt);
        if let Some(health) = health {
            health.serve(Arc::clone(&worker));
        }
        let watch = releases.map(|releases| tokio::spawn(releases.watch(Arc::clone(&worker))));
        let ended = worker.work(signals).await;
        if let Some(watch) = watch {
            watch.abort();
        }
        ended
    });
    // What was cut is not waited for.
    runtime.shutdown_background();
    ended
}

/// A runtime for messages; runs have threads of their own.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("no thread to work with: {error}")))
}
