/** What can go wrong in a run. */

import type { wit } from "./generated.js";
import { type Item, liftOutputs } from "./values.js";

/** What failed, as the WIT names it. */
export type ErrorKind = wit.ErrorKind;

/** Something wrong or doubtful in a manifest. */
export type Diagnostic = wit.Diagnostic;

/** A pipeline that can't run, or that failed. */
export class PipelineError extends Error {
  /** What failed. */
  readonly kind: ErrorKind;
  /** Id of the node that it happened in. */
  readonly nodeId: string | undefined;
  /** Type of that node. */
  readonly nodeType: string | undefined;
  /** Which of the items that the node was given, from 0. */
  readonly item: number | undefined;
  /** The Python traceback, with the machine's own paths. */
  readonly traceback: string | undefined;
  /** What is wrong with the manifest, with places in its text where it was given as text. */
  readonly diagnostics: readonly Diagnostic[];
  /** What sinks had already given, as the WIT has it. */
  readonly data: readonly wit.NodeOutputs[];
  /** All of that as the WIT has it. */
  declare readonly record: wit.PipelineError;
  #outputs: Item[] | undefined;

  constructor(error: wit.PipelineError) {
    super(error.message);
    this.name = "PipelineError";
    this.kind = error.kind;
    this.nodeId = error.nodeId;
    this.nodeType = error.nodeType;
    this.item = error.item === undefined ? undefined : Number(error.item);
    this.traceback = error.traceback;
    this.diagnostics = error.diagnostics;
    this.data = error.outputs;
    // Not listed among the properties: it would show all of them twice.
    Object.defineProperty(this, "record", { value: error });
  }

  /** What sinks had already given. */
  get outputs(): Item[] {
    this.#outputs ??= liftOutputs(this.data);
    return this.#outputs;
  }
}

/** A call of a session that is over. */
export function sessionClosed(): PipelineError {
  return new PipelineError({ kind: "session-closed", message: "the session is closed", diagnostics: [], outputs: [] });
}

/** A manifest that is not valid, before any of it runs. */
export function invalidManifest(diagnostics: wit.Diagnostic[]): PipelineError {
  const [first, ...others] = diagnostics.filter(({ severity }) => severity === "error");
  const more = others.length > 0 ? ` (and ${others.length} more)` : "";
  const message = `the manifest is not valid: ${first?.message ?? ""}${more}`;
  return new PipelineError({ kind: "invalid-manifest", message, diagnostics, outputs: [] });
}

/** Limits by their names, and the kinds of errors that they have in every host. */
const LIMIT_KINDS = {
  timeout: "deadline",
  maxMemory: "memory-limit",
  maxOutput: "output-limit",
  maxItems: "items-limit",
} as const;

/** A limit that ends a run. */
export type LimitName = keyof typeof LIMIT_KINDS;

/** A run met a limit. */
export class LimitError extends Error {
  /** The limit's name, as it is set. */
  readonly limit: LimitName;
  /** `deadline`, `memory-limit`, `output-limit` or `items-limit`. */
  readonly kind: (typeof LIMIT_KINDS)[LimitName];

  constructor(limit: LimitName, message: string) {
    super(message);
    this.name = "LimitError";
    this.limit = limit;
    this.kind = LIMIT_KINDS[limit];
  }
}

/** Throws where there are more items than the limit. */
export function allowItems(count: number, limit: number): void {
  if (count > limit) throw new LimitError("maxItems", `there are more items than the limit of ${limit}`);
}

/** The component itself failed: it met a limit of the engine, or is at fault. */
export class FaultError extends Error {
  /** `stack-overflow`, `exit` where the guest ended itself, or `trap`. */
  readonly kind: "stack-overflow" | "exit" | "trap";

  constructor(kind: FaultError["kind"], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "FaultError";
    this.kind = kind;
  }
}
