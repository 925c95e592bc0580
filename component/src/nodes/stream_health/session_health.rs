//! `SessionHealthNode`: what other nodes found, as one state.

use super::super::events::{Every, is_set, kind, number, object, rounded, text, time, unsigned};
use super::super::params::{Param, Params, factory, infos};
use crate::node::{Node, NodeError, Outputs};
use crate::registry::{Factory, ParamProblem};
use crate::value::Value;

const NAME: &str = "SessionHealthNode";
const PARAMS: &[Param] = &[
    Param::whole("emit_interval_ms", 1000, "How often the state is told."),
    Param::number(
        "degraded_threshold",
        0.8,
        "Score below which the session is degraded.",
    ),
    Param::number(
        "unhealthy_threshold",
        0.5,
        "Score below which it is unhealthy.",
    ),
    Param::whole(
        "dead_air_issue_ms",
        3000,
        "From how long on dead air is an issue.",
    ),
    Param::whole(
        "issue_retention_ms",
        5000,
        "How long an issue counts after it was seen.",
    ),
];

pub(super) fn node() -> Factory {
    let summary = "Gives the state of a session, from the events of other nodes.";
    factory(NAME, summary, infos(PARAMS), make)
}

fn make(params: &Value) -> Result<Box<dyn Node>, Vec<ParamProblem>> {
    let mut params = Params::of(NAME, params, PARAMS);
    let health = Health {
        every: Every::new(params.whole_of("emit_interval_ms")),
        degraded: params.number_of("degraded_threshold"),
        unhealthy: params.number_of("unhealthy_threshold"),
        dead_air_ms: params.whole_of("dead_air_issue_ms").into(),
        retention_us: u64::from(params.whole_of("issue_retention_ms")) * 1000,
        seen: [None; ISSUES.len()],
        base: 1.0,
        now: 0,
    };
    params.done(Box::new(health))
}

/// What an issue takes off the score when it begins; twice that after ten
/// seconds.
const MINOR: f64 = 0.05;
const MODERATE: f64 = 0.15;
/// A session with one of these is unhealthy at once.
const SEVERE: f64 = 0.25;

/// What can be wrong, and how much it weighs.
const ISSUES: [(&str, f64); 9] = [
    ("silence", MINOR),
    ("dead_air", MODERATE),
    ("clipping", SEVERE),
    ("low_volume", MINOR),
    ("imbalance", MODERATE),
    ("dead_channel", SEVERE),
    ("drift", MODERATE),
    ("freeze", SEVERE),
    ("cadence_unstable", MINOR),
];

struct Health {
    every: Every,
    degraded: f64,
    unhealthy: f64,
    dead_air_ms: u64,
    retention_us: u64,
    /// When each of the issues was seen first and last.
    seen: [Option<(u64, u64)>; ISSUES.len()],
    /// The score of `HealthEmitterNode`.
    base: f64,
    now: u64,
}

impl Node for Health {
    fn process(&mut self, item: Value) -> Result<Outputs, NodeError> {
        self.now = time(&item).unwrap_or(self.now);
        for issue in self.issues(&item) {
            let place = ISSUES.iter().position(|&(name, _)| name == issue);
            if let Some(seen) = place.map(|place| &mut self.seen[place]) {
                let first = seen.map_or(self.now, |(first, _)| first.min(self.now));
                *seen = Some((first, self.now));
            }
        }
        for seen in &mut self.seen {
            let is_over =
                |&(_, last): &(u64, u64)| self.now.saturating_sub(last) >= self.retention_us;
            if seen.as_ref().is_some_and(is_over) {
                *seen = None;
            }
        }
        if !self.every.is_due(self.now) {
            return Ok(Outputs::None);
        }
        self.every.done(self.now);
        Ok(Outputs::One(self.event()))
    }

    fn follows_time(&self) -> bool {
        true
    }
}

