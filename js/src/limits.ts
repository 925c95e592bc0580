/** What a run may use up. */

import type { wit } from "./generated.js";

/**
 * Limits, with the names and defaults that they have in every host. `Infinity` lifts one. In a session memory and
 * open files are bounded over all of its calls, and the rest for each call.
 */
export interface Limits {
  /** How many MiB of memory a run may use, the 30 that Python starts from included. At most 4096, and by default 2048. */
  readonly maxMemory?: number;
  /** How many MiB the outputs of a call may take, as JavaScript holds them. 1024. */
  readonly maxOutput?: number;
  /** How many MiB nodes may print; what is beyond that is left out. 64. */
  readonly maxLog?: number;
  /** How many files a run may have open at the same time. Python sees an `OSError` beyond that. 256. */
  readonly maxOpenFiles?: number;
  /** How many items may go in, and how many outputs may come out. 10,000,000. */
  readonly maxItems?: number;
}

/** The limits of a run in a pool's worker, which can be ended. */
export interface RunLimits extends Limits {
  /** How many seconds a call may take from when a worker begins it. 300. */
  readonly timeout?: number;
}

const DEFAULTS: Required<RunLimits> = {
  timeout: 300,
  maxMemory: 2048,
  maxOutput: 1024,
  maxLog: 64,
  maxOpenFiles: 256,
  maxItems: 10_000_000,
};

/** The limits with their defaults. */
export function limitsOf(given: RunLimits): Required<RunLimits> {
  const limits: Record<string, number> = {};
  for (const [name, usual] of Object.entries(DEFAULTS)) {
    const limit: unknown = given[name as keyof RunLimits] ?? usual;
    if (typeof limit !== "number" || !(limit > 0)) {
      throw new TypeError(`${name} is ${String(limit)}, and must be a number above 0`);
    }
    limits[name] = limit;
  }
  return limits as unknown as Required<RunLimits>;
}

/** How many items a `data` stands for. */
export function weight(item: wit.Data): number {
  return item.tag === "integers" || item.tag === "numbers" ? item.val.length : 1;
}

/** The sum of what `of` gives. */
export function sum<T>(all: readonly T[], of: (each: T) => number): number {
  let total = 0;
  for (const each of all) total += of(each);
  return total;
}

/** About what an object takes beside what it holds. */
const OBJECT = 64;

/** About how many bytes outputs take in JavaScript. */
export function sizeOf(outputs: readonly wit.NodeOutputs[]): number {
  return sum(outputs, ({ items }) => sum(items, sizeOfPart));
}

/** Any part of a record of the WIT: text, numbers, typed arrays, lists and records of them. */
function sizeOfPart(part: unknown): number {
  if (typeof part === "string") return 2 * part.length;
  if (typeof part !== "object" || part === null) return 8;
  if (ArrayBuffer.isView(part)) return OBJECT + part.byteLength;
  return OBJECT + sum(Array.isArray(part) ? part : Object.values(part), sizeOfPart);
}
