/** `wasi:io`: errors, things to wait for, and streams. */

import type { FileHandle } from "./fs.js";

/** An error of a stream. */
class IoError {
  readonly #message: string;

  constructor(message: string) {
    this.#message = message;
  }

  toDebugString(): string {
    return this.#message;
  }
}
export { IoError as Error };

type StreamFault = { tag: "closed" } | { tag: "last-operation-failed"; val: IoError };

/** A failed operation on a stream, its end among them. As cheap as `FileError`, for the same reason. */
class StreamError {
  readonly payload: StreamFault;

  constructor(payload: StreamFault) {
    this.payload = payload;
  }
}

/** Something to wait for: a moment, or nothing at all. */
export class Pollable {
  /** When it is ready, on the monotonic clock in milliseconds. */
  readonly due: number;

  constructor(due = 0) {
    this.due = due;
  }

  ready(): boolean {
    return this.due <= performance.now();
  }

  block(): void {
    sleepUntil(this.due);
  }
}

/** Waits until one of them is ready; which ones are. */
export function poll(pollables: Pollable[]): Uint32Array {
  if (pollables.length === 0) throw new TypeError("nothing to wait for");
  sleepUntil(Math.min(...pollables.map(({ due }) => due)));
  const ready: number[] = [];
  pollables.forEach((pollable, index) => {
    if (pollable.ready()) ready.push(index);
  });
  return Uint32Array.from(ready);
}

/** Blocks the thread, as the guest asked. */
function sleepUntil(due: number): void {
  // A page that is not isolated has no shared memory to wait on, and only waits busily.
  const cell = typeof SharedArrayBuffer === "function" ? new Int32Array(new SharedArrayBuffer(4)) : null;
  for (let left = due - performance.now(); left > 0; left = due - performance.now()) {
    if (cell !== null) Atomics.wait(cell, 0, 0, Math.min(left, 0x7fff_ffff));
  }
}

/** Bytes that come in: a file's, or none. */
export class InputStream {
  #file: FileHandle | null;
  #offset: bigint;

  constructor(file: FileHandle | null = null, offset = 0n) {
    this.#file = file;
    this.#offset = offset;
  }

  read(length: bigint): Uint8Array {
    if (this.#file === null) throw new StreamError({ tag: "closed" });
    const wanted = length > MOST_AT_ONCE ? MOST_AT_ONCE : length;
    if (wanted === 0n) return new Uint8Array();
    let bytes: Uint8Array;
    try {
      bytes = this.#file.read(Number(wanted), this.#offset);
    } catch (error) {
      throw new StreamError({ tag: "last-operation-failed", val: new IoError(String(error)) });
    }
    if (bytes.length === 0) throw new StreamError({ tag: "closed" });
    this.#offset += BigInt(bytes.length);
    return bytes;
  }

  blockingRead(length: bigint): Uint8Array {
    return this.read(length);
  }

  subscribe(): Pollable {
    return new Pollable();
  }
}

/** Most bytes that one read gives. */
const MOST_AT_ONCE = 1n << 20n;

/** Takes what a node prints, as it comes: pieces of UTF-8 text. */
export type Sink = (bytes: Uint8Array) => void;

/** How much may still be printed, to both streams. */
export class LogRoom {
  readonly #mebibytes: number;
  #bytes = 0;

  constructor(mebibytes: number) {
    this.#mebibytes = mebibytes;
    this.renew();
  }

  /** Begins to count anew. */
  renew(): void {
    this.#bytes = this.#mebibytes * 2 ** 20;
  }

  /** Lets a sink have what may be printed, and a note where that is not all. */
  pass(bytes: Uint8Array, sink: Sink): void {
    if (this.#bytes < 0) return;
    if (bytes.length > 0) sink(bytes.length > this.#bytes ? bytes.subarray(0, this.#bytes) : bytes);
    this.#bytes -= bytes.length;
    if (this.#bytes < 0) {
      const limit = `its limit of ${this.#mebibytes} MiB`;
      sink(new TextEncoder().encode(`\nnote: the run printed more than ${limit}, and the rest was left out\n`));
    }
  }
}

/** Bytes that go to a sink. */
export class OutputStream {
  readonly #sink: Sink;
  readonly #room: LogRoom;

  constructor(sink: Sink, room: LogRoom) {
    this.#sink = sink;
    this.#room = room;
  }

  checkWrite(): bigint {
    return MOST_AT_ONCE;
  }

  write(bytes: Uint8Array): void {
    this.#room.pass(bytes, this.#sink);
  }

  blockingWriteAndFlush(bytes: Uint8Array): void {
    this.#room.pass(bytes, this.#sink);
  }

  flush(): void {}

  blockingFlush(): void {}

  subscribe(): Pollable {
    return new Pollable();
  }
}
