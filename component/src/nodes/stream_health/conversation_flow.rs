//! `ConversationFlowNode`: who speaks how much.

use std::collections::VecDeque;

use super::super::events::{Every, kind, object, outputs, rounded, text, time, unsigned};
use super::super::params::{Param, Params, factory, infos};
use crate::node::{Node, NodeError, Outputs};
use crate::registry::{Factory, ParamProblem};
use crate::value::Value;

const NAME: &str = "ConversationFlowNode";
const PARAMS: &[Param] = &[
    Param::whole("window_ms", 30_000, "The time that shares are taken of."),
    Param::whole("emit_interval_ms", 5000, "How often they are told."),
];

pub(super) fn node() -> Factory {
    let summary = "Gives the shares of speech and silence, from the events of SpeechPresenceNode.";
    factory(NAME, summary, infos(PARAMS), make)
}

fn make(params: &Value) -> Result<Box<dyn Node>, Vec<ParamProblem>> {
    let mut params = Params::of(NAME, params, PARAMS);
    let window_ms = params.whole_of("window_ms");
    let flow = Flow {
        window_ms,
        every: Every::new(params.whole_of("emit_interval_ms")),
        spans: VecDeque::new(),
        current: None,
        is_stereo: false,
        now: 0,
    };
    params.done(Box::new(flow))
}

/// Who speaks in a state of `SpeechPresenceNode`.
#[derive(Clone, Copy, PartialEq, Eq)]
struct State {
    left: bool,
    right: bool,
    overlap: bool,
    /// Whether it is one of two channels.
    is_stereo: bool,
}

impl State {
    fn of(name: &str) -> Option<Self> {
        let state = |left, right, overlap, is_stereo| {
            Some(Self {
                left,
                right,
                overlap,
                is_stereo,
            })
        };
        match name {
            "speaking" => state(true, false, false, false),
            "silent" | "dead_air" => state(false, false, false, false),
            "speaking_left" => state(true, false, false, true),
            "speaking_right" => state(false, true, false, true),
            "speaking_both" => state(true, true, false, true),
            "overlap" => state(true, true, true, true),
            _ => None,
        }
    }
}

struct Flow {
    window_ms: u32,
    every: Every,
    /// States that have ended in the window: from when to when.
    spans: VecDeque<(u64, u64, State)>,
    /// The state that lasts, and since when.
    current: Option<(u64, State)>,
    is_stereo: bool,
    now: u64,
}

impl Node for Flow {
    fn process(&mut self, item: Value) -> Result<Outputs, NodeError> {
        self.now = time(&item).unwrap_or(self.now);
        if self.current.is_some_and(|(since, _)| self.now < since) {
            // A stream that begins anew.
            self.spans.clear();
            self.current = None;
        }
        if kind(&item) == Some("speech.presence")
            && let Some(state) = text(&item, "state").and_then(State::of)
        {
            self.enter(state);
        }
        let start = self.now.saturating_sub(u64::from(self.window_ms) * 1000);
        while self.spans.front().is_some_and(|&(_, end, _)| end <= start) {
            self.spans.pop_front();
        }
        if !self.every.is_due(self.now) {
            return Ok(Outputs::None);
        }
        let events: Vec<_> = self.event(start).into_iter().collect();
        if !events.is_empty() {
            self.every.done(self.now);
        }
        Ok(outputs(events))
    }

    fn follows_time(&self) -> bool {
        true
    }
}

impl Flow {
    fn enter(&mut self, state: State) {
        self.is_stereo |= state.is_stereo;
        match self.current {
            Some((_, current)) if current == state => {}
            Some((since, current)) => {
                self.spans.push_back((since, self.now, current));
                self.current = Some((self.now, state));
            }
            None => self.current = Some((self.now, state)),
        }
    }

