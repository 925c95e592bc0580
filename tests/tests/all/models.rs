//! Nodes that run a model, in the sandbox.

use pipeline_host::types::{Audio, Data};
use pipeline_tests::models::{silero, syllables};
use serde_json::{Value, json};

use crate::common::{item, run, sandbox, written};

/// What a node gives for an item, with the model's package granted.
fn outputs(node: &Value, item: Data) -> Vec<Value> {
    let manifest = json!({"version": "v1", "nodes": [node]}).to_string();
    let result = run(&sandbox(Some(silero())), &manifest, Some(&[item.into()]));
    let given = result.expect("it runs").outputs;
    let parse = |item: &Data| serde_json::from_str(&written(item)).expect("JSON");
    given
        .iter()
        .flat_map(|given| &given.items)
        .map(parse)
        .collect()
}

#[test]
fn speech_is_found_in_the_sandbox() {
    let node = json!({
        "id": "vad",
        "node_type": "SileroVADNode",
        "params": {"passthrough_audio": false},
    });
    let audio = Data::Audio(Audio {
        samples: syllables(),
        sample_rate: 16_000,
        channels: 1,
        stream_id: None,
        timestamp_us: None,
        metadata: None,
    });
    let events = outputs(&node, audio);
    assert_eq!(events.len(), 125);
    // As onnxruntime has it: see component/tests/models.rs.
    for (at, expected) in [(31, 0.1947), (34, 0.9907), (48, 0.7248), (60, 0.0113)] {
        let found = events[at]["speech_probability"].as_f64().expect("a number");
        assert!((found - expected).abs() < 2e-3, "{at}: {found}");
    }
    let times = |flag: &str| -> Vec<&Value> {
        let set = events.iter().filter(|event| event[flag] == json!(true));
        set.map(|event| &event["timestamp_ms"]).collect()
    };
    assert_eq!(times("is_speech_start"), [&json!(1056), &json!(1536)]);
    assert_eq!(times("is_speech_end"), [&json!(1376), &json!(1888)]);
}

#[test]
fn any_model_runs_in_the_sandbox() {
    let node = json!({
        "id": "model",
        "node_type": "OnnxNode",
        "params": {"model": "silero_vad/data/silero_vad.onnx", "output": "stateN"},
    });
    let zeros = |count: usize| vec![0.0; count];
    let input = json!({
        "input": [zeros(576)],
        "state": [[zeros(128)], [zeros(128)]],
        "sr": 16_000,
    });
    let given = outputs(&node, item(&input.to_string()));
    let tensor = &given[0]["$tensor"];
    assert_eq!(tensor["shape"], json!([2, 1, 128]));
    assert_eq!(tensor["dtype"], json!("f32"));
}
