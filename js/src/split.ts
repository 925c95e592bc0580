// Splits the component's core module, so that a fresh instance costs no fresh memory: what its memory holds at the
// start, most of it the snapshot of Python, becomes a part of its own, and the module imports its memory. A host can
// then put the same bytes into a memory that it has already, which takes a tenth of the time in which an engine makes,
// fills and later gives back one. The build does so with the component of this package, a program with one that
// `pipeline bake` made.
//
// https://webassembly.github.io/spec/core/binary/modules.html

/** What the module imports its memory as. */
export const MEMORY = { module: "host", name: "memory" };

/** A module without its data, and what that is. */
export interface Split {
  readonly module: Uint8Array<ArrayBuffer>;
  /** What `unpackImage` takes. */
  readonly image: Uint8Array<ArrayBuffer>;
}

interface Section {
  readonly id: number;
  readonly whole: Uint8Array;
  readonly body: Uint8Array;
}

const [IMPORT, MEMORIES, DATA] = [2, 5, 11] as const;
const PAGE = 65_536;

/** Sections of components: a core module is one of its own. */
const CORE_MODULE = 1;

/** The core module of a component that has the memory: the first one. Throws where it is no such component. */
export function coreOf(component: Uint8Array): Uint8Array {
  const [a, b, c, d, , , layer] = component;
  if (a !== 0 || b !== 0x61 || c !== 0x73 || d !== 0x6d || layer !== 1) throw new Error("it is no component");
  for (const { id, body } of sections(component)) if (id === CORE_MODULE) return body;
  throw new Error("the component has no core module");
}

/**
 * The module without its data, and an image of that: in little-endian words of 32 bits the memory's pages, the
 * number of pieces, and for each its place and length; then the pieces. Throws where the module is not as the
 * build of this project makes it.
 */
export function split(module: Uint8Array): Split {
  const parts = [module.subarray(0, 8)];
  let pages: number | undefined;
  let image: Uint8Array<ArrayBuffer> | undefined;
  let imports: number | undefined;
  for (const { id, whole, body } of sections(module)) {
    if (id === MEMORIES) {
      pages = onlyMemory(body);
    } else if (id === DATA) {
      if (pages === undefined) throw new Error("the module has data before its memory");
      image = imageOf(body, pages);
    } else {
      if (id === IMPORT) imports = parts.length;
      parts.push(whole);
    }
  }
  if (pages === undefined || image === undefined) throw new Error("the module has no memory, or nothing in it");
  const section = imports === undefined ? undefined : parts[imports];
  if (imports === undefined || section === undefined) throw new Error("the module imports nothing");
  parts[imports] = withMemory(section, pages);
  return { module: joined(parts), image };
}

/** The sections of a module or a component. */
function* sections(binary: Uint8Array): Generator<Section> {
  for (let at = 8; at < binary.length; ) {
    const size = unsigned(binary, at + 1);
    const end = size.next + size.value;
    if (end > binary.length) throw new Error("it is cut short");
    yield { id: byte(binary, at), whole: binary.subarray(at, end), body: binary.subarray(size.next, end) };
    at = end;
  }
}

/** How many pages the only memory has at first. It must be free to grow. */
function onlyMemory(body: Uint8Array): number {
  const [count, flags] = body;
  if (count !== 1 || flags !== 0) throw new Error("the module has not just one memory of 32 bits that can grow");
  return unsigned(body, 2).value;
}

function imageOf(body: Uint8Array, pages: number): Uint8Array<ArrayBuffer> {
  const count = unsigned(body, 0);
  const header = [pages, count.value];
  const pieces: Uint8Array[] = [];
  let at = count.next;
  let free = 0;
  for (let index = 0; index < count.value; index += 1) {
    // An active piece in the only memory, at a constant.
    if (body[at] !== 0 || body[at + 1] !== 0x41) throw new Error(`piece ${index} of the data has no fixed place`);
    const place = signed(body, at + 2);
    if (body[place.next] !== 0x0b) throw new Error(`the place of piece ${index} of the data is computed`);
    const length = unsigned(body, place.next + 1);
    if (place.value < free) throw new Error(`piece ${index} of the data lies in or before another`);
    free = place.value + length.value;
    header.push(place.value, length.value);
    pieces.push(body.subarray(length.next, length.next + length.value));
    at = length.next + length.value;
  }
  if (free > pages * PAGE) throw new Error("the data is larger than the memory");
  const words = new DataView(new ArrayBuffer(header.length * 4));
  header.forEach((word, index) => words.setUint32(index * 4, word, true));
  return joined([new Uint8Array(words.buffer), ...pieces]);
}

/** The section of imports with the memory as its last. Nothing is numbered anew by that: it was number 0 before. */
function withMemory(section: Uint8Array, pages: number): Uint8Array {
  const size = unsigned(section, 1);
  const count = unsigned(section, size.next);
  const body = joined([
    leb(count.value + 1),
    section.subarray(count.next),
    named(MEMORY.module),
    named(MEMORY.name),
    Uint8Array.of(2, 0),
    leb(pages),
  ]);
  return joined([Uint8Array.of(IMPORT), leb(body.length), body]);
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function named(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  return joined([leb(bytes.length), bytes]);
}

function leb(value: number): Uint8Array {
  const bytes = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return Uint8Array.of(...bytes, left);
    bytes.push((left % 128) + 128);
  }
}

function byte(bytes: Uint8Array, at: number): number {
  const found = bytes[at];
  if (found === undefined) throw new Error("it is cut short");
  return found;
}

function unsigned(bytes: Uint8Array, start: number): { value: number; next: number } {
  let value = 0;
  let at = start;
  for (let factor = 1; ; factor *= 128, at += 1) {
    const next = byte(bytes, at);
    value += (next & 127) * factor;
    if (next < 128) return { value, next: at + 1 };
  }
}

/** A constant that is an address: as 32 bits without a sign. */
function signed(bytes: Uint8Array, start: number): { value: number; next: number } {
  let value = 0;
  let at = start;
  for (let shift = 0; ; shift += 7, at += 1) {
    const next = byte(bytes, at);
    value |= (next & 127) << shift;
    if (next >= 128) continue;
    if (shift < 25 && next & 64) value |= -1 << (shift + 7);
    return { value: value >>> 0, next: at + 1 };
  }
}
