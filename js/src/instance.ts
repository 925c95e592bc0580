/** One instance of the component, with the functions of the WIT. */

import { FaultError, LimitError, PipelineError } from "./errors.js";
import { type executor, instantiate, type wit } from "./generated.js";
import { limitsOf } from "./limits.js";
import { GuestExit, wasi, type WasiOptions } from "./wasi/index.js";

type Executor = typeof executor;

/**
 * A fresh instance: a sandbox of its own with its own memory. Its functions take and give the records
 * of the WIT; `Pipeline` is the comfortable way. An instance that has faulted can't be used again.
 */
export class Instance {
  readonly #executor: Executor;
  readonly #wasi: ReturnType<typeof wasi>;
  readonly #maxItems: number;
  #fault: FaultError | undefined;

  constructor(modules: ReadonlyMap<string, WebAssembly.Module>, options: WasiOptions) {
    this.#wasi = wasi(options);
    this.#maxItems = limitsOf(options).maxItems;
    const module = (name: string): WebAssembly.Module => {
      const found = modules.get(name);
      if (found === undefined) throw new TypeError(`the module ${name} is not there`);
      return found;
    };
    const imports = this.#wasi.imports as unknown as Parameters<typeof instantiate>[1];
    this.#executor = this.#guarded(() => instantiate(module, imports).executor);
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
    this.allowItems(sum(inputs ?? [], ({ item }) => weight(item)));
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
        const symbol: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for("dispose");
        this.#guarded(() => (session as unknown as Disposable)[symbol]());
      },
    };
  }

  /** Closes the files that the guest left open. The instance is not used after that. */
  close(): void {
    this.#wasi.close();
  }

  /** Throws a `LimitError` where these are more items than its limit. */
  allowItems(count: number): void {
    if (count > this.#maxItems) throw new LimitError(`there are more items than the limit of ${this.#maxItems}`);
  }

  #allowOutputs(outputs: readonly wit.NodeOutputs[]): void {
    this.allowItems(sum(outputs, ({ items }) => sum(items, weight)));
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
    if (this.#fault !== undefined) throw this.#fault;
    try {
      return call();
    } catch (error) {
      const payload = payloadOf(error);
      if (payload !== undefined) throw new PipelineError(payload as wit.PipelineError);
      const fault = faultOf(error);
      if (fault === undefined) throw error;
      this.#fault = fault;
      this.#wasi.close();
      throw fault;
    }
  }
}

/** How many items a `data` stands for. */
function weight(item: wit.Data): number {
  return item.tag === "integers" || item.tag === "numbers" ? item.val.length : 1;
}

function sum<T>(all: readonly T[], of: (each: T) => number): number {
  let total = 0;
  for (const each of all) total += of(each);
  return total;
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
