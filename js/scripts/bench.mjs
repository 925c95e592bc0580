// How long runs take: `npm run bench`. Times are of this thread's clock; the least and the median say what the code
// costs, the 99th of 100 what else the machine did.

import os from "node:os";

import { createPool, Pipeline } from "@remotemedia/pipeline";

const RUNS = 300;
/** Until the engine has compiled what is run often. */
const WARM = 150;

const OWN = "class Own:\n    def process(self, item):\n        return item.upper()\n";
const node = (type) => ({ version: "v1", nodes: [{ id: "n", node_type: type }] });
const CASES = [
  ["a node of one's own", node("own:Own"), ["a"]],
  ["TextProcessorNode", node("TextProcessorNode"), [{ text: "Hello WASM", operations: ["uppercase", "word_count"] }]],
  ["Rust only (MultiplyNode)", node("MultiplyNode"), [1, 2]],
];

const options = { nodes: [{ files: { "own.py": OWN } }], stdout() {}, stderr() {} };

const start = performance.now();
const pipeline = await Pipeline.load(options);
const loaded = performance.now();
pipeline.execute(CASES[0][1], CASES[0][2]);
console.log(`Node ${process.versions.node}, ${os.cpus()[0]?.model.trim()}, ${os.availableParallelism()} processors, load ${os.loadavg()[0]?.toFixed(1)}\n`);
console.log(`load ${(loaded - start).toFixed(0)} ms, the first run ${(performance.now() - loaded).toFixed(0)} ms\n`);
console.log("| | least | median | 99 of 100 |\n| --- | ---: | ---: | ---: |");

await measure("a fresh instance", () => pipeline.instantiate().close());
for (const [name, manifest, inputs] of CASES) {
  await measure(`${name}, in the same thread`, () => pipeline.execute(manifest, inputs));
}
await measure(`${CASES[0][0]}, one run right after the other`, () => pipeline.execute(CASES[0][1], CASES[0][2]), null);
const pool = await createPool({ ...options, size: 1 });
for (const [name, manifest, inputs] of CASES) {
  await measure(`${name}, in a pool`, () => pool.run(manifest, { inputs }), 10);
}
await pool.close();

/** Times a call, with so many milliseconds of rest before each; with none, nothing is written anew meanwhile. */
async function measure(name, call, rest = 0) {
  const times = [];
  for (let round = 0; round < WARM + RUNS; round += 1) {
    if (rest !== null) await new Promise((resolve) => setTimeout(resolve, rest));
    const start = performance.now();
    const called = call();
    if (rest !== null) await called;
    if (round >= WARM) times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const at = (part) => `${times[Math.floor(part * (times.length - 1))].toFixed(1)} ms`;
  console.log(`| ${name} | ${at(0)} | ${at(0.5)} | ${at(0.99)} |`);
}
