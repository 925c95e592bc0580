//! `RustFormatConverterNode`: samples as floats, or as integers of 16 or 32
//! bits.

use super::params::{Param, Params, factory, infos};
use crate::node::{Node, NodeError, Outputs};
use crate::registry::{Factory, ParamProblem};
use crate::value::{Media, Tensor, Value};

const NAME: &str = "RustFormatConverterNode";
const PARAMS: &[Param] = &[Param::text(
    "target_format",
    "f32 | i16 | i32",
    "f32",
    "Type of the samples that come out.",
)];

pub(super) fn node() -> Factory {
    let summary = "Converts samples between floats and integers of 16 or 32 bits.";
    factory(NAME, summary, infos(PARAMS), make)
}

/// A type of samples.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    F32,
    I16,
    I32,
}

const FORMATS: [(&str, Format); 3] = [
    ("f32", Format::F32),
    ("i16", Format::I16),
    ("i32", Format::I32),
];

fn make(params: &Value) -> Result<Box<dyn Node>, Vec<ParamProblem>> {
    let mut params = Params::of(NAME, params, PARAMS);
    let target = params.one_of("target_format", &FORMATS);
    let target = target.unwrap_or(Format::F32);
    params.done(Box::new(Converter { target }))
}

struct Converter {
    target: Format,
}

impl Node for Converter {
    fn process(&mut self, item: Value) -> Result<Outputs, NodeError> {
        let refuse = |found: &str| {
            let message = format!("{NAME} takes audio, or tensors of f32, i16 or i32, not {found}");
            NodeError::failed(message)
        };
        let Value::Media(medium) = item else {
            return Err(refuse(item.kind()));
        };
        let given = match *medium {
            Media::Audio(audio) if self.target != Format::F32 => {
                let channels = audio.channels;
                let frames = audio.samples.len() / channels.max(1) as usize;
                Media::Tensor(Tensor {
                    data: self.convert(audio.samples.into_iter().map(Sample::of_float)),
                    shape: vec![u32::try_from(frames).unwrap_or(u32::MAX), channels],
                    dtype: self.name(),
                    layout: Some("frames,channels".to_owned()),
                })
            }
            Media::Tensor(tensor) => {
                let from = FORMATS.iter().find(|(name, _)| *name == tensor.dtype);
                let Some(&(_, from)) = from else {
                    return Err(refuse(&format!("a tensor of {}", tensor.dtype)));
                };
                Media::Tensor(Tensor {
                    data: self.convert(read(&tensor.data, from)),
                    dtype: self.name(),
                    ..tensor
                })
            }
            same @ (Media::Audio(_) | Media::Control(_)) => same,
            other => return Err(refuse(other.kind())),
        };
        Ok(Outputs::One(Value::Media(Box::new(given))))
    }
}

/// A sample, exactly.
#[derive(Clone, Copy)]
enum Sample {
    Float(f64),
    /// Of 32 bits.
    Whole(i32),
}

/// Largest magnitudes. As in the SDK, -1.0 is their negative.
const MAX_16: f64 = i16::MAX as f64;
const MAX_32: f64 = i32::MAX as f64;

impl Sample {
    fn of_float(sample: f32) -> Self {
        Self::Float(sample.into())
    }
}

fn read(data: &[u8], from: Format) -> Box<dyn Iterator<Item = Sample> + '_> {
    match from {
        Format::F32 => {
            let all = data.chunks_exact(4);
            Box::new(all.map(|b| Sample::of_float(f32::from_le_bytes([b[0], b[1], b[2], b[3]]))))
        }
        Format::I16 => {
            let all = data.chunks_exact(2);
            Box::new(all.map(|b| Sample::Whole(i32::from(i16::from_le_bytes([b[0], b[1]])) << 16)))
        }
        Format::I32 => {
            let all = data.chunks_exact(4);
            Box::new(all.map(|b| Sample::Whole(i32::from_le_bytes([b[0], b[1], b[2], b[3]]))))
        }
    }
}

impl Converter {
    fn name(&self) -> &'static str {
        let found = FORMATS.iter().find(|(_, format)| *format == self.target);
        found.map_or("f32", |&(name, _)| name)
    }

    fn convert(&self, samples: impl Iterator<Item = Sample>) -> Vec<u8> {
        let scaled = |sample: f64, most: f64| sample.clamp(-1.0, 1.0) * most;
        match self.target {
            Format::F32 => samples
                .flat_map(|sample| match sample {
                    Sample::Float(sample) => (sample as f32).to_le_bytes(),
                    Sample::Whole(sample) => ((f64::from(sample) / MAX_32) as f32).to_le_bytes(),
                })
                .collect(),
            Format::I16 => samples
                .flat_map(|sample| match sample {
                    Sample::Float(sample) => (scaled(sample, MAX_16) as i16).to_le_bytes(),
                    Sample::Whole(sample) => ((sample >> 16) as i16).to_le_bytes(),
                })
                .collect(),
            Format::I32 => samples
                .flat_map(|sample| match sample {
                    Sample::Float(sample) => (scaled(sample, MAX_32) as i32).to_le_bytes(),
                    Sample::Whole(sample) => sample.to_le_bytes(),
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::audio::tests::mono;
    use super::super::events::tests::{item, run};
    use super::*;

    fn convert(target: &str, input: Value) -> Tensor {
        let params = Value::Map(vec![("target_format".into(), target.into())]);
        let mut given = run(&mut *make(&params).unwrap(), [input]);
        match given.pop() {
            Some(Value::Media(medium)) => match *medium {
                Media::Tensor(tensor) => tensor,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }

    fn shorts(tensor: &Tensor) -> Vec<i16> {
        let all = tensor.data.chunks(2);
        all.map(|bytes| i16::from_le_bytes(bytes.try_into().unwrap()))
            .collect()
    }

    #[test]
    fn floats_become_integers_and_integers_floats() {
        let audio = item(mono(&[0.0, 0.5, -0.5, 1.0, -1.0, 7.0]));
        let given = convert("i16", audio.clone());
        assert_eq!(shorts(&given), [0, 16383, -16383, 32767, -32767, 32767]);
        assert_eq!((given.dtype, &given.shape[..]), ("i16", &[6, 1][..]));
        let tensor = |tensor| Value::Media(Box::new(Media::Tensor(tensor)));
        let wide = convert("i32", tensor(given));
        assert_eq!(wide.data[4..8], (16383_i32 << 16).to_le_bytes());
        assert_eq!(
            shorts(&convert("i16", tensor(wide.clone()))),
            [0, 16383, -16383, 32767, -32767, 32767]
        );
        let floats = convert("f32", tensor(wide));
        let half = f32::from_le_bytes(floats.data[4..8].try_into().unwrap());
        assert!((half - 0.5).abs() < 1e-4, "{half}");
        let full = convert("i32", audio);
        assert_eq!(full.data[12..16], i32::MAX.to_le_bytes());
    }

    #[test]
    fn audio_stays_audio_where_it_has_floats() {
        let audio = item(mono(&[0.5]));
        let mut node = make(&Value::Map(Vec::new())).unwrap();
        assert_eq!(run(&mut *node, [audio.clone()]), [audio]);
        let error = node.process(Value::Null).err().unwrap().to_string();
        assert_eq!(
            error,
            "RustFormatConverterNode takes audio, or tensors of f32, i16 or i32, not null"
        );
    }
}
