/**
 * WASI 0.2 for the pipeline component: a clock, randomness, read-only directories and two sinks for
 * text. No environment, no arguments, no standard input, no network, no way to write a file.
 */

import type { FileSystem } from "./fs.js";
import { Descriptor, DirectoryEntryStream, OpenFiles } from "./filesystem.js";
import * as io from "./io.js";
import { type Limits, limitsOf } from "../limits.js";

export { FileError, type FileHandle, type FileStat, type FileSystem, type FileType } from "./fs.js";
export type { Sink } from "./io.js";
export { MemoryFileSystem } from "./memory-fs.js";

/** What an instance is given. */
export interface WasiOptions extends Limits {
  /** File systems by guest path. */
  readonly mounts: Iterable<readonly [string, FileSystem]>;
  readonly stdout: io.Sink;
  readonly stderr: io.Sink;
}

/** The guest ended itself. */
export class GuestExit extends Error {
  constructor(readonly succeeded: boolean) {
    super(`the component ended itself ${succeeded ? "without" : "with"} an error`);
    this.name = "GuestExit";
  }
}

class TerminalInput {}
class TerminalOutput {}

const NANOSECONDS = 1_000_000;

function nanoseconds(milliseconds: number): bigint {
  const whole = Math.floor(milliseconds);
  return BigInt(whole) * 1_000_000n + BigInt(Math.floor((milliseconds - whole) * NANOSECONDS));
}

function pollableAt(instant: bigint): io.Pollable {
  return new io.Pollable(Number(instant) / NANOSECONDS);
}

function randomBytes(length: bigint): Uint8Array {
  const bytes = new Uint8Array(Number(length));
  // The most that one call gives.
  const piece = 65_536;
  for (let at = 0; at < bytes.length; at += piece) {
    crypto.getRandomValues(bytes.subarray(at, at + piece));
  }
  return bytes;
}

/**
 * The imports of one instance, what begins to count anew what it prints, and what closes the files that it leaves
 * open.
 */
export function wasi(options: WasiOptions): { imports: Record<string, object>; renew(): void; close(): void } {
  const limits = limitsOf(options);
  const open = new OpenFiles(limits.maxOpenFiles);
  const room = new io.LogRoom(limits.maxLog);
  const now = () => nanoseconds(performance.now());
  const stdout = new io.OutputStream(options.stdout, room);
  const stderr = new io.OutputStream(options.stderr, room);
  const imports = {
    "remotemedia:pipeline/types": {},
    "wasi:cli/environment": { getEnvironment: () => [], getArguments: () => [] },
    "wasi:cli/exit": {
      exit: (status: { tag: "ok" | "err" }) => {
        throw new GuestExit(status.tag === "ok");
      },
    },
    "wasi:cli/stdin": { getStdin: () => new io.InputStream() },
    "wasi:cli/stdout": { getStdout: () => stdout },
    "wasi:cli/stderr": { getStderr: () => stderr },
    "wasi:cli/terminal-input": { TerminalInput },
    "wasi:cli/terminal-output": { TerminalOutput },
    "wasi:cli/terminal-stdin": { getTerminalStdin: () => undefined },
    "wasi:cli/terminal-stdout": { getTerminalStdout: () => undefined },
    "wasi:cli/terminal-stderr": { getTerminalStderr: () => undefined },
    "wasi:clocks/monotonic-clock": {
      now,
      resolution: () => 1_000n,
      subscribeInstant: pollableAt,
      subscribeDuration: (duration: bigint) => pollableAt(now() + duration),
    },
    "wasi:clocks/wall-clock": {
      now: () => {
        const milliseconds = Date.now();
        return {
          seconds: BigInt(Math.floor(milliseconds / 1000)),
          nanoseconds: (milliseconds % 1000) * NANOSECONDS,
        };
      },
      resolution: () => ({ seconds: 0n, nanoseconds: NANOSECONDS }),
    },
    "wasi:filesystem/preopens": {
      getDirectories: () =>
        Array.from(options.mounts, ([path, files]) => [new Descriptor(files, [], null, open), path]),
    },
    "wasi:filesystem/types": { Descriptor, DirectoryEntryStream },
    "wasi:io/error": { Error: io.Error },
    "wasi:io/poll": { Pollable: io.Pollable, poll: io.poll },
    "wasi:io/streams": { InputStream: io.InputStream, OutputStream: io.OutputStream },
    "wasi:random/insecure-seed": {
      insecureSeed: () => [...new BigUint64Array(randomBytes(16n).buffer)],
    },
    "wasi:random/random": { getRandomBytes: randomBytes },
  };
  return {
    imports,
    renew: () => room.renew(),
    close() {
      for (const file of open) file.close();
      open.clear();
    },
  };
}
