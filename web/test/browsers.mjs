// The machine's own browsers, driven over WebDriver BiDi or the DevTools protocol.

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import puppeteer from "puppeteer-core";

import { launchWebKit, miniBrowser } from "./webkit.mjs";

const CHROMIUM = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
];

/** No word to servers of the vendor, and sound without a click. */
const FIREFOX = {
  "app.normandy.enabled": false,
  "app.update.auto": false,
  "browser.safebrowsing.downloads.remote.enabled": false,
  "browser.safebrowsing.update.enabled": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "extensions.getAddons.cache.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "services.settings.server": "data:,",
  "toolkit.telemetry.enabled": false,
};

const PROGRAMS = {
  chromium: ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"],
  firefox: ["/usr/bin/firefox-esr", "/usr/bin/firefox"],
  webkit: ["/usr/bin/WebKitWebDriver"],
};

const PACKAGES = { chromium: "chromium", firefox: "firefox-esr", webkit: "webkit2gtk-driver xvfb" };

/** A browser's program; the environment may name another, as in CHROMIUM=/opt/chromium. */
export function program(name) {
  const named = process.env[name.toUpperCase()];
  const found = [named, ...PROGRAMS[name]].find((path) => path && existsSync(path));
  if (found === undefined) {
    throw new Error(`${name} is missing: install it (on Debian: apt-get install ${PACKAGES[name]}), or name it in ${name.toUpperCase()}`);
  }
  return found;
}

/** Name and version of a browser that was launched. */
export async function version(name, browser) {
  if (name === "webkit") return `WebKitGTK ${await browser.version()}`;
  const said = execFileSync(program(name), ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  return said.trim().replace(/ built on.*/, "");
}

/** The first start after an installation reads hundreds of megabytes, which takes a busy machine minutes. */
const LAUNCH_TIMEOUT = 240_000;

/** Launches a browser; Chromium with `more` arguments. */
export function launch(name, more = []) {
  const executablePath = program(name);
  if (name === "webkit") return launchWebKit(executablePath, miniBrowser());
  const options = { executablePath, headless: true, timeout: LAUNCH_TIMEOUT };
  return name === "firefox"
    ? puppeteer.launch({ ...options, browser: "firefox", extraPrefsFirefox: FIREFOX })
    : puppeteer.launch({ ...options, args: [...CHROMIUM, ...more] });
}
