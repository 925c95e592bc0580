//! Reading and writing undo each other.

use proptest::prelude::*;

use super::*;
use crate::types::{
    Audio, Control, ControlKind, Dtype, File, Image, ImageFormat, PixelFormat, Tensor, Text,
    ValueNode, Video,
};

/// A value as people think of it.
#[derive(Clone, Debug)]
enum Model {
    Leaf(ValueNode),
    List(Vec<Model>),
    Tuple(Vec<Model>),
    Fields(Vec<(String, Model)>),
    Entries(Vec<(Model, Model)>),
}

impl Model {
    fn lay(&self, nodes: &mut Vec<ValueNode>) -> u32 {
        let node = match self {
            Self::Leaf(node) => node.clone(),
            Self::List(items) => ValueNode::Items(items.iter().map(|i| i.lay(nodes)).collect()),
            Self::Tuple(items) => ValueNode::Tuple(items.iter().map(|i| i.lay(nodes)).collect()),
            Self::Fields(fields) => ValueNode::Fields(
                fields
                    .iter()
                    .map(|(key, value)| (key.clone(), value.lay(nodes)))
                    .collect(),
            ),
            Self::Entries(entries) => ValueNode::Entries(
                entries
                    .iter()
                    .map(|(key, value)| (key.lay(nodes), value.lay(nodes)))
                    .collect(),
            ),
        };
        nodes.push(node);
        nodes.len() as u32 - 1
    }

    fn value(&self) -> Value {
        let mut nodes = Vec::new();
        let root = self.lay(&mut nodes);
        Value { nodes, root }
    }
}

/// One text for all values that are equal: bulk lists are lists, and every
/// float shows its bits.
fn canonical(value: &Value, index: u32) -> String {
    let list = |items: &[u32]| {
        items
            .iter()
            .map(|i| canonical(value, *i))
            .collect::<Vec<_>>()
            .join(",")
    };
    let float = |number: &f64| {
        if number.is_nan() {
            "nan".into()
        } else {
            format!("f{:x}", number.to_bits())
        }
    };
    match &value.nodes[index as usize] {
        ValueNode::Integer(integer) => format!("i{integer}"),
        ValueNode::BigInteger(digits) => format!("i{digits}"),
        ValueNode::Number(number) => float(number),
        ValueNode::Items(items) => format!("[{}]", list(items)),
        ValueNode::Integers(items) => {
            format!(
                "[{}]",
                items
                    .iter()
                    .map(|i| format!("i{i}"))
                    .collect::<Vec<_>>()
                    .join(",")
            )
        }
        ValueNode::Numbers(items) => {
            format!(
                "[{}]",
                items.iter().map(float).collect::<Vec<_>>().join(",")
            )
        }
        ValueNode::Tuple(items) => format!("({})", list(items)),
        ValueNode::Fields(fields) => {
            let fields = fields
                .iter()
                .map(|(k, v)| format!("{k:?}:{}", canonical(value, *v)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        ValueNode::Entries(entries) => {
            let pairs = entries.iter().map(|(k, v)| list(&[*k, *v]));
            format!("<{}>", pairs.collect::<Vec<_>>().join(";"))
        }
        other => format!("{other:?}"),
    }
}

fn leaf() -> impl Strategy<Value = ValueNode> {
    prop_oneof![
        Just(ValueNode::Null),
        any::<bool>().prop_map(ValueNode::Boolean),
        any::<i64>().prop_map(ValueNode::Integer),
        "-?[1-9][0-9]{19,60}".prop_map(ValueNode::BigInteger),
        any::<f64>().prop_map(ValueNode::Number),
        (-20_i32..20, -1000_i32..1000)
            .prop_map(|(e, m)| ValueNode::Number(f64::from(m) * 10_f64.powi(e))),
        any::<String>().prop_map(ValueNode::Text),
        proptest::collection::vec(any::<u8>(), 0..20).prop_map(ValueNode::Bytes),
        proptest::collection::vec(any::<i64>(), 1..20).prop_map(ValueNode::Integers),
        proptest::collection::vec(any::<f64>(), 1..20).prop_map(ValueNode::Numbers),
    ]
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{0,4}",
        any::<String>(),
        Just("$float".to_owned()),
        Just("$object".to_owned()),
        Just("$".to_owned()),
    ]
}

fn model() -> impl Strategy<Value = Model> {
    leaf()
        .prop_map(Model::Leaf)
        .prop_recursive(6, 60, 6, |inner| {
            let fields =
                proptest::collection::vec((key(), inner.clone()), 0..5).prop_map(|mut all| {
                    let mut seen = std::collections::HashSet::new();
                    all.retain(|(key, _)| seen.insert(key.clone()));
                    Model::Fields(all)
                });
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Model::List),
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Model::Tuple),
                fields,
                proptest::collection::vec((entry_key(), inner), 0..4).prop_map(entries),
            ]
        })
}

