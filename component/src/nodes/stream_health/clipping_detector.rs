//! `ClippingDetectorNode`: audio that is cut off at full scale.

use super::super::events::{Watch, Watcher, maybe, object, unsigned};
use super::super::measures::{crest_factor_db, peak, rms};
use super::super::params::{Param, Params, factory, infos};
use crate::node::Node;
use crate::registry::{Factory, ParamProblem};
use crate::value::{Audio, Value};

const NAME: &str = "ClippingDetectorNode";
const PARAMS: &[Param] = &[
    Param::number(
        "saturation_threshold",
        0.99,
        "Magnitude from which a sample is saturated.",
    ),
    Param::number(
        "saturation_ratio_threshold",
        1.0,
        "Percentage of saturated samples from which audio clips.",
    ),
    Param::number(
        "crest_factor_threshold_db",
        3.0,
        "Crest factor in dB up to which audio clips.",
    ),
    Param::maybe_number(
        "clipping_threshold",
        "Another name for `saturation_threshold`.",
    ),
];

pub(super) fn node() -> Factory {
    let summary = "Tells whether audio is cut off at full scale.";
    factory(NAME, summary, infos(PARAMS), make)
}

fn make(params: &Value) -> Result<Box<dyn Node>, Vec<ParamProblem>> {
    let mut params = Params::of(NAME, params, PARAMS);
    let saturated = params.number_of("saturation_threshold");
    let clipping = Clipping {
        saturated: params.float("clipping_threshold").unwrap_or(saturated),
        ratio: params.number_of("saturation_ratio_threshold"),
        crest: params.number_of("crest_factor_threshold_db"),
    };
    params.done(Watcher::boxed(clipping))
}

struct Clipping {
    saturated: f64,
    ratio: f64,
    crest: f64,
}

impl Watch for Clipping {
    fn audio(&mut self, audio: &Audio, now: u64) -> Option<Value> {
        let samples = &audio.samples;
        let is_saturated = |sample: &&f32| f64::from(sample.abs()) >= self.saturated;
        let saturated = samples.iter().filter(is_saturated).count();
        let ratio = 100.0 * saturated as f64 / samples.len().max(1) as f64;
        let crest = crest_factor_db(peak(samples), rms(samples.iter().copied()));
        let is_clipping = ratio >= self.ratio || crest <= self.crest;
        let health = match ratio < self.ratio {
            true => 1.0 - ratio / self.ratio,
            false => 0.0,
        };
        Some(object([
            ("saturation_ratio", ratio.into()),
            ("crest_factor_db", crest.into()),
            ("is_clipping", is_clipping.into()),
            ("health", health.into()),
            ("stream_id", maybe(audio.stream_id.as_deref())),
            ("timestamp_us", unsigned(now)),
            ("_schema", "clipping_event".into()),
        ]))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::audio::tests::mono;
    use super::super::super::events::tests::{all, item, run};
    use super::*;

    #[test]
    fn saturated_samples_and_flat_tops_are_clipping() {
        let sine = |gain: f32| -> Vec<f32> {
            let wave = (0..1000).map(|n| (n as f32 * 0.0628).sin() * gain);
            wave.map(|sample| sample.clamp(-0.7, 0.7)).collect()
        };
        let mut peaks = vec![0.1; 200];
        peaks[7] = -1.0;
        let pieces = [sine(0.5), sine(20.0), peaks, Vec::new()];
        let mut node = make(&Value::Map(Vec::new())).unwrap();
        let events = run(&mut *node, pieces.map(|piece| item(mono(&piece))));
        let clips = [false, true, false, false].map(Value::from);
        assert_eq!(all(&events, "is_clipping"), clips);
        assert_eq!(all(&events, "saturation_ratio")[2], 0.5.into());
        assert_eq!(
            all(&events, "health"),
            [1.0, 1.0, 0.5, 1.0].map(Value::from)
        );
        let Value::Float(crest) = all(&events, "crest_factor_db")[0] else {
            panic!()
        };
        assert!((crest - 3.0103).abs() < 0.01, "{crest}");
    }

    #[test]
    fn the_other_name_wins() {
        let params = [
            ("clipping_threshold", 0.5),
            ("saturation_ratio_threshold", 50.0),
        ];
        let params = params.map(|(name, value)| (name.to_owned(), value.into()));
        let mut node = make(&Value::Map(params.into())).unwrap();
        let events = run(&mut *node, [item(mono(&[0.6, 0.1, -0.6, 0.2]))]);
        assert_eq!(all(&events, "saturation_ratio"), [50.0.into()]);
        assert_eq!(all(&events, "health"), [0.0.into()]);
    }
}
