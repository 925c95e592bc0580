//! `EventCorrelatorNode`: alerts that come close together, as one incident.

use super::super::events::{is_set, kind, object, outputs, text, time, unsigned};
use super::super::params::{Param, Params, factory, infos};
use crate::node::{Node, NodeError, Outputs};
use crate::registry::{Factory, ParamProblem};
use crate::value::Value;

const NAME: &str = "EventCorrelatorNode";
const PARAMS: &[Param] = &[
    Param::whole(
        "correlation_window_ms",
        5000,
        "Time without an alert that ends an incident.",
    ),
    Param::whole(
        "min_events_for_incident",
        2,
        "Least alerts of an incident; fewer are none.",
    ),
    Param::flag(
        "emit_raw_events",
        true,
        "Whether the alerts themselves are given too.",
    ),
];

/// Most alerts that an incident lists: it may last for days.
const MAX_LISTED: usize = 1000;

pub(super) fn node() -> Factory {
    let summary = "Joins alerts that come close together to incidents.";
    factory(NAME, summary, infos(PARAMS), make)
}

fn make(params: &Value) -> Result<Box<dyn Node>, Vec<ParamProblem>> {
    let mut params = Params::of(NAME, params, PARAMS);
    let correlator = Correlator {
        window_us: u64::from(params.whole_of("correlation_window_ms")) * 1000,
        least: params.whole_of("min_events_for_incident").into(),
        gives_alerts: params.flag("emit_raw_events"),
        incident: None,
        number: 0,
        now: 0,
    };
    params.done(Box::new(correlator))
}

struct Correlator {
    window_us: u64,
    least: u64,
    gives_alerts: bool,
    incident: Option<Incident>,
    /// How many incidents there were.
    number: u64,
    now: u64,
}

impl Node for Correlator {
    fn process(&mut self, item: Value) -> Result<Outputs, NodeError> {
        if !matches!(item, Value::Map(_)) {
            return Ok(Outputs::One(item));
        }
        self.now = time(&item).unwrap_or(self.now);
        let is_over = |incident: &Incident| incident.is_over(self.now, self.window_us);
        let ended = self.incident.take_if(|incident| is_over(incident));
        let mut given = Vec::new();
        if is_alert(&item) {
            let incident = self.incident.get_or_insert_with(|| {
                self.number += 1;
                Incident::new(self.number, self.now)
            });
            incident.add(&item, self.now);
            if self.gives_alerts {
                given.push(item);
            }
        }
        given.extend(ended.and_then(|incident| self.event(&incident)));
        Ok(outputs(given))
    }

    fn finish(&mut self) -> Result<Outputs, NodeError> {
        let incident = self.incident.take();
        let event = incident.and_then(|incident| self.event(&incident));
        Ok(event.map_or(Outputs::None, Outputs::One))
    }

    fn follows_time(&self) -> bool {
        true
    }
}

impl Correlator {
    fn event(&self, incident: &Incident) -> Option<Value> {
        (incident.count >= self.least).then(|| incident.event(self.now))
    }
}

/// Whether something is wrong in an event.
fn is_alert(event: &Value) -> bool {
    let is = |name| is_set(event, name);
    matches!(
        kind(event),
        Some(
            "timing.jitter_spike"
                | "timing.clock_drift"
                | "timing.lead_jump"
                | "drift"
                | "freeze"
                | "cadence"
                | "av_skew"
        )
    ) || is("is_clipping")
        || is("is_sustained_silence")
        || is("is_imbalanced")
        || is("has_dead_channel")
        || matches!(text(event, "state"), Some("dead_air" | "unhealthy"))
}

/// How bad an alert is; the worse ones are larger.
fn severity(kind: &str, event: &Value) -> usize {
    let is = |name| is_set(event, name);
    let state = text(event, "state");
    match kind {
        "freeze" => 3,
        "timing.clock_drift" | "timing.lead_jump" => 2,
        "timing.jitter_spike" | "drift" | "cadence" | "av_skew" => 1,
        _ if is("is_clipping") || is("has_dead_channel") || state == Some("unhealthy") => 2,
        _ if is("is_sustained_silence") || state == Some("degraded") => 1,
        _ => 0,
    }
}

const SEVERITIES: [&str; 4] = ["low", "medium", "high", "critical"];

#[derive(Default)]
struct Incident {
    number: u64,
    start: u64,
    last: u64,
    count: u64,
    severity: usize,
    events: Vec<Value>,
    has_silence: bool,
    has_timing: bool,
    has_clipping: bool,
    has_imbalance: bool,
    has_freeze: bool,
    has_drift: bool,
    bad_audio: u64,
}

impl Incident {
    fn new(number: u64, start: u64) -> Self {
        Self {
            number,
            start,
            last: start,
            ..Self::default()
        }
    }

    /// Whether nothing that happens now belongs to it.
    fn is_over(&self, now: u64, window_us: u64) -> bool {
        now >= self.last.saturating_add(window_us) || now.saturating_add(window_us) <= self.start
    }