/// A mapping with at least one key that is no string, and with none twice that is
/// one.
fn entries(mut entries: Vec<(Model, Model)>) -> Model {
    let mut seen = std::collections::HashSet::new();
    entries.retain(|(key, _)| match key {
        Model::Leaf(ValueNode::Text(name)) => seen.insert(name.clone()),
        _ => true,
    });
    let none = || Model::Leaf(ValueNode::Null);
    entries.push((none(), none()));
    Model::Entries(entries)
}

/// A key of a mapping whose keys are not all strings.
fn entry_key() -> impl Strategy<Value = Model> {
    let scalar = leaf().prop_filter("a list is no key", |leaf| {
        !matches!(leaf, ValueNode::Integers(_) | ValueNode::Numbers(_))
    });
    scalar
        .prop_map(Model::Leaf)
        .prop_recursive(2, 6, 3, |inner| {
            proptest::collection::vec(inner, 0..3).prop_map(Model::Tuple)
        })
}

proptest! {
    #[test]
    fn values_survive(model in model(), pretty in any::<bool>()) {
        let value = model.value();
        let mut writer = Writer::new(if pretty { Style::Pretty } else { Style::Compact });
        writer.value(&value).unwrap();
        let json = writer.finish();
        prop_assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok(), "{}", json);
        let back = read_value(json.as_bytes()).unwrap();
        prop_assert_eq!(validate(&back), Ok(()));
        prop_assert_eq!(canonical(&back, back.root), canonical(&value, value.root), "{}", json);
    }

    #[test]
    fn nothing_panics(text in any::<Vec<u8>>()) {
        let _ = read_items(&text);
    }

    #[test]
    fn cut_text_is_refused(model in model(), cut in any::<prop::sample::Index>()) {
        let json = value_to_json(&model.value()).unwrap();
        if json.starts_with(['{', '[', '"']) {
            let cut = cut.index(json.len());
            prop_assert!(read_value(&json.as_bytes()[..cut]).is_err());
        }
    }

    #[test]
    fn arenas_never_panic(
        nodes in proptest::collection::vec(
            prop_oneof![
                Just(ValueNode::Null),
                proptest::collection::vec(0_u32..8, 0..4).prop_map(ValueNode::Items),
                proptest::collection::vec((0_u32..8, 0_u32..8), 0..3).prop_map(ValueNode::Entries),
            ],
            0..8,
        ),
        root in 0_u32..8,
    ) {
        let value = Value { nodes, root };
        // What is good can be written, and what is written can be read.
        let json = value_to_json(&value);
        prop_assert_eq!(validate(&value).is_ok(), json.is_ok());
        if let Ok(json) = json {
            prop_assert!(read_value(json.as_bytes()).is_ok());
        }
    }

    #[test]
    fn floats_are_written_as_python_does(value in any::<f64>()) {
        let value = if value.is_finite() { value } else { 0.5 };
        let text = value_to_json(&Model::Leaf(ValueNode::Number(value)).value()).unwrap();
        prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), value.to_bits());
        prop_assert!(text.contains(['.', 'e']));
    }
}

fn round(json: &str) -> String {
    let item = read_item(json.as_bytes()).unwrap_or_else(|error| panic!("{json}: {error}"));
    item_to_json(&item).unwrap()
}

#[test]
fn numbers_take_the_bulk_form() {
    let node = |json: &str| {
        let value = read_value(json.as_bytes()).unwrap();
        value.nodes[value.root as usize].clone()
    };
    assert_eq!(node("[1, 2]"), ValueNode::Integers(vec![1, 2]));
    assert_eq!(node("[1.0, 2e3]"), ValueNode::Numbers(vec![1.0, 2000.0]));
    assert_eq!(node("[1, 2.0, 3]"), ValueNode::Items(vec![0, 1, 2]));
}

