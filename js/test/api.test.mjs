// The package's functions. The part of a test's name before the colon is what it shows to work.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";

import { formatDiagnostic, formatGraph, liftItems, lower, media, Pipeline, PipelineError, toNode } from "@remotemedia/pipeline";

import { directory, own, program, root } from "./common.mjs";

const quiet = { stdout() {}, stderr() {} };
const ADD = {
  version: "v1",
  nodes: [
    { id: "times", node_type: "MultiplyNode", params: { factor: 2 } },
    { id: "plus", node_type: "AddNode", params: { addend: 10 } },
  ],
  connections: [{ from: "times", to: "plus" }],
};
const COUNT = {
  "count.py": `class Count:
    def __init__(self):
        self.seen = 0

    def process(self, item):
        self.seen += 1
        return [self.seen, item]

    def flush(self):
        return "flushed"


class Source:
    def process(self):
        for number in range(5):
            yield number
`,
};
const COUNTING = { version: "v1", nodes: [{ id: "count", node_type: "count:Count" }] };

test("execute: a manifest with items of its own", async () => {
  const pipeline = await Pipeline.load(quiet);
  const text = fs.readFileSync(path.join(root, "examples/text_processor.json"), "utf8");
  const result = pipeline.execute(text);
  assert.equal(result.outputs[0].results.uppercase, "HELLO WASM");
  assert.deepEqual(result.graph.executionOrder, ["text"]);
  assert.equal(result.metrics[0].itemsIn, 2);
  assert.ok(result.metrics[0].nanoseconds > 0);
});

test("execute: YAML, and warnings", async () => {
  const pipeline = await Pipeline.load(quiet);
  const result = pipeline.execute("version: v1\nnodes:\n  - id: n\n    node_type: PassThrough\n    colour: red\n", [1]);
  assert.deepEqual(result.outputs, [1]);
  assert.equal(result.warnings.length, 1);
  assert.match(result.warnings[0].message, /colour/);
});

test("execute: a source", async (context) => {
  const pipeline = await Pipeline.load({ nodes: [directory(context, COUNT)], ...quiet });
  const manifest = { version: "v1", nodes: [{ id: "s", node_type: "count:Source" }] };
  assert.deepEqual(pipeline.execute(manifest).outputs, [0, 1, 2, 3, 4]);
});

test("execute-with-input: items from any iterable", async () => {
  const pipeline = await Pipeline.load(quiet);
  assert.deepEqual(pipeline.executeWithInput(ADD, [1, 2.5, 10n]).outputs, [12, 15, 30]);
  assert.deepEqual(pipeline.executeWithInput(ADD, new Set([5])).outputs, [20]);
});

test("execute-with-input: an error has all that the component says", async (context) => {
  const { manifest, files } = own("return 10 // item");
  const folder = directory(context, files);
  const pipeline = await Pipeline.load({ nodes: [folder], ...quiet });
  assert.throws(() => pipeline.executeWithInput(manifest, [5, 2, 0]), (error) => {
    assert.ok(error instanceof PipelineError);
    assert.equal(error.kind, "node-failed");
    assert.equal(error.nodeId, "own");
    assert.equal(error.nodeType, "own:Own");
    assert.equal(error.item, 2);
    assert.match(error.message, /ZeroDivisionError/);
    // The user's own path, not the sandbox's.
    assert.ok(error.traceback.includes(`File "${path.join(folder, "own.py")}", line 3`), error.traceback);
    assert.deepEqual(error.outputs, [2, 5]);
    assert.deepEqual(error.diagnostics, []);
    return true;
  });
});

test("execute: needs input, and says so", async () => {
  const pipeline = await Pipeline.load(quiet);
  assert.throws(() => pipeline.execute(ADD), (error) => error.kind === "needs-input" && error.nodeId === "times");
});

test("check: a valid manifest", async () => {
  const pipeline = await Pipeline.load(quiet);
  const found = pipeline.check(ADD);
  assert.equal(found.ok, true);
  assert.equal(formatGraph(found.graph), '{"node_count":2,"sink_count":1,"source_count":1,"execution_order":["times","plus"]}');
});

test("check: the same diagnostics as the program's, with places in the text", async (context) => {
  const pipeline = await Pipeline.load(quiet);
  const texts = [
    '{"version": "v1",\n "nodes": [{"id": "ü😀", "node_type": "PassThrough"}]}',
    '{"version": "v1",\n "nodes": [{"id": "a", "node_type": "NoSuchNode"}, {"id": "a", "node_type": "AddNode"}],\n "connections": [{"from": "a", "to": "nowhere"}]}',
    '{"version": "v1", "nodes": [',
    "version: v1\nnodes:\n - id: a\n   node_type: MultiplyNode\n   params: {facto: 1}\n",
  ];
  for (const text of texts) {
    const file = path.join(directory(context, { "m.json": text }), "m.json");
    const { error } = JSON.parse(program(["run", file, "--format", "json", "--input", "1"]).stdout);
    const found = pipeline.check(text);
    assert.equal(found.ok, false);
    assert.ok(found.diagnostics.some(({ location }) => location !== undefined));
    const errors = found.diagnostics.filter(({ severity }) => severity === "error");
    assert.deepEqual(errors.map((each) => JSON.parse(formatDiagnostic(each))), error.diagnostics.filter(({ severity }) => severity === "error"));
    const { kind, message } = error;
    assert.throws(() => pipeline.execute(text, [1]), { name: "PipelineError", kind, message });
  }
});

