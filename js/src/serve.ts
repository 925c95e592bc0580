/** A worker's side of a pool: it does one call after the other, each run in a fresh instance. */

import { Component } from "./component.js";
import { LibraryFileSystem } from "./library.js";
import { type Directory, openNodes } from "./nodes.js";
import { Pipeline } from "./pipeline.js";
import type { PlainResult } from "./results.js";
import type { SessionCalls } from "./session.js";
import type { FileSystem } from "./wasi/index.js";
import { type Answer, buffersOf, type Call, failureOf, type Granted, type Setup } from "./wire.js";

/** What a worker's thread can do. */
export interface WorkerHost {
  /** Opens a directory. */
  directory(path: string): Directory;
  /** Reads an archive now; `tell` hears when that takes long, and then how many bytes came. */
  archive(place: string, tell: (bytes: number | undefined) => void): Uint8Array;
  say(answer: Answer, transfer?: ArrayBuffer[]): void;
}

/** Makes ready to serve; does a call. */
export function serve(setup: Setup, host: WorkerHost): (call: Call) => void {
  const worker = new Served(setup, host);
  host.say({ kind: "ready" });
  return (call) => {
    try {
      const value = worker.do(call);
      host.say({ kind: "done", value }, buffersOf((value as Partial<PlainResult> | undefined)?.run?.outputs ?? []));
    } catch (error) {
      host.say({ kind: "failed", error: failureOf(error) });
    }
  };
}

class Served {
  readonly #component: Component;
  readonly #stdlib: FileSystem;
  readonly #python: FileSystem;
  readonly #host: WorkerHost;
  #session: SessionCalls | undefined;

  constructor({ parts, library, places }: Setup, host: WorkerHost) {
    this.#component = new Component(parts);
    this.#host = host;
    const opened = new Map<string, Uint8Array>();
    const archive = (which: "code" | "text"): Uint8Array => {
      let bytes = opened.get(which);
      if (bytes === undefined) {
        bytes = host.archive(places[which], (bytes) => host.say({ kind: "fetch", bytes }));
        opened.set(which, bytes);
      }
      return bytes;
    };
    const mount = (name: "stdlib" | "python"): FileSystem => {
      const place = places[name];
      return place === undefined ? new LibraryFileSystem(library[name] ?? {}, archive) : host.directory(place).files;
    };
    this.#stdlib = mount("stdlib");
    this.#python = mount("python");
  }

  do(call: Call): unknown {
    switch (call.op) {
      case "run":
        return this.#pipeline(call.granted).executePlainly(call.manifest, call.inputs);
      case "check":
        return this.#pipeline(call.granted).check(call.manifest);
      case "nodes":
        return this.#pipeline(call.granted).listNodes();
      case "open":
        this.#session = this.#pipeline(call.granted).openPlainly(call.manifest);
        return undefined;
      case "close": {
        const session = this.#session;
        this.#session = undefined;
        return session?.close();
      }
    }
    const session = this.#session;
    if (session === undefined) throw new TypeError("no session is open");
    switch (call.op) {
      case "push":
        return session.push(call.input);
      case "pull":
        return session.pull(call.most);
      case "end":
        return session.end();
      case "finish":
        return session.finish();
    }
  }

  #pipeline({ limits, nodes }: Granted): Pipeline {
    const print = (stream: "stdout" | "stderr") => (bytes: Uint8Array) =>
      this.#host.say({ kind: "printed", stream, bytes });
    return new Pipeline(this.#component, {
      ...limits,
      stdlib: this.#stdlib,
      python: this.#python,
      ...openNodes(nodes, (path) => this.#host.directory(path)),
      stdout: print("stdout"),
      stderr: print("stderr"),
    });
  }
}
