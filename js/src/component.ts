/** The component, compiled, and the memories that its instances run in. */

import { CORE, instantiate, type MemoryImport } from "./generated.js";
import { SMALL } from "../generated/parts.js";
import { coreOf, split } from "./split.js";

/** What instances are made of. It can be sent to a worker, which shares the compiled code. */
export interface Parts {
  /** The large core module. */
  readonly core: WebAssembly.Module;
  /** All that its memory holds at the start: what `unpackImage` gives. */
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
 * What a memory holds at the start, byte for byte, from the pieces of it that are not zero; `split.ts` has
 * the form. `make` gives room for it, all zeros.
 */
export function unpackImage(
  packed: Uint8Array,
  make: (length: number) => ArrayBuffer | SharedArrayBuffer = (length) => new ArrayBuffer(length),
): Uint8Array {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const image = new Uint8Array(make(view.getUint32(0, true) * PAGE));
  const end = 8 + view.getUint32(4, true) * 8;
  let from = end;
  for (let at = 8; at < end; at += 8) {
    const to = from + view.getUint32(at + 4, true);
    image.set(packed.subarray(from, to), view.getUint32(at, true));
    from = to;
  }
  if (from !== packed.length) throw new TypeError("the image of the component's memory is damaged");
  return image;
}

/**
 * The compiled component. Each instance has a memory of its own, with the same bytes in it at the start. One that an
 * instance is done with is kept, and all of it written anew for the next: an engine takes ten times as long to make,
 * fill and later clear away 30 MB that are new.
 */
export class Component {
  readonly parts: Parts;
  #spare: { memory: WebAssembly.Memory; most: number; clean: boolean } | undefined;
  /** Whether a timer is set for that. */
  #preparing = false;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  /** Compiles the component from the bytes of its core module, or from a response that streams them. */
  static async compile(core: BufferSource | Response, packedImage: Uint8Array): Promise<Component> {
    const compiled =
      typeof Response === "function" && core instanceof Response
        ? WebAssembly.compileStreaming(core)
        : WebAssembly.compile(core as BufferSource);
    return new Component({ core: await compiled, image: unpackImage(packedImage) });
  }

  /**
   * Compiles a component that `pipeline bake` made. It has its library in itself, and the manifest of its own pipeline
   * is the empty text. `make` is for the image, as in `unpackImage`.
   */
  static async compileBaked(
    baked: Uint8Array,
    make?: (length: number) => ArrayBuffer | SharedArrayBuffer,
  ): Promise<Component> {
    let parts;
    try {
      parts = split(coreOf(baked));
    } catch (error) {
      throw new TypeError(`no component that \`pipeline bake\` made: ${String(error)}`, { cause: error });
    }
    const core = await WebAssembly.compile(parts.module);
    return new Component({ core, image: unpackImage(parts.image, make) });
  }

  /** How many bytes of memory an instance has at the start. */
  get leastMemory(): number {
    return this.parts.image.length;
  }

  /** A memory as every instance has it at the start, which can grow up to so many bytes. */
  take(mostBytes: number): WebAssembly.Memory {
    const most = pagesOf(mostBytes);
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare?.most === most) {
      if (!spare.clean) this.#write(spare.memory);
      return spare.memory;
    }
    const memory = new WebAssembly.Memory({ initial: this.leastMemory / PAGE, maximum: most });
    this.#write(memory);
    return memory;
  }

  /**
   * Takes a memory back that nothing uses any more, and writes it anew when the thread has nothing else to do. One
   * that has grown can't shrink, and is left to the engine; another is made in its place.
   */
  giveBack(memory: WebAssembly.Memory, mostBytes: number): void {
    if (memory.buffer.byteLength === this.leastMemory) {
      this.#spare = { memory, most: pagesOf(mostBytes), clean: false };
    }
    if (this.#preparing) return;
    this.#preparing = true;
    const timer: unknown = setTimeout(() => this.#prepare(mostBytes), 0);
    // On Node it is no reason for the process to live on.
    (timer as { unref?(): void }).unref?.();
  }

  #prepare(mostBytes: number): void {
    this.#preparing = false;
    if (this.#spare?.clean === true) return;
    const memory = this.take(mostBytes);
    this.#spare = { memory, most: pagesOf(mostBytes), clean: true };
  }

  /** Writes every byte of a memory. */
  #write(memory: WebAssembly.Memory): void {
    new Uint8Array(memory.buffer).set(this.parts.image);
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

function pagesOf(bytes: number): number {
  return Math.min(Math.floor(bytes / PAGE), MOST_PAGES);
}
