//! Manifests: what they hold, reading them from text, and checking them.

mod check;
mod diagnostic;
mod fields;
mod form;
mod json;
mod oneliner;
mod path;
mod read;
mod special;
mod tree;
mod yaml;

use crate::value::Value;

pub(crate) use check::check_graph;
pub use check::{Checked, MAX_CONNECTIONS, MAX_NODES, check};
pub use diagnostic::{Diagnostic, Location, Related, Severity};
pub(crate) use diagnostic::{did_you_mean, enumerate, nearest};
pub(crate) use fields::is_snake_case_of;
pub use read::{InvalidManifest, Loaded, MAX_SOURCE, Parsed, load, parse, parse_value};

/// Declares an enum whose variants have names in manifests.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// All names, in the order of the variants.
            pub const NAMES: &[&str] = &[$($text),+];

            /// The variant that a name stands for.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// The name that manifests use.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }
    };
}

/// A pipeline: nodes and connections. Manifest v1 of the RemoteMedia SDK.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// Version of the format; `v1`.
    pub version: String,
    /// About the pipeline.
    pub metadata: Metadata,
    /// The nodes; at least one.
    pub nodes: Vec<NodeSpec>,
    /// The connections, in the order in which merges take them.
    pub connections: Vec<Connection>,
    /// The Python environment that the pipeline was written for.
    pub python_env: Option<PythonEnv>,
}

/// About a pipeline. Nothing here changes how it runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Name of the pipeline.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// When it was written, in RFC 3339.
    pub created_at: Option<String>,
    /// Who wrote it.
    pub author: Option<String>,
    /// Its own version.
    pub version: Option<String>,
    /// Its licence.
    pub license: Option<String>,
    /// The SDK's capability negotiation; kept, not used here.
    pub auto_negotiate: Option<bool>,
}

/// The Python environment that a pipeline was written for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PythonEnv {
    /// Version of Python.
    pub python_version: Option<String>,
    /// Who shares it, in the SDK's words.
    pub scope: Option<String>,
    /// Packages beyond those of the nodes.
    pub extra_deps: Vec<String>,
}

/// A file of Python whose classes a manifest may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PythonFile {
    /// Its path, relative to whatever directory.
    pub path: String,
    /// The node type that its class is to be.
    pub node_type: Option<String>,
    /// The class that is meant, where there are several.
    pub class: Option<String>,
}

/// One node of a pipeline.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeSpec {
    /// Name of the node in this manifest: letters, digits, `_` and `-`.
    pub id: String,
    /// Node type: a name of the registry, or `module:Class`.
    pub node_type: String,
    /// Parameters: a [`Value::Map`].
    pub params: Value,
    /// What the SDK's manifests tell its scheduler; it changes nothing here.
    pub is_streaming: bool,
    /// Whether the node's items are outputs of the pipeline even where they
    /// also go on to other nodes.
    pub is_output_node: bool,
    /// What the node asks of its machine.
    pub capabilities: Option<Capabilities>,
    /// `host:port` of a remote executor. The sandbox refuses it.
    pub host: Option<String>,
    /// The Python that the SDK should use.
    pub runtime_hint: Option<RuntimeHint>,
    /// Where the node may run.
    pub execution: Option<Execution>,
    /// The SDK's fast path; kept, not used here.
    pub fast_path: Option<bool>,
    /// Packages that the node needs.
    pub python_deps: Vec<String>,
    /// Media types of the node's ports.
    pub media_capabilities: Option<MediaCapabilities>,
}

impl NodeSpec {
    /// A node without parameters, and with everything else as it is where a
    /// manifest leaves it out.
    #[must_use]
    pub fn new(id: impl Into<String>, node_type: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            node_type: node_type.into(),
            params: Value::Map(Vec::new()),
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

/// What a node asks of its machine.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Capabilities {
    /// A GPU.
    pub gpu: Option<GpuRequirement>,
    /// Processor cores and architecture.
    pub cpu: Option<CpuRequirement>,
    /// Memory in gigabytes.
    pub memory_gb: Option<f64>,
}

named! {
    /// Kind of GPU interface.
    GpuType {
        /// NVIDIA's.
        Cuda = "cuda",
        /// AMD's.
        Rocm = "rocm",
        /// Apple's.
        Metal = "metal",
        /// Khronos's.
        Vulkan = "vulkan",
        /// Any of them.
        Any = "any",
    }
}

/// A GPU that a node asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct GpuRequirement {
    /// Kind of interface.
    pub gpu_type: GpuType,
    /// Least memory in gigabytes.
    pub min_memory_gb: Option<f64>,
    /// Whether the node can't run without it. The sandbox refuses it then.
    pub required: bool,
}

/// Processor that a node asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CpuRequirement {
    /// Least number of cores.
    pub cores: Option<u32>,
    /// Architecture.
    pub arch: Option<String>,
}

named! {
    /// The Python that the SDK should use for a node. Here every Python node
    /// runs on the embedded CPython.
    RuntimeHint {
        /// RustPython.
        RustPython = "rust_python",
        /// CPython.
        Cpython = "cpython",
        /// CPython compiled to WebAssembly.
        CpythonWasm = "cpython_wasm",
        /// Whichever suits.
        Auto = "auto",
    }
}

named! {
    /// Where a node may run.
    Placement {
        /// Anywhere.
        Anywhere = "anywhere",
        /// In a sandbox.
        Wasi = "wasi",
        /// Natively only.
        Native = "native",
        /// On another machine only.
        Remote = "remote",
        /// In a sandbox if possible.
        PreferWasi = "prefer_wasi",
        /// Natively if possible.
        PreferNative = "prefer_native",
        /// On another machine if possible.
        PreferRemote = "prefer_remote",
    }
}

impl Placement {
    /// The variant that a word of the SDK stands for, which takes any: a name,
    /// or one that its documents or manifests have.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "local" | "auto" | "browser" => Some(Self::Anywhere),
            "prefer_local" | "prefer_auto" | "prefer_browser" => Some(Self::Anywhere),
            "host" => Some(Self::Native),
            "prefer_host" => Some(Self::PreferNative),
            name => Self::from_name(name),
        }
    }
}

/// Where a node may run, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// The place. The sandbox refuses `native` and `remote`.
    pub placement: Placement,
    /// Why.
    pub reason: Option<String>,
    /// What to do where the place can't be had, in the SDK's words.
    pub fallback: Option<String>,
}

named! {
    /// Kind of media on a port.
    MediaKind {
        /// Audio.
        Audio = "audio",
        /// Video frames.
        Video = "video",
        /// Tensors.
        Tensor = "tensor",
        /// Text.
        Text = "text",
        /// References to files.
        File = "file",
        /// Dynamic values.
        Json = "json",
        /// Bytes.
        Binary = "binary",
        /// Still images.
        Image = "image",
    }
}

/// The media type of one port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortMedia {
    /// Name of the port.
    pub port: String,
    /// Kind of media.
    pub kind: MediaKind,
}

/// Media types of a node's ports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MediaCapabilities {
    /// What comes in.
    pub inputs: Vec<PortMedia>,
    /// What goes out.
    pub outputs: Vec<PortMedia>,
}

/// A connection: every item that `from` gives goes to `to`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Id of the giving node.
    pub from: String,
    /// Id of the taking node.
    pub to: String,
}
