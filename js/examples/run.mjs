// Runs a manifest, as `pipeline run` does:
//
//   npm run --silent example -- ../examples/custom_node/manifest.yaml \
//     --nodes ../examples/custom_node/nodes --input '"one two"'

import fs from "node:fs";
import { parseArgs } from "node:util";

import { formatResult, parseInput, Pipeline, PipelineError } from "@remotemedia/pipeline";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    input: { type: "string", multiple: true },
    nodes: { type: "string", multiple: true, default: [] },
  },
});
const [file] = positionals;
if (file === undefined) {
  console.error("usage: run.mjs MANIFEST [--input JSON]... [--nodes DIRECTORY]...");
  process.exit(2);
}

const pipeline = await Pipeline.load({ nodes: values.nodes });
try {
  const inputs = values.input?.map(parseInput);
  const result = pipeline.executeData(fs.readFileSync(file, "utf8"), inputs);
  console.log(formatResult(result));
} catch (error) {
  if (!(error instanceof PipelineError)) throw error;
  for (const { message, path, location } of error.diagnostics) {
    console.error(`${file}:${location?.line ?? 1}: ${message} (at ${path})`);
  }
  console.error(error.traceback ?? `${error.kind}: ${error.message}`);
  process.exit(1);
}
