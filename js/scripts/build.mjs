// Makes the package: the component becomes `generated/`, `src/` becomes `dist/`.
//
// PIPELINE_DIST names the folder that `cargo xtask build` makes; by default ../target/dist.

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { transpileBytes } from "@bytecodealliance/jco-transpile";

import { patch } from "./patches.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const built = path.resolve(process.env.PIPELINE_DIST ?? path.join(root, "../target/dist"));
const generated = path.join(root, "generated");

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

fs.rmSync(generated, { recursive: true, force: true });
for (const [name, content] of Object.entries(files)) {
  const file = path.join(generated, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, name === "pipeline.js" ? patch(new TextDecoder().decode(content)) : content);
}
for (const part of ["stdlib", "python"]) {
  fs.cpSync(path.join(built, part), path.join(generated, part), { recursive: true });
}
// What the component bundles, and under which licences.
fs.copyFileSync(path.join(built, "NOTICE"), path.join(generated, "NOTICE"));

fs.rmSync(path.join(root, "dist"), { recursive: true, force: true });
const compiler = path.join(root, "node_modules/typescript/bin/tsc");
const { status } = spawnSync(process.execPath, [compiler, "-p", root], { stdio: "inherit" });
process.exit(status ?? 1);
