//! What the component says of manifests, node types and runs.

use super::manifest;
use super::types;
use crate::executor::{ErrorKind, NodeMetrics, NodeOutputs, PipelineError, RunResult};
use crate::graph::GraphInfo;
use crate::manifest::{Checked, Diagnostic, InvalidManifest, Loaded, Location, Related, Severity};
use crate::registry::{Language, NodeInfo, ParamInfo};
use crate::value::{NoForm, Value, arena, items};

impl From<Location> for types::Location {
    fn from(location: Location) -> Self {
        let Location {
            line,
            column,
            offset,
            length,
        } = location;
        Self {
            line,
            column,
            offset,
            length,
        }
    }
}

impl From<Related> for types::Related {
    fn from(related: Related) -> Self {
        Self {
            message: related.message,
            path: related.path,
            location: related.location.map(Into::into),
        }
    }
}

impl From<Diagnostic> for types::Diagnostic {
    fn from(diagnostic: Diagnostic) -> Self {
        Self {
            severity: match diagnostic.severity {
                Severity::Error => types::Severity::Error,
                Severity::Warning => types::Severity::Warning,
            },
            code: diagnostic.code.to_owned(),
            message: diagnostic.message,
            help: diagnostic.help,
            path: diagnostic.path,
            location: diagnostic.location.map(Into::into),
            related: diagnostic.related.into_iter().map(Into::into).collect(),
        }
    }
}

pub(super) fn diagnostics(diagnostics: Vec<Diagnostic>) -> Vec<types::Diagnostic> {
    diagnostics.into_iter().map(Into::into).collect()
}

/// A manifest whose typed form breaks a rule of the WIT.
pub(super) fn invalid((path, message): (String, String)) -> types::Diagnostic {
    Diagnostic::error("invalid-value", path, message).into()
}

impl From<GraphInfo> for types::GraphInfo {
    fn from(graph: GraphInfo) -> Self {
        Self {
            node_count: graph.node_count,
            sink_count: graph.sink_count,
            source_count: graph.source_count,
            execution_order: graph.execution_order,
        }
    }
}

impl From<Checked> for types::Checked {
    fn from(checked: Checked) -> Self {
        Self {
            graph: checked.graph.into(),
            warnings: diagnostics(checked.warnings),
        }
    }
}

pub(super) fn loaded(loaded: Loaded) -> Result<types::Loaded, types::InvalidManifest> {
    let no_form = |error: NoForm| types::InvalidManifest {
        diagnostics: vec![invalid((String::new(), error.to_string()))],
        manifest: None,
        node_locations: Vec::new(),
    };
    let input_data = loaded
        .input_data
        .map(|items| {
            items
                .into_iter()
                .map(items::lower_item)
                .collect::<Result<Vec<_>, _>>()
                .map(pipeline_codec::in_bulk)
        })
        .transpose()
        .map_err(no_form)?;
    Ok(types::Loaded {
        manifest: manifest::lower(loaded.manifest).map_err(no_form)?,
        input_data,
        node_locations: locations(loaded.node_locations),
        graph: loaded.graph.into(),
        warnings: diagnostics(loaded.warnings),
    })
}

pub(super) fn invalid_manifest(invalid: InvalidManifest) -> types::InvalidManifest {
    let manifest = invalid.manifest.map(manifest::lower);
    types::InvalidManifest {
        diagnostics: diagnostics(invalid.diagnostics),
        manifest: manifest.transpose().ok().flatten(),
        node_locations: locations(invalid.node_locations),
    }
}

fn locations(locations: Vec<Location>) -> Vec<types::Location> {
    locations.into_iter().map(Into::into).collect()
}

impl From<ParamInfo> for types::ParamInfo {
    fn from(param: ParamInfo) -> Self {
        Self {
            name: param.name,
            param_type: param.param_type,
            required: param.required,
            // A default without a form is as good as one that is not known.
            default: param.default.and_then(|value| arena::lower(value).ok()),
            summary: param.summary,
        }
    }
}

impl From<NodeInfo> for types::NodeInfo {
    fn from(info: NodeInfo) -> Self {
        Self {
            node_type: info.node_type,
            language: match info.language {
                Language::Rust => types::Language::Rust,
                Language::Python => types::Language::Python,
            },
            summary: info.summary,
            params: info.params.into_iter().map(Into::into).collect(),
            streaming: info.streaming,
            source: info.source,
            unavailable: info.unavailable,
        }
    }
}

