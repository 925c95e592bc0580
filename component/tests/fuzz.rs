//! Nothing that anybody may give makes the crate panic: texts that are nearly
//! manifests, and manifests that are nearly right.

#![allow(missing_docs)]

mod common;

use common::read_and_check;
use pipeline_component::executor::{ErrorKind, execute, items as items_of};
use pipeline_component::manifest::{
    Connection, Manifest, Metadata, NodeSpec, check, parse, parse_value,
};
use pipeline_component::registry::Registry;
use pipeline_component::value::{Audio, MAX_DEPTH, MAX_DIGITS, Media, Value};
use proptest::prelude::*;

const JSON: &str = r#"{"manifest": {"version": "v1", "metadata": {"name": "é😀", "created_at": null},
 "nodes": [{"id": "a", "node_type": "MultiplyNode", "params": {"factor": 3}, "is_streaming": false,
 "capabilities": {"gpu": {"type": "any", "required": false}, "cpu": {"cores": 2}, "memory_gb": 0.5}},
 {"id": "b", "nodeType": "AddNode", "params": {"addend": {"$float": "nan"}}, "execution": {"placement": "wasi"}},
 {"id": "c", "node_type": "Echo", "media_capabilities": {"inputs": {"in": {"type": "audio"}}}}],
 "connections": [{"from": "a", "to": "b"}, {"from": "b", "to": "c"}, {"from": "a", "to": "c"}]},
 "input_data": [1, 18446744073709551616, -1e400, {"$bytes": "aGk="}, {"$dict": [[1, [2]]]}, {"$tuple": []}]}"#;

const YAML: &str = "# é\nversion: v1\nnodes:\n- &n {id: a, node_type: Echo}\n- <<: *n\n  id: b\n  \
    params: {}\n- id: 'c'\n  node_type: !!str AddNode\n  params:\n    addend: 0x1f\n\
    connections:\n  - from: a\n    to: b\n  - {from: b, to: c}\n";

/// Changes to a text: a character taken away, put in, or a part doubled.
#[derive(Debug, Clone)]
enum Change {
    Take(prop::sample::Index, usize),
    Put(prop::sample::Index, String),
    Copy(prop::sample::Index, prop::sample::Index, usize),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let token = prop_oneof![
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(","),
        Just(":"),
        Just("\""),
        Just("\\"),
        Just("null"),
        Just("-"),
        Just("1e999"),
        Just("NaN"),
        Just("\n"),
        Just("  "),
        Just("\t"),
        Just("&x "),
        Just("*n"),
        Just("!!int "),
        Just("|"),
        Just(">"),
        Just("? "),
        Just("%YAML 1.2"),
        Just("---\n"),
        Just("{\"$tuple\": "),
        Just("\u{feff}"),
        Just("\u{0}"),
        Just("\r\n"),
        Just("🦀"),
        Just("{{{{[[[["),
        Just("'"),
        Just("#"),
        Just("<<: "),
        Just("\\ud800"),
    ];
    let change = prop_oneof![
        (any::<prop::sample::Index>(), 1_usize..20).prop_map(|(at, n)| Change::Take(at, n)),
        (any::<prop::sample::Index>(), token).prop_map(|(at, t)| Change::Put(at, t.to_owned())),
        (
            any::<prop::sample::Index>(),
            any::<prop::sample::Index>(),
            1_usize..40
        )
            .prop_map(|(from, to, n)| Change::Copy(from, to, n)),
    ];
    prop::collection::vec(change, 1..6)
}

fn changed(text: &str, changes: &[Change]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for change in changes {
        match change {
            Change::Take(at, n) => {
                let at = at.index(chars.len() + 1);
                let end = (at + n).min(chars.len());
                chars.drain(at..end);
            }
            Change::Put(at, token) => {
                let at = at.index(chars.len() + 1);
                chars.splice(at..at, token.chars());
            }
            Change::Copy(from, to, n) => {
                let from = from.index(chars.len() + 1);
                let part = chars[from..(from + n).min(chars.len())].to_vec();
                let to = to.index(chars.len() + 1);
                chars.splice(to..to, part);
            }
        }
    }
    chars.into_iter().collect()
}

/// Goes as far with a text as it goes, and checks that all places are in it.
fn try_all(text: &str) {
    let registry = Registry::native();
    if let Some(parsed) = read_and_check(text, &registry) {
        let inputs = parsed.input_data.unwrap_or_else(|| vec![Value::Int(1)]);
        let _ = execute(&parsed.manifest, &registry, Some(inputs));
        let _ = execute(&parsed.manifest, &registry, None);
    }
    let _ = parse_value(text);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_json(changes in changes()) {
        try_all(&changed(JSON, &changes));
    }

    #[test]
    fn changed_yaml(changes in changes()) {
        try_all(&changed(YAML, &changes));
    }

    #[test]
    fn any_text(text in any::<String>()) {
        try_all(&text);
    }
}

