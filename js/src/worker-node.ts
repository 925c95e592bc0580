/** A worker of a pool on Node. */

import fs from "node:fs";
import { parentPort } from "node:worker_threads";

import { serve } from "./serve.js";
import { openDirectory } from "./wasi/node-fs.js";
import type { Call, Setup } from "./wire.js";

const port = parentPort;
if (port === null) throw new Error("this is no program of its own: `createPool` starts it");

let work: ((call: Call) => void) | undefined;

port.on("message", (message: Setup | Call) => {
  if (work !== undefined) return work(message as Call);
  work = serve(message as Setup, {
    directory: openDirectory,
    archive: (place) => fs.readFileSync(place),
    say: (answer, transfer = []) => port.postMessage(answer, transfer),
  });
});
