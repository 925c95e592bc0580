/** Fetching and compiling the component. */

import type { Library, Loaded } from "./protocol.js";

import coreUrl from "../generated/pipeline.core.wasm.gz?url";
import sizes from "../generated/sizes.json";
import core2Url from "../../js/generated/pipeline.core2.wasm?url";
import core3Url from "../../js/generated/pipeline.core3.wasm?url";
import libraryUrl from "../generated/library.json?url";

/**
 * Loads everything that every instance shares. `onProgress` hears of the core module's bytes as they
 * come from the network.
 */
export async function load(onProgress: (done: number, total: number) => void): Promise<Loaded> {
  const [core, core2, core3, library] = await Promise.all([
    compileCore(onProgress),
    compileSmall(core2Url),
    compileSmall(core3Url),
    get(libraryUrl).then((response) => response.json() as Promise<Library>),
  ]);
  return {
    modules: { "pipeline.core.wasm": core, "pipeline.core2.wasm": core2, "pipeline.core3.wasm": core3 },
    library,
  };
}

async function get(url: string): Promise<Response> {
  let response;
  try {
    response = await fetch(url);
  } catch {
    throw new Error(`can't fetch ${url}: there is no connection to the server`);
  }
  if (!response.ok || response.body === null) {
    throw new Error(`can't fetch ${url}: the server answered ${response.status}`);
  }
  return response;
}

async function compileSmall(url: string): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await (await get(url)).arrayBuffer());
}

/** The file is compressed, so that it is small on any static server. Some servers undo that on the way. */
async function compileCore(onProgress: (done: number, total: number) => void): Promise<WebAssembly.Module> {
  const fetched = await get(coreUrl);
  keepForOffline(fetched.clone());
  const reader = fetched.body!.getReader();
  const first = await reader.read();
  const compressed = first.value?.[0] === 0x1f && first.value[1] === 0x8b;
  const total = compressed ? sizes.packed : sizes.plain;
  let done = 0;
  let next: ReadableStreamReadResult<Uint8Array<ArrayBuffer>> | null = first;
  const counted = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const { value, done: ended } = next ?? (await reader.read());
      next = null;
      if (ended) {
        controller.close();
      } else {
        done += value.length;
        onProgress(done, total);
        controller.enqueue(value);
      }
    },
  });
  const bytes = compressed ? counted.pipeThrough(new DecompressionStream("gzip")) : counted;
  const response = new Response(bytes, { headers: { "content-type": "application/wasm" } });
  return WebAssembly.compileStreaming(response);
}

/**
 * The service worker, which comes when the page is up, takes the largest file from there instead of
 * fetching it again. It throws this away then.
 */
function keepForOffline(response: Response): void {
  if (!import.meta.env.PROD || !("caches" in self)) return;
  void caches
    .open("pipeline-page-loaded")
    .then((cache) => cache.put(coreUrl, response))
    .catch(() => response.body?.cancel());
}
