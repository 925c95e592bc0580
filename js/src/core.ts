/**
 * The package without Node: for browsers and workers, which bring their own file systems
 * (`MemoryFileSystem`) and compile the component from wherever they have it (`Pipeline.compile`).
 */

export { ArenaError } from "./arena.js";
export { type Diagnostic, type ErrorKind, FaultError, LimitError, PipelineError } from "./errors.js";
export { MODULES, type wit } from "./generated.js";
export { Instance, type InstanceSession } from "./instance.js";
export { formatDiagnostic, formatError, formatGraph, formatResult } from "./json/report.js";
export { parseItem, parseItems, parseValue } from "./json/read.js";
export { JsonError } from "./json/scan.js";
export { formatItem, formatValue } from "./json/write.js";
export type { Limits } from "./limits.js";
export * as media from "./media.js";
export {
  type CheckResult,
  type Manifest,
  type NodeInfo,
  type NodeMetrics,
  Pipeline,
  type RunResult,
  type SandboxOptions,
} from "./pipeline.js";
export { Session } from "./session.js";
export {
  Float,
  type Item,
  lift,
  liftItem,
  liftItems,
  lower,
  lowerInput,
  lowerItem,
  type PlainValue,
  toNode,
  Tuple,
  ValueError,
} from "./values.js";
export * from "./wasi/index.js";
