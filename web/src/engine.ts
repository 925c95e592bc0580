/** The component in this worker: one task, on an instance of its own. */

import { formatValue, Instance, MemoryFileSystem, PipelineError, type wit } from "../../js/src/core.js";

import { JsonError, readInputs, show } from "./items.js";
import { LibraryFileSystem, type OnFetch } from "./library.js";
import type { CheckResult, Files, Loaded, NodeType, RunOutcome, Shown, Timings } from "./protocol.js";

/** What happens during a task. */
export interface Events {
  print(text: string): void;
  fetched: OnFetch;
}

/** A run's end. */
export type Executed = { timings: Timings } & ({ result: wit.RunResult } | { error: PipelineError });

/** Where the guest sees the code that was written in the page. */
const PAGE_NODES = "/nodes/page";

/** Kept between tasks: their files never change, and their contents are unpacked once. */
const libraries = new Map<string, LibraryFileSystem>();
let onFetch: OnFetch = () => {};

/** Node types that come with the component; the graph tells their languages apart. */
let known: wit.NodeInfo[] | null = null;

export class Engine {
  readonly #loaded: Loaded;
  readonly #files: Files;
  readonly #events: Events;

  constructor(loaded: Loaded, files: Files, events: Events) {
    this.#loaded = loaded;
    this.#files = files;
    this.#events = events;
  }

  /** What manifests can name besides the page's own classes. */
  nodeTypes(): NodeType[] {
    known ??= this.#fresh().listNodes();
    return known
      .filter(({ unavailable }) => unavailable === undefined)
      .map(({ nodeType, language, summary, params }) => ({
        name: nodeType,
        language,
        summary,
        params: params.map(({ name, paramType, required, default: value }) => {
          const given = required ? " (required)" : value === undefined ? "" : ` = ${formatValue(value)}`;
          return `${name}: ${paramType}${given}`;
        }),
      }));
  }

  check(source: string): CheckResult {
    const instance = this.#fresh();
    known ??= instance.listNodes();
    const rust = new Set(known.flatMap(({ nodeType, language }) => (language === "rust" ? [nodeType] : [])));
    const loaded = instance.load(source);
    const ok = "ok" in loaded;
    const diagnostics = ok ? loaded.ok.warnings : loaded.err.diagnostics;
    const { manifest, nodeLocations } = ok ? loaded.ok : loaded.err;
    if (manifest === undefined) {
      return { nodes: null, connections: [], places: [], itemsInText: null, diagnostics, ok };
    }
    return {
      nodes: manifest.nodes.map(({ id, nodeType }) => ({
        id,
        type: nodeType,
        language: rust.has(nodeType) ? "rust" : "python",
      })),
      connections: manifest.connections,
      places: nodeLocations,
      diagnostics,
      ok,
      itemsInText: ok ? (loaded.ok.inputData?.length ?? null) : null,
    };
  }

  /** Runs, and says what is to be seen of it. */
  run(source: string, inputs: string, audio: wit.Audio[]): RunOutcome {
    let executed;
    try {
      executed = this.execute(source, inputs, audio);
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      const { message, line, column } = error;
      return { status: "bad-inputs", message, line, column };
    }
    const { timings } = executed;
    if ("result" in executed) {
      const { outputs, graph, metrics } = executed.result;
      return { status: "success", outputs: outputs.flatMap(shown), graph, metrics, timings };
    }
    const { kind, message, nodeId, nodeType, item, traceback, diagnostics, data } = executed.error;
    const error = { kind, message, nodeId, nodeType, item, traceback, diagnostics: [...diagnostics] };
    return { status: "error", error, outputs: data.flatMap(shown), timings };
  }

  /** Runs a manifest on the items of a text, and on audio after them; where there are none, on those
   * that stand in the manifest's text. Throws a `JsonError` where the items can't be read. */
  execute(source: string, inputs: string, audio: wit.Audio[] = []): Executed {
    const start = performance.now();
    const instance = this.#fresh();
    const called = performance.now();
    const timed = () => ({ instantiate: called - start, execute: performance.now() - called });
    const loaded = instance.load(source);
    if ("err" in loaded) {
      const { diagnostics } = loaded.err;
      const message = diagnostics.find(({ severity }) => severity === "error")?.message ?? "the manifest can't run";
      const error = { kind: "invalid-manifest" as const, message, diagnostics, outputs: [] };
      return { error: new PipelineError(error), timings: timed() };
    }
    const { manifest, inputData } = loaded.ok;
    let items = readInputs(inputs);
    if (audio.length > 0) items = [...(items ?? []), ...audio.map((val) => ({ tag: "audio" as const, val }))];
    items ??= inputData?.map((val) => ({ tag: "value" as const, val })) ?? null;
    try {
      const result = instance.execute(manifest, items?.map((item) => ({ item })));
      return { result, timings: timed() };
    } catch (error) {
      if (!(error instanceof PipelineError)) throw error;
      return { error, timings: timed() };
    }
  }

  #fresh(): Instance {
    onFetch = this.#events.fetched;
    for (const [mount, sizes] of Object.entries(this.#loaded.library)) {
      if (!libraries.has(mount)) {
        const tell: OnFetch = (bytes) => onFetch(bytes);
        libraries.set(mount, new LibraryFileSystem(mount, sizes, tell));
      }
    }
    const decoder = new TextDecoder();
    const print = (bytes: Uint8Array) => this.#events.print(decoder.decode(bytes, { stream: true }));
    return new Instance(new Map(Object.entries(this.#loaded.modules)), {
      mounts: [
        ...[...libraries].map(([mount, files]) => [`/${mount}`, files] as const),
        [PAGE_NODES, new MemoryFileSystem(this.#files)] as const,
      ],
      stdout: print,
      stderr: print,
    });
  }
}

/** What one node gave, as the page shows it. */
function shown({ items }: wit.NodeOutputs): Shown[] {
  return items.map(show);
}
