/** A tree of files in memory: for browsers, and for nodes that come from no disk. */

import { FileError, type FileHandle, type FileStat, type FileSystem, type FileType, handleOf } from "./fs.js";

interface File {
  readonly type: "file";
  readonly bytes: Uint8Array;
  readonly id: bigint;
}

interface Directory {
  readonly type: "directory";
  readonly entries: Map<string, File | Directory>;
  readonly id: bigint;
}

const ROOT_ID = 1n;

/** Files by path, such as `{"words.py": "class Count: ...", "pkg/__init__.py": ""}`. */
export class MemoryFileSystem implements FileSystem {
  #root: Directory = { type: "directory", entries: new Map(), id: ROOT_ID };
  #nextId = ROOT_ID;
  readonly #modified: bigint;

  constructor(
    files: Iterable<readonly [string, string | Uint8Array]> | Record<string, string | Uint8Array> = {},
    modified: Date = new Date(0),
  ) {
    this.#modified = BigInt(modified.getTime()) * 1_000_000n;
    const entries = Symbol.iterator in files ? files : Object.entries(files);
    for (const [path, content] of entries) this.add(path, content);
  }

  /** Adds a file, and the directories above it, or replaces it. */
  add(path: string, content: string | Uint8Array): void {
    const names = path.split("/").filter((name) => name !== "" && name !== ".");
    const last = names.pop();
    if (last === undefined || names.includes("..") || last === "..") {
      throw new TypeError(`\`${path}\` is no path to a file below the root`);
    }
    let directory = this.#root;
    for (const name of names) {
      let next = directory.entries.get(name);
      if (next === undefined) {
        next = { type: "directory", entries: new Map(), id: ++this.#nextId };
        directory.entries.set(name, next);
      }
      if (next.type !== "directory") throw new TypeError(`\`${name}\` in \`${path}\` is a file`);
      directory = next;
    }
    if (directory.entries.get(last)?.type === "directory") {
      throw new TypeError(`\`${path}\` is a directory`);
    }
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    directory.entries.set(last, { type: "file", bytes, id: ++this.#nextId });
  }

  stat(path: readonly string[]): FileStat {
    const found = this.#find(path);
    return {
      type: found.type,
      size: found.type === "file" ? BigInt(found.bytes.length) : 0n,
      modified: this.#modified,
      id: [0n, found.id],
    };
  }

  open(path: readonly string[]): FileHandle {
    const found = this.#find(path);
    if (found.type !== "file") throw new FileError("is-directory");
    return handleOf(found.bytes);
  }

  list(path: readonly string[]): Array<{ name: string; type: FileType }> {
    const found = this.#find(path);
    if (found.type !== "directory") throw new FileError("not-directory");
    return Array.from(found.entries, ([name, { type }]) => ({ name, type }));
  }

  readlink(_path: readonly string[]): string {
    throw new FileError("invalid");
  }

  #find(path: readonly string[]): File | Directory {
    let found: File | Directory = this.#root;
    for (const name of path) {
      if (found.type !== "directory") throw new FileError("not-directory");
      const next = found.entries.get(name);
      if (next === undefined) throw new FileError("no-entry");
      found = next;
    }
    return found;
  }
}
