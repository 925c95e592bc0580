/** Options that are numbers. */

/** A number from `least` to `most`, or a `TypeError` that says so. */
export function within(name: string, value: number, least: number, most: number, whole = false): number {
  const ok = typeof value === "number" && value >= least && value <= most && (!whole || Number.isInteger(value));
  if (ok) return value;
  const kind = whole ? "a whole number" : "a number";
  throw new TypeError(`${name} is ${String(value)}, and must be ${kind} from ${least} to ${most}`);
}
