//! (i): what a manifest costs, by its length: nothing that it may hold makes it
//! cost more than in proportion.

use std::time::Instant;

use anyhow::Result;
use pipeline_host::Instance;

use crate::host::{Host, block_on};
use crate::record::{Bar, Row, Section};

/// How long a manifest is of which the cost is compared, and how much longer
/// each next one.
const LENGTHS: [usize; 4] = [1, 2, 4, 8];

/// Eight times the length may cost so many times as much; with the square of
/// the length it would be 64 times.
const MOST: f64 = 16.0;

type Kind = (&'static str, fn(usize) -> String);

/// Manifests of a length that grows with a number, each of which could cost
/// more than that.
const KINDS: [Kind; 9] = [
    ("many nodes", |n| {
        manifest(&nodes(n, "PassThroughNode"), &ends(n, |i| (i, i + 1)))
    }),
    ("keys given twice, on one line", |n| {
        params(&list(10 * n, |_| r#""a":1"#.to_owned()))
    }),
    ("unknown keys", |n| {
        let keys = list(10 * n, |i| format!(r#""k{i}":1"#));
        format!(r#"{{"version":"v1",{keys}}}"#)
    }),
    ("unknown node types", |n| {
        let node = |i| format!(r#"{{"id":"n{i}","node_type":"TextProcesor{i}"}}"#);
        manifest(&list(n, node), "")
    }),
    ("unknown parameters of a Python node", |n| {
        let node = params(&list(10 * n, |i| format!(r#""k{i}":1"#)));
        node.replace("PassThroughNode", "TextProcessorNode")
    }),
    ("connections to unknown nodes", |n| {
        manifest(
            &nodes(n, "PassThroughNode"),
            &ends(n, |i| (n + i, 2 * n + i)),
        )
    }),
    ("a long key around many parts", |n| {
        let parts = list(10 * n, |_| "[]".to_owned());
        params(&format!(r#""{}":[{parts}]"#, "k".repeat(10 * n)))
    }),
    ("YAML: keys merged into others", |n| {
        let keys = |name: &str, count| -> String {
            (0..count).map(|i| format!("  {name}{i}: 1\n")).collect()
        };
        format!(
            "a: &a\n{}b:\n  <<: *a\n{}",
            keys("k", 2 * n),
            keys("j", 4 * n)
        )
    }),
    ("integers of 4,000 digits", |n| {
        params(&format!(r#""x":[{}]"#, list(n / 20, |_| "7".repeat(4000))))
    }),
];

pub(crate) fn measure(host: &Host, rounds: usize) -> Result<Section> {
    let mut section = Section::new("i", "Manifests, by their length");
    let mut worst: f64 = 0.0;
    for (name, make) in KINDS {
        let mut medians = Vec::new();
        for times in LENGTHS {
            let text = make(1000 * times);
            let mut samples = Vec::new();
            for _ in 0..rounds {
                let mut instance = host.instance()?;
                let start = Instant::now();
                block_on(read(&mut instance, &text))?;
                samples.push(start.elapsed().as_secs_f64() * 1e3);
            }
            let kilobytes = text.len().div_ceil(1000);
            let row = section.row(Row::new(format!("{name}, {kilobytes} kB"), "ms", samples));
            medians.push(row.median());
        }
        worst = worst.max(medians[3] / medians[0]);
    }
    let promise = "eight times the text, times the time: the worst of all kinds";
    section.bars = vec![Bar::at_most(promise, worst, MOST)];
    section.notes = vec![
        "Each is loaded in an instance of its own: read and checked, with the place of all that \
         is wrong."
            .to_owned(),
    ];
    Ok(section)
}

/// What `pipeline check` does.
async fn read(instance: &mut Instance, text: &str) -> Result<()> {
    let loaded = instance.load(text).await?;
    std::hint::black_box(loaded.is_ok());
    Ok(())
}

fn list(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect::<Vec<_>>().join(",")
}

fn nodes(count: usize, node_type: &str) -> String {
    list(count, |i| {
        format!(r#"{{"id":"n{i}","node_type":"{node_type}"}}"#)
    })
}

/// Connections, one less than `count`.
fn ends(count: usize, ends: impl Fn(usize) -> (usize, usize)) -> String {
    list(count - 1, |i| {
        let (from, to) = ends(i);
        format!(r#"{{"from":"n{from}","to":"n{to}"}}"#)
    })
}

fn manifest(nodes: &str, connections: &str) -> String {
    format!(r#"{{"version":"v1","nodes":[{nodes}],"connections":[{connections}]}}"#)
}

/// A manifest of one node with these parameters.
fn params(inner: &str) -> String {
    let node = format!(r#"{{"id":"a","node_type":"PassThroughNode","params":{{{inner}}}}}"#);
    manifest(&node, "")
}
