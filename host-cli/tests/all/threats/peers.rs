//! What peers of WebRTC, and who sends datagrams to their socket, can use up or do.

use std::net::{SocketAddr, UdpSocket};

use pipeline_webrtc::client::{Client, Event, Wanted};
use serde_json::json;

use crate::program::{Files, until};
use crate::server::Server;
use crate::webrtc::{ALL, Peer, node, post, tone};

const ENDED: &str = "pipeline_webrtc_peers_ended_total";

fn files() -> Files {
    Files::new(&[
        ("p/pass.json", &node("PassThrough", json!({}))),
        ("p/busy.json", &node("own:Busy", json!({}))),
        (
            "nodes/own.py",
            "class Busy:\n    def process(self, x):\n        while True:\n            pass\n",
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

/// The socket of the peers.
fn socket(server: &Server) -> SocketAddr {
    let mut lines = server.started().lines();
    let address = lines.find_map(|line| line.strip_prefix("listening for WebRTC on "));
    address.expect("an address").parse().expect("an address")
}

fn offer() -> String {
    Client::new(ALL).expect("an offer").1
}

#[test]
fn there_are_no_more_peers_than_places() {
    let files = files();
    let server = serve(&files, &["--webrtc-peers", "1"]);
    let peer = Peer::join(&server, "pass/whip", ALL);
    assert_eq!(server.metric("pipeline_webrtc_peers"), 1);
    let full = post(&server, "pass/whip", &offer());
    assert_eq!(
        (full.status, full.error().0.as_str()),
        (503, "too-many-peers")
    );
    assert!(full.head.contains("retry-after: "), "{}", full.head);
    peer.client.close();
    until("a place", || {
        post(&server, "pass/whip", &offer()).status == 201
    });
}

#[test]
fn a_peer_that_vanishes_leaves_its_place() {
    let files = files();
    let server = serve(&files, &["--webrtc-peers", "1", "--idle-timeout", "2"]);
    let peer = Peer::join(&server, "pass/whip", ALL);
    // Nothing comes any more, not even a goodbye.
    drop(peer);
    server.until(&format!("{ENDED}{{by=\"idle\"}}"), 1);
    server.until("pipeline_webrtc_peers", 0);
    until("a place", || {
        post(&server, "pass/whip", &offer()).status == 201
    });
}

#[test]
fn a_peer_that_never_connects_leaves_its_place() {
    let files = files();
    let server = serve(&files, &["--webrtc-peers", "1"]);
    assert_eq!(post(&server, "pass/whip", &offer()).status, 201);
    server.until(&format!("{ENDED}{{by=\"handshake\"}}"), 1);
    until("a place", || {
        post(&server, "pass/whip", &offer()).status == 201
    });
}

#[test]
fn a_peer_stays_no_longer_than_it_may() {
    let files = files();
    let server = serve(&files, &["--webrtc-lifetime", "3"]);
    let mut peer = Peer::answered(&server, "pass/whip", ALL);
    let ended = format!("{ENDED}{{by=\"lifetime\"}}");
    until("the end", || {
        peer.step();
        server.metric(&ended) == 1
    });
}

#[test]
fn a_pipeline_that_hangs_is_stopped_when_its_peer_is_gone() {
    let files = files();
    let more = [
        "--webrtc-peers",
        "1",
        "--idle-timeout",
        "5",
        "--timeout",
        "none",
    ];
    let server = serve(&files, &more);
    let mut stuck = Peer::join(&server, "busy/whip", ALL);
    stuck.talk();
    // What comes for it is dropped, and counted.
    let dropped = "pipeline_webrtc_lost_total{where=\"audio-in\"}";
    until("dropped audio", || {
        stuck.step();
        server.metric(dropped) > 0
    });
    drop(stuck);
    until("a place", || {
        post(&server, "pass/whip", &offer()).status == 201
    });
}

#[test]
fn a_pipeline_that_hangs_holds_no_other_up() {
    let files = files();
    let server = serve(&files, &["--timeout", "none"]);
    let mut stuck = Peer::join(&server, "busy/whip", ALL);
    stuck.client.tell("1").expect("it is sent");
    let mut other = Peer::join(&server, "pass/whip", ALL);
    other.talk();
    let mut heard = 0;
    other.until("an echo", |event| {
        heard += usize::from(matches!(event, Event::Audio(_)));
        (heard == 10).then_some(())
    });
}

#[test]
fn messages_that_come_too_fast_end_a_session_alone() {
    let files = files();
    let server = serve(&files, &["--timeout", "none"]);
    let mut stuck = Peer::join(
        &server,
        "busy/whip",
        Wanted {
            talks: false,
            hears: false,
            channel: true,
        },
    );
    let dropped = "pipeline_webrtc_lost_total{where=\"message-in\"}";
    until("a dropped message", || {
        for _ in 0..50 {
            let _ = stuck.client.tell("1");
        }
        stuck.step();
        server.metric(dropped) == 1
    });
    let mut other = Peer::join(&server, "pass/whip", ALL);
    other.client.tell("1").expect("it is sent");
    assert_eq!(other.json(), json!({"output": 1}));
}

#[test]
fn datagrams_of_strangers_change_nothing() {
    let files = files();
    let server = serve(&files, &[]);
    let mut peer = Peer::join(&server, "pass/whip", ALL);
    peer.talk();
    let stranger = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let to = socket(&server);
    let mut random = 1_u64;
    let mut heard = 0;
    for round in 0..200 {
        // The first bytes are those of STUN, DTLS, RTP, RTCP and of none of them.
        for first in [0, 1, 22, 23, 128, 144, 200, 255] {
            let mut bytes = vec![first];
            for _ in 0..round {
                random = random
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                bytes.push((random >> 56) as u8);
            }
            let _ = stranger.send_to(&bytes, to);
        }
        peer.step();
    }
    peer.until("an echo after all of it", |event| {
        heard += usize::from(matches!(event, Event::Audio(_)));
        (heard > 100).then_some(())
    });
    assert!(!server.told().contains("panicked"), "{}", server.told());
    stranger.set_nonblocking(true).expect("a socket");
    let answered = stranger.recv(&mut [0; 2048]).is_ok();
    assert!(!answered, "strangers have no answers");
}

#[test]
fn an_offer_sends_nothing_to_where_it_points() {
    let files = files();
    let server = serve(&files, &[]);
    let victim = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let port = victim.local_addr().expect("an address").port();
    let offer = offer();
    let own = offer.lines().find(|line| line.starts_with("a=candidate:"));
    let own = own.expect("a candidate").split(' ').nth(5).expect("a port");
    let pointed = offer.replace(&format!(" {own} typ host"), &format!(" {port} typ host"));
    assert_ne!(pointed, offer);
    assert_eq!(post(&server, "pass/whip", &pointed).status, 201);
    server.until(&format!("{ENDED}{{by=\"handshake\"}}"), 1);
    victim.set_nonblocking(true).expect("a socket");
    assert!(victim.recv(&mut [0; 2048]).is_err());
}

#[test]
fn a_page_of_another_origin_cannot_bring_a_peer() {
    let files = files();
    let server = serve(&files, &[]);
    let headers = "content-type: application/sdp\r\norigin: https://evil.example\r\n";
    let path = "/v1/pipelines/pass/whip";
    let answer = server.send("POST", path, headers, offer().as_bytes());
    assert_eq!(answer.read().status, 403);
    let mut peer = Peer::join(&server, "pass/whip", ALL);
    let headers = "origin: https://evil.example\r\n";
    let answer = server.send("DELETE", &peer.location, headers, b"");
    assert_eq!(answer.read().status, 403);
    peer.client.talk(&tone(0)).expect("it is connected");
}

#[test]
fn the_end_of_the_server_is_told_to_peers() {
    let files = files();
    let mut server = serve(&files, &[]);
    let mut peer = Peer::join(&server, "pass/whip", ALL);
    // One that has not come yet is not waited for.
    assert_eq!(post(&server, "pass/whip", &offer()).status, 201);
    server.terminate();
    assert_eq!(peer.json()["status"], "success");
    peer.closed();
    assert_eq!(server.end(), Some(0));
}
