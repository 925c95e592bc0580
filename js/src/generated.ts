/** What jco makes of the component. */

export { instantiate } from "../generated/pipeline.js";
export type * as executor from "../generated/interfaces/remotemedia-pipeline-executor.js";
export type * as wit from "../generated/interfaces/remotemedia-pipeline-types.js";

/** The component's core modules, as `generated/` has them. */
export const MODULES = ["pipeline.core.wasm", "pipeline.core2.wasm", "pipeline.core3.wasm"] as const;
