//! The arguments of `pipeline serve` for WebRTC.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use clap::Args;

use super::limits::duration;

/// Peers of WebRTC.
#[derive(Debug, Args)]
#[command(next_help_heading = "WebRTC")]
pub(crate) struct WebRtc {
    /// Answer offers of WebRTC peers (WHIP, WHEP); their media come to this one UDP
    /// address.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) webrtc: Option<SocketAddr>,
    /// The address that peers are told, where it is not the one of --webrtc: behind
    /// a NAT that keeps the port.
    #[arg(long, value_name = "ADDRESS", requires = "webrtc")]
    pub(crate) webrtc_address: Option<IpAddr>,
    /// How many peers there are at the same time, each with a session; more are
    /// refused.
    #[arg(
        long,
        value_name = "COUNT",
        requires = "webrtc",
        value_parser = clap::value_parser!(u32).range(1..=1000),
        default_value_t = 64
    )]
    pub(crate) webrtc_peers: u32,
    /// End a peer's session after so long, whatever it does.
    #[arg(
        long,
        value_name = "SECONDS",
        requires = "webrtc",
        value_parser = duration,
        default_value = "14400"
    )]
    pub(crate) webrtc_lifetime: Duration,
}

impl WebRtc {
    /// How many peers there may be.
    pub(crate) fn most(&self) -> u32 {
        self.webrtc.map_or(0, |_| self.webrtc_peers)
    }
}
