/** Pipelines on Node: the component, the standard library and your own nodes from disk. */

// First of all: what it refuses is not to meet the rest.
import "./node-version.js";

import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import type { Limits } from "./limits.js";
import { Pipeline as CorePipeline } from "./pipeline.js";
import type { Sink } from "./wasi/index.js";
import { NodeFileSystem } from "./wasi/node-fs.js";

export * from "./core.js";
export { NodeFileSystem };

/** What `Pipeline.load` takes. */
export interface LoadOptions extends Limits {
  /** Directories with modules of your own nodes. The sandbox can read them. */
  readonly nodes?: Iterable<string>;
  /** Python's standard library; by default the one in this package. */
  readonly stdlib?: string;
  /** The directory that holds the package `remotemedia`; by default the one in this package. */
  readonly python?: string;
  /** Take what nodes print. By default both streams go to standard error. */
  readonly stdout?: Sink;
  readonly stderr?: Sink;
}

const GENERATED = fileURLToPath(new URL("../generated/", import.meta.url));

let modules: Promise<Map<string, WebAssembly.Module>> | undefined;

/** Runs pipelines, each in a fresh instance of the component. */
export class Pipeline extends CorePipeline {
  /** Compiles the component, once in a process, and opens the directories. */
  static async load(options: LoadOptions = {}): Promise<Pipeline> {
    const stdlib = opened(options.stdlib ?? path.join(GENERATED, "stdlib"), "os.py");
    const python = opened(options.python ?? path.join(GENERATED, "python"), "remotemedia/__init__.py");
    const nodes = new Map<string, { host: string; canonical: string }>();
    for (const host of options.nodes ?? []) {
      const canonical = directory(host);
      if ([...nodes.values()].some((known) => known.canonical === canonical)) continue;
      const base = path.basename(canonical) || "nodes";
      let name = base;
      for (let number = 2; nodes.has(name); number += 1) name = `${base}-${number}`;
      nodes.set(name, { host, canonical });
    }
    modules ??= CorePipeline.compile((name) => fs.promises.readFile(path.join(GENERATED, name)));
    const {
      stdout = (bytes) => void process.stderr.write(bytes),
      stderr = (bytes) => void process.stderr.write(bytes),
    } = options;
    return new Pipeline(await modules, {
      ...options,
      stdlib,
      python,
      stdout,
      stderr,
      nodes: Array.from(nodes, ([name, { canonical }]) => [name, new NodeFileSystem(canonical)]),
      hostPaths: Array.from(nodes, ([name, { host }]) => [`/nodes/${name}`, host]),
    });
  }
}

function directory(given: string): string {
  let canonical: string;
  try {
    canonical = fs.realpathSync(given);
  } catch (error) {
    throw new TypeError(`the directory \`${given}\` can't be read`, { cause: error });
  }
  if (!fs.statSync(canonical).isDirectory()) throw new TypeError(`\`${given}\` is no directory`);
  return canonical;
}

/** A directory that must hold a file, lest a run fail later and say less. */
function opened(given: string, holds: string): NodeFileSystem {
  const canonical = directory(given);
  if (!fs.existsSync(path.join(canonical, holds))) {
    throw new TypeError(`\`${given}\` is the wrong directory: it has no ${holds}`);
  }
  return new NodeFileSystem(canonical);
}
