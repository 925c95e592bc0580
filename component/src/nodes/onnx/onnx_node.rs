//! `OnnxNode`: any model, tensors in and out.

use rten::{DataType, Value as Tensors, ValueOrView};
use rten_tensor::Tensor as Dense;
use rten_tensor::prelude::*;

use super::super::numbers::Number;
use super::super::params::{Param, Params, factory, infos};
use super::model::{Loaded, Port};
use crate::manifest::enumerate;
use crate::node::{Node, NodeError, Outputs};
use crate::registry::{Factory, ParamProblem};
use crate::value::{Media, Tensor, Value};

const NAME: &str = "OnnxNode";
const PARAMS: &[Param] = &[
    Param::maybe_text("model", "The model's file, in a directory that is granted."),
    Param::maybe_text("output", "Which output is given; without it, the first."),
];

/// Most elements of a tensor that goes in or comes out: 256 MiB of floats.
const MAX_ELEMENTS: usize = 1 << 26;

pub(super) fn node() -> Factory {
    let summary = "Runs a model in the ONNX format: tensors in, a tensor out.";
    factory(NAME, summary, infos(PARAMS), make)
}

fn make(params: &Value) -> Result<Box<dyn Node>, Vec<ParamProblem>> {
    let mut params = Params::of(NAME, params, PARAMS);
    let path = params.text_of("model").to_owned();
    if !params.has("model") {
        let message = format!("{NAME} needs `model`, the path of a file in the ONNX format");
        params.problem("model", message, None);
    }
    let output = params.text_of("output").to_owned();
    params.done(Box::new(Onnx {
        path,
        output: (!output.is_empty()).then_some(output),
        model: None,
    }))
}

struct Onnx {
    path: String,
    output: Option<String>,
    model: Option<Loaded>,
}

impl Node for Onnx {
    fn initialize(&mut self) -> Result<(), NodeError> {
        let model = Loaded::open(NAME, &[&self.path], "")?;
        if let Some(output) = &self.output {
            model.output(output)?;
        }
        self.model = Some(model);
        Ok(())
    }

    fn process(&mut self, item: Value) -> Result<Outputs, NodeError> {
        let Some(model) = &self.model else {
            return Err(NodeError::failed("the model is not loaded"));
        };
        let inputs = inputs(model, item)?;
        let output = match &self.output {
            Some(name) => model.output(name)?,
            None => model
                .outputs
                .first()
                .ok_or_else(|| NodeError::failed("the model has no output"))?,
        };
        let mut results = model.run(inputs, &[output])?;
        let result = results
            .pop()
            .ok_or_else(|| NodeError::failed("the model gave nothing"))?;
        let tensor = tensor_of(result)?;
        Ok(Outputs::One(Value::Media(Box::new(Media::Tensor(tensor)))))
    }
}

/// What an item is for the inputs of a model.
fn inputs(model: &Loaded, item: Value) -> Result<Vec<(&Port, ValueOrView<'static>)>, NodeError> {
    let names = || enumerate(model.inputs.iter().map(|port| port.name.as_str()));
    let fields = match item {
        Value::Media(medium) => {
            let Media::Tensor(tensor) = *medium else {
                let message = format!("{NAME} takes tensors and objects, not {}", medium.kind());
                return Err(NodeError::failed(message));
            };
            let [port] = model.inputs.as_slice() else {
                let message = format!(
                    "the model has several inputs: give an object with {} instead of a tensor",
                    names()
                );
                return Err(NodeError::failed(message));
            };
            return Ok(vec![(port, of_tensor(&tensor)?.into())]);
        }
        Value::Map(fields) => fields,
        other => {
            let message = format!("{NAME} takes tensors and objects, not {}", other.kind());
            return Err(NodeError::failed(message));
        }
    };
    let mut given = Vec::new();
    for port in &model.inputs {
        let Some((_, value)) = fields.iter().find(|(name, _)| *name == port.name) else {
            let message = format!(
                "the item has no {:?}: the model takes {}",
                port.name,
                names()
            );
            return Err(NodeError::failed(message));
        };
        let tensor = of_lists(value, port.data_type)
            .map_err(|error| NodeError::failed(format!("{:?}: {error}", port.name)))?;
        given.push((port, tensor.into()));
    }
    match fields.len() > given.len() {
        true => Err(NodeError::failed(format!(
            "the model takes {} alone",
            names()
        ))),
        false => Ok(given),
    }
}

