/** Reads values and media from their JSON form, straight into the records of the WIT. */

import { MAX_DEPTH, MAX_NODES } from "../arena.js";
import type { wit } from "../generated.js";
import { decode } from "./base64.js";
import { MEDIA, readMedium } from "./read-media.js";
import { type Scalar, Scanner } from "./scan.js";

/** An item from its JSON form. Throws a `JsonError`. */
export function parseItem(json: string): wit.Data {
  const scanner = new Scanner(json);
  const item = readItem(scanner);
  scanner.end();
  return item;
}

/** An item that a pipeline is given, which may be meant for one source. Throws a `JsonError`. */
export function parseInput(json: string): wit.Input {
  const scanner = new Scanner(json);
  const input = readInput(scanner);
  scanner.end();
  return input;
}

/** A list of items that a pipeline is given. Throws a `JsonError`. */
export function parseInputs(json: string): wit.Input[] {
  const scanner = new Scanner(json);
  const inputs: wit.Input[] = [];
  scanner.array(() => inputs.push(readInput(scanner)));
  scanner.end();
  return inputs;
}

/** A value from its JSON form. Throws a `JsonError`. */
export function parseValue(json: string): wit.Value {
  const scanner = new Scanner(json);
  const value = readValue(scanner);
  scanner.end();
  return value;
}

/** An item that may be meant for one source: `{"$input": {"node": "mic", "item": ...}}`. */
function readInput(scanner: Scanner): wit.Input {
  if (loneDollar(scanner) !== "$input") return { item: readItem(scanner) };
  const shape = 'an input for one source is {"node": "...", "item": ...}';
  const fields: { nodeId?: string; item?: wit.Data } = {};
  scanner.object(() => {
    if (scanner.peek() !== "{") scanner.fail(shape);
    const start = scanner.at;
    scanner.object((key) => {
      if (key === "node") {
        if (scanner.peek() !== '"') scanner.fail("the id of a node is a string");
        fields.nodeId = scanner.string();
      } else if (key === "item") {
        fields.item = readItem(scanner);
      } else {
        scanner.fail(shape);
      }
    });
    if (fields.nodeId === undefined || fields.item === undefined) scanner.fail(shape, start);
  });
  return fields as wit.Input;
}

function readItem(scanner: Scanner): wit.Data {
  const name = loneDollar(scanner);
  if (name === undefined || !MEDIA.has(name)) return { tag: "value", val: readValue(scanner) };
  let item: wit.Data | undefined;
  scanner.object(() => {
    item = readMedium(scanner, name, readValue);
  });
  return item as wit.Data;
}

function readValue(scanner: Scanner): wit.Value {
  const reader = new Reader(scanner);
  const root = reader.value();
  return { nodes: reader.nodes, root };
}

