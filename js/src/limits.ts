/** What a run may use up. */

/**
 * Limits, with the names and defaults that they have in every host. `Infinity` lifts one. In a session what is
 * printed and the items are those of each call.
 */
export interface Limits {
  /** How many MiB nodes may print; what is beyond that is left out. 64. */
  readonly maxLog?: number;
  /** How many files a run may have open at the same time. Python sees an `OSError` beyond that. 256. */
  readonly maxOpenFiles?: number;
  /** How many items may go in, and how many outputs may come out. 10,000,000. */
  readonly maxItems?: number;
}

/** The limits with their defaults. */
export function limitsOf(given: Limits): Required<Limits> {
  const limits = {
    maxLog: given.maxLog ?? 64,
    maxOpenFiles: given.maxOpenFiles ?? 256,
    maxItems: given.maxItems ?? 10_000_000,
  };
  for (const [name, limit] of Object.entries(limits)) {
    if (!(limit > 0)) throw new TypeError(`${name} is ${limit}, and must be more than 0`);
  }
  return limits;
}
