/** Pipelines in the component, on any engine that has WebAssembly. */

import { type Diagnostic, invalidManifest, PipelineError } from "./errors.js";
import { MODULES, type wit } from "./generated.js";
import { Instance } from "./instance.js";
import { formatValue } from "./json/write.js";
import type { Limits } from "./limits.js";
import { Session } from "./session.js";
import { type Item, lift, liftItems, liftOutputs, lower, lowerInput, type PlainValue } from "./values.js";
import type { FileSystem, Sink } from "./wasi/index.js";

/** A manifest: its JSON or YAML text, or the object that such a text stands for. */
export type Manifest = string | { readonly [key: string]: unknown };

/** What a sandbox sees, and where its text goes. */
export interface SandboxOptions extends Limits {
  /** Python's standard library. */
  readonly stdlib: FileSystem;
  /** The directory that holds the package `remotemedia`. */
  readonly python: FileSystem;
  /** Directories with nodes of your own, by names that are seen as `/nodes/<name>`. */
  readonly nodes?: Iterable<readonly [string, FileSystem]>;
  /** Take what nodes print. */
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** The sandbox's paths of nodes and yours: errors then name yours. */
  readonly hostPaths?: Iterable<readonly [guest: string, host: string]>;
}

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

/** A node type that manifests can name. */
export interface NodeInfo extends Omit<wit.NodeInfo, "params"> {
  readonly params: Array<Omit<wit.ParamInfo, "default"> & { readonly default?: PlainValue }>;
}

/** What a check of a manifest came to. */
export interface CheckResult {
  /** Whether the manifest can run. */
  readonly ok: boolean;
  /** The shape of the graph, where it can. */
  readonly graph?: wit.GraphInfo;
  /** Errors and warnings, with places in the text where the manifest was given as text. */
  readonly diagnostics: Diagnostic[];
}

/** Runs pipelines, each in a fresh instance of the component. */
export class Pipeline {
  readonly #modules: ReadonlyMap<string, WebAssembly.Module>;
  readonly #options: SandboxOptions;

  /** Core modules by name, compiled; `Pipeline.compile` does that. */
  constructor(modules: ReadonlyMap<string, WebAssembly.Module>, options: SandboxOptions) {
    this.#modules = modules;
    this.#options = options;
  }

  /** Compiles the component, of whose parts `read` gives the bytes, or a response that streams them. */
  static async compile(
    read: (name: string) => BufferSource | Response | Promise<BufferSource | Response>,
  ): Promise<Map<string, WebAssembly.Module>> {
    const compiled = MODULES.map(async (name): Promise<[string, WebAssembly.Module]> => {
      const source = await read(name);
      const module =
        typeof Response === "function" && source instanceof Response
          ? await WebAssembly.compileStreaming(source)
          : await WebAssembly.compile(source as BufferSource);
      return [name, module];
    });
    return new Map(await Promise.all(compiled));
  }

  /**
   * Runs a pipeline to its end, on items where there are any. Throws a `PipelineError` where it
   * fails. The call holds its thread until the run is over.
   */
  execute(manifest: Manifest, inputs?: Iterable<unknown>): RunResult {
    const items = inputs && Array.from(inputs, (item, index) => lowerInput(item, `inputs[${index}]`));
    return this.executeData(manifest, items);
  }

  /** Runs a pipeline on items. Every source gets all of them, in order, but for those that `toNode` marks. */
  executeWithInput(manifest: Manifest, inputs: Iterable<unknown>): RunResult {
    return this.execute(manifest, inputs);
  }

