//! Peers over WebRTC, from a client of our own over the loopback interface.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use pipeline_webrtc::client::{Client, Event, Wanted};
use serde_json::{Value, json};

use crate::program::{Files, PATIENCE};
use crate::server::{Response, Server};

const SDP: &str = "content-type: application/sdp\r\n";
pub(crate) const ALL: Wanted = Wanted {
    talks: true,
    hears: true,
    channel: true,
};

pub(crate) fn node(node_type: &str, params: Value) -> String {
    let node = json!({"id": "n", "node_type": node_type, "params": params});
    json!({"version": "v1", "nodes": [node]}).to_string()
}

fn files() -> Files {
    Files::new(&[
        (
            "p/gain.json",
            &node("AudioGainNode", json!({"gain_db": -6})),
        ),
        ("p/pass.json", &node("PassThrough", json!({}))),
        ("p/told.json", &node("own:Told", json!({}))),
        ("p/cleaned.json", &node("own:Cleaned", json!({}))),
        ("p/busy.json", &node("own:Busy", json!({}))),
        ("p/tone.json", &node("own:Tone", json!({}))),
        ("p/odd.json", &node("own:Odd", json!({}))),
        ("p/wrong.json", &node("Nothing", json!({}))),
        (
            "nodes/own.py",
            "from remotemedia import Audio\n\
             class Told:\n    def process(self, x):\n        \
             if isinstance(x, Audio):\n            \
             yield {'rate': x.sample_rate, 'channels': x.channels, 'samples': len(x.samples), 'at': x.timestamp_us}\n        \
             else:\n            yield x\n    \
             def flush(self):\n        return 'flushed'\n\
             class Cleaned:\n    def process(self, x):\n        yield x\n    \
             def cleanup(self):\n        print('cleaned up')\n\
             class Busy:\n    def process(self, x):\n        \
             while True:\n            pass\n\
             class Tone:\n    def process(self):\n        \
             for n in range(50):\n            yield Audio([0.5 if i % 40 < 20 else -0.5 for i in range(320)], 16000, 1)\n        yield 'sung'\n\
             class Odd:\n    def process(self, x):\n        yield Audio([0.0] * 882, 44100, 1)\n",
        ),
    ])
}

fn serve(files: &Files, more: &[&str]) -> Server {
    let (p, nodes) = (files.path("p"), files.path("nodes"));
    let own = [
        "--webrtc",
        "127.0.0.1:0",
        "--pipelines",
        &p,
        "--nodes",
        &nodes,
    ];
    Server::start(own.iter().chain(more))
}

pub(crate) fn post(server: &Server, path: &str, offer: &str) -> Response {
    let path = format!("/v1/pipelines/{path}");
    server.send("POST", &path, SDP, offer.as_bytes()).read()
}

/// A peer, where it can be ended, and what happened to it that nobody asked for yet.
pub(crate) struct Peer {
    pub(crate) client: Client,
    pub(crate) location: String,
    happened: VecDeque<Event>,
    talking: Option<(Instant, u32)>,
}

impl Peer {
    /// A peer that is connected.
    pub(crate) fn join(server: &Server, path: &str, wanted: Wanted) -> Self {
        let mut peer = Self::answered(server, path, wanted);
        peer.until("connected", |event| {
            (*event == Event::Connected).then_some(())
        });
        if wanted.channel {
            peer.until("open", |event| (*event == Event::Open).then_some(()));
        }
        peer
    }

    pub(crate) fn answered(server: &Server, path: &str, wanted: Wanted) -> Self {
        let (mut client, offer) = Client::new(wanted).expect("an offer");
        let answer = post(server, path, &offer);
        assert_eq!(answer.status, 201, "{}", answer.body);
        assert!(
            answer.head.contains("content-type: application/sdp"),
            "{}",
            answer.head
        );
        client.answer(&answer.body).expect("an answer");
        let location = answer
            .head
            .lines()
            .find_map(|line| line.strip_prefix("location: "));
        Self {
            client,
            location: location.expect("a location").to_owned(),
            happened: VecDeque::new(),
            talking: None,
        }
    }

    /// Begins to send a tone, a packet each 20 ms.
    pub(crate) fn talk(&mut self) {
        self.talking = Some((Instant::now(), 0));
    }

    pub(crate) fn step(&mut self) {
        if let Some((start, sent)) = &mut self.talking {
            while start.elapsed() >= *sent * Duration::from_millis(20) {
                // Where it was ended, that is seen by what it does not hear.
                let _ = self.client.talk(&tone(*sent));
                *sent += 1;
            }
        }
        let events = self.client.wait(Duration::from_millis(10));
        self.happened.extend(events.expect("a connection"));
    }