#[test]
fn pretty() {
    let mut writer = Writer::new(Style::Pretty);
    writer
        .value(&read_value(br#"{"a":[1,2],"b":[],"c":[[1,2],"x"],"d":{}}"#).unwrap())
        .unwrap();
    let expected = "{\n  \"a\": [1, 2],\n  \"b\": [],\n  \"c\": [\n    [1, 2],\n    \"x\"\n  ],\n  \"d\": {}\n}";
    assert_eq!(writer.finish(), expected);
}

#[test]
fn several_items() {
    let items = |json: &str| read_items(json.as_bytes()).unwrap().len();
    assert_eq!(items("[5, 7, 3]"), 3);
    assert_eq!(items("[]"), 0);
    assert_eq!(items(""), 0);
    assert_eq!(items("5"), 1);
    assert_eq!(items("5\n7\n{\"a\": 1}\n"), 3);
    assert_eq!(items("[1]\n[2, 3]\n"), 2);
    assert_eq!(items(r#"[{"$text": {"text": "a"}}, {"$tuple": []}]"#), 2);
}

#[test]
fn what_is_wrong_is_said() {
    let error = |json: &str| read_item(json.as_bytes()).unwrap_err().to_string();
    for (json, message) in [
        (
            "",
            "the text ends where a value should begin (line 1, column 1)",
        ),
        (
            "{\n  \"a\": [1, x]}",
            "a[1]: this is not JSON: expected a value (strings need double quotes) (line 2, column 12)",
        ),
        (
            r#"{"a": 1, "a": 2}"#,
            "a: this key was given before (line 1, column 14)",
        ),
        (
            r#"{"a": {"$nope": 1}}"#,
            "a: the form $nope is unknown (an object with this one key is written {\"$object\": {\"$nope\": ...}}) (line 1, column 7)",
        ),
        (
            r#"{"$float": "x"}"#,
            "$float must be \"nan\", \"inf\" or \"-inf\" (line 1, column 12)",
        ),
        (
            r#"[{"$audio": {}}]"#,
            "[0]: $audio stands for a whole item, not for a part of one (line 1, column 2)",
        ),
        (
            r#"{"$dict": [[1]]}"#,
            "[0]: $dict must hold a list of [key, value] pairs (line 1, column 12)",
        ),
        (
            r#"{"$audio": {"sample_rate": 1, "channels": 1}}"#,
            "['$audio']: $audio needs the field `samples` (line 1, column 1)",
        ),
        (
            r#"{"$audio": {"samples": "AAA=", "sample_rate": 1, "channels": 1}}"#,
            "['$audio'].samples: 2 bytes are no whole number of frames: a sample has 4 bytes, and a frame has 1 of them (line 1, column 1)",
        ),
        (
            r#"{"$image": {"data": "", "format": "gif", "width": 1, "height": 1}}"#,
            "['$image'].format: must be one of jpeg, png, webp, raw (line 1, column 34)",
        ),
        (
            r#"{"$text": {"txt": ""}}"#,
            "['$text'].txt: $text has no such field (it has text, language, channel) (line 1, column 18)",
        ),
        (
            "1 2",
            "there is more text after the value (line 1, column 3)",
        ),
    ] {
        assert_eq!(error(json), message, "{json}");
    }
    for (json, message) in [
        (
            r#"{"$dict": [[1, 2], [[3], 4]]}"#,
            "[1][0]: a list can't be the key of a mapping (line 1, column 20)",
        ),
        (
            r#"{"$dict": [[{"$tuple": [{}]}, 4]]}"#,
            "[0][0]: a tuple can't be the key of a mapping (line 1, column 12)",
        ),
    ] {
        assert_eq!(error(json), message);
    }
    let long = "k".repeat(1_000_000);
    for json in [
        format!("{{\"{long}\": 1, \"{long}\": 2}}"),
        format!("{{\"${long}\": 1}}"),
        format!("{{\"$audio\": {{\"{long}\": 1}}}}"),
    ] {
        assert!(error(&json).len() < 500);
    }
}

#[test]
fn a_mark_at_the_start_is_passed_over() {
    let mark = |json: &str| format!("\u{feff}{json}");
    for json in ["[1,2]", "{\"$tuple\":[1]}", "\"a\""] {
        let item = read_item(mark(json).as_bytes()).unwrap();
        assert_eq!(item_to_json(&item).unwrap(), json);
    }
    assert_eq!(read_items(mark("[1, 2]").as_bytes()).unwrap().len(), 2);
    assert_eq!(read_items(mark("1\n2\n").as_bytes()).unwrap().len(), 2);
    assert_eq!(read_items(mark("").as_bytes()).unwrap().len(), 0);
    assert_eq!(read_inputs(mark(" [1]").as_bytes()).unwrap().len(), 1);
    let request = mark(r#"{"manifest": {"a": 1}}"#);
    let range = read_request(request.as_bytes()).unwrap().manifest;
    assert_eq!(&request[range], r#"{"a": 1}"#);
    let error = read_item(mark("[x]").as_bytes()).unwrap_err();
    assert_eq!((error.line, error.column, error.offset), (1, 2, 4));
}

/// Many levels of forms, each of which must be told apart from an ordinary
/// object: every byte is looked at a few times, not once a level.
#[test]
fn forms_in_forms_are_told_apart_in_one_pass() {
    let deep = |inner: &str| format!("{}{inner}{}", "{\"$tuple\":[".repeat(128), "]}".repeat(128));
    let json = deep(&format!("\"{}\"", "x".repeat(1000)));
    assert_eq!(round(&json), json);
}

#[test]
fn arenas_that_are_no_trees() {
    let check = |nodes: Vec<ValueNode>, root| validate(&Value { nodes, root });
    assert_eq!(check(vec![], 0), Err(ArenaError::OutOfRange(0)));
    assert_eq!(
        check(vec![ValueNode::Items(vec![0])], 0),
        Err(ArenaError::Shared(0))
    );
    let shared = vec![ValueNode::Null, ValueNode::Items(vec![0, 0])];
    assert_eq!(check(shared, 1), Err(ArenaError::Shared(0)));
    assert_eq!(
        check(vec![ValueNode::Null; 3], 1),
        Err(ArenaError::Orphans(2))
    );
    for digits in ["", "-", "01", "1e5", "+1"] {
        let node = ValueNode::BigInteger(digits.into());
        assert_eq!(check(vec![node], 0), Err(ArenaError::NotAnInteger(0)));
    }
    let digits = |count| vec![ValueNode::BigInteger(format!("-{}", "9".repeat(count)))];
    assert_eq!(check(digits(MAX_DIGITS), 0), Ok(()));
    assert_eq!(
        check(digits(MAX_DIGITS + 1), 0),
        Err(ArenaError::TooLong(0))
    );
    let key = |key: ValueNode| vec![key, ValueNode::Entries(vec![(0, 2)]), ValueNode::Null];
    assert_eq!(check(key(ValueNode::Integer(1)), 1), Ok(()));
    let list = ValueNode::Items(vec![]);
    assert_eq!(check(key(list), 1), Err(ArenaError::NotAKey(0)));
}

#[test]
fn media_survive() {
    let items = [
        Data::Audio(Audio {
            samples: vec![f32::NAN, 0.1, -1.0, f32::INFINITY],
            sample_rate: 48_000,
            channels: 2,
            stream_id: None,
            timestamp_us: Some(u64::MAX),
            metadata: None,
        }),
        Data::Video(Video {
            pixel_data: vec![1, 2, 3],
            width: 1,
            height: 1,
            format: PixelFormat::Encoded,
            codec: Some("vp8".into()),
            frame_number: 0,
            timestamp_us: 0,
            is_keyframe: false,
            stream_id: Some("é".into()),
        }),
        Data::Image(Image {
            data: vec![0; 100],
            format: ImageFormat::Raw(PixelFormat::Nv12),
            width: 7,
            height: 9,
            timestamp_us: None,
            metadata: None,
        }),
        Data::Tensor(Tensor {
            data: vec![],
            shape: vec![0, 3],
            dtype: Dtype::F16,
            layout: None,
        }),
        Data::Text(Text {
            text: "\u{0}".into(),
            language: None,
            channel: Some(String::new()),
        }),
        Data::File(File {
            path: "/x".into(),
            filename: None,
            mime_type: None,
            size: None,
            offset: None,
            length: Some(1),
        }),
        Data::Control(Control {
            kind: ControlKind::DeadlineWarning,
            segment_id: None,
            timestamp_ms: 9,
        }),
    ];
    for item in items {
        let json = item_to_json(&item).unwrap();
        let back = read_item(json.as_bytes()).unwrap();
        assert_eq!(item_to_json(&back).unwrap(), json);
    }
}
