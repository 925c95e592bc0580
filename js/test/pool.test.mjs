// Pools of workers: the same results and errors as without, and what only a worker can: end.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";

import { createPool, FaultError, LimitError, media, Pipeline, PipelineError, Tuple, toNode } from "@remotemedia/pipeline";

import { directory, own, root } from "./common.mjs";

const quiet = { stdout() {}, stderr() {} };
const PASS = { version: "v1", nodes: [{ id: "n", node_type: "PassThrough" }] };
const FOREVER = own("print('begun', flush=True)\nwhile True: pass");
const COUNT = own("self.seen = getattr(self, 'seen', 0) + 1\nyield [self.seen, item]\nyield item");

/** A pool that is closed after the test. */
async function pooled(context, options = {}) {
  const pool = await createPool({ size: 1, ...quiet, ...options });
  context.after(() => pool.close());
  return pool;
}

/** Options that tell when the node has begun. */
function begun() {
  let tell;
  const promise = new Promise((resolve) => (tell = resolve));
  return { promise, stdout: (bytes) => void (new TextDecoder().decode(bytes).includes("begun") && tell()) };
}

test("a run gives what it gives without a pool", async (context) => {
  const { manifest, files } = own("return item");
  const nodes = [directory(context, files)];
  const pool = await pooled(context, { nodes });
  const samples = Float32Array.of(0.25, -1);
  const items = [1, 2n ** 70n, 1.5, "é😀", null, new Uint8Array([0, 255]), Tuple.of(1, [2]), new Map([[1, "one"]]), { a: {} }];
  const audio = new media.Audio({ samples, sampleRate: 8000, channels: 1 });
  const inputs = [...items, audio];
  const here = (await Pipeline.load({ nodes, ...quiet })).execute(manifest, inputs);
  const there = await pool.run(manifest, { inputs });
  assert.deepStrictEqual(there.outputs, here.outputs);
  assert.deepStrictEqual(there.outputsByNode, here.outputsByNode);
  assert.deepStrictEqual(there.graph, here.graph);
  assert.equal(there.metrics[0].itemsIn, here.metrics[0].itemsIn);
  assert.ok(there.outputs.at(-1) instanceof media.Audio);
  // What goes in stays the caller's.
  assert.equal(samples.length, 2);
  const text = fs.readFileSync(path.join(root, "examples/text_processor.json"), "utf8");
  assert.equal((await pool.run(text)).outputs[0].results.uppercase, "HELLO WASM");
});