test("check: an object has paths, and no places", async () => {
  const pipeline = await Pipeline.load(quiet);
  const { ok, diagnostics } = pipeline.check({ version: "v1", nodes: [{ id: "a", node_type: "Nothing" }] });
  assert.equal(ok, false);
  assert.equal(diagnostics[0].path, "nodes[0].node_type");
  assert.equal(diagnostics[0].location, undefined);
});

test("list-nodes: all types", async () => {
  const pipeline = await Pipeline.load(quiet);
  const nodes = pipeline.listNodes();
  const named = (name) => nodes.find(({ nodeType }) => nodeType === name);
  assert.equal(named("AddNode").language, "rust");
  assert.equal(named("TextProcessorNode").language, "python");
  assert.ok(nodes.some(({ params }) => params.some((param) => "default" in param)));
  const listed = JSON.parse(program(["nodes", "--format", "json"]).stdout);
  const names = (listed.nodes ?? listed).map((node) => node.node_type);
  assert.deepEqual(nodes.map(({ nodeType }) => nodeType), names);
});

test("session: push keeps state, finish flushes and closes", async (context) => {
  const pipeline = await Pipeline.load({ nodes: [directory(context, COUNT)], ...quiet });
  const session = pipeline.openSession(COUNTING);
  assert.deepEqual(session.push("a"), [[1, "a"]]);
  assert.deepEqual(session.push("😀"), [[2, "😀"]]);
  const result = session.finish();
  assert.deepEqual(result.outputs, ["flushed"]);
  assert.equal(result.metrics[0].itemsIn, 2);
  assert.throws(() => session.push("b"), (error) => error.kind === "session-closed");
  session.close();
});

test("session: an output is there before the next is asked for", async (context) => {
  const code = "class Upto:\n    def process(self, item):\n        yield from range(item)\n";
  const pipeline = await Pipeline.load({ ...quiet, nodes: [directory(context, { "upto.py": code })] });
  const session = pipeline.openSession({ version: "v1", nodes: [{ id: "n", node_type: "upto:Upto" }] });
  context.after(() => session.close());
  const outputs = session.feed(5);
  assert.equal(outputs.next().value, 0);
  assert.equal(outputs.next().value, 1);
  // What is left under way goes on later, before what is given next.
  assert.deepEqual(session.pull(), [2]);
  assert.deepEqual(session.push(1), [3, 4, 0]);
});

test("session: neither another in the instance nor a run ends it", async (context) => {
  const code = `import asyncio


class Worker:
    async def initialize(self):
        self.queue = asyncio.Queue()
        self.done = asyncio.Queue()
        self.task = asyncio.create_task(self.work())

    async def work(self):
        while True:
            await self.done.put(2 * await self.queue.get())

    async def process(self, item):
        await self.queue.put(item)
        return await self.done.get()
`;
  const pipeline = await Pipeline.load({ ...quiet, nodes: [directory(context, { "worker.py": code })] });
  const instance = pipeline.instantiate();
  const { ok } = instance.load('{"version": "v1", "nodes": [{"id": "n", "node_type": "worker:Worker"}]}');
  const [one, other] = [instance.openSession(ok.manifest), instance.openSession(ok.manifest)];
  const item = (value) => ({ item: { tag: "value", val: lower(value) } });
  const given = ({ outputs }) => outputs.flatMap(({ items }) => liftItems(items));
  assert.deepEqual(given(one.push(item(1))), [2]);
  assert.deepEqual(given(other.push(item(2))), [4]);
  one.finish();
  assert.deepEqual(given(other.push(item(3))), [6]);
  assert.deepEqual(given(instance.execute(ok.manifest, [item(4)])), [8]);
  assert.deepEqual(given(other.push(item(5))), [10]);
  other.finish();
  instance.close();
});

