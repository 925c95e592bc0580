// Live media on the package, in a browser: a known tone and a known picture go in, and what comes out is looked at.

import assert from "node:assert/strict";

/** How far a frequency may be off, in Hz. */
const BIN = 2;

const near = (found, wanted, what) => assert.ok(Math.abs(found / wanted - 1) < 0.05, `${what} is ${found}, not ${wanted}`);

/** A busy machine is late by more than a person would bear: nothing that is tested here is how late it is. */
const PATIENT = { latency: 1000, maxWaiting: 200 };

/** All that was captured, and all that came out, is somewhere. */
function whole({ pieces, frames }) {
  assert.equal(pieces.captured, pieces.pushed + pieces.dropped + pieces.waiting);
  assert.equal(frames.received, frames.played + frames.skipped + frames.buffered);
}

/** Tests on the page of the conformance cases. */
export const LIVE = [
  [
    "live: a tone through gains in Rust, one taking over from the other, every piece in order",
    async (page) => {
      const lines = ["AudioGainNode gain_db=-6 ! live:Times", "AudioGainNode gain_db=-20 ! live:Times"];
      const levels = [0.5 * 10 ** (-6 / 20), 0.05];
      const { heard, given, running, ended, state, rate } = await page.evaluate((...all) => window.live.tone(...all), lines, levels, PATIENT);
      heard.forEach(({ level, frequency }, index) => {
        near(level, levels[index], "the level");
        assert.ok(Math.abs(frequency - 440) <= BIN, `${frequency} Hz`);
      });
      whole(running);
      whole(ended);
      assert.equal(state, "ended");
      assert.equal(ended.pieces.waiting, 0);
      assert.equal(ended.frames.buffered, 0);
      assert.equal(given.length, ended.pieces.pushed);
      const times = given.map(({ at }) => Number(at));
      // Each piece is 20 ms; what was dropped is missing, and nothing comes twice or out of order.
      const steps = times.slice(1).map((time, index) => (time - times[index]) / 20_000);
      assert.ok(steps.every((step) => step >= 0.99), `pieces are out of order: ${times}`);
      const lost = steps.reduce((sum, step) => sum + Math.round(step) - 1, 0) + Math.round(times[0] / 20_000);
      assert.ok(lost <= ended.pieces.dropped, `${lost} pieces are missing, and ${ended.pieces.dropped} were dropped`);
      assert.deepEqual([given[0].rate, given[0].channels, given[0].frames], [rate, 1, Math.round(rate * 0.02)]);
      assert.equal(ended.frames.received, ended.pieces.pushed * given[0].frames);
    },
    ["live sound"],
  ],
  [
    "live: other rates on the way in and on the way out",
    async (page, name) => {
      const lines = ["AudioResampleNode sample_rate=24000 ! live:Times"];
      const options = { sampleRate: 16_000, chunk: 40, channels: 2, ...PATIENT };
      const { heard, given, ended, rate } = await page.evaluate((...all) => window.live.tone(...all), lines, [0.5], options);
      assert.equal(rate, 16_000, name);
      near(heard[0].level, 0.5, "the level");
      assert.ok(Math.abs(heard[0].frequency - 440) <= BIN, `${heard[0].frequency} Hz`);
      assert.deepEqual([given[0].rate, given[0].channels], [24_000, 2]);
      whole(ended);
    },
  ],
  [
    "live: a pipeline that fails is told, and another goes on",
    async (page) => {
      const { message, heard, ended } = await page.evaluate(() => window.live.failing());
      assert.match(message, /not today/);
      near(heard.level, 1, "the level");
      whole(ended);
      assert.ok(ended.pieces.dropped > 0);
    },
  ],
  [
    "live: pictures through a node in Rust",
    async (page) => {
      const { left, right, size, ended } = await page.evaluate(() => window.live.picture("VideoFlip direction=horizontal", 5));
      assert.ok(left[2] > 150 && left[0] < 50, `left is ${left}`);
      assert.ok(right[0] > 150 && right[2] < 50, `right is ${right}`);
      assert.deepEqual(size, [32, 24]);
      const { frames } = ended;
      assert.equal(frames.captured, frames.pushed + frames.dropped + frames.waiting);
      assert.equal(ended.shown, frames.pushed);
    },
    ["live pictures"],
  ],
];
