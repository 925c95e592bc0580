//! Any component, and any module: flattening ends, and what comes of a valid one
//! is valid.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pipeline_fuzz::flatten::{finish, flatten};
use wasmparser::{Parser, Validator};

fuzz_target!(|bytes: &[u8]| {
    // The build reads what validated tools have written.
    if Validator::new().validate_all(bytes).is_err() {
        return;
    }
    let flat = match Parser::is_component(bytes) {
        true => flatten(bytes),
        false => finish(bytes),
    };
    if let Ok(flat) = flat {
        if let Err(error) = Validator::new().validate_all(&flat) {
            panic!("{error}");
        }
    }
});
