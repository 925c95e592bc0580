//! Peers that speak to `pipeline serve --webrtc` for a while, from one thread: what
//! the server's part takes, what is lost, and what a peer costs.
//!
//!     cargo run --release -p xtask -p pipeline-benches --bin pipeline-webrtc-load

#![forbid(unsafe_code)]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::Parser;
use pipeline_benches::{Machine, load};
use pipeline_webrtc::client::{Client, Event, Wanted};
use serde_json::{Value, json};

/// How long 20 ms are.
const STEP: Duration = Duration::from_millis(20);

/// Lets peers speak to `pipeline serve --webrtc`.
#[derive(Parser)]
struct Arguments {
    /// What was built.
    #[arg(long, default_value = "target/dist")]
    dist: PathBuf,
    /// How many peers.
    #[arg(long, default_value_t = 50)]
    peers: u32,
    /// How many seconds they speak.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// The pipeline: `gain` in Rust, or `python`, a node in Python that halves each
    /// sample with numpy.
    #[arg(long, default_value = "gain")]
    pipeline: String,
    /// Write it to a file of this name in benches/results, among others there.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

/// The server, until it is dropped.
struct Server {
    child: Child,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(dist: &Path, place: &Path, peers: u32) -> Result<Self> {
        let mut child = Command::new(dist.join("pipeline"))
            .args(["serve", "--addr", "127.0.0.1:0", "--webrtc", "127.0.0.1:0"])
            .args(["--webrtc-peers", &peers.to_string()])
            .arg("--pipelines")
            .arg(place)
            .arg("--nodes")
            .arg(place.join("nodes"))
            .env("PIPELINE_DIST", dist)
            .stderr(Stdio::piped())
            .spawn()
            .context("the server does not start")?;
        let mut lines = BufReader::new(child.stderr.take().context("no standard error")?).lines();
        let address = loop {
            let line = lines.next().context("the server ended")??;
            if let Some(address) = line.strip_prefix("listening on ") {
                break address.to_owned();
            }
        };
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                eprintln!("{line}");
            }
        });
        Ok(Self { child, address })
    }

    fn join(&self, pipeline: &str, wanted: Wanted) -> Result<Client> {
        let url = format!("{}/v1/pipelines/{pipeline}/whip", self.address);
        let (mut client, offer) = Client::new(wanted)?;
        let posted = ureq::post(&url)
            .content_type("application/sdp")
            .send(&offer);
        let answer = posted?.body_mut().read_to_string()?;
        client.answer(&answer)?;
        Ok(client)
    }

    fn metrics(&self) -> Result<String> {
        let mut answer = ureq::get(format!("{}/metrics", self.address)).call()?;
        Ok(answer.body_mut().read_to_string()?)
    }

    /// A number of MiB that the system knows of the server.
    fn memory(&self, name: &str) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib: f64 = line
            .and_then(|rest| rest.trim_start_matches(':').split_whitespace().next())
            .context("no such line")?
            .parse()?;
        Ok(kib / 1024.0)
    }

    /// Seconds of processor time that the server has used.
    fn processor(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let rest = stat.rsplit(')').next().context("no name")?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|it| it.parse::<f64>().ok());
        let both = ticks(11).zip(ticks(12)).context("no times")?;
        // Linux counts in hundredths for programs, whatever it does itself.
        Ok((both.0 + both.1) / 100.0)
    }
}

/// The value of a metric; 0 where it has none.
fn metric(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.trim().parse().ok())
        .unwrap_or(0.0)
}

/// What a fraction of the items took at most, between two readings, in milliseconds:
/// the bound of the histogram's bucket that it is in.
fn quantile(before: &str, after: &str, fraction: f64) -> f64 {
    const NAME: &str = "pipeline_webrtc_item_duration_seconds";
    let count = |text: &str| metric(text, &format!("{NAME}_count"));
    let all = count(after) - count(before);
    let prefix = format!("{NAME}_bucket{{le=\"");
    for line in after.lines() {
        let Some((bound, value)) = line
            .strip_prefix(prefix.as_str())
            .and_then(|rest| rest.split_once("\"}"))
        else {
            continue;
        };
        let earlier = metric(before, &format!("{prefix}{bound}\"}}"));
        let until: f64 = value.trim().parse().unwrap_or(0.0) - earlier;
        if until >= fraction * all {
            return 1000.0 * bound.parse::<f64>().unwrap_or(f64::INFINITY);
        }
    }
    f64::NAN
}

fn tone(n: u32) -> Vec<f32> {
    let step = std::f32::consts::TAU * 440.0 / 48_000.0;
    (0..960)
        .map(|sample| 0.5 * (step * ((n * 960 + sample) % 48_000) as f32).sin())
        .collect()
}

