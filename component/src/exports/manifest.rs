//! Manifests between the WIT and the executor, record by record.

use super::types;
use crate::manifest::{
    Capabilities, Connection, CpuRequirement, Execution, GpuRequirement, GpuType, Manifest,
    MediaCapabilities, MediaKind, Metadata, NodeSpec, Placement, PortMedia, PythonEnv, RuntimeHint,
};
use crate::value::{NoForm, arena};

/// Pairs the cases of two enums of the same shape.
macro_rules! same_cases {
    ($type:ident { $($case:ident),* }) => {
        impl From<types::$type> for $type {
            fn from(case: types::$type) -> Self {
                match case { $(types::$type::$case => Self::$case),* }
            }
        }

        impl From<$type> for types::$type {
            fn from(case: $type) -> Self {
                match case { $($type::$case => Self::$case),* }
            }
        }
    };
}

/// Pairs the fields of two records of the same shape; a field in brackets is
/// converted with `into`, one in double brackets holds an option or a list
/// whose elements are.
macro_rules! same_fields {
    ($type:ident { $($plain:ident),* ; $([$into:ident]),* ; $([[$each:ident]]),* }) => {
        impl From<types::$type> for $type {
            fn from(record: types::$type) -> Self {
                Self {
                    $($plain: record.$plain,)*
                    $($into: record.$into.into(),)*
                    $($each: record.$each.into_iter().map(Into::into).gather(),)*
                }
            }
        }

        impl From<$type> for types::$type {
            fn from(record: $type) -> Self {
                Self {
                    $($plain: record.$plain,)*
                    $($into: record.$into.into(),)*
                    $($each: record.$each.into_iter().map(Into::into).gather(),)*
                }
            }
        }
    };
}

/// Collects into what a field asks for: a list, or an option.
trait Gather<T> {
    fn gather(self) -> T;
}

impl<I: Iterator> Gather<Vec<I::Item>> for I {
    fn gather(self) -> Vec<I::Item> {
        self.collect()
    }
}

impl<I: Iterator> Gather<Option<I::Item>> for I {
    fn gather(mut self) -> Option<I::Item> {
        self.next()
    }
}

same_cases!(GpuType {
    Cuda,
    Rocm,
    Metal,
    Vulkan,
    Any
});
same_cases!(RuntimeHint {
    RustPython,
    Cpython,
    CpythonWasm,
    Auto
});
same_cases!(Placement {
    Anywhere,
    Wasi,
    Native,
    Remote,
    PreferWasi,
    PreferNative,
    PreferRemote
});
same_cases!(MediaKind {
    Audio,
    Video,
    Tensor,
    Text,
    File,
    Json,
    Binary,
    Image
});

same_fields!(Metadata {
    name, description, created_at, author, version, license, auto_negotiate;;
});
same_fields!(PythonEnv { python_version, scope, extra_deps;; });
same_fields!(GpuRequirement { min_memory_gb, required; [gpu_type]; });
same_fields!(CpuRequirement { cores, arch;; });
same_fields!(Capabilities { memory_gb;; [[gpu]], [[cpu]] });
same_fields!(Execution { reason, fallback; [placement]; });
same_fields!(PortMedia { port; [kind]; });
same_fields!(MediaCapabilities { ;; [[inputs]], [[outputs]] });
same_fields!(Connection { from, to;; });

/// Takes a manifest in.
///
/// # Errors
/// JSON path and message of the node whose parameters are no valid value.
pub(super) fn lift(manifest: types::Manifest) -> Result<Manifest, (String, String)> {
    let mut nodes = Vec::with_capacity(manifest.nodes.len());
    for (position, node) in manifest.nodes.into_iter().enumerate() {
        nodes.push(NodeSpec {
            id: node.id,
            node_type: node.node_type,
            params: arena::lift(node.params)
                .map_err(|message| (format!("nodes[{position}].params"), message))?,
            is_streaming: node.is_streaming,
            is_output_node: node.is_output_node,
            capabilities: node.capabilities.map(Into::into),
            host: node.host,
            runtime_hint: node.runtime_hint.map(Into::into),
            execution: node.execution.map(Into::into),
            fast_path: node.fast_path,
            python_deps: node.python_deps,
            media_capabilities: node.media_capabilities.map(Into::into),
        });
    }
    Ok(Manifest {
        version: manifest.version,
        metadata: manifest.metadata.into(),
        nodes,
        connections: manifest.connections.into_iter().map(Into::into).collect(),
        python_env: manifest.python_env.map(Into::into),
    })
}

/// Gives a manifest out.
///
/// # Errors
/// Says what has no form; a manifest that was read from text always has one.
pub(super) fn lower(manifest: Manifest) -> Result<types::Manifest, NoForm> {
    let mut nodes = Vec::with_capacity(manifest.nodes.len());
    for node in manifest.nodes {
        nodes.push(types::NodeSpec {
            id: node.id,
            node_type: node.node_type,
            params: arena::lower(node.params)?,
            is_streaming: node.is_streaming,
            is_output_node: node.is_output_node,
            capabilities: node.capabilities.map(Into::into),
            host: node.host,
            runtime_hint: node.runtime_hint.map(Into::into),
            execution: node.execution.map(Into::into),
            fast_path: node.fast_path,
            python_deps: node.python_deps,
            media_capabilities: node.media_capabilities.map(Into::into),
        });
    }
    Ok(types::Manifest {
        version: manifest.version,
        metadata: manifest.metadata.into(),
        nodes,
        connections: manifest.connections.into_iter().map(Into::into).collect(),
        python_env: manifest.python_env.map(Into::into),
    })
}
