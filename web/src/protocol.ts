/** What the page and its worker say to each other. */

import type { PipelineError, wit } from "../../js/src/core.js";

export type Audio = wit.Audio;
export type Diagnostic = wit.Diagnostic;
export type NodeMetrics = wit.NodeMetrics;

/** Files of a directory: path to text. */
export type Files = Record<string, string>;

/** Every file of the library by mount and path, with its size. */
export type Library = Record<string, Record<string, number>>;

/** What is loaded once and given to every worker. */
export interface Loaded {
  /** Compiled core modules by name. */
  modules: Record<string, WebAssembly.Module>;
  library: Library;
}

export type Task =
  /** Fetch and compile, or take what another worker has. */
  | { op: "load"; loaded?: Loaded }
  | { op: "nodes" }
  | { op: "check"; source: string; files: Files }
  | { op: "run"; source: string; inputs: string; audio: Audio[]; files: Files };

export type Request = Task & { id: number };

export type Response =
  | { kind: "progress"; id: number; done: number; total: number }
  /** An archive is being fetched, or has been, with its bytes. */
  | { kind: "fetch"; id: number; bytes: number | null }
  | { kind: "printed"; id: number; text: string }
  | { kind: "done"; id: number; result: Answer }
  /** A fault: of the component, of the network, or of the page itself. */
  | { kind: "failed"; id: number; message: string };

export type Answer = Loaded | NodeType[] | CheckResult | RunOutcome;

/** A node type as the page lists it. */
export interface NodeType {
  name: string;
  language: "rust" | "python";
  summary: string;
  /** As `factor: number = 2.0`. */
  params: string[];
}

/** A node as the graph shows it. */
export interface GraphNode {
  id: string;
  type: string;
  language: "rust" | "python";
}

export interface CheckResult {
  /** Absent where the manifest can't be read at all. */
  nodes: GraphNode[] | null;
  connections: Array<{ from: string; to: string }>;
  /** Where each node is in the text. */
  places: Array<wit.Location | null>;
  diagnostics: Diagnostic[];
  /** Whether the pipeline can run. */
  ok: boolean;
  /** Items that stand in the manifest's text. */
  itemsInText: number | null;
}

/** An item as the page shows it. */
export interface Shown {
  json: string;
  /** What a medium can be played or seen from. */
  medium?: { type: string; bytes: Uint8Array<ArrayBuffer>; name: string };
  /** Audio's samples, for its waveform. */
  audio?: { samples: Float32Array; sampleRate: number; channels: number };
}

export interface Timings {
  /** Making a fresh instance. */
  instantiate: number;
  /** From the call to its answer. */
  execute: number;
}

export type RunOutcome =
  | { status: "success"; outputs: Shown[]; graph: wit.GraphInfo; metrics: NodeMetrics[]; timings: Timings }
  | {
      status: "error";
      error: Pick<PipelineError, "kind" | "message" | "nodeId" | "nodeType" | "item" | "traceback"> & {
        diagnostics: Diagnostic[];
      };
      outputs: Shown[];
      timings: Timings;
    }
  /** The inputs' text is no list of items. */
  | { status: "bad-inputs"; message: string; line: number | null; column: number | null };
