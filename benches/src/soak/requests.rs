//! Requests to `pipeline serve`, with hostile clients among the honest ones.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde::Serialize;
use serde_json::{Value, json};

use crate::Built;
use crate::clients::{Again, Client, JSON, NDJSON, PATIENCE, Server};
use crate::hostile;
use crate::runs::honest;
use crate::watch::{Sample, Watch, note};

/// What came of the requests.
#[derive(Serialize)]
pub(crate) struct Record {
    requests: u64,
    seconds: f64,
    /// How often each kind of request was answered with which status.
    answers: BTreeMap<String, u64>,
    /// What hostile clients did.
    hostile: BTreeMap<&'static str, u64>,
    again_closed: u64,
    again_refused: u64,
    again_late: u64,
    samples: Vec<Sample>,
}

/// Clients that mean well, and others.
const HONEST: usize = 8;
const HOSTILE: usize = 8;

/// Makes the requests.
pub(crate) fn soak(built: &Built, requests: u64, wrong: &mut Vec<String>) -> Result<Record> {
    println!("{requests} requests, with {HOSTILE} hostile clients beside");
    let mut server = Server::start(built, None)?;
    let address = server.address;
    let mut watch = Watch::new(Some(server.id()));
    let (next, done) = (AtomicU64::new(0), AtomicU64::new(0));
    let stop = AtomicBool::new(false);
    let again = Again::default();
    let answers = Mutex::new(BTreeMap::<String, u64>::new());
    let acts = Mutex::new(BTreeMap::<&'static str, u64>::new());
    let found = Mutex::new(Vec::new());
    let start = Instant::now();
    // What the first ones bring: threads, and code that is read once.
    warm_up(address, &again)?;
    let rest = watch.descriptors()?;

    thread::scope(|scope| -> Result<()> {
        for number in 0..HOSTILE {
            let (stop, acts) = (&stop, &acts);
            scope.spawn(move || {
                let mut which = number;
                while !stop.load(Ordering::Relaxed) {
                    // It may be refused, and that is well.
                    let _ = hostile::act(which, address);
                    let name = hostile::ACTS[which % hostile::ACTS.len()].0;
                    *acts.lock().expect("no panic").entry(name).or_default() += 1;
                    which += 1;
                }
            });
        }
        for _ in 0..HONEST {
            scope.spawn(|| {
                let client = Client::new(address, &again);
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= requests {
                        break;
                    }
                    let said = match ask(&client, number) {
                        Ok(said) => said,
                        Err(error) => {
                            note(&mut found.lock().expect("no panic"), format!("{error:#}"));
                            "wrong".to_owned()
                        }
                    };
                    *answers.lock().expect("no panic").entry(said).or_default() += 1;
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let result = sample(&mut watch, &done, requests);
        stop.store(true, Ordering::Relaxed);
        result
    })?;

    wrong.extend(found.into_inner().expect("no panic"));
    watch.flat("requests", wrong);
    at_rest(&watch, address, rest, wrong)?;
    let status = server.terminate()?;
    if !status.success() {
        note(wrong, format!("the server ended with {status}"));
    }
    Ok(Record {
        requests,
        seconds: start.elapsed().as_secs_f64(),
        answers: answers.into_inner().expect("no panic"),
        hostile: acts.into_inner().expect("no panic"),
        again_closed: again.closed.into_inner(),
        again_refused: again.refused.into_inner(),
        again_late: again.late.into_inner(),
        samples: watch.samples,
    })
}

/// Looks at the server until all is done.
fn sample(watch: &mut Watch, done: &AtomicU64, requests: u64) -> Result<()> {
    let step = (requests / 100).max(1);
    let mut at = 0;
    loop {
        let now = done.load(Ordering::Relaxed);
        if now >= at {
            let seen = watch.look(now)?;
            if at % (step * 10) == 0 {
                println!("  {now} requests, {} MiB", seen.memory >> 10);
            }
            at += step;
        }
        if now >= requests {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(5));
    }
}

fn warm_up(address: SocketAddr, again: &Again) -> Result<()> {
    thread::scope(|scope| {
        let all: Vec<_> = (0..HONEST as u64)
            .map(|first| {
                scope.spawn(move || {
                    let client = Client::new(address, again);
                    (0..9).try_for_each(|number| ask(&client, first * 10 + number).map(drop))
                })
            })
            .collect();
        all.into_iter()
            .try_for_each(|one| one.join().expect("no panic"))
    })
}

/// When all clients have gone, so has what the server held for them, and each of
/// its turns can be used.
fn at_rest(watch: &Watch, address: SocketAddr, rest: u64, wrong: &mut Vec<String>) -> Result<()> {
    let again = Again::default();
    let start = Instant::now();
    loop {
        let metrics = Client::new(address, &again).get("/metrics")?;
        let idle = ["pipeline_http_running 0", "pipeline_http_waiting 0"]
            .iter()
            .all(|line| metrics.lines().any(|found| found == *line));
        let open = watch.descriptors()?;
        if idle && open <= rest + 4 {
            break;
        }
        if start.elapsed() > PATIENCE {
            note(
                wrong,
                format!(
                    "the server never comes to rest: {open} descriptors, {rest} before\n{metrics}"
                ),
            );
            break;
        }
        thread::sleep(Duration::from_millis(50));
    }
    warm_up(address, &again)
}

/// A request, and its answer judged; how it was answered.
fn ask(client: &Client<'_>, number: u64) -> Result<String> {
    let item = i64::try_from(number % 100_000)?;
    match number % 10 {
        0..=3 => {
            let body = format!("[{item}, {}]", item + 1);
            let (status, text) = client.post("/v1/pipelines/multiply_add", JSON, &body, false)?;
            let outputs = json!([item * 2 + 10, item * 2 + 12]);
            ensure!(
                status == 200 && serde_json::from_str::<Value>(&text)?["outputs"] == outputs,
                "multiply_add of {body}: {status} {text}"
            );
            Ok("Rust nodes: right".into())
        }
        4..=7 => {
            let body = request("Honest", "{}", item);
            let (status, text) = client.post("/v1/execute", JSON, &body, false)?;
            let expected = format!(r#""outputs":[{}]"#, honest(item));
            ensure!(
                status == 200 && text.contains(&expected),
                "the honest node on {item}: {status} {text}"
            );
            Ok("a Python node: right".into())
        }
        8 => {
            let body = format!("{item}\n{}\n", item + 1);
            let (status, text) = client.post("/v1/pipelines/multiply_add", NDJSON, &body, false)?;
            let (first, second) = (item * 2 + 10, item * 2 + 12);
            let outputs = format!("{{\"output\":{first}}}\n{{\"output\":{second}}}\n");
            ensure!(
                status == 200 && text.starts_with(&outputs) && text.contains("\"success\""),
                "a stream of {body:?}: {status} {text}"
            );
            Ok("a stream: right".into())
        }
        _ => fails(client, number),
    }
}

/// A request that can't succeed.
fn fails(client: &Client<'_>, number: u64) -> Result<String> {
    const WAYS: [(&str, &[u16]); 9] = [
        ("exception", &[422]),
        ("exits", &[500]),
        ("recursion", &[422]),
        ("memory", &[422, 503]),
        ("trap", &[500]),
        // What limits say of these may change.
        ("prints", &[200, 422, 500, 503]),
        ("files", &[200, 422, 500, 503]),
        ("no JSON", &[400]),
        ("busy", &[504]),
    ];
    let turn = number / 10;
    // One that is busy takes its whole time.
    let (how, statuses) = match turn % 100 {
        50 => WAYS[WAYS.len() - 1],
        _ => WAYS[turn as usize % (WAYS.len() - 1)],
    };
    let body = match how {
        "no JSON" => "{\"manifest\": ".to_owned(),
        _ => request("Fails", &format!(r#"{{"how": "{how}"}}"#), 0),
    };
    let (status, text) = client.post("/v1/execute", JSON, &body, how == "busy")?;
    ensure!(statuses.contains(&status), "{how}: {status} {text}");
    Ok(format!("{how}: {status}"))
}

fn request(class: &str, params: &str, item: i64) -> String {
    format!(
        r#"{{"manifest": {{"version": "v1", "nodes": [{{"id": "n", "node_type": "soak_nodes:{class}", "params": {params}}}]}}, "inputs": [{item}]}}"#
    )
}
