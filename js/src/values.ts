/** JavaScript values to the records of the WIT, and back. */

import { MAX_DEPTH, validate } from "./arena.js";
import type { wit } from "./generated.js";
import { lowerMedium } from "./lower-media.js";
import * as media from "./media.js";

/** A Python tuple: an array of a class of its own. */
export class Tuple<T = PlainValue> extends Array<T> {
  /** What arrays make of this one is an array. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
}

/**
 * A float whatever its value: a JavaScript number without a fraction, such as `1`, is an integer to
 * Python, and `new Float(1)` is `1.0`.
 */
export class Float {
  constructor(readonly value: number) {}

  valueOf(): number {
    return this.value;
  }
}

/** A value that nodes give. */
export type PlainValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PlainValue[]
  | Tuple<PlainValue>
  | { [key: string]: PlainValue }
  | Map<PlainValue, PlainValue>;

/** An item that nodes give. */
export type Item = PlainValue | media.AnyMedium;

/** A JavaScript value that has no form in the sandbox. */
export class ValueError extends TypeError {
  /** Where in the value, for example `inputs[0].scores`. */
  readonly path: string;

  constructor(path: string, message: string) {
    super(`${path}: ${message}`);
    this.name = "ValueError";
    this.path = path;
  }
}

const SMALLEST = -(2n ** 63n);
const LARGEST = 2n ** 63n - 1n;

/** An item as the WIT's `data`. `path` names it in errors. */
export function lowerItem(item: unknown, path = "item"): wit.Data {
  const name = media.nameOf(item);
  if (name === undefined) return { tag: "value", val: lower(item, path) };
  return { tag: name, val: lowerMedium(name, item as media.AnyMedium, path) } as wit.Data;
}

/** An item that is meant for one source: what `toNode` makes. */
class Meant {
  constructor(
    readonly nodeId: string,
    readonly item: unknown,
  ) {}
}

/** An item for the source of this id alone, wherever items are given. */
export function toNode(nodeId: string, item: unknown): unknown {
  return new Meant(nodeId, item);
}

/** An item that a pipeline is given as the WIT's `input`. `path` names it in errors. */
export function lowerInput(item: unknown, path = "item"): wit.Input {
  return item instanceof Meant
    ? { nodeId: item.nodeId, item: lowerItem(item.item, path) }
    : { item: lowerItem(item, path) };
}

/** The items of a list of `data`, some of which may stand for many. */
export function liftItems(all: readonly wit.Data[]): Item[] {
  return all.flatMap((data) => {
    if (data.tag === "integers") {
      return Array.from(data.val, (item): Item => liftNode([{ tag: "integer", val: item }], 0));
    }
    return data.tag === "numbers" ? Array.from(data.val) : [liftItem(data)];
  });
}

/** The items of some nodes' outputs. */
export function liftOutputs(all: readonly wit.NodeOutputs[]): Item[] {
  return all.flatMap(({ items }) => liftItems(items));
}

/** The item of a `data` that stands for one. */
export function liftItem(data: wit.Data): Item {
  if (data.tag === "value") return lift(data.val);
  if (data.tag === "integers" || data.tag === "numbers") {
    throw new ValueError("data", "stands for many items; see liftItems");
  }
  const fields: Record<string, unknown> = { ...data.val };
  if (data.tag === "image") {
    const { format } = data.val;
    fields["format"] = format.tag;
    if (format.tag === "raw") fields["pixelFormat"] = format.val;
  }
  if ((data.tag === "audio" || data.tag === "image") && data.val.metadata !== undefined) {
    fields["metadata"] = lift(data.val.metadata);
  }
  const Class = media.CLASSES[data.tag] as new (fields: never) => media.AnyMedium;
  return new Class(fields as never);
}

/** A plain value as an arena. */
export function lower(value: unknown, path = "value"): wit.Value {
  const arena = new Lowering(path);
  const root = arena.push(value);
  return { nodes: arena.nodes, root };
}

/** The plain value of an arena. */
export function lift(value: wit.Value): PlainValue {
  validate(value);
  return liftNode(value.nodes, value.root);
}

class Lowering {
  readonly nodes: wit.ValueNode[] = [];
  readonly #steps: string[];

  constructor(path: string) {
    this.#steps = [path];
  }

  push(value: unknown): number {
    const node = this.#node(value);
    return this.nodes.push(node) - 1;
  }

  #node(value: unknown): wit.ValueNode {
    switch (typeof value) {
      case "undefined":
        return { tag: "null" };
      case "boolean":
        return { tag: "boolean", val: value };
      case "number":
        return isInteger(value) ? { tag: "integer", val: BigInt(value) } : { tag: "number", val: value };
      case "bigint":
        return isSmall(value)
          ? { tag: "integer", val: value }
          : { tag: "big-integer", val: value.toString() };
      case "string":
        return { tag: "text", val: this.#text(value) };
      case "object":
        return value === null ? { tag: "null" } : this.#object(value);
      default:
        return this.#fail(`a ${typeof value} has no form in the sandbox`);
    }
  }

