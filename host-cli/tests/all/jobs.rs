//! `--jobs`: items split over instances.

use serde_json::json;

use crate::program::{Files, run};

/// Two branches, so two sinks, whose outputs come one sink after the other.
const BRANCHES: &str = r#"{
    "manifest": {
        "version": "v1",
        "nodes": [
            {"id": "in", "node_type": "PassThrough"},
            {"id": "double", "node_type": "MultiplyNode", "params": {"factor": 2}},
            {"id": "more", "node_type": "AddNode", "params": {"addend": 100}}
        ],
        "connections": [{"from": "in", "to": "double"}, {"from": "in", "to": "more"}]
    },
    "input_data": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
}"#;

#[test]
fn the_result_is_that_of_one_instance() {
    let files = Files::new(&[("branches.json", BRANCHES)]);
    let manifest = files.path("branches.json");
    let one = run(["run", &manifest, "--metrics"]).code(0).json();
    for jobs in ["1", "2", "3", "10", "64"] {
        let many = run(["run", &manifest, "--metrics", "--jobs", jobs])
            .code(0)
            .json();
        assert_eq!(many["outputs"], one["outputs"], "{jobs} jobs");
        assert_eq!(many["graph_info"], one["graph_info"]);
        for (many, one) in [(&many, &one)].map(|(a, b)| (&a["metrics"], &b["metrics"])) {
            let counts = |metrics: &serde_json::Value| -> Vec<_> {
                let all = metrics.as_array().expect("a list").iter();
                all.map(|it| (it["items_in"].clone(), it["items_out"].clone()))
                    .collect()
            };
            assert_eq!(counts(many), counts(one));
        }
    }
}

#[test]
fn a_failure_names_the_item_among_all() {
    let files = Files::node("class Own:\n    def process(self, x):\n        return 10 // x\n");
    let items = [
        "-i", "1", "-i", "2", "-i", "5", "-i", "0", "-i", "10", "-i", "0",
    ];
    let run = run(files.arguments(&[&items[..], &["--jobs", "3"]].concat())).code(1);
    let json = run.json();
    assert_eq!(json["error"]["item"], 3);
    assert_eq!(json["error"]["kind"], "node-failed");
    assert_eq!(json["outputs"], json!([10, 5, 2]));
    run.says(&["item 3", "ZeroDivisionError"]);
}
