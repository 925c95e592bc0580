/** One instance of the component, with the functions of the WIT. */

import type { Component } from "./component.js";
import { allowItems, FaultError, LimitError, PipelineError } from "./errors.js";
import type { executor, wit } from "./generated.js";
import { type Limits, limitsOf, sizeOf, sum, weight } from "./limits.js";
import { GuestExit, wasi, type WasiOptions } from "./wasi/index.js";

const MEBIBYTE = 2 ** 20;

/** Memory that is so nearly used up that a failure of the guest comes of it. */
const NO_ROOM = 4 * MEBIBYTE;

/**
 * A fresh instance: a sandbox of its own with its own memory. Its functions take and give the records
 * of the WIT; `Pipeline` is the comfortable way. An instance that has faulted or is closed can't be used again.
 */
export class Instance {
  readonly #component: Component;
  readonly #executor: typeof executor;
  readonly #wasi: ReturnType<typeof wasi>;
  readonly #limits: Required<Limits>;
  readonly #memory: WebAssembly.Memory;
  /** How many calls are under way: what nodes print may lead to more of them. */
  #calls = 0;
  /** Why it can't be used any more. */
  #ended: Error | undefined;

  constructor(component: Component, options: WasiOptions) {
    this.#component = component;
    this.#limits = limitsOf(options);
    const least = component.leastMemory;
    if (this.#mostMemory < least) {
      const wanted = `the run asked for ${Math.ceil(least / MEBIBYTE)} MiB of memory`;
      throw new LimitError("maxMemory", `${wanted}, beyond its limit of ${this.#limits.maxMemory} MiB`);
    }
    this.#wasi = wasi(options);
    const memory = component.take(this.#mostMemory);
    this.#memory = memory;
    const imports = this.#wasi.imports as unknown as Parameters<Component["instantiate"]>[0];
    this.#executor = this.#guarded(() => component.instantiate(imports, memory));
  }

  /** Reads a manifest from JSON or YAML text, and checks it; what is wrong with it, where it can't run. */
  load(source: string): { ok: wit.Loaded } | { err: wit.InvalidManifest } {
    return this.#refused(() => this.#executor.load(source));
  }

  /** Checks whether a manifest can run. */
  check(manifest: wit.Manifest): { ok: wit.Checked } | { err: wit.Diagnostic[] } {
    return this.#refused(() => this.#executor.check(manifest));
  }

  /** Runs a pipeline, on items where there are any. Throws a `PipelineError`, or a `LimitError`. */
  execute(manifest: wit.Manifest, inputs?: wit.Input[]): wit.RunResult {
    allowItems(sum(inputs ?? [], ({ item }) => weight(item)), this.#limits.maxItems);
    const run = this.#guarded(() =>
      inputs === undefined
        ? this.#executor.execute(manifest)
        : this.#executor.executeWithInput(manifest, inputs),
    );
    this.#allowOutputs(run.outputs);
    return run;
  }

  /** The node types that manifests can name. */
  listNodes(): wit.NodeInfo[] {
    return this.#guarded(() => this.#executor.listNodes());
  }

  /** Opens a session. Throws a `PipelineError`. */
  openSession(manifest: wit.Manifest): InstanceSession {
    const session = this.#guarded(() => this.#executor.Session.open(manifest));
    const call = <T extends { outputs: wit.NodeOutputs[] }>(work: () => T): T => {
      this.#wasi.renew();
      const given = this.#guarded(work);
      this.#allowOutputs(given.outputs);
      return given;
    };
    return {
      push: (input) => call(() => session.push(input)),
      pull: (most) => call(() => session.pull(most)),
      end: () => call(() => session.end()),
      finish: () => call(() => session.finish()),
      drop: () => {
        if (this.#ended !== undefined) return;
        const symbol: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for("dispose");
        this.#guarded(() => (session as unknown as Disposable)[symbol]());
      },
    };
  }

  /** Closes the files that the guest left open, and gives its memory back. The instance can't be used after that. */
  close(): void {
    if (this.#ended === undefined) this.#end(new TypeError("the instance is closed"));
  }

  #end(why: Error): void {
    this.#ended = why;
    this.#wasi.close();
    // A call that is still under way goes on in this memory.
    if (this.#calls === 0) this.#component.giveBack(this.#memory, this.#mostMemory);
  }

  get #mostMemory(): number {
    return this.#limits.maxMemory * MEBIBYTE;
  }

  #allowOutputs(outputs: readonly wit.NodeOutputs[]): void {
    allowItems(sum(outputs, ({ items }) => sum(items, weight)), this.#limits.maxItems);
    const limit = this.#limits.maxOutput;
    if (limit < Infinity && sizeOf(outputs) > limit * MEBIBYTE) {
      throw new LimitError("maxOutput", `the run gave outputs beyond its limit of ${limit} MiB`);
    }
  }

  /** The result of a function whose error says what is wrong with a manifest. */
  #refused<T, E>(call: () => T): { ok: T } | { err: E } {
    return this.#guarded(() => {
      try {
        return { ok: call() };
      } catch (error) {
        const payload = payloadOf(error);
        if (payload !== undefined) return { err: payload as E };
        throw error;
      }
    });
  }

  /** Makes errors of our own of what generated code and the engine throw. */
  #guarded<T>(call: () => T): T {
    if (this.#ended !== undefined) throw this.#ended;
    this.#calls += 1;
    let fault: Error | undefined;
    try {
      return call();
    } catch (error) {
      const payload = payloadOf(error);
      if (payload !== undefined) throw new PipelineError(payload as wit.PipelineError);
      fault = this.#faultOf(error);
      throw fault ?? error;
    } finally {
      this.#calls -= 1;
      if (fault !== undefined) this.#end(fault);
    }
  }

  #faultOf(error: unknown): Error | undefined {
    const fault = faultOf(error);
    const most = Math.min(this.#mostMemory, 2 ** 32);
    // A guest without memory ends in a trap like any other.
    if (fault?.kind === "trap" && most - this.#memory.buffer.byteLength < NO_ROOM) {
      const limit = `its limit of ${most / MEBIBYTE} MiB`;
      return new LimitError("maxMemory", `the run asked for memory beyond ${limit}`);
    }
    return fault;
  }
}

/** A session of an instance. */
export interface InstanceSession {
  push(input: wit.Input): wit.Part;
  pull(most: number): wit.Part;
  end(): wit.Part;
  finish(): wit.RunResult;
  drop(): void;
}

/** The error that a function of the component returned: generated code throws it as it is. */
function payloadOf(error: unknown): unknown {
  return error instanceof Error || typeof error !== "object" || error === null ? undefined : error;
}

function faultOf(error: unknown): FaultError | undefined {
  if (error instanceof FaultError) return error;
  if (error instanceof GuestExit) return new FaultError("exit", error.message, error);
  // Engines have no error of their own for this: V8 throws a RangeError, SpiderMonkey an InternalError.
  const text = String(error);
  if (/call stack|too much recursion/i.test(text)) {
    return new FaultError("stack-overflow", "the component's stack is exhausted", error);
  }
  if (error instanceof WebAssembly.RuntimeError) {
    return new FaultError("trap", `the component failed: ${error.message}`, error);
  }
  return undefined;
}