  #object(value: object): wit.ValueNode {
    if (value instanceof Float) return { tag: "number", val: value.value };
    if (ArrayBuffer.isView(value)) return this.#view(value);
    if (value instanceof ArrayBuffer) return { tag: "bytes", val: new Uint8Array(value) };
    if (media.nameOf(value) !== undefined) {
      return this.#fail("a medium stands for a whole item, not for a part of one");
    }
    if (this.#steps.length > MAX_DEPTH) this.#fail(`nested more than ${MAX_DEPTH} deep`);
    if (Array.isArray(value)) return this.#list(value);
    if (value instanceof Map) return this.#map(value);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === null || Object.getPrototypeOf(prototype) === null) {
      return { tag: "fields", val: this.#fields(Object.entries(value)) };
    }
    const name = (value as { constructor?: { name?: string } }).constructor?.name ?? "object";
    return this.#fail(`${name} has no form in the sandbox; plain objects, arrays and Maps have one`);
  }

  #view(value: ArrayBufferView): wit.ValueNode {
    if (value instanceof Float64Array) return { tag: "numbers", val: value };
    if (value instanceof Float32Array) return { tag: "numbers", val: Float64Array.from(value) };
    if (value instanceof BigInt64Array) return { tag: "integers", val: value };
    if (value instanceof BigUint64Array) return this.#list(Array.from(value));
    const numbers = [Int8Array, Int16Array, Int32Array, Uint16Array, Uint32Array] as const;
    for (const type of numbers) {
      if (value instanceof type) return { tag: "integers", val: BigInt64Array.from(value, BigInt) };
    }
    return { tag: "bytes", val: new Uint8Array(value.buffer, value.byteOffset, value.byteLength) };
  }

  #list(value: unknown[]): wit.ValueNode {
    if (value instanceof Tuple) return { tag: "tuple", val: this.#children(value) };
    if (value.length > 0) {
      if (value.every((item) => isInteger(item) || (typeof item === "bigint" && isSmall(item)))) {
        const integers = value as Array<number | bigint>;
        return { tag: "integers", val: BigInt64Array.from(integers, BigInt) };
      }
      if (value.every((item) => item instanceof Float || (typeof item === "number" && !isInteger(item)))) {
        return { tag: "numbers", val: Float64Array.from(value as Array<number | Float>, Number) };
      }
    }
    return { tag: "items", val: this.#children(value) };
  }

  #children(value: unknown[]): Uint32Array {
    // Not `map`: it leaves the holes of an array out.
    return Uint32Array.from(value, (item, index) => this.#within(`[${index}]`, item));
  }

  #map(value: Map<unknown, unknown>): wit.ValueNode {
    const entries = [...value];
    if (entries.every((entry): entry is [string, unknown] => typeof entry[0] === "string")) {
      return { tag: "fields", val: this.#fields(entries) };
    }
    const pairs = entries.map(([key, item], index): [number, number] => [
      this.#within(`[key ${index}]`, key),
      this.#within(`[value ${index}]`, item),
    ]);
    return { tag: "entries", val: pairs };
  }

  #fields(entries: Array<[string, unknown]>): Array<[string, number]> {
    return entries.map(([key, item]) => [this.#text(key), this.#within(step(key), item)]);
  }

  #within(step: string, value: unknown): number {
    this.#steps.push(step);
    const index = this.push(value);
    this.#steps.pop();
    return index;
  }

  #text(text: string): string {
    if (!text.isWellFormed()) this.#fail("half of a surrogate pair is no text");
    return text;
  }

  #fail(message: string): never {
    throw new ValueError(this.#steps.join(""), message);
  }
}

function step(key: string): string {
  return /^[\p{ID_Start}_][\p{ID_Continue}]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

/** Whether a number is an integer to Python. */
function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value) && !Object.is(value, -0);
}

function isSmall(value: bigint): boolean {
  return value >= SMALLEST && value <= LARGEST;
}

/** An integer as a number where that is exact. */
function liftInteger(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function liftNode(nodes: wit.ValueNode[], index: number): PlainValue {
  const node = nodes[index] as wit.ValueNode;
  switch (node.tag) {
    case "null":
      return null;
    case "integer":
      return liftInteger(node.val);
    case "big-integer":
      return BigInt(node.val);
    case "items":
      return Array.from(node.val, (child) => liftNode(nodes, child));
    case "tuple":
      return Tuple.from(node.val, (child) => liftNode(nodes, child)) as Tuple<PlainValue>;
    case "fields": {
      const fields: Record<string, PlainValue> = {};
      for (const [key, child] of node.val) setField(fields, key, liftNode(nodes, child));
      return fields;
    }
    case "entries":
      return new Map(node.val.map(([key, child]) => [liftNode(nodes, key), liftNode(nodes, child)]));
    case "integers":
      return Array.from(node.val, liftInteger);
    case "numbers":
      return Array.from(node.val);
    default:
      return node.val;
  }
}

function setField(fields: Record<string, PlainValue>, key: string, value: PlainValue): void {
  if (key === "__proto__") {
    // Assigned, it would be the object's prototype.
    Object.defineProperty(fields, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    fields[key] = value;
  }
}
