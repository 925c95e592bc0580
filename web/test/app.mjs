// The page as a user has it: what is there to see, to type into and to press.

import assert from "node:assert/strict";

import { serve } from "./server.mjs";

const FINISHED = /^(Done|Failed|Stopped)$/;

export class App {
  /** What the browser's console and the page complained about. */
  complaints = [];

  constructor(page) {
    this.page = page;
    page.on("console", (message) => {
      if (["error", "warn", "warning"].includes(message.type())) this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
  }

  /** Opens the page in a profile of its own, with every text of its status line on record. */
  static async open(browser, url, { width = 1280, height = 900 } = {}) {
    const context = await browser.createBrowserContext();
    const app = new App(await context.newPage());
    app.context = context;
    app.page.setDefaultTimeout(60_000);
    await app.page.setViewport({ width, height });
    await app.page.evaluateOnNewDocument(() => {
      window.said = [];
      new MutationObserver(() => {
        const text = document.getElementById("status")?.textContent;
        if (text && text !== window.said.at(-1)) window.said.push(text);
      }).observe(document, { subtree: true, childList: true, characterData: true });
    });
    await app.page.goto(url);
    await app.ready();
    return app;
  }

  close() {
    return this.context.close();
  }

  ready() {
    return this.page.waitForFunction(() => document.querySelector("#load.ready #run:enabled"));
  }

  status() {
    return this.text("#status");
  }

  text(selector) {
    return this.page.$eval(selector, (found) => found.textContent);
  }

  texts(selector) {
    return this.page.$$eval(selector, (all) => all.map((found) => found.textContent));
  }

  until(what, ...values) {
    return this.page.waitForFunction(what, {}, ...values);
  }

  example(name) {
    return this.page.select("#example", name);
  }

  /** Replaces an editor's text at once; editors are `manifest`, `code` and `inputs`. */
  async fill(editor, text) {
    await this.page.evaluate(
      (editor, insert) => {
        // Firefox lets no script paste: this is how the editor's own library finds it.
        const { view } = document.querySelector(`#${editor} .cm-content`).cmTile.root;
        view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert } });
      },
      editor,
      text,
    );
  }

  /** Types into an emptied editor, key by key. */
  async type(editor, text) {
    await this.page.click(`#${editor} .cm-content`);
    await this.page.keyboard.down("Control");
    await this.page.keyboard.press("a");
    await this.page.keyboard.up("Control");
    await this.page.keyboard.press("Delete");
    await this.page.type(`#${editor} .cm-content`, text);
  }

  /** A pipeline of nodes in a row; each is a node type, or a type and its parameters. */
  manifest(...types) {
    const nodes = types.map((type, index) => {
      const [node_type, params] = Array.isArray(type) ? type : [type, {}];
      return { id: `n${index}`, node_type, params };
    });
    const connections = nodes.slice(1).map(({ id }, index) => ({ from: `n${index}`, to: id }));
    return this.fill("manifest", JSON.stringify({ version: "v1", nodes, connections }, null, 2));
  }

  /** Presses Run and waits for the end; what the status line says then. */
  async run() {
    await this.page.click("#run");
    return this.finished();
  }

  async finished() {
    const pattern = FINISHED.source;
    const ended = (pattern) => new RegExp(pattern).test(document.getElementById("status").textContent);
    await this.until(ended, pattern).catch(async (error) => {
      throw new Error(`no end of the run: "${await this.status()}", ${await this.text("#result")}`, { cause: error });
    });
    return this.status();
  }

  /** The outputs' JSON, without the page's line breaks. */
  async outputs() {
    return (await this.texts("#outputs > li > pre")).map(compact);
  }
}

/** JSON without blanks between tokens; numbers stay as they are written. */
export function compact(json) {
  return json.replace(/("(?:[^"\\]|\\.)*")|\s+/g, "$1");
}

/** A test with the page open; the page must complain of nothing. */
export function withPage(test) {
  return async (browser, files, name) => {
    const server = await serve(files);
    const app = await App.open(browser, server.url);
    try {
      await test(app, server, name);
      assert.deepEqual(app.complaints, [], "the console has complaints");
    } finally {
      await app.close();
      await server.close();
    }
  };
}

/** What a link to download gives. */
export async function download(app, selector) {
  const bytes = await app.page.$eval(selector, async (link) => {
    const blob = await (await fetch(link.href)).blob();
    // As text, because drivers pass thousands of numbers slowly.
    return new Promise((resolve) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result.replace(/^.*,/, ""));
      reader.readAsDataURL(blob);
    });
  });
  return Uint8Array.from(Buffer.from(bytes, "base64"));
}
