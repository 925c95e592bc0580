//! What the server counts.

use std::time::Duration;

use http::StatusCode;
use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

use super::admission::Admission;

/// The form in which they are given.
pub(in crate::commands) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Upper bounds of the durations that are told apart, in seconds.
const BUCKETS: &[f64] = &[
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0,
];

pub(super) struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    seconds: HistogramVec,
    ended: IntCounterVec,
    running: IntGauge,
    waiting: IntGauge,
}

impl Metrics {
    /// Begins to count.
    ///
    /// # Errors
    /// Only where two metrics have one name.
    pub(super) fn new() -> prometheus::Result<Self> {
        let registry = Registry::new();
        let requests = IntCounterVec::new(
            Opts::new("pipeline_http_requests_total", "Requests answered."),
            &["route", "status"],
        )?;
        let seconds = HistogramVec::new(
            HistogramOpts::new(
                "pipeline_http_request_duration_seconds",
                "Time from a request's head to its answer's head, waiting included.",
            )
            .buckets(BUCKETS.to_vec()),
            &["route"],
        )?;
        let ended = IntCounterVec::new(
            Opts::new(
                "pipeline_http_runs_ended_total",
                "Runs that ended without a result, by what ended them.",
            ),
            &["by"],
        )?;
        let running = IntGauge::new("pipeline_http_running", "Requests that run now.")?;
        let waiting = IntGauge::new("pipeline_http_waiting", "Requests that wait for a permit.")?;
        let info = IntGaugeVec::new(
            Opts::new("pipeline_http_info", "The version of the server."),
            &["version"],
        )?;
        info.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(seconds.clone()))?;
        registry.register(Box::new(ended.clone()))?;
        registry.register(Box::new(running.clone()))?;
        registry.register(Box::new(waiting.clone()))?;
        registry.register(Box::new(info))?;
        Ok(Self {
            registry,
            requests,
            seconds,
            ended,
            running,
            waiting,
        })
    }

    /// Adds what others count.
    ///
    /// # Errors
    /// Only where two metrics have one name.
    #[cfg(feature = "webrtc")]
    pub(super) fn add(
        &self,
        what: impl prometheus::core::Collector + 'static,
    ) -> prometheus::Result<()> {
        self.registry.register(Box::new(what))
    }

    /// A request was answered.
    pub(super) fn answered(&self, route: &str, status: StatusCode, took: Duration) {
        self.requests
            .with_label_values(&[route, status.as_str()])
            .inc();
        self.seconds
            .with_label_values(&[route])
            .observe(took.as_secs_f64());
    }

    /// A run ended without a result.
    pub(super) fn ended(&self, by: &str) {
        self.ended.with_label_values(&[by]).inc();
    }

    /// All of it, for Prometheus.
    pub(super) fn text(&self, admission: &Admission) -> String {
        self.running.set(admission.running().into());
        self.waiting.set(admission.waiting().into());
        let mut text = Vec::new();
        let encoded = TextEncoder::new().encode(&self.registry.gather(), &mut text);
        if let Err(error) = encoded {
            tracing::error!(%error, "metrics can't be written");
        }
        String::from_utf8_lossy(&text).into_owned()
    }
}

/// A path as a metric's label: of a bounded number, whatever clients ask for.
pub(super) fn route(path: &str) -> &'static str {
    const KNOWN: &[&str] = &[
        "/v1/execute",
        "/v1/check",
        "/v1/nodes",
        "/v1/pipelines",
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
        "/docs",
    ];
    #[cfg(feature = "webrtc")]
    if let Some(asked) = super::webrtc::Asked::of(path) {
        return asked.route();
    }
    match KNOWN.iter().find(|known| **known == path) {
        Some(known) => known,
        None if super::live::named(path).is_some() => "/v1/pipelines/{name}/live",
        None if path.starts_with("/v1/pipelines/") => "/v1/pipelines/{name}",
        None => "other",
    }
}
