//! What the fuzz targets share: the readers of other people's bytes, most of
//! them by their source, so that neither the engine nor Python is built along.

#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    unused_imports,
    reason = "sources of other crates, of which a part is used"
)]

// `npy.rs` names the host library's types.
extern crate self as pipeline_host;

#[path = "../../host-cli/src/codec/mod.rs"]
pub mod codec;
#[path = "../../component/tests/common/mod.rs"]
pub mod common;
pub mod flatten;
#[path = "../../host-cli/src/npy.rs"]
mod npy_source;
pub mod value;
#[path = "../../host-cli/src/wav.rs"]
mod wav_source;

/// Readers of files.
pub mod files {
    use crate::types::{Audio, Tensor};

    pub fn read_npy(bytes: &[u8]) -> Result<Tensor, String> {
        crate::npy_source::read(bytes)
    }

    pub fn write_npy(tensor: &Tensor) -> Vec<u8> {
        crate::npy_source::write(tensor)
    }

    pub fn read_wav(bytes: &[u8]) -> Result<Audio, String> {
        crate::wav_source::decode(bytes)
            .map(|wav| wav.audio)
            .map_err(|error| error.to_string())
    }
}

mod bindings {
    #![allow(unsafe_op_in_unsafe_fn, clippy::all)]

    wit_bindgen::generate!({
        path: "../wit",
        inline: "
            package remotemedia:fuzz;

            world fuzz {
                import remotemedia:pipeline/executor@0.2.0;
            }
        ",
        world: "remotemedia:fuzz/fuzz",
        generate_all,
        additional_derives: [PartialEq],
    });
}

pub use bindings::remotemedia::pipeline::types;
