//! `ChannelBalanceNode`: stereo of which one side is louder, or dead.

use super::super::events::{Watch, Watcher, maybe, object, unsigned};
use super::super::measures::{channel, decibels, rms};
use super::super::params::{Param, Params, factory, infos};
use crate::node::Node;
use crate::registry::{Factory, ParamProblem};
use crate::value::{Audio, Value};

const NAME: &str = "ChannelBalanceNode";
const PARAMS: &[Param] = &[
    Param::number(
        "imbalance_threshold_db",
        10.0,
        "Difference of the levels in dB from which audio is imbalanced.",
    ),
    Param::number(
        "dead_channel_threshold_db",
        -60.0,
        "Level in dB up to which a channel is dead, if the other is not.",
    ),
];

pub(super) fn node() -> Factory {
    let summary = "Compares the channels of stereo audio.";
    factory(NAME, summary, infos(PARAMS), make)
}

fn make(params: &Value) -> Result<Box<dyn Node>, Vec<ParamProblem>> {
    let mut params = Params::of(NAME, params, PARAMS);
    let balance = Balance {
        imbalance: params.number_of("imbalance_threshold_db"),
        dead: params.number_of("dead_channel_threshold_db"),
    };
    params.done(Watcher::boxed(balance))
}

struct Balance {
    imbalance: f64,
    dead: f64,
}

impl Watch for Balance {
    fn audio(&mut self, audio: &Audio, now: u64) -> Option<Value> {
        // Only two channels can be out of balance.
        let (mut left, mut right, mut ratio) = (0.0, 0.0, 1.0);
        let mut dead = "none";
        if audio.channels == 2 {
            let [l, r] = [0, 1].map(|side| rms(channel(&audio.samples, side, 2)));
            (left, right) = (decibels(l), decibels(r));
            if r > 0.0 {
                ratio = l / r;
            } else if l > 0.0 {
                ratio = f64::INFINITY;
            }
            dead = match (left <= self.dead, right <= self.dead) {
                (true, false) => "left",
                (false, true) => "right",
                _ => "none",
            };
        }
        let difference = left - right;
        let is_dead = dead != "none";
        let is_balanced = audio.channels != 2 || difference.abs() < self.imbalance;
        let health = match is_balanced && !is_dead {
            true if difference == 0.0 => 1.0,
            true => 1.0 - difference.abs() / self.imbalance,
            false => 0.0,
        };
        Some(object([
            ("left_rms_db", left.into()),
            ("right_rms_db", right.into()),
            ("balance_ratio", ratio.into()),
            ("imbalance_db", difference.into()),
            ("is_imbalanced", (is_dead || !is_balanced).into()),
            ("has_dead_channel", is_dead.into()),
            ("dead_channel", dead.into()),
            ("health", health.into()),
            ("stream_id", maybe(audio.stream_id.as_deref())),
            ("timestamp_us", unsigned(now)),
            ("_schema", "channel_balance_event".into()),
        ]))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::audio::tests::mono;
    use super::super::super::events::tests::{all, item, run};
    use super::*;

    #[test]
    fn the_louder_and_the_dead_side_are_named() {
        let stereo = |frame: [f32; 2]| {
            item(Audio {
                channels: 2,
                ..mono(&frame.repeat(4))
            })
        };
        let mut node = make(&Value::Map(Vec::new())).unwrap();
        let frames = [
            [0.5, 0.5],
            [1.0, 0.5],
            [0.5, 0.0],
            [0.0, 0.5],
            [0.0, 0.0],
            [0.1, 1.0],
        ];
        let mut items: Vec<_> = frames.map(stereo).into();
        items.push(item(mono(&[0.5; 4])));
        let events = run(&mut *node, items);
        let dead = ["none", "none", "right", "left", "none", "none", "none"];
        assert_eq!(all(&events, "dead_channel"), dead.map(Value::from));
        let off = [false, false, true, true, false, true, false];
        assert_eq!(all(&events, "is_imbalanced"), off.map(Value::from));
        let ratios = all(&events, "balance_ratio");
        assert_eq!(
            ratios[..5],
            [1.0, 2.0, f64::INFINITY, 0.0, 1.0].map(Value::from)
        );
        let Value::Float(health) = all(&events, "health")[1] else {
            panic!()
        };
        assert!((health - 0.39794).abs() < 1e-5, "{health}");
    }
}
