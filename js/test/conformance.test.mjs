// The conformance cases: what each expects, and byte for byte what the program on wasmtime prints.

import assert from "node:assert/strict";
import path from "node:path";
import test from "node:test";

import { formatError, formatItem, formatResult, parseInput, parseItem, Pipeline, PipelineError } from "@remotemedia/pipeline";

import { cases, directory, program } from "./common.mjs";

const all = cases();

test("the cases are there", () => assert.ok(all.length >= 150, `only ${all.length} cases`));

for (const one of all) {
  test(one.name, async (context) => {
    const folder = directory(context, one.nodes);
    const nodes = Object.keys(one.nodes).length > 0 ? [folder] : [];
    const found = await run(one, nodes);
    check(one, found);

    const files = directory(context, {
      "manifest.json": one.manifest,
      "items.json": `[${(one.inputs ?? []).join(",")}]`,
    });
    const args = ["run", path.join(files, "manifest.json"), "--format", "json"];
    if (one.inputs) args.push("--input-file", path.join(files, "items.json"));
    for (const node of nodes) args.push("--nodes", node);
    assert.equal(
      found instanceof PipelineError ? formatError(found) : formatResult(found),
      program(args).stdout,
    );
  });
}

async function run(one, nodes) {
  const pipeline = await Pipeline.load({ nodes, stdout() {}, stderr() {} });
  try {
    return pipeline.executeData(one.manifest, one.inputs?.map(parseInput));
  } catch (error) {
    if (error instanceof PipelineError) return error;
    throw error;
  }
}

function check(one, found) {
  if (one.error === undefined) {
    if (found instanceof PipelineError) throw found;
    if (one.order) assert.deepEqual(found.graph.executionOrder, one.order);
  } else {
    assert.ok(found instanceof PipelineError, "it did not fail");
    const { kind, messageContains, nodeId, item } = one.error;
    if (kind) assert.equal(found.kind, kind);
    if (nodeId) assert.equal(found.nodeId, nodeId);
    if (item !== undefined) assert.equal(found.item, item);
    if (messageContains) {
      const said = [found.message, ...found.diagnostics.map(({ message }) => message)];
      assert.ok(said.some((text) => text.includes(messageContains)), said.join("; "));
    }
  }
  if (one.outputs) {
    const expected = one.outputs.map((json) => formatItem(parseItem(json)));
    assert.deepEqual(found.data.flatMap(({ items }) => items.map(formatItem)), expected);
  }
}
