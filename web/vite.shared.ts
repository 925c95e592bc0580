import { execFileSync } from "node:child_process";
import path from "node:path";
import type { Plugin, UserConfig } from "vite";

/** The schema of manifests, which the program prints: what it says of node types the component says itself. */
function manifestSchema(): Plugin {
  const name = "virtual:manifest-schema";
  return {
    name: "manifest-schema",
    resolveId: (id) => (id === name ? `\0${name}` : null),
    load(id) {
      if (id !== `\0${name}`) return null;
      const dist = process.env["PIPELINE_DIST"] ?? path.join(import.meta.dirname, "../target/dist");
      const printed = execFileSync(path.join(dist, "pipeline"), ["schema", "manifest"], { encoding: "utf8" });
      const { $defs } = JSON.parse(printed, lean) as { $defs: Record<string, unknown> };
      const parts = Object.entries($defs).filter(([name]) => !name.startsWith("params."));
      const schema = { $ref: "#/$defs/manifest", $defs: Object.fromEntries(parts) };
      return `export default JSON.parse(${JSON.stringify(JSON.stringify(schema))});`;
    },
  };
}

/** Leaves out what completion does not look at. */
function lean(key: string, value: unknown): unknown {
  return ["allOf", "if", "then", "examples", "title"].includes(key) ? undefined : value;
}

/** What the page and the page of the conformance cases have in common. */
export const shared = {
  // Any folder of any static server.
  base: "./",
  build: { target: "es2022", chunkSizeWarningLimit: 1000 },
  plugins: [manifestSchema()],
} satisfies UserConfig;
