// Figures of live media and of the page, taken in Chromium by one command:
//
//   npm run figures [-- --record]     # --record writes benches/results/live-browser-<date>.txt
//
// It takes two minutes. The page and the page of the conformance cases have to be built.

import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";

import lighthouse, { desktopConfig } from "lighthouse";

import { launch, version } from "./browsers.mjs";
import { serve } from "./server.mjs";

const web = path.resolve(import.meta.dirname, "..");
const root = path.resolve(web, "..");

/** How long each pipeline is measured, in seconds. */
const SECONDS = 15;

const ms = (time) => `${time.toFixed(time < 10 ? 2 : 0)} ms`;
const at = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;

const robot = { "robot.py": await readFile(path.join(root, "examples/live/nodes/robot.py"), "utf8") };
const negative = {
  "pictures.py": `import numpy as np
from remotemedia import Video

class Negative:
    def process(self, frame):
        pixels = 255 - np.asarray(frame)
        pixels[..., 3] = 255
        return Video(pixels.tobytes(), frame.width, frame.height, frame.format, frame_number=frame.frame_number, timestamp_us=frame.timestamp_us)
`,
};

async function sound(page) {
  const lines = [];
  for (const [what, line, files, options] of [
    ["a node in Rust (AudioGainNode)", "AudioGainNode gain_db=-3", {}, {}],
    ["a node in Python (numpy)", "robot:Robot depth=0", robot, {}],
    ["a node in Python (numpy), pieces of 10 ms, a buffer of 20 ms", "robot:Robot depth=0", robot, { chunk: 10, latency: 20 }],
  ]) {
    const { delays, ended, sampleRate } = await page.evaluate((...all) => window.live.clicks(...all), line, files, SECONDS, options);
    const { pieces, frames } = ended;
    lines.push(
      `sound, ${what}: a click is heard after p50 ${ms(at(delays, 0.5))}, p99 ${ms(at(delays, 0.99))} (${delays.length} clicks); ` +
        `from page to page through the pipeline p50 ${ms(pieces.pipeline.p50)}, p99 ${ms(pieces.pipeline.p99)}; ` +
        `${pieces.captured} pieces in, ${pieces.dropped} dropped, ${frames.underruns} gaps, ${sampleRate} Hz`,
    );
  }
  return lines;
}

async function pictures(page) {
  const lines = [];
  for (const [what, line, files] of [
    ["a node in Rust (VideoFlip)", "VideoFlip direction=horizontal", {}],
    ["a node in Python (numpy)", "pictures:Negative", negative],
  ]) {
    const { rate, dropped, latency, pipeline } = await page.evaluate((...all) => window.live.camera(...all), line, files, SECONDS);
    lines.push(
      `pictures of 320 by 240, ${what}: ${rate.toFixed(1)} a second, ${dropped} dropped; from taken to drawn p50 ${ms(latency.p50)}, ` +
        `p99 ${ms(latency.p99)}; in the pipeline p50 ${ms(pipeline.p50)}, p99 ${ms(pipeline.p99)}`,
    );
  }
  return lines;
}

/** Scores of the page as Lighthouse gives them, of 100. */
async function audit(browser, url) {
  const lines = [];
  for (const [form, config] of [["desktop", desktopConfig], ["mobile", undefined]]) {
    const page = await browser.newPage();
    const { lhr } = await lighthouse(url, { logLevel: "error", onlyCategories: ["performance", "accessibility", "best-practices"] }, config, page);
    await page.close();
    const scores = Object.values(lhr.categories).map(({ title, score }) => `${title.toLowerCase()} ${Math.round(score * 100)}`);
    const { audits } = lhr;
    const seen = ["first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift"];
    lines.push(`Lighthouse ${lhr.lighthouseVersion}, ${form}: ${scores.join(", ")} (${seen.map((id) => `${audits[id].title} ${audits[id].displayValue}`).join(", ")})`);
    if (process.argv.includes("--verbose")) {
      for (const one of Object.values(audits)) if (one.score !== null && one.score < 0.95) console.error(form, one.id, one.score, one.displayValue ?? "");
    }
  }
  return lines;
}

async function axe(browser, url) {
  const source = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  const page = await browser.newPage();
  await page.goto(url);
  await page.waitForSelector("#load.ready #run:enabled");
  await page.evaluate(source);
  const { violations, passes } = await page.evaluate(() => window.axe.run());
  await page.close();
  return [`axe: ${violations.length} of ${violations.length + passes.length} rules that apply find something`];
}

const { stdout } = await promisify(execFile)("uname", ["-srm"]);
const lines = [
  `${stdout.trim()}, ${os.cpus()[0].model}, ${os.cpus().length} processors, load ${os.loadavg()[0].toFixed(1)} at the start`,
];
const browser = await launch("chromium");
const page = await browser.newPage();
const cases = await serve(path.join(web, "generated/conformance"));
const site = await serve(path.join(web, "dist"), { asOthers: true });
try {
  lines.push(await version("chromium", browser), "");
  if (!process.argv.includes("--page")) {
    await page.goto(cases.url);
    await page.waitForFunction(() => window.live !== undefined);
    lines.push(...(await sound(page)), ...(await pictures(page)));
  }
  await page.close();
  lines.push(...(await axe(browser, site.url)), ...(await audit(browser, site.url)));
} finally {
  await browser.close();
  await cases.close();
  await site.close();
}
const text = `${lines.join("\n")}\n`;
process.stdout.write(text);
if (process.argv.includes("--record")) {
  const day = new Date().toISOString().slice(0, 10);
  await writeFile(path.join(root, `benches/results/live-browser-${day}.txt`), text);
}
