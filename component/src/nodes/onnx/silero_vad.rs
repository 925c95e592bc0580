//! `SileroVADNode`: where speech is, by the model Silero VAD.
//!
//! The model hears frames of 32 ms, each after the last 4 ms before it, as the
//! package `silero-vad` runs it.

use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, Tensor};

use super::super::audio::{Joined, Process, check, continues, format_of};
use super::super::audio_resample::Resample;
use super::super::events::{audio_of, object, outputs, unsigned};
use super::super::measures::{mono, peak, rms};
use super::super::params::{Param, Params, factory, infos};
use super::model::Loaded;
use crate::node::{Node, NodeError, Outputs};
use crate::registry::{Factory, ParamProblem};
use crate::value::{Audio, Value};

const NAME: &str = "SileroVADNode";
const PARAMS: &[Param] = &[
    Param::text(
        "model",
        "path",
        "silero_vad.onnx",
        "The model's file, in a directory that is granted.",
    ),
    Param::number(
        "threshold",
        0.5,
        "Probability from which speech begins, from 0 to 1.",
    ),
    Param::maybe_number(
        "neg_threshold",
        "Probability below which speech may end; without it, 0.15 less than `threshold`.",
    ),
    Param::whole("sampling_rate", 16_000, "Rate of the model: 8000 or 16000."),
    Param::whole("min_silence_duration_ms", 100, "Silence that ends speech."),
    Param::flag(
        "passthrough_audio",
        true,
        "Whether audio passes, after its events.",
    ),
    Param::unused("min_speech_duration_ms"),
    Param::unused("max_speech_duration_s"),
    Param::unused("speech_pad_ms"),
    Param::unused("pre_speech_pad_ms"),
];

/// Where the PyPI package has the model.
const IN_PACKAGE: &str = "silero_vad/data/silero_vad.onnx";
/// Numbers that the model keeps from one frame to the next.
const STATE: [usize; 3] = [2, 1, 128];

pub(super) fn node() -> Factory {
    let summary = "Tells where speech is in audio, by the model Silero VAD.";
    factory(NAME, summary, infos(PARAMS), make)
}

fn make(params: &Value) -> Result<Box<dyn Node>, Vec<ParamProblem>> {
    let mut params = Params::of(NAME, params, PARAMS);
    let threshold = params.within("threshold", 0.0, 1.0);
    let rate = params.whole_of("sampling_rate");
    if ![8000, 16_000].contains(&rate) {
        let message = format!("`sampling_rate` of {NAME} must be 8000 or 16000");
        params.problem("sampling_rate", message, None);
    }
    let lower = params.float("neg_threshold").unwrap_or(threshold - 0.15);
    let vad = SileroVad {
        path: params.text_of("model").to_owned(),
        threshold,
        lower: lower.min(threshold),
        rate,
        min_silence_ms: params.whole_of("min_silence_duration_ms").into(),
        passes_audio: params.flag("passthrough_audio"),
        model: None,
        hearing: Hearing::new(rate),
        last: None,
    };
    params.done(Box::new(vad))
}

struct SileroVad {
    path: String,
    /// Probability from which speech begins, and below which it may end.
    threshold: f64,
    lower: f64,
    rate: u32,
    min_silence_ms: u64,
    passes_audio: bool,
    model: Option<Loaded>,
    hearing: Hearing,
    /// The last piece of audio, without samples.
    last: Option<Audio>,
}

/// What is kept of one stream.
struct Hearing {
    resample: Resample,
    waiting: Joined,
    /// What the model keeps.
    state: Tensor<f32>,
    /// The end of the last frame.
    context: Vec<f32>,
    is_speech: bool,
    /// Samples of silence at the end of speech.
    silence: u64,
    /// Samples heard.
    heard: u64,
}

impl Hearing {
    fn new(rate: u32) -> Self {
        Self {
            resample: Resample::new(rate),
            waiting: Joined::default(),
            state: Tensor::zeros(&STATE),
            context: vec![0.0; rate as usize / 250],
            is_speech: false,
            silence: 0,
            heard: 0,
        }
    }
}

impl Node for SileroVad {
    fn initialize(&mut self) -> Result<(), NodeError> {
        let hint = "the PyPI package silero-vad has it (`pip install --no-deps --target DIR \
                    silero-vad`); ";
        let names = [self.path.as_str(), IN_PACKAGE];
        // Only the model's usual name is looked for in the package.
        let names = match self.path == "silero_vad.onnx" {
            true => &names[..],
            false => &names[..1],
        };
        let model = Loaded::open(NAME, names, hint)?;
        for name in ["input", "state", "sr"] {
            model.input(name)?;
        }
        for name in ["output", "stateN"] {
            model.output(name)?;
        }
        self.model = Some(model);
        Ok(())
    }

