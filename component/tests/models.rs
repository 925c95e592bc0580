//! Nodes that run a model, natively.

#![allow(missing_docs, clippy::result_large_err)]

mod common;

use std::path::Path;

use common::{manifest, node};
use pipeline_component::Value;
use pipeline_component::executor::{PipelineError, execute};
use pipeline_component::registry::Registry;
use pipeline_component::value::{Audio, Media, Tensor};
use pipeline_tests::models::{silero, syllables};

/// What onnxruntime 1.27 gives for the frames of `syllables`, each with the 64
/// samples before it, from the 32nd on.
const PROBABILITIES: [f64; 24] = [
    0.1947, 0.8607, 0.9433, 0.9907, 0.9848, 0.9626, 0.9363, 0.9321, 0.1629, 0.1189, 0.0429, 0.0221,
    0.0143, 0.0127, 0.0128, 0.0131, 0.6729, 0.7248, 0.6978, 0.6875, 0.6361, 0.5135, 0.5082, 0.5031,
];

fn run(
    node_type: &str,
    params: Vec<(&str, Value)>,
    items: Vec<Value>,
) -> Result<Vec<Value>, PipelineError> {
    let params = params
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    let mut spec = node("n", node_type, []);
    spec.params = Value::Map(params.collect());
    let manifest = manifest(vec![spec], &[]);
    execute(&manifest, &Registry::native(), Some(items)).map(|result| result.into_items())
}

fn path(path: &Path) -> Value {
    path.to_str().unwrap().into()
}

fn audio(samples: Vec<f32>, sample_rate: u32) -> Value {
    Value::Media(Box::new(Media::Audio(Audio {
        samples,
        sample_rate,
        channels: 1,
        stream_id: None,
        timestamp_us: None,
        metadata: None,
    })))
}

fn vad(params: Vec<(&'static str, Value)>, items: Vec<Value>) -> Vec<Value> {
    let model = path(&silero().join("silero_vad/data/silero_vad.onnx"));
    let params = std::iter::once(("model", model)).chain(params).collect();
    run("SileroVADNode", params, items).unwrap()
}

fn float(value: &Value, name: &str) -> f64 {
    match value.get(name) {
        Some(Value::Float(value)) => *value,
        other => panic!("{name}: {other:?}"),
    }
}

/// When each event came in whose flag is set.
fn times(events: &[Value], flag: &str) -> Vec<Value> {
    let is_set = |event: &&Value| event.get(flag) == Some(&true.into());
    let time = |event: &Value| event.get("timestamp_ms").unwrap().clone();
    events.iter().filter(is_set).map(time).collect()
}

#[test]
fn speech_is_found_as_onnxruntime_finds_it() {
    // In pieces that are no frames.
    let pieces: Vec<_> = syllables()
        .chunks(700)
        .map(|piece| audio(piece.to_vec(), 16_000))
        .collect();
    let count = pieces.len();
    let given = vad(Vec::new(), pieces);
    let (media, events): (Vec<_>, Vec<_>) = given
        .into_iter()
        .partition(|item| matches!(item, Value::Media(_)));
    assert_eq!((media.len(), events.len()), (count, 125));
    for (event, expected) in events[31..].iter().zip(PROBABILITIES) {
        let found = float(event, "speech_probability");
        assert!((found - expected).abs() < 2e-3, "{found} {expected}");
    }
    assert_eq!(
        times(&events, "is_speech_start"),
        [1056, 1536].map(Value::from)
    );
    assert_eq!(
        times(&events, "is_speech_end"),
        [1376, 1888].map(Value::from)
    );
    assert_eq!(events[0].get("samples"), Some(&512.into()));
}

#[test]
fn other_rates_are_resampled_and_the_lower_model_works() {
    // Each sample twice: the same sound at twice the rate, but for what is above it.
    let samples = syllables().iter().flat_map(|&sample| [sample; 2]).collect();
    let quiet = vec![("passthrough_audio", false.into())];
    let events = vad(quiet, vec![audio(samples, 32_000)]);
    assert_eq!(
        times(&events, "is_speech_start").first(),
        Some(&1056.into())
    );
    let half = syllables().iter().step_by(2).copied().collect();
    let params = vec![
        ("samplingRate", 8000.into()),
        ("passthroughAudio", false.into()),
    ];
    let events = vad(params, vec![audio(half, 8000)]);
    assert_eq!(events.len(), 125);
    assert_eq!(events[0].get("samples"), Some(&256.into()));
    assert!(!times(&events, "is_speech_start").is_empty());
}

/// `Z = X · W + B`, where W is [[1, 2], [3, 4]] and B [10, 20]: as protobuf
/// writes it.
fn affine(double_output: bool) -> Vec<u8> {
    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).unwrap();
        // Lengths of 128 and more take two bytes.
        let length = match length < 128 {
            true => vec![length],
            false => vec![length | 128, length >> 7],
        };
        [&[number << 3 | 2], length.as_slice(), content].concat()
    }
    let varint = |number: u8, value: u8| vec![number << 3, value];
    let text = |number, text: &str| field(number, text.as_bytes());
    let operator = |name: &str, inputs: [&str; 2], output: &str| {
        let inputs = inputs.map(|input| text(1, input)).concat();
        [inputs, text(2, output), text(4, name)].concat()
    };
    let weights = |name: &str, extents: &[u8], values: &[f32]| {
        let extents = extents
            .iter()
            .flat_map(|&extent| varint(1, extent))
            .collect::<Vec<_>>();
        let raw: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        [extents, varint(2, 1), text(8, name), field(9, &raw)].concat()
    };
    let port = |name: &str| {
        let rows = field(1, &text(2, "n"));
        let shape = field(2, &[rows, field(1, &varint(1, 2))].concat());
        let tensor = field(1, &[varint(1, 1), shape].concat());
        [text(1, name), field(2, &tensor)].concat()
    };
    let mut graph = vec![
        field(1, &operator("MatMul", ["X", "W"], "Y")),
        field(1, &operator("Add", ["Y", "B"], "Z")),
        text(2, "affine"),
        field(5, &weights("W", &[2, 2], &[1.0, 2.0, 3.0, 4.0])),
        field(5, &weights("B", &[2], &[10.0, 20.0])),
        field(11, &port("X")),
        field(12, &port("Z")),
    ];
    if double_output {
        graph.push(field(12, &port("Y")));
    }
    let opset = field(8, &[text(1, ""), varint(2, 13)].concat());
    [varint(1, 8), field(7, &graph.concat()), opset].concat()
}

