/** Results and errors as the document that `pipeline run --format json` prints. */

import type { Diagnostic, PipelineError } from "../errors.js";
import type { wit } from "../generated.js";
import type { RunResult } from "../results.js";
import { array, formatItem, object, quote } from "./write.js";

/** A finished run as JSON. Warnings are there where there are some. */
export function formatResult(run: Pick<RunResult, "data" | "graph"> & { warnings?: readonly Diagnostic[] }): string {
  const warnings = run.warnings ?? [];
  return object(
    ["status", quote("success")],
    ["outputs", outputs(run.data)],
    ["graph_info", formatGraph(run.graph)],
    ["warnings", warnings.length > 0 ? array(warnings.map(formatDiagnostic)) : undefined],
  );
}

/** A failed run as JSON. */
export function formatError(error: PipelineError): string {
  return object(
    ["status", quote("error")],
    [
      "error",
      object(
        ["kind", quote(error.kind)],
        ["message", quote(error.message)],
        ["node_id", textOrNull(error.nodeId)],
        ["node_type", textOrNull(error.nodeType)],
        ["item", error.item === undefined ? "null" : `${error.item}`],
        ["traceback", textOrNull(error.traceback)],
        ["diagnostics", array(error.diagnostics.map(formatDiagnostic))],
      ),
    ],
    ["outputs", outputs(error.data)],
  );
}

function outputs(data: readonly wit.NodeOutputs[]): string {
  return array(data.flatMap(({ items }) => items.map(formatItem)));
}

/** The shape of a graph as JSON. */
export function formatGraph(graph: wit.GraphInfo): string {
  return object(
    ["node_count", `${graph.nodeCount}`],
    ["sink_count", `${graph.sinkCount}`],
    ["source_count", `${graph.sourceCount}`],
    ["execution_order", array(graph.executionOrder.map(quote))],
  );
}

/** A diagnostic as JSON. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  return object(
    ["severity", quote(diagnostic.severity)],
    ["code", quote(diagnostic.code)],
    ["message", quote(diagnostic.message)],
    ["help", textOrNull(diagnostic.help)],
    ["path", quote(diagnostic.path)],
    ["location", location(diagnostic.location)],
    [
      "related",
      array(
        diagnostic.related.map((related) =>
          object(
            ["message", quote(related.message)],
            ["path", quote(related.path)],
            ["location", location(related.location)],
          ),
        ),
      ),
    ],
  );
}

function location(place: wit.Location | undefined): string {
  if (place === undefined) return "null";
  const { line, column, offset, length } = place;
  return object(["line", `${line}`], ["column", `${column}`], ["offset", `${offset}`], ["length", `${length}`]);
}

function textOrNull(text: string | undefined): string {
  return text === undefined ? "null" : quote(text);
}
