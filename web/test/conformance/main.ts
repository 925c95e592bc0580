/** Runs cases on the package as the page does, and gives the test all of what came out. */

import { createPool, formatItem, parseInputs, parseItem, PipelineError, type wit } from "@remotemedia/pipeline";

import { LiveTests } from "./live.ts";

export interface Case {
  manifest: string;
  /** A list of items; empty for none. */
  inputs: string;
  files: Record<string, string>;
  /** Expected items as their authors wrote them. */
  outputs: string[] | null;
}

export interface Outcome {
  fault?: string;
  outputs?: string[];
  /** The expected items in the form of `outputs`. */
  expected?: string[] | null;
  order?: string[];
  error?: { kind: string; nodeId?: string | undefined; item?: number | undefined; said: string[] };
}

declare global {
  interface Window {
    runCase(one: Case): Promise<Outcome>;
    live: LiveTests;
  }
}

const quiet = { stdout() {}, stderr() {} };
const pool = createPool({ size: 2, ...quiet });
window.live = new LiveTests(pool);

function written(outputs: readonly wit.NodeOutputs[]): string[] {
  return outputs.flatMap(({ items }) => items.map(formatItem));
}

window.runCase = async ({ manifest, inputs, files, outputs }) => {
  const expected = outputs?.map((json) => formatItem(parseItem(json))) ?? null;
  const items = inputs === "" ? undefined : parseInputs(inputs);
  try {
    const { data, graph } = await (await pool).runData(manifest, items, { nodes: [{ name: "page", files }] });
    return { expected, outputs: written(data), order: graph.executionOrder };
  } catch (error) {
    if (!(error instanceof PipelineError)) return { fault: String(error) };
    const { kind, nodeId, item, message, diagnostics, data } = error;
    const said = [message, ...diagnostics.map((diagnostic) => diagnostic.message)];
    return { expected, outputs: written(data), error: { kind, nodeId, item, said } };
  }
};
