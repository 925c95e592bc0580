/** What comes in real time, into a session: a queue with an end, and a count of what it let go. */

import type { Item } from "../values.js";

/** What live media need of a session; `Pool.openSession` gives one. */
export interface LiveSession {
  /** Gives an item to every source; what the sinks give for it, as it comes. */
  feed(item: unknown): AsyncIterable<Item>;
}

/** How long something takes, in milliseconds, of the last 500 times. Zeros where it did not happen yet. */
export interface Times {
  readonly last: number;
  /** Half of the times are at most this. */
  readonly p50: number;
  /** 99 of 100 are at most this. */
  readonly p99: number;
}

/** What became of what was captured: `captured` is the sum of the other three. */
export interface FeedStats {
  readonly captured: number;
  /** Those that the pipeline is done with. */
  readonly pushed: number;
  /** Those that were thrown away: the pipeline was busy too long, or failed. */
  readonly dropped: number;
  /** Those that wait for the pipeline or are in it. */
  readonly waiting: number;
  /** From when the page has one until the pipeline is done with it: the time in the queue and in the pipeline. */
  readonly pipeline: Times;
}

const MOST_TIMES = 500;

/** The last times of something. */
export class Clock {
  readonly #times: number[] = [];
  #next = 0;

  add(time: number): void {
    this.#times[this.#next] = time;
    this.#next = (this.#next + 1) % MOST_TIMES;
  }

  get times(): Times {
    const count = this.#times.length;
    if (count === 0) return { last: 0, p50: 0, p99: 0 };
    const sorted = this.#times.toSorted((a, b) => a - b);
    const at = (part: number) => sorted[Math.min(count - 1, Math.floor(count * part))] as number;
    return { last: this.#times.at(this.#next - 1) as number, p50: at(0.5), p99: at(0.99) };
  }
}

interface Waiting {
  readonly item: unknown;
  /** When it was captured, in the clock of whoever captures. */
  readonly at: number;
  /** When it came, by `performance.now`. */
  readonly came: number;
}

/** What hears of a feed. */
export interface Hearing {
  /** An output, and when the item that it came of was captured. The next is asked for when this has ended. */
  output(item: Item, at: number): void | Promise<void>;
  /** The pipeline failed. What comes from now on is dropped, until there is another session. */
  failed(error: unknown): void;
}

/** Feeds a session with one item after the other, and with the newest where they come too fast. */
export class Feed {
  readonly #most: number;
  readonly #hearing: Hearing;
  readonly #clock = new Clock();
  #session: LiveSession;
  #waiting: Waiting[] = [];
  /** Set while an item is in the pipeline; ends with it, and throws nothing. */
  #underWay: Promise<void> | undefined;
  /** Sessions that are to take over, and who hears of the one before. */
  #changes: Array<{ session: LiveSession; done(former: LiveSession): void }> = [];
  #stopped = false;
  #closed = false;
  #captured = 0;
  #pushed = 0;
  #dropped = 0;

  /** `most` items wait at most, beside the one in the pipeline. */
  constructor(session: LiveSession, most: number, hearing: Hearing) {
    this.#session = session;
    this.#most = most;
    this.#hearing = hearing;
  }

  add(item: unknown, at: number): void {
    if (this.#closed) return;
    this.#captured += 1;
    if (this.#stopped) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push({ item, at, came: performance.now() });
    // The oldest: what is late is worth least.
    while (this.#waiting.length > this.#most) {
      this.#waiting.shift();
      this.#dropped += 1;
    }
    this.#next();
  }

  /** Has another session take over once the item in the pipeline is done; the one before. */
  swap(session: LiveSession): Promise<LiveSession> {
    return new Promise((done) => {
      this.#changes.push({ session, done });
      this.#next();
    });
  }

  /** Takes nothing more, and ends when nothing is in the pipeline any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#drop();
    while (this.#underWay !== undefined) await this.#underWay;
  }

  stats(): FeedStats {
    return {
      captured: this.#captured,
      pushed: this.#pushed,
      dropped: this.#dropped,
      waiting: this.#waiting.length + (this.#underWay === undefined ? 0 : 1),
      pipeline: this.#clock.times,
    };
  }

  #drop(): void {
    this.#dropped += this.#waiting.length;
    this.#waiting = [];
  }

  #next(): void {
    if (this.#underWay !== undefined) return;
    for (const { session, done } of this.#changes.splice(0)) {
      done(this.#session);
      this.#session = session;
      this.#stopped = false;
    }
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#underWay = this.#push(next).then(() => {
      this.#underWay = undefined;
      this.#next();
    });
  }

  async #push({ item, at, came }: Waiting): Promise<void> {
    try {
      for await (const output of this.#session.feed(item)) await this.#hearing.output(output, at);
      this.#pushed += 1;
      this.#clock.add(performance.now() - came);
    } catch (error) {
      this.#dropped += 1;
      this.#stopped = true;
      this.#drop();
      if (!this.#closed) this.#hearing.failed(error);
    }
  }
}