#[test]
fn the_texts_are_good_before_they_are_changed() {
    for text in [JSON, YAML] {
        let parsed = parse(text).unwrap();
        assert_eq!(parsed.warnings, []);
        check(&parsed.manifest, &Registry::native()).unwrap();
    }
}

#[test]
fn depth_is_an_error_and_no_overflow() {
    for (open, close) in [
        ("[", "]"),
        ("{\"a\":", "}"),
        ("- ", ""),
        ("{a: ", "}"),
        ("? ", ""),
    ] {
        for depth in [100, 200, 10_000, 1_000_000] {
            let text = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            try_all(&text);
            assert!(parse_value(&text).is_err() || depth == 100);
        }
    }
}

#[test]
fn aliases_do_not_explode() {
    let mut text = "a0: &a0 [x, x]\n".to_owned();
    for n in 1..60 {
        text += &format!(
            "a{n}: &a{n} [{}]\n",
            vec![format!("*a{}", n - 1); 9].join(", ")
        );
    }
    let errors = parse(&text).unwrap_err();
    assert_eq!(errors[0].code, "too-many-aliases");
    assert_eq!(parse("a: &a [*a]").unwrap_err()[0].code, "recursive-alias");
}

#[test]
fn a_text_of_nothing_but_problems_gets_a_bounded_answer() {
    let text = format!(
        "{{\"version\": \"v1\", \"nodes\": [{}]}}",
        vec!["{}"; 20_000].join(",")
    );
    let errors = parse(&text).unwrap_err();
    assert_eq!(errors.len(), 101);
    assert_eq!(errors[100].message, "39900 more problems are not shown");
}

#[test]
fn long_numbers_keep_their_digits_up_to_the_limit() {
    let number = |digits: usize| "7".repeat(digits);
    let longest = number(MAX_DIGITS);
    for text in [
        format!("[{longest}, -{longest}]"),
        format!("- {longest}\n- -{longest}"),
    ] {
        let Value::List(items) = parse_value(&text).unwrap() else {
            panic!("no list");
        };
        let Value::BigInt(number) = &items[1] else {
            panic!("no integer");
        };
        assert_eq!(number.to_string(), format!("-{longest}"));
    }
    let longer = number(MAX_DIGITS + 1);
    for text in [
        format!("[{longer}]"),
        format!("-{longer}"),
        format!("- -{longer}"),
        format!("- 0x{}", "f".repeat(MAX_DIGITS)),
        format!("- 0o{longer}"),
        format!("!!int {longer}"),
    ] {
        let error = &parse_value(&text).unwrap_err()[0];
        assert!(error.message.contains("more than 4300 digits"), "{error}");
    }
}

#[test]
fn messages_are_short_whatever_the_manifest_holds() {
    let long = "x".repeat(1_000_000);
    let node = |fields: &str| format!("{{\"version\": \"v1\", \"nodes\": [{{{fields}}}]}}");
    let good = "\"id\": \"a\", \"node_type\": \"MultiplyNode\"";
    for text in [
        format!("{{\"{long}\": 1, \"{long}\": 2}}"),
        node(&format!(
            "{good}, \"params\": {{\"{long}\": {{\"$x\": 1}}}}"
        )),
        node(&format!("{good}, \"params\": {{\"{long}\": 1}}")),
        node(&format!(
            "{good}, \"params\": {{\"factor\": {{\"${long}\": 1}}}}"
        )),
        node(&format!("{good}, \"params\": {{\"factor\": \"{long}\"}}")),
        node(&format!("{good}, \"python_deps\": [\"{long}\"]")),
        node(&format!("{good}, \"runtime_hint\": \"{long}\"")),
        node(&format!("{good}, \"host\": \"{long}:80\"")),
        node(&format!("\"id\": \"{long}\", \"node_type\": \"Echo\"")),
        node(&format!("\"id\": \"a\", \"node_type\": \"{long}\"")),
        format!("{{\"version\": \"{long}\", \"nodes\": []}}"),
        format!("version: !{long} v1"),
        format!("version: !!int {long}"),
        long,
    ] {
        let diagnostics = match parse(&text) {
            Err(diagnostics) => diagnostics,
            Ok(parsed) => match check(&parsed.manifest, &Registry::native()) {
                Err(diagnostics) => diagnostics,
                Ok(checked) => checked.warnings,
            },
        };
        assert!(!diagnostics.is_empty());
        for diagnostic in diagnostics {
            let related = diagnostic.related.iter();
            let length = related
                .map(|it| it.message.len() + it.path.len())
                .sum::<usize>()
                + diagnostic.message.len()
                + diagnostic.path.len()
                + diagnostic.help.map_or(0, |help| help.len());
            assert!(length < 2000, "{length}: {:.200}", diagnostic.message);
        }
    }
}

