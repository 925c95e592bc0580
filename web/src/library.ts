/**
 * The standard library as a file system: its listing is known from the start, so that looking for a
 * module costs nothing. An archive is only fetched when the first file in it is opened.
 */

import { unzipSync } from "fflate";

import { FileError, type FileHandle, type FileStat, type FileSystem, type FileType } from "../../js/src/core.js";

import codeUrl from "../generated/library-code.zip?url";
import textUrl from "../generated/library-text.zip?url";

type Entry = { id: bigint } & ({ size: number } | { names: Map<string, Entry> });

const ARCHIVES = { code: codeUrl, text: textUrl };

/** Archives that this worker has fetched. */
const fetched = new Map<keyof typeof ARCHIVES, Uint8Array>();

/** What is told before an archive is fetched, and after that with its bytes. */
export type OnFetch = (bytes: number | null) => void;

/** One mounted directory of the library. */
export class LibraryFileSystem implements FileSystem {
  readonly #mount: string;
  readonly #root: Entry = { id: 1n, names: new Map() };
  readonly #onFetch: OnFetch;
  readonly #read = new Map<string, Uint8Array>();

  constructor(mount: string, sizes: Record<string, number>, onFetch: OnFetch) {
    this.#mount = mount;
    this.#onFetch = onFetch;
    let id = 1n;
    for (const [path, size] of Object.entries(sizes)) {
      const names = path.split("/");
      const last = names.pop() as string;
      let directory = this.#root;
      for (const name of names) {
        if (!("names" in directory)) throw new TypeError(`\`${path}\` is below a file`);
        let next = directory.names.get(name);
        if (next === undefined) directory.names.set(name, (next = { id: ++id, names: new Map() }));
        directory = next;
      }
      if ("names" in directory) directory.names.set(last, { id: ++id, size });
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
    const bytes = this.#content(path.join("/"));
    return {
      read(length, offset) {
        const start = Math.min(Number(offset), bytes.length);
        return bytes.subarray(start, start + length);
      },
      close() {},
    };
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

  #content(path: string): Uint8Array {
    let bytes = this.#read.get(path);
    if (bytes === undefined) {
      const name = `${this.#mount}/${path}`;
      const archive = this.#archive(path.endsWith(".pyc") ? "code" : "text");
      bytes = unzipSync(archive, { filter: (file) => file.name === name })[name];
      // The listing and the archives are of one build, unless a server mixes two.
      if (bytes === undefined) throw new FileError("io");
      this.#read.set(path, bytes);
    }
    return bytes;
  }

  #archive(which: keyof typeof ARCHIVES): Uint8Array {
    let archive = fetched.get(which);
    if (archive === undefined) {
      this.#onFetch(null);
      archive = fetchNow(ARCHIVES[which]);
      fetched.set(which, archive);
      this.#onFetch(archive.length);
    }
    return archive;
  }
}

/** Fetches while the guest waits for its file: a worker may do that. */
function fetchNow(url: string): Uint8Array {
  const request = new XMLHttpRequest();
  request.open("GET", url, false);
  request.responseType = "arraybuffer";
  try {
    request.send();
  } catch {
    throw new LibraryUnreachable(url, "there is no connection, and it was never fetched before");
  }
  if (request.status !== 200) throw new LibraryUnreachable(url, `the server answered ${request.status}`);
  return new Uint8Array(request.response as ArrayBuffer);
}

/** An archive can't be had. Not an error of the file system: Python would call the module missing. */
export class LibraryUnreachable extends Error {
  constructor(url: string, why: string) {
    super(`can't fetch the standard library (${url}): ${why}`);
    this.name = "LibraryUnreachable";
  }
}

function typeOf(entry: Entry): FileType {
  return "names" in entry ? "directory" : "file";
}
