/// <reference lib="esnext.disposable" preserve="true" />
/** Pipelines in workers, which can be ended: by a deadline, by a signal, and with the pool. */

import type { wit } from "./generated.js";
import { limitsOf, type RunLimits } from "./limits.js";
import { failed, type Manifest, placed, textOf } from "./manifest.js";
import type { Nodes } from "./nodes.js";
import { PoolSession } from "./pool-session.js";
import { type CheckResult, type NodeInfo, type PlainResult, resultOf, type RunResult } from "./results.js";
import { type Running, type StartThread, Team } from "./team.js";
import { lowerInput } from "./values.js";
import type { Sink } from "./wasi/io.js";
import type { Call, Granted, Setup } from "./wire.js";

const asyncDispose: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for("asyncDispose");

/** What every call of a pool can be given; what is left out is the pool's own. */
export interface CallOptions extends RunLimits {
  /** Nodes of your own. */
  readonly nodes?: Iterable<Nodes>;
  /** Ends the call, and the worker that does it: the call throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Take what nodes print. */
  readonly stdout?: Sink;
  readonly stderr?: Sink;
}

/** What `run` takes. */
export interface RunOptions extends CallOptions {
  /** The items; without them the pipeline runs on those that stand in the manifest, or on what its sources produce. */
  readonly inputs?: Iterable<unknown>;
}

/** Where the parts of the package are that are no JavaScript; by default where its build put them. */
export interface Sources {
  /**
   * The directory `dist/assets` of this package: a path on Node, an address in browsers. Needed where a tool moved
   * the code away from it.
   */
  readonly assets?: string | URL;
  /** On Node, Python's standard library as a directory, instead of the one in this package. */
  readonly stdlib?: string;
  /** On Node, a directory that holds the package `remotemedia`, instead of the one in this package. */
  readonly python?: string;
  /**
   * A component that `pipeline bake` made, in the place of the one in this package: a path on Node, an address in
   * browsers, or its bytes. The manifest of the pipeline in it is the empty text.
   */
  readonly baked?: string | URL | Uint8Array;
}

/** What a pool is made with: what its calls have by default, and how large it is. */
export interface PoolOptions extends Omit<CallOptions, "signal">, Sources {
  /** How many workers there may be. They are started when they are needed. By default one for each processor. */
  readonly size?: number;
  /** In browsers, fetches the component and the library's list, instead of the browser's own function. */
  readonly fetch?: (url: string) => Promise<Response>;
  /** In browsers, hears of the component's bytes as they come, of how many. */
  readonly onProgress?: (done: number, total: number) => void;
  /**
   * In browsers, hears when a worker fetches a part of Python's library, and then how many bytes came. No deadline
   * runs meanwhile.
   */
  readonly onFetch?: (bytes: number | undefined) => void;
}

type Shared = CallOptions & { readonly stdout: Sink; readonly stderr: Sink };

/**
 * Runs pipelines in workers, each in a fresh instance. Calls beyond the number of workers wait for their turn. A
 * pool that has nothing to do keeps no process alive.
 */
export class Pool implements AsyncDisposable {
  readonly #team: Team;
  readonly #options: Shared;

  /** `createPool` makes pools. */
  constructor(setup: Setup, start: StartThread, size: number, options: Shared & PoolOptions) {
    if (!(Number.isInteger(size) && size > 0)) throw new TypeError(`size is ${size}, and must be a whole number above 0`);
    limitsOf(options);
    this.#options = { ...options, nodes: [...(options.nodes ?? [])] };
    this.#team = new Team(setup, start, size, options.onFetch);
  }

  /** Waits until the first worker is ready. */
  async ready(): Promise<void> {
    this.#team.release(await this.#team.take());
  }

  /**
   * Runs a pipeline to its end. Throws a `PipelineError` where it fails, a `LimitError` where it meets a limit, a
   * `FaultError` where the component fails, and the signal's reason.
   */
  async run(manifest: Manifest, { inputs, ...options }: RunOptions = {}): Promise<RunResult> {
    return this.runData(manifest, inputs && Array.from(inputs, (item, at) => lowerInput(item, `inputs[${at}]`)), options);
  }

  /** Runs a pipeline on items as the WIT has them, for example from `parseInputs`. */
  async runData(manifest: Manifest, inputs?: wit.Input[], options: CallOptions = {}): Promise<RunResult> {
    const call: Call = { op: "run", ...this.#text(manifest, options), inputs };
    const { run, warnings } = await this.#do<PlainResult>(call, manifest, options);
    return resultOf({ run, warnings: placed(manifest, warnings) });
  }

  /** Checks whether a manifest can run. Its modules are imported for that, which can take for ever as well. */
  async check(manifest: Manifest, options: CallOptions = {}): Promise<CheckResult> {
    const call: Call = { op: "check", ...this.#text(manifest, options) };
    const found = await this.#do<CheckResult>(call, manifest, options);
    const nodeLocations = typeof manifest === "string" ? found.nodeLocations : [];
    return { ...found, nodeLocations, diagnostics: placed(manifest, found.diagnostics) };
  }

  /** The node types that manifests can name, sorted by name. */
  async listNodes(options: CallOptions = {}): Promise<NodeInfo[]> {
    return this.#do<NodeInfo[]>({ op: "nodes", granted: this.#granted(options) }, "", options);
  }

  /**
   * Opens a session: a pipeline that is fed and read item by item. It has a worker to itself until it is finished or
   * closed. `timeout` is for each of its calls; a call that meets it, or the signal, ends the session.
   */
  async openSession(manifest: Manifest, options: CallOptions = {}): Promise<PoolSession> {
    const call: Call = { op: "open", ...this.#text(manifest, options) };
    const running = this.#running(options);
    const worker = await this.#team.take(options.signal);
    try {
      await worker.do(call, running);
    } catch (error) {
      this.#team.release(worker);
      return failed(manifest, error);
    }
    const { maxItems } = limitsOf(this.#with(options));
    return new PoolSession(this.#team, worker, manifest, running, maxItems);
  }

  /** Ends all workers; calls that are under way or wait throw. */
  async close(): Promise<void> {
    await this.#team.close();
  }

  async [asyncDispose](): Promise<void> {
    await this.close();
  }

  async #do<T>(call: Call, manifest: Manifest, options: CallOptions): Promise<T> {
    return this.#team.do<T>(call, this.#running(options)).catch((error: unknown) => failed(manifest, error));
  }

  #text(manifest: Manifest, options: CallOptions): { manifest: string; granted: Granted } {
    return { manifest: textOf(manifest), granted: this.#granted(options) };
  }

  /** Checks here what a worker is to be held to, so that a mistake is told where it was made. */
  #granted(options: CallOptions): Granted {
    const all = this.#with(options);
    const { timeout: _, ...limits } = limitsOf(all);
    return { limits, nodes: [...(all.nodes ?? [])] };
  }

  #running(options: CallOptions): Running {
    const { stdout, stderr, signal, ...all } = this.#with(options);
    return { timeout: limitsOf(all).timeout, signal, stdout, stderr };
  }

  /** A call's options, and the pool's where it has none. */
  #with(options: CallOptions): Shared {
    const given = Object.entries(options).filter(([, value]) => value !== undefined);
    return { ...this.#options, ...Object.fromEntries(given) };
  }
}
