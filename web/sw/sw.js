// The service worker: keeps the page's files, so that it opens without a connection. The build puts
// the lists in.

/** What the page needs to open and to run. */
const FILES = __FILES__;
/** What imports fetch. */
const ARCHIVES = __ARCHIVES__;
/** Changes with any file. */
const CACHE = "pipeline-page-__VERSION__";

self.addEventListener("install", (event) => {
  event.waitUntil(keep(FILES).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(forgetOthers().then(() => self.clients.claim()));
});

// The page asks for the archives once it is up, so that they don't slow its start.
self.addEventListener("message", (event) => {
  if (event.data !== "keep-archives") return;
  event.waitUntil(
    keep(ARCHIVES).then(
      () => event.ports[0].postMessage(true),
      () => event.ports[0].postMessage(false),
    ),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(self.registration.scope)) return;
  event.respondWith(request.mode === "navigate" ? freshPage(request) : kept(request));
});

/** The page itself comes from the server where that can be reached: it names the newest files. */
async function freshPage(request) {
  try {
    return await fetch(request);
  } catch {
    return (await match("./")) ?? Response.error();
  }
}

/** The names of all other files change with their content. */
async function kept(request) {
  const found = await match(request);
  if (found !== undefined) return found;
  const response = await fetch(request);
  const name = request.url.slice(self.registration.scope.length);
  if (response.ok && [...FILES, ...ARCHIVES].includes(name)) {
    const cache = await caches.open(CACHE);
    await cache.put(request, response.clone());
  }
  return response;
}

async function match(request) {
  return (await caches.open(CACHE)).match(request, { ignoreSearch: true });
}

async function keep(files) {
  const cache = await caches.open(CACHE);
  for (const file of files) {
    const url = new URL(file, self.registration.scope).href;
    if (await cache.match(url)) continue;
    // An older version of the page may have the same file.
    const hashed = file.startsWith("assets/");
    const response = (hashed && (await caches.match(url))) || (await fetch(url, hashed ? {} : { cache: "no-cache" }));
    if (!response.ok) throw new Error(`${url}: ${response.status}`);
    await cache.put(url, response);
  }
}

async function forgetOthers() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith("pipeline-page-") && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}
