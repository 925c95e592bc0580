//! What the WIT says, as Rust.

#![allow(missing_docs, unreachable_pub, clippy::all)]

wasmtime::component::bindgen!({
    path: "../wit",
    world: "pipeline",
    exports: { default: async },
    additional_derives: [PartialEq],
});
