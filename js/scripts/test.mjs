// Runs the tests and writes what they came to, for the table of hosts: target/hosts/jco-node.json.
//
// npm test [-- NAME] runs the files whose name contains NAME, and writes nothing then.

import fs from "node:fs";
import path from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const folder = path.join(here, "../test");
const [only] = process.argv.slice(2);
const files = fs
  .readdirSync(folder)
  .filter((name) => name.endsWith(".test.mjs") && name.includes(only ?? ""))
  .map((name) => path.join(folder, name));

const cases = { passed: 0, failed: 0, skipped: [] };
const features = new Map();
let failed = files.length === 0;

function count(passed, { name, file, nesting, skip }) {
  failed ||= !passed;
  if (nesting > 0 || file === undefined) return;
  const inFile = path.basename(file, ".test.mjs");
  if (inFile === "conformance" && name.includes("/")) {
    if (skip !== undefined) cases.skipped.push({ case: name, why: String(skip) });
    else cases[passed ? "passed" : "failed"] += 1;
  }
  const feature = ["api", "pool"].includes(inFile) ? /^([a-z -]+):/.exec(name)?.[1] : undefined;
  if (feature !== undefined) features.set(feature, passed && (features.get(feature) ?? true));
}

const events = run({ files, concurrency: 2 });
events.on("test:pass", (event) => count(true, event));
events.on("test:fail", (event) => count(false, event));
events.compose(spec).pipe(process.stdout);
await new Promise((resolve) => events.on("end", resolve));

if (only === undefined) {
  const { version: jco } = JSON.parse(
    fs.readFileSync(path.join(here, "../node_modules/@bytecodealliance/jco-transpile/package.json"), "utf8"),
  );
  const result = {
    host: "jco on Node",
    version: `jco-transpile ${jco}, Node ${process.versions.node}`,
    component: "pipeline.wasm",
    cases,
    works: [...features].filter(([, works]) => works).map(([feature]) => feature),
    not: [
      ...[...features].filter(([, works]) => !works).map(([what]) => ({ what, why: "its tests fail" })),
      { what: "a limit of time without a pool", why: "a run holds its thread; `createPool` has workers, and ends them" },
    ],
  };
  const hosts = path.join(here, "../../target/hosts");
  fs.mkdirSync(hosts, { recursive: true });
  fs.writeFileSync(path.join(hosts, "jco-node.json"), `${JSON.stringify(result, null, 2)}\n`);
}
process.exitCode = failed ? 1 : 0;
