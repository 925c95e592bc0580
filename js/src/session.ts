/** A pipeline that is fed and read item by item. */

import { PipelineError } from "./errors.js";
import type { Instance, InstanceSession } from "./instance.js";
import type { RunResult } from "./pipeline.js";
import { type Item, liftItems, lowerItem } from "./values.js";
import type { wit } from "./generated.js";

const dispose: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for("dispose");

/** What `Pipeline.openSession` gives. Its nodes keep their state from one call to the next. */
export class Session implements Disposable {
  readonly #instance: Instance;
  readonly #session: InstanceSession;
  readonly #finished: (result: wit.RunResult) => RunResult;
  readonly #failed: (error: unknown) => never;
  #closed = false;

  /** For `Pipeline` alone. */
  constructor(
    instance: Instance,
    session: InstanceSession,
    finished: (result: wit.RunResult) => RunResult,
    failed: (error: unknown) => never,
  ) {
    this.#instance = instance;
    this.#session = session;
    this.#finished = finished;
    this.#failed = failed;
  }

  /** Gives an item to every source; what the sinks gave for it. */
  push(item: unknown): Item[] {
    const data = lowerItem(item);
    return liftItems(this.#call(() => this.#session.push(data)));
  }

  /**
   * Lets sources that produce their own items run until the sinks have given at least one item, at
   * most about `most`. None when all have ended.
   */
  pull(most = 1): Item[] | undefined {
    const items = this.#call(() => this.#session.pull(most));
    return items && liftItems(items);
  }

  /** Ends the input and flushes the nodes; what the sinks still gave. The session is closed then. */
  finish(): RunResult {
    const result = this.#call(() => this.#session.finish());
    this.close();
    return this.#finished(result);
  }

  /** Cleans up without flushing. Does nothing to a session that is finished. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#session.drop();
    } finally {
      this.#instance.close();
    }
  }

  [dispose](): void {
    this.close();
  }

  /** The items of sources that produce their own, until all have ended. */
  *[Symbol.iterator](): Generator<Item, void, undefined> {
    for (let items = this.pull(); items !== undefined; items = this.pull()) yield* items;
  }

  /**
   * Pushes items as they come, gives what the sinks give, and finishes the session. Leaving the loop
   * early closes it.
   */
  async *stream(items: AsyncIterable<unknown> | Iterable<unknown>): AsyncGenerator<Item, void, undefined> {
    try {
      for await (const item of items) yield* this.push(item);
      yield* this.finish().outputs;
    } finally {
      this.close();
    }
  }

  #call<T>(call: () => T): T {
    if (this.#closed) {
      const message = "the session is closed";
      throw new PipelineError({ kind: "session-closed", message, diagnostics: [], outputs: [] });
    }
    try {
      return call();
    } catch (error) {
      return this.#failed(error);
    }
  }
}
