//! What peers are held to, and who is told of them.

use std::time::Duration;

/// What peers are held to.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How many there are at the same time, those included that are not connected
    /// yet and those whose session is just ending.
    pub peers: usize,
    /// How many of them may be on their way to be connected.
    pub handshakes: usize,
    /// How long ICE and DTLS may take, from the answer on.
    pub handshake: Duration,
    /// How long nothing may come from a peer.
    pub idle: Duration,
    /// How long a peer may stay.
    pub lifetime: Duration,
}

/// Why a peer is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Its session came to its end.
    Finished,
    /// It closed the connection.
    Left,
    /// It was asked for over HTTP.
    Deleted,
    /// It was not connected in time.
    Handshake,
    /// Nothing came from it for too long.
    Idle,
    /// It stayed as long as it may.
    Lifetime,
    /// It sent what ends a connection, or DTLS failed.
    Failed,
}

impl Ending {
    /// A word for it, for a metric's label.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Left => "left",
            Self::Deleted => "deleted",
            Self::Handshake => "handshake",
            Self::Idle => "idle",
            Self::Lifetime => "lifetime",
            Self::Failed => "failed",
        }
    }
}

/// What did not get through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// Packets of audio that did not come, came too late or could not be decoded.
    Network,
    /// Packets of audio that came while too many waited for the pipeline already.
    AudioIn,
    /// Messages that came while too many waited for the pipeline already.
    MessageIn,
    /// Messages for a peer that has not opened its data channel.
    MessageOut,
    /// Datagrams that the system took no more of.
    Datagram,
}

impl Lost {
    /// A word for it, for a metric's label.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::AudioIn => "audio-in",
            Self::MessageIn => "message-in",
            Self::MessageOut => "message-out",
            Self::Datagram => "datagram",
        }
    }
}

/// Is told what happens. Called from the task that drives the peers and from the
/// threads of sessions: it must not wait.
pub trait Observer: Send + Sync {
    /// A peer is connected.
    fn connected(&self);
    /// A peer is gone; `connected` as far as it ever was.
    fn ended(&self, by: Ending, connected: bool);
    /// So many of something did not get through.
    fn lost(&self, what: Lost, count: u64);
    /// An item was worked on: the time since its last packet had come from the
    /// network, until all that came of it was handed over, but for the time that
    /// the peer was waited for.
    fn worked(&self, took: Duration);
}
