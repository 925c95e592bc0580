//! `TimingDriftNode`: jitter and drift of a stream.

use std::collections::VecDeque;

use super::super::events::{Every, object, outputs, rounded, unsigned};
use super::super::params::{Param, Params, factory, infos};
use super::drift::{Alert, Alerts, Arrivals, Drift, Thresholds, WALL_CLOCK, deviation};
use crate::node::{Node, NodeError, Outputs};
use crate::registry::{Factory, ParamProblem};
use crate::value::Value;

const NAME: &str = "TimingDriftNode";
const PARAMS: &[Param] = &[
    Param::whole(
        "jitter_threshold_ms",
        50,
        "Standard deviation of the times between arrivals from which they jitter.",
    ),
    Param::number(
        "drift_threshold_ms_per_s",
        5.0,
        "Milliseconds a second from which the clocks drift apart.",
    ),
    Param::whole("emit_interval_ms", 1000, "How often there is a report."),
    Param::whole(
        "lead_threshold_ms",
        100,
        "Change of the lead from one piece to the next that is a jump.",
    ),
    WALL_CLOCK,
];

/// The time that jitter is taken of.
const WINDOW_US: u64 = 5_000_000;

pub(super) fn node() -> Factory {
    let summary = "Reports how audio and video keep their time: jitter, drift, cadence.";
    factory(NAME, summary, infos(PARAMS), make)
}

fn make(params: &Value) -> Result<Box<dyn Node>, Vec<ParamProblem>> {
    let mut params = Params::of(NAME, params, PARAMS);
    let thresholds = Thresholds {
        slope_ms_per_s: params.number_of("drift_threshold_ms_per_s"),
        lead_jump_us: u64::from(params.whole_of("lead_threshold_ms")) * 1000,
        av_skew_us: 80_000,
        freeze_us: 500_000,
        cadence_cv: 0.3,
        health: 0.7,
        raises: 3,
        clears: 5,
    };
    let timing = Timing {
        jitter_ms: params.whole_of("jitter_threshold_ms"),
        drift_ms_per_s: thresholds.slope_ms_per_s,
        jump_ms: params.whole_of("lead_threshold_ms"),
        every: Every::new(params.whole_of("emit_interval_ms")),
        arrivals: Arrivals::new(params.flag("wall_clock")),
        drift: Drift::new(thresholds),
        raised: Alerts::default(),
        jitters: false,
        last: None,
        between: VecDeque::new(),
    };
    params.done(Box::new(timing))
}

struct Timing {
    jitter_ms: u32,
    drift_ms_per_s: f64,
    jump_ms: u32,
    every: Every,
    arrivals: Arrivals,
    drift: Drift,
    raised: Alerts,
    /// Whether the last arrivals jitter.
    jitters: bool,
    last: Option<u64>,
    /// Arrivals in the window, and the time since those before them.
    between: VecDeque<(u64, u64)>,
}

impl Node for Timing {
    fn process(&mut self, item: Value) -> Result<Outputs, NodeError> {
        let Some((media, arrival)) = self.arrivals.of(&item)? else {
            return Ok(Outputs::One(item));
        };
        if let Some(last) = self.last {
            let between = arrival.saturating_sub(last);
            self.between.push_back((arrival, between));
            let start = arrival.saturating_sub(WINDOW_US);
            while self.between.pop_front_if(|(at, _)| *at < start).is_some() {}
        }
        self.last = Some(arrival);
        self.drift.record(media, arrival, None);
        let mut events = self.alerts(arrival);
        if self.every.is_due(arrival) {
            self.every.done(arrival);
            events.push(self.report(arrival));
        }
        Ok(outputs(events))
    }
}

impl Timing {
    /// The standard deviation of the times between arrivals.
    fn jitter_ms(&self) -> f64 {
        let (_, deviation) = deviation(self.between.iter().map(|&(_, between)| between));
        deviation / 1000.0
    }

