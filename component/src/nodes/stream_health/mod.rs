//! Nodes about the state of a stream: what is wrong with its sound, who
//! speaks, whether it keeps its time, and what follows of all that together.
//! Their types, parameters, events and fields are the SDK's.

mod audio_evidence;
mod audio_level;
mod channel_balance;
mod clipping_detector;
mod conversation_flow;
mod drift;
mod event_correlator;
mod health_emitter;
mod session_health;
mod silence_detector;
mod speech_presence;
mod timing_drift;

use crate::registry::Factory;

pub(super) fn factories() -> [Factory; 11] {
    [
        audio_evidence::node(),
        audio_level::node(),
        channel_balance::node(),
        clipping_detector::node(),
        conversation_flow::node(),
        event_correlator::node(),
        health_emitter::node(),
        session_health::node(),
        silence_detector::node(),
        speech_presence::node(),
        timing_drift::node(),
    ]
}
