// What the page is to make easy: nothing that was written is lost, files of any kind, long results, live mode.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { crc32, deflateSync } from "node:zlib";

import { App, withPage } from "./app.mjs";
import { serve } from "./server.mjs";
import { pcm } from "./wav.mjs";

/** A test with a folder for files. */
function withFolder(test) {
  return withPage(async (app, server, name) => {
    const folder = await mkdtemp(path.join(tmpdir(), "page-"));
    try {
      await test(app, folder, server, name);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
}

const options = (app) => app.texts("#example option");
const chosen = (app) => app.page.$eval("#example", (field) => field.selectedOptions[0].textContent);
const status = (app, pattern) =>
  app.until((source) => new RegExp(source).test(document.getElementById("status").textContent), pattern.source);

/** Notes the loudest that the meter after the pipeline says: the made-up microphone beeps, and is silent in between. */
const noteLoudest = (app) =>
  app.page.evaluate(() => {
    const meter = document.getElementById("live-out-level");
    window.loudest = -60;
    const note = () => (window.loudest = Math.max(window.loudest, Number(meter.ariaValueNow)));
    new MutationObserver(note).observe(meter, { attributes: true });
  });

/** A picture of one grey pixel. */
function png() {
  const part = (type, data) => {
    const bytes = Buffer.alloc(12 + data.length);
    bytes.writeUInt32BE(data.length);
    bytes.write(type, 4, "latin1");
    data.copy(bytes, 8);
    bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length);
    return bytes;
  };
  const header = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, part("IHDR", header), part("IDAT", deflateSync(Buffer.from([0, 128]))), part("IEND", Buffer.alloc(0))]);
}

/** Opens the list of completions where the cursor is; what it offers. */
async function completions(app) {
  await app.page.keyboard.down("Control");
  await app.page.keyboard.press(" ");
  await app.page.keyboard.up("Control");
  await app.until(() => document.querySelector(".cm-tooltip-autocomplete li"));
  return app.texts(".cm-tooltip-autocomplete li .cm-completionLabel");
}

/** Puts the cursor behind the last place where a text is. */
const cursor = (app, after) =>
  app.page.evaluate((after) => {
    const { view } = document.querySelector("#manifest .cm-content").cmTile.root;
    const anchor = view.state.doc.toString().lastIndexOf(after) + after.length;
    view.dispatch({ selection: { anchor } });
    view.focus();
  }, after);

