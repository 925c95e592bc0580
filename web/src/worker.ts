/** The worker: loads the component, and does each task on a fresh instance of it. */

import { Engine } from "./engine.js";
import { load } from "./load.js";
import type { Answer, Loaded, Request, Response } from "./protocol.js";

let loaded: Loaded | null = null;

const say = (response: Response, transfer: Transferable[] = []) => postMessage(response, { transfer });

addEventListener("message", (event: MessageEvent<Request>) => {
  const request = event.data;
  void answer(request).then(
    ({ result, transfer }) => say({ kind: "done", id: request.id, result }, transfer),
    (error: unknown) => say({ kind: "failed", id: request.id, message: describe(error) }),
  );
});

async function answer(request: Request): Promise<{ result: Answer; transfer: Transferable[] }> {
  const { id } = request;
  if (request.op === "load") {
    loaded = request.loaded ?? (await load((done, total) => say({ kind: "progress", id, done, total })));
    return { result: loaded, transfer: [] };
  }
  if (loaded === null) throw new Error("the component is not loaded");
  const engine = new Engine(loaded, request.op === "nodes" ? {} : request.files, {
    print: (text) => say({ kind: "printed", id, text }),
    fetched: (bytes) => say({ kind: "fetch", id, bytes }),
  });
  if (request.op === "nodes") return { result: engine.nodeTypes(), transfer: [] };
  if (request.op === "check") return { result: engine.check(request.source), transfer: [] };
  const result = engine.run(request.source, request.inputs, request.audio);
  const shown = result.status === "bad-inputs" ? [] : result.outputs;
  const transfer = shown.flatMap((item) => (item.medium ? [item.medium.bytes.buffer] : []));
  return { result, transfer };
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