    /// What there is to tell of the time since `start`, if there is any.
    fn event(&self, start: u64) -> Option<Value> {
        let current = self.current.map(|(since, state)| (since, self.now, state));
        let (mut total, mut left, mut right, mut overlap, mut silence) = (0, 0, 0, 0, 0);
        for &(begin, end, state) in self.spans.iter().chain(&current) {
            let length = end - begin.max(start).min(end);
            total += length;
            left += length * u64::from(state.left);
            right += length * u64::from(state.right);
            overlap += length * u64::from(state.overlap);
            silence += length * u64::from(!state.left && !state.right);
        }
        if total == 0 {
            return None;
        }
        let share = |part: u64| rounded(part as f64 / total as f64 * 100.0, 1);
        let window = i64::from(self.window_ms).into();
        let (kind, schema) = ("conversation.flow".into(), "conversation_flow_v1".into());
        Some(match self.is_stereo {
            true => object([
                ("event_type", kind),
                ("_schema", schema),
                ("left_talk_pct", share(left)),
                ("right_talk_pct", share(right)),
                ("overlap_pct", share(overlap)),
                ("silence_pct", share(silence)),
                ("window_ms", window),
                ("timestamp_us", unsigned(self.now)),
            ]),
            false => object([
                ("event_type", kind),
                ("_schema", schema),
                ("talk_pct", share(left)),
                ("silence_pct", share(silence)),
                ("window_ms", window),
                ("timestamp_us", unsigned(self.now)),
            ]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::events::tests::{all, run};
    use super::*;

    fn flow(states: &[(&str, i64)], window_ms: i64, emit_interval_ms: i64) -> Vec<Value> {
        let params = Value::Map(vec![
            ("window_ms".into(), window_ms.into()),
            ("emit_interval_ms".into(), emit_interval_ms.into()),
        ]);
        let event = |&(state, ms): &(&str, i64)| {
            object([
                ("event_type", "speech.presence".into()),
                ("state", state.into()),
                ("timestamp_us", (ms * 1000).into()),
            ])
        };
        run(&mut *make(&params).unwrap(), states.iter().map(event))
    }

    #[test]
    fn shares_are_those_of_the_window() {
        let states = [
            ("speaking", 0),
            ("silent", 1000),
            ("speaking", 2000),
            ("speaking", 3000),
        ];
        let events = flow(&states, 10_000, 0);
        assert_eq!(
            all(&events, "talk_pct"),
            [100.0, 50.0, 66.7].map(Value::from)
        );
        // What was before the window no longer counts, and what reaches into it in part.
        let events = flow(&states, 1500, 0);
        assert_eq!(all(&events, "talk_pct")[2], 66.7.into());
        let states = [
            ("speaking", 0),
            ("silent", 1000),
            ("silent", 2500),
            ("silent", 5000),
        ];
        let events = flow(&states, 2000, 0);
        assert_eq!(
            all(&events, "talk_pct"),
            [100.0, 25.0, 0.0].map(Value::from)
        );
    }

    #[test]
    fn two_channels_are_told_apart() {
        let states = [
            ("speaking_left", 0),
            ("overlap", 2000),
            ("silent", 3000),
            ("silent", 4000),
        ];
        let events = flow(&states, 10_000, 3500);
        assert_eq!(events.len(), 1);
        let events = flow(&states, 10_000, 2000);
        assert_eq!(all(&events, "left_talk_pct")[1], 75.0.into());
        assert_eq!(all(&events, "right_talk_pct")[1], 25.0.into());
        assert_eq!(all(&events, "overlap_pct")[1], 25.0.into());
        assert_eq!(all(&events, "silence_pct")[1], 25.0.into());
    }

    #[test]
    fn a_stream_that_begins_anew_begins_anew() {
        let states = [
            ("speaking", 5000),
            ("silent", 6000),
            ("silent", 100),
            ("silent", 200),
        ];
        let events = flow(&states, 10_000, 0);
        assert_eq!(all(&events, "talk_pct"), [100.0, 0.0].map(Value::from));
    }
}
