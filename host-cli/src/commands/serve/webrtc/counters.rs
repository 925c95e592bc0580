//! What is counted of peers.

use std::time::Duration;

use pipeline_webrtc::{Ending, Lost, Observer};
use prometheus::{Histogram, HistogramOpts, IntCounterVec, IntGauge, Opts};

use super::super::metrics::Metrics;

/// Upper bounds of the durations that are told apart, in seconds: an item is 20 ms.
const BUCKETS: &[f64] = &[
    0.0001, 0.0002, 0.0005, 0.001, 0.0015, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03,
    0.05, 0.1, 0.2, 0.5, 1.0, 5.0,
];

/// The counters.
pub(super) struct Counters {
    connected: IntGauge,
    ended: IntCounterVec,
    lost: IntCounterVec,
    seconds: Histogram,
}

impl Counters {
    /// Begins to count.
    ///
    /// # Errors
    /// Only where two metrics have one name.
    pub(super) fn new(metrics: &Metrics) -> prometheus::Result<Self> {
        let connected = IntGauge::new("pipeline_webrtc_peers", "Peers that are connected now.")?;
        let ended = IntCounterVec::new(
            Opts::new(
                "pipeline_webrtc_peers_ended_total",
                "Peers that are gone, by why.",
            ),
            &["by"],
        )?;
        let lost = IntCounterVec::new(
            Opts::new(
                "pipeline_webrtc_lost_total",
                "Packets, messages and datagrams that did not get through, by where.",
            ),
            &["where"],
        )?;
        let seconds = Histogram::with_opts(
            HistogramOpts::new(
                "pipeline_webrtc_item_duration_seconds",
                "Time from an item's last packet to when its outputs are handed over, encoded.",
            )
            .buckets(BUCKETS.to_vec()),
        )?;
        metrics.add(connected.clone())?;
        metrics.add(ended.clone())?;
        metrics.add(lost.clone())?;
        metrics.add(seconds.clone())?;
        Ok(Self {
            connected,
            ended,
            lost,
            seconds,
        })
    }
}

impl Observer for Counters {
    fn connected(&self) {
        self.connected.inc();
    }

    fn ended(&self, by: Ending, connected: bool) {
        if connected {
            self.connected.dec();
        }
        self.ended.with_label_values(&[by.name()]).inc();
    }

    fn lost(&self, what: Lost, count: u64) {
        self.lost.with_label_values(&[what.name()]).inc_by(count);
    }

    fn worked(&self, took: Duration) {
        self.seconds.observe(took.as_secs_f64());
    }
}
