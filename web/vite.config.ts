import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";

import { shared } from "./vite.shared.ts";

/** Writes the service worker with the list of all files that were built. */
function serviceWorker(): Plugin {
  return {
    name: "service-worker",
    apply: "build",
    enforce: "post",
    generateBundle(_, bundle) {
      const built = Object.keys(bundle).filter((name) => name !== "index.html" && !name.endsWith(".map"));
      const archives = built.filter((name) => name.endsWith(".zip"));
      const files = ["./", ...readdirSync("public"), ...built.filter((name) => !archives.includes(name))].sort();
      const source = readFileSync("sw/sw.js", "utf8");
      // Names of assets change with their content; the page's own does not.
      const page = bundle["index.html"];
      const version = createHash("sha256").update(JSON.stringify([files, archives])).update(source);
      if (page?.type === "asset") version.update(page.source);
      this.emitFile({
        type: "asset",
        fileName: "sw.js",
        source: source
          .replace("__FILES__", JSON.stringify(files))
          .replace("__ARCHIVES__", JSON.stringify(archives))
          .replace("__VERSION__", version.digest("hex").slice(0, 16)),
      });
    },
  };
}

export default defineConfig({ ...shared, plugins: [serviceWorker()] });
