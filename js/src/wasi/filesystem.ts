/** `wasi:filesystem` over read-only file systems. */

import { FileError, type FileHandle, type FileStat, type FileSystem, type FileType, resolve } from "./fs.js";
import { InputStream, type OutputStream } from "./io.js";

const TYPES = {
  directory: "directory",
  file: "regular-file",
  symlink: "symbolic-link",
  other: "unknown",
} as const satisfies Record<FileType, string>;

interface Datetime {
  seconds: bigint;
  nanoseconds: number;
}

interface DescriptorStat {
  type: (typeof TYPES)[FileType];
  linkCount: bigint;
  size: bigint;
  dataAccessTimestamp: Datetime;
  dataModificationTimestamp: Datetime;
  statusChangeTimestamp: Datetime;
}

interface PathFlags {
  symlinkFollow?: boolean;
}

interface OpenFlags {
  create?: boolean;
  directory?: boolean;
  exclusive?: boolean;
  truncate?: boolean;
}

interface DescriptorFlags {
  read?: boolean;
  write?: boolean;
  mutateDirectory?: boolean;
}

/** The open files of an instance, so that it can close those that the guest leaves open. */
export class OpenFiles extends Set<FileHandle> {
  /** How many there may be. */
  readonly most: number;

  constructor(most: number) {
    super();
    this.most = most;
  }
}

const dispose: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for("dispose");

/** An open directory or file. */
export class Descriptor {
  readonly #files: FileSystem;
  readonly #path: readonly string[];
  /** None for a directory. */
  readonly #handle: FileHandle | null;
  readonly #open: OpenFiles;

  constructor(files: FileSystem, path: readonly string[], handle: FileHandle | null, open: OpenFiles) {
    this.#files = files;
    this.#path = path;
    this.#handle = handle;
    this.#open = open;
    if (handle !== null) open.add(handle);
  }

  openAt(pathFlags: PathFlags, path: string, openFlags: OpenFlags, flags: DescriptorFlags): Descriptor {
    if (openFlags.create || openFlags.truncate || openFlags.exclusive) refuse();
    if (flags.write || flags.mutateDirectory) refuse();
    const { place, stat } = this.#resolve(pathFlags, path);
    const { type } = stat;
    if (type === "symlink") throw new FileError("loop");
    if (type === "directory") return new Descriptor(this.#files, place, null, this.#open);
    if (openFlags.directory) throw new FileError("not-directory");
    // The code is that of the program on wasmtime: there is none for this.
    if (this.#open.size >= this.#open.most) throw new FileError("quota");
    return new Descriptor(this.#files, place, this.#files.open(place), this.#open);
  }

  read(length: bigint, offset: bigint): [Uint8Array, boolean] {
    const wanted = Number(length > 1n << 20n ? 1n << 20n : length);
    const bytes = this.#file().read(wanted, offset);
    return [bytes, bytes.length === 0 && wanted > 0];
  }

  readViaStream(offset: bigint): InputStream {
    return new InputStream(this.#file(), offset);
  }

  readDirectory(): DirectoryEntryStream {
    return new DirectoryEntryStream(this.#files.list(this.#directory()));
  }

  readlinkAt(path: string): string {
    const { place, stat } = this.#resolve({}, path);
    if (stat.type !== "symlink") throw new FileError("invalid");
    const target = this.#files.readlink(place);
    // An absolute path tells of the machine.
    if (target.startsWith("/")) refuse();
    return target;
  }

  stat(): DescriptorStat {
    return describe(this.#files.stat(this.#path));
  }

  statAt(flags: PathFlags, path: string): DescriptorStat {
    return describe(this.#resolve(flags, path).stat);
  }

  metadataHash(): { lower: bigint; upper: bigint } {
    return hash(this.#files.stat(this.#path));
  }

  metadataHashAt(flags: PathFlags, path: string): { lower: bigint; upper: bigint } {
    return hash(this.#resolve(flags, path).stat);
  }

  getFlags(): DescriptorFlags {
    return { read: true };
  }

  getType(): (typeof TYPES)[FileType] {
    return TYPES[this.#handle === null ? "directory" : "file"];
  }

  isSameObject(other: Descriptor): boolean {
    return this.#files === other.#files && this.#path.join("/") === other.#path.join("/");
  }

  advise(): void {}

  sync(): void {}

  syncData(): void {}

  writeViaStream(): OutputStream {
    return refuse();
  }

  appendViaStream(): OutputStream {
    return refuse();
  }

  write(): bigint {
    return refuse();
  }

  setSize(): void {
    refuse();
  }

  setTimes(): void {
    refuse();
  }

  setTimesAt(): void {
    refuse();
  }

  createDirectoryAt(): void {
    refuse();
  }

  linkAt(): void {
    refuse();
  }

  removeDirectoryAt(): void {
    refuse();
  }

  renameAt(): void {
    refuse();
  }

  symlinkAt(): void {
    refuse();
  }

  unlinkFileAt(): void {
    refuse();
  }

  [dispose](): void {
    if (this.#handle !== null && this.#open.delete(this.#handle)) this.#handle.close();
  }

  #resolve(flags: PathFlags, path: string): ReturnType<typeof resolve> {
    return resolve(this.#files, this.#directory(), path, flags.symlinkFollow ?? false);
  }

  #directory(): readonly string[] {
    if (this.#handle !== null) throw new FileError("not-directory");
    return this.#path;
  }

  #file(): FileHandle {
    if (this.#handle === null) throw new FileError("is-directory");
    if (!this.#open.has(this.#handle)) throw new FileError("bad-descriptor");
    return this.#handle;
  }
}

/** What a directory holds, entry by entry. */
export class DirectoryEntryStream {
  readonly #entries: Iterator<{ name: string; type: FileType }>;

  constructor(entries: Iterable<{ name: string; type: FileType }>) {
    this.#entries = entries[Symbol.iterator]();
  }

  readDirectoryEntry(): { name: string; type: (typeof TYPES)[FileType] } | undefined {
    const next = this.#entries.next();
    return next.done ? undefined : { name: next.value.name, type: TYPES[next.value.type] };
  }
}

function refuse(): never {
  throw new FileError("not-permitted");
}

function describe(stat: FileStat): DescriptorStat {
  const time = {
    seconds: stat.modified / 1_000_000_000n,
    nanoseconds: Number(stat.modified % 1_000_000_000n),
  };
  return {
    type: TYPES[stat.type],
    linkCount: 1n,
    size: stat.size,
    dataAccessTimestamp: time,
    dataModificationTimestamp: time,
    statusChangeTimestamp: time,
  };
}

/** Tells files apart without telling their numbers on the machine. */
function hash(stat: FileStat): { lower: bigint; upper: bigint } {
  const [device, number] = stat.id;
  return {
    lower: BigInt.asUintN(64, (number ^ (device << 32n)) * 0x9e37_79b9_7f4a_7c15n),
    upper: BigInt.asUintN(64, (device ^ (number << 17n)) * 0xc2b2_ae3d_27d4_eb4fn),
  };
}
