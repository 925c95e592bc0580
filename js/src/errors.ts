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
  }

  /** What sinks had already given. */
  get outputs(): Item[] {
    this.#outputs ??= liftOutputs(this.data);
    return this.#outputs;
  }
}

/** A manifest that is not valid, before any of it runs. */
export function invalidManifest(diagnostics: wit.Diagnostic[]): PipelineError {
  const [first, ...others] = diagnostics.filter(({ severity }) => severity === "error");
  const more = others.length > 0 ? ` (and ${others.length} more)` : "";
  const message = `the manifest is not valid: ${first?.message ?? ""}${more}`;
  return new PipelineError({ kind: "invalid-manifest", message, diagnostics, outputs: [] });
}

/** A run met a limit. */
export class LimitError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "LimitError";
  }
}

/** The component itself failed: it met a limit of the engine, or is at fault. */
export class FaultError extends Error {
  /** `stack-overflow`, `exit` where the guest ended itself, or `trap`. */
  readonly kind: "stack-overflow" | "exit" | "trap";

  constructor(kind: FaultError["kind"], message: string, cause: unknown) {
    super(message, { cause });
    this.name = "FaultError";
    this.kind = kind;
  }
}