fn rows(rows: &[[f32; 2]]) -> Value {
    Value::Media(Box::new(Media::Tensor(Tensor {
        data: rows
            .iter()
            .flatten()
            .flat_map(|value| value.to_le_bytes())
            .collect(),
        shape: vec![rows.len() as u32, 2],
        dtype: "f32",
        layout: None,
    })))
}

#[test]
fn tensors_and_lists_go_through_a_model() {
    let directory = std::env::temp_dir().join(format!("pipeline-onnx-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let model = directory.join("affine.onnx");
    std::fs::write(&model, affine(true)).unwrap();
    let lists = Value::Map(vec![(
        "X".into(),
        Value::List(vec![Value::Ints(vec![1, 1])]),
    )]);
    let items = || vec![rows(&[[1.0, 0.0], [0.0, 1.0]]), lists.clone()];
    let given = run("OnnxNode", vec![("model", path(&model))], items()).unwrap();
    assert_eq!(
        given,
        [rows(&[[11.0, 22.0], [13.0, 24.0]]), rows(&[[14.0, 26.0]])]
    );
    let params = vec![("model", path(&model)), ("output", "Y".into())];
    let given = run("OnnxNode", params, items()).unwrap();
    assert_eq!(given[1], rows(&[[4.0, 6.0]]));

    let fails = |params: Vec<(&str, Value)>, item: Value| {
        run("OnnxNode", params, vec![item]).unwrap_err().message
    };
    let params = vec![("model", path(&model)), ("output", "Q".into())];
    let message = fails(params, rows(&[]));
    assert_eq!(message, "the model has no output \"Q\": it has `Z` and `Y`");
    let model = || vec![("model", path(&model))];
    let message = fails(model(), Value::Map(vec![("x".into(), 1.into())]));
    assert_eq!(message, "the item has no \"X\": the model takes `X`");
    let message = fails(model(), "x".into());
    assert_eq!(message, "OnnxNode takes tensors and objects, not a string");
    let broken = directory.join("broken.onnx");
    std::fs::write(&broken, &affine(false)[..40]).unwrap();
    let message = fails(vec![("model", path(&broken))], rows(&[]));
    assert!(
        message.contains("broken.onnx has no outputs: "),
        "{message}"
    );
    std::fs::write(&broken, "no model").unwrap();
    let message = fails(vec![("model", path(&broken))], rows(&[]));
    assert!(
        message.contains("broken.onnx can't be loaded: "),
        "{message}"
    );
    std::fs::remove_dir_all(&directory).unwrap();
}