/// A tensor of the pipeline's as one of the model's.
fn of_tensor(tensor: &Tensor) -> Result<Tensors, NodeError> {
    let shape: Vec<usize> = tensor.shape.iter().map(|&extent| extent as usize).collect();
    let data = &tensor.data;
    if data.len() / 2 > MAX_ELEMENTS * 2 {
        return Err(NodeError::failed(format!(
            "the tensor has more than {MAX_ELEMENTS} elements"
        )));
    }
    fn made<T>(shape: &[usize], data: Vec<T>) -> Option<Tensors>
    where
        Tensors: From<Dense<T>>,
    {
        Dense::try_from_data(shape, data).ok().map(Tensors::from)
    }
    let long = |bytes: &[u8]| i64::from_le_bytes(bytes.try_into().unwrap_or_default());
    let made = match tensor.dtype {
        "f32" => made(&shape, chunks(data, f32::from_le_bytes)),
        "f64" => {
            let all = chunks(data, f64::from_le_bytes);
            made(&shape, all.into_iter().map(|value| value as f32).collect())
        }
        "i32" => made(&shape, chunks(data, i32::from_le_bytes)),
        "i16" => made(&shape, chunks(data, |b| i32::from(i16::from_le_bytes(b)))),
        "u16" => made(&shape, chunks(data, |b| i32::from(u16::from_le_bytes(b)))),
        "bool" => made(
            &shape,
            data.iter().map(|&byte| i32::from(byte != 0)).collect(),
        ),
        "u8" => made(&shape, data.clone()),
        "i8" => made(
            &shape,
            data.iter().map(|&byte| byte.cast_signed()).collect(),
        ),
        "i64" => {
            let all = data.chunks_exact(8).map(|bytes| i32::try_from(long(bytes)));
            let all = all.collect::<Result<Vec<_>, _>>().map_err(|_| {
                NodeError::failed("the model's integers have 32 bits, and the tensor's don't fit")
            })?;
            made(&shape, all)
        }
        other => {
            return Err(NodeError::failed(format!(
                "models take no tensor of {other}"
            )));
        }
    };
    made.ok_or_else(|| NodeError::failed("the tensor's shape and data do not go together"))
}

fn chunks<T, const N: usize>(data: &[u8], read: impl Fn([u8; N]) -> T) -> Vec<T> {
    let (all, _) = data.as_chunks::<N>();
    all.iter().map(|&bytes| read(bytes)).collect()
}

/// Numbers in nested lists as a tensor of the type that the model wants.
fn of_lists(value: &Value, wanted: Option<DataType>) -> Result<Tensors, String> {
    let (mut shape, mut data) = (Vec::new(), Vec::new());
    flatten(value, 0, &mut shape, &mut data)?;
    let whole = |least: f64, most: f64| {
        let is_whole = |value: &&f64| value.fract() == 0.0 && (least..=most).contains(*value);
        match data.iter().find(|value| !is_whole(value)) {
            Some(value) => Err(format!("{value} is no whole number from {least} to {most}")),
            None => Ok(()),
        }
    };
    let shape = shape.as_slice();
    Ok(match wanted {
        None | Some(DataType::Float) => {
            Dense::from_data(shape, data.iter().map(|&v| v as f32).collect::<Vec<_>>()).into()
        }
        Some(DataType::Int32) => {
            whole(f64::from(i32::MIN), f64::from(i32::MAX))?;
            Dense::from_data(shape, data.iter().map(|&v| v as i32).collect::<Vec<_>>()).into()
        }
        Some(DataType::Int8) => {
            whole(f64::from(i8::MIN), f64::from(i8::MAX))?;
            Dense::from_data(shape, data.iter().map(|&v| v as i8).collect::<Vec<_>>()).into()
        }
        Some(DataType::UInt8) => {
            whole(0.0, f64::from(u8::MAX))?;
            Dense::from_data(shape, data.iter().map(|&v| v as u8).collect::<Vec<_>>()).into()
        }
        Some(other) => return Err(format!("the model wants {other:?}, which has no form here")),
    })
}

