/** Pipelines in browsers: a pool of workers, which fetch the component and the library from where the page is. */

import { SIZES } from "../generated/parts.js";
import { Component, unpackImage } from "./component.js";
import type { LibraryList } from "./library.js";
import { Pipeline as CorePipeline } from "./pipeline.js";
import { Pool, type PoolOptions } from "./pool.js";
import { type StartThread, threadEnded } from "./team.js";
import type { Sink } from "./wasi/io.js";
import type { Answer, Setup } from "./wire.js";

export * from "./core.js";
export * from "./live/index.js";

/** Not in browsers: a run would hold the page, and could not be stopped. */
export class Pipeline extends CorePipeline {
  static async load(): Promise<never> {
    throw new TypeError("a browser runs pipelines in workers: use `createPool` instead of `Pipeline.load`");
  }
}

// Written out, because this is the form that bundlers know.
const ASSETS = {
  core: () => new URL("./assets/pipeline.core.wasm.gz", import.meta.url),
  image: () => new URL("./assets/pipeline.image.gz", import.meta.url),
  list: () => new URL("./assets/library.json", import.meta.url),
  code: () => new URL("./assets/library-code.zip", import.meta.url),
  text: () => new URL("./assets/library-text.zip", import.meta.url),
};

/**
 * Makes a pool of workers, and ends when the first is ready. What nodes print goes to the console where nothing else
 * takes it.
 */
export async function createPool(options: PoolOptions = {}): Promise<Pool> {
  const { assets } = options;
  // In a worker, which may have a pool, too, there is no document.
  const here = (globalThis as { document?: Document }).document?.baseURI ?? location.href;
  const base = assets === undefined ? undefined : new URL(`${String(assets).replace(/\/*$/, "")}/`, here);
  const place = (asset: keyof typeof ASSETS): string => {
    const { href } = ASSETS[asset]();
    return base === undefined ? href : new URL(NAMES[asset], base).href;
  };
  const setup = await load(place, options);
  const size = options.size ?? navigator.hardwareConcurrency;
  const pool = new Pool(setup, starter(base), size, { ...options, ...printing(options) });
  await pool.ready();
  return pool;
}

const NAMES: Record<keyof typeof ASSETS, string> = {
  core: "pipeline.core.wasm.gz",
  image: "pipeline.image.gz",
  list: "library.json",
  code: "library-code.zip",
  text: "library-text.zip",
};

function starter(base: URL | undefined): StartThread {
  return (hear, failed) => {
    const options = { type: "module", name: "pipeline" } as const;
    const worker =
      base === undefined
        ? new Worker(new URL("./assets/worker.js", import.meta.url), { type: "module", name: "pipeline" })
        : new Worker(new URL("worker.js", base), options);
    worker.onmessage = (event: MessageEvent<Answer>) => hear(event.data);
    worker.onerror = (event) => failed(threadEnded(event.message || "its script can't be loaded"));
    worker.onmessageerror = () => failed(threadEnded("it said what can't be read"));
    return {
      post: (message) => worker.postMessage(message),
      end: () => worker.terminate(),
      // A page lives on in any case.
      hold() {},
    };
  };
}

async function load(place: (asset: keyof typeof ASSETS) => string, options: PoolOptions): Promise<Setup> {
  const { fetch: get = (url) => fetch(url), onProgress } = options;
  const done = { core: 0, image: 0 };
  const total = { core: SIZES[NAMES.core]?.packed ?? 0, image: SIZES[NAMES.image]?.packed ?? 0 };
  const unpacked = async (asset: "core" | "image", type: string) => {
    const { body, plain } = await unpack(await fetched(get, place(asset)), (bytes) => {
      done[asset] += bytes;
      onProgress?.(done.core + done.image, total.core + total.image);
    });
    // Some servers unpack on the way.
    if (plain) total[asset] = SIZES[NAMES[asset]]?.plain ?? 0;
    return new Response(body, { headers: { "content-type": type } });
  };
  const { baked } = options;
  if (baked !== undefined) {
    const bytes =
      baked instanceof Uint8Array ? baked : new Uint8Array(await (await fetched(get, String(baked))).arrayBuffer());
    const { parts } = await Component.compileBaked(bytes);
    // It has its library in itself.
    return { parts, library: {}, places: { code: place("code"), text: place("text") } };
  }
  const [core, image, library] = await Promise.all([
    unpacked("core", "application/wasm").then((response) => WebAssembly.compileStreaming(response)),
    unpacked("image", "application/octet-stream").then((response) => response.arrayBuffer()),
    fetched(get, place("list")).then((response) => response.json() as Promise<LibraryList>),
  ]);
  return {
    parts: { core, image: unpackImage(new Uint8Array(image)) },
    library,
    places: { code: place("code"), text: place("text") },
  };
}

async function fetched(get: (url: string) => Promise<Response>, url: string): Promise<Response> {
  let response;
  try {
    response = await get(url);
  } catch (error) {
    throw new Error(`can't fetch ${url}: there is no connection to the server`, { cause: error });
  }
  // Servers of single pages have one for every address.
  const html = response.headers.get("content-type")?.startsWith("text/html") === true;
  if (response.ok && !html) return response;
  const answer = response.ok ? "a page" : `${response.status}`;
  const hint = "the package's directory `dist/assets` has to be there, or where the option `assets` says";
  throw new Error(`can't fetch ${url}: the server answered ${answer} (${hint})`);
}

type Bytes = Uint8Array<ArrayBuffer>;

/** What a response holds, unpacked where that has not been done on the way. */
async function unpack(
  response: Response,
  count: (bytes: number) => void,
): Promise<{ body: ReadableStream<Bytes>; plain: boolean }> {
  const reader = (response.body as ReadableStream<Bytes>).getReader();
  let next: ReadableStreamReadResult<Bytes> | undefined = await reader.read();
  const plain = !(next.value?.[0] === 0x1f && next.value[1] === 0x8b);
  const counted = new ReadableStream<Bytes>({
    async pull(controller) {
      const { value, done } = next ?? (await reader.read());
      next = undefined;
      if (done) return controller.close();
      count(value.length);
      controller.enqueue(value);
    },
  });
  return { body: plain ? counted : counted.pipeThrough(new DecompressionStream("gzip")), plain };
}

function printing({ stdout, stderr }: { stdout?: Sink; stderr?: Sink }): { stdout: Sink; stderr: Sink } {
  const print = (): Sink => {
    const decoder = new TextDecoder();
    return (bytes) => console.info(decoder.decode(bytes, { stream: true }).replace(/\n$/, ""));
  };
  return { stdout: stdout ?? print(), stderr: stderr ?? print() };
}
