/// <reference lib="esnext.disposable" preserve="true" />
/** A session in a pool. */

import { allowItems, sessionClosed } from "./errors.js";
import type { wit } from "./generated.js";
import { failed, type Manifest, placed } from "./manifest.js";
import { type PlainResult, resultOf, type RunResult } from "./results.js";
import { MOST } from "./session.js";
import type { PoolWorker, Running, Team } from "./team.js";
import { type Item, liftOutputs, lowerInput } from "./values.js";
import type { Call } from "./wire.js";

const asyncDispose: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for("asyncDispose");

/** What `Pool.openSession` gives. Its nodes keep their state from one call to the next. */
export class PoolSession implements AsyncDisposable {
  readonly #team: Team;
  readonly #worker: PoolWorker;
  readonly #manifest: Manifest;
  readonly #running: Running;
  readonly #maxItems: number;
  /** The last call that was asked for: each waits for the one before. */
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** For `Pool` alone. */
  constructor(team: Team, worker: PoolWorker, manifest: Manifest, running: Running, maxItems: number) {
    this.#team = team;
    this.#worker = worker;
    this.#manifest = manifest;
    this.#running = running;
    this.#maxItems = maxItems;
  }

  /** Gives an item to every source, or, by `toNode`, to one; all that the sinks give for it. */
  async push(item: unknown): Promise<Item[]> {
    const outputs: Item[] = [];
    for await (const output of this.feed(item)) allowItems(outputs.push(output), this.#maxItems);
    return outputs;
  }

  /** Gives an item as `push` does; each output is given as soon as it is known, and the next asked for then. */
  async *feed(item: unknown): AsyncGenerator<Item, void, undefined> {
    yield* this.#rest(await this.#call<wit.Part>({ op: "push", input: lowerInput(item) }));
  }

  /**
   * Goes on with what is under way, or lets sources that produce their own items run, until the sinks
   * have given at least one item, at most about `most`. None when nothing is under way any more.
   */
  async pull(most = 1): Promise<Item[] | undefined> {
    for (;;) {
      const { outputs, more } = await this.#call<wit.Part>({ op: "pull", most });
      if (outputs.length > 0) return liftOutputs(outputs);
      if (!more) return undefined;
    }
  }

  /** Ends the input and flushes the nodes; all that the sinks still gave. The session is closed then. */
  async finish(): Promise<RunResult> {
    const { run, warnings } = await this.#call<PlainResult>({ op: "finish" });
    await this.close();
    return resultOf({ run, warnings: placed(this.#manifest, warnings) });
  }

  /** Cleans up without flushing, and gives the worker back. Does nothing to a session that is finished. */
  async close(): Promise<void> {
    if (this.#closed) return;
    const closing = this.#call({ op: "close" });
    this.#closed = true;
    try {
      await closing;
    } catch (error) {
      // An ended worker has nothing to clean up.
      if (!this.#worker.ended) throw error;
    } finally {
      this.#team.release(this.#worker);
    }
  }

  async [asyncDispose](): Promise<void> {
    await this.close();
  }

  /** The items of what is under way, as they come; of sources that produce their own, where nothing is. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    for (let items = await this.pull(); items !== undefined; items = await this.pull()) yield* items;
  }

  /**
   * Pushes items as they come, gives what the sinks give as it comes, and finishes the session. Leaving
   * the loop early closes it.
   */
  async *stream(items: AsyncIterable<unknown> | Iterable<unknown>): AsyncGenerator<Item, void, undefined> {
    try {
      for await (const item of items) yield* this.feed(item);
      yield* this.#rest(await this.#call<wit.Part>({ op: "end" }));
      await this.finish();
    } finally {
      await this.close();
    }
  }

  async *#rest(first: wit.Part): AsyncGenerator<Item, void, undefined> {
    for (let part = first; ; part = await this.#call<wit.Part>({ op: "pull", most: MOST })) {
      yield* liftOutputs(part.outputs);
      if (!part.more) return;
    }
  }

  async #call<T>(call: Call): Promise<T> {
    if (this.#closed) throw sessionClosed();
    const done = this.#last.then(() => {
      if (this.#worker.ended) throw sessionClosed();
      return this.#worker.do<T>(call, this.#running);
    });
    this.#last = done.catch(() => {});
    return done.catch((error: unknown) => failed(this.#manifest, error));
  }
}
