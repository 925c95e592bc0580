//! What a manifest costs grows with its length, whatever is in it: eight times
//! the text takes about eight times the memory and eight times the work. Each
//! kind of text here is one that could cost more.
//!
//! Memory is what the allocator hands out, counted. Work is this thread's own
//! processor time, and only ratios of it are looked at, the best of several
//! tries: how fast or busy the machine is doesn't matter.

#![allow(missing_docs)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use pipeline_component::manifest::{load, parse_value};
use pipeline_component::registry::Registry;

struct Counting;

thread_local! {
    static BYTES: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: all work is the system allocator's, with the same arguments.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.set(BYTES.get() + layout.size() as u64);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer comes from `System`, with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Nanoseconds that a processor has worked for this thread.
fn processor_time() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is valid for the write.
    let status = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(status, 0);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Does with a text what hosts do: loads it, as a manifest and as a value.
fn work(text: &str) {
    let _ = load(text, &Registry::native());
    let _ = parse_value(text);
}

/// Bytes that work on a text allocates, and its time.
fn cost(text: &str) -> (u64, u64) {
    let (bytes, time) = (BYTES.get(), processor_time());
    work(text);
    (BYTES.get() - bytes, processor_time() - time)
}

fn list(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect::<Vec<_>>().join(",")
}

/// A manifest with these params of one node.
fn params(inner: &str) -> String {
    format!(
        r#"{{"version":"v1","nodes":[{{"id":"a","node_type":"PassThrough","params":{{{inner}}}}}]}}"#
    )
}

fn manifest(nodes: &str, connections: &str) -> String {
    format!(r#"{{"version":"v1","nodes":[{nodes}],"connections":[{connections}]}}"#)
}

fn nodes(count: usize, node_type: impl Fn(usize) -> String) -> String {
    list(count, |n| {
        format!(r#"{{"id":"n{n}","node_type":"{}"}}"#, node_type(n))
    })
}

fn edge(from: usize, to: usize) -> String {
    format!(r#"{{"from":"n{from}","to":"n{to}"}}"#)
}

type Kind = (&'static str, fn(usize) -> String);

const KINDS: &[Kind] = &[
    ("flat", |n| {
        params(&format!(r#""x":[{}]"#, list(n, |_| "\"\"".into())))
    }),
    ("the same key", |n| params(&list(n, |_| "\"a\":1".into()))),
    ("the same key, a line each", |n| {
        params(&"\"a\":1,\n".repeat(n))
    }),
    ("many keys", |n| params(&list(n, |i| format!("\"k{i}\":1")))),
    ("unknown keys", |n| {
        format!(
            r#"{{"version":"v1",{}}}"#,
            list(n, |i| format!("\"k{i}\":1"))
        )
    }),
    ("unknown forms", |n| {
        params(&format!(
            r#""x":[{}]"#,
            list(n, |i| format!("{{\"$k{i}\":1}}"))
        ))
    }),
    ("a long key around many parts", |n| {
        let inner = list(n, |_| "[]".into());
        params(&format!("\"{}\":[{inner}]", "k".repeat(n)))
    }),
    ("long keys around each other", |n| {
        let open = format!("{{\"{}\":", "k".repeat(n / 100));
        params(&format!("\"x\":{}1{}", open.repeat(100), "}".repeat(100)))
    }),
    ("many long keys", |n| {
        let key = "k".repeat(1000);
        params(&list(n / 20, |i| format!("\"{i}{key}\":[{{\"$x\":1}}]")))
    }),
    ("long integers", |n| {
        params(&format!(r#""x":[{}]"#, list(n / 400, |_| "7".repeat(4000))))
    }),
    ("one long integer", |n| {
        params(&format!(r#""x":{}"#, "7".repeat(4 * n)))
    }),
    ("long texts in a wrong place", |n| {
        let text = "x".repeat(n);
        format!(r#"{{"version":"{text}","nodes":"{text}","connections":["{text}"]}}"#)
    }),
    ("deep", |n| params(&format!("\"x\":{}", "[".repeat(n)))),
    ("no end", |n| params(&"{\"\\\"".repeat(n))),
    ("unknown types", |n| {
        manifest(&nodes(n / 10, |i| format!("Unknown{i}")), "")
    }),
    ("unknown ends", |n| {
        let ends = list(n / 10, |i| edge(n + i, 2 * n + i));
        manifest(&nodes(n / 10, |_| "PassThrough".into()), &ends)
    }),
    ("unknown ends with long names", |n| {
        let id = "n".repeat(240);
        let nodes = list(n / 100, |i| {
            format!(r#"{{"id":"{id}{i}","node_type":"PassThrough"}}"#)
        });
        let ends = list(n / 100, |i| {
            format!(r#"{{"from":"{id}x{i}","to":"{id}0"}}"#)
        });
        manifest(&nodes, &ends)
    }),
    ("nodes with one id", |n| {
        manifest(
            &list(n / 10, |_| r#"{"id":"a","node_type":"Echo"}"#.into()),
            "",
        )
    }),
    ("unknown params", |n| {
        let inner = list(n, |i| format!("\"k{i}\":1"));
        params(&inner).replace("PassThrough", "MultiplyNode")
    }),
    ("warnings", |n| {
        let node = |i| format!(r#"{{"id":"n{i}","node_type":"Echo","is_streaming":true}}"#);
        manifest(&list(n / 10, node), "")
    }),
    ("a ring", |n| {
        let count = n / 10;
        let ends = list(count, |i| edge(i, (i + 1) % count));
        manifest(&nodes(count, |_| "Echo".into()), &ends)
    }),
    ("two nodes connected often", |n| {
        manifest(&nodes(2, |_| "Echo".into()), &list(n / 5, |_| edge(0, 1)))
    }),
    ("every node to every later one", |n| {
        // As many connections as fit, and so the square root in nodes.
        let count = (n as f64).sqrt() as usize;
        let pairs = (0..count).flat_map(|to| (0..to).map(move |from| edge(from, to)));
        manifest(
            &nodes(count, |_| "Echo".into()),
            &pairs.collect::<Vec<_>>().join(","),
        )
    }),
    ("one line: nodes of one type", |n| {
        "PassThrough ! ".repeat(n / 14) + "PassThrough"
    }),
    ("one line: ids that are taken", |n| {
        let given = (0..n / 60).map(|i| format!("PassThrough-{i}=PassThrough ; "));
        given.collect::<String>() + &"PassThrough ; ".repeat(n / 28)
    }),
    ("one line: params", |n| {
        "AddNode ".to_owned() + &(0..n / 8).map(|i| format!("k{i}=[1] ")).collect::<String>()
    }),
    ("yaml: a merge of many keys into many", |n| {
        let keys = |name: &str, count| {
            (0..count)
                .map(|i| format!("  {name}{i}: 1\n"))
                .collect::<String>()
        };
        format!(
            "a: &a\n{}b:\n  <<: *a\n{}",
            keys("k", n / 4),
            keys("j", n / 2)
        )
    }),
    ("yaml: many merges", |n| {
        let one = |i| format!("- {{<<: *a, k{i}: 1}}\n");
        format!("- &a {{x: 1}}\n{}", (0..n / 4).map(one).collect::<String>())
    }),
    ("yaml: aliases of aliases", |n| {
        let one = |i| format!("a{}: &a{} [*a{i}, *a{i}]\n", i + 1, i + 1);
        format!("a0: &a0 x\n{}", (0..n / 20).map(one).collect::<String>())
    }),
    ("yaml: many anchors", |n| {
        (0..n).map(|i| format!("- &k{i} 1\n")).collect()
    }),
    ("yaml: letters of several bytes", |n| "- é\n".repeat(n)),
    ("yaml: a text over many lines", |n| {
        format!("a: {}", "word\n  ".repeat(n))
    }),
    ("yaml: escapes", |n| {
        format!("a: \"{}\"", "\\u00e9".repeat(n))
    }),
    ("yaml: open brackets", |n| format!("- {}", "[{".repeat(n))),
    ("yaml: mappings as keys", |n| {
        format!("[{}]", list(n / 4, |_| "{{ x }}".into()))
    }),
    ("yaml: question marks", |n| "? ".repeat(n)),
    ("yaml: no end", |n| format!("[{}", "a, ".repeat(n))),
];

/// How many times as much eight times the text may cost. What grows with the
/// square costs 64 times as much; what grows with the length costs 8 times, and
/// in time somewhat more, since caches hold less of it.
const MOST_MEMORY: f64 = 12.0;
const MOST_TIME: f64 = 24.0;

#[test]
fn cost_grows_with_the_text() {
    let mut wrong = Vec::new();
    for (name, make) in KINDS {
        let (small, large) = (make(5000), make(40_000));
        work(&small);
        let least = |text: &str| {
            let tries = (0..4).map(|_| cost(text));
            tries.reduce(|a, b| (a.0.min(b.0), a.1.min(b.1))).unwrap()
        };
        let grown = |(small, large): (u64, u64)| large as f64 / small as f64;
        let mut worst = (0.0, 0.0);
        // Time is measured again where it seems to be too much.
        for _ in 0..5 {
            let (few, many) = (least(&small), least(&large));
            worst = (grown((few.0, many.0)), grown((few.1, many.1)));
            if worst.1 < MOST_TIME {
                break;
            }
        }
        if worst.0 >= MOST_MEMORY || worst.1 >= MOST_TIME {
            wrong.push(format!(
                "{name}: {:.1} times the memory, {:.1} times the work",
                worst.0, worst.1
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
