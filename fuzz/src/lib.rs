//! What the fuzz targets share: the readers of other people's bytes, most of
//! them by their source, so that neither the engine nor Python is built along.

#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    unused_imports,
    reason = "sources of other crates, of which a part is used"
)]

#[path = "../../component/tests/common/mod.rs"]
pub mod common;
pub mod flatten;
#[path = "../../host/src/npy.rs"]
mod npy_source;
pub mod value;
#[path = "../../host/src/wav.rs"]
mod wav_source;

/// Readers of files.
pub mod files {
    use crate::types::{Audio, Tensor};

    pub fn read_npy(bytes: &[u8]) -> Result<Tensor, String> {
        crate::npy_source::read(bytes).map_err(|error| error.to_string())
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

pub use pipeline_codec as codec;
pub use pipeline_codec::types;
