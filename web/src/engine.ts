/** The component in this worker: one task, on an instance of its own. */

import { instantiate, type Root } from "../../js/generated/pipeline.js";
import { MemoryFileSystem, wasi } from "../../js/src/wasi/index.js";
import type * as wit from "../../js/generated/interfaces/remotemedia-pipeline-types.js";

import { JsonError, readInputs, show } from "./items.js";
import { LibraryFileSystem, type OnFetch } from "./library.js";
import type { CheckResult, Files, Loaded, RunOutcome } from "./protocol.js";

type Executor = Root["executor"];

/** What happens during a task. */
export interface Events {
  print(text: string): void;
  fetched: OnFetch;
}

/** Where the guest sees the code that was written in the page. */
const PAGE_NODES = "/nodes/page";

/** Kept between tasks: their files never change, and their contents are unpacked once. */
const libraries = new Map<string, LibraryFileSystem>();
let onFetch: OnFetch = () => {};

/** Rust's node types, which the graph paints in another colour; asked for once. */
let rust: ReadonlySet<string> | null = null;

export class Engine {
  readonly #loaded: Loaded;
  readonly #files: Files;
  readonly #events: Events;

  constructor(loaded: Loaded, files: Files, events: Events) {
    this.#loaded = loaded;
    this.#files = files;
    this.#events = events;
  }

  check(source: string): CheckResult {
    const executor = this.#fresh();
    rust ??= new Set(
      executor.listNodes().flatMap(({ nodeType, language }) => (language === "rust" ? [nodeType] : [])),
    );
    const start = performance.now();
    const result: CheckResult = {
      nodes: null,
      connections: [],
      places: [],
      diagnostics: [],
      ok: false,
      itemsInText: null,
      milliseconds: 0,
    };
    const parsed = attempt<wit.Parsed, wit.Diagnostic[]>(() => executor.parse(source));
    if ("failed" in parsed) {
      result.diagnostics = parsed.failed;
      return result;
    }
    const { manifest, inputData, warnings } = parsed.value;
    result.nodes = manifest.nodes.map(({ id, nodeType }) => ({
      id,
      type: nodeType,
      language: rust!.has(nodeType) ? "rust" : "python",
    }));
    result.connections = manifest.connections;
    result.places = manifest.nodes.map((_, index) => executor.locate(source, `nodes[${index}]`) ?? null);
    result.itemsInText = inputData?.length ?? null;
    const checked = attempt<wit.Checked, wit.Diagnostic[]>(() => executor.check(manifest));
    result.ok = "value" in checked;
    const found = "value" in checked ? checked.value.warnings : checked.failed;
    result.diagnostics = [...warnings, ...locate(executor, source, found)];
    result.milliseconds = performance.now() - start;
    return result;
  }

  run(source: string, inputs: string, audio: wit.Audio[]): RunOutcome {
    const start = performance.now();
    const executor = this.#fresh();
    const instantiated = performance.now();
    const parsed = attempt<wit.Parsed, wit.Diagnostic[]>(() => executor.parse(source));
    if ("failed" in parsed) return invalid(parsed.failed);
    const { manifest, inputData } = parsed.value;
    let items: wit.Data[] | null;
    try {
      items = readInputs(inputs);
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      const { message, line, column } = error;
      return { status: "bad-inputs", message, line, column };
    }
    if (audio.length > 0) items = [...(items ?? []), ...audio.map((val) => ({ tag: "audio" as const, val }))];
    items ??= inputData?.map((val) => ({ tag: "value" as const, val })) ?? null;
    const called = performance.now();
    const ran = attempt<wit.RunResult, wit.PipelineError>(() =>
      items === null ? executor.execute(manifest) : executor.executeWithInput(manifest, items),
    );
    const timings = { instantiate: instantiated - start, execute: performance.now() - called };
    if ("value" in ran) {
      const { outputs, graph, metrics } = ran.value;
      return { status: "success", outputs: outputs.map(show), graph, metrics, timings };
    }
    const { outputs, ...error } = ran.failed;
    error.diagnostics = locate(executor, source, error.diagnostics);
    return { status: "error", error, outputs: outputs.map(show), timings };
  }

  #fresh(): Executor {
    onFetch = this.#events.fetched;
    for (const [mount, sizes] of Object.entries(this.#loaded.library)) {
      if (!libraries.has(mount)) {
        const tell: OnFetch = (archive, bytes) => onFetch(archive, bytes);
        libraries.set(mount, new LibraryFileSystem(mount, sizes, tell));
      }
    }
    const decoder = new TextDecoder();
    const print = (bytes: Uint8Array) => this.#events.print(decoder.decode(bytes, { stream: true }));
    const { imports } = wasi({
      mounts: [
        ...[...libraries].map(([mount, files]) => [`/${mount}`, files] as const),
        [PAGE_NODES, new MemoryFileSystem(this.#files)] as const,
      ],
      stdout: print,
      stderr: print,
    });
    const { modules } = this.#loaded;
    const root = instantiate((name) => modules[name]!, imports as never);
    return root.executor;
  }
}

/** A call's value, or the error that the WIT gives it. Whatever else is thrown is a fault. */
function attempt<T, E>(call: () => T): { value: T } | { failed: E } {
  try {
    return { value: call() };
  } catch (error) {
    if (error instanceof Error && "payload" in error) return { failed: error.payload as E };
    throw error;
  }
}

/** Adds where in the text each diagnostic is: a typed manifest has no positions. */
function locate(executor: Executor, source: string, diagnostics: wit.Diagnostic[]): wit.Diagnostic[] {
  return diagnostics.map((diagnostic) => {
    const location = diagnostic.location ?? executor.locate(source, diagnostic.path);
    return location === undefined ? diagnostic : { ...diagnostic, location };
  });
}

function invalid(diagnostics: wit.Diagnostic[]): RunOutcome {
  const [first] = diagnostics;
  const message = first?.message ?? "the manifest can't be read";
  return {
    status: "error",
    error: { kind: "invalid-manifest", message, diagnostics },
    outputs: [],
    timings: null,
  };
}
