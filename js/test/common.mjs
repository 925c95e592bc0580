// What the tests share: the build, the conformance cases, and runs of the program.

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
export const built = path.resolve(process.env.PIPELINE_DIST ?? path.join(root, "target/dist"));

/** A directory for one test, with files in it. */
export function directory(context, files = {}) {
  const made = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), "pipeline-js-"));
  context.after(() => fs.rmSync(made, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(made, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
  }
  return made;
}

/** A manifest of one node of the module `own`, and that module. */
export function own(body, before = "") {
  const lines = body.trim().split("\n");
  const text = lines.map((line) => `        ${line}\n`).join("");
  return {
    manifest: { version: "v1", nodes: [{ id: "own", node_type: "own:Own" }] },
    files: { "own.py": `${before}class Own:\n    def process(self, item):\n${text}` },
  };
}

/** What the program prints on standard output. */
export function program(args, input) {
  const { error, stdout, stderr } = spawnSync(path.join(built, "pipeline"), args, {
    encoding: "utf8",
    input,
    maxBuffer: 1 << 30,
  });
  if (error) throw error;
  return { stdout: stdout.trimEnd(), stderr };
}

/** The conformance cases that a component runs. */
export function cases() {
  const folder = path.join(root, "tests/conformance");
  const found = [];
  for (const file of fs.readdirSync(folder).sort()) {
    if (!file.endsWith(".json")) continue;
    const text = fs.readFileSync(path.join(folder, file), "utf8").trim();
    for (const one of text.startsWith("[") ? elements(text) : [text]) {
      const parts = fields(one);
      if (!JSON.parse(parts.runs).includes("component")) continue;
      const expect = fields(parts.expect);
      const error = expect.error && fields(expect.error);
      const outputs = expect.outputs ?? error?.outputs;
      found.push({
        name: `${path.basename(file, ".json")}/${JSON.parse(parts.name)}`,
        manifest: parts.manifest,
        inputs: parts.inputs && elements(parts.inputs),
        nodes: JSON.parse(parts.nodes ?? "{}"),
        outputs: outputs && elements(outputs),
        order: expect.execution_order && JSON.parse(expect.execution_order),
        error: error && {
          kind: error.kind && JSON.parse(error.kind),
          messageContains: error.message_contains && JSON.parse(error.message_contains),
          nodeId: error.node_id && JSON.parse(error.node_id),
          item: error.item && JSON.parse(error.item),
        },
      });
    }
  }
  return found;
}

// The parts of a JSON text, as text: what is special in a value is for the reader under test.

function elements(text) {
  return pieces(text.trim().slice(1, -1), ",");
}

/** The fields of a JSON object: names and texts. */
export function fields(text) {
  const pairs = pieces(text.trim().slice(1, -1), ",").map((pair) => {
    const [key] = pieces(pair, ":");
    return [JSON.parse(key), pair.slice(pair.indexOf(":", key.length) + 1).trim()];
  });
  return Object.fromEntries(pairs);
}

function pieces(text, separator) {
  const found = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') {
      for (at += 1; text[at] !== '"'; at += 1) if (text[at] === "\\") at += 1;
    } else if ("[{".includes(character)) depth += 1;
    else if ("]}".includes(character)) depth -= 1;
    else if (character === separator && depth === 0) {
      found.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  const last = text.slice(start).trim();
  return last === "" ? found : [...found, last];
}
