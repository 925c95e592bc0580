//! Any text as a manifest: it is read and checked, and what is said of it is
//! short and has its place in the text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pipeline_component::registry::Registry;
use pipeline_fuzz::common::read_and_check;

fuzz_target!(|text: &str| {
    read_and_check(text, &Registry::native());
});
