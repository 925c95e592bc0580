import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";

import { shared } from "./vite.shared.ts";

/** Writes the service worker with the list of the page's files. */
function serviceWorker(): Plugin {
  return {
    name: "service-worker",
    apply: "build",
    enforce: "post",
    generateBundle(_, bundle) {
      const built = Object.keys(bundle).filter((name) => name.startsWith("assets/"));
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

/** Puts in what the component bundles, and under which licences. */
function notices(): Plugin {
  const read = (name: string) => readFileSync(`node_modules/@remotemedia/pipeline/${name}`);
  return {
    name: "notices",
    apply: "build",
    generateBundle() {
      for (const fileName of ["NOTICE", "LICENSE"]) {
        this.emitFile({ type: "asset", fileName, source: read(fileName) });
      }
      // Vite's list leaves the worker out.
      const fileName = "licence-fflate.txt";
      this.emitFile({ type: "asset", fileName, source: read(`dist/assets/${fileName}`) });
    },
  };
}

export default defineConfig({
  ...shared,
  // Those of the packages that are bundled into the scripts.
  build: { ...shared.build, license: { fileName: "licences.md" } },
  plugins: [...shared.plugins, notices(), serviceWorker()],
});
