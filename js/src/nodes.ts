/** Nodes of your own, wherever they are. */

import { type FileSystem, MemoryFileSystem } from "./wasi/index.js";

/** Modules in memory: files by path, such as `{"words.py": "class Count: ..."}`. */
export interface NodeFiles {
  /** The sandbox sees them in `/nodes/<name>`. `nodes` where there is no name. */
  readonly name?: string;
  readonly files: Readonly<Record<string, string | Uint8Array>>;
}

/** Modules of your own: a directory, where there are some, or files in memory. */
export type Nodes = string | NodeFiles;

/** A directory that was opened. */
export interface Directory {
  readonly files: FileSystem;
  /** Its true path. */
  readonly canonical: string;
}

/** What a sandbox is granted of nodes: their places in it, and the user's own paths for errors. */
export interface GrantedNodes {
  readonly nodes: Array<[name: string, files: FileSystem]>;
  readonly hostPaths: Array<[guest: string, host: string]>;
}

/** Opens nodes; each has a name of its own then, and a directory that is named twice is there once. */
export function openNodes(all: Iterable<Nodes>, open: (directory: string) => Directory): GrantedNodes {
  const names = new Set<string>();
  const known = new Set<string>();
  const granted: GrantedNodes = { nodes: [], hostPaths: [] };
  const add = (base: string, files: FileSystem): string => {
    let name = base;
    for (let number = 2; names.has(name); number += 1) name = `${base}-${number}`;
    names.add(name);
    granted.nodes.push([name, files]);
    return `/nodes/${name}`;
  };
  for (const nodes of all) {
    if (typeof nodes !== "string") {
      const { name = "nodes", files } = nodes;
      if (!/^[^/\0]+$/.test(name) || /^\.{1,2}$/.test(name)) throw new TypeError(`\`${name}\` is no name for nodes`);
      add(name, new MemoryFileSystem(files));
      continue;
    }
    const { files, canonical } = open(nodes);
    if (known.has(canonical)) continue;
    known.add(canonical);
    const guest = add(canonical.split(/[\\/]/).filter((part) => part !== "").at(-1) ?? "nodes", files);
    granted.hostPaths.push([guest, nodes]);
  }
  return granted;
}