impl From<NodeMetrics> for types::NodeMetrics {
    fn from(metrics: NodeMetrics) -> Self {
        Self {
            node_id: metrics.node_id,
            items_in: metrics.items_in,
            items_out: metrics.items_out,
            nanoseconds: metrics.nanoseconds,
        }
    }
}

/// Gives outputs out.
///
/// # Errors
/// Names the item that has no form.
pub(super) fn outputs(
    given: Vec<NodeOutputs>,
) -> Result<Vec<types::NodeOutputs>, types::PipelineError> {
    each(given, |items| {
        items.into_iter().enumerate().map(output).collect()
    })
}

/// Gives outputs out, numbers in bulk.
///
/// # Errors
/// Names the item that has no form.
pub(super) fn in_bulk(
    given: Vec<NodeOutputs>,
) -> Result<Vec<types::NodeOutputs>, types::PipelineError> {
    each(given, |items| {
        let mut outputs = Vec::new();
        for (position, item) in items.into_iter().enumerate() {
            match (item, outputs.last_mut()) {
                (Value::Int(item), Some(types::Data::Integers(items))) => items.push(item),
                (Value::Float(item), Some(types::Data::Numbers(items))) => items.push(item),
                (Value::Int(item), _) => outputs.push(types::Data::Integers(vec![item])),
                (Value::Float(item), _) => outputs.push(types::Data::Numbers(vec![item])),
                (item, _) => outputs.push(output((position, item))?),
            }
        }
        Ok(outputs)
    })
}

fn each(
    given: Vec<NodeOutputs>,
    lower: impl Fn(Vec<Value>) -> Result<Vec<types::Data>, types::PipelineError>,
) -> Result<Vec<types::NodeOutputs>, types::PipelineError> {
    let lower = |NodeOutputs { node_id, items }| match lower(items) {
        Ok(items) => Ok(types::NodeOutputs { node_id, items }),
        Err(error) => Err(types::PipelineError {
            node_id: Some(node_id),
            ..error
        }),
    };
    given.into_iter().map(lower).collect()
}

fn output((position, item): (usize, Value)) -> Result<types::Data, types::PipelineError> {
    items::lower_item(item).map_err(|error| types::PipelineError {
        message: format!("outputs[{position}]{error}"),
        ..failure(types::ErrorKind::UnrepresentableOutput)
    })
}

/// The result of a run; `lower` gives the items out.
///
/// # Errors
/// Those of `lower`.
pub(super) fn run_result(
    result: RunResult,
    lower: impl FnOnce(Vec<NodeOutputs>) -> Result<Vec<types::NodeOutputs>, types::PipelineError>,
) -> Result<types::RunResult, types::PipelineError> {
    Ok(types::RunResult {
        outputs: lower(result.outputs)?,
        graph: result.graph.into(),
        metrics: result.metrics.into_iter().map(Into::into).collect(),
    })
}

/// A failure of this kind, of which nothing more is known.
pub(super) fn failure(kind: types::ErrorKind) -> types::PipelineError {
    types::PipelineError {
        kind,
        message: String::new(),
        node_id: None,
        node_type: None,
        item: None,
        traceback: None,
        diagnostics: Vec::new(),
        outputs: Vec::new(),
    }
}

impl From<PipelineError> for types::PipelineError {
    fn from(error: PipelineError) -> Self {
        Self {
            kind: match error.kind {
                ErrorKind::InvalidManifest => types::ErrorKind::InvalidManifest,
                ErrorKind::NeedsInput => types::ErrorKind::NeedsInput,
                ErrorKind::InvalidInput => types::ErrorKind::InvalidInput,
                ErrorKind::NodeSetupFailed => types::ErrorKind::NodeSetupFailed,
                ErrorKind::NodeFailed => types::ErrorKind::NodeFailed,
                ErrorKind::UnrepresentableOutput => types::ErrorKind::UnrepresentableOutput,
                ErrorKind::SessionClosed => types::ErrorKind::SessionClosed,
                ErrorKind::Internal => types::ErrorKind::Internal,
            },
            message: error.message,
            node_id: error.node_id,
            node_type: error.node_type,
            item: error.item,
            traceback: error.traceback.map(|traceback| traceback.text),
            diagnostics: diagnostics(error.diagnostics),
            // What has no form can't be kept; the error itself matters more.
            outputs: error
                .outputs
                .into_iter()
                .map(|NodeOutputs { node_id, items }| types::NodeOutputs {
                    node_id,
                    items: items
                        .into_iter()
                        .filter_map(|item| items::lower_item(item).ok())
                        .collect(),
                })
                .collect(),
        }
    }
}
