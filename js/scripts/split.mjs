// Splits the component's core module, so that a fresh instance costs no fresh memory: what its memory holds at the
// start, most of it the snapshot of Python, becomes a file of its own, and the module imports its memory. A host
// can then put the same bytes into a memory that it has already, which takes a tenth of the time in which an engine
// makes, fills and later gives back one.
//
// https://webassembly.github.io/spec/core/binary/modules.html

/** What the module imports its memory as. */
export const MEMORY = { module: "host", name: "memory" };

const [IMPORT, MEMORIES, DATA] = [2, 5, 11];
const PAGE = 65_536;

/**
 * The module without its data, and an image of that: in little-endian words of 32 bits the memory's pages, the
 * number of pieces, and for each its place and length; then the pieces. Throws where the module is not as the
 * build of this project makes it.
 */
export function split(module) {
  const parts = [module.subarray(0, 8)];
  let pages;
  let image;
  for (const { id, whole, body } of sections(module)) {
    if (id === MEMORIES) {
      pages = onlyMemory(body);
    } else if (id === DATA) {
      image = imageOf(body, pages);
    } else {
      parts.push(whole);
    }
  }
  if (pages === undefined || image === undefined) throw new Error("the module has no memory, or nothing in it");
  const at = parts.findIndex((part) => part[0] === IMPORT);
  if (at < 1) throw new Error("the module imports nothing");
  parts[at] = withMemory(parts[at], pages);
  return { module: Buffer.concat(parts), image };
}

/** The sections of a module. */
function* sections(module) {
  for (let at = 8; at < module.length; ) {
    const size = unsigned(module, at + 1);
    const end = size.next + size.value;
    yield { id: module[at], whole: module.subarray(at, end), body: module.subarray(size.next, end) };
    at = end;
  }
}

/** How many pages the only memory has at first. It must be free to grow. */
function onlyMemory(body) {
  const [count, flags] = body;
  if (count !== 1 || flags !== 0) throw new Error("the module has not just one memory of 32 bits that can grow");
  return unsigned(body, 2).value;
}

function imageOf(body, pages) {
  const count = unsigned(body, 0);
  const header = [pages, count.value];
  const pieces = [];
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
  const words = Buffer.alloc(header.length * 4);
  header.forEach((word, index) => words.writeUInt32LE(word, index * 4));
  return Buffer.concat([words, ...pieces]);
}

/** The section of imports with the memory as its last. Nothing is numbered anew by that: it was number 0 before. */
function withMemory(section, pages) {
  const size = unsigned(section, 1);
  const count = unsigned(section, size.next);
  const body = Buffer.concat([
    leb(count.value + 1),
    section.subarray(count.next),
    named(MEMORY.module),
    named(MEMORY.name),
    Buffer.from([2, 0]),
    leb(pages),
  ]);
  return Buffer.concat([Buffer.from([IMPORT]), leb(body.length), body]);
}

function named(text) {
  const bytes = Buffer.from(text);
  return Buffer.concat([leb(bytes.length), bytes]);
}

function leb(value) {
  const bytes = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return Buffer.from([...bytes, left]);
    bytes.push((left % 128) + 128);
  }
}

function unsigned(bytes, start) {
  let value = 0;
  let at = start;
  for (let factor = 1; ; factor *= 128, at += 1) {
    value += (bytes[at] & 127) * factor;
    if (bytes[at] < 128) return { value, next: at + 1 };
  }
}

/** A constant that is an address: as 32 bits without a sign. */
function signed(bytes, start) {
  let value = 0;
  let at = start;
  for (let shift = 0; ; shift += 7, at += 1) {
    value |= (bytes[at] & 127) << shift;
    if (bytes[at] >= 128) continue;
    if (shift < 25 && bytes[at] & 64) value |= -1 << (shift + 7);
    return { value: value >>> 0, next: at + 1 };
  }
}
