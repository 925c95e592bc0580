// Makes what the page fetches, from the built product and the generated bindings, in `generated/`:
//
//   pipeline.core.wasm.gz   the component's core module
//   sizes.json              its bytes, compressed and not
//   library.json            every file of the standard library and of the package, with its size
//   library-code.zip        their compiled bytecode: what imports read
//   library-text.zip        everything else: sources, which tracebacks show, and data

import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { zipSync } from "fflate";

const web = path.resolve(import.meta.dirname, "..");
const dist = path.resolve(process.env.PIPELINE_DIST ?? path.join(web, "../target/dist"));
const bindings = path.join(web, "../js/generated");
const out = path.join(web, "generated");

const inputs = [path.join(bindings, "pipeline.core.wasm"), path.join(dist, "stdlib"), path.join(dist, "python")];
for (const input of inputs) {
  await stat(input).catch(() => {
    console.error(`\`${input}\` is missing: build the product (cargo xtask build) and the bindings (npm run build in js/) first`);
    process.exit(1);
  });
}

await mkdir(out, { recursive: true });

const core = await readFile(inputs[0]);
const packed = await promisify(gzip)(core, { level: 9 });
await writeFile(path.join(out, "pipeline.core.wasm.gz"), packed);
await writeFile(
  path.join(out, "sizes.json"),
  JSON.stringify({ packed: packed.length, plain: core.length }),
);
report("pipeline.core.wasm.gz", packed.length, core.length);

const sizes = {};
const code = {};
const text = {};
for (const mount of ["stdlib", "python"]) {
  sizes[mount] = {};
  const root = path.join(dist, mount);
  const names = await readdir(root, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  for (const file of files.sort()) {
    const name = path.relative(root, file).split(path.sep).join("/");
    const bytes = await readFile(file);
    sizes[mount][name] = bytes.length;
    (name.endsWith(".pyc") ? code : text)[`${mount}/${name}`] = bytes;
  }
}
const modules = Object.values(sizes).flatMap((files) => Object.keys(files));
if (!modules.some((name) => name.endsWith(".pyc"))) {
  throw new Error(`no compiled bytecode in \`${dist}\`: build the product again (cargo xtask build)`);
}
const listing = JSON.stringify(sizes);
await writeFile(path.join(out, "library.json"), listing);
report("library.json", listing.length, listing.length);
for (const [name, files] of [["library-code.zip", code], ["library-text.zip", text]]) {
  // A fixed time, so that the same files make the same archive.
  const archive = zipSync(files, { level: 9, mtime: "1980-01-01T00:00:00" });
  await writeFile(path.join(out, name), archive);
  report(name, archive.length, Object.values(files).reduce((sum, { length }) => sum + length, 0));
}

function report(name, size, plain) {
  const megabytes = (bytes) => (bytes / 1e6).toFixed(2);
  console.log(`${name.padEnd(24)} ${megabytes(size).padStart(6)} MB, of ${megabytes(plain).padStart(6)} MB`);
}
