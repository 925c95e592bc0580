/** Pipelines in the component, on any engine that has WebAssembly. */

import type { Component } from "./component.js";
import { type Diagnostic, invalidManifest, PipelineError } from "./errors.js";
import type { wit } from "./generated.js";
import { Instance } from "./instance.js";
import { type Limits, limitsOf, sum, weight } from "./limits.js";
import { type Manifest, placed, textOf } from "./manifest.js";
import { type CheckResult, type NodeInfo, nodesOf, type PlainResult, resultOf, type RunResult } from "./results.js";
import { Session, type SessionCalls } from "./session.js";
import { lowerInput } from "./values.js";
import type { FileSystem, Sink } from "./wasi/index.js";

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

/** Runs pipelines, each in a fresh instance of the component. */
export class Pipeline {
  readonly #component: Component;
  readonly #options: SandboxOptions;

  constructor(component: Component, options: SandboxOptions) {
    this.#component = component;
    this.#options = options;
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

  /** Runs a pipeline on items as the WIT has them, for example from `parseInputs`. */
  executeData(manifest: Manifest, inputs?: wit.Input[]): RunResult {
    return resultOf(this.executePlainly(manifest, inputs));
  }

  /** Runs a pipeline as `executeData` does, and gives plain records. */
  executePlainly(manifest: Manifest, inputs?: wit.Input[]): PlainResult {
    return this.#with((instance) => {
      const loaded = this.#load(instance, manifest);
      const written = loaded.inputData?.map((item): wit.Input => ({ item }));
      return { run: this.#call(() => instance.execute(loaded.manifest, inputs ?? written)), warnings: loaded.warnings };
    });
  }

  /** Checks whether a manifest can run, without running anything of it. */
  check(manifest: Manifest): CheckResult {
    return this.#with((instance) => {
      const loaded = instance.load(textOf(manifest));
      const { manifest: read, nodeLocations } = "ok" in loaded ? loaded.ok : loaded.err;
      const common = {
        ...(read !== undefined && { manifest: read }),
        nodeLocations: typeof manifest === "string" ? nodeLocations : [],
      };
      if ("err" in loaded) return { ok: false, diagnostics: this.#said(manifest, loaded.err.diagnostics), ...common };
      const { graph, warnings, inputData } = loaded.ok;
      const items = inputData && { itemsInText: sum(inputData, weight) };
      return { ok: true, graph, diagnostics: this.#said(manifest, warnings), ...common, ...items };
    });
  }

  /** The node types that manifests can name, sorted by name. */
  listNodes(): NodeInfo[] {
    return nodesOf(this.#with((instance) => instance.listNodes()));
  }

  /** Opens a session: a pipeline that is fed and read item by item, in an instance of its own. */
  openSession(manifest: Manifest): Session {
    return new Session(this.openPlainly(manifest), limitsOf(this.#options).maxItems);
  }

  /** Opens a session whose calls take and give plain records. */
  openPlainly(manifest: Manifest): SessionCalls {
    const instance = this.instantiate();
    try {
      const loaded = this.#load(instance, manifest);
      const session = this.#call(() => instance.openSession(loaded.manifest));
      return {
        push: (input) => this.#call(() => session.push(input)),
        pull: (most) => this.#call(() => session.pull(most)),
        end: () => this.#call(() => session.end()),
        finish: () => ({ run: this.#call(() => session.finish()), warnings: loaded.warnings }),
        close() {
          try {
            session.drop();
          } finally {
            instance.close();
          }
        },
      };
    } catch (error) {
      instance.close();
      throw error;
    }
  }

  /** A fresh instance, with the functions of the WIT. Close it when it is done. */
  instantiate(): Instance {
    const { stdlib, python, nodes = [], stdout, stderr } = this.#options;
    const own = Array.from(nodes, ([name, files]) => [`/nodes/${name}`, files] as const);
    const mounts = [["/stdlib", stdlib] as const, ["/python", python] as const, ...own];
    return new Instance(this.#component, { ...this.#options, mounts, stdout, stderr });
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

  /** What a call gives; an error has the user's paths. */
  #call<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      if (!(error instanceof PipelineError)) throw error;
      const { message, traceback, ...record } = error.record;
      throw new PipelineError({
        ...record,
        message: this.#withHostPaths(message),
        ...(traceback !== undefined && { traceback: this.#withHostPaths(traceback) }),
      });
    }
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
