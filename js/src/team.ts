/** Workers and who has them: each does one call at a time, and is ended where that takes too long. */

import { FaultError, LimitError } from "./errors.js";
import type { Sink } from "./wasi/io.js";
import { type Answer, type Call, errorOf, type Setup } from "./wire.js";

/** A thread of the machine or the browser, which serves. */
export interface Thread {
  post(message: Setup | Call): void;
  /** Ends it at once, whatever it does. */
  end(): void | Promise<unknown>;
  /** Whether the process is to live on for it. */
  hold(alive: boolean): void;
}

/** Starts a thread, and hears of what it says and of its end. */
export type StartThread = (hear: (answer: Answer) => void, failed: (error: Error) => void) => Thread;

/** What bounds a call, and hears of it. */
export interface Running {
  /** In seconds. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  readonly stdout: Sink;
  readonly stderr: Sink;
}

interface Pending {
  readonly running: Running;
  resolve(value: unknown): void;
  reject(error: unknown): void;
  /** Stops the clock, or lets it begin anew. */
  clock(runs: boolean): void;
  /** Takes clock and signal away. */
  over(): void;
}

/** What a worker tells its team. */
interface Events {
  ready(): void;
  fetch(bytes: number | undefined): void;
  ended(error: unknown): void;
}

/** The longest time that engines' clocks know, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

/** A worker. */
export class PoolWorker {
  readonly #thread: Thread;
  readonly #events: Events;
  #pending: Pending | undefined;
  #ready = false;
  #ended = false;

  constructor(setup: Setup, start: StartThread, events: Events) {
    this.#events = events;
    this.#thread = start(
      (answer) => this.#hear(answer),
      (error) => void this.end(error),
    );
    this.#thread.post(setup);
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Does a call, of which there is one at a time. */
  do<T>(call: Call, running: Running): Promise<T> {
    const { timeout, signal } = running;
    return new Promise<T>((resolve, reject) => {
      signal?.throwIfAborted();
      let timer: ReturnType<typeof setTimeout> | undefined;
      const unit = timeout === 1 ? "second" : "seconds";
      const late = () => {
        const message = `the run took longer than its limit of ${timeout} ${unit} and was stopped`;
        void this.end(new LimitError("timeout", message));
      };
      const abort = () => void this.end((signal as AbortSignal).reason);
      const clock = (runs: boolean) => {
        clearTimeout(timer);
        if (runs && timeout * 1000 <= LONGEST) timer = setTimeout(late, timeout * 1000);
      };
      signal?.addEventListener("abort", abort);
      const over = () => {
        clock(false);
        signal?.removeEventListener("abort", abort);
      };
      this.#pending = { running, resolve: resolve as (value: unknown) => void, reject, clock, over };
      this.#thread.hold(true);
      try {
        this.#thread.post(call);
      } catch (error) {
        // It holds something that can't be sent.
        this.#taken();
        throw error;
      }
      clock(true);
    });
  }

  /** Ends it; the call that it does throws the error. */
  async end(error: unknown): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    const pending = this.#taken();
    const gone = this.#thread.end();
    this.#events.ended(error);
    pending?.reject(error);
    await gone;
  }

  #hear(answer: Answer): void {
    if (this.#ended) return;
    switch (answer.kind) {
      case "ready":
        this.#ready = true;
        this.#thread.hold(false);
        this.#events.ready();
        break;
      case "printed":
        this.#pending?.running[answer.stream](answer.bytes);
        break;
      case "fetch":
        // However long the network takes: that is not the run's fault.
        this.#pending?.clock(answer.bytes !== undefined);
        this.#events.fetch(answer.bytes);
        break;
      case "done":
        this.#taken()?.resolve(answer.value);
        break;
      case "failed":
        this.#taken()?.reject(errorOf(answer.error));
        break;
    }
  }

  /** The call, which is over then. */
  #taken(): Pending | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.over();
    if (this.#ready && !this.#ended) this.#thread.hold(false);
    return pending;
  }
}

interface Waiting {
  give(worker: PoolWorker): void;
  refuse(error: unknown): void;
}

/** Some workers, and who waits for one. */
export class Team {
  readonly #start: (events: Events) => PoolWorker;
  readonly #size: number;
  readonly #onFetch: ((bytes: number | undefined) => void) | undefined;
  readonly #all = new Set<PoolWorker>();
  readonly #idle: PoolWorker[] = [];
  readonly #waiting: Waiting[] = [];
  #starting = 0;
  #closed = false;

  constructor(setup: Setup, start: StartThread, size: number, onFetch?: (bytes: number | undefined) => void) {
    this.#start = (events) => new PoolWorker(setup, start, events);
    this.#size = size;
    this.#onFetch = onFetch;
  }

  /** A worker that is taken until it is released. Waits where all are. */
  take(signal?: AbortSignal): Promise<PoolWorker> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new TypeError("the pool is closed");
      signal?.throwIfAborted();
      const idle = this.#idle.pop();
      if (idle !== undefined) return resolve(idle);
      const abort = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject((signal as AbortSignal).reason as Error);
      };
      const over = () => signal?.removeEventListener("abort", abort);
      const waiting: Waiting = {
        give: (worker) => (over(), resolve(worker)),
        refuse: (error) => (over(), reject(error as Error)),
      };
      signal?.addEventListener("abort", abort);
      this.#waiting.push(waiting);
      if (this.#waiting.length > this.#starting && this.#all.size < this.#size) this.#add();
    });
  }

  /** Gives a worker back. */
  release(worker: PoolWorker): void {
    if (worker.ended) return;
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(worker);
    else next.give(worker);
  }

  /** Does a call in some worker. */
  async do<T>(call: Call, running: Running): Promise<T> {
    const worker = await this.take(running.signal);
    try {
      return await worker.do<T>(call, running);
    } finally {
      this.release(worker);
    }
  }

  /** Ends all workers. */
  async close(): Promise<void> {
    this.#closed = true;
    const error = new TypeError("the pool was closed");
    for (const { refuse } of this.#waiting.splice(0)) refuse(error);
    await Promise.all(Array.from(this.#all, (worker) => worker.end(error)));
  }

  #add(): void {
    let ready = false;
    this.#starting += 1;
    const worker = this.#start({
      ready: () => {
        ready = true;
        this.#starting -= 1;
        this.release(worker);
      },
      fetch: (bytes) => this.#onFetch?.(bytes),
      ended: (error) => {
        this.#all.delete(worker);
        if (!ready) this.#starting -= 1;
        const at = this.#idle.indexOf(worker);
        if (at >= 0) this.#idle.splice(at, 1);
        if (this.#closed) return;
        // Where one can't be started, no other can.
        if (!ready) for (const { refuse } of this.#waiting.splice(0)) refuse(error);
        // Another takes its place.
        else this.#add();
      },
    });
    this.#all.add(worker);
  }
}

/** The error of a thread that ended by itself. */
export function threadEnded(why: string): FaultError {
  return new FaultError("trap", `the worker ended: ${why}`);
}
