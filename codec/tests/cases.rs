//! The cases that all readers and writers of the form share.

use pipeline_codec::{item_to_json, read_item, read_value, value_to_json};
use pipeline_tests::codec::{Case, What, cases};

fn found(case: &Case) -> Result<String, String> {
    let text = case.text();
    let said = |error: pipeline_codec::ReadError| error.to_string();
    match case.what {
        What::Value => {
            let value = read_value(text.as_bytes()).map_err(said)?;
            Ok(value_to_json(&value).expect("what is read is a tree"))
        }
        What::Item => {
            let item = read_item(text.as_bytes()).map_err(said)?;
            Ok(item_to_json(&item).expect("what is read is a tree"))
        }
    }
}

#[test]
fn all_cases() {
    // In debug builds the large ones take minutes.
    let cases = cases();
    let run = cases
        .iter()
        .filter(|case| !case.large || !cfg!(debug_assertions));
    let wrong: Vec<String> = run.filter_map(|case| case.judge(&found(case))).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