impl Health {
    /// The issues that an event tells of.
    fn issues(&mut self, event: &Value) -> Vec<&'static str> {
        let mut found = Vec::new();
        let mut note = |is_so: bool, issue| {
            if is_so {
                found.push(issue);
            }
        };
        let is = |name| is_set(event, name);
        match (kind(event), text(event, "_schema")) {
            (_, Some("silence_event")) | (Some("silence"), _) => note(
                is("is_sustained_silence") || is("has_intermittent_dropouts"),
                "silence",
            ),
            (_, Some("clipping_event")) | (Some("clipping"), _) => {
                note(is("is_clipping"), "clipping");
            }
            (_, Some("audio_level_event")) | (Some("audio_level"), _) => {
                note(is("is_silence"), "silence");
                note(is("is_low_volume"), "low_volume");
            }
            (_, Some("channel_balance_event")) | (Some("channel_balance"), _) => {
                let is_dead = is("has_dead_channel");
                note(is_dead, "dead_channel");
                note(!is_dead && is("is_imbalanced"), "imbalance");
            }
            (Some("speech.presence"), _) if text(event, "state") == Some("dead_air") => {
                let lasts = number(event, "duration_ms").unwrap_or(0.0);
                note(lasts >= self.dead_air_ms as f64, "dead_air");
            }
            (Some("health"), _) => {
                self.base = number(event, "score").unwrap_or(self.base);
                if let Some(Value::List(alerts)) = event.get("alerts") {
                    let has = |name: &str| alerts.iter().any(|alert| *alert == Value::from(name));
                    note(has("DRIFT_SLOPE") || has("LEAD_JUMP"), "drift");
                    note(has("FREEZE"), "freeze");
                    note(has("CADENCE_UNSTABLE"), "cadence_unstable");
                }
            }
            (Some("drift"), _) => note(true, "drift"),
            (Some("freeze"), _) => note(true, "freeze"),
            (Some("cadence"), _) => note(true, "cadence_unstable"),
            _ => {}
        }
        found
    }

    fn event(&self) -> Value {
        let active = || {
            let seen = ISSUES.iter().zip(&self.seen);
            seen.filter_map(|(&(name, weight), seen)| Some((name, weight, (*seen)?.0)))
        };
        let penalty = |(_, weight, first): (&str, f64, u64)| {
            let seconds = self.now.saturating_sub(first) as f64 / 1e6;
            weight * (1.0 + seconds / 10.0).min(2.0)
        };
        let score = (self.base - active().map(penalty).sum::<f64>()).max(0.0);
        let is_severe = active().any(|(_, weight, _)| weight == SEVERE);
        let state = if is_severe || score < self.unhealthy {
            "unhealthy"
        } else if score < self.degraded || active().next().is_some() {
            "degraded"
        } else {
            "ok"
        };
        let contributors: Vec<Value> = active().map(|(name, ..)| name.into()).collect();
        object([
            ("event_type", "session.health".into()),
            ("_schema", "session_health_v1".into()),
            ("state", state.into()),
            ("score", rounded(score, 2)),
            ("active_issues", unsigned(contributors.len() as u64)),
            ("contributors", Value::List(contributors)),
            ("timestamp_us", unsigned(self.now)),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::events::tests::{all, run};
    use super::*;

    fn at(second: i64, fields: &[(&str, Value)]) -> Value {
        let mut event: Vec<_> = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        event.push(("timestamp_us".into(), (second * 1_000_000).into()));
        Value::Map(event)
    }

    fn events(items: Vec<Value>) -> Vec<Value> {
        run(&mut *make(&Value::Map(Vec::new())).unwrap(), items)
    }

    #[test]
    fn an_issue_counts_while_it_is_seen_and_a_while_after() {
        let quiet = || {
            at(
                2,
                &[
                    ("_schema", "audio_level_event".into()),
                    ("is_low_volume", true.into()),
                ],
            )
        };
        let found = events(vec![at(0, &[]), quiet(), at(6, &[]), at(7, &[])]);
        assert_eq!(
            all(&found, "state"),
            ["ok", "degraded", "degraded", "ok"].map(Value::from)
        );
        assert_eq!(
            all(&found, "score"),
            [1.0, 0.95, 0.93, 1.0].map(Value::from)
        );
        assert_eq!(
            all(&found, "contributors")[1],
            Value::List(vec!["low_volume".into()])
        );
    }

    #[test]
    fn what_is_severe_is_unhealthy_at_once() {
        let clipping = at(
            1,
            &[("type", "clipping".into()), ("is_clipping", true.into())],
        );
        let found = events(vec![clipping]);
        assert_eq!(all(&found, "state"), ["unhealthy".into()]);
        assert_eq!(all(&found, "score"), [0.75.into()]);
    }

    #[test]
    fn scores_add_up_to_a_state() {
        let presence = |second, ms: i64| {
            at(
                second,
                &[
                    ("event_type", "speech.presence".into()),
                    ("state", "dead_air".into()),
                    ("duration_ms", ms.into()),
                ],
            )
        };
        let alerts = Value::List(vec!["LEAD_JUMP".into(), "CADENCE_UNSTABLE".into()]);
        let health = at(
            2,
            &[
                ("type", "health".into()),
                ("score", 0.75.into()),
                ("alerts", alerts),
            ],
        );
        let found = events(vec![presence(0, 2999), presence(1, 3000), health]);
        assert_eq!(
            all(&found, "state"),
            ["ok", "degraded", "unhealthy"].map(Value::from)
        );
        assert_eq!(all(&found, "active_issues"), [0, 1, 3].map(Value::from));
        // 0.75 - 0.15 * 1.1 - 0.15 - 0.05
        assert_eq!(all(&found, "score")[2], 0.39.into());
    }
}
