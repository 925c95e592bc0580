// A project that uses the package as anybody's would: an empty directory in which the tarball was installed.

import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

export const root = path.resolve(import.meta.dirname, "../../..");

/** What `cargo xtask npm` made. */
export const tarball = path.resolve(
  process.env.PIPELINE_TARBALL ?? path.join(root, "target/npm/remotemedia-pipeline-0.2.0.tgz"),
);

/** Ten lines, with nothing else given. */
export const TEN_LINES = `import { Pipeline } from "@remotemedia/pipeline";

const pipeline = await Pipeline.load();
const manifest = { version: "v1", nodes: [{ id: "text", node_type: "TextProcessorNode" }] };
const inputs = [
  { text: "Hello WASM", operations: ["uppercase", "word_count"] },
  { text: "Python in Browser", operations: ["lowercase", "char_count"] },
];
const { outputs } = pipeline.execute(manifest, inputs);
console.log(JSON.stringify(outputs.map(({ results }) => results)));
`;

export const TEN_LINES_SAY = '[{"uppercase":"HELLO WASM","word_count":2},{"lowercase":"python in browser","char_count":17}]\n';

/** A node of one's own, one that never ends, and an import that the snapshot does not have. */
export const POOL = `import { createPool, LimitError } from "@remotemedia/pipeline";

export async function pooled(deadline = true) {
  const code = \`import csv

class Up:
    def process(self, item):
        return next(csv.reader([item.upper()]))

class Loop:
    def process(self, item):
        while True:
            pass
\`;
  const pool = await createPool({ size: 2, nodes: [{ files: { "own.py": code } }] });
  const manifest = (name) => ({ version: "v1", nodes: [{ id: "n", node_type: \`own:\${name}\` }] });
  const said = [];
  const run = (name, options) => pool.run(manifest(name), { inputs: ["a,b"], ...options });
  said.push(JSON.stringify((await run("Up")).outputs));
  if (deadline) await run("Loop", { timeout: 0.5 }).catch((error) => said.push(String(error instanceof LimitError && error.kind)));
  const session = await pool.openSession(manifest("Up"));
  said.push(JSON.stringify(await session.push("c")));
  await session.close();
  await pool.close();
  return said.join(" ");
}
`;

export const POOL_SAYS = '[["A","B"]] deadline [["C"]]';

/** Makes the project. */
export function project() {
  const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), "pipeline-package-"));
  write(folder, "package.json", '{ "type": "module", "private": true }\n');
  npm(folder, "install", "--prefer-offline", "--no-audit", "--no-fund", tarball);
  return folder;
}

export function write(folder, name, text) {
  const file = path.join(folder, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
  return file;
}

export function npm(folder, ...args) {
  return execFileSync("npm", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** Runs a program in the project; what it printed, or why it failed. */
export function run(folder, program, ...args) {
  const { error, status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: "utf8", timeout: 300_000 });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${status}:\n${stdout}${stderr}`);
  return stdout;
}

/** A module of those that the page in web/ is built and tested with. */
export function ofPage(name) {
  const file = createRequire(path.join(root, "web/package.json")).resolve(name);
  return import(pathToFileURL(file).href);
}