  /** Runs a pipeline on items as the WIT has them, for example from `parseItem`. */
  executeData(manifest: Manifest, inputs?: wit.Input[]): RunResult {
    return this.#with((instance) => {
      const loaded = this.#load(instance, manifest);
      const written = loaded.inputData?.map((val): wit.Input => ({ item: { tag: "value", val } }));
      try {
        return result(instance.execute(loaded.manifest, inputs ?? written), loaded.warnings);
      } catch (error) {
        return this.#failed(error);
      }
    });
  }

  /** Checks whether a manifest can run, without running anything of it. */
  check(manifest: Manifest): CheckResult {
    return this.#with((instance) => {
      const loaded = instance.load(textOf(manifest));
      if ("err" in loaded) return { ok: false, diagnostics: this.#said(manifest, loaded.err.diagnostics) };
      const { graph, warnings } = loaded.ok;
      return { ok: true, graph, diagnostics: this.#said(manifest, warnings) };
    });
  }

  /** The node types that manifests can name, sorted by name. */
  listNodes(): NodeInfo[] {
    return this.#with((instance) =>
      instance.listNodes().map((node) => ({
        ...node,
        params: node.params.map(({ default: value, ...param }) =>
          value === undefined ? param : { ...param, default: lift(value) },
        ),
      })),
    );
  }

  /** Opens a session: a pipeline that is fed and read item by item, in an instance of its own. */
  openSession(manifest: Manifest): Session {
    const instance = this.instantiate();
    const failed = (error: unknown): never => this.#failed(error);
    try {
      const loaded = this.#load(instance, manifest);
      const session = instance.openSession(loaded.manifest);
      return new Session(instance, session, (run) => result(run, loaded.warnings), failed);
    } catch (error) {
      try {
        return failed(error);
      } finally {
        instance.close();
      }
    }
  }

  /** A fresh instance, with the functions of the WIT. Close it when it is done. */
  instantiate(): Instance {
    const { stdlib, python, nodes = [], stdout, stderr } = this.#options;
    const own = Array.from(nodes, ([name, files]) => [`/nodes/${name}`, files] as const);
    const mounts = [["/stdlib", stdlib] as const, ["/python", python] as const, ...own];
    return new Instance(this.#modules, { ...this.#options, mounts, stdout, stderr });
  }

  #with<T>(work: (instance: Instance) => T): T {
    const instance = this.instantiate();
    try {
      return work(instance);
    } finally {
      instance.close();
    }
  }

  #load(instance: Instance, manifest: Manifest): wit.Loaded {
    const loaded = instance.load(textOf(manifest));
    if ("err" in loaded) throw invalidManifest(this.#said(manifest, loaded.err.diagnostics));
    return { ...loaded.ok, warnings: this.#said(manifest, loaded.ok.warnings) };
  }

  /** What is said of a manifest, with the user's paths. */
  #said(manifest: Manifest, all: Diagnostic[]): Diagnostic[] {
    return placed(manifest, all).map(({ message, help, ...rest }) => ({
      ...rest,
      message: this.#withHostPaths(message),
      ...(help !== undefined && { help: this.#withHostPaths(help) }),
    }));
  }

  /** Throws an error with the user's paths. */
  #failed(error: unknown): never {
    if (!(error instanceof PipelineError)) throw error;
    throw new PipelineError({
      kind: error.kind,
      message: this.#withHostPaths(error.message),
      ...(error.nodeId !== undefined && { nodeId: error.nodeId }),
      ...(error.nodeType !== undefined && { nodeType: error.nodeType }),
      ...(error.item !== undefined && { item: BigInt(error.item) }),
      ...(error.traceback !== undefined && { traceback: this.#withHostPaths(error.traceback) }),
      diagnostics: [...error.diagnostics],
      outputs: [...error.data],
    });
  }

  #withHostPaths(text: string): string {
    for (const [guest, host] of this.#options.hostPaths ?? []) {
      // `/nodes/a` is not the beginning of `/nodes/ab`.
      const path = new RegExp(`${guest.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}(?![\\p{L}\\p{N}_.-])`, "gu");
      text = text.replace(path, () => host.replace(/\/+$/, "") || "/");
    }
    return text;
  }
}

function textOf(manifest: Manifest): string {
  return typeof manifest === "string" ? wellFormed(manifest) : formatValue(lower(manifest, "manifest"));
}

function wellFormed(text: string): string {
  if (!text.isWellFormed()) throw new TypeError("the manifest holds half of a surrogate pair, which is no text");
  return text;
}

/** Diagnostics, with places only where the user gave a text. */
function placed(manifest: Manifest, all: Diagnostic[]): Diagnostic[] {
  if (typeof manifest === "string") return all;
  const without = <T extends { location?: wit.Location }>({ location: _, ...rest }: T): Omit<T, "location"> => rest;
  return all.map((diagnostic) => ({ ...without(diagnostic), related: diagnostic.related.map(without) }));
}

function result(run: wit.RunResult, warnings: Diagnostic[]): RunResult {
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
