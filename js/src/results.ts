/** What calls give, and how the records of the WIT become that. */

import type { Diagnostic } from "./errors.js";
import type { wit } from "./generated.js";
import { type Item, lift, liftItems, liftOutputs, type PlainValue } from "./values.js";

/** A finished run. */
export interface RunResult {
  /** The sinks' items, sink by sink in the manifest's order. */
  readonly outputs: Item[];
  /** The same under the ids of the nodes that gave them. */
  readonly outputsByNode: Record<string, Item[]>;
  /** The same as the WIT has them, where `1` and `1.0` differ. */
  readonly data: readonly wit.NodeOutputs[];
  readonly graph: wit.GraphInfo;
  readonly metrics: NodeMetrics[];
  /** Doubtful things in the manifest, for example unknown keys. */
  readonly warnings: Diagnostic[];
}

/** What one node did in a run. */
export interface NodeMetrics {
  readonly nodeId: string;
  readonly itemsIn: number;
  readonly itemsOut: number;
  readonly nanoseconds: number;
}

/** A parameter of a node type. */
export interface ParamInfo extends Omit<wit.ParamInfo, "default"> {
  readonly default?: PlainValue;
  /** The same as the WIT has it, where `1` and `1.0` differ. */
  readonly defaultData?: wit.Value;
}

/** A node type that manifests can name. */
export interface NodeInfo extends Omit<wit.NodeInfo, "params"> {
  readonly params: ParamInfo[];
}

/** What a check of a manifest came to. */
export interface CheckResult {
  /** Whether the manifest can run. */
  readonly ok: boolean;
  /** The shape of the graph, where it can. */
  readonly graph?: wit.GraphInfo;
  /** Errors and warnings, with places in the text where the manifest was given as text. */
  readonly diagnostics: Diagnostic[];
  /** The manifest as it was read, as far as that went. */
  readonly manifest?: wit.Manifest;
  /** Where each of its nodes is in the text. */
  readonly nodeLocations: ReadonlyArray<wit.Location | undefined>;
  /** How many items stand with the manifest, where there are any. */
  readonly itemsInText?: number;
}

/** A finished run in plain records, which can be sent between threads. */
export interface PlainResult {
  readonly run: wit.RunResult;
  readonly warnings: Diagnostic[];
}

/** A finished run as callers have it. Items become JavaScript's when they are asked for. */
export function resultOf({ run, warnings }: PlainResult): RunResult {
  let outputs: Item[] | undefined;
  let byNode: Record<string, Item[]> | undefined;
  return {
    get outputs() {
      outputs ??= liftOutputs(run.outputs);
      return outputs;
    },
    get outputsByNode() {
      byNode ??= Object.fromEntries(run.outputs.map(({ nodeId, items }) => [nodeId, liftItems(items)]));
      return byNode;
    },
    data: run.outputs,
    graph: run.graph,
    metrics: run.metrics.map(({ nodeId, itemsIn, itemsOut, nanoseconds }) => ({
      nodeId,
      itemsIn: Number(itemsIn),
      itemsOut: Number(itemsOut),
      nanoseconds: Number(nanoseconds),
    })),
    warnings,
  };
}

/** Node types as callers have them. */
export function nodesOf(all: readonly wit.NodeInfo[]): NodeInfo[] {
  return all.map((node) => ({
    ...node,
    params: node.params.map(({ default: value, ...param }) =>
      value === undefined ? param : { ...param, default: lift(value), defaultData: value },
    ),
  }));
}