    /// The first of what happens that is looked for; what is not is forgotten.
    #[track_caller]
    pub(crate) fn until<T>(&mut self, what: &str, mut found: impl FnMut(&Event) -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            while let Some(event) = self.happened.pop_front() {
                if let Some(found) = found(&event) {
                    return found;
                }
            }
            assert!(start.elapsed() < PATIENCE, "{what} never came");
            self.step();
        }
    }

    #[track_caller]
    pub(crate) fn json(&mut self) -> Value {
        self.until("a message", |event| match event {
            Event::Text(text) => Some(serde_json::from_str(text).expect("JSON")),
            _ => None,
        })
    }

    #[track_caller]
    pub(crate) fn closed(&mut self) {
        self.until("the end", |event| (*event == Event::Closed).then_some(()));
    }
}

/// 20 ms of a tone of 440 Hz, half as loud as can be.
pub(crate) fn tone(n: u32) -> Vec<f32> {
    let step = std::f64::consts::TAU * 440.0 / 48_000.0;
    let first = u64::from(n) * 960;
    (first..first + 960)
        .map(|n| (0.5 * (step * n as f64).sin()) as f32)
        .collect()
}

fn loudness(samples: &[f32]) -> f32 {
    (samples.iter().map(|it| it * it).sum::<f32>() / samples.len() as f32).sqrt()
}

#[test]
fn a_tone_goes_in_and_comes_back_quieter() {
    let files = files();
    let server = serve(&files, &[]);
    let mut peer = Peer::join(&server, "gain/whip", ALL);
    peer.talk();
    // A sine of half the height has 0.354, and 6 dB less is half of that: pieces
    // like it come one after the other, whatever the network does to some.
    let mut alike = 0;
    peer.until("the tone", |event| {
        if let Event::Audio(samples) = event {
            let loud = loudness(samples);
            alike = if (0.15..0.2).contains(&loud) {
                alike + 1
            } else {
                0
            };
        }
        (alike == 25).then_some(())
    });
    server.until("pipeline_webrtc_peers", 1);
    let answer = server.send("DELETE", &peer.location, "", b"").read();
    assert_eq!(answer.status, 200, "{}", answer.body);
    peer.talking = None;
    peer.closed();
    server.until("pipeline_webrtc_peers", 0);
    server.until("pipeline_webrtc_peers_ended_total{by=\"deleted\"}", 1);
    let again = server.send("DELETE", &peer.location, "", b"").read();
    assert_eq!(again.status, 404);
}

#[test]
fn audio_is_items_of_20_ms_and_outputs_are_messages() {
    let files = files();
    let server = serve(&files, &[]);
    let wanted = Wanted {
        hears: false,
        ..ALL
    };
    let mut peer = Peer::join(
        &server,
        "told/whip?channels=2&by-node=true&metrics=true",
        wanted,
    );
    // Items can also be messages, of text, or of what a medium is.
    peer.client.tell("{\"a\": [1]}").expect("it is sent");
    assert_eq!(peer.json(), json!({"node": "n", "output": {"a": [1]}}));
    peer.talk();
    let mut last = None;
    for _ in 0..10 {
        let told = peer.json()["output"].clone();
        let form = (&told["rate"], &told["channels"], &told["samples"]);
        assert_eq!(form, (&json!(48_000), &json!(2), &json!(1920)));
        let at = told["at"].as_u64().expect("a time");
        assert!(
            at.is_multiple_of(20_000) && last.is_none_or(|last| at > last),
            "{at} after {last:?}"
        );
        last = Some(at);
    }
    peer.talking = None;
    peer.client.tell("\n").expect("it is sent");
    let mut message = peer.json();
    while message["output"]["rate"].is_u64() {
        message = peer.json();
    }
    assert_eq!(message["output"], "flushed");
    let last = peer.json();
    assert_eq!(last["status"], "success", "{last}");
    assert!(last["metrics"][0]["items_in"].as_u64() > Some(10), "{last}");
    peer.closed();
    server.until("pipeline_webrtc_peers", 0);
    server.until("pipeline_webrtc_peers_ended_total{by=\"finished\"}", 1);
    assert!(server.metric("pipeline_webrtc_item_duration_seconds_count") > 10);
}

#[test]
fn lost_packets_are_made_up_for() {
    let files = files();
    let server = serve(&files, &[]);
    let wanted = Wanted {
        hears: false,
        ..ALL
    };
    let mut peer = Peer::join(&server, "told/whip", wanted);
    let mut times = Vec::new();
    for n in 0..30 {
        match n % 10 {
            7 => peer.client.lose(&tone(n)).expect("it is lost"),
            _ => peer.client.talk(&tone(n)).expect("it is sent"),
        }
        for _ in 0..2 {
            peer.step();
        }
    }
    while times.last() != Some(&580_000) {
        times.push(peer.json()["output"]["at"].as_u64().expect("a time"));
    }
    let all: Vec<u64> = (0..30).map(|n| n * 20_000).collect();
    assert_eq!(times, all);
    server.until("pipeline_webrtc_lost_total{where=\"network\"}", 3);
}