#[test]
fn a_mapping_is_no_key() {
    let error = |text: &str| {
        let diagnostics = parse_value(text).unwrap_err();
        format!("{} at {}", diagnostics[0], diagnostics[0].path)
    };
    assert_eq!(
        error("a:\n  text: {{ name }}"),
        "error[wrong-type]: a key must be a string, found an object (put it in quotes) at a.text"
    );
    assert_eq!(
        error("? [1]\n: 2"),
        "error[wrong-type]: a key must be a string, found a list (put it in quotes) at "
    );
    assert_eq!(
        error(r#"{"$dict": [[1, 2], [{"$tuple": [[3]]}, 4]]}"#),
        "error[wrong-type]: a tuple can't be the key of a mapping at [\"$dict\"][1][0]"
    );
    assert!(parse_value(r#"{"$dict": [[{"$tuple": [3, "x"]}, [4]]]}"#).is_ok());
}

/// The depth at which a host's codec stops, and the component's.
#[test]
fn depth_is_that_of_lists_and_mappings() {
    let forms = [
        ("[", "", "]"),
        ("[", "1", "]"),
        ("{\"a\": ", "\"x\"", "}"),
        ("{\"$tuple\": [", "", "]}"),
        ("{\"$dict\": [[1, ", "null", "]]}"),
    ];
    for (open, inner, close) in forms {
        let nested = |depth: usize| format!("{}{inner}{}", open.repeat(depth), close.repeat(depth));
        assert!(parse_value(&nested(MAX_DEPTH)).is_ok(), "{open}");
        let error = &parse_value(&nested(MAX_DEPTH + 1)).unwrap_err()[0];
        assert_eq!(error.message, "nested deeper than 128 levels", "{open}");
    }
}

#[test]
fn half_of_a_pair_of_surrogates_is_no_text() {
    for text in [
        r#"["\ud800"]"#,
        r#"["\ud800x"]"#,
        r#"{"x\udc00": 1}"#,
        r#"["\ud800\n"]"#,
        r#"["\ud800\u0041"]"#,
    ] {
        let error = &parse_value(text).unwrap_err()[0];
        assert!(
            error
                .message
                .contains("half of a surrogate pair is no text"),
            "{text}: {error}"
        );
    }
}

#[test]
fn aliases_copy_no_more_than_they_may() {
    let text = format!(
        "a: &a {}\nb: [{}]",
        "x".repeat(100_000),
        vec!["*a"; 1000].join(", ")
    );
    let error = &parse_value(&text).unwrap_err()[0];
    assert_eq!(error.code, "too-many-aliases");
    assert_eq!(
        error.message,
        "aliases expand to more than 8388608 bytes of strings"
    );
}

#[test]
fn merges_take_what_is_not_there() {
    let merged =
        parse_value("a: &a {x: 1, 1: one}\nb:\n  <<: [*a, {y: 5, x: 6}]\n  '1': own\n  y: 2")
            .unwrap();
    let expected = parse_value("{'1': own, y: 2, x: 1, 1: one}").unwrap();
    assert_eq!(merged.get("b"), Some(&expected));
}

/// Costs nothing to make, and 2^38 items to run.
#[test]
fn paths_that_multiply_items_are_warned_of() {
    let dense = |count: usize| {
        let id = |n: usize| format!("n{n}");
        Manifest {
            version: "v1".to_owned(),
            metadata: Metadata::default(),
            nodes: (0..count)
                .map(|n| NodeSpec::new(id(n), "PassThrough"))
                .collect(),
            connections: (0..count)
                .flat_map(|to| (0..to).map(move |from| (from, to)))
                .map(|(from, to)| Connection {
                    from: id(from),
                    to: id(to),
                })
                .collect(),
            python_env: None,
        }
    };
    let warnings = |count| check(&dense(count), &Registry::native()).unwrap().warnings;
    assert_eq!(warnings(10), []);
    let warning = &warnings(40)[0];
    assert_eq!(
        (warning.path.as_str(), warning.message.as_str()),
        (
            "nodes[39]",
            "274877906944 paths lead to node `n39`: an item may reach it that often"
        )
    );
}

fn values() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        any::<i64>().prop_map(Value::Int),
        Just(Value::Int(0)),
        Just(Value::Int(i64::MIN)),
        any::<f64>().prop_map(Value::Float),
        "-?[1-9][0-9]{18,400}".prop_map(|digits| Value::integer(digits.parse().unwrap())),
    ];
    let leaf = prop_oneof![
        4 => number,
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => ".{0,8}".prop_map(Value::Text),
        1 => prop::collection::vec(any::<u8>(), 0..8).prop_map(Value::Bytes),
        1 => prop::collection::vec(any::<i64>(), 0..8).prop_map(Value::Ints),
        1 => prop::collection::vec(any::<f64>(), 0..8).prop_map(Value::Floats),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Tuple),
            prop::collection::vec((".{0,4}", inner.clone()), 0..4).prop_map(Value::Map),
            prop::collection::vec((inner.clone(), inner), 0..4).prop_map(Value::Entries),
        ]
    })
}

