//! Where peers are met.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use pipeline_webrtc::{Bounds, Options, Peers};
use tokio::task::JoinHandle;

use super::super::metrics::Metrics;
use super::super::server::Server;
use super::counters::Counters;
use crate::cli;
use crate::failure::Failure;

/// How long ICE and DTLS may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How many peers may be at it.
const HANDSHAKES: u32 = 32;

/// The UDP socket, and those who are met there.
pub(in super::super) struct Door {
    pub(super) peers: Peers,
}

impl Door {
    /// Opens it, where that is asked for.
    pub(in super::super) fn open(
        arguments: &cli::Serve,
        metrics: &Metrics,
    ) -> Result<Option<Self>, Failure> {
        let asked = &arguments.webrtc;
        let Some(socket) = asked.webrtc else {
            return Ok(None);
        };
        let counters = Counters::new(metrics).map_err(Failure::failed)?;
        let options = Options {
            socket,
            announced: asked.webrtc_address,
            bounds: Bounds {
                peers: asked.webrtc_peers as usize,
                handshakes: asked.webrtc_peers.min(HANDSHAKES) as usize,
                handshake: HANDSHAKE,
                idle: arguments.idle_timeout,
                lifetime: asked.webrtc_lifetime,
            },
            observer: Arc::new(counters),
        };
        let peers = Peers::open(options).map_err(|error| {
            Failure::usage(format!("can't take WebRTC peers on {socket}: {error}"))
                .help("--webrtc names another address or port")
        })?;
        Ok(Some(Self { peers }))
    }

    pub(in super::super) fn address(&self) -> SocketAddr {
        self.peers.address()
    }
}

/// The end of the peers, which the server's end waits for.
pub(in super::super) fn ending(server: &Arc<Server>) -> Option<JoinHandle<()>> {
    server.webrtc.as_ref()?;
    let server = Arc::clone(server);
    Some(tokio::spawn(async move {
        server.until_it_ends().await;
        if let Some(door) = &server.webrtc {
            door.peers.end().await;
        }
    }))
}
