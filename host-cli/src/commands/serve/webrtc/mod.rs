//! `--webrtc`: sessions with WebRTC peers, by WHIP (RFC 9725) and WHEP.
//!
//! A peer's offer is posted to a pipeline, and answered when the pipeline was found
//! to be one that can run. Its session begins when the peer is connected, in an
//! instance and on a thread of its own.

mod counters;
mod door;
mod peer;
mod requests;

pub(super) use self::door::{Door, ending};
pub(super) use self::requests::Asked;
