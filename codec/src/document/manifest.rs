//! A manifest, as text in JSON: whatever form it was written in, there is one
//! that says the same.

use crate::arena::ArenaError;
use crate::names::Named as _;
use crate::types::{
    Capabilities, Data, Execution, Manifest, MediaCapabilities, Metadata, NodeSpec, PortMedia,
    PythonEnv, Value, ValueNode,
};
use crate::write::Writer;

/// Writes a manifest with what says something in it; with items that came with
/// it, in the form `{"manifest": ..., "input_data": [...]}`.
///
/// # Errors
/// Where the arena of parameters or of an item is not a tree.
pub fn manifest(
    writer: &mut Writer,
    manifest: &Manifest,
    input_data: Option<&[Data]>,
) -> Result<(), ArenaError> {
    let Some(items) = input_data else {
        return bare(writer, manifest);
    };
    writer.try_object(|writer| {
        bare(writer.key("manifest"), manifest)?;
        writer
            .key("input_data")
            .try_array(|writer| items.iter().try_for_each(|item| writer.item(item)))
    })
}

fn bare(writer: &mut Writer, manifest: &Manifest) -> Result<(), ArenaError> {
    writer.try_object(|writer| {
        writer.key("version").string(&manifest.version);
        metadata(writer, &manifest.metadata);
        writer.key("nodes").try_array(|writer| {
            let mut nodes = manifest.nodes.iter();
            nodes.try_for_each(|spec| node(writer, spec))
        })?;
        writer.key("connections").array(|writer| {
            for connection in &manifest.connections {
                writer.object(|writer| {
                    writer.key("from").string(&connection.from);
                    writer.key("to").string(&connection.to);
                });
            }
        });
        if let Some(env) = &manifest.python_env {
            python_env(writer.key("python_env"), env);
        }
        Ok(())
    })
}

fn metadata(writer: &mut Writer, metadata: &Metadata) {
    let texts = [
        ("name", &metadata.name),
        ("description", &metadata.description),
        ("created_at", &metadata.created_at),
        ("author", &metadata.author),
        ("version", &metadata.version),
        ("license", &metadata.license),
    ];
    if texts.iter().all(|(_, text)| text.is_none()) && metadata.auto_negotiate.is_none() {
        return;
    }
    writer.key("metadata").object(|writer| {
        for (key, text) in texts {
            optional_text(writer, key, text.as_deref());
        }
        optional_boolean(writer, "auto_negotiate", metadata.auto_negotiate);
    });
}

fn node(writer: &mut Writer, spec: &NodeSpec) -> Result<(), ArenaError> {
    writer.try_object(|writer| {
        writer.key("id").string(&spec.id);
        writer.key("node_type").string(&spec.node_type);
        if !is_empty(&spec.params) {
            writer.key("params").params(&spec.params)?;
        }
        for (key, value) in [
            ("is_streaming", spec.is_streaming),
            ("is_output_node", spec.is_output_node),
        ] {
            optional_boolean(writer, key, value.then_some(true));
        }
        if let Some(asked) = &spec.capabilities {
            capabilities(writer.key("capabilities"), asked);
        }
        optional_text(writer, "host", spec.host.as_deref());
        let hint = spec.runtime_hint.map(|hint| hint.name());
        optional_text(writer, "runtime_hint", hint);
        if let Some(asked) = &spec.execution {
            execution(writer.key("execution"), asked);
        }
        optional_boolean(writer, "fast_path", spec.fast_path);
        texts(writer, "python_deps", &spec.python_deps);
        if let Some(media) = &spec.media_capabilities {
            media_capabilities(writer.key("media_capabilities"), media);
        }
        Ok(())
    })
}

fn is_empty(params: &Value) -> bool {
    let root = params.nodes.get(params.root as usize);
    matches!(root, Some(ValueNode::Fields(fields)) if fields.is_empty())
}

fn capabilities(writer: &mut Writer, asked: &Capabilities) {
    writer.object(|writer| {
        if let Some(gpu) = &asked.gpu {
            writer.key("gpu").object(|writer| {
                writer.key("type").string(gpu.gpu_type.name());
                optional_number(writer, "min_memory_gb", gpu.min_memory_gb);
                writer.key("required").boolean(gpu.required);
            });
        }
        if let Some(cpu) = &asked.cpu {
            writer.key("cpu").object(|writer| {
                if let Some(cores) = cpu.cores {
                    writer.key("cores").whole(cores);
                }
                optional_text(writer, "arch", cpu.arch.as_deref());
            });
        }
        optional_number(writer, "memory_gb", asked.memory_gb);
    });
}

fn execution(writer: &mut Writer, asked: &Execution) {
    writer.object(|writer| {
        writer.key("placement").string(asked.placement.name());
        optional_text(writer, "reason", asked.reason.as_deref());
        optional_text(writer, "fallback", asked.fallback.as_deref());
    });
}

fn media_capabilities(writer: &mut Writer, media: &MediaCapabilities) {
    let ports = |writer: &mut Writer, key: &str, ports: &[PortMedia]| {
        writer.key(key).object(|writer| {
            for port in ports {
                writer.key(&port.port).object(|writer| {
                    writer.key("type").string(port.kind.name());
                });
            }
        });
    };
    writer.object(|writer| {
        ports(writer, "inputs", &media.inputs);
        ports(writer, "outputs", &media.outputs);
    });
}

fn python_env(writer: &mut Writer, env: &PythonEnv) {
    writer.object(|writer| {
        optional_text(writer, "python_version", env.python_version.as_deref());
        optional_text(writer, "scope", env.scope.as_deref());
        texts(writer, "extra_deps", &env.extra_deps);
    });
}

fn optional_text(writer: &mut Writer, key: &str, text: Option<&str>) {
    if let Some(text) = text {
        writer.key(key).string(text);
    }
}

fn optional_boolean(writer: &mut Writer, key: &str, value: Option<bool>) {
    if let Some(value) = value {
        writer.key(key).boolean(value);
    }
}

fn optional_number(writer: &mut Writer, key: &str, value: Option<f64>) {
    if let Some(value) = value {
        writer.key(key).float(value);
    }
}

fn texts(writer: &mut Writer, key: &str, texts: &[String]) {
    if !texts.is_empty() {
        writer.key(key).array(|writer| {
            for text in texts {
                writer.string(text);
            }
        });
    }
}
