/** The page's own engine, without what the page leaves out of sight. */

import { formatItem, parseItem, type wit } from "../../../js/src/core.js";
import { Engine } from "../../src/engine.js";
import { load } from "../../src/load.js";

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

const loaded = load(() => {});

function written({ items }: wit.NodeOutputs): string[] {
  return items.map(formatItem);
}

addEventListener("message", (event: MessageEvent<Case>) => {
  const { manifest, inputs, files, outputs } = event.data;
  void loaded
    .then((loaded): Outcome => {
      const engine = new Engine(loaded, files, { print() {}, fetched() {} });
      const executed = engine.execute(manifest, inputs);
      const expected = outputs?.map((json) => formatItem(parseItem(json))) ?? null;
      if ("result" in executed) {
        const { result } = executed;
        return { expected, outputs: result.outputs.flatMap(written), order: result.graph.executionOrder };
      }
      const { kind, nodeId, item, message, diagnostics, data } = executed.error;
      const said = [message, ...diagnostics.map((diagnostic) => diagnostic.message)];
      return { expected, outputs: data.flatMap(written), error: { kind, nodeId, item, said } };
    })
    .catch((error: unknown): Outcome => ({ fault: String(error) }))
    .then((outcome) => postMessage(outcome));
});
