// What a user does with the page, and what must come of it.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

import { App, compact, download, withPage } from "./app.mjs";
import { FEATURES } from "./features.mjs";
import { onCases } from "./conformance.mjs";
import { LIVE } from "./live.mjs";
import { pcm } from "./wav.mjs";
import { serve } from "./server.mjs";

const root = path.resolve(import.meta.dirname, "../..");
const dist = process.env.PIPELINE_DIST ?? path.join(root, "target/dist");

/** What the program prints for the same run. */
async function native(...args) {
  const options = { cwd: root, maxBuffer: 1 << 24 };
  const running = promisify(execFile)(path.join(dist, "pipeline"), ["run", ...args], options);
  running.child.stdin.end();
  const { stdout } = await running;
  return /"outputs":(\[.*\]),"graph_info"/s.exec(compact(stdout))[1];
}

/** The same as one list, as the program prints it. */
const list = (outputs) => `[${outputs.join(",")}]`;

const TYPED_NODE = `from typing import Any

class Double:
def process(self, item: Any) -> Any:
return item * 2`;

/** Title, test, and what it shows for the table of hosts. */
export const CASES = [
  [
    "loads with progress, and says when it is ready",
    withPage(async (app, _, name) => {
      assert.equal(await app.status(), "Ready");
      // Its driver reaches a page only once it has loaded.
      if (name === "webkit") return;
      const said = await app.page.evaluate(() => window.said);
      const steps = said.filter((text) => text.startsWith("Loading "));
      assert.ok(steps.length > 1, `no progress among: ${said.join(" | ")}`);
      const [, done, total] = /^Loading (.+) MB of (.+) MB$/.exec(steps.at(-1));
      assert.equal(done, total, "the last bytes are not all of them");
    }),
  ],
  [
    "runs multiply_add.json",
    withPage(async (app) => {
      await app.example("multiply_add");
      assert.equal(await app.run(), "Done");
      assert.deepEqual(await app.outputs(), ["20", "24", "16"]);
      assert.equal(list(await app.outputs()), await native("examples/multiply_add.json"));
      assert.deepEqual(await app.texts("#times tbody th"), ["multiply", "add"]);
      assert.deepEqual((await app.texts("#times tbody td")).slice(0, 2), ["3", "3"]);
      assert.deepEqual(await app.texts("#graph .node .name"), ["multiply", "add"]);
      assert.equal((await app.texts("#graph .edge")).length, 1);
    }),
    ["execute-with-input"],
  ],
  [
    "runs text_processor.json",
    withPage(async (app) => {
      await app.example("text_processor");
      assert.equal(await app.run(), "Done");
      const outputs = await app.outputs();
      assert.equal(list(outputs), await native("examples/text_processor.json"));
      assert.deepEqual(JSON.parse(outputs[0]).results, { uppercase: "HELLO WASM", word_count: 2 });
      assert.deepEqual(JSON.parse(outputs[1]).results, { lowercase: "python in browser", char_count: 17 });
    }),
  ],
  [
    "runs the other examples",
    withPage(async (app) => {
      await app.example("mixed");
      assert.equal(await app.run(), "Done");
      const items = ["1", "2", "3", "4"].flatMap((item) => ["--input", item]);
      assert.equal(list(await app.outputs()), await native("examples/mixed.json", ...items));
      await app.example("custom_node");
      assert.equal(await app.run(), "Done");
      const words = ["so far so good", "good morning"].flatMap((text) => ["--input", JSON.stringify(text)]);
      const nodes = ["--nodes", "examples/custom_node/nodes"];
      assert.equal(list(await app.outputs()), await native("examples/custom_node/manifest.yaml", ...nodes, ...words));
    }),
  ],
  [
    "runs a node that is typed into the editor",
    withPage(async (app) => {
      await app.type("code", TYPED_NODE);
      await app.manifest("nodes:Double", "AddNode");
      await app.fill("inputs", '[1, "ab", [0.5]]');
      assert.equal(await app.run(), "Done");
      assert.deepEqual(await app.outputs(), ["2", '"abab"', "[0.5,0.5]"]);
    }),
    ["nodes of your own"],
  ],
  [
    "runs a pipeline that makes its own items",
    withPage(async (app) => {
      await app.manifest(["DataSourceNode", { items: [1, 2.5] }], "MultiplyNode");
      await app.fill("inputs", "");
      assert.equal(await app.run(), "Done");
      assert.deepEqual(await app.outputs(), ["2", "5.0"]);
    }),
    ["execute"],
  ],
  [
    "lists the node types",
    withPage(async (app) => {
      await app.until(() => document.querySelectorAll("#types dt").length > 20);
      assert.ok((await app.texts("#types dt")).includes("MultiplyNode rust"));
      assert.ok((await app.texts("#types dd code")).includes("factor: number = 2.0"));
    }),
    ["list-nodes"],
  ],
  [
    "shows the traceback of a node that fails, and marks its line",
    withPage(async (app) => {
      await app.fill("code", "class Divide:\n    def process(self, item):\n        print('dividing', item)\n        return 1 / item\n");
      await app.manifest("PassThrough", "nodes:Divide");
      await app.fill("inputs", "[4, 0]");
      assert.equal(await app.run(), "Failed");
      const error = await app.text("#error");
      for (const part of ["A node failed", "node n1", "nodes:Divide", "item 1", "ZeroDivisionError", "return 1 / item"]) {
        assert.ok(error.includes(part), `no \`${part}\` in: ${error}`);
      }
      assert.match(await app.text(".traceback"), /File "\/nodes\/page\/nodes\.py", line 4, in process/);
      assert.deepEqual(await app.outputs(), ["0.25"]);
      assert.match(await app.text(".printed"), /dividing 4\ndividing 0/);
      assert.equal(await app.text("#code .cm-lintRange-error"), "return 1 / item");
      assert.deepEqual(await app.texts("#graph .node.error .name"), ["n1"]);
    }),
    ["tracebacks"],
  ],
  [
    "marks what is wrong with a manifest, where it is",
    withPage(async (app) => {
      await app.manifest("MultiplyNode", "NoSuchNode");
      await app.until(() => document.querySelector("#diagnostics li.error"));
      assert.match(await app.text("#diagnostics li.error"), /NoSuchNode/);
      assert.equal(await app.text("#manifest .cm-lintRange-error"), '"NoSuchNode"');
      assert.deepEqual(await app.texts("#graph .node.error .name"), ["n1"]);
      await app.page.click("#diagnostics li.error button");
      assert.match(await app.text("#manifest .cm-activeLine"), /NoSuchNode/);
      // Not even JSON.
      await app.fill("manifest", '{\n  "version": "v1",\n  "nodes": [,]\n}');
      await app.until(() => document.querySelector("#diagnostics li button")?.textContent.startsWith("3:"));
      // Good again.
      await app.manifest("MultiplyNode");
      await app.until(() => document.querySelector("#diagnostics").childElementCount === 0);
      await app.fill("inputs", "[1,\n 2,\n x]");
      await app.until(() => document.querySelector("#inputs .cm-lintRange-error")?.textContent === "x");
      assert.equal(await app.run(), "Failed");
      assert.match(await app.text("#result"), /line 3, column 2/);
    }),
    ["load", "check"],
  ],
  [
    "fetches the library when an import needs it, and not before",
    async (browser, files) => {
      // Without a service worker, which would fetch it for later.
      // Slower than a check may be.
      const server = await serve(files, { without: ["sw.js"], pause: 6_000 });
      const app = await App.open(browser, server.url);
      // The archives alone: a hash in the name of a script may look like theirs.
      const archives = () => server.requests.flatMap((path) => /library-(code|text)-[^/]*\.zip$/.exec(path)?.[1] ?? []);
      try {
        await app.example("text_processor");
        assert.equal(await app.run(), "Done");
        await app.fill("code", "import csv, io\n\nclass Rows:\n    def process(self, text):\n        return list(csv.reader(io.StringIO(text)))\n");
        await app.fill("inputs", '["a,b\\nc,d"]');
        assert.deepEqual(archives(), [], "fetched before it was needed");
        await app.manifest("nodes:Rows");
        assert.equal(await app.run(), "Done");
        assert.deepEqual(await app.outputs(), ['[["a","b"],["c","d"]]']);
        assert.deepEqual(archives(), ["code"]);
        // Once for all runs; the sources only for a traceback through the library.
        await app.fill("code", "import configparser\n\nclass Rows:\n    def process(self, text):\n        return configparser.ConfigParser().get('a', 'b')\n");
        assert.equal(await app.run(), "Failed");
        assert.match(await app.text(".traceback"), /configparser\.py", line \d+, in get\n\s+\S+/);
        assert.deepEqual(archives(), ["code", "text"]);
      } finally {
        await app.close();
        await server.close();
      }
    },
    ["standard library on demand"],
  ],
  [
    "opens and runs again without a server",
    withPage(async (app, server) => {
      await app.until(() => document.getElementById("offline").textContent === "Works offline.");
      const wasm = server.requests.filter((path) => path.includes("pipeline.core.wasm"));
      assert.equal(wasm.length, 1, "the component was fetched twice");
      await server.close();
      await app.page.reload();
      await app.ready();
      await app.example("text_processor");
      assert.equal(await app.run(), "Done");
      assert.equal(JSON.parse((await app.outputs())[0]).results.uppercase, "HELLO WASM");
      await app.fill("code", "import csv, argparse, html.parser\n\nclass Name:\n    def process(self, item):\n        return csv.__name__\n");
      await app.manifest("nodes:Name");
      await app.fill("inputs", "[0]");
      assert.equal(await app.run(), "Done");
      assert.deepEqual(await app.outputs(), ['"csv"']);
    }),
    ["offline"],
  ],
  [
    "stops a run that would never end",
    withPage(async (app) => {
      await app.fill("code", "class Loop:\n    def process(self, item):\n        print('begun', flush=True)\n        while True:\n            pass\n");
      await app.manifest("nodes:Loop");
      await app.fill("inputs", "[0]");
      await app.page.click("#run");
      await app.until(() => document.querySelector(".printed")?.textContent.includes("begun"));
      assert.equal(await app.page.$eval("#run", (button) => button.disabled), true);
      await app.page.click("#stop");
      assert.equal(await app.finished(), "Stopped");
      await app.example("multiply_add");
      assert.equal(await app.run(), "Done");
      assert.deepEqual(await app.outputs(), ["20", "24", "16"]);
    }),
    ["stop"],
  ],
  [
    "survives a file whose import never ends",
    withPage(async (app) => {
      await app.manifest("nodes:Loop");
      await app.fill("code", "while True:\n    pass\n");
      await app.until(() => document.getElementById("status").textContent.startsWith("Checking took longer"));
      await app.fill("code", "class Loop:\n    def process(self, item):\n        return item\n");
      await app.until(() => document.getElementById("status").textContent === "Ready");
    }),
    ["limits"],
  ],
  [
    "begins every run afresh",
    withPage(async (app) => {
      await app.fill("code", "import random\nseen = []\n\nclass Count:\n    def process(self, item):\n        seen.append(item)\n        return len(seen)\n\nclass Dice:\n    def process(self, item):\n        return random.random()\n");
      await app.manifest("nodes:Count");
      await app.fill("inputs", "[7, 7]");
      for (let time = 0; time < 3; time += 1) {
        assert.equal(await app.run(), "Done");
        assert.deepEqual(await app.outputs(), ["1", "2"]);
      }
      await app.manifest("nodes:Dice");
      await app.run();
      const first = await app.outputs();
      await app.run();
      assert.notDeepEqual(await app.outputs(), first, "the same random numbers again");
    }),
  ],
  [
    "keeps values exactly",
    withPage(async (app) => {
      const values = [
        "1",
        "1.0",
        "-0.0",
        "123456789012345678901234567890",
        '{"$float":"nan"}',
        '"gr\u00fc\u00df \u{1f600} \\u0000"',
        '{"$bytes":"AP8="}',
        '{"$tuple":[1,[2]]}',
        '{"$dict":[[1,"one"]]}',
        '{"b":1,"a":null}',
      ];
      await app.fill("code", "class Same:\n    def process(self, item):\n        return item\n");
      await app.manifest("PassThrough", "nodes:Same");
      await app.fill("inputs", list(values));
      assert.equal(await app.run(), "Done");
      assert.deepEqual(await app.outputs(), values);
    }),
  ],
  [
    "takes audio from a file and gives audio back",
    withPage(async (app) => {
      const folder = await mkdtemp(path.join(tmpdir(), "page-"));
      try {
        const samples = [0, 0.5, -0.5, 0.25, -0.25, 0.75];
        await writeFile(path.join(folder, "clip.wav"), pcm(samples, 8000, 2));
        await writeFile(path.join(folder, "not.wav"), "not audio");
        const picker = await app.page.$("#pick");
        await picker.uploadFile(path.join(folder, "clip.wav"));
        await app.until(() => document.querySelectorAll("#given li").length === 1);
        assert.match(await app.text("#given li"), /clip\.wav.*8000 Hz, stereo/s);
        await app.fill("code", "from remotemedia import Audio\n\nclass About:\n    def process(self, audio):\n        return audio\n");
        await app.manifest(["AudioGainNode", { gain_db: -6 }], "nodes:About");
        await app.fill("inputs", "");
        assert.equal(await app.run(), "Done");
        assert.deepEqual(await app.outputs(), ['{"$audio":{"sample_rate":8000,"channels":2,"frames":3}}']);
        const found = floats(await download(app, "#outputs a[download]"));
        assert.deepEqual([found.rate, found.channels], [8000, 2]);
        found.samples.forEach((sample, index) => {
          assert.ok(Math.abs(sample - samples[index] * 10 ** (-6 / 20)) < 1e-4, `sample ${index} is ${sample}`);
        });
        await app.until(() => Math.abs(document.querySelector("#outputs audio").duration - 3 / 8000) < 1e-3);
        // Coded by a node.
        await app.manifest("WavWriterNode");
        assert.equal(await app.run(), "Done");
        await app.until(() => document.querySelector("#outputs audio").duration > 0);
        // What is no audio is refused, and said.
        await picker.uploadFile(path.join(folder, "not.wav"));
        await app.until(() => document.getElementById("status").textContent.startsWith("not.wav: this browser can't decode it"));
        await app.page.click("#given button");
        assert.equal((await app.texts("#given li")).length, 0);
      } finally {
        await rm(folder, { recursive: true });
      }
    }),
    ["media"],
  ],
  [
    "makes the same audio as the program",
    withPage(async (app) => {
      const folder = await mkdtemp(path.join(tmpdir(), "page-"));
      try {
        await app.example("audio");
        assert.equal(await app.run(), "Done");
        const file = path.join(folder, "tone.wav");
        await writeFile(file, await download(app, "#given a[download]"));
        const [expected] = JSON.parse(await native("examples/audio.json", "--input", `@${file}`));
        const made = floats(await download(app, "#outputs a[download]"));
        assert.equal(made.rate, expected.$audio.sample_rate);
        assert.equal(made.samples.length, 16_000);
        const bytes = Buffer.from(Float32Array.from(made.samples).buffer);
        assert.ok(bytes.equals(Buffer.from(expected.$audio.samples, "base64")), "the samples differ");
      } finally {
        await rm(folder, { recursive: true });
      }
    }),
  ],
  [
    "can be used from the keyboard",
    withPage(async (app, _, name) => {
      await app.page.focus("#manifest .cm-content");
      await app.page.keyboard.down("Control");
      await app.page.keyboard.press("Enter");
      await app.page.keyboard.up("Control");
      assert.equal(await app.finished(), "Done");
      assert.deepEqual(await app.outputs(), ["20", "24", "16"]);
      await app.page.$eval('#graph [data-node="add"]', (node) => node.focus());
      await app.page.keyboard.press("Enter");
      assert.match(await app.text("#manifest .cm-activeLine"), /"id": "add"/);
      // Every control comes by Tab, from the top of the page to its end.
      await app.page.reload();
      await app.ready();
      await app.until(() => document.querySelectorAll("#graph .node").length === 2);
      const met = new Set();
      for (let press = 0; press < 60 && !met.has("add"); press += 1) {
        await app.page.keyboard.press("Tab");
        const place = await app.page.evaluate(() => {
          const active = document.activeElement;
          return active?.dataset.node ?? (active?.id || active?.ariaLabel || active?.closest("[id]")?.id);
        });
        // The Python editor takes Tab, until Escape.
        if (place === "Python") await app.page.keyboard.press("Escape");
        met.add(place);
      }
      const wanted = [
        ...["run", "example", "open", "save", "share", "Manifest", "file", "Python", "tone", "pick", "Inputs", "multiply"],
        "add",
      ];
      assert.deepEqual(wanted.filter((place) => !met.has(place)), [], `${name} met ${[...met].join(", ")}`);
    }),
  ],
  [
    "fits a narrow screen, and keeps what was written",
    withPage(async (app, _, name) => {
      await app.page.setViewport({ width: 390, height: 844 });
      for (const example of ["mixed", "text_processor", "audio"]) {
        await app.example(example);
        assert.equal(await app.run(), "Done");
        const [width, room] = await app.page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
        assert.ok(width <= room, `${example}: the page is ${width} px wide on ${room} px`);
        // WebKit's small browser has a least width.
        if (name !== "webkit") assert.equal(room, 390);
      }
      await app.fill("code", "class Kept: ...\n");
      await app.page.reload();
      await app.ready();
      assert.match(await app.text("#code .cm-content"), /class Kept/);
    }),
  ],
  ...FEATURES,
  ...LIVE.map(([title, test, shows]) => [title, (browser, _, name) => onCases(browser, name, test), shows, ["webkit"]]),
];

/** The samples of a WAV file with floats. */
function floats(bytes) {
  const view = new DataView(bytes.buffer);
  assert.equal(view.getUint16(20, true), 3, "no floats");
  const samples = [];
  for (let at = 58; at < bytes.length; at += 4) samples.push(view.getFloat32(at, true));
  return { samples, rate: view.getUint32(24, true), channels: view.getUint16(22, true) };
}
