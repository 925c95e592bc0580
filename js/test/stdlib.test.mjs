// The programs of tests/stdlib, which use the standard library from disk: the same output as from the
// program on wasmtime, which has been compared with native Python.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import test from "node:test";

import { formatError, formatResult, parseItem, Pipeline, PipelineError } from "@remotemedia/pipeline";

import { directory, fields, program, root } from "./common.mjs";

const folder = path.join(root, "tests/stdlib/programs");
const listed = spawnSync("python3", [path.join(root, "tests/stdlib/run_native.py"), "--cases"], { encoding: "utf8" });
const lines = (listed.stdout ?? "").trim().split("\n");
const pipeline = await Pipeline.load({ nodes: [folder], stdout() {}, stderr() {} });

test("the programs are there", () => assert.ok(lines.length >= 120, listed.stderr));

for (const line of lines) {
  const { program: quoted, input } = fields(line);
  const name = JSON.parse(quoted);
  test(name, (context) => {
    const manifest = `{"version": "v1", "nodes": [{"id": "p", "node_type": "${name}:Program"}]}`;
    let found;
    try {
      found = formatResult(pipeline.executeData(manifest, [{ item: parseItem(input) }]));
    } catch (error) {
      if (!(error instanceof PipelineError)) throw error;
      found = formatError(error);
    }
    const files = directory(context, { "manifest.json": manifest, "item.json": `[${input}]` });
    const args = ["run", path.join(files, "manifest.json"), "--format", "json", "--nodes", folder];
    assert.equal(found, program([...args, "--input-file", path.join(files, "item.json")]).stdout);
  });
}