    fn add(&mut self, event: &Value, now: u64) {
        let kind = kind(event).or_else(|| text(event, "_schema"));
        let kind = kind.unwrap_or("unknown");
        let is = |name| is_set(event, name);
        self.last = self.last.max(now);
        self.start = self.start.min(now);
        self.count += 1;
        self.severity = self.severity.max(severity(kind, event));
        if self.events.len() < MAX_LISTED {
            let listed = object([("type", kind.into()), ("timestamp_us", unsigned(now))]);
            self.events.push(listed);
        }
        self.has_silence |= kind.contains("silence") || is("is_sustained_silence");
        self.has_timing |= kind.starts_with("timing.");
        self.has_clipping |= is("is_clipping");
        self.has_imbalance |= is("is_imbalanced") || is("has_dead_channel");
        self.has_freeze |= kind == "freeze";
        self.has_drift |= kind.contains("drift");
        self.bad_audio +=
            u64::from(is("is_clipping") || is("is_low_volume") || is("is_imbalanced"));
    }

    fn pattern(&self) -> &'static str {
        if self.has_silence && self.has_timing {
            "silence_then_reconnect"
        } else if self.has_clipping && self.has_imbalance {
            "clipping_with_imbalance"
        } else if self.has_freeze && self.has_drift {
            "freeze_with_drift"
        } else if self.bad_audio >= 2 {
            "audio_quality_degradation"
        } else {
            "unknown"
        }
    }

    fn event(&self, now: u64) -> Value {
        object([
            ("event_type", "incident".into()),
            ("_schema", "incident_v1".into()),
            ("incident_id", format!("inc_{:08x}", self.number).into()),
            ("severity", SEVERITIES[self.severity].into()),
            ("events", Value::List(self.events.clone())),
            ("event_count", unsigned(self.count)),
            ("pattern", self.pattern().into()),
            ("duration_ms", unsigned((self.last - self.start) / 1000)),
            ("timestamp_us", unsigned(now)),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::events::tests::{all, run};
    use super::*;

    fn event(ms: i64, fields: &[(&str, Value)]) -> Value {
        let fields = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        let time = ("timestamp_us".to_owned(), (ms * 1000).into());
        Value::Map(fields.chain([time]).collect())
    }

    fn incidents(items: Vec<Value>) -> Vec<Value> {
        let params = Value::Map(vec![("emit_raw_events".into(), false.into())]);
        run(&mut *make(&params).unwrap(), items)
    }

    #[test]
    fn alerts_close_together_are_one_incident() {
        let jitter = |ms| event(ms, &[("event_type", "timing.jitter_spike".into())]);
        let drift = |ms| event(ms, &[("event_type", "timing.clock_drift".into())]);
        let found = incidents(vec![
            jitter(1000),
            drift(5999),
            // Nothing for the window: the next is another, and too small.
            event(10_999, &[]),
            jitter(11_000),
            event(20_000, &[]),
            // What is open at the end is told of there.
            drift(30_000),
            drift(31_000),
        ]);
        assert_eq!(
            all(&found, "incident_id"),
            ["inc_00000001", "inc_00000003"].map(Value::from)
        );
        assert_eq!(all(&found, "event_count"), [2, 2].map(Value::from));
        assert_eq!(all(&found, "severity"), ["high", "high"].map(Value::from));
        assert_eq!(all(&found, "duration_ms"), [4999, 1000].map(Value::from));
        let times = [10_999_000, 31_000_000].map(Value::from);
        assert_eq!(all(&found, "timestamp_us"), times);
    }

    #[test]
    fn patterns_are_recognised() {
        let silence = |ms| {
            event(
                ms,
                &[
                    ("_schema", "silence_event".into()),
                    ("is_sustained_silence", true.into()),
                ],
            )
        };
        let clipping = |ms| event(ms, &[("is_clipping", true.into())]);
        let typed = |ms, name: &str| event(ms, &[("type", name.into())]);
        let dead = |ms| event(ms, &[("has_dead_channel", true.into())]);
        let jump = event(1, &[("event_type", "timing.lead_jump".into())]);
        let pattern = |items| all(&incidents(items), "pattern")[0].clone();
        assert_eq!(
            pattern(vec![silence(0), jump]),
            "silence_then_reconnect".into()
        );
        assert_eq!(
            pattern(vec![clipping(0), dead(1)]),
            "clipping_with_imbalance".into()
        );
        assert_eq!(
            pattern(vec![typed(0, "freeze"), typed(1, "drift")]),
            "freeze_with_drift".into()
        );
        assert_eq!(
            pattern(vec![clipping(0), clipping(1)]),
            "audio_quality_degradation".into()
        );
        assert_eq!(pattern(vec![silence(0), silence(1)]), "unknown".into());
    }

    #[test]
    fn alerts_pass_where_that_is_wanted_and_nothing_else_does() {
        let mut node = make(&Value::Map(Vec::new())).unwrap();
        let alert = event(0, &[("is_clipping", true.into())]);
        let calm = event(0, &[("is_clipping", false.into())]);
        let found = run(&mut *node, [calm, alert.clone(), "x".into()]);
        assert_eq!(found, [alert, "x".into()]);
    }
}
