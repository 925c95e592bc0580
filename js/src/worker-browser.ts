/** A worker of a pool in a browser. The build makes one script of it and of all that it needs. */

import { serve } from "./serve.js";
import type { Call, Setup } from "./wire.js";

/** An archive can't be had. Not an error of the file system: Python would call the module missing. */
class LibraryUnreachable extends Error {
  constructor(url: string, why: string) {
    super(`can't fetch the standard library (${url}): ${why}`);
    this.name = "LibraryUnreachable";
  }
}

/** What TypeScript's library has for pages, and means here. */
const scope = globalThis as unknown as {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  addEventListener(type: "message", listener: (event: MessageEvent<Setup | Call>) => void): void;
};

let work: ((call: Call) => void) | undefined;

scope.addEventListener("message", ({ data }) => {
  if (work !== undefined) return work(data as Call);
  work = serve(data as Setup, {
    directory(path) {
      throw new TypeError(`\`${path}\` is a directory, of which browsers have none: give nodes as { files }`);
    },
    archive(place, tell) {
      tell(undefined);
      const bytes = fetchNow(place);
      tell(bytes.length);
      return bytes;
    },
    say: (answer, transfer = []) => scope.postMessage(answer, transfer),
  });
});

/** Fetches while the guest waits for its file: a worker may do that. */
function fetchNow(url: string): Uint8Array {
  const request = new XMLHttpRequest();
  request.open("GET", url, false);
  request.responseType = "arraybuffer";
  try {
    request.send();
  } catch {
    throw new LibraryUnreachable(url, "there is no connection, and it was never fetched before");
  }
  if (request.status !== 200) throw new LibraryUnreachable(url, `the server answered ${request.status}`);
  return new Uint8Array(request.response as ArrayBuffer);
}