    fn process(&mut self, item: Value) -> Result<Outputs, NodeError> {
        let Some(audio) = audio_of(&item) else {
            return Ok(Outputs::One(item));
        };
        check(audio)?;
        let mut given = self.hear(audio)?;
        if self.passes_audio {
            given.push(item);
        }
        Ok(outputs(given))
    }
}

impl SileroVad {
    /// The events of the frames that audio completes.
    fn hear(&mut self, audio: &Audio) -> Result<Vec<Value>, NodeError> {
        if !self.last.as_ref().is_none_or(|last| continues(last, audio)) {
            self.hearing = Hearing::new(self.rate);
        }
        self.last = Some(format_of(audio));
        let single = Audio {
            samples: mono(&audio.samples, audio.channels),
            channels: 1,
            ..format_of(audio)
        };
        let mut pieces = Vec::new();
        let resampled = self.hearing.resample.take(single, &mut pieces);
        resampled.map_err(NodeError::failed)?;
        for piece in &pieces {
            self.hearing.waiting.add(piece);
        }
        let size = self.rate as usize * 32 / 1000;
        let mut events = Vec::new();
        while self.hearing.waiting.frames() >= size {
            if let Some(frame) = self.hearing.waiting.take(size) {
                events.push(self.frame(&frame.samples)?);
            }
        }
        Ok(events)
    }

    fn frame(&mut self, samples: &[f32]) -> Result<Value, NodeError> {
        let probability = self.probability(samples)?;
        let hearing = &mut self.hearing;
        let length = samples.len() as u64;
        let has_speech = probability >= self.threshold;
        let begins = has_speech && !hearing.is_speech;
        let mut ends = false;
        if probability >= self.lower && (has_speech || hearing.is_speech) {
            hearing.is_speech = true;
            hearing.silence = 0;
        } else if hearing.is_speech {
            hearing.silence += length;
            ends = hearing.silence * 1000 >= self.min_silence_ms * u64::from(self.rate);
            if ends {
                hearing.is_speech = false;
                hearing.silence = 0;
            }
        }
        hearing.heard += length;
        Ok(object([
            ("has_speech", has_speech.into()),
            ("speech_probability", probability.into()),
            ("is_speech_start", begins.into()),
            ("is_speech_end", ends.into()),
            (
                "timestamp_ms",
                unsigned(hearing.heard * 1000 / u64::from(self.rate)),
            ),
            ("rms", rms(samples.iter().copied()).into()),
            ("peak", peak(samples).into()),
            ("samples", unsigned(length)),
            ("sample_rate", i64::from(self.rate).into()),
        ]))
    }

    /// How likely a frame is speech.
    fn probability(&mut self, samples: &[f32]) -> Result<f64, NodeError> {
        let Some(model) = &self.model else {
            return Err(NodeError::failed("the model is not loaded"));
        };
        let hearing = &mut self.hearing;
        let kept = hearing.context.len();
        let mut input = std::mem::take(&mut hearing.context);
        input.extend_from_slice(samples);
        hearing.context = input[input.len() - kept..].to_vec();
        let input = NdTensor::from_data([1, input.len()], input);
        let rate = Tensor::from(i32::try_from(self.rate).unwrap_or(i32::MAX));
        let results = model.run(
            vec![
                (model.input("input")?, input.into()),
                (model.input("state")?, hearing.state.view().into()),
                (model.input("sr")?, rate.into()),
            ],
            &[model.output("output")?, model.output("stateN")?],
        )?;
        let wrong = || NodeError::failed("the model gives something else than Silero VAD does");
        let [output, state] = <[_; 2]>::try_from(results).map_err(|_| wrong())?;
        let output = Tensor::<f32>::try_from(output).map_err(|_| wrong())?;
        hearing.state = Tensor::<f32>::try_from(state).map_err(|_| wrong())?;
        let probability = output.iter().next().copied();
        probability.map(f64::from).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_its_model_it_says_what_to_do() {
        let params = Value::Map(vec![("model".into(), "no/such.onnx".into())]);
        let error = make(&params)
            .unwrap()
            .initialize()
            .err()
            .unwrap()
            .to_string();
        assert_eq!(
            error,
            "SileroVADNode needs the model \"no/such.onnx\", and it is not in `.`: the PyPI \
             package silero-vad has it (`pip install --no-deps --target DIR silero-vad`); grant \
             the directory that has it (`--nodes DIR`), and name it with `model` if its name is \
             another"
        );
    }

    #[test]
    fn its_parameters_are_checked() {
        let params = Value::Map(vec![
            ("threshold".into(), 1.5.into()),
            ("samplingRate".into(), 44_100.into()),
            ("minSilenceDurationMs".into(), 500.into()),
            ("negThreshold".into(), Value::Null),
            ("speechPad".into(), 3.into()),
        ]);
        let problems = make(&params).err().unwrap();
        let names: Vec<_> = problems
            .iter()
            .map(|problem| problem.param.as_str())
            .collect();
        assert_eq!(names, ["speechPad", "threshold", "sampling_rate"]);
    }
}
