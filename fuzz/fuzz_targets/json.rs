//! Any bytes as a JSON item: what the host reads, it writes so that host and
//! component read the same again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pipeline_component::manifest::parse_value;
use pipeline_fuzz::codec::{read_item, read_items, read_value, validate, value_to_json};
use pipeline_fuzz::value::{text_of, text_of_arena};

fuzz_target!(|bytes: &[u8]| {
    let _ = read_item(bytes);
    let items = read_items(bytes);
    let Ok(value) = read_value(bytes) else {
        return;
    };
    assert_eq!(validate(&value), Ok(()));
    assert!(
        items.is_ok() || bytes.starts_with(b"\xef\xbb\xbf"),
        "{items:?}"
    );
    let expected = text_of_arena(&value);
    let json = value_to_json(&value).expect("a tree");
    let again = read_value(json.as_bytes()).expect("what was written");
    assert_eq!(text_of_arena(&again), expected);
    // The component's reader knows the same forms.
    let inside = parse_value(&json).unwrap_or_else(|found| panic!("{json}: {}", found[0]));
    assert_eq!(text_of(&inside), expected);
});
