// Pictures of the page, to be looked at.

import { mkdir } from "node:fs/promises";
import path from "node:path";

import { App } from "./app.mjs";
import { serve } from "./server.mjs";

const FAILING = "class Divide:\n    def process(self, item):\n        return 1 / item\n";

/** Writes pictures in light and dark, wide and narrow, into `folder`. */
export async function shoot(browser, files, folder, name) {
  await mkdir(folder, { recursive: true });
  const server = await serve(files);
  // Puppeteer changes the scheme of Chromium alone.
  const schemes = name === "chromium" ? ["light", "dark"] : ["light"];
  for (const width of [1280, 390]) {
    for (const scheme of schemes) {
      const app = await App.open(browser, server.url, { width });
      if (name === "chromium") {
        await app.page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      }
      const shot = (what) => {
        const file = path.join(folder, `${name}-${width}-${scheme}-${what}.png`);
        return app.page.screenshot({ path: file, fullPage: true });
      };
      for (const example of ["mixed", "audio"]) {
        await app.example(example);
        await app.run();
        await shot(example);
      }
      await app.fill("code", FAILING);
      await app.manifest("PassThrough", "nodes:Divide", "Echo");
      await app.fill("inputs", "[4, 0]");
      await app.run();
      await shot("error");
      await app.manifest("PassThrough", "NoSuchNode");
      await app.until(() => document.querySelector("#diagnostics li.error"));
      await shot("marker");
      await app.fill("manifest", '{\n  "version": "v1",\n  "nodes": [\n    {"id": "gain", "node_type": "AudioG');
      await complete(app);
      await shot("completion");
      await app.page.keyboard.press("Escape");
      await app.page.click("#types summary");
      await app.page.type("#search", "video");
      await app.page.click("#share");
      await shot("types");
      if (name !== "webkit") await live(app, shot);
      await app.close();
    }
  }
  await server.close();
}

/** Opens the list of what can be written at the manifest's end. */
async function complete(app) {
  await app.page.evaluate(() => {
    const { view } = document.querySelector("#manifest .cm-content").cmTile.root;
    view.dispatch({ selection: { anchor: view.state.doc.length } });
    view.focus();
  });
  await app.page.keyboard.down("Control");
  await app.page.keyboard.press(" ");
  await app.page.keyboard.up("Control");
  await app.until(() => document.querySelector(".cm-tooltip-autocomplete li"));
}

/** Live mode, with each source that there is. */
async function live(app, shot) {
  await app.example("voice (live)");
  await app.page.click("#live-settings summary");
  for (const source of ["microphone", "recording", "camera"]) {
    if (source === "camera") await app.example("camera (live)");
    else await app.page.select("#live-source", source);
    await app.page.click("#live-start");
    await app.until(() => /[1-9]\d\d in/.test(document.getElementById("live-figures").textContent));
    await shot(`live-${source}`);
    await app.page.click("#live-stop");
    await app.until(() => document.getElementById("status").textContent === "Live ended");
  }
}
