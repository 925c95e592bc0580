//! `metadata.json`: what a package says of itself. People read it; nothing is
//! decided by it.

use serde::{Deserialize, Serialize};

/// The version of the form of packages.
pub(crate) const FORMAT: &str = "1.0.0";

/// What a package says of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Metadata {
    #[serde(default = "format")]
    pub(crate) format_version: String,
    pub(crate) package_name: String,
    #[serde(default)]
    pub(crate) package_version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) author: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) license: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) created_at: Option<String>,
    #[serde(default)]
    pub(crate) runtime_info: RuntimeInfo,
    /// The directories in `nodes`, in the order in which they are searched.
    #[serde(default)]
    pub(crate) nodes: Vec<String>,
    /// The packages of Python, with their licences.
    #[serde(default)]
    pub(crate) packages: Vec<PackageInfo>,
}

/// What a pipeline runs on, and what it has.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct RuntimeInfo {
    /// The component that the package was made with.
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) sha256: String,
    pub(crate) wasm_size_bytes: u64,
    /// Whether it is in the package, as `runtime.wasm`.
    pub(crate) included: bool,
    pub(crate) has_python_nodes: bool,
    pub(crate) has_rust_nodes: bool,
    pub(crate) node_types: Vec<String>,
    pub(crate) node_count: u64,
    pub(crate) connection_count: u64,
}

/// A package of Python.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PackageInfo {
    pub(crate) name: String,
    pub(crate) version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) license: Option<String>,
}

fn format() -> String {
    FORMAT.to_owned()
}

impl Metadata {
    /// Reads the file.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let read: Self =
            serde_json::from_slice(bytes).map_err(|error| format!("is wrong: {error}"))?;
        match read.format_version.split('.').next() {
            Some("1") => Ok(read),
            _ => Err(format!(
                "is of the form {}, and 1 is known",
                read.format_version
            )),
        }
    }

    /// What the file has.
    pub(crate) fn text(&self) -> String {
        // What it is made of has a form in JSON.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}
