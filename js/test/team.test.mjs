// When the clock of a call runs, and who gets a worker: with threads and a clock that the test holds in its hands.

import assert from "node:assert/strict";
import test from "node:test";

import { Team } from "../dist/team.js";

/** A team whose threads do nothing by themselves. */
function team(size) {
  const threads = [];
  const start = (hear, failed) => {
    const thread = { hear, failed, calls: [], ended: false, alive: true };
    threads.push(thread);
    return {
      post: (message) => thread.calls.push(message),
      end: () => void (thread.ended = true),
      hold: (alive) => void (thread.alive = alive),
    };
  };
  const fetched = [];
  return { team: new Team("setup", start, size, (bytes) => fetched.push(bytes)), threads, fetched };
}

const running = (timeout, signal) => ({ timeout, signal, stdout() {}, stderr() {} });
const turn = () => new Promise((resolve) => setImmediate(resolve));
const clock = (context) => context.mock.timers.enable({ apis: ["setTimeout"] });

test("the clock runs from when a worker begins, not while a call waits", async (context) => {
  clock(context);
  const { team: two, threads } = team(1);
  const first = two.do("first", running(10));
  const second = two.do("second", running(1));
  threads[0].hear({ kind: "ready" });
  await turn();
  assert.deepEqual(threads[0].calls, ["setup", "first"]);
  context.mock.timers.tick(5000);
  threads[0].hear({ kind: "done", value: 1 });
  assert.equal(await first, 1);
  await turn();
  assert.deepEqual(threads[0].calls, ["setup", "first", "second"]);
  context.mock.timers.tick(999);
  assert.equal(threads[0].ended, false);
  const late = assert.rejects(second, { name: "LimitError", kind: "deadline", message: /longer than its limit of 1 second and/ });
  context.mock.timers.tick(1);
  await late;
  assert.equal(threads[0].ended, true);
  // Another takes its place.
  assert.equal(threads.length, 2);
});

test("the clock stands while a part of the library is fetched", async (context) => {
  clock(context);
  const { team: one, threads, fetched } = team(1);
  const run = one.do("run", running(1));
  threads[0].hear({ kind: "ready" });
  await turn();
  threads[0].hear({ kind: "fetch", bytes: undefined });
  context.mock.timers.tick(60_000);
  threads[0].hear({ kind: "fetch", bytes: 7 });
  context.mock.timers.tick(999);
  threads[0].hear({ kind: "done", value: "in time" });
  assert.equal(await run, "in time");
  assert.deepEqual(fetched, [undefined, 7]);
});

test("a time beyond what clocks know is no deadline", async (context) => {
  clock(context);
  const { team: one, threads } = team(1);
  for (const timeout of [Infinity, 1e9]) {
    const run = one.do("run", running(timeout));
    threads[0].hear({ kind: "ready" });
    await turn();
    context.mock.timers.tick(2 ** 31);
    threads[0].hear({ kind: "done", value: timeout });
    assert.equal(await run, timeout);
  }
});

test("only a thread with work keeps the process alive", async () => {
  const { team: one, threads } = team(1);
  const run = one.do("run", running(1));
  assert.equal(threads[0].alive, true);
  threads[0].hear({ kind: "ready" });
  await turn();
  assert.equal(threads[0].alive, true);
  threads[0].hear({ kind: "done" });
  await run;
  assert.equal(threads[0].alive, false);
});

test("no more threads are started than calls wait, and none beyond the size", async () => {
  const { team: some, threads } = team(2);
  const runs = [1, 2, 3].map((call) => some.do(call, running(Infinity)));
  assert.equal(threads.length, 2);
  for (const thread of threads) thread.hear({ kind: "ready" });
  await turn();
  threads[1].hear({ kind: "done", value: "b" });
  await turn();
  assert.deepEqual(threads[1].calls, ["setup", 2, 3]);
  threads[0].hear({ kind: "done", value: "a" });
  threads[1].hear({ kind: "done", value: "c" });
  assert.deepEqual(await Promise.all(runs), ["a", "b", "c"]);
});

test("a thread that fails by itself fails its call alone", async () => {
  const { team: one, threads } = team(1);
  const [first, second] = ["first", "second"].map((call) => one.do(call, running(Infinity)));
  threads[0].hear({ kind: "ready" });
  await turn();
  const failed = assert.rejects(first, /fell over/);
  threads[0].failed(new Error("fell over"));
  await failed;
  threads[1].hear({ kind: "ready" });
  await turn();
  threads[1].hear({ kind: "done", value: 2 });
  assert.equal(await second, 2);
});

test("where no thread can be started, nobody waits for ever", async () => {
  const { team: one, threads } = team(1);
  const runs = [1, 2].map((call) => assert.rejects(one.do(call, running(Infinity)), /no script/));
  threads[0].failed(new Error("no script"));
  await Promise.all(runs);
  assert.equal(threads.length, 1);
});

test("a call that can't be sent fails, and its worker goes on", async () => {
  const { team: one, threads } = team(1);
  const run = one.do("run", running(Infinity));
  threads[0].hear({ kind: "ready" });
  await turn();
  threads[0].hear({ kind: "done", value: 1 });
  await run;
  threads[0].calls.push = () => {
    throw new Error("can't be cloned");
  };
  await assert.rejects(one.do("bad", running(Infinity)), /can't be cloned/);
  delete threads[0].calls.push;
  const next = one.do("good", running(Infinity));
  await turn();
  threads[0].hear({ kind: "done", value: 2 });
  assert.equal(await next, 2);
});
