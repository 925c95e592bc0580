//! The JSON documents that say what came of a request: the same on the command
//! line and over HTTP.

mod manifest;

pub use manifest::manifest;

use super::arena::ArenaError;
use super::names::Named as _;
use super::write::Writer;
use crate::types::{
    Data, Diagnostic, ErrorKind, GraphInfo, Location, NodeInfo, NodeMetrics, NodeOutputs,
    ParamInfo, PipelineError, RunResult, Severity,
};

/// How outputs are laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// One list, sink by sink.
    #[default]
    Flat,
    /// A list for each node, under its id.
    ByNode,
}

/// What a document about a run has.
#[derive(Clone, Copy, Debug, Default)]
pub struct Form<'a> {
    /// What was warned of.
    pub warnings: &'a [Diagnostic],
    /// How outputs are laid out.
    pub layout: Layout,
    /// Whether it says what each node did.
    pub metrics: bool,
}

/// Writes the result of a run; `item` writes each output.
///
/// # Errors
/// Those of `item`.
pub fn success<E>(
    writer: &mut Writer,
    run: &RunResult,
    form: Form<'_>,
    item: impl FnMut(&mut Writer, &Data) -> Result<(), E>,
) -> Result<(), E> {
    writer.try_object(|writer| {
        writer.key("status").string("success");
        writer.key("outputs");
        outputs(writer, &run.outputs, form.layout, item)?;
        ended(writer, run, form);
        Ok(())
    })
}

/// Writes what ends a run's document, after its outputs.
pub fn ended(writer: &mut Writer, run: &RunResult, form: Form<'_>) {
    writer.key("graph_info");
    graph_info(writer, &run.graph);
    all_warnings(writer, form.warnings);
    if form.metrics {
        writer.key("metrics");
        node_metrics(writer, &run.metrics);
    }
}

/// Writes an error under the name of its kind, and the outputs that came before
/// it; `item` writes each of them.
///
/// # Errors
/// Those of `item`.
pub fn failure<E>(
    writer: &mut Writer,
    error: &PipelineError,
    kind: &str,
    form: Form<'_>,
    item: impl FnMut(&mut Writer, &Data) -> Result<(), E>,
) -> Result<(), E> {
    writer.try_object(|writer| {
        writer.key("status").string("error");
        writer.key("error");
        error_object(writer, error, kind);
        all_warnings(writer, form.warnings);
        writer.key("outputs");
        outputs(writer, &error.outputs, form.layout, item)
    })
}

/// Writes an error without its outputs.
pub fn error_object(writer: &mut Writer, error: &PipelineError, kind: &str) {
    writer.object(|writer| {
        writer.key("kind").string(kind);
        writer.key("message").string(&error.message);
        writer.key("node_id");
        text_or_null(writer, error.node_id.as_deref());
        writer.key("node_type");
        text_or_null(writer, error.node_type.as_deref());
        writer.key("item");
        match error.item {
            Some(item) => writer.whole(item),
            None => writer.null(),
        }
        writer.key("traceback");
        text_or_null(writer, error.traceback.as_deref());
        writer.key("diagnostics");
        diagnostics(writer, &error.diagnostics);
    });
}

/// An error that has no more to it than a message and diagnostics.
#[must_use]
pub fn plain_error(
    kind: ErrorKind,
    message: String,
    diagnostics: Vec<Diagnostic>,
) -> PipelineError {
    PipelineError {
        kind,
        message,
        node_id: None,
        node_type: None,
        item: None,
        traceback: None,
        diagnostics,
        outputs: Vec::new(),
    }
}

/// A manifest that can't run: what is wrong with it first, and how much more.
#[must_use]
pub fn invalid_manifest(diagnostics: Vec<Diagnostic>) -> PipelineError {
    let mut errors = diagnostics
        .iter()
        .filter(|found| matches!(found.severity, Severity::Error));
    let first = errors.next().map_or("", |found| found.message.as_str());
    let message = match errors.count() {
        0 => format!("the manifest is not valid: {first}"),
        more => format!("the manifest is not valid: {first} (and {more} more)"),
    };
    plain_error(ErrorKind::InvalidManifest, message, diagnostics)
}

/// Writes what a check found: the graph where the manifest can run, and the
/// diagnostics.
pub fn check(writer: &mut Writer, graph: Option<&GraphInfo>, found: &[Diagnostic]) {
    writer.object(|writer| {
        let status = match graph {
            Some(_) => "success",
            None => "error",
        };
        writer.key("status").string(status);
        if let Some(graph) = graph {
            writer.key("graph_info");
            graph_info(writer, graph);
        }
        writer.key("diagnostics");
        diagnostics(writer, found);
    });
}

