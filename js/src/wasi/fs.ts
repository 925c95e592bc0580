/** What the sandbox sees of files: read-only trees, whatever holds them. */

/** The errors of `wasi:filesystem` that occur here. */
export type FileErrorCode =
  | "access"
  | "bad-descriptor"
  | "illegal-byte-sequence"
  | "invalid"
  | "io"
  | "is-directory"
  | "loop"
  | "name-too-long"
  | "no-device"
  | "no-entry"
  | "not-directory"
  | "not-permitted"
  | "quota"
  | "unsupported";

/**
 * A failed operation on a file. Generated code hands `payload` to the guest. It is no `Error`: most are
 * everyday answers, such as that a file is not there, and a stack would cost more than the operation.
 */
export class FileError {
  readonly payload: FileErrorCode;

  constructor(code: FileErrorCode) {
    this.payload = code;
  }

  toString(): string {
    return `FileError: ${this.payload}`;
  }
}

/** Kinds of things in a directory; `other` can't be opened. */
export type FileType = "directory" | "file" | "symlink" | "other";

/** What is known of a file. */
export interface FileStat {
  readonly type: FileType;
  readonly size: bigint;
  /** Time of the last change, in nanoseconds since the Unix epoch. */
  readonly modified: bigint;
  /** The same for the same file, and no other, in its file system. */
  readonly id: readonly [bigint, bigint];
}

/** An open file. */
export interface FileHandle {
  /** At most `length` bytes from `offset`; fewer, or none, at the end. */
  read(length: number, offset: bigint): Uint8Array;
  close(): void;
}

/** A file whose bytes are in memory. */
export function handleOf(bytes: Uint8Array): FileHandle {
  return {
    read(length, offset) {
      if (offset >= BigInt(bytes.length)) return new Uint8Array();
      const start = Number(offset);
      return bytes.subarray(start, start + length);
    },
    close() {},
  };
}

/**
 * A tree of files that can be read. Paths are lists of names below the root, without `.`, `..` and
 * symbolic links but for the last name: `resolve` follows the others, so that no backend has to keep
 * a path inside its root. Failures are `FileError`s.
 */
export interface FileSystem {
  /** What a path names; a symbolic link is not followed. */
  stat(path: readonly string[]): FileStat;
  /** Opens a regular file. */
  open(path: readonly string[]): FileHandle;
  /** The names in a directory, with their types. */
  list(path: readonly string[]): Array<{ name: string; type: FileType }>;
  /** What a symbolic link says. */
  readlink(path: readonly string[]): string;
}

const MOST_LINKS = 40;

/**
 * The true place that a guest's path names, starting at a directory, and what is there. A path that leads out of the
 * tree, by `..`, by being absolute, or by a symbolic link that does either, is not permitted.
 */
export function resolve(
  files: FileSystem,
  directory: readonly string[],
  path: string,
  followLast: boolean,
): { place: string[]; stat: FileStat } {
  if (path === "") throw new FileError("no-entry");
  if (path.includes("\0")) throw new FileError("illegal-byte-sequence");
  const place = [...directory];
  // The names that are still to go, the next one last.
  const names = split(path);
  let links = 0;
  // What is at `place`, where that is known.
  let stat: FileStat | undefined;
  while (names.length > 0) {
    const name = names.pop() as string;
    if (name === "" || name === ".") {
      // `file/` and `file/.` are no paths to a file.
      stat ??= files.stat(place);
      if (stat.type !== "directory") throw new FileError("not-directory");
      continue;
    }
    if (name === "..") {
      if (place.length === 0) throw new FileError("not-permitted");
      place.pop();
      stat = undefined;
      continue;
    }
    place.push(name);
    stat = files.stat(place);
    if (names.length === 0 && !followLast) break;
    if (stat.type === "symlink") {
      links += 1;
      if (links > MOST_LINKS) throw new FileError("loop");
      const target = files.readlink(place);
      place.pop();
      stat = undefined;
      names.push(...split(target));
    } else if (stat.type !== "directory" && names.length > 0) {
      throw new FileError("not-directory");
    }
  }
  return { place, stat: stat ?? files.stat(place) };
}

/** A path's names, the first one last. */
function split(path: string): string[] {
  if (path.startsWith("/")) throw new FileError("not-permitted");
  return path.split("/").reverse();
}
