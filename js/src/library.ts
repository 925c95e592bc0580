/**
 * Python's standard library and the package `remotemedia` as the package has them: a list of all files, so that
 * looking for a module costs nothing, and two archives, each of which is only opened when the first file in it is.
 */

import { inflateSync } from "fflate";

import { FileError, type FileHandle, type FileStat, type FileSystem, type FileType, handleOf } from "./wasi/fs.js";

/** Files by mount and path: their size, and where in its archive the packed bytes are. */
export type LibraryList = Record<string, Record<string, readonly [size: number, from: number, to: number]>>;

/** Gives an archive: compiled `code`, or `text`, which is all the rest. */
export type OpenArchive = (which: "code" | "text") => Uint8Array;

type Packed = { readonly from: number; readonly to: number; readonly archive: "code" | "text"; readonly size: number };
type Entry = { readonly id: bigint } & (Packed | { readonly names: Map<string, Entry> });

/** One mounted directory of the library. */
export class LibraryFileSystem implements FileSystem {
  readonly #root: Entry = { id: 1n, names: new Map() };
  readonly #open: OpenArchive;
  /** What was unpacked, because the next run will want it, too. */
  readonly #content = new Map<Entry, Uint8Array>();

  constructor(files: LibraryList[string], open: OpenArchive) {
    this.#open = open;
    let id = 1n;
    for (const [path, [size, from, to]] of Object.entries(files)) {
      const names = path.split("/");
      const last = names.pop() as string;
      let directory = this.#root;
      for (const name of names) {
        if (!("names" in directory)) throw new TypeError(`\`${path}\` is below a file`);
        let next = directory.names.get(name);
        if (next === undefined) directory.names.set(name, (next = { id: ++id, names: new Map() }));
        directory = next;
      }
      const archive = path.endsWith(".pyc") ? "code" : "text";
      if ("names" in directory) directory.names.set(last, { id: ++id, size, from, to, archive });
    }
  }

  stat(path: readonly string[]): FileStat {
    const entry = this.#find(path);
    return {
      type: typeOf(entry),
      size: "size" in entry ? BigInt(entry.size) : 0n,
      modified: 0n,
      id: [1n, entry.id],
    };
  }

  open(path: readonly string[]): FileHandle {
    const entry = this.#find(path);
    if ("names" in entry) throw new FileError("is-directory");
    let bytes = this.#content.get(entry);
    if (bytes === undefined) {
      const packed = this.#open(entry.archive).subarray(entry.from, entry.to);
      bytes = inflateSync(packed, { out: new Uint8Array(entry.size) });
      this.#content.set(entry, bytes);
    }
    return handleOf(bytes);
  }

  list(path: readonly string[]): Array<{ name: string; type: FileType }> {
    const entry = this.#find(path);
    if (!("names" in entry)) throw new FileError("not-directory");
    return Array.from(entry.names, ([name, below]) => ({ name, type: typeOf(below) }));
  }

  readlink(): string {
    throw new FileError("invalid");
  }

  #find(path: readonly string[]): Entry {
    let entry = this.#root;
    for (const name of path) {
      if (!("names" in entry)) throw new FileError("not-directory");
      const next = entry.names.get(name);
      if (next === undefined) throw new FileError("no-entry");
      entry = next;
    }
    return entry;
  }
}

function typeOf(entry: Entry): FileType {
  return "names" in entry ? "directory" : "file";
}
