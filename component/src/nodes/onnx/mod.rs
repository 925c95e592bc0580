//! Nodes that run a model in the ONNX format, by rten: in Rust alone, on one
//! thread in the sandbox. The model is a file in a directory that is granted;
//! nothing is ever downloaded.

mod model;
mod onnx_node;
mod silero_vad;

use crate::registry::Factory;

pub(super) fn factories() -> [Factory; 2] {
    [onnx_node::node(), silero_vad::node()]
}