fn audio() -> impl Strategy<Value = Value> {
    let samples = prop::collection::vec(any::<f32>(), 0..40);
    let rate = prop_oneof![
        Just(0),
        Just(1),
        Just(8000),
        Just(44_100),
        Just(48_000),
        any::<u32>()
    ];
    (
        samples,
        rate,
        0_u32..4,
        any::<Option<u64>>(),
        prop::option::of(values()),
    )
        .prop_map(|(samples, sample_rate, channels, timestamp_us, metadata)| {
            Value::Media(Box::new(Media::Audio(Audio {
                samples,
                sample_rate,
                channels,
                stream_id: None,
                timestamp_us,
                metadata,
            })))
        })
}

/// Manifests of known nodes with likely and unlikely parameters.
fn manifests() -> impl Strategy<Value = Manifest> {
    let infos = Registry::native().list();
    let node = prop::sample::select(infos).prop_flat_map(|info| {
        let mut names: Vec<String> = info.params.iter().map(|param| param.name.clone()).collect();
        names.push("unknown".to_owned());
        let value = prop_oneof![
            3 => (0_i64..100).prop_map(Value::Int),
            2 => values(),
            1 => prop::sample::select(vec!["add", "divide", "low", "high"]).prop_map(Value::from),
        ];
        let params = prop::collection::vec((prop::sample::select(names), value), 0..2);
        (Just(info.node_type), params, prop::bool::weighted(0.2))
    });
    let ends = prop::collection::vec((0_usize..7, 0_usize..7), 0..8);
    (prop::collection::vec(node, 0..6), ends).prop_map(|(nodes, ends)| {
        let nodes = nodes.into_iter().enumerate();
        let nodes = nodes.map(|(n, (node_type, params, is_output_node))| NodeSpec {
            params: Value::Map(params),
            is_output_node,
            ..NodeSpec::new(format!("n{n}"), node_type)
        });
        let connection = |(from, to): (usize, usize)| Connection {
            from: format!("n{}", from.min(to)),
            to: format!("n{}", from.max(to)),
        };
        Manifest {
            version: "v1".to_owned(),
            metadata: Metadata::default(),
            nodes: nodes.collect(),
            connections: ends.into_iter().map(connection).collect(),
            python_env: None,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever comes in: an answer, and outputs that anybody can take.
    #[test]
    fn any_pipeline_on_any_items(
        manifest in manifests(),
        items in prop::collection::vec(prop_oneof![3 => values(), 1 => audio()], 0..4),
    ) {
        let registry = Registry::native();
        let checked = check(&manifest, &registry);
        let outputs = match execute(&manifest, &registry, Some(items)) {
            Ok(result) => {
                prop_assert_eq!(&result.graph, &checked.unwrap().graph);
                result.into_items()
            }
            Err(error) => {
                prop_assert_eq!(checked.is_err(), error.kind == ErrorKind::InvalidManifest);
                items_of(error.outputs)
            }
        };
        prop_assert!(outputs.iter().all(|output| !output.is_deeper_than(MAX_DEPTH)));
    }
}

#[test]
fn hopeless_connections_are_answered_in_time() {
    let connection = |n: usize| Connection {
        from: format!("node-number-{n}-x"),
        to: format!("node-number-{}-y", n / 2),
    };
    let manifest = Manifest {
        version: "v1".to_owned(),
        metadata: Metadata::default(),
        nodes: (0..10_000)
            .map(|n| NodeSpec::new(format!("node-number-{n}"), "Nonsense"))
            .collect(),
        connections: (0..100_000).map(connection).collect(),
        python_env: None,
    };
    assert_eq!(
        check(&manifest, &Registry::native()).unwrap_err().len(),
        101
    );
}