/** The name of the only key of the object that comes next, where it begins with `$`. */
function loneDollar(scanner: Scanner): string | undefined {
  if (scanner.peek() !== "{") return undefined;
  const probe = new Scanner(scanner.source);
  probe.at = scanner.at + 1;
  if (probe.peek() !== '"') return undefined;
  // Nearly all objects are told apart by their first bytes.
  if (!/["$\\]/.test(probe.source.charAt(probe.at + 1))) return undefined;
  const name = probe.string();
  if (!name.startsWith("$") || !probe.take(":")) return undefined;
  return endsObject(probe.source, probe.at) ? name : undefined;
}

/** Whether an object ends after the value that comes next; whether it is valid is said later. */
function endsObject(text: string, start: number): boolean {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    switch (text.charAt(at)) {
      case '"':
        for (at += 1; at < text.length && text.charAt(at) !== '"'; at += 1) {
          if (text.charAt(at) === "\\") at += 1;
        }
        break;
      case "[":
      case "{":
        depth += 1;
        break;
      case "}":
        if (depth === 0) return true;
        depth -= 1;
        break;
      case "]":
        depth -= 1;
        break;
      case ",":
        if (depth === 0) return false;
        break;
      default:
    }
  }
  return false;
}

const FLOATS = new Map([
  ["nan", Number.NaN],
  ["inf", Number.POSITIVE_INFINITY],
  ["-inf", Number.NEGATIVE_INFINITY],
]);

class Reader {
  readonly nodes: wit.ValueNode[] = [];
  readonly #scanner: Scanner;
  #depth = 0;

  constructor(scanner: Scanner) {
    this.#scanner = scanner;
  }

  value(): number {
    return this.#push(this.#node());
  }

  #push(node: wit.ValueNode): number {
    if (this.nodes.length >= MAX_NODES) {
      this.#scanner.fail(`the value has more than ${MAX_NODES} parts`);
    }
    return this.nodes.push(node) - 1;
  }

  #node(): wit.ValueNode {
    const next = this.#scanner.peek();
    if (next !== "[" && next !== "{") return scalarNode(this.#scanner.scalar());
    const name = next === "{" ? loneDollar(this.#scanner) : undefined;
    // Written as objects, these hold nothing: they are no level.
    if (name === "$float" || name === "$bytes") return this.#special(name);
    if (this.#depth === MAX_DEPTH) this.#scanner.fail(`nested more than ${MAX_DEPTH} deep`);
    this.#depth += 1;
    const node = next === "[" ? this.#list() : this.#object(name);
    this.#depth -= 1;
    return node;
  }

  /** A list: in bulk where all its elements are integers, or floats. */
  #list(): wit.ValueNode {
    const elements: wit.ValueNode[] = [];
    this.#scanner.array(() => elements.push(this.#node()));
    const all = (tag: string) => elements.length > 0 && elements.every((node) => node.tag === tag);
    const values = () => elements.map((node) => (node as { val: unknown }).val);
    if (all("integer")) return { tag: "integers", val: BigInt64Array.from(values() as bigint[]) };
    if (all("number")) return { tag: "numbers", val: Float64Array.from(values() as number[]) };
    return { tag: "items", val: Uint32Array.from(elements, (node) => this.#push(node)) };
  }

  #object(name: string | undefined): wit.ValueNode {
    return name === undefined ? { tag: "fields", val: this.#fields() } : this.#special(name);
  }

  #fields(): Array<[string, number]> {
    const fields: Array<[string, number]> = [];
    this.#scanner.object((key) => fields.push([key, this.value()]));
    return fields;
  }

  /** A form that plain JSON can't say. */
  #special(name: string): wit.ValueNode {
    const scanner: Scanner = this.#scanner;
    const start = scanner.at;
    let node: wit.ValueNode | undefined;
    // Not `object`: the name is no part of the path.
    scanner.take("{");
    scanner.string();
    scanner.take(":");
    switch (name) {
      case "$float": {
        const at = scanner.at;
        const value = scanner.peek() === '"' ? FLOATS.get(scanner.string()) : undefined;
        if (value === undefined) scanner.fail('$float must be "nan", "inf" or "-inf"', at);
        node = { tag: "number", val: value };
        break;
      }
      case "$bytes":
        node = { tag: "bytes", val: readBase64(scanner) };
        break;
      case "$tuple":
        if (scanner.peek() !== "[") scanner.fail("$tuple must hold a list");
        node = { tag: "tuple", val: Uint32Array.from(this.#children()) };
        break;
      case "$dict":
        node = this.#mapping();
        break;
      case "$object":
        if (scanner.peek() !== "{") scanner.fail("$object must hold an object");
        node = { tag: "fields", val: this.#fields() };
        break;
      default:
        if (MEDIA.has(name)) {
          scanner.fail(`${name} stands for a whole item, not for a part of one`, start);
        }
        scanner.fail(
          `the form ${name} is unknown (an object with this one key is written ` +
            `{"$object": {"${name}": ...}})`,
          start,
        );
    }
    if (!scanner.take("}")) scanner.fail("expected `}`");
    return node;
  }

  #children(): number[] {
    const children: number[] = [];
    this.#scanner.array(() => children.push(this.value()));
    return children;
  }

  /** The mapping of some pairs: the plain one where all keys are strings. */
  #mapping(): wit.ValueNode {
    const scanner: Scanner = this.#scanner;
    const wrong = "$dict must hold a list of [key, value] pairs";
    if (scanner.peek() !== "[") scanner.fail(wrong);
    const start = scanner.at;
    const pairs: Array<[key: wit.ValueNode, value: number]> = [];
    scanner.array(() => {
      if (scanner.peek() !== "[") scanner.fail(wrong);
      const at = scanner.at;
      let key: wit.ValueNode | undefined;
      let value: number | undefined;
      scanner.array((index) => {
        if (index === 0) key = this.#key();
        else if (index === 1) value = this.value();
        else scanner.fail(wrong, at);
      });
      if (key === undefined || value === undefined) scanner.fail(wrong, at);
      pairs.push([key, value]);
    });
    const fields = new Map<string, number>();
    for (const [key, value] of pairs) {
      if (key.tag !== "text") continue;
      if (fields.has(key.val)) scanner.fail(`the key ${JSON.stringify(key.val)} was given before`, start);
      fields.set(key.val, value);
    }
    if (fields.size === pairs.length) return { tag: "fields", val: [...fields] };
    return { tag: "entries", val: pairs.map(([key, value]) => [this.#push(key), value]) };
  }

  /** A key, which Python has to be able to hash. */
  #key(): wit.ValueNode {
    const scanner: Scanner = this.#scanner;
    scanner.peek();
    const at = scanner.at;
    const key = this.#node();
    if (!this.#isKey(key)) scanner.fail(`${KINDS.get(key.tag) ?? "this"} can't be the key of a mapping`, at);
    return key;
  }

  #isKey(node: wit.ValueNode | undefined): boolean {
    if (node?.tag === "tuple") return Array.from(node.val).every((child) => this.#isKey(this.nodes[child]));
    return node !== undefined && !KINDS.has(node.tag);
  }
}

/** What can't be a key, or not always, in words. */
const KINDS = new Map<string, string>([
  ["items", "a list"],
  ["integers", "a list"],
  ["numbers", "a list"],
  ["tuple", "a tuple"],
  ["fields", "an object"],
  ["entries", "an object"],
]);

function scalarNode(scalar: Scalar): wit.ValueNode {
  switch (scalar.type) {
    case "string":
      return { tag: "text", val: scalar.text };
    case "float":
      return { tag: "number", val: scalar.value };
    case "integer": {
      // No integer of 64 bits has more characters.
      const value = scalar.digits.length <= 20 ? BigInt(scalar.digits) : undefined;
      if (value === undefined || BigInt.asIntN(64, value) !== value) {
        return { tag: "big-integer", val: scalar.digits };
      }
      return { tag: "integer", val: value };
    }
    case "word":
      switch (scalar.word) {
        case "null":
          return { tag: "null" };
        case "true":
        case "false":
          return { tag: "boolean", val: scalar.word === "true" };
        default:
          return { tag: "number", val: Number(scalar.word) };
      }
  }
}

/** The bytes that the string that comes next stands for. */
export function readBase64(scanner: Scanner): Uint8Array {
  if (scanner.peek() !== '"') scanner.fail("bytes are written as a string in base64");
  const at = scanner.at;
  const bytes = decode(scanner.string());
  if (bytes === undefined) scanner.fail("not valid base64", at);
  return bytes;
}
