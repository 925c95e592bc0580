// The pictures in the documentation that a browser makes: `cargo xtask pictures` builds what they show.
//
//   node test/pictures.mjs FOLDER
//
// It also does what the tutorial says of the page, and fails where something else comes out.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

import { App } from "./app.mjs";
import { launch } from "./browsers.mjs";
import { serve } from "./server.mjs";

const root = path.resolve(import.meta.dirname, "../..");
const program = path.join(process.env.PIPELINE_DIST ?? path.join(root, "target/dist"), "pipeline");
const folder = path.resolve(process.argv[2] ?? ".");

const browser = await launch("chromium");
const scratch = await mkdtemp(path.join(tmpdir(), "pictures-"));
try {
  await tutorial();
  await example();
  await profile();
  await httpDocs();
} finally {
  await browser.close();
  await rm(scratch, { recursive: true });
}

/** The last block of the tutorial that goes into a file of this name. */
async function ofTutorial(name) {
  const text = await readFile(path.join(root, "docs/tutorial.md"), "utf8");
  const blocks = [...text.matchAll(/^```\w+ file=(\S+)\n(.*?)^```$/gms)];
  const found = blocks.filter(([, file]) => file === name).at(-1);
  assert.ok(found, `the tutorial has no ${name}`);
  return found[2];
}

/** The page as the tutorial fills it. */
async function tutorial() {
  const server = await serve(path.join(root, "web/dist"));
  const app = await App.open(browser, server.url, { width: 1280, height: 900 });
  await app.fill("manifest", await ofTutorial("redact/pipeline.yaml"));
  await app.page.$eval("#file", (input) => {
    input.value = "redact.py";
    for (const kind of ["input", "change"]) input.dispatchEvent(new Event(kind, { bubbles: true }));
  });
  await app.fill("code", await ofTutorial("redact/nodes/redact.py"));
  await app.fill("inputs", '["write to ada@example.org"]');
  assert.equal(await app.run(), "Done");
  assert.deepEqual(await app.outputs(), ['"write to ***"']);
  await app.until(() => document.querySelector("#graph .node"));
  await shoot(app.page, "tutorial-page.png");
  await app.close();
  await server.close();
}

/** The page with one of its examples. */
async function example() {
  const server = await serve(path.join(root, "web/dist"));
  const app = await App.open(browser, server.url, { width: 1280, height: 900 });
  await app.example("mixed");
  assert.equal(await app.run(), "Done");
  await app.until(() => document.querySelector("#graph .node"));
  await shoot(app.page, "page.png");
  await app.close();
  await server.close();
}

/** What `run --profile` writes. */
async function profile() {
  const file = path.join(scratch, "profile.html");
  const manifest = path.join(root, "examples/custom_node/manifest.yaml");
  const nodes = path.join(root, "examples/custom_node/nodes");
  const items = Array.from({ length: 200 }, (_, index) => ["--input", `"so far so good ${index}"`]).flat();
  await promisify(execFile)(program, ["run", manifest, "--nodes", nodes, ...items, "--profile", file]);
  await shootUrl(`file://${file}`, "profile.png");
}

/** The page that the server has of what it answers to. */
async function httpDocs() {
  const server = spawn(program, ["serve", "--addr", "127.0.0.1:0", "--pipelines", path.join(root, "examples")]);
  try {
    for await (const line of createInterface({ input: server.stderr })) {
      const [url] = /http:\/\/\S+/.exec(line) ?? [];
      if (url === undefined) continue;
      await shootUrl(`${url}/docs`, "http-docs.png");
      break;
    }
  } finally {
    server.kill();
  }
}

async function shootUrl(url, name) {
  const page = await browser.newPage();
  await page.setViewport({ width: 1100, height: 800 });
  await page.goto(url, { waitUntil: "networkidle0" });
  await shoot(page, name);
  await page.close();
}

async function shoot(page, name) {
  await page.screenshot({ path: path.join(folder, name) });
  console.log(`  ${name}`);
}
