// Packs Python's standard library and the package `remotemedia`, with numpy beside it, for every host of JavaScript:
//
//   library.json        every file with its size and place: looking for a module opens no archive
//   library-code.zip    their compiled bytecode: what imports read
//   library-text.zip    everything else: sources, which tracebacks show, and data

import fs from "node:fs";
import path from "node:path";

import { zipSync } from "fflate";

/** Writes the three files of what `built` has into `out`. */
export function packLibrary(built, out) {
  const list = {};
  const archives = { code: {}, text: {} };
  for (const mount of ["stdlib", "python"]) {
    const root = path.join(built, mount);
    const entries = fs.readdirSync(root, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
    list[mount] = {};
    for (const file of files.sort()) {
      const name = path.relative(root, file).split(path.sep).join("/");
      const bytes = fs.readFileSync(file);
      list[mount][name] = [bytes.length];
      archives[name.endsWith(".pyc") ? "code" : "text"][`${mount}/${name}`] = bytes;
    }
  }
  if (Object.keys(archives.code).length === 0) {
    throw new Error(`no compiled bytecode in \`${built}\`: build the product again (cargo xtask build)`);
  }
  for (const [name, files] of Object.entries(archives)) {
    // A fixed time, so that the same files make the same archive.
    const archive = Buffer.from(zipSync(files, { level: 9, mtime: "1980-01-01T00:00:00" }));
    fs.writeFileSync(path.join(out, `library-${name}.zip`), archive);
    for (const { file, from, to } of places(archive)) {
      const [mount, ...rest] = file.split("/");
      list[mount][rest.join("/")].push(from, to);
    }
  }
  fs.writeFileSync(path.join(out, "library.json"), JSON.stringify(list));
}

/** Where the files of an archive lie in it: each has a header before it, until the directory at the end begins. */
function* places(archive) {
  for (let at = 0; archive.readUInt32LE(at) === 0x04034b50; ) {
    const [method, packed] = [archive.readUInt16LE(at + 8), archive.readUInt32LE(at + 18)];
    const [name, extra] = [archive.readUInt16LE(at + 26), archive.readUInt16LE(at + 28)];
    const file = archive.toString("utf8", at + 30, at + 30 + name);
    if (method !== 8) throw new Error(`${file} is packed in another way than all others`);
    const from = at + 30 + name + extra;
    yield { file, from, to: from + packed };
    at = from + packed;
  }
}
