// The machine's own browsers, driven over WebDriver BiDi or the DevTools protocol.

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import puppeteer from "puppeteer-core";

import { soundServer } from "./sound.mjs";
import { launchWebKit, miniBrowser } from "./webkit.mjs";

const CHROMIUM = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
  // A microphone that beeps and a camera with a test picture, given without a question.
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
  // What tests evaluate is no click.
  "--autoplay-policy=no-user-gesture-required",
];

/** No word to servers of the vendor, sound without a click, and a microphone and a camera that are made up. */
const FIREFOX = {
  "media.autoplay.default": 0,
  "media.autoplay.blocking_policy": 0,
  "media.navigator.permission.disabled": true,
  "media.navigator.streams.fake": true,
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
  pulseaudio: ["/usr/bin/pulseaudio"],
};

const PACKAGES = { pulseaudio: "pulseaudio", chromium: "chromium", firefox: "firefox-esr", webkit: "webkit2gtk-driver xvfb" };

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
export async function launch(name, more = []) {
  const executablePath = program(name);
  if (name === "webkit") return launchWebKit(executablePath, miniBrowser());
  const options = { executablePath, headless: true, timeout: LAUNCH_TIMEOUT };
  if (name !== "firefox") return puppeteer.launch({ ...options, args: [...CHROMIUM, ...more] });
  // Without a device for sound it starts no AudioContext.
  const sound = await soundServer(program("pulseaudio"));
  const env = { ...process.env, PULSE_SERVER: sound.address };
  try {
    const browser = await puppeteer.launch({ ...options, env, browser: "firefox", extraPrefsFirefox: FIREFOX });
    browser.once("disconnected", () => void sound.close());
    return browser;
  } catch (error) {
    await sound.close();
    throw error;
  }
}
