//! Values in manifests have the form that items have: the cases of the codec.

use pipeline_codec::value_to_json;
use pipeline_component::manifest::parse_value;
use pipeline_component::value::arena;
use pipeline_tests::codec::{Case, What, cases};

fn found(case: &Case) -> Result<String, String> {
    let value = parse_value(&case.text()).map_err(|found| {
        let messages: Vec<String> = found.iter().map(|each| each.message.clone()).collect();
        messages.join("; ")
    })?;
    let value = arena::lower(value).map_err(|error| error.to_string())?;
    value_to_json(&value).map_err(|error| error.to_string())
}

#[test]
fn all_cases_of_values() {
    let cases = cases();
    let values = cases
        .iter()
        .filter(|case| case.what == What::Value && !case.large && !YAML.contains(&&*case.name));
    let wrong: Vec<String> = values.filter_map(|case| case.judge(&found(case))).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Texts that are no JSON, but YAML, which manifests may be as well.
const YAML: &[&str] = &[
    "a comma too many",
    "a line end in a string",
    "a plus before a number",
    "a point with nothing behind it",
    "a single quote",
    "a word",
    "a zero before a number",
    "an unknown escape",
    "the first half of a pair",
    "the second half of a pair",
    "two values",
];