fn manifests(place: &Path) -> Result<()> {
    let one = |node_type: &str, params: Value| {
        let node = json!({"id": "n", "node_type": node_type, "params": params});
        json!({"version": "v1", "nodes": [node]}).to_string()
    };
    fs::write(
        place.join("gain.json"),
        one("AudioGainNode", json!({"gain_db": -6})),
    )?;
    fs::write(place.join("python.json"), one("half:Half", json!({})))?;
    fs::create_dir(place.join("nodes"))?;
    let code = "from remotemedia import Audio\nimport numpy\n\n\nclass Half:\n    def process(self, x):\n        \
                samples = numpy.asarray(x.samples, dtype=numpy.float32) * 0.5\n        \
                return Audio(samples, x.sample_rate, x.channels)\n";
    fs::write(place.join("nodes/half.py"), code)?;
    Ok(())
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let dist = arguments.dist.canonicalize()?;
    let place = tempfile::tempdir()?;
    manifests(place.path())?;
    let before = load();
    let server = Server::start(&dist, place.path(), arguments.peers)?;
    let idle = server.memory("VmRSS")?;
    let wanted = Wanted {
        talks: true,
        hears: true,
        channel: true,
    };
    let mut peers = Vec::new();
    for _ in 0..arguments.peers {
        let mut peer = server.join(&arguments.pipeline, wanted)?;
        let start = Instant::now();
        while !peer
            .wait(Duration::from_millis(100))?
            .contains(&Event::Open)
        {
            if start.elapsed() > Duration::from_secs(60) {
                bail!("a peer can't connect");
            }
        }
        peers.push(peer);
    }
    // One second in advance, so that all is in its place.
    let mut sent = speak(&mut peers, 0, 50)?.0;
    let (first, processor) = (server.metrics()?, server.processor()?);
    let steps = arguments.seconds * 50;
    let start = Instant::now();
    let (packets, heard) = speak(&mut peers, 50, steps)?;
    sent += packets;
    let took = start.elapsed().as_secs_f64();
    let processor = server.processor()? - processor;
    let last = server.metrics()?;
    let lost_of = |place: &str| {
        let name = format!("pipeline_webrtc_lost_total{{where=\"{place}\"}}");
        metric(&last, &name)
    };
    let items = metric(&last, "pipeline_webrtc_item_duration_seconds_count")
        - metric(&first, "pipeline_webrtc_item_duration_seconds_count");
    let here: u64 = peers.iter().map(|peer| peer.lost).sum();
    let memory = server.memory("VmRSS")?;
    let result = json!({
        "machine": Machine::read(Path::new("."), "python3".as_ref(), before),
        "pipeline": arguments.pipeline,
        "peers": arguments.peers,
        "seconds": took,
        "packets_sent": sent,
        "items": items,
        "pieces_heard": heard,
        "ms": {
            "p50_at_most": quantile(&first, &last, 0.5),
            "p99_at_most": quantile(&first, &last, 0.99),
            "p999_at_most": quantile(&first, &last, 0.999),
            "mean": 1000.0 * (metric(&last, "pipeline_webrtc_item_duration_seconds_sum")
                - metric(&first, "pipeline_webrtc_item_duration_seconds_sum")) / items,
        },
        "lost": {
            "to_server": lost_of("network"),
            "dropped_by_server": lost_of("audio-in"),
            "datagrams_of_server": lost_of("datagram"),
            "to_peers": here,
        },
        "processors": processor / took,
        "memory_mib": {"idle": idle, "with_peers": memory, "each": (memory - idle) / f64::from(arguments.peers), "most": server.memory("VmHWM")?},
    });
    println!("{}", serde_json::to_string_pretty(&result)?);
    if let Some(file) = &arguments.record {
        record(&Path::new("benches/results").join(file), result)?;
    }
    Ok(())
}

/// Lets all peers speak for so many packets; how many were sent, and how many pieces
/// heard.
fn speak(peers: &mut [Client], from: u32, steps: u32) -> Result<(u64, u64)> {
    let (mut sent, mut heard) = (0, 0);
    let start = Instant::now();
    for step in 0..steps {
        let samples = tone(from + step);
        let count = peers.len() as u32;
        #[expect(
            clippy::needless_range_loop,
            reason = "peers are taken out in the loop"
        )]
        for at in 0..peers.len() {
            // They speak one after the other within the 20 ms, as peers do that know
            // nothing of each other.
            let due = STEP * step + STEP * at as u32 / count;
            while start.elapsed() < due {
                let waits = due
                    .saturating_sub(start.elapsed())
                    .min(Duration::from_micros(400));
                std::thread::sleep(waits);
            }
            peers[at].talk(&samples)?;
            sent += 1;
            let events = peers[at].poll()?;
            heard += events
                .iter()
                .filter(|it| matches!(it, Event::Audio(_)))
                .count() as u64;
            if events.contains(&Event::Closed) {
                bail!("the server ended a peer");
            }
        }
    }
    Ok((sent, heard))
}

/// Adds a result to those that a file has.
fn record(path: &Path, result: Value) -> Result<()> {
    let mut all: Vec<Value> = match fs::read_to_string(path) {
        Ok(text) => serde_json::from_str(&text)?,
        Err(_) => Vec::new(),
    };
    all.push(result);
    fs::write(path, serde_json::to_string_pretty(&all)? + "\n")?;
    Ok(())
}