export const FEATURES = [
  [
    "never loses what was written: drafts, undo, another visit",
    withPage(async (app) => {
      await app.example("text_processor");
      await app.fill("code", "class Mine: ...\n");
      assert.equal(await chosen(app), "my text_processor");
      await app.example("audio");
      assert.doesNotMatch(await app.text("#code .cm-content"), /Mine/);
      await app.fill("code", "class Other: ...\n");
      assert.equal(await chosen(app), "my audio");
      await app.example("draft:my text_processor");
      assert.match(await app.text("#code .cm-content"), /class Mine/);
      // What an editor held before comes back by undo.
      await app.page.focus("#code .cm-content");
      await app.page.keyboard.down("Control");
      await app.page.keyboard.press("z");
      await app.page.keyboard.up("Control");
      assert.match(await app.text("#code .cm-content"), /class Other/);
      await app.fill("code", "class Mine: ...\n");
      await app.example("text_processor");
      await app.fill("code", "class Third: ...\n");
      assert.equal(await chosen(app), "my text_processor 2");
      await app.page.reload();
      await app.ready();
      assert.equal(await chosen(app), "my text_processor 2");
      assert.match(await app.text("#code .cm-content"), /class Third/);
      assert.deepEqual((await options(app)).slice(-3), ["my text_processor", "my audio", "my text_processor 2"]);
      app.page.once("dialog", (dialog) => void dialog.accept());
      await app.page.click("#forget");
      await app.until(() => ![...document.querySelectorAll("#example option")].some(({ text }) => text === "my text_processor 2"));
      assert.deepEqual((await options(app)).slice(-2), ["my text_processor", "my audio"]);
    }),
    [],
    ["webkit"],
  ],
  [
    "shares by a link, opens files, and refuses what is broken",
    withFolder(async (app, folder, server) => {
      await app.fill("code", "class Far:\n    def process(self, item):\n        return item + '→ü😀'\n");
      await app.manifest("nodes:Far");
      await app.fill("inputs", '["a"]');
      await app.page.click("#share");
      await app.until(() => !document.getElementById("shared").hidden);
      const link = await app.page.$eval("#link", (field) => field.value);
      assert.ok(link.startsWith(server.url) && link.includes("#pipeline="));
      // As somebody else has it, who has written something, too.
      await app.example("mixed");
      await app.fill("code", "class Theirs: ...\n");
      await app.page.goto("about:blank");
      await app.page.goto(link);
      await app.ready();
      assert.equal(await chosen(app), "from a link");
      assert.equal(await app.run(), "Done");
      assert.deepEqual(await app.outputs(), ['"a→ü😀"']);
      assert.ok((await options(app)).includes("my mixed"));
      // A file of a manifest alone, and what the page saves.
      const yaml = path.join(folder, "hand.yaml");
      await writeFile(yaml, "version: v1\nnodes:\n  - {id: a, node_type: AddNode}\n");
      const open = await app.page.$("#open");
      await open.uploadFile(yaml);
      await app.until(() => document.getElementById("example").selectedOptions[0].textContent === "hand");
      assert.match(await app.text("#manifest .cm-content"), /node_type: AddNode/);
      const saved = path.join(folder, "saved.json");
      await writeFile(saved, JSON.stringify({ manifest: "version: v2", inputs: "[3]", file: "x.py", code: "y = 1" }));
      await open.uploadFile(saved);
      await app.until(() => document.getElementById("file").value === "x.py");
      assert.match(await app.text("#code .cm-content"), /y = 1/);
      await app.page.evaluate(() => (location.hash = "#pipeline=AAAA"));
      await status(app, /the link is broken/);
    }),
    [],
    ["webkit"],
  ],
  [
    "takes files of any kind as inputs",
    withFolder(async (app, folder) => {
      const files = {
        "a.txt": "grüße",
        "b.json": '{"x": 1.0}',
        "c.jsonl": "1\n\n[2]\n",
        "d.csv": 'name,n,on\n"Ada, L.",1.50,true\nBo,,no\n',
        "e.png": png(),
        "f.dat": Buffer.from([0, 255]),
        "g.wav": pcm([0, 0.5], 8000, 1),
      };
      for (const [name, content] of Object.entries(files)) await writeFile(path.join(folder, name), content);
      const picker = await app.page.$("#pick");
      for (const [index, name] of Object.keys(files).entries()) {
        await picker.uploadFile(path.join(folder, name));
        const there = (count) => document.querySelectorAll("#given li").length === count;
        await app.until(there, index + 1).catch(async (error) => {
          throw new Error(`${name}: ${await app.status()}`, { cause: error });
        });
      }
      await app.manifest("PassThrough");
      await app.fill("inputs", "[0]");
      assert.equal(await app.run(), "Done");
      const outputs = await app.outputs();
      assert.deepEqual(outputs.slice(0, 6), [
        "0",
        '"grüße"',
        '{"x":1.0}',
        "1",
        "[2]",
        '{"name":"Ada, L.","n":1.50,"on":true}'.replace("1.50", "1.5"),
      ]);
      assert.equal(outputs[6], '{"name":"Bo","n":null,"on":"no"}');
      assert.deepEqual(JSON.parse(outputs[7]).$image, { format: "png", width: 1, height: 1 });
      assert.match(outputs[8], /^\{"\$(binary|bytes)":/);
      assert.deepEqual(JSON.parse(outputs[9]).$audio, { sample_rate: 8000, channels: 1, frames: 2 });
      await writeFile(path.join(folder, "bad.json"), "{");
      await picker.uploadFile(path.join(folder, "bad.json"));
      await status(app, /^bad\.json: /);
      await writeFile(path.join(folder, "bad.csv"), "a,b\n1\n");
      await picker.uploadFile(path.join(folder, "bad.csv"));
      await status(app, /record 1 has 1 cells, and the first line has 2/);
    }),
    [],
    ["webkit"],
  ],
  [
    "completes manifests: keys, node types, parameters, ids, in JSON and YAML",
    withPage(async (app) => {
      await app.fill("manifest", '{\n  "version": "v1",\n  "nodes": [{"id": "one", "node_type": "Audi"}]\n}');
      await cursor(app, '"Audi');
      const types = await completions(app);
      assert.ok(types.includes("AudioGainNode") && !types.includes("MultiplyNode"), types.join(" "));
      await app.page.keyboard.press("Escape");
      await app.fill("manifest", '{\n  "version": "v1",\n  "nodes": [{"id": "one", "node_type": "AudioGainNode", "params": {"g"}}]\n}');
      await cursor(app, '"g');
      assert.deepEqual(await completions(app), ["gain_db"]);
      await app.page.click(".cm-tooltip-autocomplete li");
      assert.match(await app.text("#manifest .cm-content"), /"params": \{"gain_db": \}/);
      await app.fill("manifest", '{\n  "version": "v1",\n  "nodes": [{"id": "one", "node_type": "AddNode"}],\n  "connections": [{"from": "o"}]\n}');
      await cursor(app, '"from": "o');
      assert.deepEqual(await completions(app), ["one"]);
      await app.page.keyboard.press("Escape");
      await app.fill("code", "class Own: ...\n");
      await app.fill("manifest", "version: v1\nnodes:\n  - id: one\n    node_type: nodes");
      await cursor(app, "node_type: nodes");
      assert.deepEqual(await completions(app), ["nodes:Own"]);
      await app.page.keyboard.press("Escape");
      await app.fill("manifest", "version: v1\nnodes:\n  - id: one\n    node_type: AudioGainNode\n    params:\n      gai");
      await cursor(app, "gai");
      assert.deepEqual(await completions(app), ["gain_db"]);
      await app.page.click(".cm-tooltip-autocomplete li");
      assert.match(await app.text("#manifest .cm-content"), /gain_db: $/);
      await app.fill("manifest", "version: v1\nnodes:\n  - id: one\n    no");
      await cursor(app, "    no");
      assert.equal((await completions(app))[0], "node_type");
    }),
    [],
    ["webkit"],
  ],
  [
    "searches node types",
    withPage(async (app) => {
      await app.page.click("#types summary");
      await app.page.type("#search", "audio gain");
      await app.until(() => /^\d+ of \d+$/.test(document.getElementById("found").textContent));
      const shown = await app.page.$$eval("#types dt", (all) => all.filter((one) => !one.hidden).map((one) => one.textContent));
      assert.ok(shown.includes("AudioGainNode rust") && !shown.includes("MultiplyNode rust"), shown.join(" "));
      assert.equal(Number((await app.text("#found")).split(" ")[0]), shown.length);
    }),
  ],
  [
    "stops at a limit of time, and says how long it has run",
    withPage(async (app) => {
      await app.fill("code", "class Loop:\n    def process(self, item):\n        while True:\n            pass\n");
      await app.manifest("nodes:Loop");
      await app.fill("inputs", "[0]");
      await app.page.$eval("#limit", (field) => (field.value = "4"));
      await app.page.click("#run");
      await app.until(() => /^\d+ s$/.test(document.getElementById("elapsed").textContent));
      assert.equal(await app.finished(), "Failed");
      assert.match(await app.text("#result"), /longer than its limit of 4 seconds/);
      assert.equal(await app.text("#elapsed"), "");
      await app.page.$eval("#limit", (field) => (field.value = "0"));
      await app.example("multiply_add");
      await app.page.click("#run");
      assert.equal(await app.page.$eval("#limit", (field) => field.validity.rangeUnderflow), true);
    }),
    [],
    ["webkit"],
  ],
  [
    "shows the rest of long results when it is asked to",
    withPage(async (app) => {
      await app.fill("code", "class Long:\n    def process(self, item):\n        for number in range(450):\n            yield number\n        yield 'x' * 50_000\n");
      await app.manifest("nodes:Long");
      await app.fill("inputs", "[0]");
      assert.equal(await app.run(), "Done");
      assert.equal((await app.outputs()).length, 200);
      const more = "#outputs + button";
      assert.equal(await app.text(more), "Show 200 more of 451");
      await app.page.click(more);
      assert.equal(await app.text(more), "Show 51 more of 451");
      await app.page.click(more);
      const outputs = await app.outputs();
      assert.equal(outputs.length, 451);
      assert.equal(outputs[449], "449");
      assert.equal(outputs[450].length, 20_000);
      for (const length of [40_000, 50_002]) {
        await app.page.click("#outputs li button");
        assert.equal((await app.outputs())[450].length, length);
      }
      assert.equal(await app.page.$("#outputs li button"), null);
      assert.equal(await app.page.$(more), null);
    }),
    [],
    ["webkit"],
  ],
  [
    "goes live with a recording: meters, an edit that takes over, a failure that is mended",
    withPage(async (app) => {
      await app.fill("code", "class Pass:\n    def process(self, audio):\n        yield {'frames': audio.frames}\n        yield audio\n");
      await app.manifest("nodes:Pass");
      await app.page.click("#tone");
      await app.page.select("#live-source", "recording");
      await app.page.click("#live-start");
      const level = (which, test) =>
        app.until(
          (which, test) => new Function("x", `return x ${test}`)(Number(document.getElementById(`live-${which}-level`).ariaValueNow)),
          which,
          test,
        );
      await level("in", "> -30");
      await level("out", "> -30");
      assert.match(await app.text("#live-said"), /\{"frames": ?\d+\}/);
      await app.until(() => /Delay.*Pieces\d+ in, \d+ dropped.*the first/.test(document.getElementById("live-figures").textContent));
      await app.manifest(["AudioGainNode", { gain_db: -60 }], "nodes:Pass");
      await app.until(() => /number 2/.test(document.getElementById("live-figures").textContent));
      await level("out", "< -50");
      await level("in", "> -30");
      await app.fill("code", "class Pass:\n    def process(self, audio):\n        raise ValueError('not so')\n");
      await app.until(() => document.getElementById("error")?.textContent.includes("not so"));
      assert.equal(await app.text("#code .cm-lintRange-error"), "raise ValueError('not so')");
      await app.fill("code", "class Pass:\n    def process(self, audio):\n        return audio\n");
      await app.manifest("nodes:Pass");
      await level("out", "> -30");
      // A run goes on beside it.
      await app.manifest("AudioGainNode");
      assert.equal(await app.run(), "Done");
      await app.page.click("#live-stop");
      await status(app, /^Live ended$/);
      assert.equal(await app.page.$eval("#live-start", (button) => button.disabled), false);
      assert.equal(await app.page.$eval("#live-out-level", (meter) => meter.ariaValueNow), "-60");
    }),
    ["live mode"],
    ["webkit"],
  ],
  [
    "goes live with a microphone and with a camera",
    withPage(async (app) => {
      await app.example("voice (live)");
      assert.equal(await app.page.$eval("#live-source", (field) => field.value), "microphone");
      await noteLoudest(app);
      await app.page.click("#live-start");
      await app.until(() => window.loudest > -50);
      await app.page.click("#live-stop");
      await status(app, /^Live ended$/);
      await app.example("camera (live)");
      await app.page.click("#live-start");
      await app.until(() => Number(/(\d+) shown/.exec(document.getElementById("live-figures").textContent)?.[1]) > 10);
      const colours = await app.page.$eval("#live-picture", (canvas) => {
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return new Set(Array.from({ length: data.length / 4 }, (_, pixel) => data.slice(pixel * 4, pixel * 4 + 3).join())).size;
      });
      assert.ok(colours > 1, "the picture is empty");
      await app.page.click("#live-stop");
      await status(app, /^Live ended$/);
    }),
    [],
    ["webkit"],
  ],
  [
    "has nothing that axe finds, in any state",
    async (browser, files) => {
      const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
      const server = await serve(files);
      try {
        for (const width of [1280, 390]) {
          const app = await App.open(browser, server.url, { width });
          await app.page.evaluate(axe);
          const look = async (state) => {
            const found = await app.page.evaluate(() => window.axe.run());
            const violations = found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
            assert.deepEqual(violations, [], `${width} px, ${state}`);
          };
          await look("at the start");
          await app.page.click("#types summary");
          await app.page.click("#live-settings summary");
          await app.example("audio");
          await app.run();
          await look("audio");
          await app.fill("code", "class Divide:\n    def process(self, item):\n        return 1 / item\n");
          await app.manifest("nodes:Divide");
          await app.fill("inputs", "[4, 0]");
          await app.run();
          await app.page.click("#share");
          await look("a failure, a draft, a link");
          await app.manifest("PassThrough", "NoSuchNode");
          await app.until(() => document.querySelector("#diagnostics li.error"));
          await look("a problem");
          await app.example("camera (live)");
          await look("the camera");
          await app.close();
        }
      } finally {
        await server.close();
      }
    },
    [],
    ["webkit"],
  ],
];
