//! Any bytes as the body of a request: where its manifest stands is a JSON
//! object in the body, and its items can be written and read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pipeline_fuzz::codec::{item_to_json, read_inputs, read_item, read_request};
use pipeline_fuzz::types::Input;

fn survive(inputs: &[Input]) {
    for Input { item, .. } in inputs {
        let json = item_to_json(item).expect("a tree");
        let again = read_item(json.as_bytes()).expect("what was written");
        assert_eq!(item_to_json(&again), Ok(json));
    }
}

fuzz_target!(|body: &[u8]| {
    match read_request(body) {
        Ok(request) => {
            let manifest = &body[request.manifest];
            assert!(manifest.starts_with(b"{") && manifest.ends_with(b"}"));
            survive(request.inputs.as_deref().unwrap_or_default());
        }
        Err(error) => {
            assert!(error.offset <= body.len() && error.line > 0 && error.column > 0);
            assert!(error.message.len() < 1000, "{error}");
        }
    }
    if let Ok(items) = read_inputs(body) {
        survive(&items);
    }
});