/// Appends all numbers; learns the shape from the first list of each depth,
/// and holds the others to it.
fn flatten(
    value: &Value,
    depth: usize,
    shape: &mut Vec<usize>,
    data: &mut Vec<f64>,
) -> Result<(), String> {
    let is_first = data.is_empty() && depth >= shape.len();
    let mut enter = |length: usize| {
        if is_first {
            shape.push(length);
        }
        match shape.get(depth) == Some(&length) {
            true => Ok(()),
            false => Err("lists beside each other must be of one length".to_owned()),
        }
    };
    match value {
        Value::List(items) | Value::Tuple(items) => {
            enter(items.len())?;
            items
                .iter()
                .try_for_each(|item| flatten(item, depth + 1, shape, data))?;
        }
        Value::Ints(items) => {
            enter(items.len())?;
            data.extend(items.iter().map(|&item| item as f64));
            return leaf(depth + 1, shape);
        }
        Value::Floats(items) => {
            enter(items.len())?;
            data.extend(items);
            return leaf(depth + 1, shape);
        }
        Value::Bool(value) => {
            data.push(f64::from(u8::from(*value)));
            return leaf(depth, shape);
        }
        other => {
            let number = Number::of(other).and_then(|number| number.to_f64());
            let wrong = || format!("{} where a number or a list should be", other.kind());
            data.push(number.ok_or_else(wrong)?);
            return leaf(depth, shape);
        }
    }
    match data.len() > MAX_ELEMENTS {
        true => Err(format!("more than {MAX_ELEMENTS} numbers")),
        false => Ok(()),
    }
}

/// Numbers stand at one depth.
fn leaf(depth: usize, shape: &[usize]) -> Result<(), String> {
    match depth == shape.len() {
        true => Ok(()),
        false => Err("numbers and lists stand beside each other".to_owned()),
    }
}

