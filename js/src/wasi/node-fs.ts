/** A directory of the machine, read through `node:fs`. */

import fs from "node:fs";
import path from "node:path";

import type { Directory } from "../nodes.js";
import {
  FileError,
  type FileErrorCode,
  type FileHandle,
  type FileStat,
  type FileSystem,
  type FileType,
} from "./fs.js";

const CODES: Record<string, FileErrorCode> = {
  EACCES: "access",
  EINVAL: "invalid",
  EISDIR: "is-directory",
  ELOOP: "loop",
  ENAMETOOLONG: "name-too-long",
  ENOENT: "no-entry",
  ENOTDIR: "not-directory",
  EPERM: "not-permitted",
};

/** Names that a path of Windows would take apart. */
const WINDOWS_HAZARD = /[\\:]/;

/** For reads: guests ask for whole buffers also where little is left of a file. */
const scratch = new Uint8Array(1 << 20);

/** A directory and what is below it. Nothing in it is ever opened for writing. */
export class NodeFileSystem implements FileSystem {
  readonly #root: string;

  /** `root` is resolved now: what a link in its path says later changes nothing. */
  constructor(root: string) {
    this.#root = fs.realpathSync(root);
    if (!fs.statSync(this.#root).isDirectory()) throw new TypeError(`\`${root}\` is no directory`);
  }

  stat(names: readonly string[]): FileStat {
    const stat = attempt(() => fs.lstatSync(this.#path(names), { bigint: true }));
    return {
      type: typeOf(stat),
      size: stat.size,
      modified: stat.mtimeNs,
      id: [stat.dev, stat.ino],
    };
  }

  open(names: readonly string[]): FileHandle {
    const flags = fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0) | (fs.constants.O_NONBLOCK ?? 0);
    const descriptor = attempt(() => fs.openSync(this.#path(names), flags));
    const stat = fs.fstatSync(descriptor);
    if (!stat.isFile()) {
      fs.closeSync(descriptor);
      // Devices and pipes can block for ever.
      throw new FileError(stat.isDirectory() ? "is-directory" : "not-permitted");
    }
    return {
      read(length, offset) {
        const buffer = length <= scratch.length ? scratch : new Uint8Array(length);
        const count = attempt(() => fs.readSync(descriptor, buffer, 0, length, offset));
        return buffer.slice(0, count);
      },
      close() {
        fs.closeSync(descriptor);
      },
    };
  }

  list(names: readonly string[]): Array<{ name: string; type: FileType }> {
    const entries = attempt(() => fs.readdirSync(this.#path(names), { withFileTypes: true }));
    return entries.map((entry) => ({ name: entry.name, type: typeOf(entry) }));
  }

  readlink(names: readonly string[]): string {
    return attempt(() => fs.readlinkSync(this.#path(names)));
  }

  #path(names: readonly string[]): string {
    if (process.platform === "win32" && names.some((name) => WINDOWS_HAZARD.test(name))) {
      throw new FileError("no-entry");
    }
    return path.join(this.#root, ...names);
  }
}

/** Opens a directory; a `TypeError` names one that can't be. */
export function openDirectory(given: string): Directory {
  let canonical: string;
  try {
    canonical = fs.realpathSync(given);
  } catch (error) {
    throw new TypeError(`the directory \`${given}\` can't be read`, { cause: error });
  }
  if (!fs.statSync(canonical).isDirectory()) throw new TypeError(`\`${given}\` is no directory`);
  return { canonical, files: new NodeFileSystem(canonical) };
}

function typeOf(entry: Pick<fs.Dirent, "isDirectory" | "isFile" | "isSymbolicLink">): FileType {
  if (entry.isDirectory()) return "directory";
  if (entry.isFile()) return "file";
  if (entry.isSymbolicLink()) return "symlink";
  return "other";
}

function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    throw new FileError(CODES[code] ?? "io");
  }
}
