/** Runs cases as the page runs pipelines, and gives the test all of what came out. */

import type { Outcome, Case } from "./worker.js";

declare global {
  interface Window {
    runCase(one: Case): Promise<Outcome>;
  }
}

const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
const waiting: Array<(outcome: Outcome) => void> = [];
worker.onmessage = (event: MessageEvent<Outcome>) => waiting.shift()?.(event.data);
worker.onerror = (event) => waiting.shift()?.({ fault: event.message });

window.runCase = (one) => {
  const outcome = new Promise<Outcome>((resolve) => waiting.push(resolve));
  worker.postMessage(one);
  return outcome;
};
