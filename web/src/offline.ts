/** Keeps the page for times without a connection. */

/** Registers the service worker; `tell` hears what that comes to. */
export async function keepOffline(tell: (text: string) => void): Promise<void> {
  // Not while developing, and not where the browser has none: without TLS, or in private windows.
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register("./sw.js");
    const { active } = await navigator.serviceWorker.ready;
    const { connection } = navigator as { connection?: { saveData?: boolean } };
    const all = connection?.saveData !== true && active !== null && (await keepArchives(active));
    tell(all ? "Works offline." : "Works offline, but for imports that were never used.");
  } catch {
    tell("Can't be kept for offline use in this browser.");
  }
}

function keepArchives(worker: ServiceWorker): Promise<boolean> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = (event: MessageEvent<boolean>) => resolve(event.data);
    worker.postMessage("keep-archives", [port2]);
  });
}
