// Makes the package: the component becomes `generated/` and `dist/assets/`, `src/` becomes `dist/`.
//
// PIPELINE_DIST names the folder that `cargo xtask build` makes; by default ../target/dist.

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { transpileBytes } from "@bytecodealliance/jco-transpile";
import { build as bundle, transform } from "esbuild";

import { packLibrary } from "./library.mjs";
import { names } from "./names.mjs";
import { patch } from "./patches.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const built = path.resolve(process.env.PIPELINE_DIST ?? path.join(root, "../target/dist"));
const [generated, dist, assets] = ["generated", "dist", "dist/assets"].map((name) => path.join(root, name));

const component = path.join(built, "pipeline.wasm");
if (!fs.existsSync(component)) {
  console.error(`error: ${component} is not there; \`cargo xtask build\` makes it`);
  process.exit(1);
}

const { files } = await transpileBytes(fs.readFileSync(component), {
  name: "pipeline",
  instantiation: "sync",
  namespacedExports: false,
  noComponentErrorWrapping: true,
  nodejsCompat: false,
  wasiShim: false,
});

for (const folder of [generated, dist, assets]) {
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder);
}

const { code, declared } = names(fs.readFileSync(path.join(root, "../wit/types.wit"), "utf8"));
fs.writeFileSync(path.join(generated, "names.js"), code);
fs.writeFileSync(path.join(generated, "names.d.ts"), declared);

const core = "pipeline.core.wasm";
const small = {};
for (const [name, content] of Object.entries(files)) {
  if (name === core) continue;
  if (name.endsWith(".wasm")) {
    // A kilobyte each: a file of their own would only be one more to fetch.
    small[name] = Buffer.from(content).toString("base64");
    continue;
  }
  const file = path.join(generated, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, name === "pipeline.js" ? await minified(patch(new TextDecoder().decode(content))) : content);
}

// The package has this, too: for components that users make.
const splitting = await bundle({
  entryPoints: [path.join(root, "src/split.ts")],
  bundle: true,
  format: "esm",
  target: "es2022",
  write: false,
  logLevel: "warning",
});
const [{ text }] = splitting.outputFiles;
const { split } = await import(`data:text/javascript;base64,${Buffer.from(text).toString("base64")}`);
const { module, image } = split(files[core]);
const sizes = {};
for (const [name, content] of [[core, module], ["pipeline.image", image]]) {
  const packed = gzipSync(content, { level: 9 });
  fs.writeFileSync(path.join(assets, `${name}.gz`), packed);
  sizes[`${name}.gz`] = { packed: packed.length, plain: content.length };
}
packLibrary(built, assets);

const parts = `/** The core modules besides the large one, in base64. */
export const SMALL = ${JSON.stringify(small)};
/** How large the files in assets/ are. */
export const SIZES = ${JSON.stringify(sizes)};
`;
fs.writeFileSync(path.join(generated, "parts.js"), parts);
fs.writeFileSync(
  path.join(generated, "parts.d.ts"),
  `export declare const SMALL: Record<string, string>;
export declare const SIZES: Record<string, { packed: number; plain: number }>;
`,
);

// A script for the audio thread: as text, which any bundler takes along, and as a file.
const worklet = await bundle({
  entryPoints: [path.join(root, "src/live/worklet.ts")],
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  write: false,
  logLevel: "warning",
});
const processors = worklet.outputFiles[0].text;
fs.writeFileSync(path.join(assets, "live-worklet.js"), processors);
fs.writeFileSync(
  path.join(generated, "worklet.js"),
  `/** The script of the audio thread. */\nexport const WORKLET = ${JSON.stringify(processors)};\n`,
);
fs.writeFileSync(path.join(generated, "worklet.d.ts"), "export declare const WORKLET: string;\n");

fs.copyFileSync(path.join(root, "../LICENSE"), path.join(root, "LICENSE"));
// What the component bundles, and under which licences.
fs.copyFileSync(path.join(built, "NOTICE"), path.join(root, "NOTICE"));

const compiler = path.join(root, "node_modules/typescript/bin/tsc");
const { status } = spawnSync(process.execPath, [compiler, "-p", root], { stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);

// Bundlers follow a worker's script, but not all of them what that imports.
await bundle({
  entryPoints: [path.join(dist, "worker-browser.js")],
  outfile: path.join(assets, "worker.js"),
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "inline",
  logOverride: { "unsupported-directive": "silent" },
  logLevel: "warning",
});
fs.copyFileSync(path.join(root, "node_modules/fflate/LICENSE"), path.join(assets, "licence-fflate.txt"));
fs.rmSync(path.join(dist, "worker-browser.js"));
fs.rmSync(path.join(dist, "worker-browser.d.ts"));
for (const name of ["worklet.js", "worklet.d.ts"]) fs.rmSync(path.join(dist, "live", name));

/** The 1.9 MB that jco writes, a third of which would do. */
async function minified(code) {
  return (await transform(code, { format: "esm", target: "es2022", minify: true, logLevel: "error" })).code;
}
