// Memories that one instance after the other has: no byte of one is there for the next.

import assert from "node:assert/strict";
import { randomFillSync } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import v8 from "node:v8";
import vm from "node:vm";
import { gunzipSync } from "node:zlib";

import { Component, Instance, MemoryFileSystem, Pipeline, unpackImage } from "@remotemedia/pipeline";

import { directory, own } from "./common.mjs";

const assets = path.resolve(import.meta.dirname, "../dist/assets");
const unpacked = (name) => gunzipSync(fs.readFileSync(path.join(assets, name)));
const packed = unpacked("pipeline.image.gz");
const component = await Component.compile(unpacked("pipeline.core.wasm.gz"), packed);
const image = Buffer.from(unpackImage(packed));
const MOST = 2 ** 31;
const same = (memory) => image.equals(new Uint8Array(memory.buffer));
/** Until timers that are due have run. */
const rest = () => new Promise((resolve) => setTimeout(resolve, 1));
const options = { mounts: [], stdout() {}, stderr() {} };

function withSession() {
  const instance = new Instance(component, options);
  const { ok } = instance.load('{"version": "v1", "nodes": [{"id": "n", "node_type": "PassThrough"}]}');
  return { instance, session: instance.openSession(ok.manifest) };
}

test("a memory that comes back is given again, with nothing of what was in it", async () => {
  const memory = component.take(MOST);
  assert.ok(same(memory));
  for (const waits of [false, true]) {
    randomFillSync(new Uint8Array(memory.buffer));
    component.giveBack(memory, MOST);
    if (waits) await rest();
    assert.equal(component.take(MOST), memory);
    assert.ok(same(memory), waits ? "written when nobody waits" : "written when it is asked for");
  }
  component.giveBack(memory, MOST);
  assert.notEqual(component.take(MOST / 2), memory, "it can grow further than this one may");
});

test("a memory that has grown is not given again", async () => {
  const memory = component.take(MOST);
  memory.grow(1);
  component.giveBack(memory, MOST);
  await rest();
  const next = component.take(MOST);
  assert.notEqual(next, memory);
  assert.equal(next.buffer.byteLength, component.leastMemory);
  assert.ok(same(next));
});

test("an image that is cut off is refused", () => {
  assert.throws(() => unpackImage(packed.subarray(0, -1)), /damaged/);
});

test("a closed instance can't be called: its memory is another's", () => {
  const { instance, session } = withSession();
  instance.close();
  assert.throws(() => instance.listNodes(), /the instance is closed/);
  assert.throws(() => session.pull(1), /the instance is closed/);
  instance.close();
});

test("a session that nobody closed is collected without a call into its memory", async () => {
  v8.setFlagsFromString("--expose-gc");
  const collect = vm.runInNewContext("gc");
  let collected = false;
  const watch = new FinalizationRegistry(() => (collected = true));
  const closed = (() => {
    const { instance, session } = withSession();
    watch.register(session, 0);
    instance.close();
    return instance;
  })();
  randomFillSync(new Uint8Array(component.take(MOST).buffer));
  // An error in a finaliser would be one of the process.
  for (let round = 0; !collected && round < 100; round += 1) {
    collect();
    await rest();
  }
  assert.ok(collected);
  assert.throws(() => closed.listNodes(), /the instance is closed/);
});

test("an instance that is closed by what its own nodes print keeps its memory", () => {
  const { manifest, files } = own("print('x', flush=True)\nreturn item");
  let other;
  const stdout = () => {
    if (other !== undefined) return;
    instance.close();
    // Would be in the same memory, were it free.
    other = new Instance(component, options);
    assert.ok(other.listNodes().length > 20);
  };
  const instance = new Instance(component, { ...options, stdout, mounts: [["/nodes/own", new MemoryFileSystem(files)]] });
  const loaded = instance.load(JSON.stringify(manifest));
  const input = { item: { tag: "value", val: { nodes: [{ tag: "text", val: "kept" }], root: 0 } } };
  const { outputs } = instance.execute(loaded.ok.manifest, [input]);
  assert.equal(outputs[0].items[0].val.nodes[0].val, "kept");
  assert.ok(other.listNodes().length > 20);
  other.close();
});

test("runs leave nothing, whatever they do to their memory", async (context) => {
  const { manifest, files } = own(`import gc, sys
if item == "fill":
    kept = ["secret" * 1000 for _ in range(100)]
elif item == "grow":
    kept = bytearray(1 << 26)
elif item == "fail":
    raise ValueError
elif item == "recurse":
    return self.process(item)
sys.seen = getattr(sys, "seen", 0) + 1
return sys.seen`);
  const pipeline = await Pipeline.load({ nodes: [directory(context, files)], stdout() {}, stderr() {} });
  for (const item of ["fill", "grow", "fail", "recurse", "fill"]) {
    try {
      assert.deepEqual(pipeline.execute(manifest, [item]).outputs, [1]);
    } catch (error) {
      assert.ok(["fail", "recurse"].includes(item), String(error));
    }
    assert.deepEqual(pipeline.execute(manifest, ["look"]).outputs, [1]);
  }
});
