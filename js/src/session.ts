/// <reference lib="esnext.disposable" preserve="true" />
/** A pipeline that is fed and read item by item. */

import { allowItems, sessionClosed } from "./errors.js";
import type { wit } from "./generated.js";
import { type PlainResult, resultOf, type RunResult } from "./results.js";
import { type Item, liftOutputs, lowerInput } from "./values.js";

/** How many outputs are asked for at a time. */
export const MOST = 4096;

/** The calls of a session, in plain records. */
export interface SessionCalls {
  push(input: wit.Input): wit.Part;
  pull(most: number): wit.Part;
  end(): wit.Part;
  finish(): PlainResult;
  close(): void;
}

const dispose: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for("dispose");

/** What `Pipeline.openSession` gives. Its nodes keep their state from one call to the next. */
export class Session implements Disposable {
  readonly #calls: SessionCalls;
  readonly #maxItems: number;
  #closed = false;

  /** For `Pipeline` alone. */
  constructor(calls: SessionCalls, maxItems: number) {
    this.#calls = calls;
    this.#maxItems = maxItems;
  }

  /** Gives an item to every source, or, by `toNode`, to one; all that the sinks give for it. */
  push(item: unknown): Item[] {
    const outputs: Item[] = [];
    for (const output of this.feed(item)) {
      allowItems(outputs.push(output), this.#maxItems);
    }
    return outputs;
  }

  /** Gives an item as `push` does; each output is given as soon as it is known, and the next asked for then. */
  *feed(item: unknown): Generator<Item, void, undefined> {
    const input = lowerInput(item);
    yield* this.#rest(this.#call((calls) => calls.push(input)));
  }

  /**
   * Goes on with what is under way, or lets sources that produce their own items run, until the sinks
   * have given at least one item, at most about `most`. None when nothing is under way any more.
   */
  pull(most = 1): Item[] | undefined {
    for (;;) {
      const { outputs, more } = this.#call((calls) => calls.pull(most));
      if (outputs.length > 0) return liftOutputs(outputs);
      if (!more) return undefined;
    }
  }

  /** Ends the input and flushes the nodes; all that the sinks still gave. The session is closed then. */
  finish(): RunResult {
    const result = this.#call((calls) => calls.finish());
    this.close();
    return resultOf(result);
  }

  /** Cleans up without flushing. Does nothing to a session that is finished. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#calls.close();
  }

  [dispose](): void {
    this.close();
  }

  /** The items of what is under way, as they come; of sources that produce their own, where nothing is. */
  *[Symbol.iterator](): Generator<Item, void, undefined> {
    for (let items = this.pull(); items !== undefined; items = this.pull()) yield* items;
  }

  /**
   * Pushes items as they come, gives what the sinks give as it comes, and finishes the session. Leaving
   * the loop early closes it.
   */
  async *stream(items: AsyncIterable<unknown> | Iterable<unknown>): AsyncGenerator<Item, void, undefined> {
    try {
      for await (const item of items) yield* this.feed(item);
      yield* this.#rest(this.#call((calls) => calls.end()));
      this.finish();
    } finally {
      this.close();
    }
  }

  *#rest(first: wit.Part): Generator<Item, void, undefined> {
    for (let part = first; ; part = this.#call((calls) => calls.pull(MOST))) {
      yield* liftOutputs(part.outputs);
      if (!part.more) return;
    }
  }

  #call<T>(call: (calls: SessionCalls) => T): T {
    if (this.#closed) throw sessionClosed();
    return call(this.#calls);
  }
}
