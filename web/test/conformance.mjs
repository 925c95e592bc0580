// The conformance cases, run by the page's engine in a browser's worker.

import assert from "node:assert/strict";
import path from "node:path";

import { cases } from "../../js/test/common.mjs";
import { serve } from "./server.mjs";

/** A test on the page of the cases, in a profile of its own. */
export async function onCases(browser, name, test) {
  const server = await serve(path.join(import.meta.dirname, "../generated/conformance"));
  const context = await browser.createBrowserContext();
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(120_000);
    await page.goto(server.url);
    await page.waitForFunction(() => window.live !== undefined);
    await test(page, name);
  } finally {
    await context.close();
    await server.close();
  }
}

/** Runs all cases; `tell` hears of those that fail. */
export async function runConformance(browser, files, tell) {
  const all = cases();
  assert.ok(all.length >= 150, `only ${all.length} cases`);
  const server = await serve(files);
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.goto(server.url);
  await page.waitForFunction(() => window.runCase !== undefined);
  let failed = 0;
  for (const one of all) {
    const outcome = await page.evaluate((one) => window.runCase(one), {
      manifest: one.manifest,
      inputs: one.inputs ? `[${one.inputs.join(",")}]` : "",
      files: one.nodes,
      outputs: one.outputs ?? null,
    });
    try {
      check(one, outcome);
    } catch (error) {
      failed += 1;
      tell(`FAIL ${one.name}: ${error.message}`);
    }
  }
  await context.close();
  await server.close();
  return { passed: all.length - failed, failed, skipped: [] };
}

function check(one, outcome) {
  assert.equal(outcome.fault, undefined);
  if (one.error === undefined) {
    assert.equal(outcome.error, undefined);
    if (one.order) assert.deepEqual(outcome.order, one.order);
  } else {
    assert.ok(outcome.error, "it did not fail");
    const { kind, messageContains, nodeId, item } = one.error;
    if (kind) assert.equal(outcome.error.kind, kind);
    if (nodeId) assert.equal(outcome.error.nodeId, nodeId);
    if (item !== undefined) assert.equal(outcome.error.item, item);
    if (messageContains) {
      const { said } = outcome.error;
      assert.ok(said.some((text) => text.includes(messageContains)), said.join("; "));
    }
  }
  if (one.outputs) assert.deepEqual(outcome.outputs, outcome.expected);
}
