//! WebRTC peers as items: Opus comes in and becomes `Audio` items of 20 ms, audio
//! goes out as Opus, and whatever else is messages of a data channel.
//!
//! It knows peers, SDP, Opus and items, and neither HTTP nor how a pipeline is run.
//! [`Peers`] has one UDP socket for all peers, and one task that drives them.
//! [`Peers::join`] answers an offer, as an ICE-lite agent, and gives a [`Line`]: the
//! end at which a session hears its peer and speaks to it, on a thread of its own.
//! Everything that a peer can make grow is bounded, by [`Bounds`] or by a constant
//! that says so.

#![forbid(unsafe_code)]

mod bounds;
pub mod client;
mod decode;
mod driver;
mod encode;
mod line;
mod offer;
mod peer;
mod peers;
mod playout;

pub use bounds::{Bounds, Ending, Lost, Observer};
pub use encode::Unplayable;
pub use line::{Given, Gone, Line, Unsent};
pub use offer::{LONGEST as LONGEST_OFFER, Refusal, Role};
pub use peers::{Joined, Options, Peers};

/// Frames a second of the audio that comes in, and of Opus' clock, in hertz.
pub const RATE: u32 = 48_000;

/// Frames in 20 ms at [`RATE`]: an item, and a packet.
const PIECE: usize = 960;
