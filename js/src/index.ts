/** Pipelines on Node: the component, the standard library and your own nodes from disk. */

// First of all: what it refuses is not to meet the rest.
import "./node-version.js";

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { gunzip } from "node:zlib";

import { Component, unpackImage } from "./component.js";
import { LibraryFileSystem, type LibraryList } from "./library.js";
import type { Limits } from "./limits.js";
import { type Nodes, openNodes } from "./nodes.js";
import { Pipeline as CorePipeline } from "./pipeline.js";
import { Pool, type PoolOptions, type Sources } from "./pool.js";
import { type StartThread, threadEnded } from "./team.js";
import type { FileSystem, Sink } from "./wasi/index.js";
import { NodeFileSystem, openDirectory } from "./wasi/node-fs.js";
import type { Places, Setup } from "./wire.js";

export * from "./core.js";
export * from "./live/index.js";
export { NodeFileSystem };

/** What `Pipeline.load` takes. */
export interface LoadOptions extends Limits, Sources {
  /** Directories with modules of your own nodes, which the sandbox can read, or such modules in memory. */
  readonly nodes?: Iterable<Nodes>;
  /** Take what nodes print. By default both streams go to standard error. */
  readonly stdout?: Sink;
  readonly stderr?: Sink;
}

/** Runs pipelines, each in a fresh instance, in the thread that calls. */
export class Pipeline extends CorePipeline {
  /** Compiles the component, once in a process, and opens the directories. */
  static async load(options: LoadOptions = {}): Promise<Pipeline> {
    const { component, library, places } = await load(options);
    const archive = (which: "code" | "text") => fs.readFileSync(places[which]);
    const mount = (name: "stdlib" | "python"): FileSystem => {
      const own = places[name];
      if (own !== undefined) return new NodeFileSystem(own);
      const key = `${places.code}/${name}`;
      let files = libraries.get(key);
      if (files === undefined) libraries.set(key, (files = new LibraryFileSystem(library[name] ?? {}, archive)));
      return files;
    };
    return new Pipeline(component, {
      ...options,
      ...printing(options),
      ...openNodes(options.nodes ?? [], openDirectory),
      stdlib: mount("stdlib"),
      python: mount("python"),
    });
  }
}

/**
 * Makes a pool of workers (`node:worker_threads`), and ends when the first is ready. The compiled code is shared by
 * all of them.
 */
export async function createPool(options: PoolOptions = {}): Promise<Pool> {
  const { component, library, places } = await load(options);
  const nodes = [...(options.nodes ?? [])];
  // What is wrong with them is to be said here.
  openNodes(nodes, openDirectory);
  const setup: Setup = { parts: component.parts, library, places };
  const size = options.size ?? os.availableParallelism();
  const pool = new Pool(setup, start, size, { ...options, nodes, ...printing(options) });
  await pool.ready();
  return pool;
}

const start: StartThread = (hear, failed) => {
  // Options of the program are not for it: `node --input-type=module` would forbid it its script.
  const options = { name: "pipeline", execArgv: [] };
  const worker = new Worker(new URL("./worker-node.js", import.meta.url), options);
  worker.on("message", hear);
  worker.on("error", failed);
  worker.on("messageerror", failed);
  worker.on("exit", (code) => failed(threadEnded(`exit code ${code}`)));
  return {
    post: (message) => worker.postMessage(message),
    end: () => worker.terminate(),
    hold: (alive) => (alive ? worker.ref() : worker.unref()),
  };
};

interface Loaded {
  readonly component: Component;
  readonly library: LibraryList;
  readonly places: Places;
}

/** By the directory of their assets. */
const loaded = new Map<string, Promise<Pick<Loaded, "component" | "library">>>();
const libraries = new Map<string, LibraryFileSystem>();

async function load({ assets, stdlib, python, baked }: Sources): Promise<Loaded> {
  const given = assets ?? new URL("./assets/", import.meta.url);
  const folder = path.resolve(given instanceof URL || given.startsWith("file:") ? fileURLToPath(given) : given);
  const places: Places = {
    code: path.join(folder, "library-code.zip"),
    text: path.join(folder, "library-text.zip"),
    ...(stdlib !== undefined && { stdlib: holding(stdlib, "os.py") }),
    ...(python !== undefined && { python: holding(python, "remotemedia/__init__.py") }),
  };
  let parts = loaded.get(folder);
  if (parts === undefined) {
    parts = loadParts(folder);
    loaded.set(folder, parts);
    // A directory that is wrong now may be right the next time.
    parts.catch(() => loaded.delete(folder));
  }
  if (baked === undefined) return { ...(await parts), places };
  const bytes = baked instanceof Uint8Array ? baked : await fs.promises.readFile(baked);
  return { ...(await parts), component: await Component.compileBaked(bytes, shared), places };
}

/** Shared by the workers, of which none writes. */
const shared = (length: number): SharedArrayBuffer => new SharedArrayBuffer(length);

async function loadParts(folder: string): Promise<Pick<Loaded, "component" | "library">> {
  const read = (name: string) => fs.promises.readFile(path.join(folder, name));
  const unpacked = async (name: string) => promisify(gunzip)(await read(name));
  const [module, image, list] = await Promise.all([
    unpacked("pipeline.core.wasm.gz").then((bytes) => WebAssembly.compile(bytes as BufferSource)),
    unpacked("pipeline.image.gz"),
    read("library.json"),
  ]);
  return {
    component: new Component({ core: module, image: unpackImage(image, shared) }),
    library: JSON.parse(list.toString()) as LibraryList,
  };
}

/** A directory that must hold a file, lest a run fail later and say less. */
function holding(given: string, holds: string): string {
  const { canonical } = openDirectory(given);
  if (fs.existsSync(path.join(canonical, holds))) return canonical;
  throw new TypeError(`\`${given}\` is the wrong directory: it has no ${holds}`);
}

function printing({ stdout, stderr }: { stdout?: Sink; stderr?: Sink }): { stdout: Sink; stderr: Sink } {
  const print: Sink = (bytes) => void process.stderr.write(bytes);
  return { stdout: stdout ?? print, stderr: stderr ?? print };
}
