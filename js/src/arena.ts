/** Checks that a value's arena is a tree: each node has one parent, the root none. */

import type { wit } from "./generated.js";

/** Deepest nesting of a value. */
export const MAX_DEPTH = 128;

/** Most nodes of a value. */
export const MAX_NODES = 1 << 24;

/** Most decimal digits of an integer. */
export const MAX_DIGITS = 4300;

/** A value's arena is not a tree. */
export class ArenaError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ArenaError";
  }
}

const INTEGER = /^-?(?:0|[1-9][0-9]*)$/;

/** Throws an `ArenaError` that says which node is at fault. */
export function validate({ nodes, root }: wit.Value): void {
  if (nodes.length > MAX_NODES) {
    throw new ArenaError(`it has ${nodes.length} nodes, more than ${MAX_NODES}`);
  }
  const seen = new Uint8Array(nodes.length);
  const pending: Array<[wit.ValueNode, number]> = [];
  let visited = 0;
  const child = (index: number, depth: number): void => {
    const node = nodes[index];
    if (node === undefined) throw new ArenaError(`node ${index} is named, but isn't there`);
    if (seen[index] === 1) throw new ArenaError(`node ${index} is in two places, or contains itself`);
    seen[index] = 1;
    visited += 1;
    switch (node.tag) {
      case "items":
      case "tuple":
      case "fields":
      case "entries":
        pending.push([node, depth + 1]);
        break;
      case "integers":
      case "numbers":
        break;
      case "big-integer":
        if (!INTEGER.test(node.val)) throw new ArenaError(`node ${index} is not a decimal integer`);
        if (node.val.replace("-", "").length > MAX_DIGITS) {
          throw new ArenaError(`node ${index} has more than ${MAX_DIGITS} digits`);
        }
        return;
      default:
        return;
    }
    if (depth === MAX_DEPTH) throw new ArenaError(`it is nested more than ${MAX_DEPTH} deep`);
  };
  child(root, 0);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [node, depth] = next;
    if (node.tag === "items" || node.tag === "tuple") {
      for (const index of node.val) child(index, depth);
    } else if (node.tag === "fields") {
      for (const [, index] of node.val) child(index, depth);
    } else if (node.tag === "entries") {
      for (const [key, value] of node.val) {
        child(key, depth);
        child(value, depth);
      }
    }
  }
  if (visited < nodes.length) {
    throw new ArenaError(`${nodes.length - visited} nodes belong to nothing`);
  }
}
