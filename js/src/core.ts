/**
 * The package without Node and without a browser: for other engines, which bring their own file systems
 * (`MemoryFileSystem`) and compile the component from wherever they have it (`Component.compile`).
 */

export { ArenaError } from "./arena.js";
export { Component, type Parts, unpackImage } from "./component.js";
export {
  type Diagnostic,
  type ErrorKind,
  FaultError,
  LimitError,
  type LimitName,
  PipelineError,
} from "./errors.js";
export type { wit } from "./generated.js";
export { Instance, type InstanceSession } from "./instance.js";
export { formatDiagnostic, formatError, formatGraph, formatResult } from "./json/report.js";
export { parseInput, parseInputs, parseItem, parseValue } from "./json/read.js";
export { JsonError } from "./json/scan.js";
export { formatItem, formatValue } from "./json/write.js";
export { LibraryFileSystem, type LibraryList } from "./library.js";
export type { Limits, RunLimits } from "./limits.js";
export type { Manifest } from "./manifest.js";
export * as media from "./media.js";
export type { NodeFiles, Nodes } from "./nodes.js";
export { Pipeline, type SandboxOptions } from "./pipeline.js";
export { type CallOptions, Pool, type PoolOptions, type RunOptions, type Sources } from "./pool.js";
export { PoolSession } from "./pool-session.js";
export type { CheckResult, NodeInfo, NodeMetrics, ParamInfo, RunResult } from "./results.js";
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
