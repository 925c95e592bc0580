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
      await app.close();
    }
  }
  await server.close();
}
