//! The types of the WIT's interface `types`, generated from it: by wasmtime for
//! its hosts, by `wit-bindgen` for components. Both make the same of it.

#[cfg(not(any(feature = "wasmtime", feature = "guest")))]
compile_error!(
    "pipeline-codec needs one of its features: `wasmtime` in a host, `guest` in a component"
);

#[cfg(feature = "wasmtime")]
mod generated {
    #![allow(missing_docs, unreachable_pub, clippy::all)]

    wasmtime::component::bindgen!({
        path: "wit",
        inline: "
            package remotemedia:codec;

            world types {
                import remotemedia:pipeline/types@0.2.0;
            }
        ",
        world: "remotemedia:codec/types",
        additional_derives: [PartialEq],
    });
}

#[cfg(all(feature = "guest", not(feature = "wasmtime")))]
mod generated {
    #![allow(missing_docs, unreachable_pub, unsafe_op_in_unsafe_fn, clippy::all)]

    wit_bindgen::generate!({
        path: "wit",
        inline: "
            package remotemedia:codec;

            world types {
                import remotemedia:pipeline/types@0.2.0;
            }
        ",
        world: "remotemedia:codec/types",
        generate_all,
        additional_derives: [PartialEq],
    });
}

pub use generated::remotemedia::pipeline::types::*;

/// An item for every source.
impl From<Data> for Input {
    fn from(item: Data) -> Self {
        Self {
            node_id: None,
            item,
        }
    }
}

impl NodeSpec {
    /// A node of this type, and no more said of it.
    #[must_use]
    pub fn new(id: impl Into<String>, node_type: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            node_type: node_type.into(),
            params: Value {
                nodes: vec![ValueNode::Fields(Vec::new())],
                root: 0,
            },
            is_streaming: false,
            is_output_node: false,
            capabilities: None,
            host: None,
            runtime_hint: None,
            execution: None,
            fast_path: None,
            python_deps: Vec::new(),
            media_capabilities: None,
        }
    }
}

impl RunResult {
    /// The items that the sinks gave, without the sinks.
    #[must_use]
    pub fn into_items(self) -> Vec<Data> {
        let items = self.outputs.into_iter().map(|given| given.items);
        items.flatten().collect()
    }
}
