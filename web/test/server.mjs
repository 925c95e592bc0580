// A static file server as plain as they come: no compression, no special headers, unless a test wants them.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import http from "node:http";
import path from "node:path";
import { createGzip } from "node:zlib";

const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/**
 * Serves a folder below `/page/`, `without` some of its files, and archives after a `pause`;
 * `requests` are the paths that were asked for. `asOthers` compresses text and lets
 * what has a hash in its name be kept, as servers that are looked after do.
 */
export async function serve(root, { without = [], pause = 0, asOthers = false } = {}) {
  const requests = [];
  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    requests.push(pathname);
    const later = pathname.endsWith(".zip") ? pause : 0;
    setTimeout(() => {
      answer(root, pathname, without, response, asOthers).catch(() => response.writeHead(404).end("not found"));
    }, later);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  return {
    url: `http://localhost:${port}/page/`,
    requests,
    /** From now on nothing answers at this address. */
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

async function answer(root, pathname, without, response, asOthers) {
  if (!pathname.startsWith("/page/")) throw new Error("outside");
  const name = pathname.slice("/page/".length) || "index.html";
  if (without.includes(name)) throw new Error("left out");
  const file = path.join(root, path.normalize(`/${name}`));
  const { size } = await stat(file);
  const type = TYPES[path.extname(file)] ?? "application/octet-stream";
  if (asOthers) {
    const kept = name.startsWith("assets/") ? "public, max-age=31536000, immutable" : "no-cache";
    response.setHeader("cache-control", kept);
    if (/^text\/|json|svg/.test(type)) {
      response.writeHead(200, { "content-type": `${type}; charset=utf-8`, "content-encoding": "gzip" });
      createReadStream(file).pipe(createGzip()).pipe(response);
      return;
    }
  }
  response.writeHead(200, { "content-type": type, "content-length": size });
  createReadStream(file).pipe(response);
}