    /// What was not wrong before.
    fn alerts(&mut self, now: u64) -> Vec<Value> {
        let mut events = Vec::new();
        let mut tell = |kind: &str, measured: (&str, f64), limit: (&str, Value)| {
            events.push(object([
                ("event_type", kind.into()),
                ("_schema", "timing_alert_v1".into()),
                (measured.0, rounded(measured.1, 2)),
                (limit.0, limit.1),
                ("timestamp_us", unsigned(now)),
            ]));
        };
        let jitter = self.jitter_ms();
        let jitters = !self.drift.is_warming_up() && jitter > f64::from(self.jitter_ms);
        if jitters && !self.jitters {
            let limit = ("threshold_ms", i64::from(self.jitter_ms).into());
            tell("timing.jitter_spike", ("jitter_ms", jitter), limit);
        }
        self.jitters = jitters;
        let raised = self.drift.alerts();
        let new = raised.beyond(self.raised);
        self.raised = raised;
        if new.has(Alert::DriftSlope) {
            let limit = ("threshold_ms_per_s", self.drift_ms_per_s.into());
            let slope = self.drift.slope_ms_per_s();
            tell("timing.clock_drift", ("slope_ms_per_s", slope), limit);
        }
        if new.has(Alert::LeadJump) {
            let limit = ("threshold_ms", i64::from(self.jump_ms).into());
            let lead = self.drift.lead_us() as f64 / 1000.0;
            tell("timing.lead_jump", ("lead_ms", lead), limit);
        }
        events
    }

    fn report(&self, now: u64) -> Value {
        object([
            ("event_type", "timing.report".into()),
            ("_schema", "timing_report_v1".into()),
            ("lead_ms", (self.drift.lead_us() as f64 / 1000.0).into()),
            ("slope_ms_per_s", rounded(self.drift.slope_ms_per_s(), 2)),
            ("jitter_ms", rounded(self.jitter_ms(), 2)),
            ("cadence_cv", rounded(self.drift.cadence_cv(), 3)),
            ("timestamp_us", unsigned(now)),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::audio::tests::mono;
    use super::super::super::events::tests::{all, item, run};
    use super::*;
    use crate::value::Audio;

    /// What is told of pieces of 20 ms that arrive at these times.
    fn events(arrivals: impl Iterator<Item = i64>) -> Vec<Value> {
        let audio = |arrival: i64| {
            item(Audio {
                timestamp_us: None,
                metadata: Some(object([("arrival_ts_us", arrival.into())])),
                ..mono(&[0.0; 20])
            })
        };
        run(
            &mut *make(&Value::Map(Vec::new())).unwrap(),
            arrivals.map(audio),
        )
    }

    #[test]
    fn a_steady_stream_is_reported_and_nothing_else() {
        let found = events((0..101).map(|n| 5_000_000 + n * 20_000));
        assert_eq!(
            all(&found, "event_type"),
            ["timing.report"; 3].map(Value::from)
        );
        assert_eq!(
            format!("{:?}", all(&found, "jitter_ms")),
            "[Float(0.0), Float(0.0), Float(0.0)]"
        );
        assert_eq!(all(&found, "timestamp_us")[2], 7_000_000.into());
    }

    #[test]
    fn drift_and_jitter_are_told_once() {
        let found = events((0..150).map(|n| n * 20_400));
        let kinds = all(&found, "event_type");
        let alerts: Vec<_> = kinds
            .iter()
            .filter(|kind| **kind != Value::from("timing.report"))
            .collect();
        assert_eq!(alerts, [&Value::from("timing.clock_drift")]);
        // Of each pair one is 120 ms late: the steps are 140 and -100, which count as 0.
        let found = events((0..150).map(|n| n * 20_000 + (n % 2) * 120_000));
        let kinds = all(&found, "event_type");
        assert!(kinds.contains(&"timing.jitter_spike".into()), "{kinds:?}");
        let spikes = kinds
            .iter()
            .filter(|kind| **kind == "timing.jitter_spike".into())
            .count();
        assert_eq!(spikes, 1);
    }

    #[test]
    fn what_is_no_media_passes() {
        let mut node = make(&Value::Map(Vec::new())).unwrap();
        assert_eq!(run(&mut *node, ["x".into()]), ["x".into()]);
    }
}
