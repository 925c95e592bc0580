import { defineConfig } from "vite";

import { shared } from "../../vite.shared.ts";

export default defineConfig({
  ...shared,
  root: import.meta.dirname,
  build: { ...shared.build, outDir: "../../generated/conformance", emptyOutDir: true },
});