test("outputs say which node gave them, and inputs can be for one source", async () => {
  const pipeline = await Pipeline.load(quiet);
  const node = (id) => ({ id, node_type: "PassThrough" });
  const manifest = { version: "v1", nodes: [node("a"), node("b"), node("c")] };
  const result = pipeline.execute(manifest, [toNode("b", 1), 2]);
  assert.deepEqual(result.outputsByNode, { a: [2], b: [1, 2], c: [2] });
  assert.deepEqual(result.outputs, [2, 1, 2, 2]);
  const session = pipeline.openSession(manifest);
  assert.deepEqual(session.push(toNode("c", "x")), ["x"]);
  assert.throws(() => session.push(toNode("d", 1)), /node `d`, which an item is meant for, is not in the manifest/);
  session.close();
});

test("session: pull and iterate", async (context) => {
  const pipeline = await Pipeline.load({ nodes: [directory(context, COUNT)], ...quiet });
  const manifest = { version: "v1", nodes: [{ id: "s", node_type: "count:Source" }] };
  const session = pipeline.openSession(manifest);
  assert.deepEqual(session.pull(1), [0]);
  assert.deepEqual([...session], [1, 2, 3, 4]);
  assert.equal(session.pull(), undefined);
  session.finish();
});

test("session: stream", async (context) => {
  const pipeline = await Pipeline.load({ nodes: [directory(context, COUNT)], ...quiet });
  const given = [];
  async function* items() {
    for (const item of ["a", "b"]) yield item;
  }
  for await (const item of pipeline.openSession(COUNTING).stream(items())) given.push(item);
  assert.deepEqual(given, [[1, "a"], [2, "b"], "flushed"]);

  const left = pipeline.openSession(COUNTING);
  for await (const item of left.stream(["a", "b"])) {
    assert.deepEqual(item, [1, "a"]);
    break;
  }
  assert.throws(() => left.push("c"), (error) => error.kind === "session-closed");
});

test("session: several at once, each with its own state", async (context) => {
  const pipeline = await Pipeline.load({ nodes: [directory(context, COUNT)], ...quiet });
  const sessions = [1, 2, 3].map(() => pipeline.openSession(COUNTING));
  for (let round = 1; round <= 3; round += 1) {
    for (const session of sessions) assert.deepEqual(session.push("x"), [[round, "x"]]);
  }
  for (const session of sessions) session.close();
});

test("session: a failure closes it, and names the node", async (context) => {
  const { manifest, files } = own("return 10 // item");
  const pipeline = await Pipeline.load({ nodes: [directory(context, files)], ...quiet });
  const session = pipeline.openSession(manifest);
  assert.deepEqual(session.push(5), [2]);
  assert.throws(() => session.push(0), (error) => error.kind === "node-failed" && /own\.py", line 3/.test(error.traceback));
  assert.throws(() => session.push(1), (error) => error.kind === "session-closed");
  assert.throws(() => pipeline.openSession({ version: "v1", nodes: [] }), (error) => error.kind === "invalid-manifest");
  session.close();
});

test("session: media", async () => {
  const pipeline = await Pipeline.load(quiet);
  const session = pipeline.openSession({ version: "v1", nodes: [{ id: "n", node_type: "PassThrough" }] });
  const audio = new media.Audio({ samples: Float32Array.of(0.25), sampleRate: 8000, channels: 1 });
  const [out] = session.push(audio);
  assert.ok(out instanceof media.Audio);
  assert.deepEqual(out.samples, audio.samples);
  session.finish();
});

test("load: the functions of the WIT are there, too", async () => {
  const pipeline = await Pipeline.load(quiet);
  const instance = pipeline.instantiate();
  const text = '{"version": "v1",\n "nodes": [{"id": "n", "node_type": "PassThrough"}]}';
  const { ok } = instance.load(text);
  assert.equal(ok.manifest.nodes[0].nodeType, "PassThrough");
  assert.deepEqual(ok.nodeLocations, [{ line: 2, column: 12, offset: 29, length: 39 }]);
  const { err } = instance.load(text.replace("PassThrough", "PassTrough"));
  assert.equal(err.manifest.nodes[0].nodeType, "PassTrough");
  assert.equal(err.diagnostics[0].location.line, 2);
  instance.close();
});

test("the example runs", () => {
  const args = ["examples/run.mjs", "../examples/custom_node/manifest.yaml", "--nodes", "../examples/custom_node/nodes", "--input", '"one two"'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: path.join(root, "js"), encoding: "utf8" });
  assert.equal(status, 0, stderr);
  const same = program(["run", path.join(root, "examples/custom_node/manifest.yaml"), "--nodes", path.join(root, "examples/custom_node/nodes"), "--input", '"one two"', "--format", "json"]);
  assert.equal(stdout.trimEnd(), same.stdout);
});

test("an older Node gets a clear message", () => {
  // Stands for an older one: the check looks at nothing else.
  const script = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } });
    try { await import("@remotemedia/pipeline"); } catch (error) { console.log(error.message); }`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { cwd: path.join(root, "js"), encoding: "utf8" });
  assert.match(stdout, /^@remotemedia\/pipeline needs Node 22 or newer; this is Node 20\.20\.2\./);
});