test("an error is of the same class, with the same words", async (context) => {
  const { manifest, files } = own("import os\nif item == 0: os._exit(3)\nreturn 10 // (item - 1)");
  const nodes = [directory(context, files)];
  const pool = await pooled(context, { nodes });
  const without = await Pipeline.load({ nodes, ...quiet });
  const calls = [
    [PipelineError, manifest, [3, 1]],
    [FaultError, manifest, [0]],
    [PipelineError, { version: "v1", nodes: [{ id: "n", node_type: "Nothing" }] }, []],
    [PipelineError, "version: v1\nnodes: [{id: n, node_type: Nothing}, {id: n, node_type: Other}]", []],
  ];
  for (const [type, manifest, inputs] of calls) {
    let here;
    assert.throws(() => without.execute(manifest, inputs), (error) => Boolean((here = error)));
    await assert.rejects(pool.run(manifest, { inputs }), (there) => {
      assert.ok(there instanceof type, String(there));
      assert.deepEqual({ ...there, message: there.message }, { ...here, message: here.message });
      assert.deepEqual(there.outputs, here.outputs);
      return true;
    });
  }
  await assert.rejects(pool.run(manifest, { inputs: [() => 1] }), /inputs\[0\]: a function has no form/);
  await assert.rejects(pool.run(manifest, { nodes: ["/nowhere/at/all"], inputs: [1] }), /`\/nowhere\/at\/all` can't be read/);
  await assert.rejects(createPool({ nodes: ["/nowhere/at/all"] }), TypeError);
});

test("check and listNodes", async (context) => {
  const pool = await pooled(context);
  const text = '{"manifest": {"version": "v1",\n "nodes": [{"id": "n", "node_type": "PassThrough"}]}, "input_data": [1, 2]}';
  const found = await pool.check(text);
  assert.equal(found.ok, true);
  assert.equal(found.itemsInText, 2);
  assert.equal(found.nodeLocations[0].line, 2);
  assert.equal(found.manifest.nodes[0].nodeType, "PassThrough");
  const wrong = await pool.check({ version: "v1", nodes: [{ id: "n", node_type: "Nothing" }] });
  assert.equal(wrong.ok, false);
  assert.equal(wrong.diagnostics[0].location, undefined);
  assert.deepEqual(await pool.listNodes(), (await Pipeline.load(quiet)).listNodes());
});

test("nodes in memory, and each call's own", async (context) => {
  const pool = await pooled(context, { nodes: [{ files: { "a.py": "class A:\n    def process(self, item):\n        return 'pool'\n" } }] });
  const manifest = { version: "v1", nodes: [{ id: "n", node_type: "a:A" }] };
  const undefineds = { nodes: undefined, timeout: undefined, stdout: undefined, signal: undefined };
  assert.deepEqual((await pool.run(manifest, { inputs: [0], ...undefineds })).outputs, ["pool"]);
  const files = { "a.py": "class A:\n    def process(self, item):\n        return __file__\n" };
  assert.deepEqual((await pool.run(manifest, { inputs: [0], nodes: [{ name: "mine", files }] })).outputs, ["/nodes/mine/a.py"]);
  await assert.rejects(pool.run(manifest, { inputs: [0], nodes: [{ name: "../x", files }] }), /no name for nodes/);
});

test("limits: a deadline ends the worker, and the next run has another", async (context) => {
  const pool = await pooled(context, { nodes: [{ files: FOREVER.files }] });
  await assert.rejects(pool.run(FOREVER.manifest, { inputs: [0], timeout: 0.5 }), (error) => {
    assert.ok(error instanceof LimitError, String(error));
    assert.deepEqual([error.limit, error.kind], ["timeout", "deadline"]);
    assert.equal(error.message, "the run took longer than its limit of 0.5 seconds and was stopped");
    return true;
  });
  assert.deepEqual((await pool.run(PASS, { inputs: [7] })).outputs, [7]);
});

test("a signal ends a run, one that waits as well", async (context) => {
  const pool = await pooled(context, { nodes: [{ files: FOREVER.files }] });
  const [running, waiting] = [new AbortController(), new AbortController()];
  const { promise, stdout } = begun();
  const first = pool.run(FOREVER.manifest, { inputs: [0], signal: running.signal, stdout });
  const second = pool.run(PASS, { inputs: [1], signal: waiting.signal });
  const third = pool.run(PASS, { inputs: [2] });
  await promise;
  const why = new Error("no more");
  waiting.abort(why);
  await assert.rejects(second, why);
  running.abort();
  await assert.rejects(first, { name: "AbortError" });
  assert.deepEqual((await third).outputs, [2]);
  await assert.rejects(pool.run(PASS, { inputs: [3], signal: running.signal }), { name: "AbortError" });
});

test("limits: memory", async (context) => {
  const { manifest, files } = own("return len([bytes(1 << 20) for _ in range(item)])");
  const pool = await pooled(context, { nodes: [{ files }], maxMemory: 64 });
  assert.deepEqual((await pool.run(manifest, { inputs: [5] })).outputs, [5]);
  await assert.rejects(pool.run(manifest, { inputs: [500] }), (error) => /MemoryError/.test(error.message));
  assert.deepEqual((await pool.run(manifest, { inputs: [100], maxMemory: 256 })).outputs, [100]);
  await assert.rejects(pool.run(manifest, { inputs: [5], maxMemory: 1 }), (error) => {
    assert.ok(error instanceof LimitError);
    assert.deepEqual([error.limit, error.kind], ["maxMemory", "memory-limit"]);
    assert.match(error.message, /beyond its limit of 1 MiB/);
    return true;
  });
});

test("limits: outputs and items", async (context) => {
  const { manifest, files } = own("return 'x' * item");
  const pool = await pooled(context, { nodes: [{ files }], maxOutput: 1, maxItems: 2 });
  assert.equal((await pool.run(manifest, { inputs: [400_000] })).outputs[0].length, 400_000);
  await assert.rejects(pool.run(manifest, { inputs: [600_000] }), { name: "LimitError", kind: "output-limit" });
  await assert.rejects(pool.run(manifest, { inputs: [1, 1, 1] }), { name: "LimitError", kind: "items-limit" });
  for (const wrong of [{ timeout: 0 }, { maxMemory: -1 }, { maxItems: "many" }]) {
    await assert.rejects(pool.run(manifest, { inputs: [1], ...wrong }), /must be a number above 0/);
  }
  await assert.rejects(createPool({ size: 0 }), /size is 0/);
});

test("session: in a worker of its own", async (context) => {
  const pool = await pooled(context, { size: 2, nodes: [{ files: COUNT.files }] });
  const session = await pool.openSession(COUNT.manifest);
  assert.deepEqual(await session.push("a"), [[1, "a"], "a"]);
  const feeding = session.feed("b");
  assert.deepEqual((await feeding.next()).value, [2, "b"]);
  // The other worker has time.
  assert.deepEqual((await pool.run(COUNT.manifest, { inputs: ["x"] })).outputs, [[1, "x"], "x"]);
  assert.deepEqual(await session.pull(), ["b"]);
  assert.equal(await session.pull(), undefined);
  const result = await session.finish();
  assert.equal(result.metrics[0].itemsIn, 2);
  await assert.rejects(session.push("c"), { kind: "session-closed" });
  const streamed = [];
  for await (const item of (await pool.openSession(COUNT.manifest)).stream(["a", "b"])) streamed.push(item);
  assert.deepEqual(streamed, [[1, "a"], "a", [2, "b"], "b"]);
  await assert.rejects(pool.openSession({ version: "v1", nodes: [] }), { kind: "invalid-manifest" });
  // All of them gave their worker back.
  const two = await Promise.all([1, 2].map(() => pool.openSession(PASS)));
  assert.deepEqual(await two[1].push(toNode("n", 1)), [1]);
  await Promise.all(two.map((session) => session.close()));
});

test("session: what ends its worker ends it, and gives the pool another", async (context) => {
  const { manifest, files } = own("print('begun', flush=True)\nwhile item == 'stay': pass\nreturn item");
  const pool = await pooled(context, { nodes: [{ files }] });
  const ending = new AbortController();
  const session = await pool.openSession(manifest, { signal: ending.signal });
  assert.deepEqual(await session.push(1), [1]);
  const { promise, stdout } = begun();
  await session.close();
  const other = await pool.openSession(manifest, { signal: ending.signal, stdout });
  const staying = assert.rejects(other.push("stay"), { name: "AbortError" });
  await promise;
  ending.abort();
  await staying;
  await assert.rejects(other.push(2), { kind: "session-closed" });
  await other.close();
  assert.deepEqual((await pool.run(PASS, { inputs: [7] })).outputs, [7]);
});

test("closing ends what runs and what waits", async () => {
  const pool = await createPool({ size: 1, ...quiet, nodes: [{ files: FOREVER.files }] });
  const { promise, stdout } = begun();
  const running = pool.run(FOREVER.manifest, { inputs: [0], stdout });
  const waiting = pool.run(PASS, { inputs: [0] });
  const ended = Promise.all([running, waiting].map((call) => assert.rejects(call, /the pool was closed/)));
  await promise;
  await pool.close();
  await ended;
  await assert.rejects(pool.run(PASS, { inputs: [0] }), /the pool is closed/);
  await pool[Symbol.asyncDispose]();
});

test("what was printed comes before the end, and to the call that asked", async (context) => {
  const { manifest, files } = own("import sys\nprint('out', item)\nprint('err', item, file=sys.stderr)\nreturn 1");
  const pool = await pooled(context, { size: 2, nodes: [{ files }] });
  const runs = ["a", "b", "c"].map(async (item) => {
    const said = { stdout: "", stderr: "" };
    const sink = (name) => (bytes) => void (said[name] += new TextDecoder().decode(bytes));
    await pool.run(manifest, { inputs: [item], stdout: sink("stdout"), stderr: sink("stderr") });
    assert.deepEqual(said, { stdout: `out ${item}\n`, stderr: `err ${item}\n` });
  });
  await Promise.all(runs);
});

test("a process ends though its pool is open, and not before its runs", () => {
  const script = `import { createPool } from "@remotemedia/pipeline";
    const pool = await createPool({ size: 2 });
    const manifest = ${JSON.stringify(PASS)};
    const session = await pool.openSession(manifest);
    pool.run(manifest, { inputs: [42] }).then(({ outputs }) => console.log(outputs[0]));`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    cwd: path.join(root, "js"),
    encoding: "utf8",
    timeout: 120_000,
  });
  assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: "42\n", stderr: "" });
});

test("twenty deadlines leave no more workers than the pool's size", { skip: !fs.existsSync("/proc/self/task") }, async (context) => {
  const pool = await pooled(context, { size: 2, nodes: [{ files: FOREVER.files }] });
  const threads = () => fs.readdirSync("/proc/self/task").length;
  await Promise.all([1, 2].map(() => pool.run(PASS, { inputs: [1] })));
  const before = threads();
  for (let round = 0; round < 10; round += 1) {
    const runs = [1, 2].map(() => pool.run(FOREVER.manifest, { inputs: [0], timeout: 0.2 }));
    await Promise.all(runs.map((run) => assert.rejects(run, LimitError)));
  }
  await Promise.all([1, 2].map(() => pool.run(PASS, { inputs: [1] })));
  // An ended thread may take a moment to be gone.
  const most = before + 2;
  for (let waits = 0; threads() > most && waits < 300; waits += 1) await new Promise((resolve) => setTimeout(resolve, 100));
  assert.ok(threads() <= most, `${before} threads became ${threads()}`);
});
