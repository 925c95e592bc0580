/** The component, compiled, and the memories that its instances run in. */

import { CORE, instantiate, type MemoryImport } from "./generated.js";
import { SMALL } from "../generated/parts.js";

/** What instances are made of. It can be sent to a worker, which shares the compiled code. */
export interface Parts {
  /** The large core module. */
  readonly core: WebAssembly.Module;
  /** What its memory holds at the start, as the build packs it. */
  readonly image: Uint8Array;
}

type Imports = Parameters<typeof instantiate>[1];
type Executor = ReturnType<typeof instantiate>["executor"];

const PAGE = 65_536;

/** The most pages that addresses of 32 bits reach. */
const MOST_PAGES = 65_536;

let small: Map<string, WebAssembly.Module> | undefined;

function smallModules(): Map<string, WebAssembly.Module> {
  small ??= new Map(
    Object.entries(SMALL).map(([name, base64]) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      return [name, new WebAssembly.Module(bytes)];
    }),
  );
  return small;
}

/**
 * The compiled component. Each instance has a memory of its own, with the same bytes in it at the start. One that an
 * instance is done with is kept, and put back into that state for the next: an engine takes ten times as long to
 * make, fill and clear away 30 MB that are new.
 */
export class Component {
  readonly parts: Parts;
  readonly #image: Image;
  #spare: { memory: WebAssembly.Memory; most: number; clean: boolean } | undefined;

  constructor(parts: Parts) {
    this.parts = parts;
    this.#image = new Image(parts.image);
  }

  /** Compiles the component from the bytes of its core module, or from a response that streams them. */
  static async compile(core: BufferSource | Response, image: Uint8Array): Promise<Component> {
    const compiled =
      typeof Response === "function" && core instanceof Response
        ? WebAssembly.compileStreaming(core)
        : WebAssembly.compile(core as BufferSource);
    return new Component({ core: await compiled, image });
  }

  /** How many bytes of memory an instance has at the start. */
  get leastMemory(): number {
    return this.#image.pages * PAGE;
  }

  /** A memory as every instance has it at the start, which can grow up to so many bytes. */
  take(mostBytes: number): WebAssembly.Memory {
    const most = Math.min(Math.floor(mostBytes / PAGE), MOST_PAGES);
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare?.most === most) {
      if (!spare.clean) this.#image.restore(spare.memory);
      return spare.memory;
    }
    const memory = new WebAssembly.Memory({ initial: this.#image.pages, maximum: most });
    this.#image.fill(memory);
    return memory;
  }

  /** Takes a memory back that nothing uses any more. One that has grown can't shrink, and is left to the engine. */
  giveBack(memory: WebAssembly.Memory, mostBytes: number): void {
    if (memory.buffer.byteLength !== this.leastMemory) return;
    const most = Math.min(Math.floor(mostBytes / PAGE), MOST_PAGES);
    this.#spare = { memory, most, clean: false };
  }

  /** Does now what the next `take` would have to do. For times when nobody waits. */
  prepare(mostBytes: number): void {
    if (mostBytes < this.leastMemory || this.#spare?.clean === true) return;
    const memory = this.take(mostBytes);
    this.giveBack(memory, mostBytes);
    if (this.#spare !== undefined) this.#spare.clean = true;
  }

  /** The functions of a fresh instance in this memory. */
  instantiate(imports: Imports, memory: WebAssembly.Memory): Executor {
    const { core } = this.parts;
    const module = (name: string): WebAssembly.Module => {
      const found = name === CORE ? core : smallModules().get(name);
      if (found === undefined) throw new TypeError(`the module ${name} is not there`);
      return found;
    };
    const host: MemoryImport = { memory };
    return instantiate(module, imports, (module, given) =>
      new WebAssembly.Instance(module, module === core ? { ...given, host } : given),
    ).executor;
  }
}

/** What a memory holds at the start; `scripts/split.mjs` has the form. */
class Image {
  readonly pages: number;
  readonly #bytes: Uint8Array;
  /** Where the pieces go, and where they are in `#bytes`. */
  readonly #pieces: Array<{ to: number; from: number; end: number }> = [];

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.pages = view.getUint32(0, true);
    const count = view.getUint32(4, true);
    let from = 8 + count * 8;
    for (let at = 8; at < 8 + count * 8; at += 8) {
      const end = from + view.getUint32(at + 4, true);
      this.#pieces.push({ to: view.getUint32(at, true), from, end });
      from = end;
    }
    if (from !== bytes.length) throw new TypeError("the image of the component's memory is damaged");
  }

  /** Fills a new memory, which is all zeros. */
  fill(memory: WebAssembly.Memory): void {
    const bytes = new Uint8Array(memory.buffer);
    for (const { to, from, end } of this.#pieces) bytes.set(this.#bytes.subarray(from, end), to);
  }

  /** Writes every byte of a memory that was used. */
  restore(memory: WebAssembly.Memory): void {
    const bytes = new Uint8Array(memory.buffer);
    let zeros = 0;
    for (const { to, from, end } of this.#pieces) {
      bytes.fill(0, zeros, to);
      bytes.set(this.#bytes.subarray(from, end), to);
      zeros = to + (end - from);
    }
    bytes.fill(0, zeros);
  }
}
