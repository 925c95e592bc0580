// Live media without a browser: the queue into a session, the audio thread's processors, pixels.
// The whole of it runs in browsers, in web/test/live.mjs.

import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import vm from "node:vm";

import { liveAudio, liveVideo } from "@remotemedia/pipeline";

import { Clock, Feed } from "../dist/live/feed.js";
import { toRgba } from "../dist/live/pixels.js";

/** Ends when all that can happen now has happened. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A session whose items are done when the test says so. */
function session(name = "") {
  const calls = [];
  return {
    calls,
    async *feed(item) {
      const call = Promise.withResolvers?.() ?? withResolvers();
      calls.push({ item, ...call });
      yield `${name}${item}`;
      await call.promise;
      yield `${name}${item}!`;
    },
  };
}

function withResolvers() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}

/** The counts of a feed, without times; all that was captured must be somewhere. */
function counts(feed) {
  const { captured, pushed, dropped, waiting } = feed.stats();
  assert.equal(captured, pushed + dropped + waiting);
  return { captured, pushed, dropped, waiting };
}

function feeding(most, sessions = session()) {
  const heard = [];
  const errors = [];
  const feed = new Feed(sessions, most, {
    output: (item, at) => void heard.push([item, at]),
    failed: (error) => errors.push(error),
  });
  return { feed, heard, errors };
}

test("feed: outputs come in order, with the time of their item", async () => {
  const one = session();
  const { feed, heard } = feeding(3, one);
  feed.add("a", 1);
  feed.add("b", 2);
  await settled();
  assert.deepEqual(heard, [["a", 1]]);
  assert.deepEqual(counts(feed), { captured: 2, pushed: 0, dropped: 0, waiting: 2 });
  one.calls[0].resolve();
  await settled();
  one.calls[1].resolve();
  await settled();
  assert.deepEqual(heard, [["a", 1], ["a!", 1], ["b", 2], ["b!", 2]]);
  assert.deepEqual(counts(feed), { captured: 2, pushed: 2, dropped: 0, waiting: 0 });
});

test("feed: the oldest is dropped where too many wait", async () => {
  const one = session();
  const { feed, heard } = feeding(2, one);
  for (const item of ["a", "b", "c", "d", "e"]) feed.add(item, 0);
  await settled();
  // One is in the pipeline, the two newest wait.
  assert.deepEqual(counts(feed), { captured: 5, pushed: 0, dropped: 2, waiting: 3 });
  for (let call = 0; call < 3; call += 1) {
    one.calls[call].resolve();
    await settled();
  }
  assert.deepEqual(heard.map(([item]) => item), ["a", "a!", "d", "d!", "e", "e!"]);
  assert.deepEqual(counts(feed), { captured: 5, pushed: 3, dropped: 2, waiting: 0 });
});

test("feed: another session takes over between two items, and nothing is lost", async () => {
  const [one, two] = [session("1"), session("2")];
  const { feed, heard } = feeding(5, one);
  for (const item of ["a", "b", "c"]) feed.add(item, 0);
  await settled();
  let former;
  void feed.swap(two).then((given) => (former = given));
  await settled();
  assert.equal(former, undefined, "it took over within an item");
  one.calls[0].resolve();
  await settled();
  assert.equal(former, one);
  two.calls[0].resolve();
  await settled();
  two.calls[1].resolve();
  await settled();
  assert.deepEqual(heard.map(([item]) => item), ["1a", "1a!", "2b", "2b!", "2c", "2c!"]);
  assert.deepEqual(counts(feed), { captured: 3, pushed: 3, dropped: 0, waiting: 0 });
  assert.equal(await feed.swap(one), two);
});

test("feed: what fails is told once, what comes after is dropped, and another session goes on", async () => {
  const one = session("1");
  const { feed, heard, errors } = feeding(5, one);
  for (const item of ["a", "b"]) feed.add(item, 0);
  await settled();
  const failure = new Error("broken");
  one.calls[0].reject(failure);
  await settled();
  feed.add("c", 0);
  await settled();
  assert.deepEqual(errors, [failure]);
  assert.deepEqual(counts(feed), { captured: 3, pushed: 0, dropped: 3, waiting: 0 });
  const two = session("2");
  assert.equal(await feed.swap(two), one);
  feed.add("d", 0);
  await settled();
  two.calls[0].resolve();
  await settled();
  assert.deepEqual(heard.map(([item]) => item), ["1a", "2d", "2d!"]);
  assert.deepEqual(counts(feed), { captured: 4, pushed: 1, dropped: 3, waiting: 0 });
});

test("feed: an output that can't be used is a failure, too", async () => {
  const one = session();
  const errors = [];
  const output = () => Promise.reject(new TypeError("no such format"));
  const feed = new Feed(one, 1, { output, failed: (error) => errors.push(error.message) });
  feed.add("a", 0);
  await settled();
  assert.deepEqual(errors, ["no such format"]);
  assert.deepEqual(counts(feed), { captured: 1, pushed: 0, dropped: 1, waiting: 0 });
});

