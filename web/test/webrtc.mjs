// Chromium as a WebRTC peer of `pipeline serve --webrtc`, on the loopback interface.
//
//   node test/webrtc.mjs

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import readline from "node:readline";

import { launch } from "./browsers.mjs";

const dist = path.resolve(process.env.PIPELINE_DIST ?? path.join(import.meta.dirname, "../../target/dist"));
/** Generous: a machine may be busy. */
const TIMEOUT = 150_000;

/** A microphone that beeps, and no question whether it may be heard. */
const FAKE = [
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
  "--autoplay-policy=no-user-gesture-required",
  // Without a network there is no other interface.
  "--allow-loopback-in-peer-connection",
];

const OWN = `
from remotemedia import Audio


class Loudest:
    """How loud each item is, and its form."""

    def process(self, x):
        return {"loudest": max(map(abs, x.samples)), "rate": x.sample_rate, "samples": len(x.samples)}


class Words:
    """What is no sound."""

    def process(self, x):
        return None if isinstance(x, Audio) else x


class Hum:
    def process(self):
        for n in range(500):
            yield Audio([0.5 if i % 40 < 20 else -0.5 for i in range(320)], 16000, 1)
`;

const manifest = (nodes, connections = []) => JSON.stringify({ version: "v1", nodes, connections });

const FILES = {
  "p/voice.json": manifest(
    [
      { id: "mic", node_type: "PassThrough" },
      { id: "gain", node_type: "AudioGainNode", params: { gain_db: -6 } },
      { id: "loudest", node_type: "own:Loudest" },
      { id: "words", node_type: "own:Words" },
    ],
    [
      { from: "mic", to: "gain" },
      { from: "mic", to: "loudest" },
    ],
  ),
  "p/hum.json": manifest([{ id: "hum", node_type: "own:Hum" }]),
  "nodes/own.py": OWN,
};

/** Runs in the page: brings the microphone, and notes what comes back. */
async function bring(url) {
  const peer = new RTCPeerConnection();
  const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
  peer.addTrack(microphone.getAudioTracks()[0], microphone);
  const channel = peer.createDataChannel("items");
  window.seen = { loudest: 0, rates: [], closed: false, other: [] };
  channel.onmessage = ({ data }) => {
    const { output } = JSON.parse(data);
    if (output?.loudest === undefined) {
      window.seen.other.push(JSON.parse(data));
      return;
    }
    window.seen.loudest = Math.max(window.seen.loudest, output.loudest);
    window.seen.rates = [output.rate, output.samples];
  };
  channel.onopen = () => channel.send(JSON.stringify({ $input: { node: "words", item: "hello" } }));
  channel.onclose = () => (window.seen.closed = true);
  return window.join(peer, url);
}

/** Runs in the page: listens to what a pipeline makes. */
async function listen(url) {
  const peer = new RTCPeerConnection();
  peer.addTransceiver("audio", { direction: "recvonly" });
  return window.join(peer, url);
}

/** What both need. */
function prepare() {
  window.join = async (peer, url) => {
    window.peer = peer;
    peer.ontrack = ({ track }) => {
      const audio = new Audio();
      audio.srcObject = new MediaStream([track]);
      void audio.play();
    };
    await peer.setLocalDescription();
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/sdp" },
      body: peer.localDescription.sdp,
    });
    const text = await answer.text();
    if (answer.status !== 201) throw new Error(`${answer.status}: ${text}`);
    await peer.setRemoteDescription({ type: "answer", sdp: text });
    return new URL(answer.headers.get("location"), url).href;
  };
  /** How much sound was heard so far. */
  window.heard = async () => {
    for (const report of (await window.peer.getStats()).values()) {
      if (report.type === "inbound-rtp") return report.totalAudioEnergy ?? 0;
    }
    return 0;
  };
}

const place = await mkdtemp(path.join(os.tmpdir(), "webrtc-"));
for (const [name, text] of Object.entries(FILES)) {
  await mkdir(path.dirname(path.join(place, name)), { recursive: true });
  await writeFile(path.join(place, name), text);
}
// The page's own server: its origin is another than the pipelines'.
const pages = http.createServer((_, response) => {
  response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>peer</title>");
});
await new Promise((resolve) => pages.listen(0, "127.0.0.1", resolve));
const origin = `http://localhost:${pages.address().port}`;

const server = spawn(
  path.join(dist, "pipeline"),
  [
    ...["serve", "--addr", "127.0.0.1:0", "--webrtc", "127.0.0.1:0", "--allow-origin", origin],
    ...["--pipelines", path.join(place, "p"), "--nodes", path.join(place, "nodes")],
  ],
  { stdio: ["ignore", "inherit", "pipe"], env: { ...process.env, PIPELINE_DIST: dist } },
);
let browser;
try {
  const address = await new Promise((resolve, reject) => {
    server.once("exit", () => reject(new Error("the server ended")));
    readline.createInterface({ input: server.stderr }).on("line", (line) => {
      const found = line.match(/^listening on (http:.*)/);
      if (found) resolve(found[1]);
      else console.log(`        ${line}`);
    });
  });
  const metric = async (name) => {
    const text = await (await fetch(`${address}/metrics`)).text();
    const line = text.split("\n").find((line) => line.startsWith(`${name} `));
    return Number(line?.slice(name.length) ?? 0);
  };
  browser = await launch("chromium", FAKE);
  const page = await browser.newPage();
  const until = (what) => page.waitForFunction(what, { timeout: TIMEOUT, polling: 200 });

  await page.goto(origin);
  await page.evaluate(prepare);
  const location = await page.evaluate(bring, `${address}/v1/pipelines/voice/whip`);
  await until(() => window.seen.loudest > 0.01);
  assert.deepEqual(await page.evaluate(() => window.seen.rates), [48_000, 960]);
  await until(() => window.seen.other.some(({ output }) => output === "hello"));
  await until(async () => (await window.heard()) > 0.0001);
  console.log("  ok    a microphone goes in, its sound and what was found in it come back");

  const status = await page.evaluate(async (url) => (await fetch(url, { method: "DELETE" })).status, location);
  assert.equal(status, 200);
  await until(() => window.seen.closed);
  console.log("  ok    a page ends its peer");

  await page.goto(origin);
  await page.evaluate(prepare);
  await page.evaluate(listen, `${address}/v1/pipelines/hum/whep`);
  await until(async () => (await window.heard()) > 0.0001);
  console.log("  ok    a page hears what a pipeline makes by itself");

  // A page that is gone says goodbye, or is missed.
  await page.goto("about:blank");
  const start = Date.now();
  while ((await metric("pipeline_webrtc_peers")) > 0) {
    assert.ok(Date.now() - start < TIMEOUT, "the peer is still there");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  console.log("  ok    a page that is gone leaves its place");
} finally {
  await browser?.close();
  server.kill();
  pages.close();
  await rm(place, { recursive: true, force: true });
}
