// The package as it is installed: what is in it, where it runs, and what tools make of it.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test, { after, before } from "node:test";

import { build as esbuild } from "esbuild";

import { ofPage, POOL, POOL_SAYS, project, root, run, TEN_LINES, TEN_LINES_SAY, write } from "./consumer.mjs";

/** Programs that run JavaScript: this Node, which is the oldest that the package takes, and those of `cargo xtask`. */
const engines = process.env.PIPELINE_ENGINES;
const RUNTIMES = {
  [`Node ${process.versions.node}`]: [process.execPath],
  "the newest Node": engines && [path.join(engines, "node")],
  Bun: engines && [path.join(engines, "bun")],
  Deno: engines && [path.join(engines, "deno"), "run", "--allow-read", "--allow-env", "--allow-sys"],
};

let folder;
before(() => {
  folder = project();
  write(folder, "ten-lines.mjs", TEN_LINES);
  write(folder, "pooled.js", POOL);
  const text = 'import { pooled } from "./pooled.js";\n\nconsole.log(await pooled(process.argv[2] !== "without"));\n';
  write(folder, "pool.mjs", text);
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

test("what is in it", (context) => {
  const inside = path.join(folder, "node_modules/@remotemedia/pipeline");
  const files = fs
    .readdirSync(inside, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(inside, path.join(entry.parentPath, entry.name)).split(path.sep).join("/"));
  const assets = ["pipeline.core.wasm.gz", "pipeline.image.gz", "library.json", "library-code.zip", "library-text.zip", "worker.js", "live-worklet.js"];
  for (const needed of ["README.md", "LICENSE", "NOTICE", "dist/index.js", "dist/index.d.ts", "dist/browser.js"]) {
    assert.ok(files.includes(needed), needed);
  }
  for (const asset of assets) assert.ok(files.includes(`dist/assets/${asset}`), asset);
  const stray = files.filter((name) => !/^(dist|generated)\/|^(README\.md|LICENSE|NOTICE|package\.json)$/.test(name));
  assert.deepEqual(stray, []);
  assert.deepEqual(files.filter((name) => /\.(ts|stamp|map)$/.test(name) && !name.endsWith(".d.ts")), []);
  const manifest = JSON.parse(fs.readFileSync(path.join(inside, "package.json"), "utf8"));
  assert.equal(manifest.private, undefined);
  const scripts = Object.keys(manifest.scripts).filter((name) => /install|prepare/.test(name));
  assert.deepEqual(scripts, [], "nothing runs when it is installed");
  for (const target of Object.values(manifest.exports["."])) assert.ok(files.includes(target.slice(2)), target);
  const bytes = files.reduce((sum, name) => sum + fs.statSync(path.join(inside, name)).size, 0);
  context.diagnostic(`${files.length} files, ${(bytes / 1e6).toFixed(1)} MB`);
  assert.ok(bytes < 30e6, `${bytes} bytes`);
});

for (const [name, command] of Object.entries(RUNTIMES)) {
  const skip = command === undefined && "`cargo xtask test package` brings it";
  test(`ten lines and nothing else: ${name}`, { skip }, () => {
    assert.equal(run(folder, ...command, "ten-lines.mjs"), TEN_LINES_SAY);
  });
  // Bun's `terminate` leaves a thread alone that loops in WebAssembly: the call ends in time, the process does not.
  const said = name === "Bun" ? POOL_SAYS.replace("deadline ", "") : POOL_SAYS;
  test(`a pool, a deadline, a session: ${name}`, { skip }, () => {
    assert.equal(run(folder, ...command, "pool.mjs", name === "Bun" ? "without" : "with"), `${said}\n`);
  });
}

test("types, with tsc's defaults and with its strictest", () => {
  write(
    folder,
    "consumer.ts",
    `import { createPool, LimitError, liveAudio, type LiveAudioStats, liveVideo, media, parseInputs, Pipeline, PipelineError, type RunResult, toNode } from "@remotemedia/pipeline";
import { MemoryFileSystem } from "@remotemedia/pipeline/core";

await using pool = await createPool({ nodes: ["nodes", { files: { "a.py": "" } }], timeout: 5, maxMemory: 512 });
const options = { inputs: [1, toNode("a", 2n), new media.Text({ text: "a" })], signal: AbortSignal.timeout(1000) };
const result: RunResult = await pool.run({ version: "v1", nodes: [] }, options);
const pipeline = await Pipeline.load({ nodes: ["nodes"] });
using session = pipeline.openSession("version: v1");
for await (const item of session.stream([1])) console.log(item);
try {
  pipeline.executeData("version: v1", parseInputs("[1]"));
} catch (error) {
  if (error instanceof PipelineError) console.log(error.kind === "node-failed", error.data[0]?.items.length);
  if (error instanceof LimitError) console.log(error.kind === "deadline", error.limit === "timeout");
}
const live = await liveAudio(await pool.openSession("PassThrough"), new MediaStreamTrack(), { chunk: 10 });
const former = await live.swap(await pool.openSession("PassThrough"));
await former.close();
const stats: LiveAudioStats = await live.close();
console.log(stats.pieces.dropped, (await liveVideo(former, live.track)).stats().frames.captured);
// @ts-expect-error: there is no such option
await createPool({ sise: 1 });
console.log(result.outputs, new MemoryFileSystem());
`,
  );
  const tsc = path.join(root, "js/node_modules/typescript/bin/tsc");
  for (const options of ["--target es2022", "--target es2022 --module nodenext --strict --exactOptionalPropertyTypes"]) {
    run(folder, process.execPath, tsc, "--noEmit", "--ignoreConfig", ...options.split(" "), "consumer.ts");
  }
});

/** What a page says that shows what `pooled` gives. */
async function shown(files, url) {
  const { launch } = await import(path.join(root, "web/test/browsers.mjs"));
  const { serve } = await import(path.join(root, "web/test/server.mjs"));
  const server = await serve(files);
  const browser = await launch("chromium");
  try {
    const page = await browser.newPage();
    await page.goto(url ?? server.url);
    await page.waitForFunction(() => document.title !== "", { timeout: 120_000 });
    return await page.title();
  } finally {
    await browser.close();
    await server.close();
  }
}

function site(name) {
  const html = '<!doctype html>\n<link rel="icon" href="data:," />\n<script type="module" src="./page.js"></script>\n';
  write(folder, `${name}/index.html`, html);
  const page = 'import { pooled } from "../pooled.js";\n\ndocument.title = await pooled().catch(String);\n';
  write(folder, `${name}/page.js`, page);
  return path.join(folder, name);
}

test("a bundle by esbuild, with the assets beside it, in a browser", async () => {
  const made = site("esbuild");
  const { warnings } = await esbuild({
    entryPoints: [path.join(made, "page.js")],
    outdir: path.join(made, "out"),
    bundle: true,
    format: "esm",
    logLevel: "silent",
  });
  assert.deepEqual(warnings, []);
  fs.copyFileSync(path.join(made, "index.html"), path.join(made, "out/index.html"));
  assert.match(await shown(path.join(made, "out")), /library\.json|pipeline\..*: the server answered 404 \(the package's directory `dist\/assets`/);
  fs.cpSync(path.join(folder, "node_modules/@remotemedia/pipeline/dist/assets"), path.join(made, "out/assets"), { recursive: true });
  assert.equal(await shown(path.join(made, "out")), POOL_SAYS);
});

test("a bundle by Vite, without a line of configuration, in a browser", async () => {
  const made = site("vite");
  const { build } = await ofPage("vite");
  // The server of the tests has all below one folder.
  await build({ root: made, base: "/page/", logLevel: "error", configFile: false });
  assert.equal(await shown(path.join(made, "dist")), POOL_SAYS);
});

test("Vite's own server, in a browser", async () => {
  const made = site("dev");
  const { createServer } = await ofPage("vite");
  const server = await createServer({ root: made, logLevel: "error", configFile: false, server: { host: "127.0.0.1", port: 0 } });
  try {
    await server.listen();
    assert.equal(await shown(made, server.resolvedUrls.local[0]), POOL_SAYS);
  } finally {
    await server.close();
  }
});