test("feed: closing waits for the item in the pipeline, and drops what waits", async () => {
  const one = session();
  const { feed, heard } = feeding(5, one);
  feed.add("a", 0);
  feed.add("b", 0);
  await settled();
  let closed = false;
  const closing = feed.close().then(() => (closed = true));
  await settled();
  assert.equal(closed, false);
  one.calls[0].resolve();
  await closing;
  feed.add("c", 0);
  assert.deepEqual(heard.map(([item]) => item), ["a", "a!"]);
  assert.deepEqual(counts(feed), { captured: 2, pushed: 1, dropped: 1, waiting: 0 });
});

test("times: of the last 500", () => {
  const clock = new Clock();
  assert.deepEqual(clock.times, { last: 0, p50: 0, p99: 0 });
  for (let time = 1; time <= 700; time += 1) clock.add(time);
  assert.deepEqual(clock.times, { last: 700, p50: 451, p99: 696 });
  clock.add(3);
  assert.equal(clock.times.last, 3);
});

const RATE = 1000;
const QUANTUM = 128;

/** The audio thread's processors, as a context of 1000 Hz has them; `frame` is its clock. */
function thread() {
  const processors = {};
  const scope = vm.createContext({
    sampleRate: RATE,
    currentFrame: 0,
    Float32Array,
    AudioWorkletProcessor: class {
      port = { said: [], postMessage: (message) => this.port.said.push(message) };
    },
    registerProcessor: (name, processor) => (processors[name] = processor),
  });
  vm.runInContext(fs.readFileSync(new URL("../dist/assets/live-worklet.js", import.meta.url), "utf8"), scope);
  /** Has a processor work for so many quanta; what it played, channel by channel. */
  const work = (processor, quanta, input = () => [], channels = 1) => {
    const played = Array.from({ length: channels }, () => []);
    for (let quantum = 0; quantum < quanta; quantum += 1) {
      const output = Array.from({ length: channels }, () => new Float32Array(QUANTUM));
      processor.process([input(scope.currentFrame)], [output]);
      output.forEach((samples, channel) => played[channel].push(...samples));
      scope.currentFrame += QUANTUM;
    }
    return played;
  };
  return { processors, work };
}

/** The quantum of a ramp that counts frames. */
const ramp = (from, channels = 1) =>
  Array.from({ length: channels }, (_, channel) => Float32Array.from({ length: QUANTUM }, (_, at) => from + at + channel / 2));

test("capture: pieces of any length, with the time of their first frame, and no frame is lost", () => {
  const { processors, work } = thread();
  const capture = new processors["pipeline-capture"]({ processorOptions: { frames: 100, channels: 2 } });
  work(capture, 10, (frame) => ramp(frame, 2));
  const pieces = capture.port.said;
  assert.equal(pieces.length, 12);
  pieces.forEach(({ samples, at }, piece) => {
    assert.equal(samples.length, 200);
    assert.equal(at, (piece * 100) / RATE);
    assert.deepEqual([samples[0], samples[1], samples[198], samples[199]].map((x) => x - piece * 100), [0, 0.5, 99, 99.5]);
  });
  // A track that ended is silence.
  work(capture, 2, () => []);
  assert.equal(pieces.at(-1).samples.at(-1), 0);
  capture.port.onmessage({ data: "close" });
  const before = pieces.length;
  work(capture, 4, (frame) => ramp(frame, 2));
  assert.equal(pieces.length, before);
});

function player(processors, { channels = 1, target = 200, most = 500 } = {}) {
  const made = new processors["pipeline-player"]({ processorOptions: { channels, target, most } });
  const play = (samples, at = 0) => made.port.onmessage({ data: { samples: Float32Array.from(samples), at } });
  const state = () => {
    made.port.onmessage({ data: "close" });
    const said = made.port.said.at(-1);
    assert.equal(said.received, said.played + said.skipped + said.buffered);
    return said;
  };
  return { made, play, state };
}

const count = (from, length) => Array.from({ length }, (_, at) => from + at);

test("player: begins when as much waits as the buffer is to hold, then plays without a gap", () => {
  const { processors, work } = thread();
  const { made, play, state } = player(processors);
  play(count(1, 150));
  assert.ok(work(made, 1)[0].every((sample) => sample === 0), "it did not wait");
  play(count(151, 150), 0.1);
  const [first] = work(made, 1);
  play(count(301, 150), 0.2);
  const [rest] = work(made, 2);
  assert.deepEqual([...first, ...rest], count(1, 3 * QUANTUM));
  const said = state();
  assert.deepEqual([said.received, said.played, said.underruns], [450, 3 * QUANTUM, 0]);
  // Pieces began to sound at frames 128, 278, 428, and came of what was captured at 0, 0.1, 0.2.
  const delays = made.port.said.flatMap((each) => [...each.delays]);
  assert.deepEqual(delays.map((delay) => Math.round(delay * RATE)), [128, 178, 228]);
});

