//! What the WIT's world says, as Rust; its types are the codec's.

#![allow(missing_docs, unreachable_pub, clippy::all)]

wasmtime::component::bindgen!({
    path: "wit",
    world: "pipeline",
    exports: { default: async },
    with: { "remotemedia:pipeline/types": pipeline_codec::types },
});
