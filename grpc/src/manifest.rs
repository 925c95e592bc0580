//! Manifests: from the protocol's form to the text that the component reads.

use pipeline_host::Instance;
use pipeline_host::types::Loaded;
use serde_json::{Map, Value, json};

use crate::errors;
use crate::protocol::{
    CapabilityRequirements, ErrorResponse, NodeManifest, PipelineManifest, RuntimeHint,
};
use crate::runs::Refusal;

/// Lets an instance read a manifest and check it.
pub(crate) async fn load(
    instance: &mut Instance,
    manifest: Option<PipelineManifest>,
) -> Result<Loaded, Refusal> {
    let missing = || errors::invalid("there is no manifest".into());
    let text = text(manifest.ok_or_else(missing)?)?;
    let loaded = instance.load(&text).await?;
    Ok(loaded.map_err(|invalid| errors::invalid_manifest(invalid.diagnostics))?)
}

fn text(manifest: PipelineManifest) -> Result<String, ErrorResponse> {
    let metadata = manifest.metadata.unwrap_or_default();
    let mut about = Map::new();
    put(&mut about, "name", metadata.name);
    put(&mut about, "description", metadata.description);
    put(&mut about, "created_at", metadata.created_at);
    let nodes = manifest.nodes.into_iter().enumerate();
    let nodes: Result<Vec<_>, _> = nodes.map(|(at, each)| node(at, each)).collect();
    let connections: Vec<_> = (manifest.connections.into_iter())
        .map(|each| json!({"from": each.from, "to": each.to}))
        .collect();
    let version = match manifest.version.is_empty() {
        true => "v1".to_owned(),
        false => manifest.version,
    };
    Ok(json!({
        "version": version,
        "metadata": about,
        "nodes": nodes?,
        "connections": connections,
    })
    .to_string())
}

fn node(at: usize, node: NodeManifest) -> Result<Value, ErrorResponse> {
    let mut fields = Map::new();
    fields.insert("id".into(), node.id.into());
    fields.insert("node_type".into(), node.node_type.into());
    if !node.params.trim().is_empty() {
        let params: Value = serde_json::from_str(&node.params).map_err(|error| {
            errors::invalid(format!("nodes[{at}].params: this is no JSON: {error}"))
        })?;
        fields.insert("params".into(), params);
    }
    if node.is_streaming {
        fields.insert("is_streaming".into(), true.into());
    }
    if let Some(needs) = node.capabilities {
        fields.insert("capabilities".into(), capabilities(needs));
    }
    put(&mut fields, "host", node.host);
    let hint = match RuntimeHint::try_from(node.runtime_hint) {
        Ok(RuntimeHint::Rustpython) => "rust_python",
        Ok(RuntimeHint::Cpython) => "cpython",
        Ok(RuntimeHint::CpythonWasm) => "cpython_wasm",
        Ok(RuntimeHint::Auto) => "auto",
        Ok(RuntimeHint::Unspecified) | Err(_) => "",
    };
    put(&mut fields, "runtime_hint", hint.to_owned());
    Ok(fields.into())
}

fn capabilities(needs: CapabilityRequirements) -> Value {
    let mut fields = Map::new();
    if let Some(gpu) = needs.gpu {
        let mut of_gpu = Map::new();
        put(&mut of_gpu, "type", gpu.r#type);
        if gpu.min_memory_gb > 0.0 {
            of_gpu.insert("min_memory_gb".into(), gpu.min_memory_gb.into());
        }
        of_gpu.insert("required".into(), gpu.required.into());
        fields.insert("gpu".into(), of_gpu.into());
    }
    if let Some(cpu) = needs.cpu {
        let mut of_cpu = Map::new();
        if cpu.cores > 0 {
            of_cpu.insert("cores".into(), cpu.cores.into());
        }
        put(&mut of_cpu, "arch", cpu.arch);
        fields.insert("cpu".into(), of_cpu.into());
    }
    if needs.memory_gb > 0.0 {
        fields.insert("memory_gb".into(), needs.memory_gb.into());
    }
    fields.into()
}

/// Puts a text there; the protocol writes one that is not given as an empty one.
fn put(fields: &mut Map<String, Value>, key: &str, text: String) {
    if !text.is_empty() {
        fields.insert(key.to_owned(), text.into());
    }
}