/// A tensor of the model's as one of the pipeline's.
fn tensor_of(value: Tensors) -> Result<Tensor, NodeError> {
    let (shape, dtype, data): (Vec<usize>, _, Vec<u8>) = match value {
        Tensors::FloatTensor(tensor) => {
            let data = tensor.iter().flat_map(|value| value.to_le_bytes());
            (tensor.shape().to_vec(), "f32", data.collect())
        }
        Tensors::Int32Tensor(tensor) => {
            let data = tensor.iter().flat_map(|value| value.to_le_bytes());
            (tensor.shape().to_vec(), "i32", data.collect())
        }
        Tensors::Int8Tensor(tensor) => {
            let data = tensor.iter().map(|value| value.cast_unsigned());
            (tensor.shape().to_vec(), "i8", data.collect())
        }
        Tensors::UInt8Tensor(tensor) => (
            tensor.shape().to_vec(),
            "u8",
            tensor.iter().copied().collect(),
        ),
        _ => return Err(NodeError::failed("the output is no tensor")),
    };
    let extents = shape.iter().map(|&extent| u32::try_from(extent));
    let extents = extents.collect::<Result<Vec<_>, _>>();
    let is_small = shape.iter().product::<usize>() <= MAX_ELEMENTS;
    match extents {
        Ok(shape) if is_small => Ok(Tensor {
            data,
            shape,
            dtype,
            layout: None,
        }),
        _ => Err(NodeError::failed(format!(
            "the model's output has more than {MAX_ELEMENTS} elements"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape_of(value: &Value) -> Result<(Vec<usize>, Vec<f64>), String> {
        let (mut shape, mut data) = (Vec::new(), Vec::new());
        flatten(value, 0, &mut shape, &mut data).map(|()| (shape, data))
    }

    #[test]
    fn nested_lists_have_a_shape() {
        let rows = |rows: Vec<Value>| Value::List(rows);
        let ints = |ints: &[i64]| Value::Ints(ints.to_vec());
        assert_eq!(shape_of(&7.into()), Ok((vec![], vec![7.0])));
        assert_eq!(
            shape_of(&rows(vec![ints(&[1, 2, 3]), ints(&[4, 5, 6])])),
            Ok((vec![2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]))
        );
        let mixed = rows(vec![1.into(), 0.5.into(), true.into()]);
        assert_eq!(shape_of(&mixed), Ok((vec![3], vec![1.0, 0.5, 1.0])));
        for uneven in [
            rows(vec![ints(&[1]), ints(&[2, 3])]),
            rows(vec![ints(&[1]), 2.into()]),
            rows(vec![2.into(), ints(&[1])]),
            rows(vec![rows(vec![]), ints(&[1])]),
            rows(vec!["x".into()]),
        ] {
            assert!(shape_of(&uneven).is_err(), "{uneven:?}");
        }
        let deep = rows(vec![rows(vec![ints(&[1])]), rows(vec![ints(&[2])])]);
        assert_eq!(shape_of(&deep), Ok((vec![2, 1, 1], vec![1.0, 2.0])));
    }

    #[test]
    fn numbers_become_what_the_model_wants() {
        let lists = Value::Ints(vec![1, 300]);
        assert!(matches!(
            of_lists(&lists, Some(DataType::Int32)),
            Ok(Tensors::Int32Tensor(_))
        ));
        assert!(matches!(
            of_lists(&lists, None),
            Ok(Tensors::FloatTensor(_))
        ));
        let error = of_lists(&lists, Some(DataType::UInt8)).unwrap_err();
        assert_eq!(error, "300 is no whole number from 0 to 255");
        let error = of_lists(&0.5.into(), Some(DataType::Int32)).unwrap_err();
        assert_eq!(
            error,
            "0.5 is no whole number from -2147483648 to 2147483647"
        );
    }

    #[test]
    fn tensors_go_in_and_come_out_as_they_were() {
        let tensor = |dtype, data: &[u8], shape: &[u32]| Tensor {
            data: data.to_vec(),
            shape: shape.to_vec(),
            dtype,
            layout: None,
        };
        let same = [
            tensor("f32", &1.5_f32.to_le_bytes(), &[1, 1]),
            tensor("i32", &(-7_i32).to_le_bytes(), &[]),
            tensor("u8", &[1, 255], &[2]),
            tensor("i8", &[1, 255], &[2, 1]),
        ];
        for tensor in same {
            assert_eq!(tensor_of(of_tensor(&tensor).unwrap()).unwrap(), tensor);
        }
        let long = tensor("i64", &(-7_i64).to_le_bytes(), &[1]);
        let given = tensor_of(of_tensor(&long).unwrap()).unwrap();
        assert_eq!(
            (given.dtype, given.data),
            ("i32", (-7_i32).to_le_bytes().to_vec())
        );
        let large = tensor("i64", &(1_i64 << 40).to_le_bytes(), &[1]);
        assert!(of_tensor(&large).is_err());
        assert!(of_tensor(&tensor("f16", &[0; 2], &[1])).is_err());
        assert!(of_tensor(&tensor("f32", &[0; 4], &[2])).is_err());
    }

    #[test]
    fn a_model_must_be_named() {
        let problems = make(&Value::Map(Vec::new())).err().unwrap();
        assert_eq!(
            problems[0].message,
            "OnnxNode needs `model`, the path of a file in the ONNX format"
        );
    }
}