#[test]
fn a_viewer_hears_what_a_pipeline_makes_by_itself() {
    let files = files();
    let server = serve(&files, &[]);
    let wanted = Wanted {
        talks: false,
        ..ALL
    };
    let mut peer = Peer::join(&server, "tone/whep", wanted);
    let (mut loud, mut told) = (0, false);
    peer.until("a second of it", |event| {
        match event {
            Event::Audio(samples) => loud += usize::from(loudness(samples) > 0.05),
            Event::Text(text) => told |= text == "{\"output\":\"sung\"}",
            _ => {}
        }
        (loud > 20 && told).then_some(())
    });
    peer.client.tell("\n").expect("it is sent");
    peer.closed();
    // Without a channel there is nothing to wait for: it ends by itself.
    let wanted = Wanted {
        channel: false,
        ..wanted
    };
    let mut peer = Peer::join(&server, "tone/whep", wanted);
    peer.closed();
    server.until("pipeline_webrtc_peers", 0);
}

#[test]
fn a_peer_that_leaves_lets_nodes_clean_up() {
    let files = files();
    let server = serve(&files, &[]);
    let mut peer = Peer::join(&server, "cleaned/whip", ALL);
    peer.client.tell("1").expect("it is sent");
    assert_eq!(peer.json()["output"], 1);
    peer.client.close();
    server.until("pipeline_webrtc_peers_ended_total{by=\"left\"}", 1);
    server.until_told("cleaned up");
}

#[test]
fn a_failed_session_says_so() {
    let files = files();
    let server = serve(&files, &[]);
    let mut peer = Peer::join(&server, "odd/whip", ALL);
    peer.client.tell("1").expect("it is sent");
    let last = peer.json();
    assert_eq!(last["error"]["kind"], "unrepresentable-output", "{last}");
    let message = last["error"]["message"].as_str().expect("a message");
    assert!(
        message.contains("44100 Hz") && message.contains("AudioResampleNode"),
        "{message}"
    );
    peer.closed();
    let mut peer = Peer::join(&server, "pass/whip", ALL);
    peer.client.tell("{").expect("it is sent");
    let last = peer.json();
    assert_eq!(last["error"]["kind"], "invalid-input", "{last}");
    peer.closed();
}

#[test]
fn offers_that_are_refused() {
    let files = files();
    let server = serve(&files, &[]);
    let (_client, offer) = Client::new(ALL).expect("an offer");
    let (_viewer, listens) = Client::new(Wanted {
        hears: true,
        ..Wanted::default()
    })
    .expect("one");
    for (path, offer, status, kind) in [
        ("pass/whip", "v=0", 400, "bad-request"),
        ("pass/whip", "m=audio 9 x\r\n", 400, "bad-request"),
        ("pass/whip", &offer[..offer.len() / 2], 400, "bad-request"),
        ("pass/whip", &listens, 422, "unacceptable-offer"),
        ("pass/whep", &offer, 422, "unacceptable-offer"),
        ("pass/whip?channels=6", &offer, 400, "bad-request"),
        (
            "pass/whip",
            &"a=x\r\n".repeat(20_000),
            413,
            "payload-too-large",
        ),
        ("nothing/whip", &offer, 404, "not-found"),
        ("wrong/whip", &offer, 422, "invalid-manifest"),
    ] {
        let answer = post(&server, path, offer);
        assert_eq!(
            (answer.status, &answer.json()["error"]["kind"]),
            (status, &json!(kind)),
            "{path}"
        );
    }
    let path = "/v1/pipelines/pass/whip";
    let plain = server.send(
        "POST",
        path,
        "content-type: text/plain\r\n",
        offer.as_bytes(),
    );
    assert_eq!(plain.read().status, 415);
    for (method, path, status, allowed) in [
        ("PATCH", "/v1/pipelines/pass/whip/0", 405, "delete, options"),
        ("GET", path, 405, "options, post"),
        ("OPTIONS", path, 204, "options, post"),
    ] {
        let answer = server.send(method, path, "", b"").read();
        assert_eq!(answer.status, status, "{method}");
        assert!(
            answer.head.contains(&format!("allow: {allowed}")),
            "{}",
            answer.head
        );
    }
    // The places of those that came to nothing are free.
    let _peer = Peer::join(&server, "pass/whip", ALL);
    // Without --webrtc there is no such thing.
    let p = files.path("p");
    let server = Server::start(["--pipelines", &p]);
    let answer = post(&server, "pass/whip", &offer);
    assert_eq!(answer.status, 404);
    assert!(answer.body.contains("--webrtc"), "{}", answer.body);
}