/// Writes node types.
///
/// # Errors
/// Where the arena of a default is not a tree.
pub fn nodes(writer: &mut Writer, nodes: &[NodeInfo]) -> Result<(), ArenaError> {
    writer.try_array(|writer| {
        nodes.iter().try_for_each(|node| {
            writer.try_object(|writer| {
                writer.key("node_type").string(&node.node_type);
                writer.key("language").string(node.language.name());
                writer.key("summary").string(&node.summary);
                writer.key("params").try_array(|writer| {
                    let mut params = node.params.iter();
                    params.try_for_each(|param| param_info(writer, param))
                })?;
                writer.key("streaming").boolean(node.streaming);
                writer.key("source").boolean(node.source);
                writer.key("unavailable");
                text_or_null(writer, node.unavailable.as_deref());
                Ok(())
            })
        })
    })
}

fn param_info(writer: &mut Writer, param: &ParamInfo) -> Result<(), ArenaError> {
    writer.try_object(|writer| {
        writer.key("name").string(&param.name);
        writer.key("type").string(&param.param_type);
        writer.key("required").boolean(param.required);
        if let Some(default) = &param.default {
            writer.key("default").value(default)?;
        }
        writer.key("summary").string(&param.summary);
        Ok(())
    })
}

fn outputs<E>(
    writer: &mut Writer,
    given: &[NodeOutputs],
    layout: Layout,
    mut item: impl FnMut(&mut Writer, &Data) -> Result<(), E>,
) -> Result<(), E> {
    let mut all = |writer: &mut Writer, given: &NodeOutputs| {
        given.items.iter().try_for_each(|each| item(writer, each))
    };
    match layout {
        Layout::Flat => {
            writer.try_array(|writer| given.iter().try_for_each(|given| all(writer, given)))
        }
        Layout::ByNode => writer.try_object(|writer| {
            given.iter().try_for_each(|given| {
                writer
                    .key(&given.node_id)
                    .try_array(|writer| all(writer, given))
            })
        }),
    }
}

/// Writes an output on a line of its own, and with the node that gave it where
/// that is asked for.
///
/// # Errors
/// Those of `item`.
pub fn output<E>(
    writer: &mut Writer,
    node: &str,
    layout: Layout,
    item: impl FnOnce(&mut Writer) -> Result<(), E>,
) -> Result<(), E> {
    writer.try_object(|writer| {
        if layout == Layout::ByNode {
            writer.key("node").string(node);
        }
        item(writer.key("output"))
    })
}

fn graph_info(writer: &mut Writer, graph: &GraphInfo) {
    writer.object(|writer| {
        writer.key("node_count").whole(graph.node_count);
        writer.key("sink_count").whole(graph.sink_count);
        writer.key("source_count").whole(graph.source_count);
        writer.key("execution_order").array(|writer| {
            for id in &graph.execution_order {
                writer.string(id);
            }
        });
    });
}

/// Writes what was warned of, where something was.
pub fn all_warnings(writer: &mut Writer, warnings: &[Diagnostic]) {
    if !warnings.is_empty() {
        writer.key("warnings");
        diagnostics(writer, warnings);
    }
}

fn diagnostics(writer: &mut Writer, all: &[Diagnostic]) {
    writer.array(|writer| {
        for diagnostic in all {
            writer.object(|writer| {
                writer.key("severity").string(diagnostic.severity.name());
                writer.key("code").string(&diagnostic.code);
                writer.key("message").string(&diagnostic.message);
                writer.key("help");
                text_or_null(writer, diagnostic.help.as_deref());
                writer.key("path").string(&diagnostic.path);
                location(writer, diagnostic.location);
                writer.key("related").array(|writer| {
                    for related in &diagnostic.related {
                        writer.object(|writer| {
                            writer.key("message").string(&related.message);
                            writer.key("path").string(&related.path);
                            location(writer, related.location);
                        });
                    }
                });
            });
        }
    });
}

fn location(writer: &mut Writer, location: Option<Location>) {
    writer.key("location");
    match location {
        None => writer.null(),
        Some(location) => writer.object(|writer| {
            writer.key("line").whole(location.line);
            writer.key("column").whole(location.column);
            writer.key("offset").whole(location.offset);
            writer.key("length").whole(location.length);
        }),
    }
}

fn node_metrics(writer: &mut Writer, metrics: &[NodeMetrics]) {
    writer.array(|writer| {
        for node in metrics {
            writer.object(|writer| {
                writer.key("node_id").string(&node.node_id);
                writer.key("items_in").whole(node.items_in);
                writer.key("items_out").whole(node.items_out);
                writer.key("nanoseconds").whole(node.nanoseconds);
            });
        }
    });
}

/// Writes a string, or `null`.
fn text_or_null(writer: &mut Writer, text: Option<&str>) {
    match text {
        Some(text) => writer.string(text),
        None => writer.null(),
    }
}
