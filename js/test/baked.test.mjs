// Components that `pipeline bake` made.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";

import { createPool, Pipeline, PipelineError } from "@remotemedia/pipeline";

import { directory, own, program } from "./common.mjs";

const quiet = { stdout() {}, stderr() {} };

test("a baked component runs its own pipeline, and no other", async (context) => {
  const { manifest, files } = own("import colorsys\nreturn [random.random(), item, colorsys.__name__]", "import random\n");
  const folder = directory(context, { ...files, "m.json": JSON.stringify(manifest) });
  const baked = path.join(folder, "my.wasm");
  // The nodes alone are to be in it.
  fs.mkdirSync(path.join(folder, "nodes"));
  fs.renameSync(path.join(folder, "own.py"), path.join(folder, "nodes/own.py"));
  program(["bake", path.join(folder, "m.json"), "--nodes", path.join(folder, "nodes"), "-o", baked]);

  const pipeline = await Pipeline.load({ baked, ...quiet });
  const [one] = pipeline.execute("", [1]).outputs;
  const [other] = pipeline.execute("", [1]).outputs;
  assert.deepEqual(one.slice(1), [1, "colorsys"]);
  assert.notEqual(one[0], other[0], "random numbers are each instance's own");
  assert.equal(pipeline.check("").manifest.nodes[0].id, "own");
  const echo = { version: "v1", nodes: [{ id: "e", node_type: "Echo" }] };
  assert.throws(() => pipeline.execute(echo, [1]), (error) => {
    return error instanceof PipelineError && /runs no other/.test(error.message);
  });

  const pool = await createPool({ baked: fs.readFileSync(baked), size: 1, ...quiet });
  context.after(() => pool.close());
  const run = await pool.run("", { inputs: [2] });
  assert.equal(run.outputs[0][1], 2);
});

test("what is no such component is said to be none", async () => {
  const text = new TextEncoder().encode("text");
  await assert.rejects(Pipeline.load({ baked: text, ...quiet }), /no component that `pipeline bake` made/);
});
