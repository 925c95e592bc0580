// WebKit by Debian's driver. Puppeteer can't drive it: this has what the tests use of Puppeteer, by
// the WebDriver protocol (https://www.w3.org/TR/webdriver2/).

import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";
const KEYS = { Control: "\uE009", Enter: "\uE007", Tab: "\uE004", Escape: "\uE00C", Delete: "\uE017" };
const WAIT = 60_000;

/** Starts the driver, and a screen for it that nobody sees. */
export async function launchWebKit(driver, browser) {
  // `-displayfd` lets the server find a free number, and say which.
  const screen = spawn("Xvfb", ["-displayfd", "3", "-screen", "0", "1400x1100x24"], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  const display = await new Promise((resolve, reject) => {
    screen.stdio[3].once("data", (text) => resolve(String(text).trim()));
    screen.once("error", reject);
    screen.once("exit", () => reject(new Error("Xvfb ended")));
  });
  const port = await freePort();
  const program = spawn(driver, [`--port=${port}`], {
    stdio: "ignore",
    env: { ...process.env, DISPLAY: `:${display}`, LIBGL_ALWAYS_SOFTWARE: "1" },
  });
  const call = async (method, place, body) => {
    const answer = await fetch(`http://127.0.0.1:${port}${place}`, {
      method,
      body: method === "POST" ? JSON.stringify(body ?? {}) : undefined,
      signal: AbortSignal.timeout(WAIT),
    }).catch((error) => {
      throw new Error(`the driver did not answer ${method} ${place}: ${error.message}`);
    });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${value.error}: ${value.message}`);
    return value;
  };
  for (let tries = 0; ; tries += 1) {
    try {
      await call("GET", "/status");
      break;
    } catch (error) {
      if (tries === 50) throw error;
      await sleep(100);
    }
  }
  const open = () => {
    const options = { binary: browser, args: ["--automation"] };
    const capabilities = { alwaysMatch: { "webkitgtk:browserOptions": options } };
    return call("POST", "/session", { capabilities });
  };
  return {
    async version() {
      const { sessionId, capabilities } = await open();
      await call("DELETE", `/session/${sessionId}`);
      return capabilities.browserVersion;
    },
    /** A session of its own stands for a profile of its own. */
    async createBrowserContext() {
      const place = `/session/${(await open()).sessionId}`;
      return {
        newPage: async () => new Page((method, rest, body) => call(method, place + rest, body)),
        close: () => call("DELETE", place),
      };
    },
    async close() {
      program.kill();
      screen.kill();
    },
  };
}

/** The small browser that Debian's package brings. */
export function miniBrowser() {
  for (const folder of ["/usr/lib", "/usr/libexec"].filter((folder) => existsSync(folder))) {
    for (const below of ["", ...readdirSync(folder).filter((name) => name.endsWith("-linux-gnu"))]) {
      for (const version of ["webkit2gtk-4.1", "webkitgtk-6.0", "webkit2gtk-4.0"]) {
        const found = path.join(folder, below, version, "MiniBrowser");
        if (existsSync(found)) return found;
      }
    }
  }
  return undefined;
}

class Page {
  #call;

  constructor(call) {
    this.#call = call;
    const keys = (...actions) => call("POST", "/actions", { actions: [{ type: "key", id: "keys", actions }] });
    const key = (name) => KEYS[name] ?? name;
    this.keyboard = {
      down: (name) => keys({ type: "keyDown", value: key(name) }),
      up: (name) => keys({ type: "keyUp", value: key(name) }),
      press: (name) => keys({ type: "keyDown", value: key(name) }, { type: "keyUp", value: key(name) }),
    };
  }

  /** The driver tells nothing of the console. */
  on() {}

  setDefaultTimeout() {}

  /** The driver reaches a page only once it has loaded. */
  async evaluateOnNewDocument() {}

  goto(url) {
    return this.#call("POST", "/url", { url });
  }

  reload() {
    return this.#call("POST", "/refresh");
  }

  setViewport({ width, height }) {
    return this.#call("POST", "/window/rect", { width, height });
  }

  async evaluate(what, ...args) {
    const script = `
      const [args, done] = arguments;
      (async () => (${what})(...args))().then(
        (value) => done({ value: value === undefined ? null : value }),
        (error) => done({ error: String(error) }),
      );`;
    const { value, error } = await this.#call("POST", "/execute/async", { script, args: [args] });
    if (error !== undefined) throw new Error(error);
    return value;
  }

  $eval(selector, what, ...args) {
    const find = `(selector, ...args) => (${what})(document.querySelector(selector), ...args)`;
    return this.evaluate(find, selector, ...args);
  }

  $$eval(selector, what, ...args) {
    const find = `(selector, ...args) => (${what})([...document.querySelectorAll(selector)], ...args)`;
    return this.evaluate(find, selector, ...args);
  }

  async waitForFunction(what, _, ...args) {
    for (const start = performance.now(); !(await this.evaluate(what, ...args)); await sleep(30)) {
      if (performance.now() - start > WAIT) throw new Error(`never true: ${what}`);
    }
  }

  async $(selector) {
    const place = await this.#element(selector);
    return { uploadFile: (file) => this.#call("POST", `${place}/value`, { text: file }) };
  }

  async click(selector) {
    await this.#call("POST", `${await this.#element(selector)}/click`);
  }

  /** Types where the cursor is. */
  async type(_, text) {
    for (const character of text) await this.keyboard.press(character === "\n" ? "Enter" : character);
  }

  focus(selector) {
    return this.$eval(selector, (element) => element.focus());
  }

  select(selector, value) {
    return this.$eval(
      selector,
      (field, value) => {
        field.value = value;
        field.dispatchEvent(new Event("change", { bubbles: true }));
      },
      value,
    );
  }

  async screenshot({ path }) {
    await writeFile(path, Buffer.from(await this.#call("GET", "/screenshot"), "base64"));
  }

  async #element(selector) {
    const found = await this.#call("POST", "/element", { using: "css selector", value: selector });
    return `/element/${found[ELEMENT]}`;
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
