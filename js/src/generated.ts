/** What jco makes of the component, and the build of that. */

export { instantiate } from "../generated/pipeline.js";
export type * as executor from "../generated/interfaces/remotemedia-pipeline-executor.js";
export type * as wit from "../generated/interfaces/remotemedia-pipeline-types.js";

/** The name by which generated code asks for the large core module. */
export const CORE = "pipeline.core.wasm";

/** What `split.ts` lets that import under the name `host`. */
export interface MemoryImport {
  readonly memory: WebAssembly.Memory;
  readonly [name: string]: WebAssembly.ImportValue;
}
