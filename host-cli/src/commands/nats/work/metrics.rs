//! What a worker counts.

use std::time::Duration;

use prometheus::{
    Encoder, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder,
};

use super::worker::Worker;

/// Upper bounds of the durations that are told apart, in seconds.
const BUCKETS: &[f64] = &[
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0,
];

pub(super) struct Metrics {
    registry: Registry,
    messages: IntCounterVec,
    redelivered: IntCounter,
    outputs: IntCounter,
    stored: IntCounterVec,
    again: IntCounter,
    seconds: Histogram,
    refused: IntCounter,
    taken: IntGauge,
    sessions: IntGauge,
    connected: IntGauge,
    info: IntGaugeVec,
}

impl Metrics {
    /// Begins to count.
    ///
    /// # Errors
    /// Only where two metrics have one name.
    pub(super) fn new() -> prometheus::Result<Self> {
        let counter = |name: &str, help: &str| IntCounter::new(name, help);
        let metrics = Self {
            registry: Registry::new(),
            messages: IntCounterVec::new(
                Opts::new(
                    "pipeline_work_messages_total",
                    "Messages that left the worker: done, failed (an error was published), again \
                     (to be tried again), given-back, lost (delivered to another by then), known \
                     (delivered again while it is here).",
                ),
                &["result"],
            )?,
            redelivered: counter(
                "pipeline_work_redelivered_total",
                "Messages that had been delivered before, to whomever.",
            )?,
            outputs: counter(
                "pipeline_work_outputs_total",
                "Outputs of inputs that are done.",
            )?,
            stored: IntCounterVec::new(
                Opts::new(
                    "pipeline_work_stored_total",
                    "Outputs and errors that the server has, by whether it had them before.",
                ),
                &["duplicate"],
            )?,
            again: counter(
                "pipeline_work_publish_retries_total",
                "Outputs and errors that were published again.",
            )?,
            seconds: Histogram::with_opts(
                HistogramOpts::new(
                    "pipeline_work_run_duration_seconds",
                    "Time from a run's begin to its end.",
                )
                .buckets(BUCKETS.to_vec()),
            )?,
            refused: counter(
                "pipeline_work_versions_refused_total",
                "Deployed versions that could not run.",
            )?,
            taken: IntGauge::new("pipeline_work_messages", "Messages in the worker now.")?,
            sessions: IntGauge::new("pipeline_work_sessions", "Sessions that are open now.")?,
            connected: IntGauge::new(
                "pipeline_work_ready",
                "Whether it is connected and takes messages.",
            )?,
            info: IntGaugeVec::new(
                Opts::new(
                    "pipeline_work_info",
                    "The versions of the program and the pipeline.",
                ),
                &["version", "pipeline_version"],
            )?,
        };
        for collector in [&metrics.messages, &metrics.stored] {
            metrics.registry.register(Box::new(collector.clone()))?;
        }
        for collector in [
            &metrics.redelivered,
            &metrics.outputs,
            &metrics.again,
            &metrics.refused,
        ] {
            metrics.registry.register(Box::new(collector.clone()))?;
        }
        for collector in [&metrics.taken, &metrics.sessions, &metrics.connected] {
            metrics.registry.register(Box::new(collector.clone()))?;
        }
        metrics
            .registry
            .register(Box::new(metrics.seconds.clone()))?;
        metrics.registry.register(Box::new(metrics.info.clone()))?;
        Ok(metrics)
    }

    /// A message left the worker.
    pub(super) fn message(&self, result: &str) {
        self.messages.with_label_values(&[result]).inc();
    }

    pub(super) fn redelivered(&self) {
        self.redelivered.inc();
    }

    pub(super) fn outputs(&self, count: usize) {
        self.outputs.inc_by(count as u64);
    }

    /// The server has an output, or had it before.
    pub(super) fn stored(&self, duplicate: bool) {
        let duplicate = if duplicate { "true" } else { "false" };
        self.stored.with_label_values(&[duplicate]).inc();
    }

    pub(super) fn again(&self, count: usize) {
        self.again.inc_by(count as u64);
    }

    pub(super) fn ran(&self, took: Duration) {
        self.seconds.observe(took.as_secs_f64());
    }

    pub(super) fn refused(&self) {
        self.refused.inc();
    }

    /// A version of the pipeline runs from now on.
    pub(super) fn version(&self, version: &str) {
        self.info.reset();
        self.info
            .with_label_values(&[env!("CARGO_PKG_VERSION"), version])
            .set(1);
    }

    /// All of it, for Prometheus.
    pub(super) fn text(&self, worker: &Worker) -> String {
        let gauge = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.taken.set(gauge(worker.slots.taken()));
        let sessions = worker.sessions.as_ref();
        self.sessions
            .set(gauge(sessions.map_or(0, |sessions| sessions.count())));
        self.connected.set(worker.is_ready().into());
        let mut text = Vec::new();
        let encoded = TextEncoder::new().encode(&self.registry.gather(), &mut text);
        if let Err(error) = encoded {
            tracing::error!(%error, "metrics can't be written");
        }
        String::from_utf8_lossy(&text).into_owned()
    }
}