test("player: a gap is counted once, and the buffer fills again", () => {
  const { processors, work } = thread();
  const { made, play, state } = player(processors);
  play(count(1, 200));
  const [played] = work(made, 3);
  assert.deepEqual(played.slice(0, 200), count(1, 200));
  assert.ok(played.slice(200).every((sample) => sample === 0));
  play(count(201, 200));
  assert.deepEqual(work(made, 1)[0], count(201, QUANTUM));
  const said = state();
  assert.deepEqual([said.underruns, said.silence, said.played], [1, 3 * QUANTUM - 200, 200 + QUANTUM]);
});

test("player: what is shorter than the buffer is played after a while", () => {
  const { processors, work } = thread();
  const { made, play } = player(processors);
  play(count(1, 50));
  const [played] = work(made, 4);
  assert.deepEqual(played.filter((sample) => sample !== 0), count(1, 50));
});

test("player: a burst is cut back to what the buffer is to hold, by its oldest", () => {
  const { processors, work } = thread();
  const { made, play, state } = player(processors);
  play(count(1, 400));
  play(count(401, 400));
  assert.deepEqual(work(made, 1)[0], count(601, QUANTUM));
  const said = state();
  assert.deepEqual([said.skipped, said.played, said.buffered], [600, QUANTUM, 200 - QUANTUM]);
});

test("player: a piece that is longer than the buffer is played whole", () => {
  const { processors, work } = thread();
  const { made, play, state } = player(processors);
  play(count(1, 900));
  assert.deepEqual(work(made, 7)[0], count(1, 7 * QUANTUM));
  assert.equal(state().skipped, 0);
});

test("player: what a hold-up left is left out once as much comes as is played", () => {
  const { processors, work } = thread();
  const { made, play, state } = player(processors, { target: 200, most: 1000 });
  let next = 1;
  const steady = (quanta) => {
    for (let quantum = 0; quantum < quanta; quantum += 1) {
      play(count(next, QUANTUM));
      next += QUANTUM;
      work(made, 1);
    }
  };
  play(count(next, 600));
  next += 600;
  // The first two seconds count what the hold-up left, too: more came than was played.
  steady(20);
  assert.equal(made.port.said.at(-1).skipped, 0);
  steady(16);
  const said = state();
  assert.equal(said.underruns, 0);
  assert.ok(said.skipped > 0 && said.buffered <= 200 + QUANTUM, JSON.stringify(said));
});

test("player: what a pipeline gives at once is heard, however long that is", () => {
  const { processors, work } = thread();
  const { made, play, state } = player(processors, { target: 200, most: 20_000 });
  for (let piece = 0; piece < 80; piece += 1) play(count(1 + piece * 100, 100));
  assert.deepEqual(work(made, 62)[0], count(1, 62 * QUANTUM));
  assert.equal(state().skipped, 0);
});

test("player: channels go where they belong", () => {
  const { processors, work } = thread();
  const { made, play } = player(processors, { channels: 2, target: 0 });
  play(count(1, 2 * QUANTUM));
  const [left, right] = work(made, 1, () => [], 2);
  assert.deepEqual(left, Array.from({ length: QUANTUM }, (_, at) => 2 * at + 1));
  assert.deepEqual(right, Array.from({ length: QUANTUM }, (_, at) => 2 * at + 2));
});

test("pixels: every raw format that a canvas can show", () => {
  const one = (bytes, format) => [...toRgba(Uint8Array.from(bytes), 1, 1, format)];
  assert.deepEqual(one([7], "gray8"), [7, 7, 7, 255]);
  assert.deepEqual(one([1, 2, 3], "rgb24"), [1, 2, 3, 255]);
  assert.deepEqual(one([1, 2, 3], "bgr24"), [3, 2, 1, 255]);
  assert.deepEqual(one([1, 2, 3, 4], "rgba32"), [1, 2, 3, 4]);
  assert.deepEqual(one([1, 2, 3, 4], "bgra32"), [3, 2, 1, 4]);
  assert.throws(() => one([1, 2], "rgb24"), /1 by 1 has 2 bytes, and needs 3/);
  assert.throws(() => one([1], "yuv420p"), /yuv420p can't be drawn, only those of gray8/);
});

test("live media on Node: said to need a browser", async () => {
  await assert.rejects(liveAudio(session(), { kind: "audio" }), /liveAudio needs an AudioContext/);
  await assert.rejects(liveVideo(session(), { kind: "video" }), /liveVideo needs a document/);
});
