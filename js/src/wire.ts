/** What a pool and its workers say to each other. */

import { FaultError, LimitError, type LimitName, PipelineError } from "./errors.js";
import type { wit } from "./generated.js";
import type { Parts } from "./component.js";
import type { LibraryList } from "./library.js";
import type { Limits } from "./limits.js";
import type { Nodes } from "./nodes.js";

/** What a worker is started with. */
export interface Setup {
  readonly parts: Parts;
  readonly library: LibraryList;
  /** Where the archives of the library are, and the library's directories where others are to be used. */
  readonly places: Places;
}

/** Places of a machine or of a network, as the host of the worker knows to open them. */
export interface Places {
  readonly code: string;
  readonly text: string;
  readonly stdlib?: string;
  readonly python?: string;
}

/** A sandbox for a run. */
export interface Granted {
  readonly limits: Limits;
  readonly nodes: readonly Nodes[];
}

/** A call. Manifests are text; inputs and all that comes back are records of the WIT. */
export type Call =
  | { readonly op: "run"; readonly granted: Granted; readonly manifest: string; readonly inputs?: wit.Input[] | undefined }
  | { readonly op: "check"; readonly granted: Granted; readonly manifest: string }
  | { readonly op: "nodes"; readonly granted: Granted }
  | { readonly op: "open"; readonly granted: Granted; readonly manifest: string }
  /** In the session that is open. */
  | { readonly op: "push"; readonly input: wit.Input }
  | { readonly op: "pull"; readonly most: number }
  | { readonly op: "end" }
  | { readonly op: "finish" }
  | { readonly op: "close" };

/** What a worker says. */
export type Answer =
  | { readonly kind: "ready" }
  | { readonly kind: "printed"; readonly stream: "stdout" | "stderr"; readonly bytes: Uint8Array }
  /** An archive of the library is fetched, or is there, with its bytes. */
  | { readonly kind: "fetch"; readonly bytes: number | undefined }
  | { readonly kind: "done"; readonly value: unknown }
  | { readonly kind: "failed"; readonly error: Failure };

/** An error that can be sent. */
export type Failure =
  | { readonly name: "PipelineError"; readonly record: wit.PipelineError }
  | { readonly name: "LimitError"; readonly limit: LimitName; readonly message: string }
  | { readonly name: "FaultError"; readonly kind: FaultError["kind"]; readonly message: string }
  | { readonly name: "TypeError" | "Error"; readonly message: string };

/** An error in the form that can be sent. */
export function failureOf(error: unknown): Failure {
  if (error instanceof PipelineError) return { name: "PipelineError", record: error.record };
  if (error instanceof LimitError) return { name: "LimitError", limit: error.limit, message: error.message };
  if (error instanceof FaultError) return { name: "FaultError", kind: error.kind, message: error.message };
  const message = error instanceof Error ? error.message : String(error);
  return { name: error instanceof TypeError ? "TypeError" : "Error", message };
}

/** The error that was sent: of the same class as without a pool. */
export function errorOf(failure: Failure): Error {
  switch (failure.name) {
    case "PipelineError":
      return new PipelineError(failure.record);
    case "LimitError":
      return new LimitError(failure.limit, failure.message);
    case "FaultError":
      return new FaultError(failure.kind, failure.message);
    case "TypeError":
      return new TypeError(failure.message);
    case "Error":
      return new Error(failure.message);
  }
}

/** The large buffers of outputs, which are handed over instead of copied. */
export function buffersOf(outputs: readonly wit.NodeOutputs[]): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  const add = (part: unknown): void => {
    if (!ArrayBuffer.isView(part) || !(part.buffer instanceof ArrayBuffer)) return;
    if (part.byteLength === part.buffer.byteLength) buffers.add(part.buffer);
  };
  for (const { items } of outputs) {
    for (const { tag, val } of items) {
      if (tag === "integers" || tag === "numbers") add(val);
      else if (tag !== "value") Object.values(val).forEach(add);
    }
  }
  return [...buffers];
}
