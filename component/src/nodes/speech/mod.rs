//! Nodes about speech that need no model: who of several speakers it is, and
//! speech that turns out to be none.

mod channel_splitter;
mod vad_gate;

use crate::registry::Factory;

pub(super) fn factories() -> [Factory; 2] {
    [channel_splitter::node(), vad_gate::node()]
}
