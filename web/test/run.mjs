// The page's end-to-end tests, in the browsers that the command line names; by default in all.
//
//   node test/run.mjs [chromium] [firefox] [webkit] [--live] [--only=text] [--shots=directory]
//
// Live sound and pictures need a machine that keeps up: they are tried with --live.

import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";

import { launch, version } from "./browsers.mjs";
import { runConformance } from "./conformance.mjs";
import { CASES } from "./cases.mjs";
import { shoot } from "./shots.mjs";

const web = path.resolve(import.meta.dirname, "..");
/** Generous: a machine may be busy. */
const TIMEOUT = 150_000;

const words = process.argv.slice(2);
const option = (name) => words.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);
const named = words.filter((word) => !word.startsWith("--"));
const only = option("only") ?? "";
const shots = option("shots");
const live = words.includes("--live");

/** What other hosts have and the page has not. */
const NOT = [{ what: "sessions", why: "the page shows whole runs; the package has them" }];

let failed = 0;
// All at once: each waits for its pages most of the time.
await Promise.all((named.length > 0 ? named : ["chromium", "firefox", "webkit"]).map(run));
process.exit(failed > 0 ? 1 : 0);

/** Runs everything in one browser, and prints all of it together. */
async function run(name) {
  const lines = [];
  const tell = (line) => lines.push(line);
  try {
    const browser = await launch(name).catch((error) => {
      tell(`once more: ${name}: ${error.message}`);
      return launch(name);
    });
    try {
      const label = await version(name, browser);
      tell(`\n${label}`);
      const result = await runCases(name, browser, tell);
      if (shots !== undefined) await shoot(browser, path.join(web, "dist"), shots, name);
      if (only === "") await report(name, label, result);
    } finally {
      await browser.close();
    }
  } catch (error) {
    failed += 1;
    tell(`FAIL  ${name}: ${error.message}`);
  }
  console.log(lines.join("\n"));
}

async function runCases(name, browser, tell) {
  const works = [];
  for (const [title, test, shows = [], without = []] of CASES) {
    if (!title.includes(only) || without.includes(name)) continue;
    if (!live && /\blive\b/.test(title)) continue;
    const start = performance.now();
    const attempt = () => within(TIMEOUT, test(browser, path.join(web, "dist"), name));
    try {
      await attempt().catch((error) => {
        // A browser's driver that stumbles on a busy machine is no fault of the page: it is told, and
        // what fails twice fails.
        tell(`  again ${title}: ${error.message}`);
        return attempt();
      });
      works.push(...shows);
      tell(`  ok    ${title} (${Math.round(performance.now() - start)} ms)`);
    } catch (error) {
      failed += 1;
      tell(`  FAIL  ${title}\n${indented(error.stack ?? String(error))}`);
    }
  }
  if (only !== "" && !"conformance".includes(only)) return { works, cases: { passed: 0, failed: 0, skipped: [] } };
  const start = performance.now();
  const cases = await runConformance(browser, path.join(web, "generated/conformance"), (line) => tell(indented(line)));
  failed += cases.failed;
  const counts = `${cases.passed} passed, ${cases.failed} failed, ${cases.skipped.length} skipped`;
  tell(`  conformance: ${counts} (${Math.round(performance.now() - start)} ms)`);
  return { works, cases };
}

async function report(name, version, { works, cases }) {
  const target = path.resolve(process.env.PIPELINE_DIST ?? path.join(web, "../target/dist"), "../hosts");
  await mkdir(target, { recursive: true });
  const titles = { chromium: "Chromium", firefox: "Firefox", webkit: "WebKitGTK" };
  const result = {
    host: `${titles[name]}, the page in web/`,
    version,
    component: "pipeline.wasm",
    cases,
    works,
    not: NOT,
  };
  await writeFile(path.join(target, `browser-${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
}

function within(time, work) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end after ${time / 1000} s`)), time);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function indented(text) {
  return text.replaceAll(/^/gm, "        ");
}
